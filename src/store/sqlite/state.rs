//! The engine's state in tables: `state` for rows, `meta` for how far the log is decided.

use rusqlite::{Connection, params};

use crate::model::{MessageId, NotificationId, Position, Row, RowChange, RowKind, Time};
use crate::store::{Saved, StepWrite};

use super::fault::Fault;
use super::writer::Tx;
use super::{audit, hooks, log, outbox, receipts, rows, signs};

/// What was written last.
pub(in crate::store) fn load(conn: &Connection) -> Result<Saved, Fault> {
    // One transaction, so that rows and position are of the same step.
    let conn = conn.unchecked_transaction()?;
    let mut saved = conn.query_row(
        "SELECT position, engine_time, next_message, next_notification FROM meta",
        [],
        |row| {
            Ok(Saved {
                position: Position(row.get(0)?),
                engine_time: Time::from_ms(row.get(1)?),
                next_message: MessageId(row.get(2)?),
                next_notification: NotificationId(row.get(3)?),
                rows: Vec::new(),
            })
        },
    )?;
    let mut statement = conn.prepare("SELECT kind, key, value FROM state ORDER BY kind, key")?;
    saved.rows = rows::collect(statement.query([])?, |row| {
        Ok(Row {
            kind: rows::name(row, 0, RowKind::from_name)?,
            key: row.get(1)?,
            value: row.get(2)?,
        })
    })?;
    Ok(saved)
}

/// Every row of a kind.
pub(in crate::store) fn rows_of(conn: &Connection, kind: RowKind) -> Result<Vec<Row>, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT key, value FROM state WHERE kind = ?1 ORDER BY key")?;
    rows::collect(statement.query([kind.name()])?, |row| {
        Ok(Row {
            kind,
            key: row.get(0)?,
            value: row.get(1)?,
        })
    })
}

/// Writes steps whole.
pub(in crate::store) fn commit(tx: &mut Tx<'_>, steps: &[StepWrite]) -> Result<(), Fault> {
    for step in steps {
        advance(tx, step)?;
        let conn = tx.write()?;
        for notification in &step.notifications {
            outbox::insert_notification(conn, notification)?;
            let number = notification.id.0;
            tx.book
                .said
                .note(number, signs::hash(&notification.alarm.id));
            for alarm in &notification.view.alarms {
                tx.book.said.note(number, signs::hash(&alarm.id));
            }
        }
        let said = step.notifications.iter().map(AsRef::as_ref);
        audit::decided(tx, said, &step.messages, step.engine_time)?;
        for message in &step.messages {
            outbox::insert_message(conn, message)?;
        }
        for receipt in &step.receipts {
            receipts::apply(conn, receipt, step.engine_time)?;
        }
        for notification in &step.acks {
            hooks::add(conn, *notification)?;
        }
        for message in &step.alone {
            outbox::tell_command(conn, *message)?;
        }
        for change in &step.rows {
            apply(conn, change)?;
        }
        for tree in &step.closed_trees {
            log::forget(tx, tree, step.position)?;
        }
    }
    Ok(())
}

/// Only forwards: a step that comes twice or from behind is the work of a second engine.
fn advance(tx: &mut Tx<'_>, step: &StepWrite) -> Result<(), Fault> {
    let moved = tx
        .write()?
        .prepare_cached(
            "UPDATE meta SET position = ?1, engine_time = ?2, next_message = ?3, next_notification = ?4 \
             WHERE position <= ?1 AND next_message <= ?3 AND next_notification <= ?4",
        )?
        .execute(params![
            step.position.0,
            step.engine_time.as_ms(),
            step.next_message.0,
            step.next_notification.0
        ])?;
    if moved == 1 && step.position <= tx.book.head {
        Ok(())
    } else {
        Err(Fault::Refused(format!(
            "a step at position {} does not follow what is decided",
            step.position
        )))
    }
}

fn apply(conn: &Connection, change: &RowChange) -> Result<(), Fault> {
    match change {
        RowChange::Put(row) => conn
            .prepare_cached(
                "INSERT INTO state (kind, key, value) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            )?
            .execute(params![row.kind.name(), row.key, row.value])?,
        RowChange::Delete { kind, key } => conn
            .prepare_cached("DELETE FROM state WHERE kind = ?1 AND key = ?2")?
            .execute(params![kind.name(), key])?,
    };
    Ok(())
}
