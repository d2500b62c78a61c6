//! The outbox: messages, and the attempts to send them.

use std::fmt;
use std::sync::Arc;

use crate::model::{
    Message, MessageId, MessageState, Notification, NotificationId, Phone, ReceiptFailure, Stage,
    Time,
};

use super::sqlite::{Access, again, hooks, outbox, trail, waiting};
use super::{StoreError, Tally, Trail};

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
    /// Why it was not sent, in words; for a member of a digest, why that was not.
    pub reason: String,
    /// How many messages it stands for, when it is a digest.
    pub members: usize,
    /// Nobody can be told instead: only the command is left.
    pub alone: bool,
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
    /// A later message of its bucket that was told before it and says more.
    pub overtaken_by: Option<MessageId>,
}

/// That something was sent to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptMark {
    /// The number.
    pub phone: Phone,
    /// When.
    pub at: Time,
}

/// The outbox. Cheap to clone. Writes do not wait for the disk: they ride on the next sync.
#[derive(Debug, Clone)]
pub struct Outbox {
    pub(super) access: Access,
}

impl Outbox {
    /// At most `limit` messages behind `after` that still have to be dealt with, in the order of
    /// their numbers, digests last.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn pending(
        &self,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Pending>, StoreError> {
        self.access
            .read(move |conn| waiting::pending(conn, after, limit))
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
            .read(move |conn| waiting::notifications(conn, &ids))
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
            .read(move |conn| waiting::envelopes(conn, &ids))
            .await
    }

    /// Writes that messages are about to be sent: state sending, one attempt more. All or none.
    /// Returns those that have ended meanwhile and are not to be sent.
    ///
    /// # Errors
    /// Nothing was written, and nothing may be sent. A message that is not there is refused.
    pub async fn claim(&self, claims: Vec<Claim>) -> Result<Vec<MessageId>, StoreError> {
        self.access
            .write(claims.len(), move |tx| outbox::claim(tx, &claims))
            .await
    }

    /// Writes what became of messages. All or none. Returns what receipts had said of them before:
    /// where that is more than the outcome, the receipt stands.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn finish(
        &self,
        endings: Vec<Ending>,
    ) -> Result<Vec<(MessageId, Stage)>, StoreError> {
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
            .read(move |conn| waiting::untold(conn, after, limit))
            .await
    }

    /// Those of `ids` of which the fallback has to hear.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn untold_of(&self, ids: Vec<MessageId>) -> Result<Vec<Untold>, StoreError> {
        self.access
            .read(move |conn| waiting::untold_of(conn, &ids))
            .await
    }

    /// The fallback has heard of this message.
    ///
    /// # Errors
    /// It was not written: the fallback hears of it again.
    pub async fn told(&self, id: MessageId) -> Result<(), StoreError> {
        self.access.write(1, move |tx| outbox::told(tx, id)).await
    }

    /// Messages whose failed receipts are still to be judged, of these; the others are left out.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn failed(&self, ids: Vec<MessageId>) -> Result<Vec<Pending>, StoreError> {
        self.access
            .read(move |conn| waiting::failed(conn, &ids))
            .await
    }

    /// At most `limit` members of a digest behind `after`, in the order of their numbers.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn members(
        &self,
        digest: MessageId,
        after: MessageId,
        limit: usize,
    ) -> Result<Vec<Envelope>, StoreError> {
        self.access
            .read(move |conn| waiting::members(conn, digest, after, limit))
            .await
    }

    /// At most `limit` acknowledgements behind `after` of which the `on_ack` command has to hear, in
    /// the order of their numbers.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn unhooked(
        &self,
        after: NotificationId,
        limit: usize,
    ) -> Result<Vec<Notification>, StoreError> {
        self.access
            .read(move |conn| hooks::unhooked(conn, after, limit))
            .await
    }

    /// The `on_ack` command has heard of this acknowledgement.
    ///
    /// # Errors
    /// It was not written: the command hears of it again.
    pub async fn hooked(&self, id: NotificationId) -> Result<(), StoreError> {
        self.access.write(1, move |tx| hooks::hooked(tx, id)).await
    }

    /// Every attempt at or after `since`, oldest first. Shadow attempts were not posted and do not count.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn attempts_since(&self, since: Time) -> Result<Vec<AttemptMark>, StoreError> {
        self.access
            .read(move |conn| waiting::attempts_since(conn, since))
            .await
    }

    /// Lets a message that failed or expired wait again, on disk; it does not expire again. `None` when
    /// it is neither.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn again(
        &self,
        id: MessageId,
        at: Time,
        reason: String,
        by: String,
    ) -> Result<Option<Message>, StoreError> {
        self.access
            .write(1, move |tx| again::again(tx, id, at, &reason, &by))
            .await
    }

    /// Messages in numbers.
    ///
    /// # Errors
    /// They cannot be counted.
    pub async fn tally(&self) -> Result<Tally, StoreError> {
        self.access.read(trail::tally).await
    }

    /// The whole story of a message; `None` when there is none of that number.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn trail(&self, id: MessageId) -> Result<Option<Trail>, StoreError> {
        self.access.read(move |conn| trail::trail(conn, id)).await
    }
}
