//! The write-ahead log: when it is on disk, and when it is folded into the database.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::store::StoreError;

use super::fault::{self, Fault};
use super::lock::beside;

/// From this many pages on (4 MiB) a checkpoint runs when nothing else is to do.
const QUIET_PAGES: i64 = 1_024;

/// From this many pages on (32 MiB) it runs at once, so that the file stays bounded.
const MOST_PAGES: i64 = 8_192;

/// The file is made longer ahead of what is written, by zeros, by as much as it holds and within
/// these bounds: a sync of bytes inside it costs half of one that also has to write its new length.
/// SQLite knows by checksums where the log ends.
const LEAST_AHEAD_BYTES: u64 = 1 << 20;
const MOST_AHEAD_BYTES: u64 = 8 << 20;

/// Bytes of a page in the log, with the header of its frame (`fileformat2.html`, 4.1).
const FRAME_BYTES: u64 = 4_096 + 24;

/// Nothing to do for this long counts as quiet.
const QUIET: Duration = Duration::from_millis(100);

/// Commits that do not wait for the disk are brought there after this long at the latest.
const RIDE: Duration = Duration::from_secs(1);

/// Hears how long each sync took.
pub(in crate::store) type OnSync = Arc<dyn Fn(Duration) + Send + Sync>;

/// Whoever hears of syncs. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::store) struct Syncs(Arc<Mutex<Option<OnSync>>>);

impl Syncs {
    /// `hear` is told from here on, in place of whoever was.
    pub(in crate::store) fn watch(&self, hear: OnSync) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(hear);
    }

    fn tell(&self, took: Duration) {
        let hear = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(hear) = hear {
            hear(took);
        }
    }
}

impl std::fmt::Debug for Syncs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Syncs")
    }
}

/// The write-ahead log of the writer's connection.
///
/// SQLite runs with `synchronous=NORMAL`: it syncs around checkpoints only, so that the order of
/// what reaches the disk is right. What must be on disk before an answer is synced here, with
/// `fdatasync` on the log's file: that is what `synchronous=FULL` does at every commit, except that
/// the bundled SQLite is built without `HAVE_FDATASYNC` and would use `fsync`, which also writes the
/// time of change at every call. SQLite locks neither this file nor through it, so a descriptor of
/// our own is safe.
pub(super) struct Wal {
    file: File,
    /// How long the file is, as far as we know.
    bytes: u64,
    pages: i64,
    next_forced: i64,
    /// When the oldest commit that is not on disk was made.
    unsynced: Option<Instant>,
    /// A sync failed: the system may have forgotten that these pages are not on disk.
    suspect: bool,
    syncs: Syncs,
}

impl Wal {
    /// The log of the database at `path`, which SQLite has made by opening it.
    pub(super) fn open(path: &Path, syncs: Syncs) -> Result<Self, StoreError> {
        let path = beside(path, "-wal");
        // Only ever appended to through this descriptor: what SQLite wrote is never touched.
        let file = File::options()
            .append(true)
            .open(&path)
            .map_err(|error| fault::io(&path, &error))?;
        Ok(Self {
            file,
            bytes: 0,
            pages: 0,
            next_forced: MOST_PAGES,
            unsynced: None,
            suspect: false,
            syncs,
        })
    }

    /// A commit was made.
    pub(super) fn committed(&mut self, conn: &Connection) {
        self.unsynced.get_or_insert_with(Instant::now);
        // NOOP asks only how long the log is; without an answer it is as long as it was.
        self.pages = conn
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")
            .and_then(|mut ask| ask.query_row([], |row| row.get(1)))
            .unwrap_or(self.pages);
    }

    /// Brings every commit to disk.
    pub(super) fn sync(&mut self, conn: &Connection, path: &Path) -> Result<(), StoreError> {
        let began = Instant::now();
        if self.suspect {
            // Another sync of the same pages would say yes without writing them. A checkpoint
            // writes them again, to the database.
            self.checkpoint(conn, "TRUNCATE")
                .map_err(|fault| fault.at(path))?;
            self.suspect = false;
        } else if let Err(error) = self.file.sync_data() {
            self.suspect = true;
            return Err(fault::io(&beside(path, "-wal"), &error));
        }
        self.unsynced = None;
        self.syncs.tell(began.elapsed());
        Ok(())
    }

    /// How long the writer may wait for jobs before [`Wal::rest`] has something to do.
    pub(super) fn patience(&self) -> Option<Duration> {
        if self.pages >= QUIET_PAGES {
            Some(QUIET)
        } else {
            self.unsynced
                .map(|since| RIDE.saturating_sub(since.elapsed()))
        }
    }

    /// Nothing came for as long as [`Wal::patience`] said.
    pub(super) fn rest(&mut self, conn: &Connection, path: &Path) -> Result<(), StoreError> {
        if self.unsynced.is_some_and(|since| since.elapsed() >= RIDE) {
            self.sync(conn, path)?;
        }
        if self.pages >= QUIET_PAGES {
            self.fold(conn).map_err(|fault| fault.at(path))?;
        }
        Ok(())
    }

    /// Keeps the file bounded, and longer than what the next commits write, between two groups.
    pub(super) fn tend(&mut self, conn: &Connection, path: &Path) -> Result<(), StoreError> {
        if self.pages >= self.next_forced {
            self.fold(conn).map_err(|fault| fault.at(path))?;
        }
        self.lengthen();
        Ok(())
    }

    /// Makes the file longer where the next commits would. Only for speed: on a disk without room
    /// it is as long as what is in it.
    fn lengthen(&mut self) {
        let used = u64::try_from(self.pages).unwrap_or(0) * FRAME_BYTES;
        let ahead = used.clamp(LEAST_AHEAD_BYTES, MOST_AHEAD_BYTES);
        if used == 0 || used + ahead / 4 <= self.bytes {
            return;
        }
        self.bytes = self.file.metadata().map_or(0, |file| file.len());
        if used + ahead / 4 > self.bytes {
            let zeros = vec![0; usize::try_from(ahead).unwrap_or(0)];
            // A failure is not tried again at every commit.
            let _ = self.file.write_all(&zeros);
            self.bytes += ahead;
        }
    }

    fn fold(&mut self, conn: &Connection) -> Result<(), Fault> {
        let left = self.checkpoint(conn, "PASSIVE");
        // A reader (a backup) that still needs old pages keeps the log from starting over: it
        // grows until then, and is not tried again at every commit.
        self.next_forced = self.pages + MOST_PAGES;
        if left? == 0 {
            self.next_forced = MOST_PAGES;
        }
        self.pages = 0;
        Ok(())
    }

    /// How many pages of the log are not in the database after it.
    fn checkpoint(&mut self, conn: &Connection, how: &str) -> Result<i64, Fault> {
        let (busy, pages, folded): (i64, i64, i64) = conn
            .prepare_cached(&format!("PRAGMA wal_checkpoint({how})"))?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let left = if busy == 0 {
            pages - folded
        } else {
            pages.max(1)
        };
        if left == 0 {
            self.unsynced = None;
        } else if how == "TRUNCATE" {
            return Err(Fault::Refused(
                "the write-ahead log cannot be brought to disk yet".to_owned(),
            ));
        }
        Ok(left)
    }
}
