//! How things stand, for the control socket.

use serde_json::{Value, json};

use crate::model::MessageState;
use crate::pipeline::receipts::Counts;
use crate::pipeline::{Crowding, Desk};
use crate::store::Outbox;

/// Messages by state, holds, what is under way, what the rules hold and had no room for.
pub(super) async fn report(desk: &Desk, outbox: &Outbox, crowding: &Crowding) -> Value {
    let (waiting, in_flight, holds) = desk.with(|dispatcher| {
        (
            dispatcher.waiting(),
            dispatcher.in_flight(),
            dispatcher.holds(),
        )
    });
    let holds: Vec<Value> = holds
        .into_iter()
        .map(|hold| {
            json!({
                "scope": hold.key.to_string(),
                "reason": hold.reason,
                "since": hold.since.to_string(),
                "waiting": hold.waiting,
            })
        })
        .collect();
    let messages = match outbox.tally().await {
        Ok(tally) => MessageState::ALL
            .into_iter()
            .map(|state| (state.name(), json!(tally.count(state))))
            .collect(),
        Err(error) => json!({"error": error.to_string()}),
    };
    let left_out = crowding.left_out.iter();
    let left_out: Value = left_out
        .map(|(rule, count)| (rule.to_string(), json!(count)))
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "waiting": waiting,
        "in_flight": in_flight,
        "holds": holds,
        "messages": messages,
        "correlation": {
            "alarms": crowding.alarms,
            "forgotten_for_room": crowding.forgotten,
            "left_out": left_out,
        },
    })
}

/// What Meta and people sent back since the start.
pub(super) fn came_back(counts: Counts) -> Value {
    json!({
        "logged": counts.logged,
        "duplicates": counts.duplicates,
        "strays": counts.strays,
        "strangers": counts.strangers,
        "other": counts.other,
    })
}
