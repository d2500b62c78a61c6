//! The log: every input of the engine, on disk before it is decided.

use std::hash::RandomState;
use std::sync::Arc;

use tokio::sync::watch;

use crate::model::{AlarmRecord, Event, LogEntry, MessageId, Position, Time};

use super::StoreError;
use super::sqlite::{Access, Prepared, log};

/// Weight of a job in the queue to the writer, per entry; other jobs weigh what they write.
const WEIGHT: usize = 1;

/// An event on its way into the log.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Engine time of its arrival.
    pub at: Time,
    /// What happened.
    pub event: Event,
    /// A rule wants it, whether its alarm is open or not. Events that are not records are always kept.
    pub wanted: bool,
    /// Who handed it in, for the audit trail.
    pub origin: Arc<str>,
}

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Log {
    pub(super) access: Access,
    pub(super) hasher: RandomState,
    pub(super) head: watch::Receiver<Position>,
}

impl Log {
    /// Appends a batch and returns after it is on disk: one answer per entry, in order; the position,
    /// or `None` for a record that was not wanted and whose alarm is not open. `at` is raised to that
    /// of the entry before where it lies earlier. The batch is written whole or not at all.
    ///
    /// Batches are appended in the order in which they are handed in. Dropping the future does not
    /// take the batch back.
    ///
    /// # Errors
    /// Nothing of the batch counts as stored.
    pub async fn append(&self, batch: Vec<NewEntry>) -> Result<Vec<Option<Position>>, StoreError> {
        let weight = batch.len() * WEIGHT;
        let entries: Vec<Prepared> = batch
            .into_iter()
            .map(|entry| Prepared::new(entry, &self.hasher))
            .collect();
        self.access
            .write(weight, move |tx| log::append(tx, &entries))
            .await
    }

    /// Appends a batch as [`Log::append`] does and forgets, in the same transaction, that the fallback
    /// has to hear of `told`: what is appended tells somebody else of it. It has to hear of `still`
    /// from here on.
    ///
    /// # Errors
    /// Nothing of the batch counts as stored, and the fallback hears of the message.
    pub async fn append_told(
        &self,
        batch: Vec<NewEntry>,
        told: MessageId,
        still: Vec<MessageId>,
    ) -> Result<(), StoreError> {
        let weight = batch.len() * WEIGHT;
        let entries: Vec<Prepared> = batch
            .into_iter()
            .map(|entry| Prepared::new(entry, &self.hasher))
            .collect();
        self.access
            .write(weight, move |tx| {
                log::append_told(tx, &entries, told, &still)
            })
            .await
    }

    /// At most `limit` entries behind `after`, in order.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn read(&self, after: Position, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
        self.access
            .read(move |conn| log::read(conn, after, limit))
            .await
    }

    /// The last record of every open alarm of the root id `id`, in the order in which they came.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn open_alarms(&self, id: &str) -> Result<Vec<AlarmRecord>, StoreError> {
        let id = id.to_owned();
        self.access
            .read(move |conn| log::open_alarms(conn, &id))
            .await
    }

    /// The last entry that is on disk; 0 when there is none.
    #[must_use]
    pub fn head(&self) -> Position {
        *self.head.borrow()
    }
}
