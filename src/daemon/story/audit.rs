//! What the audit trail has, where nothing else is kept any more; and the story of a silence.

use serde_json::{Value, json};

use crate::store::{Dossier, Fact, What};

/// The story of what only the audit trail has; `None` when it has nothing.
pub(super) fn story(id: &str, facts: &[Fact]) -> Option<Value> {
    let first = facts.first()?;
    let told: Vec<Value> = facts.iter().map(Fact::to_json).collect();
    let mut story = json!({
        "id": id,
        "messages": [],
        "alarm": first.alarm.as_deref().unwrap_or_default(),
        "records": [],
        "notifications": [],
        "acknowledged": [],
        "more": { "records": false, "messages": false },
        "audit": told,
    });
    let ordered = facts.iter().find(|fact| fact.what == What::Silence);
    let answer = match ordered {
        Some(order) => {
            story["silence"] = json!(order.silence.map(|silence| silence.to_string()));
            silenced(order, facts)
        }
        None => remains(facts),
    };
    story["answer"] = json!(answer);
    let named = facts
        .iter()
        .all(|fact| fact.alarm.is_none() || fact.message.is_some());
    if ordered.is_none()
        && named
        && let Some(message) = facts.iter().rev().find_map(|fact| fact.message)
    {
        story["message"] = json!(message.to_string());
    }
    Some(story)
}

/// A silence in a sentence.
fn silenced(order: &Fact, facts: &[Fact]) -> String {
    let by = order.by.as_deref().unwrap_or("somebody");
    let kept = facts
        .iter()
        .filter(|fact| fact.what == What::Suppressed)
        .count();
    let plural = if kept == 1 { "" } else { "s" };
    let mut text = format!(
        "{by} ordered it at {}: {}. {kept} notification{plural} told nobody because of it.",
        order.at, order.detail
    );
    if let Some(end) = facts.iter().find(|fact| fact.what == What::Unsilence) {
        let by = end.by.as_deref().unwrap_or("somebody");
        text.push_str(&format!(" {by} ended it at {}.", end.at));
    }
    text
}

fn remains(facts: &[Fact]) -> String {
    let count = |what| facts.iter().filter(|fact| fact.what == what).count();
    let arrived = facts.iter().filter(|fact| {
        fact.what == What::Receipt && matches!(fact.kind.as_deref(), Some("delivered" | "read"))
    });
    format!(
        "The messages themselves are past storage.retention; the audit trail has: {} records stored, {} decisions to \
         speak, {} suppressed, {} attempts to send, {} receipts of arrival.",
        count(What::Stored),
        count(What::Decided),
        count(What::Suppressed),
        count(What::Attempt),
        arrived.count(),
    )
}

/// What lies before everything else that is told.
pub(super) fn before(facts: &[Fact], dossier: &Dossier) -> Vec<Value> {
    let records = dossier.entries.iter().map(|told| told.entry.at);
    let said = dossier.notifications.iter().map(|said| said.at);
    let Some(first) = records.chain(said).min() else {
        return Vec::new();
    };
    let facts = facts.iter().filter(|fact| fact.at < first);
    facts.map(Fact::to_json).collect()
}

/// A fact, as [`Fact::to_json`] writes it, in a line for people.
#[must_use]
pub fn line(fact: &Value) -> String {
    let text = |key: &str| fact.get(key).and_then(Value::as_str).unwrap_or_default();
    let list = |key: &str| -> String {
        let items = fact.get(key).and_then(Value::as_array);
        let items: Vec<&str> = items
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        items.join(", ")
    };
    let mut line = format!("{}  {}", text("at"), text("what"));
    let mut add = |before: &str, said: &str| {
        if !said.is_empty() {
            line.push_str(before);
            line.push_str(said);
        }
    };
    add(" ", text("kind"));
    add(" alarm ", text("alarm"));
    add(" rule ", text("rule"));
    add(" message ", &list("messages"));
    add(" to ", &list("contacts"));
    // `silence s17`, `unsilence s17`, but `suppressed raised … silence s17`.
    let names_it = text("what").ends_with("silence");
    add(if names_it { " " } else { " silence " }, text("silence"));
    let code = fact.get("code").map(Value::to_string);
    add(" error ", &code.unwrap_or_default());
    add(": ", text("detail"));
    let by = text("by");
    if !by.is_empty() {
        line.push_str(&format!(" ({by})"));
    }
    line
}
