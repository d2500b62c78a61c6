//! Whether the disk has room for more records.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::fault::Fault;

/// How long an answer of the file system is believed.
const FRESH: Duration = Duration::from_secs(1);

/// Watches the free space of the disk that the database is on.
#[derive(Debug)]
pub(super) struct Space {
    directory: PathBuf,
    min_free: u64,
    looked: Option<Instant>,
    /// What is wrong, when there is no room.
    wrong: Option<String>,
}

impl Space {
    pub(super) fn new(database: &Path, min_free: u64) -> Self {
        Self {
            directory: directory(database).to_owned(),
            min_free,
            looked: None,
            wrong: None,
        }
    }

    /// Whether records may be stored.
    pub(super) fn check(&mut self) -> Result<(), Fault> {
        if self.looked.is_none_or(|at| at.elapsed() >= FRESH) {
            self.looked = Some(Instant::now());
            // A file system that cannot be asked is tried: a write says what is wrong.
            self.wrong = free_bytes(&self.directory)
                .filter(|free| *free < self.min_free)
                .map(|free| {
                    format!(
                        "{free} bytes are free, storage.min_free is {}",
                        self.min_free
                    )
                });
        }
        self.wrong
            .clone()
            .map_or(Ok(()), |wrong| Err(Fault::NoRoom(wrong)))
    }

    /// A write found the disk full: no records for a moment, so that what is smaller has a chance.
    pub(super) fn found_full(&mut self) {
        self.looked = Some(Instant::now());
        self.wrong = Some("a write found it full".to_owned());
    }
}

/// What the file system of `directory` has left for us, in bytes.
pub(super) fn free_bytes(directory: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(directory).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// The folder that `database` is in.
pub(super) fn directory(database: &Path) -> &Path {
    match database.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
