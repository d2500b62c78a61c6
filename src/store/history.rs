//! The log of a database that somebody works on, read from beside.

use std::path::Path;

use crate::model::{LogEntry, Position, Time};

use super::StoreError;
use super::sqlite::history::Reader;

/// Entries of the log in order, a page at a time.
#[derive(Debug)]
pub struct History {
    reader: Reader,
    next: Position,
    page: std::vec::IntoIter<LogEntry>,
    ended: bool,
}

/// Entries that are read at once.
const PAGE: usize = 1_000;

/// The entries of the log of the database at `path` that came at `since` or later. Nothing is
/// written; a daemon may work on the database meanwhile.
///
/// # Errors
/// There is no store at `path`, or it cannot be read.
pub fn history(path: &Path, since: Time) -> Result<History, StoreError> {
    let reader = Reader::open(path)?;
    let next = reader.first(since)?;
    Ok(History {
        reader,
        next: Position(next.0.saturating_sub(1)),
        page: Vec::new().into_iter(),
        ended: false,
    })
}

impl Iterator for History {
    type Item = Result<LogEntry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.page.next() {
            self.next = entry.position;
            return Some(Ok(entry));
        }
        if self.ended {
            return None;
        }
        match self.reader.read(self.next, PAGE) {
            Ok(page) => {
                self.ended = page.len() < PAGE;
                self.page = page.into_iter();
                let entry = self.page.next()?;
                self.next = entry.position;
                Some(Ok(entry))
            }
            Err(error) => {
                self.ended = true;
                Some(Err(error))
            }
        }
    }
}
