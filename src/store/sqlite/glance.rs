//! Messages at a glance, by their numbers: rules and lanes give them in the order of time, each in a
//! space of its own.

use rusqlite::{Connection, Row, params};

use crate::model::{ContactId, Kind, MessageId, MessageState, Notification, Severity, Time};
use crate::store::{Carrier, Glance, Listed, MAX_GLANCES, Wanted};

use super::columns::{id as number, time};
use super::fault::Fault;
use super::rows;

/// How often what a message says is handed on before the last one that carries it is not looked for.
const MAX_CARRIERS: usize = 16;

/// Where messages stand.
pub(in crate::store) fn states(conn: &Connection, ids: &[MessageId]) -> Result<Vec<Glance>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT contact, kind, severity, created, state, reason, ended, sent, delivered, read, \
         coalesce(digest, successor) FROM messages WHERE id = ?1",
    )?;
    let mut found = Vec::with_capacity(ids.len().min(MAX_GLANCES));
    for id in ids.iter().take(MAX_GLANCES) {
        let mut rows = statement.query([id.0])?;
        if let Some(row) = rows.next()? {
            found.push(glance(conn, *id, row)?);
        }
    }
    Ok(found)
}

fn glance(conn: &Connection, id: MessageId, row: &Row<'_>) -> Result<Glance, Fault> {
    let state = rows::name(row, 4, MessageState::from_name)?;
    let handed_on = if is_handed_on(state) {
        number(row, 10)?
    } else {
        None
    };
    Ok(Glance {
        id,
        contact: rows::name(row, 0, |text| ContactId::parse(text).ok())?,
        kind: rows::name(row, 1, Kind::from_name)?,
        severity: rows::name(row, 2, Severity::from_name)?,
        created: Time::from_ms(row.get(3)?),
        state,
        reason: row.get(5)?,
        ended: time(row, 6)?,
        sent: time(row, 7)?,
        delivered: time(row, 8)?,
        read: time(row, 9)?,
        carrier: match handed_on {
            Some(next) => carrier(conn, next)?,
            None => None,
        },
    })
}

/// Whether another message carries what one of that state says.
fn is_handed_on(state: MessageState) -> bool {
    matches!(state, MessageState::Digested | MessageState::Superseded)
}

/// The last message that what a message says was handed on to.
fn carrier(conn: &Connection, first: MessageId) -> Result<Option<Carrier>, Fault> {
    let mut statement = conn
        .prepare_cached("SELECT state, coalesce(digest, successor) FROM messages WHERE id = ?1")?;
    let mut last = None;
    let mut next = Some(first);
    for _ in 0..MAX_CARRIERS {
        let Some(id) = next else { break };
        let mut rows = statement.query([id.0])?;
        let Some(row) = rows.next()? else { break };
        let state = rows::name(row, 0, MessageState::from_name)?;
        last = Some(Carrier { id, state });
        next = if is_handed_on(state) {
            number(row, 1)?
        } else {
            None
        };
    }
    Ok(last)
}

/// The last messages, the newest first.
pub(in crate::store) fn latest(conn: &Connection, count: usize) -> Result<Vec<Listed>, Fault> {
    let wanted = Wanted {
        limit: count.min(MAX_GLANCES),
        ..Wanted::default()
    };
    messages(conn, &wanted)
}

/// Messages, the newest first.
pub(in crate::store) fn messages(conn: &Connection, wanted: &Wanted) -> Result<Vec<Listed>, Fault> {
    // One transaction, so that a message has its notification.
    let conn = conn.unchecked_transaction()?;
    let mut found = newest(&conn, wanted, 0, MessageId::DIGESTS)?;
    found.extend(newest(&conn, wanted, MessageId::DIGESTS, i64::MAX)?);
    found.sort_by_key(|one| std::cmp::Reverse((one.created, one.id)));
    found.truncate(wanted.limit);
    found.into_iter().map(|one| one.listed(&conn)).collect()
}

/// A message of which it is not known yet whether it is listed.
struct Newest {
    id: MessageId,
    created: Time,
}

/// The newest of the messages whose numbers are above `low` and not above `high`. Times do not go down
/// with the numbers: what lies before the time asked for ends the search.
fn newest(conn: &Connection, wanted: &Wanted, low: i64, high: i64) -> Result<Vec<Newest>, Fault> {
    let source = match wanted.state {
        Some(state) if state.is_pending() => "INDEXED BY messages_waiting WHERE ended IS NULL AND",
        _ => "WHERE",
    };
    let mut statement = conn.prepare(&format!(
        "SELECT id, created, contact, state FROM messages {source} id > ?1 AND id <= ?2 ORDER BY id DESC"
    ))?;
    let mut rows = statement.query(params![low, high])?;
    let mut found = Vec::new();
    while found.len() < wanted.limit
        && let Some(row) = rows.next()?
    {
        let created = Time::from_ms(row.get(1)?);
        if wanted.since.is_some_and(|since| created < since) {
            break;
        }
        let is = |column, text: Option<&str>| -> Result<bool, Fault> {
            let held = row.get_ref(column)?.as_str().unwrap_or_default();
            Ok(text.is_none_or(|text| text == held))
        };
        if is(2, wanted.contact.as_deref())? && is(3, wanted.state.map(MessageState::name))? {
            found.push(Newest {
                id: MessageId(row.get(0)?),
                created,
            });
        }
    }
    Ok(found)
}

impl Newest {
    fn listed(self, conn: &Connection) -> Result<Listed, Fault> {
        let mut statement = conn.prepare_cached(
            "SELECT contact, state, reason, json FROM messages \
             JOIN notifications ON notifications.id = notification WHERE messages.id = ?1",
        )?;
        let mut rows = statement.query([self.id.0])?;
        let missing = || format!("the notification of message {}", self.id);
        let Some(row) = rows.next()? else {
            return Err(Fault::Row(format!("{} is missing", missing())));
        };
        Ok(Listed {
            id: self.id,
            contact: rows::name(row, 0, |text| ContactId::parse(text).ok())?,
            created: self.created,
            state: rows::name(row, 1, MessageState::from_name)?,
            reason: row.get(2)?,
            notification: rows::from_json::<Notification>(row.get_ref(3)?, missing)?,
        })
    }
}
