//! What is decided and done, as facts.

use std::collections::BTreeMap;

use crate::model::{
    ContactId, Kind, Message, MessageId, MessageState, Mute, Notification, NotificationId, Receipt,
    Time,
};
use crate::store::{Ending, Fact, NewMessage, What};

use super::super::fault::Fault;
use super::super::writer::Tx;
use super::heard::named;
use super::veil;

/// Writes what a step decided: each notification with those it goes to, and messages that carry an
/// earlier one to somebody else.
pub(in crate::store::sqlite) fn decided<'a>(
    tx: &mut Tx<'_>,
    notifications: impl Iterator<Item = &'a Notification>,
    messages: &[NewMessage],
    at: Time,
) -> Result<(), Fault> {
    let mut told: BTreeMap<NotificationId, Vec<&Message>> = BTreeMap::new();
    for new in messages {
        let of = told.entry(new.message.notification).or_default();
        of.push(&new.message);
    }
    for said in notifications {
        let messages = told.remove(&said.id).unwrap_or_default();
        let fact = speech(said);
        if messages.is_empty() {
            tx.witness(fact)?;
            continue;
        }
        spread(tx, &fact, &messages)?;
    }
    for messages in told.values() {
        for message in messages {
            let stands_in = message.instead_of.map(named);
            tx.witness(Fact {
                kind: Some(message.kind.name().to_owned()),
                contacts: vec![message.contact.to_string()],
                message: Some(message.id),
                detail: stands_in.map_or_else(String::new, |other| format!("instead of {other}")),
                ..Fact::new(at, What::Decided)
            })?;
        }
    }
    Ok(())
}

/// One fact for messages whose numbers follow each other.
fn spread(tx: &mut Tx<'_>, fact: &Fact, messages: &[&Message]) -> Result<(), Fault> {
    for run in messages.chunk_by(|one, next| one.id.next() == next.id) {
        tx.witness(Fact {
            contacts: run
                .iter()
                .map(|message| message.contact.to_string())
                .collect(),
            message: run.first().map(|message| message.id),
            ..fact.clone()
        })?;
    }
    Ok(())
}

fn speech(said: &Notification) -> Fact {
    let what = match said.suppressed {
        Some(_) => What::Suppressed,
        None => What::Decided,
    };
    let mut detail = said.reason.clone();
    if said.kind == Kind::Answer {
        // It answers a person, whose words may be in it.
        detail.clear();
    }
    let mut silence = None;
    if let Some(kept) = &said.suppressed {
        detail = format!("{}; {detail}", kept.text);
        if let Mute::Silence(id) = kept.mute {
            silence = Some(id);
        }
    }
    if said.view.count > 1 {
        detail.push_str(&format!(" ({} alarms)", said.view.count));
    }
    Fact {
        kind: Some(said.kind.name().to_owned()),
        alarm: (!said.alarm.id.is_empty()).then(|| said.alarm.id.clone()),
        rule: Some(said.rule.to_string()),
        silence,
        detail: veil(&detail),
        ..Fact::new(said.at, what)
    }
}

/// Writes what became of a message, and receipts of it that came before it was known. `stands`: what a
/// receipt had said of it before is more than the outcome.
pub(in crate::store::sqlite) fn ended(
    tx: &mut Tx<'_>,
    ending: &Ending,
    contact: &str,
    stands: bool,
    receipts: &[Receipt],
) -> Result<(), Fault> {
    let of = |what, kind: &str| Fact {
        kind: Some(kind.to_owned()),
        contacts: vec![contact.to_owned()],
        message: Some(ending.message),
        ..Fact::new(ending.at, what)
    };
    if let Some(attempt) = &ending.attempt {
        tx.witness(Fact {
            code: attempt.code,
            detail: veil(&ending.reason),
            ..of(What::Attempt, &attempt.outcome)
        })?;
    }
    for receipt in receipts {
        tx.witness(Fact {
            code: receipt.failure.as_ref().and_then(|failure| failure.code),
            ..of(What::Receipt, receipt.stage.name())
        })?;
    }
    if stands {
        return Ok(());
    }
    let is_given_up = matches!(
        ending.state,
        MessageState::Expired | MessageState::Superseded | MessageState::Failed
    );
    let what = if ending.state == MessageState::Held {
        What::Held
    } else if !is_given_up && ending.attempt.is_some() {
        return Ok(());
    } else if ending.state.is_pending() {
        What::Queued
    } else {
        What::Ended
    };
    let successor = ending.successor.map(named);
    let detail = match successor {
        Some(successor) => format!("by {successor}: {}", ending.reason),
        None => ending.reason.clone(),
    };
    tx.witness(Fact {
        detail: veil(&detail),
        ..of(what, ending.state.name())
    })
}

/// Writes that a digest tells of messages.
pub(in crate::store::sqlite) fn digested(
    tx: &mut Tx<'_>,
    digest: &Message,
    notification: &Notification,
    members: &[MessageId],
    at: Time,
    reason: &str,
) -> Result<(), Fault> {
    tx.witness(Fact {
        kind: Some(notification.kind.name().to_owned()),
        contacts: vec![digest.contact.to_string()],
        message: Some(digest.id),
        detail: veil(&format!("{} messages: {reason}", members.len())),
        ..Fact::new(at, What::Decided)
    })?;
    for member in members {
        tx.witness(Fact {
            kind: Some(MessageState::Digested.name().to_owned()),
            contacts: vec![digest.contact.to_string()],
            message: Some(*member),
            detail: format!("by {}", digest.id),
            ..Fact::new(at, What::Ended)
        })?;
    }
    Ok(())
}

/// Writes that a message waits for its turn again.
pub(in crate::store::sqlite) fn waits(
    tx: &mut Tx<'_>,
    message: &Message,
    at: Time,
    reason: &str,
) -> Result<(), Fault> {
    tx.witness(Fact {
        kind: Some(MessageState::Queued.name().to_owned()),
        contacts: vec![message.contact.to_string()],
        message: Some(message.id),
        detail: veil(reason),
        ..Fact::new(at, What::Queued)
    })
}

/// Writes that a message is sent again by hand.
pub(in crate::store::sqlite) fn again(
    tx: &mut Tx<'_>,
    message: &Message,
    at: Time,
    reason: &str,
    by: &str,
) -> Result<(), Fault> {
    tx.witness(Fact {
        contacts: vec![message.contact.to_string()],
        message: Some(message.id),
        by: Some(veil(by)),
        detail: veil(reason),
        ..Fact::new(at, What::Retry)
    })
}

/// Writes that a contact was forgotten.
pub(in crate::store::sqlite) fn forgotten(
    tx: &mut Tx<'_>,
    contact: &ContactId,
    at: Time,
    by: &str,
) -> Result<(), Fault> {
    tx.witness(Fact {
        contacts: vec![contact.to_string()],
        by: Some(veil(by)),
        ..Fact::new(at, What::Forgotten)
    })
}
