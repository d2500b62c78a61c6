//! What programs read beside the overview: messages of every state, what came back, the account.

use serde_json::{Value, json};

use crate::model::MessageState;
use crate::pipeline::receipts::Counts;
use crate::pipeline::{Crowding, Desk};
use crate::store::Outbox;
use crate::web::Overview;

/// The overview with all that `GET /api/v1/status` answers besides.
pub(super) fn join(overview: &Overview, beside: Value) -> Value {
    match (serde_json::to_value(overview), beside) {
        (Ok(Value::Object(mut all)), Value::Object(beside)) => {
            all.extend(beside);
            Value::Object(all)
        }
        (_, beside) => beside,
    }
}

/// Messages by state, what is under way, what the rules hold and had no room for.
pub(super) async fn report(desk: &Desk, outbox: &Outbox, crowding: &Crowding) -> Value {
    let (waiting, in_flight) =
        desk.with(|dispatcher| (dispatcher.waiting(), dispatcher.in_flight()));
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
        "waiting": waiting,
        "in_flight": in_flight,
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
