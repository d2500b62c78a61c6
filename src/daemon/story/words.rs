//! One sentence for each state of a message: what happened to it, and what to do.

use crate::delivery::QUIET_HOURS;
use crate::model::{MessageId, MessageState};
use crate::store::{Dossier, Trail};
use crate::whatsapp::advice;

use super::Scene;

/// How far a story follows messages that took each other's place.
const MAX_STEPS: usize = 8;

/// What became of a message and what a person does about it.
pub(super) fn sentence(trail: &Trail, dossier: &Dossier, scene: &Scene<'_>) -> String {
    told(trail, dossier, scene, MAX_STEPS)
}

fn told(trail: &Trail, dossier: &Dossier, scene: &Scene<'_>, steps: usize) -> String {
    let reason = trail.reason.as_str();
    match trail.state {
        MessageState::Queued if reason.is_empty() => match before(trail, dossier) {
            Some(held) => format!("It waits behind others that are held: {held}. Mend that."),
            None => "It waits for its turn; nothing to do.".to_owned(),
        },
        MessageState::Queued => {
            format!("It waits: {reason}. Nothing to do: klaxond goes on by itself.")
        }
        MessageState::Held if reason.starts_with(QUIET_HOURS) => {
            format!("It waits: {reason}. Nothing to do: it comes then, with what else waits.")
        }
        MessageState::Held => format!(
            "It is held: {}. Mend that; klaxond looks by itself, and at once after `klaxond reload`.",
            with_advice(trail)
        ),
        MessageState::Sending => "It is being sent.".to_owned(),
        MessageState::Unknown => format!(
            "It may have arrived: {}. klaxond waits for word of it and sends it again; nothing to do.",
            or(reason, "the answer of Meta was lost")
        ),
        MessageState::Accepted => accepted(trail, scene),
        MessageState::Sent => format!(
            "Meta sent it on{}, and the phone has not taken it: it is off, has no network, or has blocked the \
             business number. It comes when the phone is back; ask the person to look.",
            at(trail.sent)
        ),
        MessageState::Delivered => format!(
            "It reached the phone{}. If nobody saw it: is the chat muted or archived?",
            at(trail.delivered)
        ),
        MessageState::Read => format!("It was opened on the phone{}.", at(trail.read)),
        MessageState::Failed => format!(
            "It failed for good: {}.{} When that is mended, `klaxond retry {}` sends it again.",
            with_advice(trail),
            stand_in(trail, dossier),
            name(trail.message.id)
        ),
        MessageState::Expired => format!(
            "It was not sent in time: {}.{} If it still matters, `klaxond retry {}` sends it; \
             `delivery.expire_after` says how long messages wait.",
            or(reason, "it lost its point"),
            stand_in(trail, dossier),
            name(trail.message.id)
        ),
        MessageState::Superseded => superseded(trail, dossier, scene, steps),
        MessageState::Digested => digested(trail, dossier, scene, steps),
        MessageState::Shadow => {
            "Shadow mode is on, so it was not sent. Take `mode = \"shadow\"` out of [delivery], or `shadow` out \
             of its rule."
                .to_owned()
        }
    }
}

/// Why what stands in front of a message is held: another one to the same person, or everything.
fn before<'a>(trail: &Trail, dossier: &'a Dossier) -> Option<&'a str> {
    let speaks_of_all = |reason: &str| {
        ["the account is held", "the number is held"]
            .iter()
            .any(|all| reason.contains(all))
    };
    let mut held = dossier.held.iter();
    let held =
        held.find(|held| held.contact == trail.message.contact || speaks_of_all(&held.reason))?;
    Some(&held.reason)
}

fn accepted(trail: &Trail, scene: &Scene<'_>) -> String {
    if let Some(by) = trail.confirm_by {
        return format!(
            "Meta took it, and it must reach the phone: its receipt is waited for until {by}. Nothing to do."
        );
    }
    if scene.receipts {
        "Meta took it, and no receipt came: the phone is off or has no network, or Meta's receipts do not \
         reach [webhook]. Ask the person to look; if other messages have no receipts either, look at the \
         address in the app's dashboard."
            .to_owned()
    } else {
        "Meta took it; whether it reached the phone is not known, because receipts are off. Set up [webhook] \
         to know."
            .to_owned()
    }
}

fn superseded(trail: &Trail, dossier: &Dossier, scene: &Scene<'_>, steps: usize) -> String {
    let reason = or(&trail.reason, "another one says it");
    match trail.successor {
        Some(id) => format!(
            "It was not sent: {reason}. Message {id} took its place. {}",
            follow(id, dossier, scene, steps)
        ),
        None => format!("It was not sent: {reason}. Nothing to do."),
    }
}

fn digested(trail: &Trail, dossier: &Dossier, scene: &Scene<'_>, steps: usize) -> String {
    let reason = match trail.reason.as_str() {
        "" => String::new(),
        reason => format!(" ({reason})"),
    };
    match trail.digest {
        Some(id) => format!(
            "It went with others in one message{reason}: look for digest {id} on the phone. {}",
            follow(id, dossier, scene, steps)
        ),
        None => format!("It went with others in one message{reason}."),
    }
}

/// What became of the message that took its place.
fn follow(id: MessageId, dossier: &Dossier, scene: &Scene<'_>, steps: usize) -> String {
    let next = dossier
        .trails
        .iter()
        .find(|trail| trail.message.id == id && steps > 0);
    match next {
        Some(next) => format!(
            "Of that one: {}",
            told(next, dossier, scene, steps.saturating_sub(1))
        ),
        None => format!("`klaxond why {id}` tells of it."),
    }
}

/// The reason, with what the last code means where the reason does not say it.
fn with_advice(trail: &Trail) -> String {
    let reason = or(&trail.reason, "no reason was kept");
    let ends = trail.attempts.iter().rev();
    let code = ends.filter_map(|one| one.end.as_ref()?.code).next();
    match code.and_then(advice) {
        Some(advice) if !reason.contains(advice) => format!("{reason}; {advice}"),
        Some(_) | None => reason.to_owned(),
    }
}

/// Who was told in the place of a message that was given up.
fn stand_in(trail: &Trail, dossier: &Dossier) -> String {
    let id = trail.message.id;
    let mut trails = dossier.trails.iter();
    if let Some(other) = trails.find(|other| other.message.instead_of == Some(id)) {
        let Trail { message, state, .. } = other;
        return format!(
            " {} was told in its place (message {}, {}).",
            message.contact,
            message.id,
            state.name()
        );
    }
    if dossier.untold.contains(&id) {
        return " The program of [fallback] has not taken it yet: see the log.".to_owned();
    }
    String::new()
}

/// How a message is named on the command line, so that no root id is meant.
fn name(id: MessageId) -> String {
    match id.is_digest() {
        true => id.to_string(),
        false => format!("m{id}"),
    }
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

fn at(time: Option<crate::model::Time>) -> String {
    time.map_or(String::new(), |time| format!(" at {time}"))
}
