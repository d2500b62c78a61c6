//! Retention, and how much room the store takes.

use std::path::Path;

use crate::model::{ContactId, Phone, Time};

use super::StoreError;
use super::sqlite::{Access, archive, forget};

/// What was erased of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Numbers that nobody else has.
    pub numbers: usize,
    /// Replies whose words are gone.
    pub replies: usize,
    /// Attempts whose text, number and id at Meta are gone.
    pub attempts: usize,
}

/// Writes the database at `path` anew, so that nothing of what was erased is left in its unused room or
/// in the log beside it. Blocks; whoever writes meanwhile waits or is told that it is locked.
///
/// # Errors
/// There is no room for it, or the database is in use for too long. What was erased stays erased.
pub fn scrub(path: &Path) -> Result<(), StoreError> {
    forget::scrub(path)
}

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
    /// `before`: messages with their attempts (a digest behind its members), notifications without
    /// messages, replies, receipts of unknown messages, log entries that are decided (their facts are in the audit trail from then on), numbers that no
    /// attempt names. Returns how many rows went; 0 when nothing is left.
    ///
    /// Never deletes messages under way, awaiting a receipt or untold to the fallback, acknowledgements
    /// that the `on_ack` command has not heard of, rows of the engine's state, or what is above its position.
    ///
    /// # Errors
    /// Nothing was deleted.
    pub async fn prune(&self, before: Time, chunk: usize) -> Result<usize, StoreError> {
        self.access
            .write(chunk, move |tx| archive::prune(tx, before, chunk))
            .await
    }

    /// Erases the number and the words of a contact wherever they are, those of `phones` too, and keeps
    /// the trail. The number comes back with the next attempt only. [`scrub`] cleans the file after it.
    ///
    /// # Errors
    /// Nothing was erased.
    pub async fn forget(
        &self,
        contact: ContactId,
        phones: Vec<Phone>,
        at: Time,
        by: String,
    ) -> Result<Forgotten, StoreError> {
        self.access
            .write(1, move |tx| forget::forget(tx, &contact, &phones, at, &by))
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
