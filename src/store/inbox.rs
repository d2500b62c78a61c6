//! The inbox: what Meta and people send back, on disk before it is decided.

use std::sync::Arc;

use crate::model::{ContactId, MessageId, Phone, ReceiptFailure, Stage, Time, Update, Word};

use super::StoreError;
use super::sqlite::{Access, inbox};

/// One update of a webhook call, before its message is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// How far a message came.
    Status {
        /// Meta's id of the message.
        wamid: String,
        /// Our message, where the update carries our id of it.
        message: Option<MessageId>,
        /// How far.
        stage: Stage,
        /// When, by Meta's clock.
        at: Time,
        /// Why it failed, when it did.
        failure: Option<ReceiptFailure>,
    },
    /// What a contact wrote or tapped.
    Reply {
        /// A fingerprint of Meta's id of it.
        id: String,
        /// Who, and where messages to them go; `None` where Meta keeps the number to itself: the
        /// message that is answered tells who.
        from: Option<(ContactId, Phone)>,
        /// What it means.
        word: Word,
        /// The words; kept in one table only.
        text: String,
        /// Meta's id of the message that was quoted or whose button was tapped.
        quoted: Option<String>,
        /// Our message, where a button carries our id of it.
        message: Option<MessageId>,
        /// When, by Meta's clock.
        at: Time,
    },
    /// Anything else that the engine decides on.
    News(Update),
}

/// What was taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Updates in the log.
    pub logged: usize,
    /// Updates that said nothing that is not known.
    pub duplicates: usize,
    /// Receipts of messages that are not known yet.
    pub strays: usize,
    /// Replies of people of whom nothing tells who they are.
    pub strangers: usize,
    /// Receipts that carry our id of a message that is gone.
    pub gone: usize,
}

/// What a person wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyTrail {
    /// Who.
    pub contact: ContactId,
    /// When, by Meta's clock.
    pub at: Time,
    /// What it was taken for.
    pub word: Word,
    /// The words.
    pub text: String,
}

impl std::fmt::Debug for ReplyTrail {
    /// Without the words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyTrail")
            .field("contact", &self.contact)
            .field("at", &self.at)
            .field("word", &self.word)
            .finish_non_exhaustive()
    }
}

/// The inbox. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Inbox {
    pub(super) access: Access,
}

impl Inbox {
    /// Takes in what came at once: finds the messages that it is about, drops what came before, and
    /// appends the rest to the log as one entry. Returns after it is on disk.
    ///
    /// # Errors
    /// Nothing of it counts as taken.
    pub async fn take(
        &self,
        at: Time,
        origin: Arc<str>,
        arrivals: Vec<Arrival>,
    ) -> Result<Taken, StoreError> {
        let weight = arrivals.len();
        self.access
            .write(weight, move |tx| inbox::take(tx, at, &origin, &arrivals))
            .await
    }

    /// What was written about a message, in the order in which it came.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn replies_to(&self, message: MessageId) -> Result<Vec<ReplyTrail>, StoreError> {
        self.access
            .read(move |conn| inbox::replies_to(conn, message))
            .await
    }
}
