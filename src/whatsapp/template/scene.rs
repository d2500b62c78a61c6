//! What parameters can speak of: `contact`, `alarm`, `bucket`, `digest`, `rule` and `notification`.

use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use minijinja::context;
use minijinja::value::{Enumerator, Object, Value};

use crate::model::{
    AlarmRecord, AlarmRef, AlarmType, BucketView, Contact, DigestView, Kind, Notification,
    Properties, Severity, SeverityRange, Status, Time, UserStatus,
};

/// How times print for contacts who have no zone of their own.
#[derive(Debug, Clone)]
pub struct Display {
    /// The zone.
    pub timezone: TimeZone,
    /// `strftime` directives, as [`check_time_format`] takes them.
    pub time_format: String,
}

/// Everything one message is rendered from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What is said.
    pub notification: &'a Notification,
    /// To whom. The number is not among the variables.
    pub contact: &'a Contact,
    /// How times print.
    pub display: &'a Display,
    /// An earlier attempt may already have told this.
    pub repeat: bool,
}

/// The longest text that a time may print as, in bytes.
const MAX_TIME_BYTES: usize = 100;

/// Whether `format` prints a time: `strftime` directives, at most 100 bytes when printed.
///
/// # Errors
/// A lowercase fragment that says what is wrong.
pub fn check_time_format(format: &str) -> Result<(), String> {
    let at = Time::from_ms(0).timestamp().to_zoned(TimeZone::UTC);
    match strtime::format(format, &at) {
        Ok(text) if text.trim().is_empty() => {
            Err("prints nothing; write for example \"%Y-%m-%d %H:%M:%S\"".to_owned())
        }
        Ok(text) if text.len() > MAX_TIME_BYTES => {
            Err(format!("prints more than {MAX_TIME_BYTES} bytes"))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(format!("is not a time format: {error}")),
    }
}

impl Scene<'_> {
    /// The variables, as minijinja sees them.
    pub(super) fn variables(&self) -> Value {
        let clock = Clock::of(self.contact, self.display);
        let notification = self.notification;
        context! {
            contact => person(
                self.contact.id.as_str(),
                &self.contact.name,
                &self.contact.groups,
                self.contact.language.as_deref(),
            ),
            alarm => alarm(&notification.alarm, &clock),
            bucket => bucket(&notification.view, notification.at, &clock),
            digest => digest(notification.digest.as_ref(), &clock),
            rule => rule(
                notification.rule.as_str(),
                &notification.rule_name,
                &notification.rule_description,
            ),
            notification => decision(
                notification.kind,
                &notification.reason,
                &clock.print(notification.at),
                self.repeat,
                &notification.bucket,
            ),
        }
    }
}

/// A scene in which every variable has a value: what templates are tried against when they load.
pub(super) fn sample() -> Value {
    let clock = Clock {
        zone: &TimeZone::UTC,
        format: "%Y-%m-%d %H:%M:%S",
    };
    let mut properties = Properties::default();
    properties.insert("Site", "HQ");
    let record = AlarmRecord {
        id: "4711".into(),
        element: "London encoder 3".into(),
        element_id: Some("7/59".into()),
        parameter: "Input bitrate".into(),
        parameter_id: Some("1203".into()),
        index: "Port 2".into(),
        value: "1.2 Mbps".into(),
        severity: Severity::Critical,
        severity_range: Some(SeverityRange::Low),
        kind: Some(AlarmType::NewAlarm),
        status: Status::Open,
        // 2026-11-20 14:02:00 UTC
        time: Time::from_ms(1_795_183_320_000),
        owner: "System".into(),
        user_status: Some(UserStatus::NotAssigned),
        source: "DataMiner System".into(),
        comment: "checked".into(),
        services: vec!["Channel 5".into()],
        views: vec!["London".into()],
        properties,
        partial: true,
        repeats: false,
        until: None,
    };
    let view = BucketView {
        key: "London".into(),
        count: 1,
        highest: Severity::Critical,
        first: record.time,
        last: record.time,
        since: Some(record.time),
        alarms: vec![AlarmRef::from(&record)],
    };
    let whole = DigestView {
        count: 37,
        part: 1,
        parts: 2,
        headline: "37 alarms: 37 Critical · London encoder 3 (37) · 10:00".into(),
        list: "Critical: 10:00 London encoder 3, Input bitrate Port 2: 1.2 Mbps".into(),
        top: "London encoder 3 (37)".into(),
        severities: "37 Critical".into(),
        first: record.time,
        last: record.time,
    };
    context! {
        digest => digest(Some(&whole), &clock),
        bucket => bucket(&view, record.time + Duration::from_secs(4_320), &clock),
        contact => person("noc", "NOC desk", &["noc".to_owned()], Some("en_US")),
        alarm => alarm(&record, &clock),
        rule => rule("critical", "Critical alarms", "Everything critical"),
        notification => decision(Kind::Raised, "new alarm", &clock.print(record.time), true, "4711"),
    }
}

/// A zone and a format.
pub(super) struct Clock<'a> {
    pub(super) zone: &'a TimeZone,
    format: &'a str,
}

impl<'a> Clock<'a> {
    /// As times print for `contact`.
    pub(super) fn of(contact: &'a Contact, display: &'a Display) -> Self {
        Self {
            zone: contact.timezone.as_ref().unwrap_or(&display.timezone),
            format: &display.time_format,
        }
    }

