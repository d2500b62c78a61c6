//! Acknowledgements of which the `on_ack` command has not heard, in `unhooked`.

use rusqlite::{Connection, params};

use crate::model::{Notification, NotificationId};

use super::fault::Fault;
use super::writer::Tx;
use super::{rows, waiting};

/// The command has to hear of it.
pub(super) fn add(conn: &Connection, notification: NotificationId) -> Result<(), Fault> {
    conn.prepare_cached("INSERT OR IGNORE INTO unhooked (notification) VALUES (?1)")?
        .execute([notification.0])?;
    Ok(())
}

/// What the command has to hear of, in the order of numbers.
pub(in crate::store) fn unhooked(
    conn: &Connection,
    after: NotificationId,
    limit: usize,
) -> Result<Vec<Notification>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT notification FROM unhooked WHERE notification > ?1 ORDER BY notification LIMIT ?2",
    )?;
    let due = rows::collect(
        statement.query(params![after.0, rows::limit(limit)])?,
        |row| Ok(NotificationId(row.get(0)?)),
    )?;
    waiting::notifications(conn, &due)
}

/// The command has heard of it.
pub(in crate::store) fn hooked(tx: &mut Tx<'_>, id: NotificationId) -> Result<(), Fault> {
    tx.write()?
        .prepare_cached("DELETE FROM unhooked WHERE notification = ?1")?
        .execute([id.0])?;
    Ok(())
}
