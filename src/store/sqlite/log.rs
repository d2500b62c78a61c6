//! The log in tables: `log`, and `open_trees` beside it.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{AlarmRecord, Event, LogEntry, MessageId, Position, Time, TreeKey};
use crate::store::{Fact, NewEntry, What};

use super::fault::Fault;
use super::writer::Tx;
use super::{outbox, rows, signs};

/// An entry as far as it can be prepared before it reaches the writer.
pub(in crate::store) struct Prepared {
    at: Time,
    event: Event,
    origin: Arc<str>,
    wanted: bool,
    /// The event as it is stored; made here for what is stored in any case.
    json: Option<String>,
    tree: Option<Touch>,
    /// The hash of the root id that it speaks of.
    sign: Option<u32>,
}

/// What a record does to its tree.
struct Touch {
    key: TreeKey,
    hash: u64,
    ends: bool,
}

impl Prepared {
    pub(in crate::store) fn new(entry: NewEntry, hasher: &RandomState) -> Self {
        let NewEntry {
            at,
            event,
            wanted,
            origin,
        } = entry;
        let tree = if let Event::Record(record) = &event {
            let key = record.tree();
            Some(Touch {
                hash: hasher.hash_one(key.as_str()),
                key,
                ends: record.ends(),
            })
        } else {
            None
        };
        let wanted = wanted || tree.is_none();
        Self {
            at,
            sign: sign(&event),
            json: if wanted {
                rows::to_json(&event).ok()
            } else {
                None
            },
            event,
            origin,
            wanted,
            tree,
        }
    }
}

/// The hash of what an event speaks of, as people name it.
fn sign(event: &Event) -> Option<u32> {
    match event {
        Event::Record(record) => Some(signs::hash(&record.id)),
        Event::ClosedByHand { id, .. } | Event::AckByHand { id, .. } => Some(signs::hash(id)),
        Event::Unsilence { id, .. } => Some(signs::hash(&id.to_string())),
        Event::Reloaded { .. }
        | Event::Updates(_)
        | Event::Undelivered(_)
        | Event::Notice(_)
        | Event::Silence(_)
        | Event::ClockJump { .. } => None,
    }
}

/// Appends what is wanted or touches an open tree.
pub(in crate::store) fn append(
    tx: &mut Tx<'_>,
    entries: &[Prepared],
) -> Result<Vec<Option<Position>>, Fault> {
    entries
        .iter()
        .map(|entry| {
            if entry.wanted || is_open(tx, entry.tree.as_ref())? {
                store(tx, entry).map(Some)
            } else {
                Ok(None)
            }
        })
        .collect()
}

/// Entries behind `after`, in order.
pub(in crate::store) fn read(
    conn: &Connection,
    after: Position,
    limit: usize,
) -> Result<Vec<LogEntry>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT position, at, event FROM log WHERE position > ?1 ORDER BY position LIMIT ?2",
    )?;
    rows::collect(
        statement.query(params![after.0, rows::limit(limit)])?,
        entry,
    )
}

/// The last records of the open trees of a root id, as far as the log holds them.
pub(in crate::store) fn open_alarms(
    conn: &Connection,
    id: &str,
) -> Result<Vec<AlarmRecord>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT log.position, log.at, log.event FROM open_trees JOIN log USING (position) \
         WHERE substr(tree, -length(?1) - 1) = char(31) || ?1 ORDER BY log.position",
    )?;
    let entries = rows::collect(statement.query([id])?, entry)?;
    let records = entries.into_iter().filter_map(|entry| match entry.event {
        Event::Record(record) => Some(AlarmRecord::clone(&record)),
        Event::Reloaded { .. }
        | Event::ClosedByHand { .. }
        | Event::AckByHand { .. }
        | Event::Updates(_)
        | Event::Undelivered(_)
        | Event::Notice(_)
        | Event::Silence(_)
        | Event::Unsilence { .. }
        | Event::ClockJump { .. } => None,
    });
    Ok(records.collect())
}

/// An entry from its position, time and event.
pub(super) fn entry(row: &Row<'_>) -> Result<LogEntry, Fault> {
    let position = Position(row.get(0)?);
    Ok(LogEntry {
        position,
        at: Time::from_ms(row.get(1)?),
        event: rows::from_json(row.get_ref(2)?, || format!("entry {position} of the log"))?,
    })
}

