//! Alertmanager's bodies to records: what Prometheus posts to `/api/v2/alerts`, and what Alertmanager
//! posts to a webhook (version 4).
//!
//! Facts: `api/v2/openapi.yaml` (postableAlerts), `notify/webhook/webhook.go`, `template/template.go`
//! (Data) of prometheus/alertmanager. Times without a value are Go's zero time, the year 1.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::{AlarmRecord, Labels, Time};

use super::body::Body;
use super::codec::Parsed;
use super::json::placed;
use super::labels::Alert;
use super::pairs::Pairs;
use super::time::read_rfc3339;

/// Most alerts of one body.
const MAX_ALERTS: usize = 16_384;

/// Who an alert is from when its labels do not say.
const PROMETHEUS: &str = "prometheus";
const ALERTMANAGER: &str = "alertmanager";

/// An alert of a list or of a webhook; unknown keys are left alone.
#[derive(Deserialize)]
pub(super) struct Sent<'a> {
    #[serde(borrow, default)]
    pub(super) labels: Pairs<'a>,
    #[serde(borrow, default)]
    pub(super) annotations: Pairs<'a>,
    #[serde(borrow, default, rename = "startsAt")]
    pub(super) starts_at: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "endsAt")]
    pub(super) ends_at: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "generatorURL")]
    pub(super) generator: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) status: Option<Cow<'a, str>>,
}

/// What Alertmanager posts to a webhook; unknown keys are left alone.
#[derive(Deserialize)]
struct Webhook<'a> {
    #[serde(borrow)]
    alerts: Vec<&'a RawValue>,
    #[serde(default, rename = "truncatedAlerts")]
    truncated: u64,
}

/// Reads what Prometheus posts to `/api/v2/alerts`: a list of alerts. One that is wrong costs only
/// itself.
///
/// # Errors
/// It is no list, or holds too many; the text says what was expected.
pub fn read_alerts(body: &[u8], mapping: &Labels, arrival: Time) -> Result<Body, String> {
    let alerts: Vec<&RawValue> = serde_json::from_slice(body).map_err(|fault| placed(&fault))?;
    let records = bounded(alerts)?.map(|alert| {
        let record = Sent::read(alert).and_then(|sent| {
            let (starts, ends) = (sent.starts()?, sent.ends()?);
            let ends = ends.unwrap_or(arrival + mapping.resolve_timeout);
            let is_over = ends <= arrival;
            sent.record(mapping, PROMETHEUS, arrival, (starts, Some(ends), is_over))
        });
        parsed(record)
    });
    Ok(Body {
        records: records.collect(),
        many: true,
    })
}

/// Reads what Alertmanager posts to a webhook. A firing alert has no end, and lasts until it is
/// resolved.
///
/// # Errors
/// It is no such object, or holds too many alerts; the text says what was expected.
pub fn read_webhook(body: &[u8], mapping: &Labels, arrival: Time) -> Result<Body, String> {
    let webhook: Webhook<'_> = serde_json::from_slice(body).map_err(|fault| placed(&fault))?;
    let mut records: Vec<Parsed> = bounded(webhook.alerts)?
        .map(|alert| {
            parsed(
                Sent::read(alert).and_then(|sent| sent.of_webhook(mapping, ALERTMANAGER, arrival)),
            )
        })
        .collect();
    note_truncated(&mut records, webhook.truncated);
    Ok(Body {
        records,
        many: true,
    })
}

impl<'a> Sent<'a> {
    pub(super) fn read(alert: &'a RawValue) -> Result<Self, String> {
        serde_json::from_str(alert.get()).map_err(|fault| placed(&fault))
    }

    pub(super) fn of_webhook(
        self,
        mapping: &Labels,
        system: &str,
        arrival: Time,
    ) -> Result<AlarmRecord, String> {
        let is_over = match self.status.as_deref() {
            Some("resolved") => true,
            Some("firing") => false,
            Some(_) | None => self.ends()?.is_some_and(|ends| ends <= arrival),
        };
        // Some senders put an end far away on what fires: only the end of what is over is one.
        let ends = self.ends()?.filter(|_| is_over);
        let starts = self.starts()?;
        self.record(mapping, system, arrival, (starts, ends, is_over))
    }

    fn record(
        self,
        mapping: &Labels,
        system: &str,
        arrival: Time,
        (starts, ends, is_over): (Option<Time>, Option<Time>, bool),
    ) -> Result<AlarmRecord, String> {
        let alert = Alert {
            labels: self.labels,
            annotations: self.annotations,
            starts,
            is_over,
            ends,
            generator: self.generator,
        };
        alert.record(mapping, system, arrival)
    }

    fn starts(&self) -> Result<Option<Time>, String> {
        moment("startsAt", self.starts_at.as_deref())
    }

    fn ends(&self) -> Result<Option<Time>, String> {
        moment("endsAt", self.ends_at.as_deref())
    }
}

/// A time that was given and is not Go's zero.
fn moment(name: &str, text: Option<&str>) -> Result<Option<Time>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    // No clock that runs shows a time before 1970.
    let read = read_rfc3339(text).or_else(|| text.starts_with("0001-").then(Time::default));
    let read = read.ok_or_else(|| {
        let text = super::notes::quoted(text);
        format!("`{name}` is {text}; expected RFC 3339, such as 2026-11-22T10:15:00Z")
    })?;
    Ok(Some(read).filter(|time| time.as_ms() > 0))
}

pub(super) fn bounded(alerts: Vec<&RawValue>) -> Result<impl Iterator<Item = &RawValue>, String> {
    if alerts.len() > MAX_ALERTS {
        return Err(format!(
            "more than {MAX_ALERTS} alerts; send them in several requests"
        ));
    }
    Ok(alerts.into_iter())
}

pub(super) fn parsed(record: Result<AlarmRecord, String>) -> Parsed {
    Parsed {
        record,
        notes: Vec::new(),
    }
}

/// Says on the last alert that there were more, which the sender left out.
pub(super) fn note_truncated(records: &mut [Parsed], truncated: u64) {
    if truncated == 0 {
        return;
    }
    if let Some(last) = records.last_mut() {
        last.notes.push(format!(
            "{truncated} more alerts were left out by the sender: raise its max_alerts"
        ));
    }
}
