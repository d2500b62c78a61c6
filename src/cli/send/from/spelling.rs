//! A record as the socket reads it.

use serde_json::{Map, Value, json};

use crate::model::AlarmRecord;

/// The JSON object of a record: texts that are empty are left out.
pub(super) fn spell(record: &AlarmRecord) -> Value {
    let mut object = Map::new();
    for (name, text) in [
        ("id", &record.id),
        ("element", &record.element),
        ("parameter", &record.parameter),
        ("index", &record.index),
        ("value", &record.value),
        ("source", &record.source),
    ] {
        if !text.is_empty() {
            object.insert(name.to_owned(), json!(text));
        }
    }
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("severity", json!(record.severity.name()));
    put("status", json!(record.status.name()));
    put("time", json!(record.time.to_string()));
    if record.repeats {
        put("repeats", json!(true));
    }
    if let Some(until) = record.until {
        put("until", json!(until.to_string()));
    }
    let properties: Map<String, Value> = record
        .properties
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    put("properties", Value::Object(properties));
    Value::Object(object)
}
