//! What the sender and the fallback read: messages that wait, and what they say.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Rows, params};

use crate::model::{Closes, MessageId, MessageState, Notification, NotificationId, Phone, Time};
use crate::store::{AttemptMark, Envelope, Pending, Untold};

use super::columns::{COLUMNS, MESSAGE, find, id as number, message, time};
use super::fault::Fault;
use super::{receipts, rows};

/// How far the trail of messages that took each other's place is followed.
const MAX_SUCCESSORS: usize = 10_000;

/// What [`pending_of`] reads.
fn columns() -> String {
    format!("{MESSAGE}, state, attempts, unknowns, retry_at, attempted, confirm_by, failure")
}

/// What still has to be dealt with, in the order of numbers.
pub(in crate::store) fn pending(
    conn: &Connection,
    after: MessageId,
    limit: usize,
) -> Result<Vec<Pending>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {} FROM messages INDEXED BY messages_waiting WHERE ended IS NULL AND id > ?1 \
         ORDER BY id LIMIT ?2",
        columns()
    ))?;
    let rows = statement.query(params![after.0, rows::limit(limit)])?;
    rows::collect(rows, pending_of)
}

/// Those of `ids` that wait for the judgement of a failed receipt. While a POST is under way, its
/// outcome comes first.
pub(in crate::store) fn failed(
    conn: &Connection,
    ids: &[MessageId],
) -> Result<Vec<Pending>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {} FROM messages WHERE id = ?1 AND failure IS NOT NULL AND state <> 'sending'",
        columns()
    ))?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(rows::collect(statement.query([id.0])?, pending_of)?);
    }
    Ok(found)
}

fn pending_of(row: &Row<'_>) -> Result<Pending, Fault> {
    let message = message(row)?;
    let json = row.get_ref(COLUMNS + 6)?;
    let failure = if json == ValueRef::Null {
        None
    } else {
        Some(rows::from_json(json, || receipts::failure_of(message.id))?)
    };
    Ok(Pending {
        message,
        state: rows::name(row, COLUMNS, MessageState::from_name)?,
        attempts: row.get(COLUMNS + 1)?,
        unknowns: row.get(COLUMNS + 2)?,
        retry_at: time(row, COLUMNS + 3)?,
        attempted: time(row, COLUMNS + 4)?,
        confirm_by: time(row, COLUMNS + 5)?,
        failure,
    })
}

/// Notifications by number.
pub(in crate::store) fn notifications(
    conn: &Connection,
    ids: &[NotificationId],
) -> Result<Vec<Notification>, Fault> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(notification(conn, *id)?);
    }
    Ok(found)
}

/// Messages with their notifications; those of one notification share it.
pub(in crate::store) fn envelopes(
    conn: &Connection,
    ids: &[MessageId],
) -> Result<Vec<Envelope>, Fault> {
    let mut known: BTreeMap<NotificationId, Arc<Notification>> = BTreeMap::new();
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some((message, _)) = find(conn, *id)? else {
            continue;
        };
        let notification = match known.get(&message.notification) {
            Some(notification) => Arc::clone(notification),
            None => {
                let read = notification(conn, message.notification)?
                    .map(Arc::new)
                    .ok_or_else(|| {
                        Fault::Row(format!(
                            "notification {} of message {id} is missing",
                            message.notification
                        ))
                    })?;
                known.insert(message.notification, Arc::clone(&read));
                read
            }
        };
        let is_moot = is_moot(conn, *id, message.closes)?;
        let overtaken_by = overtaken_by(conn, *id)?;
        found.push(Envelope {
            message,
            notification,
            is_moot,
            overtaken_by,
        });
    }
    Ok(found)
}

