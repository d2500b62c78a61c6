//! From what came of an attempt to what is written of it.

use crate::delivery::Verdict;
use crate::model::{Message, MessageId, MessageState, Outcome, Time};
use crate::store::{AttemptEnd, Ending, Pending};
use crate::whatsapp::advice;
use crate::whatsapp::webhook::receipt_failure;

use super::attempt::Attempted;
use super::desk::Desk;
use super::fallback::Notice;

/// Why a message is unknown.
const LOST: &str = "the answer was lost; it may have arrived";

/// Lets the dispatcher judge an attempt; says what to write, and of what hold to tell.
pub(super) fn judge(
    desk: &Desk,
    now: Time,
    attempted: &Attempted,
    jitter: f64,
) -> (Ending, Option<Notice>) {
    let message = &attempted.message;
    if message.shadow {
        log_shadow(attempted);
        let state = MessageState::Shadow;
        let attempt = Some(attempt_end(attempted, state));
        let ending = Ending {
            message: message.id,
            at: now,
            state,
            reason: "shadow mode".to_owned(),
            retry_at: None,
            attempt,
            fallback: false,
            confirm_by: None,
            successor: None,
        };
        return (ending, None);
    }
    let verdict =
        desk.with(|dispatcher| dispatcher.settle(now, message.id, &attempted.outcome, jitter));
    log(attempted, &verdict);
    let code = code(&attempted.outcome);
    let (mut ending, notice) = ending(desk, now, message.id, verdict, code)
        .unwrap_or_else(|| (in_doubt(message.id, now), None));
    ending.attempt = Some(attempt_end(attempted, ending.state));
    (ending, notice)
}

/// Lets the dispatcher judge a message that Meta took and then gave up; `None` when there is nothing
/// to write, since another attempt is under way.
pub(super) fn judge_later(
    desk: &Desk,
    now: Time,
    pending: &Pending,
    jitter: f64,
) -> Option<(Ending, Option<Notice>)> {
    let failed = pending.failure.as_ref()?;
    let failure = receipt_failure(failed.code, &failed.text);
    let message = &pending.message;
    let verdict = desk.with(|dispatcher| {
        let (attempts, unknowns) = (pending.attempts, pending.unknowns);
        dispatcher.failed_later(now, message, attempts, unknowns, &failure, jitter)
    });
    log_later(pending, &verdict);
    ending(desk, now, message.id, verdict, failure.code)
}

/// What to write for a verdict, and of what hold to tell; `None` when nothing changes.
fn ending(
    desk: &Desk,
    now: Time,
    message: MessageId,
    verdict: Verdict,
    code: Option<u32>,
) -> Option<(Ending, Option<Notice>)> {
    let mut notice = None;
    let mut ending = closed(message, now, MessageState::Accepted, String::new(), false);
    match verdict {
        Verdict::Accepted {
            held, confirm_by, ..
        } => {
            if held {
                "Meta holds it for a quality check".clone_into(&mut ending.reason);
            }
            ending.confirm_by = confirm_by;
        }
        Verdict::Retry { at, reason } => {
            ending.state = MessageState::Queued;
            ending.reason = reason;
            ending.retry_at = Some(at);
        }
        Verdict::Held { reason, new_hold } => {
            notice = new_hold.map(|hold| Notice::Held {
                scope: hold.to_string(),
                reason: advised(&reason, code),
                waiting: desk.with(|dispatcher| dispatcher.waiting()),
            });
            ending.state = MessageState::Held;
            ending.reason = reason;
        }
        Verdict::Unknown { until } => {
            ending.retry_at = Some(until);
            ending.state = MessageState::Unknown;
            LOST.clone_into(&mut ending.reason);
        }
        Verdict::Failed { reason, fallback } => {
            ending.state = MessageState::Failed;
            ending.reason = advised(&reason, code);
            ending.fallback = fallback;
        }
        Verdict::UnderWay => return None,
    }
    Some((ending, notice))
}

/// An attempt whose message is under way again: not a thing that happens, and nothing is lost by it.
fn in_doubt(message: MessageId, now: Time) -> Ending {
    closed(message, now, MessageState::Unknown, LOST.to_owned(), false)
}

/// What to write of a message that ends without an attempt.
pub(super) fn closed(
    message: MessageId,
    at: Time,
    state: MessageState,
    reason: String,
    fallback: bool,
) -> Ending {
    Ending {
        message,
        at,
        state,
        reason,
        retry_at: None,
        attempt: None,
        fallback,
        confirm_by: None,
        successor: None,
    }
}

/// What to write of the end of something that was never told.
pub(super) fn moot(message: MessageId, at: Time) -> Ending {
    let reason = "its raise was never told".to_owned();
    closed(message, at, MessageState::Superseded, reason, false)
}

/// What to write of a message that would come after a later word on its alarm.
pub(super) fn overtaken(message: MessageId, at: Time, later: MessageId) -> Ending {
    let reason = "a later one says more, and was told first".to_owned();
    Ending {
        successor: Some(later),
        ..closed(message, at, MessageState::Superseded, reason, false)
    }
}

