//! Receipts: how far a message came, and why it failed.

use serde_json::Value;

use crate::model::{Failure, ReceiptFailure, Retry, Scope, Stage};
use crate::whatsapp::answer::failure;
use crate::whatsapp::classify::{class, classify};

use super::field::{id, list, number, text, timestamp, words};
use super::inbound::Inbound;
use super::read::named;

pub(super) fn read(status: &Value) -> Inbound {
    let word = text(status, &["status"]).unwrap_or_default();
    let stage = match word.as_str() {
        "sent" => Stage::Sent,
        "delivered" => Stage::Delivered,
        // Of voice messages, which have been opened then.
        "read" | "played" => Stage::Read,
        "failed" => Stage::Failed,
        _ => return Inbound::Other(format!("status {}", named(&word))),
    };
    let Some(wamid) = id(status, &["id"]) else {
        return Inbound::Other("status without an id".to_owned());
    };
    Inbound::Status {
        wamid,
        opaque: id(status, &["biz_opaque_callback_data"]),
        stage,
        at: timestamp(status),
        failure: (stage == Stage::Failed).then(|| why(status)),
    }
}

/// Why Meta gave a message up. The first error has the code; what others say follows.
fn why(status: &Value) -> ReceiptFailure {
    let errors = list(status, &["errors"]);
    let said: Vec<String> = errors.iter().map(error_words).collect();
    let mut said = said.join("; ");
    for person in ["recipient_id", "recipient_user_id"] {
        if let Some(person) = id(status, &[person]) {
            said = said.replace(&person, "the recipient");
        }
    }
    let code = errors.first().and_then(|error| number(error, &["code"]));
    let text = match words(&said) {
        text if text.is_empty() => "Meta gives no reason".to_owned(),
        text => text,
    };
    ReceiptFailure { code, text }
}

/// `(#131026) Message undeliverable: why`, as errors of a send are told.
pub(super) fn error_words(error: &Value) -> String {
    let mut said = number(error, &["code"]).map_or(String::new(), |code| format!("(#{code})"));
    let parts = [
        text(error, &["title"]),
        text(error, &["message"]),
        text(error, &["error_data", "details"]),
    ];
    let mut gap = if said.is_empty() { "" } else { " " };
    for part in parts.into_iter().flatten() {
        let part = part.trim();
        if !part.is_empty() && !said.contains(part) {
            said.push_str(gap);
            said.push_str(part);
            gap = ": ";
        }
    }
    said
}

/// What a failed receipt means, by the table that serves errors of a send. One without a code is worth
/// few more tries.
#[must_use]
pub fn receipt_failure(code: Option<u32>, text: &str) -> Failure {
    let class = code.map_or(class(Retry::Few, Scope::Message), |code| {
        classify(None, code, None)
    });
    Failure {
        code,
        ..failure(class, words(text))
    }
}
