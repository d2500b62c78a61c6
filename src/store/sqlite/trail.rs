//! Messages in numbers, and the whole story of one.

use rusqlite::{Connection, Row};

use crate::model::{MessageId, MessageState, Time};
use crate::store::{AttemptEnd, AttemptTrail, Tally, Trail};

use super::columns::{COLUMNS, MESSAGE, id as number, message, time};
use super::fault::Fault;
use super::rows;

/// Messages in numbers.
pub(in crate::store) fn tally(conn: &Connection) -> Result<Tally, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT state, count(*) FROM messages GROUP BY state")?;
    let counts = rows::collect(statement.query([])?, |row| {
        let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        Ok((rows::name(row, 0, MessageState::from_name)?, count))
    })?;
    let oldest: Option<i64> = conn.query_row(
        "SELECT min(created) FROM messages WHERE ended IS NULL",
        [],
        |row| row.get(0),
    )?;
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
