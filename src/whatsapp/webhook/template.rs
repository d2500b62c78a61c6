//! News of templates: paused, rejected, moved to another category.

use serde_json::Value;

use super::field::{id, spoken, text, words};
use super::inbound::Inbound;

/// `None` when `field` is not about a template, or does not say which.
pub(super) fn read(field: &str, value: &Value) -> Option<Inbound> {
    let (sendable, said) = match field {
        "message_template_status_update" => status(value),
        "message_template_quality_update" => (
            None,
            from_to(
                "quality",
                value,
                "previous_quality_score",
                "new_quality_score",
            ),
        ),
        "template_category_update" => (None, category(value)),
        "message_template_components_update" => (None, "its text was changed at Meta".to_owned()),
        _ => return None,
    };
    Some(Inbound::Template {
        name: id(value, &["message_template_name"])?,
        // `en-US` here, `en_US` everywhere else.
        language: id(value, &["message_template_language"])?.replace('-', "_"),
        sendable,
        text: words(&said),
    })
}

fn status(value: &Value) -> (Option<bool>, String) {
    let event = text(value, &["event"]).unwrap_or_default();
    let title = text(value, &["other_info", "title"]).unwrap_or_default();
    let sendable = match event.as_str() {
        "APPROVED" | "REINSTATED" => Some(true),
        _ if title == "UNPAUSE" => Some(true),
        "ARCHIVED" | "DELETED" | "DISABLED" | "IN_APPEAL" | "LIMIT_EXCEEDED" | "PAUSED"
        | "PENDING" | "PENDING_DELETION" | "REJECTED" => Some(false),
        // FLAGGED and LOCKED go on being sent.
        _ => None,
    };
    let mut said = match event.as_str() {
        "" => "its state changed".to_owned(),
        event => spoken(event),
    };
    let reason = text(value, &["reason"]).filter(|reason| reason != "NONE");
    let details = [
        Some(title)
            .filter(|title| !title.is_empty())
            .map(|title| spoken(&title)),
        reason.map(|reason| spoken(&reason)),
        text(value, &["rejection_info", "reason"]),
        text(value, &["rejection_info", "recommendation"]),
        text(value, &["other_info", "description"]),
        text(value, &["disable_info", "disable_date"]).map(|date| format!("on {date}")),
    ];
    let mut gap = ": ";
    for detail in details.into_iter().flatten() {
        if !detail.is_empty() && !said.contains(&detail) {
            said.push_str(gap);
            said.push_str(&detail);
            gap = ", ";
        }
    }
    (sendable, said)
}

fn category(value: &Value) -> String {
    match text(value, &["correct_category"]) {
        Some(correct) => format!(
            "Meta will move it from {} to {}",
            word(value, "new_category"),
            spoken(&correct)
        ),
        None => from_to("category", value, "previous_category", "new_category"),
    }
}

fn from_to(what: &str, value: &Value, from: &str, to: &str) -> String {
    format!("{what} was {}, is {}", word(value, from), word(value, to))
}

fn word(value: &Value, key: &str) -> String {
    text(value, &[key]).map_or("unknown".to_owned(), |word| spoken(&word))
}
