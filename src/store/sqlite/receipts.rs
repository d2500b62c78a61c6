//! Receipts in tables: how far `messages` came, and `strays`, whose message is not known yet.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{MessageId, Receipt, ReceiptFailure, Stage, Time};

use super::fault::Fault;
use super::progress::{Progress, Step};
use super::rows;

/// How long a stray is kept: the answer of its POST is long lost then.
const STRAY_MS: i64 = 24 * 3_600_000;

/// How many strays are kept.
const MAX_STRAYS: i64 = 10_000;

/// Writes a receipt that klaxond heard of at `came`. One of a message that is gone is nothing to do.
pub(super) fn apply(conn: &Connection, receipt: &Receipt, came: Time) -> Result<(), Fault> {
    let Some(mut progress) = Progress::load(conn, receipt.message)? else {
        return Ok(());
    };
    receive(conn, &mut progress, receipt, came)?;
    note_failure(conn, receipt.message, &progress)?;
    progress.save(conn)
}

fn receive(
    conn: &Connection,
    progress: &mut Progress,
    receipt: &Receipt,
    came: Time,
) -> Result<(), Fault> {
    if progress.receive(receipt, came)? == Step::Late {
        // Nobody has to be told in its place.
        conn.prepare_cached("DELETE FROM untold WHERE message = ?1")?
            .execute([receipt.message.0])?;
    }
    Ok(())
}

/// The last attempt of a message that failed on its way says so.
pub(super) fn note_failure(
    conn: &Connection,
    message: MessageId,
    progress: &Progress,
) -> Result<(), Fault> {
    let Some(json) = progress.failure() else {
        return Ok(());
    };
    let failure: ReceiptFailure = rows::from_json(json.into(), || failure_of(message))?;
    conn.prepare_cached(
        "UPDATE attempts SET outcome = 'failed', code = ?3, detail = ?4 \
         WHERE message = ?1 AND n = ?2 AND outcome IS NOT NULL",
    )?
    .execute(params![
        message.0,
        progress.attempts(),
        failure.code,
        failure.text
    ])?;
    Ok(())
}

/// What an error says of a failed receipt that cannot be read.
pub(super) fn failure_of(message: MessageId) -> String {
    format!("the failed receipt of message {message}")
}

/// Keeps a receipt whose message is not known.
pub(super) fn keep_stray(
    conn: &Connection,
    wamid: &str,
    stage: Stage,
    at: Time,
    failure: Option<&ReceiptFailure>,
    came: Time,
) -> Result<(), Fault> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO strays (wamid, stage, at, code, text, came) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        wamid,
        stage.name(),
        at.as_ms(),
        failure.and_then(|failure| failure.code),
        failure.map_or("", |failure| failure.text.as_str()),
        came.as_ms(),
    ])?;
    Ok(())
}

/// Forgets strays that are too old or too many.
pub(super) fn bound_strays(conn: &Connection, now: Time) -> Result<(), Fault> {
    conn.prepare_cached("DELETE FROM strays WHERE came < ?1")?
        .execute([now.as_ms() - STRAY_MS])?;
    conn.prepare_cached(
        "DELETE FROM strays WHERE came <= (SELECT came FROM strays ORDER BY came DESC LIMIT 1 OFFSET ?1)",
    )?
    .execute([MAX_STRAYS])?;
    Ok(())
}

/// Applies the strays of `wamid`, whose message is known from here on; returns them.
pub(super) fn settle_strays(
    conn: &Connection,
    progress: &mut Progress,
    wamid: &str,
    came: Time,
) -> Result<Vec<Receipt>, Fault> {
    let message = progress.id();
    let any = conn
        .prepare_cached("SELECT 1 FROM strays WHERE wamid = ?1")?
        .query_row([wamid], |_| Ok(()))
        .optional()?;
    if any.is_none() {
        return Ok(Vec::new());
    }
    let mut statement =
        conn.prepare_cached("DELETE FROM strays WHERE wamid = ?1 RETURNING stage, at, code, text")?;
    let mut receipts = rows::collect(statement.query([wamid])?, |row| {
        let stage = rows::name(row, 0, Stage::from_name)?;
        let failure = ReceiptFailure {
            code: row.get(2)?,
            text: row.get(3)?,
        };
        Ok(Receipt {
            message,
            stage,
            at: Time::from_ms(row.get(1)?),
            failure: (stage == Stage::Failed).then_some(failure),
        })
    })?;
    receipts.sort_by_key(|receipt| receipt.stage);
    receipts
        .iter()
        .try_for_each(|receipt| receive(conn, progress, receipt, came))?;
    Ok(receipts)
}
