//! The store as a whole: opening, closing, copying.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::sqlite::{self, Access, Syncs};
use super::{Archive, Inbox, Log, Outbox, Settings, State, StoreError, Tail};

/// Where the work of the store is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// On its own threads, with one sync for all that waits: for the daemon.
    Threaded,
    /// At once on the caller's thread: for tests on virtual time.
    Inline,
}

/// The store. When it and every handle are dropped without [`Store::close`], it closes as well.
#[derive(Debug)]
pub struct Store {
    /// Inputs of the engine.
    pub log: Log,
    /// State of the engine.
    pub state: State,
    /// Messages and attempts.
    pub outbox: Outbox,
    /// What comes back.
    pub inbox: Inbox,
    /// Retention and sizes.
    pub archive: Archive,
    id: Arc<str>,
    access: Access,
    syncs: Syncs,
}

impl Store {
    /// Opens the database, making or migrating it where needed. The tail belongs to the one that
    /// decides; whoever does not need it may drop it.
    ///
    /// # Errors
    /// Another daemon has it, it is damaged or of a later version, or the system does not let us.
    pub fn open(settings: &Settings, mode: Mode) -> Result<(Self, Tail), StoreError> {
        let opened = sqlite::open(settings, mode == Mode::Threaded)?;
        let access = opened.access;
        let log = Log {
            access: access.clone(),
            hasher: opened.hasher,
            head: opened.head,
        };
        let tail = Tail::new(log.clone(), opened.entries);
        let store = Self {
            log,
            state: State {
                access: access.clone(),
            },
            outbox: Outbox {
                access: access.clone(),
            },
            inbox: Inbox {
                access: access.clone(),
            },
            archive: Archive {
                access: access.clone(),
            },
            id: opened.id,
            access,
            syncs: opened.syncs,
        };
        Ok((store, tail))
    }

    /// Names this store: 32 hexadecimal digits, made with the database.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `hear` is told how long each sync took, on the thread that writes: it must be quick. It takes
    /// the place of whoever was told before.
    pub fn on_sync(&self, hear: Arc<dyn Fn(Duration) + Send + Sync>) {
        self.syncs.watch(hear);
    }

    /// Closes the store: does what is queued, brings everything to disk, lets go of the files.
    /// Blocks until then. Handles that are left answer [`StoreError::Closed`].
    pub fn close(self) {
        self.access.close();
    }
}

/// Copies the database at `database` to `to`, consistent, also while a daemon works on it. The copy
/// is checked before it gets its name.
///
/// # Errors
/// `to` exists, `database` is not there or not a store, or either cannot be read or written.
pub fn backup(database: &Path, to: &Path) -> Result<(), StoreError> {
    sqlite::backup::copy(database, to)
}
