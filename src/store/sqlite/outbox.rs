//! The outbox in tables: `notifications`, `messages`, `attempts`, and `numbers`, the only one that
//! holds phone numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{
    ContactId, Form, Kind, Message, MessageId, MessageState, Notification, NotificationId, Phone,
    Severity, TemplateId, Time,
};
use crate::store::{
    AttemptEnd, AttemptMark, AttemptTrail, Claim, ClaimMark, Ending, Envelope, NewMessage, Pending,
    Tally, Trail, Untold,
};

use super::fault::Fault;
use super::rows;
use super::writer::Tx;

/// The columns that [`message`] reads, in its order.
const MESSAGE: &str = "id, notification, contact, template, bucket, severity, created, expires, shadow, closes, \
     kind, form, confirm, instead_of";

/// How many those are.
const COLUMNS: usize = 14;

pub(super) fn insert_notification(
    conn: &Connection,
    notification: &Notification,
) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO notifications (id, rule, kind, at, json) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        notification.id.0,
        notification.rule.as_str(),
        notification.kind.name(),
        notification.at.as_ms(),
        rows::to_json(notification)?,
    ])?;
    Ok(())
}

pub(super) fn insert_message(conn: &Connection, new: &NewMessage) -> Result<(), Fault> {
    let message = &new.message;
    let state = if new.claimed.is_some() {
        MessageState::Sending
    } else {
        MessageState::Queued
    };
    conn.prepare_cached(
        "INSERT INTO messages (id, notification, contact, template, bucket, severity, created, expires, shadow, \
         state, reason, attempts, unknowns, attempted, closes, kind, form, confirm, instead_of) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', ?11, 0, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        message.id.0,
        message.notification.0,
        message.contact.as_str(),
        message.template.as_str(),
        message.bucket,
        message.severity.name(),
        message.created.as_ms(),
        message.expires.map(Time::as_ms),
        message.shadow,
        state.name(),
        i64::from(new.claimed.is_some()),
        new.claimed.as_ref().map(|mark| mark.at.as_ms()),
        message.closes.map(|raise| raise.0),
        message.kind.name(),
        message.form.name(),
        message.confirm.map(rows::span_ms),
        message.instead_of.map(|id| id.0),
    ])?;
    match &new.claimed {
        Some(mark) => insert_attempt(conn, message.id, 1, mark),
        None => Ok(()),
    }
}

/// Writes claims: all, or none when one of them is not waiting.
pub(in crate::store) fn claim(tx: &mut Tx<'_>, claims: &[Claim]) -> Result<(), Fault> {
    for Claim { message, mark } in claims {
        let conn = tx.write()?;
        let n = conn
            .prepare_cached(
                "UPDATE messages SET state = 'sending', attempts = attempts + 1, attempted = ?2, retry_at = NULL \
                 WHERE id = ?1 AND ended IS NULL RETURNING attempts",
            )?
            .query_row(params![message.0, mark.at.as_ms()], |row| row.get(0))
            .optional()?
            .ok_or_else(|| Fault::Refused(format!("message {message} cannot be claimed: it is not waiting")))?;
        insert_attempt(conn, *message, n, mark)?;
    }
    Ok(())
}

fn insert_attempt(
    conn: &Connection,
    message: MessageId,
    n: u32,
    mark: &ClaimMark,
) -> Result<(), Fault> {
    let number = match number(conn, &mark.phone)? {
        Some(number) => number,
        None => {
            conn.prepare_cached("INSERT INTO numbers (phone) VALUES (?1)")?
                .execute([mark.phone.digits()])?;
            conn.last_insert_rowid()
        }
    };
    conn.prepare_cached("INSERT INTO attempts (message, n, at, number) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![message.0, n, mark.at.as_ms(), number])?;
    Ok(())
}

fn number(conn: &Connection, phone: &Phone) -> Result<Option<i64>, Fault> {
    Ok(conn
        .prepare_cached("SELECT id FROM numbers WHERE phone = ?1")?
        .query_row([phone.digits()], |row| row.get(0))
        .optional()?)
}

/// Writes what became of messages.
pub(in crate::store) fn finish(tx: &mut Tx<'_>, endings: &[Ending]) -> Result<(), Fault> {
    for ending in endings {
        let conn = tx.write()?;
        let ended = (!ending.state.is_pending()).then_some(ending.at.as_ms());
        let found = conn
            .prepare_cached(
                "UPDATE messages SET state = ?2, reason = ?3, retry_at = ?4, ended = ?5, unknowns = unknowns + ?6 \
                 WHERE id = ?1",
            )?
            .execute(params![
                ending.message.0,
                ending.state.name(),
                ending.reason,
                ending.retry_at.map(Time::as_ms),
                ended,
                i64::from(ending.state == MessageState::Unknown),
            ])?;
        if found == 0 {
            // Only what is final is ever deleted: nothing is left to do for it, and an error would
            // keep the outcomes of its neighbours from being written.
            tracing::error!(message.id = %ending.message, "the outcome of a message that is not in the outbox");
            continue;
        }
        if let Some(end) = &ending.attempt {
            end_attempt(conn, ending, end)?;
        }
        if ending.fallback {
            conn.prepare_cached("INSERT OR IGNORE INTO untold (message) VALUES (?1)")?
                .execute([ending.message.0])?;
        }
    }
    Ok(())
}

/// Ends the last attempt; a message that was never claimed (shadow) gets one that names no number.
fn end_attempt(conn: &Connection, ending: &Ending, end: &AttemptEnd) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO attempts (message, n, at, text, outcome, code, status, detail, wamid, duration_ms) \
         SELECT id, max(attempts, 1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM messages WHERE id = ?1 \
         ON CONFLICT (message, n) DO UPDATE SET text = excluded.text, outcome = excluded.outcome, \
         code = excluded.code, status = excluded.status, detail = excluded.detail, wamid = excluded.wamid, \
         duration_ms = excluded.duration_ms",
    )?
    .execute(params![
        ending.message.0,
        ending.at.as_ms(),
        end.text,
        end.outcome,
        end.code,
        end.status,
        end.detail,
        end.wamid,
        i64::try_from(end.duration_ms).unwrap_or(i64::MAX),
    ])?;
    Ok(())
}

