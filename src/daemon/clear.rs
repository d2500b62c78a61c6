//! Ending alarms by hand, for the control socket.

use serde_json::{Value, json};

use super::controls::Controls;

/// Ends the open alarms of the root id `id`; says which they were.
pub(super) async fn answer(controls: &Controls, id: &str, by: &str) -> Result<Value, Value> {
    match controls.close_by_hand(id, by).await {
        Ok(closed) => {
            tracing::info!(alarm.id = id, by, closed = closed.len(), "closed by hand");
            let closed = closed.iter().map(|record| {
                json!({
                    "id": record.id,
                    "element": record.element,
                    "parameter": record.parameter,
                    "index": record.index,
                    "severity": record.severity.name(),
                    "value": record.value,
                    "time": record.time.to_string(),
                })
            });
            Ok(json!({ "closed": closed.collect::<Vec<_>>() }))
        }
        Err(error) => {
            tracing::error!(%error, alarm.id = id, "an alarm could not be closed by hand");
            Err(json!({ "error": format!("nothing was closed: {error}") }))
        }
    }
}
