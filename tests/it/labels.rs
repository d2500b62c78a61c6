//! Alerts to records: what labels and annotations become, and that they come back.

use klaxond::ingest::{read_alerts, read_webhook};
use klaxond::model::{AlarmRecord, Labels, Severity, Status};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::ingest::{arrival, record};

fn at(text: &str) -> klaxond::model::Time {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

/// The record of one alert that Prometheus posts.
fn posted(alert: &Value) -> AlarmRecord {
    let body = json!([alert]).to_string();
    let mut body = read_alerts(body.as_bytes(), &Labels::default(), arrival()).unwrap();
    body.records.pop().unwrap().record.unwrap()
}

#[test]
fn labels_and_annotations_become_fields_and_properties() {
    let alert = posted(&json!({
        "labels": {
            "alertname": "DiskFull", "instance": "db1:9100", "job": "node",
            "severity": "page", "mountpoint": "/data", "empty": "",
        },
        "annotations": { "summary": "94 % full", "runbook_url": "https://noc.example/disk" },
        "startsAt": "2026-11-22T11:50:00.123Z",
        "endsAt": "2026-11-22T12:04:00Z",
        "generatorURL": "http://prometheus.example/graph",
    }));
    assert_eq!(
        (
            alert.element.as_str(),
            alert.parameter.as_str(),
            alert.value.as_str()
        ),
        ("db1:9100", "DiskFull", "94 % full")
    );
    assert_eq!(
        (alert.severity, alert.status),
        (Severity::Critical, Status::Open)
    );
    assert_eq!((alert.source.as_str(), alert.repeats), ("prometheus", true));
    assert_eq!(alert.time, at("2026-11-22T11:50:00.123Z"));
    assert_eq!(alert.until, Some(at("2026-11-22T12:04:00Z")));
    let properties: Vec<_> = alert.properties.iter().collect();
    assert_eq!(
        properties,
        [
            ("job", "node"),
            ("mountpoint", "/data"),
            ("severity", "page"),
            ("annotation.runbook_url", "https://noc.example/disk"),
            ("generatorURL", "http://prometheus.example/graph"),
        ]
    );
    assert_eq!(
        alert.properties.get("runbook_url"),
        Some("https://noc.example/disk")
    );
}

#[test]
fn an_alert_is_known_by_its_labels_as_alertmanager_knows_it() {
    // From the tests of prometheus/common, model/signature_test.go.
    let alert = posted(&json!({
        "labels": { "name": "garland, briggs", "fear": "love is not enough" },
    }));
    assert_eq!(alert.id, format!("{:016x}", 5_799_056_148_416_392_346_u64));
    let other = posted(&json!({
        "labels": { "fear": "love is not enough", "name": "garland, briggs", "none": "" },
        "annotations": { "summary": "changes" },
    }));
    assert_eq!(other.id, alert.id);
}

#[test]
fn an_alert_that_says_no_end_lasts_for_a_while_and_one_whose_end_has_come_is_over() {
    let labels = json!({ "alertname": "A", "severity": "critical" });
    let lasting = posted(&json!({ "labels": labels }));
    assert_eq!((lasting.status, lasting.time), (Status::Open, arrival()));
    assert_eq!(lasting.until, Some(at("2026-11-22T12:05:00Z")));
    let zero = posted(&json!({ "labels": labels, "endsAt": "0001-01-01T00:00:00Z" }));
    assert_eq!(zero.until, lasting.until);
    let over = posted(&json!({
        "labels": labels, "startsAt": "2026-11-22T11:00:00Z", "endsAt": "2026-11-22T11:59:00+00:00",
    }));
    assert_eq!((over.status, over.until), (Status::Cleared, None));
    assert_eq!(
        (over.time, over.severity),
        (at("2026-11-22T11:59:00Z"), Severity::Critical)
    );
    assert_eq!(over.tree(), lasting.tree());
}

#[test]
fn the_same_again_is_the_same_but_for_its_end() {
    let alert = |ends: &str| {
        posted(&json!({
            "labels": { "alertname": "A", "instance": "a" },
            "startsAt": "2026-11-22T11:00:00Z", "endsAt": ends,
        }))
    };
    let (first, second) = (alert("2026-11-22T12:04:00Z"), alert("2026-11-22T12:05:00Z"));
    assert_ne!(first.until, second.until);
    assert_eq!(
        AlarmRecord {
            until: second.until,
            ..first
        },
        second
    );
}

#[test]
fn a_severity_that_is_not_known_is_never_a_reason_to_refuse() {
    for (word, severity) in [
        (Some("critical"), Severity::Critical),
        (Some("Warning"), Severity::Warning),
        (Some("error"), Severity::Major),
        (Some("none"), Severity::Information),
        (Some("timeout"), Severity::Timeout),
        (Some("sev-9"), Severity::Major),
        (None, Severity::Major),
    ] {
        let alert = posted(&json!({ "labels": { "alertname": "A", "severity": word } }));
        assert_eq!(alert.severity, severity, "{word:?}");
        assert_eq!(alert.status, Status::Open);
    }
}

#[test]
fn the_mapping_can_be_another() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let mapping = Labels {
        element: list(&["cluster"]),
        index: list(&["device"]),
        value: list(&["annotation.description"]),
        source: list(&["origin"]),
        severities: vec![("p1".to_owned(), Severity::Critical)],
        default_severity: Severity::Warning,
        ..Labels::default()
    };
    let body = json!([{
        "labels": { "alertname": "A", "cluster": "c1", "device": "eth0", "origin": "lab", "severity": "P1" },
        "annotations": { "summary": "s", "description": "d" },
    }, { "labels": { "alertname": "B" } }]);
    let body = read_alerts(body.to_string().as_bytes(), &mapping, arrival()).unwrap();
    let records: Vec<_> = body
        .records
        .into_iter()
        .map(|one| one.record.unwrap())
        .collect();
    let first = &records[0];
    assert_eq!(
        [&first.element, &first.index, &first.value, &first.source].map(String::as_str),
        ["c1", "eth0", "d", "lab"]
    );
    assert_eq!(
        (first.severity, records[1].severity),
        (Severity::Critical, Severity::Warning)
    );
    // Nothing names the element: it is what sends.
    assert_eq!(records[1].element, "prometheus");
}