/// What to write of a message to somebody who wants none.
pub(super) fn unwanted(message: MessageId, at: Time, fallback: bool) -> Ending {
    let reason = "the contact said stop".to_owned();
    closed(message, at, MessageState::Expired, reason, fallback)
}

/// What to write of a message whose answer died with the process.
pub(super) fn interrupted(message: MessageId, at: Time) -> Ending {
    let detail = "klaxond ended while the message was under way";
    let attempt = AttemptEnd {
        text: String::new(),
        outcome: "unknown".to_owned(),
        code: None,
        status: None,
        detail: detail.to_owned(),
        wamid: None,
        duration_ms: 0,
    };
    let reason = format!("{detail}; it may have arrived");
    Ending {
        message,
        at,
        state: MessageState::Unknown,
        reason,
        retry_at: None,
        attempt: Some(attempt),
        fallback: false,
        confirm_by: None,
        successor: None,
    }
}

fn attempt_end(attempted: &Attempted, state: MessageState) -> AttemptEnd {
    let mut end = AttemptEnd {
        text: attempted.text.clone(),
        outcome: String::new(),
        code: None,
        status: None,
        detail: String::new(),
        wamid: None,
        duration_ms: u64::try_from(attempted.took.as_millis()).unwrap_or(u64::MAX),
    };
    match &attempted.outcome {
        _ if state == MessageState::Shadow => "shadow".clone_into(&mut end.outcome),
        Outcome::Accepted { wamid, .. } => {
            "accepted".clone_into(&mut end.outcome);
            end.wamid = Some(wamid.clone());
        }
        Outcome::Failed(failure) => {
            "failed".clone_into(&mut end.outcome);
            end.code = failure.code;
            end.status = failure.status;
            end.detail.clone_from(&failure.text);
        }
        Outcome::Unknown { text } => {
            "unknown".clone_into(&mut end.outcome);
            end.detail.clone_from(text);
        }
    }
    end
}

/// The Graph error code of an outcome.
fn code(outcome: &Outcome) -> Option<u32> {
    match outcome {
        Outcome::Failed(failure) => failure.code,
        Outcome::Accepted { .. } | Outcome::Unknown { .. } => None,
    }
}

/// `reason`, and what a person does about it where there is something to do.
fn advised(reason: &str, code: Option<u32>) -> String {
    match code.and_then(advice) {
        Some(advice) => format!("{reason}; {advice}"),
        None => reason.to_owned(),
    }
}

/// The text too: whoever runs it beside another system compares the two.
fn log_shadow(attempted: &Attempted) {
    let Attempted { message, text, .. } = attempted;
    let alarm = &attempted.notification.alarm.id;
    tracing::info!(message.id = %message.id, contact = %message.contact, alarm.id = %alarm, text, "would be sent (shadow mode)");
}

fn log(attempted: &Attempted, verdict: &Verdict) {
    let id = attempted.message.id;
    let contact = &attempted.message.contact;
    let alarm = &attempted.notification.alarm.id;
    let took_ms = attempted.took.as_millis();
    match verdict {
        // Not the wamid: the person's number is in it (base64).
        Verdict::Accepted { .. } => {
            tracing::info!(message.id = %id, %contact, alarm.id = %alarm, took_ms, "accepted by Meta");
        }
        Verdict::Retry { reason, .. } => {
            tracing::warn!(message.id = %id, %contact, alarm.id = %alarm, reason, took_ms, "will be sent again");
        }
        Verdict::Held {
            reason,
            new_hold: Some(hold),
        } => {
            let reason = advised(reason, code(&attempted.outcome));
            tracing::error!(message.id = %id, %contact, alarm.id = %alarm, reason, %hold, "messages are held");
        }
        Verdict::Held {
            reason,
            new_hold: None,
        } => {
            tracing::warn!(message.id = %id, %contact, alarm.id = %alarm, reason, "held");
        }
        Verdict::Unknown { .. } => {
            tracing::warn!(message.id = %id, %contact, alarm.id = %alarm, took_ms, "the answer was lost; it may have arrived");
        }
        Verdict::Failed { reason, .. } => {
            let reason = advised(reason, code(&attempted.outcome));
            tracing::error!(message.id = %id, %contact, alarm.id = %alarm, reason, "failed for good");
        }
        Verdict::UnderWay => {}
    }
}

fn log_later(pending: &Pending, verdict: &Verdict) {
    let Message { id, contact, .. } = &pending.message;
    let code = pending.failure.as_ref().and_then(|failure| failure.code);
    match verdict {
        Verdict::Failed { reason, .. } => {
            let reason = advised(reason, code);
            tracing::error!(message.id = %id, %contact, reason, "Meta took it and gave it up");
        }
        Verdict::Retry { reason, .. } | Verdict::Held { reason, .. } => {
            tracing::warn!(message.id = %id, %contact, reason, "Meta took it and gave it up; it will be sent again");
        }
        Verdict::Accepted { .. } | Verdict::Unknown { .. } | Verdict::UnderWay => {}
    }
}
