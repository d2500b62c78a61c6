//! Alertmanager and Grafana: what they would post, on standard input.

use serde_json::Value;

use crate::ingest::{read_alerts, read_grafana, read_webhook};
use crate::model::{Labels, Time};

use super::spelling::spell;
use super::system::{Taken, Wrong};

/// Lines for the socket. The body is a list as Prometheus posts it, or the object of a webhook, which
/// is Grafana's when it has Grafana's `orgId`.
///
/// # Errors
/// It is none of these.
pub(super) fn read(body: &str, now: Time) -> Result<Taken, Wrong> {
    let wrong = |error: String| Wrong::Data(error);
    let whole: Value =
        serde_json::from_str(body).map_err(|error| wrong(format!("no JSON: {error}")))?;
    let read = match &whole {
        Value::Array(_) => read_alerts,
        Value::Object(object) if object.contains_key("orgId") => read_grafana,
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            read_webhook
        }
    };
    let body = read(body.as_bytes(), &Labels::default(), now).map_err(wrong)?;
    let mut taken = Taken::default();
    for (place, one) in body.records.into_iter().enumerate() {
        match one.record {
            Ok(record) => taken.lines.push(spell(&record).to_string()),
            Err(error) => taken.faults.push(format!("alert {}: {error}", place + 1)),
        }
        taken.faults.extend(one.notes);
    }
    Ok(taken)
}
