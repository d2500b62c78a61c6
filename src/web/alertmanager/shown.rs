//! An open alarm as Alertmanager shows an alert.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{AlarmRecord, Labels, Properties, Severity, Status, Time};

use super::silence_id;

/// Who gets an alarm that no rule has raised.
pub(super) const NOBODY: &str = "klaxond";

/// Go's time without a value: the alarm lasts until it is cleared.
const NO_TIME: &str = "0001-01-01T00:00:00.000Z";

/// An open alarm as the daemon tells of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    id: String,
    element: String,
    parameter: Option<String>,
    index: Option<String>,
    value: Option<String>,
    severity: String,
    begun: Option<String>,
    seen: Option<String>,
    source: Option<String>,
    properties: Option<BTreeMap<String, String>>,
    raised: Vec<String>,
    silenced: Vec<String>,
    until: Option<String>,
}

/// An alert as Alertmanager shows it (`gettableAlert`).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    #[serde(serialize_with = "as_map")]
    annotations: Vec<(String, String)>,
    ends_at: String,
    fingerprint: String,
    #[serde(serialize_with = "as_names")]
    pub(super) receivers: Vec<String>,
    starts_at: String,
    status: Value,
    updated_at: String,
    #[serde(rename = "generatorURL")]
    generator: String,
    #[serde(serialize_with = "as_map")]
    pub(super) labels: Vec<(String, String)>,
    #[serde(skip)]
    pub(super) is_silenced: bool,
}

/// The alerts of the daemon's answer.
pub(super) fn alerts(answer: Value, labels: &Labels) -> Vec<Alert> {
    let Value::Object(mut answer) = answer else {
        return Vec::new();
    };
    let told = match answer.remove("alarms") {
        Some(Value::Array(told)) => told,
        _ => Vec::new(),
    };
    told.into_iter()
        .filter_map(|alarm| match serde_json::from_value::<Told>(alarm) {
            Ok(told) => Some(Alert::of(told, labels)),
            Err(error) => {
                tracing::error!(%error, "an alarm cannot be shown; this is a fault in klaxond");
                None
            }
        })
        .collect()
}

impl Alert {
    fn of(told: Told, labels: &Labels) -> Self {
        let mut properties = Properties::default();
        for (name, value) in told.properties.unwrap_or_default() {
            properties.insert(name, value);
        }
        let generator = properties.get(Labels::GENERATOR).unwrap_or_default();
        let generator = generator.to_owned();
        let record = AlarmRecord {
            id: told.id,
            element: told.element,
            element_id: None,
            parameter: told.parameter.unwrap_or_default(),
            parameter_id: None,
            index: told.index.unwrap_or_default(),
            value: told.value.unwrap_or_default(),
            severity: Severity::from_name(&told.severity).unwrap_or(Severity::Undefined),
            severity_range: None,
            kind: None,
            status: Status::Open,
            time: Time::default(),
            owner: String::new(),
            user_status: None,
            source: told.source.unwrap_or_default(),
            comment: String::new(),
            services: Vec::new(),
            views: Vec::new(),
            properties,
            partial: false,
            repeats: false,
            until: None,
        };
        let silenced_by: Vec<String> = told
            .silenced
            .iter()
            .filter_map(|id| silence_id::convert(id))
            .collect();
        let is_silenced = !silenced_by.is_empty();
        let state = if is_silenced { "suppressed" } else { "active" };
        let receivers = if told.raised.is_empty() {
            vec![NOBODY.to_owned()]
        } else {
            told.raised
        };
        let time = |text: Option<String>| text.unwrap_or_else(|| NO_TIME.to_owned());
        Self {
            annotations: labels.annotations_of(&record),
            labels: labels.labels_of(&record),
            ends_at: time(told.until),
            receivers,
            starts_at: time(told.begun),
            status: json!({
                "inhibitedBy": [],
                "mutedBy": [],
                "silencedBy": silenced_by,
                "state": state,
            }),
            updated_at: time(told.seen),
            generator,
            fingerprint: record.id,
            is_silenced,
        }
    }

    /// The value of a label.
    pub(super) fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

fn as_map<S: serde::Serializer>(
    pairs: &[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

fn as_names<S: serde::Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter().map(|name| json!({ "name": name })))
}
