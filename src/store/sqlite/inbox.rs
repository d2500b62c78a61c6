//! What comes back, in tables: `log` for what is to be decided, `replies` for people's words.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{
    ContactId, Event, MessageId, Phone, Receipt, ReceiptFailure, Reply, RuleId, Stage, Subject,
    Time, Update, Word,
};
use crate::store::{Arrival, ReplyTrail, Taken};

use super::fault::Fault;
use super::progress::Progress;
use super::writer::Tx;
use super::{columns, log, outbox, receipts, rows};

/// Attempts to a number that are looked at for the message that a reply without a quote is about.
const MAX_LOOK_BACK: i64 = 100;

/// Alarms that one reply is about; a digest holds no more.
const MAX_SUBJECTS: i64 = 5_000;

/// Takes in what came at once, as one entry of the log.
pub(in crate::store) fn take(
    tx: &mut Tx<'_>,
    at: Time,
    origin: &Arc<str>,
    arrivals: &[Arrival],
) -> Result<Taken, Fault> {
    let conn = tx.look();
    let mut taken = Taken::default();
    let mut updates = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        match arrival {
            Arrival::News(update) => updates.push(update.clone()),
            Arrival::Status {
                wamid,
                message,
                stage,
                at: said,
                failure,
            } => {
                let came = Status {
                    wamid,
                    message: *message,
                    stage: *stage,
                    at: *said,
                    failure: failure.as_ref(),
                };
                match came.place(tx)? {
                    Place::Known(receipt) => updates.push(Update::Receipt(receipt)),
                    Place::Duplicate => taken.duplicates += 1,
                    Place::Gone => taken.gone += 1,
                    Place::Stray => {
                        taken.strays += 1;
                        let conn = tx.write()?;
                        receipts::keep_stray(conn, wamid, *stage, *said, failure.as_ref(), at)?;
                    }
                }
            }
            Arrival::Reply {
                id,
                from,
                word,
                text,
                quoted,
                message,
                at: said,
            } => {
                let message = match (message, quoted) {
                    (Some(message), _) => Some(*message),
                    (None, Some(wamid)) => attempt_of(conn, wamid)?.map(|(message, _)| message),
                    (None, None) => match from {
                        Some((contact, phone)) => last_told(conn, contact, phone)?,
                        None => None,
                    },
                };
                let Some(contact) = writer(conn, from.as_ref(), message)? else {
                    taken.strangers += 1;
                    continue;
                };
                let found = message.map(|message| message.0);
                let conn = tx.write()?;
                let fresh = conn
                    .prepare_cached(
                        "INSERT OR IGNORE INTO replies (id, contact, at, came, word, message, text) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute(params![
                        id,
                        contact.as_str(),
                        said.as_ms(),
                        at.as_ms(),
                        word.name(),
                        found,
                        text
                    ])?;
                if fresh == 0 {
                    taken.duplicates += 1;
                    continue;
                }
                updates.push(Update::Reply(Reply {
                    id: id.clone(),
                    contact,
                    word: *word,
                    about: message.map_or(Ok(Vec::new()), |message| subjects(conn, message))?,
                    at: *said,
                }));
            }
        }
    }
    if taken.strays > 0 {
        receipts::bound_strays(tx.write()?, at)?;
        tx.wait_for_disk();
    }
    taken.logged = updates.len();
    if !updates.is_empty() {
        log::note(tx, at, origin, Event::Updates(updates))?;
    }
    Ok(taken)
}

/// A status before it is known what it is about.
struct Status<'a> {
    wamid: &'a str,
    message: Option<MessageId>,
    stage: Stage,
    at: Time,
    failure: Option<&'a ReceiptFailure>,
}

enum Place {
    Known(Receipt),
    Duplicate,
    /// Our message, but retention took it.
    Gone,
    /// Nobody's, as far as we know.
    Stray,
}

impl Status<'_> {
    fn place(&self, tx: &mut Tx<'_>) -> Result<Place, Fault> {
        let attempt = attempt_of(tx.look(), self.wamid)?;
        let Some(message) = self.message.or(attempt.map(|(message, _)| message)) else {
            return Ok(Place::Stray);
        };
        let Some(progress) = Progress::load(tx.look(), message)? else {
            return Ok(Place::Gone);
        };
        // A message that was sent again since does not fail with its first attempt.
        let outdated = attempt.is_some_and(|(_, n)| n < progress.attempts());
        if progress.knows(self.stage) || (self.stage == Stage::Failed && outdated) {
            return Ok(Place::Duplicate);
        }
        if attempt.is_none() {
            name_attempt(tx.write()?, message, self.wamid)?;
        }
        Ok(Place::Known(Receipt {
            message,
            stage: self.stage,
            at: self.at,
            failure: self.failure.cloned(),
        }))
    }
}

