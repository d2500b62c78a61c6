//! What became of an alarm or a message, from the tables.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ContactId, Event, MessageId, Notification, NotificationId, Row, RowKind, Time};
use crate::store::{Dossier, HeldBack, ReplyTrail, Told, Trail};

use super::fault::Fault;
use super::{inbox, log, rows, signs, state, trail, waiting};

/// Entries of the log that a dossier holds.
const MAX_ENTRIES: usize = 100;

/// Notifications that a dossier holds.
const MAX_NOTIFICATIONS: usize = 200;

/// Messages that a dossier holds.
const MAX_MESSAGES: usize = 300;

/// Replies that a dossier holds.
const MAX_REPLIES: usize = 100;

/// Groups of held messages that are told.
const MAX_HELD: i64 = 1_000;

/// How Meta's ids begin.
const WAMID: &str = "wamid.";

/// All that is kept of an alarm or a message.
pub(in crate::store) fn dossier(conn: &Connection, id: &str) -> Result<Option<Dossier>, Fault> {
    // One transaction, so that the parts are of one moment.
    let conn = conn.unchecked_transaction()?;
    let numbered = number(&conn, id)?;
    if let Some(message) = numbered.filter(|_| id.starts_with(WAMID)) {
        return of_message(&conn, message);
    }
    let entries = entries(&conn, id)?;
    let notifications = said_of(&conn, id)?;
    if entries.0.is_empty() && notifications.is_empty() {
        return match numbered {
            Some(message) => of_message(&conn, message),
            None => Ok(None),
        };
    }
    let mut ids = Vec::new();
    let mut statement =
        conn.prepare("SELECT id FROM messages WHERE notification = ?1 ORDER BY id")?;
    // The newest first, so that a bound leaves out the oldest.
    for notification in notifications.iter().rev() {
        let found = statement.query([notification.id.0])?;
        ids.extend(rows::collect(found, |row| Ok(MessageId(row.get(0)?)))?);
        if ids.len() > MAX_MESSAGES {
            break;
        }
    }
    drop(statement);
    let found = Found {
        message: None,
        alarm: id.to_owned(),
        entries,
        notifications,
        namesake: numbered,
    };
    found.complete(&conn, ids).map(Some)
}

/// The message that a number or Meta's id names, with its dossier.
pub(in crate::store) fn message(
    conn: &Connection,
    id: &str,
) -> Result<Option<(MessageId, Dossier)>, Fault> {
    let conn = conn.unchecked_transaction()?;
    let Some(message) = number(&conn, id)? else {
        return Ok(None);
    };
    Ok(of_message(&conn, message)?.map(|dossier| (message, dossier)))
}

/// The message that a number or Meta's id names.
fn number(conn: &Connection, id: &str) -> Result<Option<MessageId>, Fault> {
    if id.starts_with(WAMID) {
        return Ok(conn
            .prepare("SELECT message FROM attempts WHERE wamid = ?1 LIMIT 1")?
            .query_row([id], |row| row.get(0).map(MessageId))
            .optional()?);
    }
    let Ok(message) = id.strip_prefix('m').unwrap_or(id).parse::<MessageId>() else {
        return Ok(None);
    };
    let known = trail::trail(conn, message)?;
    Ok(known.map(|_| message))
}

/// What is known before the messages are read.
struct Found {
    message: Option<MessageId>,
    alarm: String,
    entries: (Vec<Told>, bool),
    notifications: Vec<Notification>,
    namesake: Option<MessageId>,
}

fn of_message(conn: &Connection, message: MessageId) -> Result<Option<Dossier>, Fault> {
    let Some(known) = trail::trail(conn, message)? else {
        return Ok(None);
    };
    let notifications = waiting::notifications(conn, &[known.message.notification])?;
    let alarm = notifications.first().map(|said| said.alarm.id.clone());
    let alarm = alarm.unwrap_or_default();
    let entries = match message.is_digest() {
        true => (Vec::new(), false),
        false => entries(conn, &alarm)?,
    };
    let found = Found {
        message: Some(message),
        alarm,
        entries,
        notifications,
        namesake: None,
    };
    let mut ids = vec![message];
    let beside = if message.is_digest() {
        "SELECT id FROM messages INDEXED BY messages_digest WHERE digest = ?1 ORDER BY id LIMIT ?2"
    } else {
        "SELECT id FROM messages WHERE notification = (SELECT notification FROM messages WHERE id = ?1) \
         AND (instead_of = ?1 OR id = (SELECT instead_of FROM messages WHERE id = ?1)) ORDER BY id LIMIT ?2"
    };
    let mut statement = conn.prepare(beside)?;
    let others = statement.query(params![message.0, rows::limit(MAX_MESSAGES)])?;
    ids.extend(rows::collect(others, |row| Ok(MessageId(row.get(0)?)))?);
    drop(statement);
    found.complete(conn, ids).map(Some)
}

impl Found {
    /// Reads the messages, and those that carry what they say in their place.
    fn complete(self, conn: &Connection, ids: Vec<MessageId>) -> Result<Dossier, Fault> {
        let mut known = BTreeSet::new();
        let mut trails: Vec<Trail> = Vec::new();
        let mut waiting: Vec<MessageId> = ids.into_iter().rev().collect();
        let mut more_messages = false;
        while let Some(id) = waiting.pop() {
            if !known.insert(id) {
                continue;
            }
            if trails.len() == MAX_MESSAGES {
                more_messages = true;
                break;
            }
            if let Some(trail) = trail::trail(conn, id)? {
                waiting.extend([trail.digest, trail.successor].into_iter().flatten());
                trails.push(trail);
            }
        }
        trails.sort_by_key(|trail| (trail.message.created, trail.message.id));
        let mut dossier = Dossier {
            message: self.message,
            alarm: self.alarm,
            entries: self.entries.0,
            more_entries: self.entries.1,
            notifications: self.notifications,
            trails,
            more_messages,
            replies: Vec::new(),
            untold: Vec::new(),
            buckets: Vec::new(),
            held: held(conn)?,
            namesake: self.namesake,
        };
        dossier.fill(conn)?;
        Ok(dossier)
    }
}