/// What still has to be dealt with, in the order of numbers.
pub(in crate::store) fn pending(
    conn: &Connection,
    after: MessageId,
    limit: usize,
) -> Result<Vec<Pending>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MESSAGE}, state, attempts, unknowns, retry_at, attempted \
         FROM messages INDEXED BY messages_waiting WHERE ended IS NULL AND id > ?1 ORDER BY id LIMIT ?2"
    ))?;
    rows::collect(
        statement.query(params![after.0, rows::limit(limit)])?,
        |row| {
            Ok(Pending {
                message: message(row)?,
                state: rows::name(row, COLUMNS, MessageState::from_name)?,
                attempts: row.get(COLUMNS + 1)?,
                unknowns: row.get(COLUMNS + 2)?,
                retry_at: time(row, COLUMNS + 3)?,
                attempted: time(row, COLUMNS + 4)?,
                confirm_by: None,
                failure: None,
            })
        },
    )
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
        let Some((message, ..)) = find(conn, *id)? else {
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
        let is_moot = match message.closes {
            Some(raise) => was_never_told(conn, raise)?,
            None => false,
        };
        found.push(Envelope {
            message,
            notification,
            is_moot,
        });
    }
    Ok(found)
}

/// Whether a message ended without a chance to have arrived.
fn was_never_told(conn: &Connection, id: MessageId) -> Result<bool, Fault> {
    let state = find(conn, id)?.map(|(_, state, ..)| state);
    Ok(matches!(
        state,
        Some(MessageState::Failed | MessageState::Expired | MessageState::Superseded)
    ))
}

/// What the fallback has to hear of, in the order of numbers.
pub(in crate::store) fn untold(
    conn: &Connection,
    after: MessageId,
    limit: usize,
) -> Result<Vec<Untold>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT message, reason FROM untold JOIN messages ON id = message WHERE message > ?1 \
         ORDER BY message LIMIT ?2",
    )?;
    let rows = statement.query(params![after.0, rows::limit(limit)])?;
    let due = rows::collect(rows, |row| Ok((MessageId(row.get(0)?), row.get(1)?)))?;
    let mut found = Vec::with_capacity(due.len());
    for (id, reason) in due {
        let envelope = envelopes(conn, &[id])?.pop();
        found.extend(envelope.map(|envelope| Untold { envelope, reason }));
    }
    Ok(found)
}

/// The fallback has heard of it.
pub(in crate::store) fn told(tx: &mut Tx<'_>, id: MessageId) -> Result<(), Fault> {
    tx.write()?
        .prepare_cached("DELETE FROM untold WHERE message = ?1")?
        .execute([id.0])?;
    Ok(())
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
    let Some((message, state, reason, ended)) = find(conn, id)? else {
        return Ok(None);
    };
    let mut statement = conn.prepare_cached(
        "SELECT n, at, text, outcome, code, status, detail, wamid, duration_ms \
         FROM attempts WHERE message = ?1 ORDER BY n",
    )?;
    let attempts = rows::collect(statement.query([id.0])?, attempt)?;
    Ok(Some(Trail {
        message,
        state,
        reason,
        ended,
        attempts,
    }))
}

type Found = (Message, MessageState, String, Option<Time>);

fn find(conn: &Connection, id: MessageId) -> Result<Option<Found>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MESSAGE}, state, reason, ended FROM messages WHERE id = ?1"
    ))?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let state = rows::name(row, COLUMNS, MessageState::from_name)?;
    let reason = row.get(COLUMNS + 1)?;
    Ok(Some((
        message(row)?,
        state,
        reason,
        time(row, COLUMNS + 2)?,
    )))
}

fn notification(conn: &Connection, id: NotificationId) -> Result<Option<Notification>, Fault> {
    let mut statement = conn.prepare_cached("SELECT json FROM notifications WHERE id = ?1")?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    rows::from_json(row.get_ref(0)?, || format!("notification {id}")).map(Some)
}

fn message(row: &Row<'_>) -> Result<Message, Fault> {
    Ok(Message {
        id: MessageId(row.get(0)?),
        notification: NotificationId(row.get(1)?),
        contact: rows::name(row, 2, |text| ContactId::parse(text).ok())?,
        template: rows::name(row, 3, |text| TemplateId::parse(text).ok())?,
        bucket: row.get(4)?,
        severity: rows::name(row, 5, Severity::from_name)?,
        created: Time::from_ms(row.get(6)?),
        expires: time(row, 7)?,
        shadow: row.get(8)?,
        closes: row.get::<_, Option<i64>>(9)?.map(MessageId),
        kind: rows::name(row, 10, Kind::from_name)?,
        form: rows::name(row, 11, Form::from_name)?,
        confirm: row.get::<_, Option<i64>>(12)?.map(rows::span),
        instead_of: row.get::<_, Option<i64>>(13)?.map(MessageId),
    })
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

fn time(row: &Row<'_>, column: usize) -> Result<Option<Time>, Fault> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Time::from_ms))
}