#[test]
fn what_alertmanager_posts_to_a_webhook_lasts_until_it_is_resolved() {
    let body = json!({
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 3, "receiver": "klaxond",
        "status": "firing", "commonLabels": {}, "externalURL": "http://am", "new": {"field": 1},
        "alerts": [
            { "status": "firing", "labels": { "alertname": "A", "instance": "a" }, "annotations": {},
              "startsAt": "2026-11-22T11:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "x" },
            { "status": "resolved", "labels": { "alertname": "B", "instance": "b" },
              "startsAt": "2026-11-22T11:00:00Z", "endsAt": "2026-11-22T11:30:00Z" },
        ],
    });
    let body = read_webhook(body.to_string().as_bytes(), &Labels::default(), arrival()).unwrap();
    let notes: Vec<_> = body.records.iter().flat_map(|one| &one.notes).collect();
    assert_eq!(notes.len(), 1);
    assert!(
        notes[0].starts_with("3 more alerts were left out"),
        "{notes:?}"
    );
    let records: Vec<_> = body
        .records
        .iter()
        .map(|one| one.record.clone().unwrap())
        .collect();
    assert_eq!((records[0].status, records[0].until), (Status::Open, None));
    assert_eq!(records[1].status, Status::Cleared);
    assert!(
        records
            .iter()
            .all(|one| one.repeats && one.source == "alertmanager")
    );
}

#[test]
fn a_record_of_the_socket_can_say_that_it_is_repeated_and_until_when() {
    let line =
        r#"{"element":"a","severity":"major","repeats":true,"until":"2026-11-22T12:04:00Z"}"#;
    let record = record(line);
    assert_eq!(
        (record.repeats, record.until),
        (true, Some(at("2026-11-22T12:04:00Z")))
    );
    assert!(record.properties.is_empty());
    for wrong in [
        r#""repeats":"often""#,
        r#""repeats":2"#,
        r#""until":"soon""#,
        r#""until":7"#,
    ] {
        let line = format!(r#"{{"element":"a","severity":"major",{wrong}}}"#);
        let told = super::support::ingest::refusal(line);
        assert!(
            told.contains("`repeats`") || told.contains("`until`"),
            "{told}"
        );
    }
}

proptest! {
    /// What comes in by labels is shown with the same labels and annotations.
    #[test]
    fn labels_and_annotations_come_back_as_they_were(
        labels in proptest::collection::btree_map(
            proptest::sample::select(vec!["alertname", "instance", "host", "node", "job", "severity", "team", "zone"]),
            proptest::sample::select(vec!["a", "b", "critical", "page", "Warning", "x y"]), 1..8),
        annotations in proptest::collection::btree_map(
            proptest::sample::select(vec!["summary", "description", "runbook_url", "team"]),
            proptest::sample::select(vec!["s", "t", "long text"]), 0..4),
    ) {
        let mapping = Labels::default();
        let record = posted(&json!({ "labels": labels, "annotations": annotations }));
        let mut shown = mapping.labels_of(&record);
        if !labels.contains_key("severity") {
            // What an alert does not say is shown as it is taken.
            prop_assert!(shown.contains(&("severity".to_owned(), "major".to_owned())));
            shown.retain(|(name, _)| name != "severity");
        }
        if !["instance", "host", "node", "job"].iter().any(|name| labels.contains_key(name)) {
            prop_assert!(shown.contains(&("instance".to_owned(), "prometheus".to_owned())));
            shown.retain(|(name, _)| name != "instance");
        }
        let pairs = |map: &std::collections::BTreeMap<&str, &str>| -> Vec<(String, String)> {
            map.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        prop_assert_eq!(shown, pairs(&labels));
        prop_assert_eq!(mapping.annotations_of(&record), pairs(&annotations));
    }
}
