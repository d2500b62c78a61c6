//! Reading the trail: the table and the log beside each other, in one order.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{LogEntry, MessageId, Position, SilenceId, Time};
use crate::store::{AuditWanted, Fact, Seq, What};

use super::super::fault::Fault;
use super::super::{log, rows, signs};
use super::heard;
use super::table::{COLUMNS, fact, is_kept};

/// Rows of either source that are read at once.
const CHUNK: usize = 1_000;

/// Facts of one thing that are told of it.
const MAX_FACTS: usize = 500;

/// Messages of one alarm whose facts are looked for.
const MAX_MESSAGES: i64 = 1_000;

/// Facts may be written a little later than what they tell of: a search for a time begins this much
/// earlier.
const MARGIN_MS: i64 = 3_600_000;

/// Facts behind `after`, in order.
pub(in crate::store) fn page(
    conn: &Connection,
    wanted: &AuditWanted,
    after: Seq,
    limit: usize,
) -> Result<Vec<Fact>, Fault> {
    // One transaction, so that an entry that retention moves meanwhile is told once.
    let conn = conn.unchecked_transaction()?;
    let subject = match &wanted.id {
        Some(id) => Some(Subject::find(&conn, id)?),
        None => None,
    };
    let mut after = match wanted.since {
        Some(since) => after.max(begin(&conn, since)?),
        None => after,
    };
    let mut found = Vec::new();
    while found.len() < limit {
        let (facts, reached) = chunk(&conn, after)?;
        for fact in facts {
            let fits = wanted.since.is_none_or(|since| fact.at >= since)
                && wanted.until.is_none_or(|until| fact.at < until)
                && subject.as_ref().is_none_or(|subject| subject.is_of(&fact));
            if fits && found.len() < limit {
                found.push(fact);
            }
        }
        let Some(reached) = reached else { break };
        if wanted
            .until
            .is_some_and(|until| reached.1 > until + margin())
        {
            break;
        }
        after = reached.0;
    }
    Ok(found)
}

fn margin() -> std::time::Duration {
    rows::span(MARGIN_MS)
}

/// The next facts in order, and how far they reach; `None` when that is all.
type Reached = Option<(Seq, Time)>;

fn chunk(conn: &Connection, after: Seq) -> Result<(Vec<Fact>, Reached), Fault> {
    let mut facts = Vec::new();
    let mut bounds = Vec::new();
    if is_kept(conn)? {
        let mut statement = conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2"
        ))?;
        facts = rows::collect(statement.query(params![after.0, rows::limit(CHUNK)])?, fact)?;
        if facts.len() == CHUNK {
            bounds.extend(facts.last().map(|fact| (fact.seq, fact.at)));
        }
    }
    let mut statement = conn.prepare_cached(
        "SELECT position, at, event, origin FROM log WHERE position >= ?1 ORDER BY position LIMIT ?2",
    )?;
    let first = after.position().0.max(0);
    let entries = rows::collect(
        statement.query(params![first, rows::limit(CHUNK)])?,
        |row| {
            let entry = log::entry(row)?;
            Ok((entry, row.get::<_, String>(3)?))
        },
    )?;
    if entries.len() == CHUNK {
        // All of the last entry, and nothing that was written behind it.
        let last = entries.last().map(|(entry, _)| entry);
        bounds.extend(last.map(|entry| (Seq(Seq::written(entry.position, 0).0 - 1), entry.at)));
    }
    for (entry, origin) in &entries {
        let told = heard(entry, origin);
        facts.extend(told.into_iter().filter(|fact| fact.seq > after));
    }
    let reached = bounds.into_iter().min_by_key(|(seq, _)| *seq);
    if let Some((bound, _)) = reached {
        facts.retain(|fact| fact.seq <= bound);
    }
    facts.sort_by_key(|fact| fact.seq);
    Ok((facts, reached))
}