/// The message and the number of the attempt that Meta knows by this id.
fn attempt_of(conn: &Connection, wamid: &str) -> Result<Option<(MessageId, u32)>, Fault> {
    let found = conn
        .prepare_cached("SELECT message, n FROM attempts WHERE wamid = ?1 LIMIT 1")?
        .query_row([wamid], |row| Ok((MessageId(row.get(0)?), row.get(1)?)))
        .optional()?;
    Ok(found)
}

/// The attempt whose answer was lost gets Meta's id from its receipt, so that what comes later and
/// what quotes it finds it.
fn name_attempt(conn: &Connection, message: MessageId, wamid: &str) -> Result<(), Fault> {
    conn.prepare_cached(
        "UPDATE attempts SET wamid = ?2 WHERE message = ?1 AND n = (SELECT n FROM attempts \
         WHERE message = ?1 AND wamid IS NULL AND (outcome IS NULL OR outcome = 'unknown') \
         ORDER BY outcome IS NULL, n LIMIT 1)",
    )?
    .execute(params![message.0, wamid])?;
    Ok(())
}

/// Who wrote: the contact of the number, or the one that the message went to.
fn writer(
    conn: &Connection,
    from: Option<&(ContactId, Phone)>,
    message: Option<MessageId>,
) -> Result<Option<ContactId>, Fault> {
    match (from, message) {
        (Some((contact, _)), _) => Ok(Some(contact.clone())),
        (None, Some(message)) => {
            Ok(columns::find(conn, message)?.map(|(message, _)| message.contact))
        }
        (None, None) => Ok(None),
    }
}

/// The last message to a contact that Meta took, but for answers to what the contact wrote.
fn last_told(
    conn: &Connection,
    contact: &ContactId,
    phone: &Phone,
) -> Result<Option<MessageId>, Fault> {
    let Some(number) = outbox::number(conn, phone)? else {
        return Ok(None);
    };
    let found = conn
        .prepare_cached(
            "SELECT messages.id FROM (SELECT message, at, n FROM attempts WHERE number = ?1 \
             ORDER BY at DESC LIMIT ?3) tried JOIN messages ON messages.id = tried.message \
             WHERE contact = ?2 AND kind <> 'answer' AND state IN ('accepted', 'sent', 'delivered', 'read') \
             ORDER BY tried.at DESC, messages.id DESC LIMIT 1",
        )?
        .query_row(params![number, contact.as_str(), MAX_LOOK_BACK], |row| {
            row.get(0).map(MessageId)
        })
        .optional()?;
    Ok(found)
}

/// What a message was about: its bucket, or those of the members of a digest.
fn subjects(conn: &Connection, message: MessageId) -> Result<Vec<Subject>, Fault> {
    let whose = if message.is_digest() { "digest" } else { "id" };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT DISTINCT rule, bucket FROM messages JOIN notifications ON notifications.id = notification \
         WHERE messages.{whose} = ?1 ORDER BY rule, bucket LIMIT ?2"
    ))?;
    rows::collect(statement.query(params![message.0, MAX_SUBJECTS])?, |row| {
        Ok(Subject {
            rule: rows::name(row, 0, |text| RuleId::parse(text).ok())?,
            bucket: row.get(1)?,
        })
    })
}

/// What was written about a message.
pub(in crate::store) fn replies_to(
    conn: &Connection,
    message: MessageId,
) -> Result<Vec<ReplyTrail>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT contact, at, word, text FROM replies WHERE message = ?1 ORDER BY came, at, id",
    )?;
    rows::collect(statement.query([message.0])?, |row| {
        Ok(ReplyTrail {
            contact: rows::name(row, 0, |text| ContactId::parse(text).ok())?,
            at: Time::from_ms(row.get(1)?),
            word: rows::name(row, 2, Word::from_name)?,
            text: row.get(3)?,
        })
    })
}