/// Whether a message is the end of something that its contact was never told: neither by the raises
/// that it closes nor by what came after them.
pub(super) fn is_moot(
    conn: &Connection,
    end: MessageId,
    closes: Option<Closes>,
) -> Result<bool, Fault> {
    let Some(first) = closes.map(Closes::first) else {
        return Ok(false);
    };
    if !was_never_told(conn, first)? {
        return Ok(false);
    }
    let mut statement = conn.prepare_cached(
        "SELECT other.id FROM messages AS closing JOIN messages AS other \
         ON other.id > ?2 AND other.id < ?1 AND other.contact = closing.contact AND other.bucket = closing.bucket \
         WHERE closing.id = ?1 AND other.kind IN ('raised', 'updated', 'reminder', 'escalated') \
         ORDER BY other.id DESC",
    )?;
    let mut rows = statement.query(params![end.0, first.0])?;
    while let Some(row) = rows.next()? {
        if !was_never_told(conn, MessageId(row.get(0)?))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The last message of its bucket that may have reached its contact and makes this one needless, where
/// this one is behind it all the same: Meta gave it up, or the digest that carried it.
///
/// Ends are never needless, and what stands for itself is not so by anything but an end. What was not
/// tried yet is in its place: nothing later of its bucket can have gone.
pub(super) fn overtaken_by(conn: &Connection, id: MessageId) -> Result<Option<MessageId>, Fault> {
    let later: Option<i64> = conn
        .prepare_cached(
            "SELECT max(later.id) FROM messages AS one JOIN messages AS later \
             ON later.id > one.id AND later.contact = one.contact AND later.bucket = one.bucket \
             WHERE one.id = ?1 AND (one.attempts > 0 OR one.reason <> '') \
             AND one.expires IS NULL AND later.expires IS NULL AND NOT one.shadow AND NOT later.shadow \
             AND CASE later.kind WHEN 'cleared' THEN one.kind IN ('raised', 'updated', 'reminder', 'escalated') \
             WHEN 'updated' THEN one.kind IN ('raised', 'updated', 'reminder') \
             WHEN 'reminder' THEN one.kind = 'reminder' END \
             AND EXISTS (SELECT 1 FROM attempts WHERE (outcome IS NULL OR outcome IN ('accepted', 'unknown')) \
             AND message = CASE later.state WHEN 'digested' THEN later.digest ELSE later.id END)",
        )?
        .query_row([id.0], |row| row.get(0))?;
    Ok(later.map(MessageId))
}

/// Whether a message ended without a chance to have arrived: neither it nor what went in its place.
fn was_never_told(conn: &Connection, id: MessageId) -> Result<bool, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT state, successor, digest, EXISTS (SELECT 1 FROM attempts \
         WHERE message = messages.id AND outcome IN ('accepted', 'unknown')) FROM messages WHERE id = ?1",
    )?;
    let mut id = id;
    for _ in 0..MAX_SUCCESSORS {
        let mut rows = statement.query([id.0])?;
        let Some(row) = rows.next()? else {
            return Ok(false);
        };
        let next = match rows::name(row, 0, MessageState::from_name)? {
            MessageState::Superseded => number(row, 1)?,
            MessageState::Digested => number(row, 2)?,
            MessageState::Failed | MessageState::Expired => {
                let may_have_arrived: bool = row.get(3)?;
                return Ok(!may_have_arrived);
            }
            MessageState::Queued
            | MessageState::Held
            | MessageState::Sending
            | MessageState::Unknown
            | MessageState::Accepted
            | MessageState::Sent
            | MessageState::Delivered
            | MessageState::Read
            | MessageState::Shadow => return Ok(false),
        };
        match next {
            Some(next) => id = next,
            None => return Ok(true),
        }
    }
    Ok(false)
}

/// What a digest carries, in the order of numbers.
pub(in crate::store) fn members(
    conn: &Connection,
    digest: MessageId,
    after: MessageId,
    limit: usize,
) -> Result<Vec<Envelope>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM messages INDEXED BY messages_digest WHERE digest = ?1 AND id > ?2 AND state = 'digested' \
         ORDER BY id LIMIT ?3",
    )?;
    let rows = statement.query(params![digest.0, after.0, rows::limit(limit)])?;
    let ids = rows::collect(rows, |row| Ok(MessageId(row.get(0)?)))?;
    envelopes(conn, &ids)
}

/// What [`untold_from`] reads.
const UNTOLD: &str = "SELECT message, \
     coalesce((SELECT part.reason FROM messages part WHERE part.id = messages.digest), reason), \
     (SELECT count(*) FROM messages member WHERE member.digest = messages.id), alone \
     FROM untold JOIN messages ON id = message";

/// What the fallback has to hear of, in the order of numbers.
pub(in crate::store) fn untold(
    conn: &Connection,
    after: MessageId,
    limit: usize,
) -> Result<Vec<Untold>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "{UNTOLD} WHERE message > ?1 ORDER BY message LIMIT ?2"
    ))?;
    untold_from(conn, statement.query(params![after.0, rows::limit(limit)])?)
}

/// What of these the fallback has to hear of.
pub(in crate::store) fn untold_of(
    conn: &Connection,
    ids: &[MessageId],
) -> Result<Vec<Untold>, Fault> {
    let mut statement = conn.prepare_cached(&format!("{UNTOLD} WHERE message = ?1"))?;
    let mut found = Vec::new();
    for id in ids {
        found.extend(untold_from(conn, statement.query([id.0])?)?);
    }
    Ok(found)
}

fn untold_from(conn: &Connection, rows: Rows<'_>) -> Result<Vec<Untold>, Fault> {
    let due: Vec<(MessageId, String, i64, bool)> = rows::collect(rows, |row| {
        Ok((
            MessageId(row.get(0)?),
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
        ))
    })?;
    let mut found = Vec::with_capacity(due.len());
    for (id, reason, members, alone) in due {
        let members = usize::try_from(members).unwrap_or(0);
        let envelope = envelopes(conn, &[id])?.pop();
        found.extend(envelope.map(|envelope| Untold {
            envelope,
            reason,
            members,
            alone,
        }));
    }
    Ok(found)
}

/// Every attempt at or after `since`, oldest first.
pub(in crate::store) fn attempts_since(
    conn: &Connection,
    since: Time,
) -> Result<Vec<AttemptMark>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT phone, at FROM numbers JOIN attempts ON number = numbers.id AND at >= ?1 \
         WHERE outcome IS NOT 'shadow' ORDER BY at",
    )?;
    rows::collect(statement.query([since.as_ms()])?, |row| {
        Ok(AttemptMark {
            phone: rows::name(row, 0, |digits| Phone::parse(digits).ok())?,
            at: Time::from_ms(row.get(1)?),
        })
    })
}

fn notification(conn: &Connection, id: NotificationId) -> Result<Option<Notification>, Fault> {
    let mut statement = conn.prepare_cached("SELECT json FROM notifications WHERE id = ?1")?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    rows::from_json(row.get_ref(0)?, || format!("notification {id}")).map(Some)
}
