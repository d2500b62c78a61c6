//! Digests in the outbox: many messages that one stands for.

use std::sync::Arc;

use crate::model::{Member, Message, MessageId, Notification, Time};

use super::sqlite::digest;
use super::{ClaimMark, Ending, Outbox, StoreError};

/// A digest about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestWrite {
    /// When it was decided.
    pub at: Time,
    /// Why its members do not go by themselves.
    pub reason: String,
    /// Its messages, in order.
    pub parts: Vec<DigestPart>,
    /// That the first of them is being sent.
    pub mark: ClaimMark,
}

/// One message of a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestPart {
    /// The message; its numbers and its bucket are given as it is written.
    pub message: Message,
    /// What it carries; likewise.
    pub notification: Notification,
    /// What it stands for.
    pub members: Vec<MessageId>,
}

impl Outbox {
    /// What a digest needs to know of messages that wait, without what only they themselves need; those
    /// that do not wait are left out.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn to_digest(&self, ids: Vec<MessageId>) -> Result<Vec<Member>, StoreError> {
        self.access
            .read(move |conn| digest::members(conn, &ids))
            .await
    }

    /// Writes a digest: its messages with their numbers, the first of them being sent, and that its
    /// members are told by it. All or nothing. Returns the messages as they were written.
    ///
    /// # Errors
    /// Nothing was written, and nothing may be sent.
    pub async fn digest(
        &self,
        write: DigestWrite,
    ) -> Result<Vec<(Message, Arc<Notification>)>, StoreError> {
        let members: usize = write.parts.iter().map(|part| part.members.len()).sum();
        let weight = members + 2 * write.parts.len();
        self.access
            .write(weight, move |tx| digest::write(tx, &write))
            .await
    }

    /// Writes that a message of a digest has failed for a reason that is not its members': they wait
    /// again. Returns them, in the order of their numbers.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn undigest(&self, ending: Ending) -> Result<Vec<Message>, StoreError> {
        self.access
            .write(1, move |tx| digest::undo(tx, &ending))
            .await
    }
}
