//! Messages in numbers, and the whole story of one.

use rusqlite::{Connection, Row};

use crate::model::{MessageId, MessageState, Time};
use crate::store::{AttemptEnd, AttemptTrail, Tally, Trail};

use super::columns::{COLUMNS, MESSAGE, id as number, message, time};
use super::fault::Fault;
use super::rows;

/// Messages in numbers, as the triggers keep them.
pub(in crate::store) fn tally(conn: &Connection) -> Result<Tally, Fault> {
    // One transaction, so that the numbers and the time are of one moment.
    let conn = conn.unchecked_transaction()?;
    let mut statement =
        conn.prepare_cached("SELECT state, messages FROM counts WHERE messages > 0")?;
    let counts = rows::collect(statement.query([])?, |row| {
        let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        Ok((rows::name(row, 0, MessageState::from_name)?, count))
    })?;
    drop(statement);
    // Times do not go down with the numbers: the first of each space is its oldest.
    let first =
        "SELECT created FROM messages INDEXED BY messages_waiting WHERE ended IS NULL AND id";
    let oldest: Option<i64> = conn
        .prepare_cached(&format!(
            "SELECT min(created) FROM (SELECT * FROM ({first} <= ?1 ORDER BY id LIMIT 1) \
             UNION ALL SELECT * FROM ({first} > ?1 ORDER BY id LIMIT 1))"
        ))?
        .query_row([MessageId::DIGESTS], |row| row.get(0))?;
    Ok(Tally {
        counts,
        oldest_pending: oldest.map(Time::from_ms),
    })
}

/// The whole story of a message.
pub(in crate::store) fn trail(conn: &Connection, id: MessageId) -> Result<Option<Trail>, Fault> {
    let Some(mut trail) = head(conn, id)? else {
        return Ok(None);
    };
    let mut statement = conn.prepare_cached(
        "SELECT n, at, text, outcome, code, status, detail, wamid, duration_ms \
         FROM attempts WHERE message = ?1 ORDER BY n",
    )?;
    trail.attempts = rows::collect(statement.query([id.0])?, attempt)?;
    Ok(Some(trail))
}

/// The story without the attempts.
fn head(conn: &Connection, id: MessageId) -> Result<Option<Trail>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MESSAGE}, state, reason, ended, sent, delivered, read, confirm_by, digest, successor \
         FROM messages WHERE id = ?1"
    ))?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(Trail {
        message: message(row)?,
        state: rows::name(row, COLUMNS, MessageState::from_name)?,
        reason: row.get(COLUMNS + 1)?,
        ended: time(row, COLUMNS + 2)?,
        sent: time(row, COLUMNS + 3)?,
        delivered: time(row, COLUMNS + 4)?,
        read: time(row, COLUMNS + 5)?,
        confirm_by: time(row, COLUMNS + 6)?,
        digest: number(row, COLUMNS + 7)?,
        successor: number(row, COLUMNS + 8)?,
        attempts: Vec::new(),
    }))
}

fn attempt(row: &Row<'_>) -> Result<AttemptTrail, Fault> {
    let outcome: Option<String> = row.get(3)?;
    let end = match outcome {
        None => None,
        Some(outcome) => Some(AttemptEnd {
            text: row.get(2)?,
            outcome,
            code: row.get(4)?,
            status: row.get(5)?,
            detail: row.get(6)?,
            wamid: row.get(7)?,
            duration_ms: u64::try_from(row.get::<_, i64>(8)?).unwrap_or(0),
        }),
    };
    Ok(AttemptTrail {
        n: row.get(0)?,
        at: Time::from_ms(row.get(1)?),
        end,
    })
}
