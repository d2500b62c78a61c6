//! What filters cost. Limits: 200 ns for [`two_comparisons`], 10 µs for [`hundred_rules`].
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may stop where it fails"
)]

use divan::{Bencher, black_box};
use klaxond::engine::filter::{Filter, Named};
use klaxond::model::{AlarmRecord, AlarmType, Properties, Severity, Status, Time};

const TWO_COMPARISONS: &str = r#"severity >= major and element like "London*""#;

/// Filters of many kinds that look at all of a record before they refuse it.
const KINDS: [&str; 10] = [
    TWO_COMPARISONS,
    "severity = critical and status = open and element = \"Encoder {n}\"",
    "severity >= major and element like \"*encoder?{n}*main\"",
    "element ~ \"london.*encoder {n}\" and severity >= minor",
    "parameter contains \"packet loss {n}\"",
    "property.Site in [\"HQ\", \"DR\", \"Site {n}\"] and severity >= warning",
    "value > {n}000",
    "view = \"View {n}\" or service like \"Service {n}*\"",
    "type in [new_alarm, escalated] and not (element contains \"test\" or owner = \"anna\") and id = \"{n}\"",
    "(element like \"Paris*\" or element like \"Rome*\" or parameter = \"Fan {n}\") and severity >= major",
];

fn record() -> AlarmRecord {
    let mut properties = Properties::default();
    for (name, value) in [
        ("Region", "South"),
        ("Cabinet", "A 12"),
        ("Site", "Barcelona"),
    ] {
        properties.insert(name, value);
    }
    AlarmRecord {
        id: "1089334".into(),
        element: "London West encoder 7 backup".into(),
        element_id: Some("7/59".into()),
        parameter: "Transport stream continuity errors".into(),
        parameter_id: Some("102".into()),
        index: "ETH 1".into(),
        value: "12.5 dB".into(),
        severity: Severity::Critical,
        severity_range: None,
        kind: Some(AlarmType::NewAlarm),
        status: Status::Open,
        time: Time::from_ms(0),
        owner: String::new(),
        user_status: None,
        source: "DataMiner System".into(),
        comment: String::new(),
        services: vec!["BBC One".into(), "Channel 4".into()],
        views: vec!["Europe".into(), "Headends".into()],
        properties,
        partial: false,
        repeats: false,
        until: None,
    }
}

fn hundred() -> Vec<Filter> {
    let texts = (0..100).map(|n| KINDS[n % KINDS.len()].replace("{n}", &n.to_string()));
    texts
        .map(|text| Filter::parse(&text, &Named::default()).unwrap())
        .collect()
}

#[divan::bench(args = ["London West", "Paris"])]
fn two_comparisons(bencher: Bencher<'_, '_>, element: &str) {
    let filter = Filter::parse(TWO_COMPARISONS, &Named::default()).unwrap();
    let mut record = record();
    record.element = element.into();
    assert_eq!(filter.matches(&record), element != "Paris");
    bencher.bench(|| black_box(&filter).matches(black_box(&record)));
}

#[divan::bench(args = ["London West encoder 7 backup", "Köln Süd encoder 7 backup"])]
fn hundred_rules(bencher: Bencher<'_, '_>, element: &str) {
    let filters = hundred();
    let mut record = record();
    record.element = element.into();
    bencher.bench(|| {
        let record = black_box(&record);
        filters
            .iter()
            .filter(|filter| filter.matches(record))
            .count()
    });
}

/// One filter of each kind.
#[divan::bench(args = KINDS)]
fn each_kind(bencher: Bencher<'_, '_>, text: &str) {
    let filter = Filter::parse(&text.replace("{n}", "42"), &Named::default()).unwrap();
    let record = record();
    bencher.bench(|| black_box(&filter).matches(black_box(&record)));
}

#[divan::bench]
fn parse() -> Filter {
    Filter::parse(black_box(TWO_COMPARISONS), &Named::default()).unwrap()
}

fn main() {
    divan::main();
}
