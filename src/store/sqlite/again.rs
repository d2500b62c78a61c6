//! A message that was given up and is to be sent all the same.

use rusqlite::params;

use crate::model::{Message, MessageId, MessageState, Time};

use super::audit;
use super::columns;
use super::fault::Fault;
use super::writer::Tx;

/// Lets a message that failed or expired wait again, without end: what is asked for by hand does not
/// expire. `None` when it is neither any more.
pub(in crate::store) fn again(
    tx: &mut Tx<'_>,
    id: MessageId,
    at: Time,
    reason: &str,
    by: &str,
) -> Result<Option<Message>, Fault> {
    let Some((_, MessageState::Failed | MessageState::Expired)) = columns::find(tx.look(), id)?
    else {
        return Ok(None);
    };
    let conn = tx.write()?;
    conn.prepare_cached(
        "UPDATE messages SET state = ?2, reason = ?3, ended = NULL, expires = NULL, retry_at = NULL, \
         unknowns = 0, confirm_by = NULL, failure = NULL, digest = NULL, successor = NULL, attempted = ?4 \
         WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        MessageState::Queued.name(),
        reason,
        at.as_ms()
    ])?;
    // Somebody looks after it: the fallback need not hear of it.
    conn.prepare_cached("DELETE FROM untold WHERE message = ?1")?
        .execute([id.0])?;
    tx.wait_for_disk();
    let message = columns::find(conn, id)?.map(|(message, _)| message);
    if let Some(message) = &message {
        audit::again(tx, message, at, reason, by)?;
    }
    Ok(message)
}