fn store(tx: &mut Tx<'_>, entry: &Prepared) -> Result<Position, Fault> {
    // What is not a record is small and rare: it has the room that `min_free` keeps.
    if entry.tree.is_some() {
        if let Err(fault) = tx.space.check() {
            tx.book.refused.get_or_insert(entry.at);
            return Err(fault);
        }
        take_again(tx, entry.at)?;
    }
    let conn = tx.write()?;
    let position = tx.book.head.next();
    let at = entry.at.max(tx.book.last_at);
    let mut insert = conn
        .prepare_cached("INSERT INTO log (position, at, origin, event) VALUES (?1, ?2, ?3, ?4)")?;
    match &entry.json {
        Some(json) => insert.execute(params![position.0, at.as_ms(), entry.origin, json])?,
        None => insert.execute(params![
            position.0,
            at.as_ms(),
            entry.origin,
            rows::to_json(&entry.event)?
        ])?,
    };
    if let Some(tree) = &entry.tree {
        touch(tx, tree, position)?;
    }
    tx.book.head = position;
    tx.book.written = 0;
    if let Some(sign) = entry.sign {
        tx.book.heard.note(position.0, sign);
    }
    tx.book.last_at = at;
    tx.book.stored.push(LogEntry {
        position,
        at,
        event: entry.event.clone(),
    });
    Ok(position)
}

/// Writes into the audit trail that records are taken again, when they were not.
fn take_again(tx: &mut Tx<'_>, at: Time) -> Result<(), Fault> {
    let Some(since) = tx.book.busy.filter(|_| !tx.book.over) else {
        tx.book.refused = None;
        return Ok(());
    };
    tx.witness(Fact {
        detail: format!("since {since}"),
        ..Fact::new(at, What::BusyOver)
    })?;
    tx.book.over = true;
    tx.book.refused = None;
    Ok(())
}

/// Appends an event that is not a record.
pub(super) fn note(
    tx: &mut Tx<'_>,
    at: Time,
    origin: &Arc<str>,
    event: Event,
) -> Result<Position, Fault> {
    let prepared = Prepared {
        at,
        json: None,
        sign: sign(&event),
        event,
        origin: Arc::clone(origin),
        wanted: true,
        tree: None,
    };
    store(tx, &prepared)
}

/// Appends entries, and forgets that the fallback has to hear of `told`: the entries tell of it. It
/// has to hear of `still`.
pub(in crate::store) fn append_told(
    tx: &mut Tx<'_>,
    entries: &[Prepared],
    told: MessageId,
    still: &[MessageId],
) -> Result<(), Fault> {
    append(tx, entries)?;
    outbox::told(tx, told)?;
    let conn = tx.write()?;
    still.iter().try_for_each(|id| outbox::tell(conn, *id))
}

fn is_open(tx: &Tx<'_>, tree: Option<&Touch>) -> Result<bool, Fault> {
    let Some(tree) = tree.filter(|tree| tx.book.may_be_open(tree.hash)) else {
        return Ok(false);
    };
    let found = tx
        .look()
        .prepare_cached("SELECT 1 FROM open_trees WHERE tree = ?1")?
        .query_row([tree.key.as_str()], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

fn touch(tx: &mut Tx<'_>, tree: &Touch, position: Position) -> Result<(), Fault> {
    let conn = tx.write()?;
    let known = tx.book.may_be_open(tree.hash);
    if tree.ends {
        if known
            && conn
                .prepare_cached("DELETE FROM open_trees WHERE tree = ?1")?
                .execute([tree.key.as_str()])?
                > 0
        {
            tx.book.closed(tree.hash);
        }
        return Ok(());
    }
    let again = known
        && conn
            .prepare_cached("UPDATE open_trees SET position = ?2 WHERE tree = ?1")?
            .execute(params![tree.key.as_str(), position.0])?
            > 0;
    if !again {
        conn.prepare_cached("INSERT INTO open_trees (tree, position) VALUES (?1, ?2)")?
            .execute(params![tree.key.as_str(), position.0])?;
        tx.book.opened(tree.hash);
    }
    Ok(())
}

/// Forgets that a tree is open, unless an entry behind `position` touched it.
pub(super) fn forget(tx: &mut Tx<'_>, tree: &TreeKey, position: Position) -> Result<(), Fault> {
    let gone = tx
        .write()?
        .prepare_cached("DELETE FROM open_trees WHERE tree = ?1 AND position <= ?2")?
        .execute(params![tree.as_str(), position.0])?;
    if gone > 0 {
        let hash = tx.book.hash(tree.as_str());
        tx.book.closed(hash);
    }
    Ok(())
}
