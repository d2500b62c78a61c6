//! What Grafana posts to a webhook: Alertmanager's shape with fields of its own.
//!
//! Facts: Grafana's "Configure webhook notifications": each alert has `values` (numbers by the name
//! of their query) and `valueString`, and links to its dashboard, panel and a silence; the body has
//! `title`, `message`, `state` and `orgId`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{AlarmRecord, Labels, Time};

use super::alertmanager::{Sent, bounded, note_truncated, parsed};
use super::body::Body;
use super::codec::Parsed;
use super::json::placed;
use super::notes::clean;
use super::pairs::Pairs;

/// Who an alert is from when its labels do not say.
const GRAFANA: &str = "grafana";

#[derive(Deserialize)]
struct Webhook<'a> {
    #[serde(borrow)]
    alerts: Vec<&'a RawValue>,
    #[serde(default, rename = "truncatedAlerts")]
    truncated: u64,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

/// What an alert has besides Alertmanager's fields.
#[derive(Deserialize)]
struct Extra<'a> {
    #[serde(borrow, default)]
    values: Pairs<'a>,
    #[serde(borrow, default, rename = "valueString")]
    value_string: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "dashboardURL")]
    dashboard: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "panelURL")]
    panel: Option<Cow<'a, str>>,
}

/// Reads what Grafana posts to a webhook. The value of an alert that has no summary is what Grafana
/// measured, else its message.
///
/// # Errors
/// It is no such object, or holds too many alerts; the text says what was expected.
pub fn read_grafana(body: &[u8], mapping: &Labels, arrival: Time) -> Result<Body, String> {
    let webhook: Webhook<'_> = serde_json::from_slice(body).map_err(|fault| placed(&fault))?;
    let message = webhook.message.as_deref().unwrap_or_default();
    let mut records: Vec<Parsed> = bounded(webhook.alerts)?
        .map(|alert| parsed(one(alert, mapping, message, arrival)))
        .collect();
    note_truncated(&mut records, webhook.truncated);
    Ok(Body {
        records,
        many: true,
    })
}

fn one(
    alert: &RawValue,
    mapping: &Labels,
    message: &str,
    arrival: Time,
) -> Result<AlarmRecord, String> {
    let sent = Sent::read(alert)?;
    let extra: Extra<'_> = serde_json::from_str(alert.get()).map_err(|fault| placed(&fault))?;
    let mut record = sent.of_webhook(mapping, GRAFANA, arrival)?;
    let measured: Vec<String> = extra
        .values
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if record.value.is_empty() {
        let value_string = extra.value_string.as_deref().unwrap_or_default();
        let found = [measured.join(" ").as_str(), value_string, message]
            .into_iter()
            .find(|text| !text.trim().is_empty())
            .map(|text| clean(text.into()));
        record.value = found.unwrap_or_default();
    }
    let links = [
        ("dashboardURL", extra.dashboard),
        ("panelURL", extra.panel),
        ("values", Some(measured.join(" ").into())),
    ];
    for (name, text) in links {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            let name = format!("{}{name}", Labels::ANNOTATION);
            record.properties.insert(name, clean(text));
        }
    }
    Ok(record)
}
