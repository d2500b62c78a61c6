//! The table: writing facts, reading them back, and deleting those past their time.

use rusqlite::{Connection, Row, params};

use crate::model::{SilenceId, Time};
use crate::store::{Act, Fact, Seq, What};

use super::super::columns::id as number;
use super::super::fault::Fault;
use super::super::rows;
use super::super::writer::Tx;

use super::veil;

/// What [`fact`] reads.
pub(super) const COLUMNS: &str =
    "seq, at, what, kind, alarm, rule, contact, message, silence, actor, code, detail";

/// The schema that has it; an older database is read as it is.
const SINCE: i64 = 4;

/// Whether the database has the table; one that an older klaxond works on has not.
pub(super) fn is_kept(conn: &Connection) -> Result<bool, Fault> {
    Ok(super::super::schema::version(conn)? >= SINCE)
}

impl Tx<'_> {
    /// Adds a fact to the trail, behind the last entry of the log.
    pub(in crate::store::sqlite) fn witness(&mut self, mut fact: Fact) -> Result<(), Fault> {
        let conn = self.write()?;
        fact.seq = Seq::written(self.book.head, self.book.written);
        insert(conn, &fact)?;
        self.book.written += 1;
        Ok(())
    }
}

/// Writes a fact at its place.
pub(in crate::store::sqlite) fn insert(conn: &Connection, fact: &Fact) -> Result<(), Fault> {
    let contact = match fact.contacts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        many => Some(many.join("\n")),
    };
    conn.prepare_cached(
        "INSERT INTO audit (seq, at, what, kind, alarm, rule, contact, message, silence, actor, code, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?
    .execute(params![
        fact.seq.0,
        fact.at.as_ms(),
        fact.what.name(),
        fact.kind,
        fact.alarm,
        fact.rule,
        contact,
        fact.message.map(|message| message.0),
        fact.silence.map(|silence| silence.0),
        fact.by,
        fact.code,
        (!fact.detail.is_empty()).then_some(&fact.detail),
    ])?;
    Ok(())
}

/// The columns of [`COLUMNS`].
pub(super) fn fact(row: &Row<'_>) -> Result<Fact, Fault> {
    let contact: Option<String> = row.get(6)?;
    Ok(Fact {
        seq: Seq(row.get(0)?),
        at: Time::from_ms(row.get(1)?),
        what: rows::name(row, 2, What::from_name)?,
        kind: row.get(3)?,
        alarm: row.get(4)?,
        rule: row.get(5)?,
        contacts: contact
            .map(|ids| ids.split('\n').map(str::to_owned).collect())
            .unwrap_or_default(),
        message: number(row, 7)?,
        silence: row.get::<_, Option<i64>>(8)?.map(SilenceId),
        by: row.get(9)?,
        code: row.get(10)?,
        detail: row.get::<_, Option<String>>(11)?.unwrap_or_default(),
    })
}

/// Writes what the daemon did.
pub(in crate::store) fn note(tx: &mut Tx<'_>, at: Time, act: &Act) -> Result<(), Fault> {
    let fact = match act {
        Act::Started(version) => Fact {
            detail: veil(version),
            ..Fact::new(at, What::Start)
        },
        Act::Stopped => Fact::new(at, What::Stop),
    };
    tx.witness(fact)
}

/// Deletes one chunk of the trail of before `before`. The floor rises first: what lies above it cannot
/// be deleted.
pub(in crate::store) fn prune(tx: &mut Tx<'_>, before: Time, chunk: usize) -> Result<usize, Fault> {
    let conn = tx.write()?;
    conn.prepare_cached("UPDATE meta SET audit_floor = ?1 WHERE audit_floor < ?1")?
        .execute([before.as_ms()])?;
    Ok(conn
        .prepare_cached(
            "DELETE FROM audit WHERE at < (SELECT audit_floor FROM meta) AND at < ?1 \
             AND seq IN (SELECT seq FROM audit ORDER BY seq LIMIT ?2)",
        )?
        .execute(params![before.as_ms(), rows::limit(chunk)])?)
}
