//! The columns of a message, read back.

use rusqlite::{Connection, Row};

use crate::model::{
    Closes, ContactId, Form, Kind, Message, MessageId, MessageState, NotificationId, Severity,
    TemplateId, Time,
};

use super::fault::Fault;
use super::rows;

/// The columns that [`message`] reads, in its order.
pub(super) const MESSAGE: &str = "id, notification, contact, template, bucket, severity, created, expires, shadow, closes, \
     kind, form, confirm, instead_of";

/// How many those are.
pub(super) const COLUMNS: usize = 14;

/// A message and its state.
pub(super) fn find(
    conn: &Connection,
    id: MessageId,
) -> Result<Option<(Message, MessageState)>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {MESSAGE}, state FROM messages WHERE id = ?1"
    ))?;
    let mut rows = statement.query([id.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let state = rows::name(row, COLUMNS, MessageState::from_name)?;
    Ok(Some((message(row)?, state)))
}

/// The columns of [`MESSAGE`].
pub(super) fn message(row: &Row<'_>) -> Result<Message, Fault> {
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
        closes: closes(row, 9)?,
        kind: rows::name(row, 10, Kind::from_name)?,
        form: rows::name(row, 11, Form::from_name)?,
        confirm: row.get::<_, Option<i64>>(12)?.map(rows::span),
        instead_of: row.get::<_, Option<i64>>(13)?.map(MessageId),
    })
}

/// What a clear answers, where it is one: below zero, the first raise of several.
pub(super) fn closes(row: &Row<'_>, column: usize) -> Result<Option<Closes>, Fault> {
    let raise: Option<i64> = row.get(column)?;
    Ok(raise.map(|raise| {
        if raise < 0 {
            Closes::From(MessageId(-raise))
        } else {
            Closes::Only(MessageId(raise))
        }
    }))
}

/// A moment, where there is one.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Option<Time>, Fault> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Time::from_ms))
}

/// The number of a message, where there is one.
pub(super) fn id(row: &Row<'_>, column: usize) -> Result<Option<MessageId>, Fault> {
    Ok(row.get::<_, Option<i64>>(column)?.map(MessageId))
}
