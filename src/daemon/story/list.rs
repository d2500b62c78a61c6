//! Messages in a list.

use serde_json::{Value, json};

use crate::model::{MessageState, Time};
use crate::store::{Inquiry, Listed, Wanted};

use super::StoryError;

/// Messages that a list has when nothing else is said.
const USUAL: usize = 50;

/// Messages that a list has at most.
const MOST: usize = 1_000;

/// Which messages are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this contact.
    pub contact: Option<String>,
    /// In the state of this name.
    pub state: Option<String>,
    /// Decided at this time or later.
    pub since: Option<Time>,
    /// At most so many; 50 when not given, 1,000 at most.
    pub limit: Option<usize>,
}

/// Messages, the newest first.
///
/// # Errors
/// There is no such state, or the database cannot be read.
pub fn messages(inquiry: &Inquiry, filter: &Filter) -> Result<Value, StoryError> {
    let state = match &filter.state {
        None => None,
        Some(name) => Some(MessageState::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = MessageState::ALL.iter().map(|state| state.name()).collect();
            StoryError::Unknown(format!(
                "there is no state \"{name}\"; a message is one of: {}",
                names.join(", ")
            ))
        })?),
    };
    let limit = filter.limit.unwrap_or(USUAL).clamp(1, MOST);
    let mut found = inquiry.messages(&Wanted {
        contact: filter.contact.clone(),
        state,
        since: filter.since,
        limit: limit + 1,
    })?;
    let more = found.len() > limit;
    found.truncate(limit);
    let messages: Vec<Value> = found.iter().map(line).collect();
    Ok(json!({ "messages": messages, "more": more }))
}

fn line(listed: &Listed) -> Value {
    let said = &listed.notification;
    let alarm = &said.alarm;
    json!({
        "id": listed.id.to_string(),
        "at": listed.created.to_string(),
        "contact": listed.contact,
        "state": listed.state.name(),
        "reason": listed.reason,
        "kind": said.kind.name(),
        "rule": said.rule,
        "alarm": {
            "id": alarm.id,
            "element": alarm.element,
            "parameter": alarm.parameter,
            "severity": alarm.severity.name(),
        },
    })
}
