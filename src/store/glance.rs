//! Messages at a glance: what a page shows of many, by indexed lookups only.

use crate::model::{ContactId, Kind, MessageId, MessageState, Severity, Time};

use super::sqlite::glance;
use super::{Inquiry, Listed, Outbox, StoreError};

/// The most messages that are looked up or listed at once.
pub const MAX_GLANCES: usize = 500;

/// Where a message stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The message.
    pub id: MessageId,
    /// Who is told.
    pub contact: ContactId,
    /// What it says.
    pub kind: Kind,
    /// The highest severity its bucket had.
    pub severity: Severity,
    /// When it was decided.
    pub created: Time,
    /// Where it stands.
    pub state: MessageState,
    /// Why, in words.
    pub reason: String,
    /// When nothing was left to do for it.
    pub ended: Option<Time>,
    /// When Meta handed it to the network, by Meta's clock.
    pub sent: Option<Time>,
    /// When it reached the phone.
    pub delivered: Option<Time>,
    /// When it was opened.
    pub read: Option<Time>,
    /// The message that carries what it says in its place, however far that was handed on: a digest, or
    /// a later message of its bucket.
    pub carrier: Option<Carrier>,
}

/// The message that carries what another one says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carrier {
    /// Which one.
    pub id: MessageId,
    /// Where it stands.
    pub state: MessageState,
}

impl Glance {
    /// How far what it says came: the state of what carries it, or its own.
    #[must_use]
    pub fn fate(&self) -> MessageState {
        self.carrier.map_or(self.state, |carrier| carrier.state)
    }
}

impl Outbox {
    /// Where these messages stand, in the order asked for; those that are not there are left out, and
    /// what is asked for beyond [`MAX_GLANCES`].
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn states(&self, ids: Vec<MessageId>) -> Result<Vec<Glance>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.access
            .read(move |conn| glance::states(conn, &ids))
            .await
    }

    /// The last `count` messages, the newest first; [`MAX_GLANCES`] at most.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn latest(&self, count: usize) -> Result<Vec<Listed>, StoreError> {
        self.access
            .read(move |conn| glance::latest(conn, count))
            .await
    }
}

impl Inquiry {
    /// As [`Outbox::states`].
    ///
    /// # Errors
    /// They cannot be read.
    pub fn states(&self, ids: &[MessageId]) -> Result<Vec<Glance>, StoreError> {
        self.reader.ask(|conn| glance::states(conn, ids))
    }

    /// As [`Outbox::latest`].
    ///
    /// # Errors
    /// They cannot be read.
    pub fn latest(&self, count: usize) -> Result<Vec<Listed>, StoreError> {
        self.reader.ask(|conn| glance::latest(conn, count))
    }
}
