//! Whether a message that was given up may go after all.

use crate::model::{Event, Kind, MessageId, MessageState, Time};
use crate::store::{Dossier, Told};

/// Why a message may not be sent again; `None` when it may.
pub(in crate::daemon) fn refusal(dossier: &Dossier, id: MessageId) -> Option<String> {
    let mut trails = dossier.trails.iter();
    let trail = trails.find(|trail| trail.message.id == id)?;
    let state = trail.state;
    if state != MessageState::Failed && state != MessageState::Expired {
        return Some(match state.is_pending() {
            true => format!("message {id} is not final: it is {}", state.name()),
            false => format!(
                "message {id} is {}: only what failed or expired can be sent again",
                state.name()
            ),
        });
    }
    if id.is_digest() {
        return Some(format!(
            "digest {id} cannot be sent again by itself: send the messages that it held, as `klaxond why {id}` \
             lists them"
        ));
    }
    match trail.message.kind {
        Kind::Raised | Kind::Updated | Kind::Reminder | Kind::Escalated => {
            ended(dossier, id).map(|at| {
                format!("the alarm of message {id} ended at {at}: there is nothing left to tell")
            })
        }
        Kind::Cleared | Kind::Acknowledged | Kind::Answer | Kind::Notice | Kind::Digest => None,
    }
}

/// When the alarm of a message ended, after the message was made.
fn ended(dossier: &Dossier, id: MessageId) -> Option<Time> {
    let mut trails = dossier.trails.iter();
    let trail = trails.find(|trail| trail.message.id == id)?;
    let mut said = dossier.notifications.iter();
    let tree = said
        .find(|said| said.id == trail.message.notification)?
        .alarm
        .tree();
    let mut ended = None;
    for told in &dossier.entries {
        match (&told.entry.event, Told::record(told)) {
            (_, Some(record)) if record.tree() == tree => {
                ended = record.ends().then_some(told.entry.at);
            }
            (Event::ClosedByHand { .. }, _) => ended = Some(told.entry.at),
            _ => {}
        }
    }
    ended.filter(|at| *at > trail.message.created)
}