/// Before the first fact that came at `since` or later, by halving; a little earlier, to be sure.
fn begin(conn: &Connection, since: Time) -> Result<Seq, Fault> {
    let since = since.as_ms().saturating_sub(MARGIN_MS);
    let kept = is_kept(conn)?;
    let bound = |sql: &str| -> Result<Option<i64>, Fault> {
        Ok(conn.query_row(sql, [], |row| row.get(0))?)
    };
    let (mut low, mut high) = (
        bound("SELECT min(position) FROM log")?,
        bound("SELECT max(position) FROM log")?,
    );
    if kept && let Some(first) = bound("SELECT min(seq) FROM audit")? {
        let first = Seq(first).position().0;
        low = Some(low.map_or(first, |low| low.min(first)));
        let last = bound("SELECT max(seq) FROM audit")?.map_or(first, |seq| Seq(seq).position().0);
        high = Some(high.map_or(last, |high| high.max(last)));
    }
    let (Some(mut low), Some(high)) = (low, high) else {
        return Ok(Seq::START);
    };
    let mut high = high + 1;
    while low < high {
        let middle = low + (high - low) / 2;
        if time_at(conn, Position(middle), kept)?.is_some_and(|at| at < since) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // What was written behind the entry before it may be as late.
    Ok(Seq(
        Seq::told(Position(low.saturating_sub(1).max(0)), 0).0 - 1
    ))
}

/// The time of the first fact at a position or behind it.
fn time_at(conn: &Connection, position: Position, kept: bool) -> Result<Option<i64>, Fault> {
    let entry: Option<(i64, i64)> = conn
        .prepare_cached(
            "SELECT position, at FROM log WHERE position >= ?1 ORDER BY position LIMIT 1",
        )?
        .query_row([position.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let mut first = entry.map(|(position, at)| (Seq::told(Position(position), 0).0, at));
    if kept {
        let row: Option<(i64, i64)> = conn
            .prepare_cached("SELECT seq, at FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT 1")?
            .query_row([Seq::told(position, 0).0], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        first = first.into_iter().chain(row).min();
    }
    Ok(first.map(|(_, at)| at))
}

/// What facts are asked for of.
struct Subject {
    id: String,
    silence: Option<SilenceId>,
    messages: BTreeSet<MessageId>,
}

impl Subject {
    fn find(conn: &Connection, id: &str) -> Result<Self, Fault> {
        let mut messages = of_alarm(conn, id)?;
        messages.extend(message(id, false));
        Ok(Self {
            silence: silence(id),
            messages: messages.into_iter().collect(),
            id: id.to_owned(),
        })
    }

    fn is_of(&self, fact: &Fact) -> bool {
        fact.alarm.as_deref() == Some(self.id.as_str())
            || fact.contacts.contains(&self.id)
            || (self.silence.is_some() && fact.silence == self.silence)
            || (!self.messages.is_empty()
                && fact
                    .messages()
                    .any(|message| self.messages.contains(&message)))
    }
}

/// The silence that an id names.
fn silence(id: &str) -> Option<SilenceId> {
    id.strip_prefix('s')
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?
        .parse()
        .ok()
}

/// The message that an id names; `bare`: a number alone is one too.
fn message(id: &str, bare: bool) -> Option<MessageId> {
    match id.strip_prefix('m') {
        Some(number) => number.parse().ok(),
        None if bare || id.starts_with('d') => id.parse().ok(),
        None => None,
    }
}

/// Messages that the trail has of an alarm, the newest first.
fn of_alarm(conn: &Connection, alarm: &str) -> Result<Vec<MessageId>, Fault> {
    if !is_kept(conn)? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM audit INDEXED BY audit_alarm WHERE alarm = ?1 AND message IS NOT NULL \
         ORDER BY seq DESC LIMIT ?2"
    ))?;
    let decided = rows::collect(statement.query(params![alarm, MAX_MESSAGES])?, fact)?;
    Ok(decided
        .iter()
        .flat_map(|fact| fact.messages().collect::<Vec<_>>())
        .take(usize::try_from(MAX_MESSAGES).unwrap_or(usize::MAX))
        .collect())
}

/// What the trail has of one thing, by indexes, oldest first.
pub(in crate::store) fn facts(conn: &Connection, id: &str) -> Result<Vec<Fact>, Fault> {
    let conn = conn.unchecked_transaction()?;
    let mut found = entries_of(&conn, id)?;
    if is_kept(&conn)? {
        found.extend(by(&conn, "alarm", &id)?);
        if let Some(silence) = silence(id) {
            found.extend(by(&conn, "silence", &silence.0)?);
        }
        let mut messages = of_alarm(&conn, id)?;
        if found.is_empty()
            && let Some(message) = message(id, true)
        {
            found.extend(decision_on(&conn, message)?);
            messages.push(message);
        }
        for message in messages {
            if found.len() > 2 * MAX_FACTS {
                break;
            }
            found.extend(by(&conn, "message", &message.0)?);
        }
    }
    found.sort_by_key(|fact| fact.seq);
    found.dedup_by_key(|fact| fact.seq);
    let surplus = found.len().saturating_sub(MAX_FACTS);
    found.drain(..surplus);
    Ok(found)
}

/// The newest facts whose `column` is `value`.
fn by(conn: &Connection, column: &str, value: &dyn rusqlite::ToSql) -> Result<Vec<Fact>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM audit INDEXED BY audit_{column} WHERE {column} = ?1 ORDER BY seq DESC LIMIT ?2"
    ))?;
    rows::collect(
        statement.query(params![value, rows::limit(MAX_FACTS)])?,
        fact,
    )
}

