//! Reading the log beside the daemon that writes it.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use crate::model::{LogEntry, Position, Time};
use crate::store::StoreError;

use super::backup::{check_identity, open_readonly};
use super::fault::{self, Fault};
use super::log;

/// A connection that only reads.
#[derive(Debug)]
pub(in crate::store) struct Reader {
    conn: Connection,
    path: PathBuf,
}

impl Reader {
    pub(in crate::store) fn open(path: &Path) -> Result<Self, StoreError> {
        // SQLite would only say that it cannot open it.
        File::open(path).map_err(|error| fault::io(path, &error))?;
        let conn = open_readonly(path).map_err(|fault| fault.at(path))?;
        check_identity(&conn, path)?;
        Ok(Self {
            conn,
            path: path.to_owned(),
        })
    }

    /// What `look` reads.
    pub(in crate::store) fn ask<T>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        look(&self.conn).map_err(|fault| fault.at(&self.path))
    }

    /// The first entry that came at `since` or later, by halving: times never go down in the log.
    pub(in crate::store) fn first(&self, since: Time) -> Result<Position, StoreError> {
        self.halve(since).map_err(|fault| fault.at(&self.path))
    }

    fn halve(&self, since: Time) -> Result<Position, Fault> {
        let (low, high): (Option<i64>, Option<i64>) = self.conn.query_row(
            "SELECT (SELECT position FROM log ORDER BY position LIMIT 1), \
             (SELECT position FROM log ORDER BY position DESC LIMIT 1)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let (Some(mut low), Some(high)) = (low, high) else {
            return Ok(Position(1));
        };
        let mut high = high + 1;
        while low < high {
            let middle = low + (high - low) / 2;
            let at: Option<i64> = self
                .conn
                .prepare_cached(
                    "SELECT at FROM log WHERE position >= ?1 ORDER BY position LIMIT 1",
                )?
                .query_row([middle], |row| row.get(0))
                .optional()?;
            if at.is_some_and(|at| at < since.as_ms()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(Position(low))
    }

    pub(in crate::store) fn read(
        &self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        log::read(&self.conn, after, limit).map_err(|fault| fault.at(&self.path))
    }
}
