//! News of the number and the account: bans, quality, limits.

use serde_json::Value;

use crate::model::{Retry, Severity};
use crate::whatsapp::classify::classify;

use super::field::{at, number, spoken, text, words};
use super::inbound::Inbound;
use super::status::error_words;

/// How deep news are looked into.
const MAX_DEPTH: usize = 3;
/// So many facts of one are told.
const MAX_FACTS: usize = 8;

/// `None` when `field` is not about the account or its numbers.
pub(super) fn read(field: &str, value: &Value) -> Option<Inbound> {
    let is_ours = field.starts_with("account_")
        || field.starts_with("phone_number_")
        || matches!(
            field,
            "business_capability_update" | "business_status_update" | "security"
        );
    if !is_ours {
        return None;
    }
    let mut said = spoken(field);
    let mut facts = Vec::new();
    gather(value, "", MAX_DEPTH, &mut facts);
    if !facts.is_empty() {
        said = format!("{said}: {}", facts.join(", "));
    }
    Some(Inbound::Account {
        text: words(&said),
        severity: severity(field, value),
    })
}

/// An error that is about no message: the number as a whole.
pub(super) fn error(error: &Value) -> Inbound {
    let code = number(error, &["code"]);
    let needs_a_person = code.is_some_and(|code| classify(None, code, None).retry == Retry::Wait);
    let text = match words(&error_words(error)) {
        text if text.is_empty() => "Meta reports an error of the number".to_owned(),
        text => text,
    };
    Inbound::Account {
        text,
        severity: if needs_a_person {
            Severity::Critical
        } else {
            Severity::Warning
        },
    }
}

/// Facts in the order of their names, as `event disabled update`.
fn gather(value: &Value, name: &str, depth: usize, facts: &mut Vec<String>) {
    if facts.len() >= MAX_FACTS {
        return;
    }
    match value {
        Value::Object(fields) if depth > 0 => {
            for (name, value) in fields {
                gather(value, name, depth - 1, facts);
            }
        }
        Value::Array(items) if depth > 0 => {
            for item in items.iter().take(MAX_FACTS) {
                gather(item, name, depth - 1, facts);
            }
        }
        Value::String(text) => facts.push(format!("{} {}", spoken(name), spoken(text))),
        Value::Number(number) => facts.push(format!("{} {number}", spoken(name))),
        Value::Bool(known) => facts.push(format!("{} {known}", spoken(name))),
        Value::Null | Value::Array(_) | Value::Object(_) => {}
    }
}

fn severity(field: &str, value: &Value) -> Severity {
    let word = |path: &[&str]| text(value, path).unwrap_or_default();
    if let Some(alert) = at(value, &["alert_info", "alert_severity"])
        .or_else(|| at(value, &["alert_severity"]))
        .and_then(Value::as_str)
    {
        return match alert {
            "CRITICAL" => Severity::Critical,
            "INFORMATIONAL" => Severity::Information,
            _ => Severity::Warning,
        };
    }
    let lifted = word(&["ban_info", "waba_ban_state"]) == "REINSTATE";
    match word(&["event"]).as_str() {
        "DISABLED_UPDATE" if lifted => Severity::Information,
        "ACCOUNT_DELETED" | "ACCOUNT_RESTRICTION" | "ACCOUNT_VIOLATION" | "DISABLED_UPDATE" => {
            Severity::Critical
        }
        "DOWNGRADE" | "FLAGGED" => Severity::Major,
        "ONBOARDING"
        | "THROUGHPUT_UPGRADE"
        | "UNFLAGGED"
        | "UPGRADE"
        | "VOLUME_BASED_PRICING_TIER_UPDATE" => Severity::Information,
        _ => match word(&["decision"]).as_str() {
            "REJECTED" => Severity::Critical,
            "APPROVED" => Severity::Information,
            _ if field == "business_capability_update" => Severity::Information,
            _ => Severity::Warning,
        },
    }
}
