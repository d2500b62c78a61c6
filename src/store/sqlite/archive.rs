//! Retention in tables.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::model::Time;
use crate::store::Sizes;

use super::fault::Fault;
use super::lock::beside;
use super::space::{directory, free_bytes};
use super::writer::Tx;
use super::{audit, log, rows, signs};

/// Messages that may go. Not before the fallback has heard of them; a member of a digest not before
/// the digest is through, and a digest not before its members, whose story it is.
macro_rules! final_messages {
    () => {
        "(SELECT id FROM messages WHERE ended < ?1 AND id NOT IN (SELECT message FROM untold) \
         AND NOT EXISTS (SELECT 1 FROM messages part WHERE part.id = messages.digest \
             AND (part.ended IS NULL OR part.id IN (SELECT message FROM untold))) \
         AND NOT EXISTS (SELECT 1 FROM messages member WHERE member.digest = messages.id) \
         ORDER BY ended, id LIMIT ?2)"
    };
}

/// Attempts go with their messages.
const ATTEMPTS: &str = concat!("DELETE FROM attempts WHERE message IN ", final_messages!());
const MESSAGES: &str = concat!("DELETE FROM messages WHERE id IN ", final_messages!());
const NOTIFICATIONS: &str = "DELETE FROM notifications WHERE id IN \
    (SELECT id FROM notifications WHERE at < ?1 AND id NOT IN (SELECT notification FROM unhooked) \
     AND NOT EXISTS (SELECT 1 FROM messages WHERE notification = notifications.id) ORDER BY at LIMIT ?2)";
const REPLIES: &str = "DELETE FROM replies WHERE id IN \
    (SELECT id FROM replies WHERE came < ?1 LIMIT ?2)";
const STRAYS: &str = "DELETE FROM strays WHERE (wamid, stage) IN \
    (SELECT wamid, stage FROM strays WHERE came < ?1 ORDER BY came LIMIT ?2)";
/// `at` grows with the position: only the first entries can be old enough. The newest stays, so
/// that positions and times go on from it.
macro_rules! old_entries {
    () => {
        "FROM log WHERE at < ?1 AND position <= (SELECT position FROM meta) \
         AND position < (SELECT max(position) FROM log) \
         AND position IN (SELECT position FROM log ORDER BY position LIMIT ?2)"
    };
}
const OLD_ENTRIES: &str = concat!(
    "SELECT position, at, event, origin ",
    old_entries!(),
    " AND at >= (SELECT audit_floor FROM meta) ORDER BY position"
);
const ENTRIES: &str = concat!("DELETE ", old_entries!());
const NUMBERS: &str =
    "DELETE FROM numbers WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE number = numbers.id)";

/// Deletes one chunk; how many rows went.
pub(in crate::store) fn prune(tx: &mut Tx<'_>, before: Time, chunk: usize) -> Result<usize, Fault> {
    let conn = tx.write()?;
    keep_facts(conn, before, chunk)?;
    let mut gone = 0;
    for sql in [ATTEMPTS, MESSAGES, NOTIFICATIONS, REPLIES, STRAYS, ENTRIES] {
        gone += conn
            .prepare_cached(sql)?
            .execute(params![before.as_ms(), rows::limit(chunk)])?;
    }
    gone += conn.prepare_cached(NUMBERS)?.execute([])?;
    signs::prune(conn)?;
    Ok(gone)
}

/// Writes what the entries that go tell into the audit trail.
fn keep_facts(conn: &Connection, before: Time, chunk: usize) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(OLD_ENTRIES)?;
    let mut found = statement.query(params![before.as_ms(), rows::limit(chunk)])?;
    while let Some(row) = found.next()? {
        let origin: String = row.get(3)?;
        for fact in audit::heard(&log::entry(row)?, &origin) {
            audit::insert(conn, &fact)?;
        }
    }
    Ok(())
}

/// How much room the database at `path` takes.
pub(in crate::store) fn sizes(conn: &Connection, path: &Path) -> Result<Sizes, Fault> {
    let pragma = |name| {
        conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map(|count| u64::try_from(count).unwrap_or(0))
    };
    let page_bytes = pragma("page_size")?;
    Ok(Sizes {
        database_bytes: pragma("page_count")? * page_bytes,
        unused_bytes: pragma("freelist_count")? * page_bytes,
        // Not there: nothing is in it.
        wal_bytes: std::fs::metadata(beside(path, "-wal")).map_or(0, |file| file.len()),
        free_bytes: free_bytes(directory(path)).ok_or_else(|| {
            Fault::Refused("the free space of its disk cannot be read".to_owned())
        })?,
    })
}
