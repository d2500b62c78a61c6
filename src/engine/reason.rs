//! Why a rule speaks, in words.

use std::time::Duration;

use crate::model::{AlarmRecord, SeverityRange, Status};

use super::rule::{Rule, Trigger};
use super::tree::Tree;

/// Why a bucket is raised.
pub(super) fn raised(rule: &Rule) -> String {
    let mut reason = match &rule.filter {
        Some(filter) => format!("matches {filter}"),
        None => "the rule takes every record".to_owned(),
    };
    if let Some(condition) = &rule.condition {
        reason.push_str(&format!("; {condition} holds"));
    }
    match rule.trigger {
        Trigger::Immediate => {}
        Trigger::Persist(lasted) => reason.push_str(&format!(" for {}", span(lasted))),
        Trigger::Collect(gathered) => {
            reason.push_str(&format!("; collected for {}", span(gathered)));
        }
        Trigger::Times {
            times,
            within,
            persist,
        } => {
            reason.push_str(&format!("; {times} times within {}", span(within)));
            if !persist.is_zero() {
                reason.push_str(&format!(" for {}", span(persist)));
            }
        }
    }
    reason
}

/// Why an alarm left a bucket with a record.
pub(super) fn left(record: &AlarmRecord) -> String {
    if record.ends() {
        "cleared".to_owned()
    } else if record.status == Status::Masked {
        "masked".to_owned()
    } else {
        format!("no longer matches (now {})", record.severity)
    }
}

/// What changed inside an alarm, if it is something that an update tells.
pub(super) fn changed(before: &Tree, record: &AlarmRecord) -> Option<String> {
    if before.severity != record.severity {
        return Some(format!(
            "severity is {}, was {}",
            record.severity, before.severity
        ));
    }
    if before.range != record.severity_range {
        let range = record
            .severity_range
            .map_or("not given", SeverityRange::name);
        return Some(format!("severity range is {range}"));
    }
    if before.record.unpack().value != record.value {
        return Some(format!("value is {}", record.value));
    }
    // Whoever repeats alarms sends a record that differs in something for that alone.
    (record.repeats && !before.says(record)).then(|| "its details changed".to_owned())
}

/// A span as people write it: `1h 30m`.
pub(super) fn span(span: Duration) -> String {
    let ms = span.as_millis();
    let units = [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];
    let mut left = ms;
    let mut parts = Vec::new();
    for (unit, size) in units {
        if left >= size {
            parts.push(format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}