/// The decision that a message came of: it may name the first of several.
fn decision_on(conn: &Connection, message: MessageId) -> Result<Option<Fact>, Fault> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM audit INDEXED BY audit_message WHERE message <= ?1 AND what = ?2 \
         ORDER BY message DESC LIMIT 1"
    ))?;
    let mut rows = statement.query(params![message.0, What::Decided.name()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let decided = fact(row)?;
    let is_of = decided.messages().any(|one| one == message);
    Ok(is_of.then_some(decided))
}

/// What entries that are still in the log tell of an alarm or a silence.
fn entries_of(conn: &Connection, id: &str) -> Result<Vec<Fact>, Fault> {
    let mut found = Vec::new();
    let mut statement = conn.prepare_cached(
        "SELECT position, at, event, origin FROM log WHERE position BETWEEN ?1 AND ?2 \
         AND instr(event, ?3) > 0 ORDER BY position DESC",
    )?;
    let needle = rows::to_json(&id)?;
    let silence = silence(id);
    let needles: &[&str] = match silence {
        Some(_) => &[&needle, "\"unsilence\""],
        None => &[&needle],
    };
    for needle in needles {
        for (low, high) in signs::spans(conn, signs::LOG, signs::hash(id))? {
            let mut rows = statement.query(params![low, high, needle])?;
            while let Some(row) = rows.next()? {
                keep(
                    &log::entry(row)?,
                    &row.get::<_, String>(3)?,
                    id,
                    silence,
                    &mut found,
                );
                if found.len() > MAX_FACTS {
                    return Ok(found);
                }
            }
        }
    }
    if let Some(silence) = silence {
        let mut rows = statement.query(params![silence.0, silence.0, "\"silence\""])?;
        if let Some(row) = rows.next()? {
            keep(
                &log::entry(row)?,
                &row.get::<_, String>(3)?,
                id,
                Some(silence),
                &mut found,
            );
        }
    }
    Ok(found)
}

fn keep(
    entry: &LogEntry,
    origin: &str,
    id: &str,
    silence: Option<SilenceId>,
    found: &mut Vec<Fact>,
) {
    let told = heard(entry, origin);
    found.extend(told.into_iter().filter(|fact| {
        fact.alarm.as_deref() == Some(id) || (silence.is_some() && fact.silence == silence)
    }));
}
