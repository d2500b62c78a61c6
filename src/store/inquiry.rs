//! What became of an alarm or a message, read beside whoever works on the database.

use std::path::Path;

use crate::model::{
    AlarmRecord, ContactId, Event, LogEntry, MessageId, MessageState, Notification, Row, RowKind,
    Time,
};

use super::sqlite::history::Reader;
use super::sqlite::{glance, inquiry};
use super::{ReplyTrail, StoreError, Trail};

/// Reads the database beside the daemon, or while it is down. Nothing is written. A search through
/// everything that is kept costs the daemon nothing but the disk.
#[derive(Debug)]
pub struct Inquiry {
    pub(super) reader: Reader,
}

/// Which messages are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of this contact.
    pub contact: Option<String>,
    /// In this state.
    pub state: Option<MessageState>,
    /// Decided at this time or later.
    pub since: Option<Time>,
    /// At most so many.
    pub limit: usize,
}

/// A message in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The message.
    pub id: MessageId,
    /// Who is told.
    pub contact: ContactId,
    /// When it was decided.
    pub created: Time,
    /// Where it stands.
    pub state: MessageState,
    /// Why, in words.
    pub reason: String,
    /// What it says.
    pub notification: Notification,
}

/// An entry of the log that speaks of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The entry.
    pub entry: LogEntry,
    /// Who handed it in.
    pub origin: String,
}

/// All that is kept of an alarm or a message. Bounded: what does not fit is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The message that was asked about; `None` when it was an alarm.
    pub message: Option<MessageId>,
    /// The root id of the alarm.
    pub alarm: String,
    /// Its records, and what was done about it by hand, oldest first.
    pub entries: Vec<Told>,
    /// There are older entries.
    pub more_entries: bool,
    /// What rules said of it, oldest first.
    pub notifications: Vec<Notification>,
    /// The messages that carry that, and those that carried it in their place.
    pub trails: Vec<Trail>,
    /// There are more of them.
    pub more_messages: bool,
    /// What people wrote about these messages.
    pub replies: Vec<(MessageId, ReplyTrail)>,
    /// Messages of which the fallback has still to hear.
    pub untold: Vec<MessageId>,
    /// Buckets that these messages are about, as they stand.
    pub buckets: Vec<Row>,
    /// What is held at this moment, of anybody.
    pub held: Vec<HeldBack>,
    /// A message has the number that was taken for a root id.
    pub namesake: Option<MessageId>,
}

/// Messages that are held, of one contact for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// Who waits for them.
    pub contact: ContactId,
    /// Why, in words.
    pub reason: String,
    /// Since when the oldest waits.
    pub since: Time,
    /// How many.
    pub count: u64,
}

impl Inquiry {
    /// Opens the database at `path` to be read.
    ///
    /// # Errors
    /// There is no store at `path`, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            reader: Reader::open(path)?,
        })
    }

    /// Messages, the newest first.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn messages(&self, wanted: &Wanted) -> Result<Vec<Listed>, StoreError> {
        self.reader.ask(|conn| glance::messages(conn, wanted))
    }

    /// All that is kept of an alarm by its root id, of a message by its number (`17`, `m17`, `d2`), or
    /// by Meta's id. `None` when nothing is.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn dossier(&self, id: &str) -> Result<Option<Dossier>, StoreError> {
        self.reader.ask(|conn| inquiry::dossier(conn, id))
    }

    /// The message that a number or Meta's id names, whatever alarms are called.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn message(&self, id: &str) -> Result<Option<(MessageId, Dossier)>, StoreError> {
        self.reader.ask(|conn| inquiry::message(conn, id))
    }

    /// Every row of a kind, by key.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn rows(&self, kind: RowKind) -> Result<Vec<Row>, StoreError> {
        self.reader.ask(|conn| inquiry::rows_of(conn, kind))
    }

    /// What is held, by contact and reason.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn held(&self) -> Result<Vec<HeldBack>, StoreError> {
        self.reader.ask(inquiry::held)
    }
}

impl Told {
    /// The record, when the entry is one.
    #[must_use]
    pub fn record(&self) -> Option<&AlarmRecord> {
        match &self.entry.event {
            Event::Record(record) => Some(record),
            Event::Reloaded { .. }
            | Event::ClosedByHand { .. }
            | Event::AckByHand { .. }
            | Event::Updates(_)
            | Event::Undelivered(_)
            | Event::Notice(_)
            | Event::Silence(_)
            | Event::Unsilence { .. }
            | Event::ClockJump { .. } => None,
        }
    }
}
