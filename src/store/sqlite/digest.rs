//! Digests in tables: rows of `messages` and `notifications` in number spaces of their own, and the
//! column `digest` of their members.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;

use crate::model::{
    AlarmRef, AlarmType, Kind, Member, Message, MessageId, MessageState, Notification,
    NotificationId, RuleId, Severity, TemplateId, Time,
};
use crate::store::{DigestPart, DigestWrite, Ending, NewMessage};

use super::columns::{MESSAGE, closes, message};
use super::fault::Fault;
use super::writer::Tx;
use super::{audit, outbox, rows, waiting};

/// No message holds more of any text, in characters.
const MAX_TEXT: usize = 1_100;

/// Writes a digest whole.
pub(in crate::store) fn write(
    tx: &mut Tx<'_>,
    write: &DigestWrite,
) -> Result<Vec<(Message, Arc<Notification>)>, Fault> {
    let conn = tx.write()?;
    let count = i64::try_from(write.parts.len()).unwrap_or(i64::MAX);
    let first: i64 = conn
        .prepare_cached(
            "UPDATE meta SET next_digest = next_digest + ?1 RETURNING next_digest - ?1",
        )?
        .query_row([count], |row| row.get(0))?;
    let bucket = format!("digest {}", MessageId(MessageId::DIGESTS + first));
    let mut written = Vec::with_capacity(write.parts.len());
    for (number, part) in (first..).zip(&write.parts) {
        let (message, notification) = numbered(part, number, &bucket);
        outbox::insert_notification(conn, &notification)?;
        let new = NewMessage {
            message,
            claimed: (number == first).then(|| write.mark.clone()),
        };
        outbox::insert_message(conn, &new)?;
        for member in &part.members {
            conn.prepare_cached(
                "UPDATE messages SET state = ?2, reason = ?3, digest = ?4, ended = ?5, retry_at = NULL \
                 WHERE id = ?1 AND ended IS NULL",
            )?
            .execute(params![
                member.0,
                MessageState::Digested.name(),
                write.reason,
                new.message.id.0,
                write.at.as_ms(),
            ])?;
        }
        audit::digested(
            tx,
            &new.message,
            &notification,
            &part.members,
            write.at,
            &write.reason,
        )?;
        written.push((new.message, Arc::new(notification)));
    }
    Ok(written)
}

fn numbered(part: &DigestPart, number: i64, bucket: &str) -> (Message, Notification) {
    let notification = Notification {
        id: NotificationId(NotificationId::DIGESTS + number),
        bucket: bucket.to_owned(),
        ..part.notification.clone()
    };
    let message = Message {
        id: MessageId(MessageId::DIGESTS + number),
        notification: notification.id,
        bucket: Arc::from(bucket),
        ..part.message.clone()
    };
    (message, notification)
}

/// Writes that a message of a digest failed, and that what it stood for waits again.
pub(in crate::store) fn undo(tx: &mut Tx<'_>, ending: &Ending) -> Result<Vec<Message>, Fault> {
    outbox::finish(tx, std::slice::from_ref(ending))?;
    let conn = tx.write()?;
    let state: Option<String> = conn
        .prepare_cached("SELECT state FROM messages WHERE id = ?1")?
        .query_row([ending.message.0], |row| row.get(0))
        .optional()?;
    if state.as_deref() != Some(MessageState::Failed.name()) {
        // A receipt says that it arrived.
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MESSAGE} FROM messages INDEXED BY messages_digest WHERE digest = ?1 AND state = ?2 ORDER BY id"
    ))?;
    let found = statement.query(params![ending.message.0, MessageState::Digested.name()])?;
    let members = rows::collect(found, message)?;
    let reason = format!("digest {} failed: {}", ending.message, ending.reason);
    conn.prepare_cached(
        "UPDATE messages SET state = ?3, reason = ?4, digest = NULL, ended = NULL WHERE digest = ?1 AND state = ?2",
    )?
    .execute(params![
        ending.message.0,
        MessageState::Digested.name(),
        MessageState::Queued.name(),
        &reason,
    ])?;
    for member in &members {
        audit::waits(tx, member, ending.at, &reason)?;
    }
    Ok(members)
}

/// What a digest tells of messages that wait.
pub(in crate::store) fn members(
    conn: &Connection,
    ids: &[MessageId],
) -> Result<Vec<Member>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT m.id, m.notification, m.kind, m.template, m.severity, m.expires, m.confirm, m.closes, n.json \
         FROM messages m LEFT JOIN notifications n ON n.id = m.notification \
         WHERE m.id = ?1 AND m.ended IS NULL",
    )?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let mut rows = statement.query([id.0])?;
        if let Some(row) = rows.next()? {
            found.push(member(conn, *id, row)?);
        }
    }
    Ok(found)
}

fn member(conn: &Connection, id: MessageId, row: &Row<'_>) -> Result<Member, Fault> {
    let closes = closes(row, 7)?;
    let is_moot = waiting::is_moot(conn, id, closes)?;
    let said = said(id, row.get_ref(8)?)?;
    Ok(Member {
        message: id,
        notification: NotificationId(row.get(1)?),
        kind: rows::name(row, 2, Kind::from_name)?,
        template: rows::name(row, 3, |text| TemplateId::parse(text).ok())?,
        severity: rows::name(row, 4, Severity::from_name)?,
        expires: row.get::<_, Option<i64>>(5)?.map(Time::from_ms),
        confirm: row.get::<_, Option<i64>>(6)?.map(rows::span),
        is_moot,
        overtaken_by: waiting::overtaken_by(conn, id)?,
        rule: said.rule,
        rule_name: said.rule_name,
        reason: cut(said.reason),
        key: cut(said.view.key),
        count: said.view.count,
        happened: said.alarm.kind,
        alarm: AlarmRef {
            id: cut(said.alarm.id),
            element: cut(said.alarm.element),
            parameter: cut(said.alarm.parameter),
            index: cut(said.alarm.index),
            value: cut(said.alarm.value),
            severity: said.alarm.severity,
            time: said.alarm.time,
        },
    })
}

fn said(id: MessageId, json: ValueRef<'_>) -> Result<Said, Fault> {
    rows::from_json(json, || format!("the notification of message {id}"))
}

/// The beginning of a text, in memory of its own size.
fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// Of a notification, what a digest tells.
#[derive(Deserialize)]
struct Said {
    rule: RuleId,
    rule_name: String,
    reason: String,
    alarm: Alarm,
    #[serde(default)]
    view: View,
}

#[derive(Deserialize)]
struct Alarm {
    id: String,
    element: String,
    #[serde(default)]
    parameter: String,
    #[serde(default)]
    index: String,
    #[serde(default)]
    value: String,
    severity: Severity,
    #[serde(default, rename = "type")]
    kind: Option<AlarmType>,
    time: Time,
}

#[derive(Default, Deserialize)]
struct View {
    key: String,
    count: usize,
}
