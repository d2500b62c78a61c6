//! Taking a person's number and words out of the tables, and out of the file.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use crate::model::{ContactId, Phone, Time};
use crate::store::{Forgotten, StoreError};

use super::audit;
use super::fault::Fault;
use super::rows;
use super::writer::Tx;

/// How long the cleaning of the file waits for whoever works on it.
const BUSY: Duration = Duration::from_secs(20);

/// Erases what is kept of a contact but the trail: the numbers that its messages went to and `phones`,
/// what it wrote, what it was written, and Meta's ids, in which the number is.
pub(in crate::store) fn forget(
    tx: &mut Tx<'_>,
    contact: &ContactId,
    phones: &[Phone],
    at: Time,
    by: &str,
) -> Result<Forgotten, Fault> {
    audit::forgotten(tx, contact, at, by)?;
    let conn = tx.write()?;
    let contact = contact.as_str();
    let mut statement = conn.prepare(
        "SELECT DISTINCT numbers.id, phone FROM messages JOIN attempts ON message = messages.id \
         JOIN numbers ON numbers.id = number WHERE contact = ?1",
    )?;
    let mut numbers: Vec<(i64, String)> = rows::collect(statement.query([contact])?, |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    for phone in phones {
        let mut statement = conn.prepare("SELECT id, phone FROM numbers WHERE phone = ?1")?;
        let found = statement.query([phone.digits()])?;
        numbers.extend(rows::collect(found, |row| Ok((row.get(0)?, row.get(1)?)))?);
    }
    // An empty id: no late receipt gives the attempt Meta's again.
    let attempts = conn.execute(
        "UPDATE attempts SET text = '', detail = CASE WHEN detail = '' THEN '' ELSE 'erased' END, \
         wamid = CASE WHEN outcome IS NULL OR outcome = 'unknown' THEN '' END, number = NULL \
         WHERE message IN (SELECT id FROM messages WHERE contact = ?1)",
        [contact],
    )?;
    let replies = conn.execute("UPDATE replies SET text = '' WHERE contact = ?1", [contact])?;
    let mut digits: Vec<String> = phones
        .iter()
        .map(|phone| phone.digits().to_owned())
        .collect();
    let mut gone = 0;
    for (id, phone) in numbers {
        // Somebody else may have the same number.
        gone += conn.execute(
            "DELETE FROM numbers WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attempts WHERE number = ?1)",
            [id],
        )?;
        digits.push(phone);
    }
    forget_strays(conn, &digits)?;
    tx.wait_for_disk();
    Ok(Forgotten {
        numbers: gone,
        replies,
        attempts,
    })
}

/// Forgets receipts whose message is not known and whose id holds one of these numbers, or cannot be
/// read.
fn forget_strays(conn: &Connection, digits: &[String]) -> Result<(), Fault> {
    let mut statement = conn.prepare("SELECT DISTINCT wamid FROM strays")?;
    let wamids = rows::collect(statement.query([])?, |row| Ok(row.get::<_, String>(0)?))?;
    for wamid in wamids {
        let body = wamid.strip_prefix("wamid.").unwrap_or(&wamid);
        let is_theirs = plain(body).is_none_or(|bytes| {
            let held = String::from_utf8_lossy(&bytes).into_owned();
            digits.iter().any(|digits| held.contains(digits.as_str()))
        });
        if is_theirs {
            conn.prepare_cached("DELETE FROM strays WHERE wamid = ?1")?
                .execute(params![wamid])?;
        }
    }
    Ok(())
}

/// Base64, in either alphabet, with or without padding.
fn plain(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in text.trim_end_matches('=').bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// Writes the file anew, so that nothing of what was erased is left in its unused room or in the log
/// beside it. Others who write wait meanwhile.
pub(in crate::store) fn scrub(path: &Path) -> Result<(), StoreError> {
    clean(path).map_err(|fault| fault.at(path))
}

fn clean(path: &Path) -> Result<(), Fault> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch("PRAGMA secure_delete = ON; VACUUM;")?;
    let busy: i64 = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 {
        Ok(())
    } else {
        Err(Fault::Refused(
            "somebody reads it, so that the log beside it cannot be cleared; do it again"
                .to_owned(),
        ))
    }
}
