//! Retention in tables.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::model::Time;
use crate::store::Sizes;

use super::fault::Fault;
use super::lock::beside;
use super::rows;
use super::space::{directory, free_bytes};
use super::writer::Tx;

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
const ENTRIES: &str = "DELETE FROM log WHERE at < ?1 \
    AND position <= (SELECT position FROM meta) AND position < (SELECT max(position) FROM log) \
    AND position IN (SELECT position FROM log ORDER BY position LIMIT ?2)";
const NUMBERS: &str =
    "DELETE FROM numbers WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE number = numbers.id)";

/// Deletes one chunk; how many rows went.
pub(in crate::store) fn prune(tx: &mut Tx<'_>, before: Time, chunk: usize) -> Result<usize, Fault> {
    let conn = tx.write()?;
    let mut gone = 0;
    for sql in [ATTEMPTS, MESSAGES, NOTIFICATIONS, REPLIES, STRAYS, ENTRIES] {
        gone += conn
            .prepare_cached(sql)?
            .execute(params![before.as_ms(), rows::limit(chunk)])?;
    }
    gone += conn.prepare_cached(NUMBERS)?.execute([])?;
    Ok(gone)
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
