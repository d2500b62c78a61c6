//! The outbox in tables: `notifications`, `messages`, `attempts`, and `numbers`, the only one that
//! holds phone numbers.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{Closes, MessageId, MessageState, Notification, Phone, Stage, Time};
use crate::store::{AttemptEnd, Claim, ClaimMark, Ending, NewMessage};

use super::fault::Fault;
use super::progress::Progress;
use super::writer::Tx;
use super::{audit, columns, receipts, rows};

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
        message.closes.map(|closes| match closes {
            Closes::Only(raise) => raise.0,
            Closes::From(raise) => -raise.0,
        }),
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

/// Writes claims: all, or none when one of them is of a message that is not there. Returns those
/// that have ended meanwhile: a receipt came, and they are not to be sent.
pub(in crate::store) fn claim(tx: &mut Tx<'_>, claims: &[Claim]) -> Result<Vec<MessageId>, Fault> {
    let mut ended = Vec::new();
    for Claim { message, mark } in claims {
        let conn = tx.write()?;
        let n = conn
            .prepare_cached(
                "UPDATE messages SET state = 'sending', attempts = attempts + 1, attempted = ?2, \
                 retry_at = NULL, confirm_by = NULL, failure = NULL \
                 WHERE id = ?1 AND ended IS NULL RETURNING attempts",
            )?
            .query_row(params![message.0, mark.at.as_ms()], |row| row.get(0))
            .optional()?;
        match n {
            Some(n) => insert_attempt(conn, *message, n, mark)?,
            None if columns::find(conn, *message)?.is_some() => ended.push(*message),
            None => {
                return Err(Fault::Refused(format!(
                    "message {message} cannot be claimed: it is not there"
                )));
            }
        }
    }
    Ok(ended)
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

/// The row of a phone number.
pub(super) fn number(conn: &Connection, phone: &Phone) -> Result<Option<i64>, Fault> {
    Ok(conn
        .prepare_cached("SELECT id FROM numbers WHERE phone = ?1")?
        .query_row([phone.digits()], |row| row.get(0))
        .optional()?)
}

/// Writes what became of messages; returns what receipts that came before said of them.
pub(in crate::store) fn finish(
    tx: &mut Tx<'_>,
    endings: &[Ending],
) -> Result<Vec<(MessageId, Stage)>, Fault> {
    let mut news = Vec::new();
    for ending in endings {
        let conn = tx.write()?;
        let Some(mut progress) = Progress::load(conn, ending.message)? else {
            // Only what is final is ever deleted: nothing is left to do for it, and an error would
            // keep the outcomes of its neighbours from being written.
            tracing::error!(message.id = %ending.message, "the outcome of a message that is not in the outbox");
            continue;
        };
        let written = progress.end(ending);
        let mut late = Vec::new();
        if let Some(end) = &ending.attempt {
            end_attempt(conn, ending, end)?;
            if let Some(wamid) = &end.wamid {
                late = receipts::settle_strays(conn, &mut progress, wamid, ending.at)?;
            }
            receipts::note_failure(conn, ending.message, &progress)?;
        }
        if ending.attempt.is_some() || !written {
            news.extend(progress.news().map(|stage| (ending.message, stage)));
        }
        progress.save(conn)?;
        if ending.fallback && written {
            tell(conn, ending.message)?;
        }
        audit::ended(tx, ending, progress.contact(), !written, &late)?;
    }
    Ok(news)
}

/// Ends the last attempt; a message that was never claimed (shadow) gets one that names no number.
fn end_attempt(conn: &Connection, ending: &Ending, end: &AttemptEnd) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT INTO attempts (message, n, at, text, outcome, code, status, detail, wamid, duration_ms) \
         SELECT id, max(attempts, 1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM messages WHERE id = ?1 \
         ON CONFLICT (message, n) DO UPDATE SET text = excluded.text, outcome = excluded.outcome, \
         code = excluded.code, status = excluded.status, detail = excluded.detail, wamid = coalesce(excluded.wamid, wamid), \
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

/// The fallback has to hear of it.
pub(super) fn tell(conn: &Connection, id: MessageId) -> Result<(), Fault> {
    conn.prepare_cached("INSERT OR IGNORE INTO untold (message) VALUES (?1)")?
        .execute([id.0])?;
    Ok(())
}

/// The fallback's command has to hear of it: nobody can be told instead.
pub(super) fn tell_command(conn: &Connection, id: MessageId) -> Result<(), Fault> {
    conn.prepare_cached("INSERT OR REPLACE INTO untold (message, alone) VALUES (?1, 1)")?
        .execute([id.0])?;
    Ok(())
}

/// The fallback has heard of it.
pub(in crate::store) fn told(tx: &mut Tx<'_>, id: MessageId) -> Result<(), Fault> {
    tx.write()?
        .prepare_cached("DELETE FROM untold WHERE message = ?1")?
        .execute([id.0])?;
    Ok(())
}
