//! Retention, and how much room the store takes.

use crate::model::Time;

use super::StoreError;
use super::sqlite::{Access, archive};

/// How much room the store takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The database.
    pub database_bytes: u64,
    /// Of it, what deleted rows left for others.
    pub unused_bytes: u64,
    /// The write-ahead log beside it.
    pub wal_bytes: u64,
    /// What the disk has left for us.
    pub free_bytes: u64,
}

/// Retention. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Archive {
    pub(super) access: Access,
}

impl Archive {
    /// Deletes one chunk (at most about `chunk` rows of each table) of what is final and older than
    /// `before`: messages with their attempts, notifications without messages, log entries that are
    /// decided, numbers that no attempt names. Returns how many rows went; 0 when nothing is left.
    ///
    /// Never deletes messages under way or untold to the fallback, rows of the engine's state, or what is above its position.
    ///
    /// # Errors
    /// Nothing was deleted.
    pub async fn prune(&self, before: Time, chunk: usize) -> Result<usize, StoreError> {
        self.access
            .write(chunk, move |tx| archive::prune(tx, before, chunk))
            .await
    }

    /// How much room the store takes.
    ///
    /// # Errors
    /// The database or its disk cannot be asked.
    pub async fn sizes(&self) -> Result<Sizes, StoreError> {
        let path = self.access.path();
        self.access
            .read(move |conn| archive::sizes(conn, &path))
            .await
    }
}
