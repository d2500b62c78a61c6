//! From what came of an attempt to what is written of it.

use crate::delivery::Verdict;
use crate::model::{MessageId, MessageState, Outcome, Time};
use crate::store::{AttemptEnd, Ending};
use crate::whatsapp::advice;

use super::attempt::Attempted;
use super::desk::Desk;
use super::fallback::Notice;

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
    let mut notice = None;
    let mut fallback = false;
    let (state, reason, retry_at) = match verdict {
        Verdict::Accepted { held, .. } => {
            let reason = if held {
                "Meta holds it for a quality check"
            } else {
                ""
            };
            (MessageState::Accepted, reason.to_owned(), None)
        }
        Verdict::Retry { at, reason } => (MessageState::Queued, reason, Some(at)),
        Verdict::Held { reason, new_hold } => {
            notice = new_hold.map(|hold| Notice::Held {
                scope: hold.to_string(),
                reason: advised(&reason, &attempted.outcome),
                waiting: desk.with(|dispatcher| dispatcher.waiting()),
            });
            (MessageState::Held, reason, None)
        }
        Verdict::Unknown { until } => (
            MessageState::Unknown,
            "the answer was lost; it may have arrived".to_owned(),
            Some(until),
        ),
        Verdict::Failed {
            reason,
            fallback: tell,
        } => {
            fallback = tell;
            let reason = advised(&reason, &attempted.outcome);
            (MessageState::Failed, reason, None)
        }
    };
    let attempt = Some(attempt_end(attempted, state));
    (
        Ending {
            message: message.id,
            at: now,
            state,
            reason,
            retry_at,
            attempt,
            fallback,
            confirm_by: None,
            successor: None,
        },
        notice,
    )
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

/// `reason`, and what a person does about it where there is something to do.
fn advised(reason: &str, outcome: &Outcome) -> String {
    let code = match outcome {
        Outcome::Failed(failure) => failure.code,
        Outcome::Accepted { .. } | Outcome::Unknown { .. } => None,
    };
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
            let reason = advised(reason, &attempted.outcome);
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
            let reason = advised(reason, &attempted.outcome);
            tracing::error!(message.id = %id, %contact, alarm.id = %alarm, reason, "failed for good");
        }
    }
}
