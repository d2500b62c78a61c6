//! What a page shows of the outbox, by primary keys and partial indexes only.

use rusqlite::{Connection, OptionalExtension};

use crate::model::{MessageId, RowKind, Time};
use crate::store::{Board, Glance};

use super::fault::Fault;
use super::{glance, state, trail};

pub(in crate::store) fn board(
    conn: &Connection,
    recent: usize,
    ids: &[MessageId],
) -> Result<Board, Fault> {
    let states = glance::states(conn, ids)?;
    Ok(Board {
        tally: trail::tally(conn)?,
        recent: glance::latest(conn, recent)?,
        states: states
            .iter()
            .map(|one| (one.id, Glance::fate(one)))
            .collect(),
        untold: untold(conn)?,
        people: state::rows_of(conn, RowKind::Person)?,
    })
}

/// SQLite's own: changes when another connection wrote.
pub(in crate::store) fn version(conn: &Connection) -> Result<i64, Fault> {
    Ok(conn.pragma_query_value(None, "data_version", |row| row.get(0))?)
}

fn untold(conn: &Connection) -> Result<Option<Time>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT min(ended) FROM (SELECT message FROM untold ORDER BY message LIMIT 100) \
         JOIN messages ON id = message",
    )?;
    let since: Option<Option<i64>> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(since.flatten().map(Time::from_ms))
}