impl Dossier {
    fn fill(&mut self, conn: &Connection) -> Result<(), Fault> {
        let told: BTreeSet<NotificationId> =
            self.notifications.iter().map(|said| said.id).collect();
        let others: BTreeSet<NotificationId> = self
            .trails
            .iter()
            .map(|trail| trail.message.notification)
            .filter(|id| !told.contains(id))
            .collect();
        let others: Vec<NotificationId> = others.into_iter().collect();
        self.notifications
            .extend(waiting::notifications(conn, &others)?);
        let mut buckets = BTreeSet::new();
        let mut raised =
            conn.prepare("SELECT key, value FROM state WHERE kind = 'bucket' AND key = ?1")?;
        let mut untold = conn.prepare("SELECT message FROM untold WHERE message = ?1")?;
        for trail in &self.trails {
            let id = trail.message.id;
            let room = MAX_REPLIES.saturating_sub(self.replies.len());
            let replies: Vec<ReplyTrail> = inbox::replies_to(conn, id)?;
            self.replies
                .extend(replies.into_iter().take(room).map(|reply| (id, reply)));
            if untold.exists([id.0])? {
                self.untold.push(id);
            }
            if buckets.insert(trail.message.bucket.clone()) {
                let found = raised.query([&*trail.message.bucket])?;
                self.buckets.extend(rows::collect(found, |row| {
                    Ok(Row {
                        kind: RowKind::Bucket,
                        key: row.get(0)?,
                        value: row.get(1)?,
                    })
                })?);
            }
        }
        Ok(())
    }
}

/// How a root id stands in JSON.
fn needle(id: &str) -> Result<String, Fault> {
    Ok(format!("\"id\":{}", rows::to_json(&id)?))
}

/// What the log has of an alarm, oldest first, and whether there is more.
fn entries(conn: &Connection, id: &str) -> Result<(Vec<Told>, bool), Fault> {
    let mut statement = conn.prepare(
        "SELECT position, at, event, origin FROM log WHERE position BETWEEN ?1 AND ?2 \
         AND instr(event, ?3) > 0 ORDER BY position DESC",
    )?;
    let needle = needle(id)?;
    let mut entries = Vec::new();
    let mut more = false;
    'spans: for (low, high) in signs::spans(conn, signs::LOG, signs::hash(id))? {
        let mut found = statement.query(params![low, high, needle])?;
        while let Some(row) = found.next()? {
            let entry = log::entry(row)?;
            if !speaks_of(&entry.event, id) {
                continue;
            }
            if entries.len() == MAX_ENTRIES {
                more = true;
                break 'spans;
            }
            entries.push(Told {
                entry,
                origin: row.get(3)?,
            });
        }
    }
    entries.reverse();
    Ok((entries, more))
}

fn speaks_of(event: &Event, alarm: &str) -> bool {
    match event {
        Event::Record(record) => record.id == alarm,
        Event::ClosedByHand { id, .. } | Event::AckByHand { id, .. } => id == alarm,
        Event::Reloaded { .. }
        | Event::Updates(_)
        | Event::Undelivered(_)
        | Event::Notice(_)
        | Event::Silence(_)
        | Event::Unsilence { .. }
        | Event::ClockJump { .. } => false,
    }
}

/// What rules said of an alarm, oldest first.
fn said_of(conn: &Connection, id: &str) -> Result<Vec<Notification>, Fault> {
    let mut statement = conn.prepare(
        "SELECT id, json FROM notifications WHERE id BETWEEN ?1 AND ?2 AND kind <> 'digest' \
         AND instr(json, ?3) > 0 ORDER BY id DESC LIMIT ?4",
    )?;
    let needle = needle(id)?;
    let mut said: Vec<Notification> = Vec::new();
    for (low, high) in signs::spans(conn, signs::SAID, signs::hash(id))? {
        let room = MAX_NOTIFICATIONS.saturating_sub(said.len());
        if room == 0 {
            break;
        }
        let found = statement.query(params![low, high, needle, rows::limit(room)])?;
        let mut some: Vec<Notification> = rows::collect(found, |row| {
            let number: i64 = row.get(0)?;
            rows::from_json(row.get_ref(1)?, || format!("notification {number}"))
        })?;
        some.retain(|said| {
            said.alarm.id == id || said.view.alarms.iter().any(|alarm| alarm.id == id)
        });
        said.extend(some);
    }
    said.reverse();
    Ok(said)
}

/// Every row of a kind.
pub(in crate::store) fn rows_of(conn: &Connection, kind: RowKind) -> Result<Vec<Row>, Fault> {
    state::rows_of(conn, kind)
}

/// What is held, by contact and reason.
pub(in crate::store) fn held(conn: &Connection) -> Result<Vec<HeldBack>, Fault> {
    let mut statement = conn.prepare(
        "SELECT contact, reason, min(created), count(*) FROM messages INDEXED BY messages_waiting \
         WHERE ended IS NULL AND state = 'held' GROUP BY contact, reason ORDER BY contact, reason LIMIT ?1",
    )?;
    rows::collect(statement.query([MAX_HELD])?, |row| {
        Ok(HeldBack {
            contact: rows::name(row, 0, |text| ContactId::parse(text).ok())?,
            reason: row.get(1)?,
            since: Time::from_ms(row.get(2)?),
            count: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        })
    })
}
