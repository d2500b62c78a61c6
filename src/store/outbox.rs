//! The outbox: messages, and the attempts to send them.

use std::fmt;
use std::sync::Arc;

use crate::model::{
    Message, MessageId, MessageState, Notification, NotificationId, Phone, ReceiptFailure, Time,
};

use super::StoreError;
use super::sqlite::{Access, outbox};

/// That a message is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMark {
    /// When.
    pub at: Time,
    /// Where to: limits belong to the number.
    pub phone: Phone,
}

/// A message about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which one.
    pub message: MessageId,
    /// When and where to.
    pub mark: ClaimMark,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Which one.
    pub message: MessageId,
    /// When.
    pub at: Time,
    /// Where it stands from here.
    pub state: MessageState,
    /// Why, in words.
    pub reason: String,
    /// Not to be tried before.
    pub retry_at: Option<Time>,
    /// How its last attempt ended, when there was one.
    pub attempt: Option<AttemptEnd>,
    /// The fallback must hear of it: kept until [`Outbox::told`].
    pub fallback: bool,
    /// Until when its receipt is waited for; it is not final before.
    pub confirm_by: Option<Time>,
    /// The message that took its place.
    pub successor: Option<MessageId>,
}

/// A message that was not sent, of which the fallback has not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The message, and what it carried.
    pub envelope: Envelope,
    /// Why it was not sent, in words.
    pub reason: String,
}

/// How an attempt ended.
#[derive(Clone, PartialEq, Eq)]
pub struct AttemptEnd {
    /// The text that was sent.
    pub text: String,
    /// `accepted`, `failed`, `unknown` or `shadow`.
    pub outcome: String,
    /// Graph error code.
    pub code: Option<u32>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The error in words.
    pub detail: String,
    /// Meta's id of the message.
    pub wamid: Option<String>,
    /// How long the POST took, in milliseconds.
    pub duration_ms: u64,
}

impl fmt::Debug for AttemptEnd {
    /// Without the text, which names a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptEnd")
            .field("outcome", &self.outcome)
            .field("code", &self.code)
            .field("status", &self.status)
            .field("detail", &self.detail)
            .field("wamid", &self.wamid)
            .field("duration_ms", &self.duration_ms)
            .finish_non_exhaustive()
    }
}

/// A message that still has to be dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The message.
    pub message: Message,
    /// Queued, held, sending or unknown.
    pub state: MessageState,
    /// Attempts so far.
    pub attempts: u32,
    /// How many of them ended unknown.
    pub unknowns: u32,
    /// Not to be tried before.
    pub retry_at: Option<Time>,
    /// When it was last tried.
    pub attempted: Option<Time>,
    /// Until when its receipt is waited for; then it is accepted or sent.
    pub confirm_by: Option<Time>,
    /// A failed receipt that is still to be judged.
    pub failure: Option<ReceiptFailure>,
}

/// A message with what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The message.
    pub message: Message,
    /// What it carries.
    pub notification: Arc<Notification>,
    /// It is the end of something that its contact was never told.
    pub is_moot: bool,
}

/// That something was sent to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptMark {
    /// The number.
    pub phone: Phone,
    /// When.
    pub at: Time,
}

/// Messages in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub(super) counts: Vec<(MessageState, u64)>,
    /// When the oldest message that waits was decided.
    pub oldest_pending: Option<Time>,
}

impl Tally {
    /// How many messages are in `state`.
    #[must_use]
    pub fn count(&self, state: MessageState) -> u64 {
        let known = self.counts.iter().find(|(known, _)| *known == state);
        known.map_or(0, |(_, count)| *count)
    }

    /// How many messages still have to be dealt with.
    #[must_use]
    pub fn pending(&self) -> u64 {
        let pending = self.counts.iter().filter(|(state, _)| state.is_pending());
        pending.map(|(_, count)| count).sum()
    }
}

/// The whole story of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The message.
    pub message: Message,
    /// Where it stands.
    pub state: MessageState,
    /// Why, in words.
    pub reason: String,
    /// When nothing was left to do for it.
    pub ended: Option<Time>,
    /// What was tried, first to last.
    pub attempts: Vec<AttemptTrail>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptTrail {
    /// Counts from 1.
    pub n: u32,
    /// When it began.
    pub at: Time,
    /// How it ended; `None` while it is under way.
    pub end: Option<AttemptEnd>,
}

/// The outbox. Cheap to clone. Writes do not wait for the disk: they ride on the next sync.
#[derive(Debug, Clone)]
pub struct Outbox {
    pub(super) access: Access,
}

impl Outbox {
    /// At most `limit` messages behind `after` that still have to be dealt with, in the order of
    /// their numbers.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn pending(
        &self,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Pending>, StoreError> {
        self.access
            .read(move |conn| outbox::pending(conn, after, limit))
            .await
    }

    /// Notifications by number; those that are not there are left out.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn notifications(
        &self,
        ids: Vec<NotificationId>,
    ) -> Result<Vec<Notification>, StoreError> {
        self.access
            .read(move |conn| outbox::notifications(conn, &ids))
            .await
    }

    /// Messages by number, each with its notification; those that are not there are left out.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn envelopes(&self, ids: Vec<MessageId>) -> Result<Vec<Envelope>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.access
            .read(move |conn| outbox::envelopes(conn, &ids))
            .await
    }

    /// Writes that messages are about to be sent: state sending, one attempt more. All or none.
    ///
    /// # Errors
    /// Nothing was written, and nothing may be sent. A message that is not waiting is refused.
    pub async fn claim(&self, claims: Vec<Claim>) -> Result<(), StoreError> {
        self.access
            .write(claims.len(), move |tx| outbox::claim(tx, &claims))
            .await
    }

    /// Writes what became of messages. All or none.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn finish(&self, endings: Vec<Ending>) -> Result<(), StoreError> {
        self.access
            .write(endings.len(), move |tx| outbox::finish(tx, &endings))
            .await
    }

    /// At most `limit` messages behind `after` of which the fallback has to hear, in the order of
    /// their numbers.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn untold(&self, after: MessageId, limit: usize) -> Result<Vec<Untold>, StoreError> {
        self.access
            .read(move |conn| outbox::untold(conn, after, limit))
            .await
    }

    /// The fallback has heard of this message.
    ///
    /// # Errors
    /// It was not written: the fallback hears of it again.
    pub async fn told(&self, id: MessageId) -> Result<(), StoreError> {
        self.access.write(1, move |tx| outbox::told(tx, id)).await
    }

    /// Every attempt at or after `since`, oldest first. Shadow attempts were not posted and do not count.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn attempts_since(&self, since: Time) -> Result<Vec<AttemptMark>, StoreError> {
        self.access
            .read(move |conn| outbox::attempts_since(conn, since))
            .await
    }

    /// Messages in numbers.
    ///
    /// # Errors
    /// They cannot be counted.
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        self.access.read(outbox::tally).await
    }

    /// The whole story of a message; `None` when there is none of that number.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn trail(&self, id: MessageId) -> Result<Option<Trail>, StoreError> {
        self.access.read(move |conn| outbox::trail(conn, id)).await
    }
}
