//! The tables, and the steps that lead to them.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::StoreError;

use super::fault::Fault;
use super::lock::beside;

/// `PRAGMA application_id`, as the first step sets it.
pub(super) const APPLICATION_ID: i32 = 0x6b6c_6178;

/// One step per schema version, the first from an empty database. A step that was released is never
/// edited: what changes is a further step.
pub(super) const STEPS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
];

/// Brings the database to the version that `steps` lead to. An older one is copied beside itself
/// first (`klaxond.db.v1.backup`); a newer one is refused.
pub(super) fn migrate(
    conn: &mut Connection,
    path: &Path,
    steps: &[&str],
) -> Result<(), StoreError> {
    let found = version(conn).map_err(|fault| fault.at(path))?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::TooNew {
            path: path.to_owned(),
            found,
            known,
        });
    }
    if 0 < found && found < known {
        let copy = copy_name(path, found);
        super::backup::copy_over(conn, path, &copy)?;
        tracing::info!(from = found, to = known, copy = %copy.display(), "the database is brought to a later schema");
    }
    let done = usize::try_from(found).unwrap_or(0);
    for (step, version) in steps.iter().zip(1..).skip(done) {
        apply(conn, step, version).map_err(|fault| fault.at(path))?;
    }
    Ok(())
}

/// Where the copy of a database of `version` goes.
fn copy_name(path: &Path, version: i64) -> PathBuf {
    beside(path, &format!(".v{version}.backup"))
}

/// The schema version of the database.
pub(super) fn version(conn: &Connection) -> Result<i64, Fault> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// One step and its number, both or neither.
fn apply(conn: &mut Connection, step: &str, version: i64) -> Result<(), Fault> {
    let tx = conn.transaction()?;
    tx.execute_batch(step)?;
    tx.pragma_update(None, "user_version", version)?;
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests;