    /// `at` in that zone and format; RFC 3339 where the format cannot print it.
    fn print(&self, at: Time) -> String {
        let zoned = at.timestamp().to_zoned(self.zone.clone());
        strtime::format(self.format, &zoned).unwrap_or_else(|_| at.to_string())
    }
}

/// A word that klaxond itself uses: marked, so that it prints as the language of the template has it
/// and still compares as it is written here.
fn word(text: &str) -> Value {
    Value::from_safe_string(text.to_owned())
}

fn person(id: &str, name: &str, groups: &[String], language: Option<&str>) -> Value {
    context! { id, name, groups => groups.to_vec(), language => language.unwrap_or_default() }
}

fn rule(id: &str, name: &str, description: &str) -> Value {
    context! { id, name, description }
}

fn decision(kind: Kind, reason: &str, at: &str, repeat: bool, bucket: &str) -> Value {
    context! { kind => word(kind.name()), reason => word(reason), at, repeat, bucket }
}

fn alarm(record: &AlarmRecord, clock: &Clock<'_>) -> Value {
    context! {
        id => record.id.as_str(),
        element => record.element.as_str(),
        element_id => record.element_id.as_deref().unwrap_or_default(),
        parameter => record.parameter.as_str(),
        parameter_id => record.parameter_id.as_deref().unwrap_or_default(),
        index => record.index.as_str(),
        value => record.value.as_str(),
        severity => word(record.severity.name()),
        severity_range => word(record.severity_range.map_or("", SeverityRange::name)),
        type => word(record.kind.map_or("", AlarmType::name)),
        status => word(record.status.name()),
        time => clock.print(record.time),
        owner => record.owner.as_str(),
        user_status => word(record.user_status.map_or("", UserStatus::name)),
        source => record.source.as_str(),
        comment => record.comment.as_str(),
        services => record.services.clone(),
        views => record.views.clone(),
        properties => Value::from_object(Bag(record.properties.clone())),
        partial => record.partial,
    }
}

/// The bucket; it has lasted since it was raised, or since its first alarm when it was not.
fn bucket(view: &BucketView, at: Time, clock: &Clock<'_>) -> Value {
    let alarms: Vec<Value> = view
        .alarms
        .iter()
        .map(|alarm| {
            context! {
                id => alarm.id.as_str(),
                element => alarm.element.as_str(),
                parameter => alarm.parameter.as_str(),
                index => alarm.index.as_str(),
                value => alarm.value.as_str(),
                severity => word(alarm.severity.name()),
                time => clock.print(alarm.time),
            }
        })
        .collect();
    context! {
        count => view.count,
        key => view.key.as_str(),
        highest => word(view.highest.name()),
        first => clock.print(view.first),
        last => clock.print(view.last),
        duration => lasted(at.since(view.since.unwrap_or(view.first))),
        alarms,
    }
}

/// What a part of a digest says; empty in every other message.
fn digest(view: Option<&DigestView>, clock: &Clock<'_>) -> Value {
    let time =
        |at: fn(&DigestView) -> Time| view.map_or_else(String::new, |view| clock.print(at(view)));
    let text = |of: fn(&DigestView) -> &String| view.map_or("", |view| of(view).as_str());
    context! {
        count => view.map_or(0, |view| view.count),
        part => view.map_or(0, |view| view.part),
        parts => view.map_or(0, |view| view.parts),
        headline => text(|view| &view.headline),
        list => text(|view| &view.list),
        top => text(|view| &view.top),
        severities => text(|view| &view.severities),
        first => time(|view| view.first),
        last => time(|view| view.last),
    }
}

/// A span of time in its two largest units, cut: `1 h 12 min`, `45 s`.
fn lasted(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let largest = units.iter().position(|(amount, _)| *amount > 0);
    let words: Vec<String> = units
        .iter()
        .skip(largest.unwrap_or(units.len() - 1))
        .take(2)
        .enumerate()
        .filter(|(place, (amount, _))| *place == 0 || *amount > 0)
        .map(|(_, (amount, unit))| format!("{amount} {unit}"))
        .collect();
    words.join(" ")
}

/// Properties: found in any case and without their prefix; one that is not there is empty.
#[derive(Debug)]
struct Bag(Properties);

impl Object for Bag {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(Value::from(self.0.get(key.as_str()?).unwrap_or_default()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(name)).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_time_format_prints_something_and_not_too_much() {
        assert_eq!(check_time_format("%Y-%m-%d %H:%M:%S %Z"), Ok(()));
        assert!(check_time_format("%!").unwrap_err().starts_with("is not"));
        assert!(check_time_format(" ").unwrap_err().contains("nothing"));
        assert!(
            check_time_format(&"%Y".repeat(40))
                .unwrap_err()
                .contains("100 bytes")
        );
    }

    #[test]
    fn a_span_reads_in_its_two_largest_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (45, "45 s"),
            (60, "1 min"),
            (61, "1 min 1 s"),
            (4_320, "1 h 12 min"),
            (3_605, "1 h"),
            (90_000, "1 d 1 h"),
            (864_000, "10 d"),
        ] {
            assert_eq!(lasted(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_sample_leaves_no_variable_empty() {
        let sample = sample();
        for group in [
            "contact",
            "alarm",
            "bucket",
            "digest",
            "rule",
            "notification",
        ] {
            let group = sample.get_attr(group).unwrap();
            for name in group.try_iter().unwrap() {
                assert!(group.get_item(&name).unwrap().is_true(), "{name} is empty");
            }
        }
    }
}
