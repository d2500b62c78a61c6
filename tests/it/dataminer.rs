//! Lines to records: DataMiner's Correlation Alarm Info strings, and lines made at random.

use klaxond::ingest::{Codec, Line};
use klaxond::model::{AlarmType, Severity, SeverityRange, Status, UserStatus};
use proptest::prelude::*;

use super::support::ingest::{ARRIVAL, arrival, codec, one, record, refusal, settings};

const WHOLE: &str = "1001|7|59|350|eth0|1000|999|1|35|12|87 %|20/08/2024 12:13:32|-1|2|-1|6|16|19|ana|News;Sports, Kids|2|ALARM.Site|HQ|ELEMENT.Rack|12|META Alarm Detection";

#[test]
fn every_field_is_read() {
    let parsed = one(WHOLE);
    assert_eq!(parsed.notes, Vec::<String>::new());
    let record = parsed.record.unwrap();
    assert_eq!(record.id, "1000");
    assert_eq!(record.element, "Broadpeak BKS350");
    assert_eq!(record.element_id.as_deref(), Some("7/59"));
    assert_eq!(record.parameter, "CPU load");
    assert_eq!(record.parameter_id.as_deref(), Some("350"));
    assert_eq!(record.index, "eth0");
    assert_eq!(record.value, "87 %");
    assert_eq!(record.severity, Severity::Critical);
    assert_eq!(record.severity_range, Some(SeverityRange::High));
    assert_eq!(record.kind, Some(AlarmType::EscalatedFromWarning));
    assert_eq!(record.status, Status::Open);
    assert_eq!(record.time.to_string(), "2024-08-20T12:13:32Z");
    assert_eq!(record.owner, "ana");
    assert_eq!(record.user_status, Some(UserStatus::Acknowledged));
    assert_eq!(record.source, "DataMiner System");
    assert_eq!(record.services, ["News", "Sports", "Kids"]);
    let properties: Vec<_> = record.properties.iter().collect();
    assert_eq!(
        properties,
        [
            ("alarm_id", "1001"),
            ("element_rca", "2"),
            ("ALARM.Site", "HQ"),
            ("ELEMENT.Rack", "12")
        ]
    );
    assert!(!record.partial);
}

#[test]
fn names_that_the_config_does_not_know_are_ids_and_told() {
    let parsed = one("1|8|60|77||1|0|2|10|12|x|2024-08-20 12:13:32|-1|-1|-1|5|16|18|System||0");
    assert_eq!(
        parsed.notes,
        [
            "[dataminer.names] has no \"8/60\"",
            "[dataminer.names] has no \"8/60/77\""
        ]
    );
    let record = parsed.record.unwrap();
    assert_eq!(
        (record.element.as_str(), record.parameter.as_str()),
        ("8/60", "77")
    );
}

#[test]
fn the_script_name_the_properties_and_their_number_may_be_missing() {
    let base = "1|7|59|350||1|0|1|10|12|x|2024-08-20 12:13:32|-1|-1|-1|5|16|18|System|News";
    for tail in ["", "|0", "|0|script", "|1|Site|HQ", "|1|Site|HQ|script"] {
        let parsed = one(format!("{base}{tail}"));
        let record = parsed.record.unwrap();
        assert!(!record.partial, "{tail}: {:?}", parsed.notes);
        assert_eq!(record.services, ["News"], "{tail}");
        assert_eq!(
            record.properties.get("site").is_some(),
            tail.contains("Site"),
            "{tail}"
        );
    }
}

#[test]
fn a_bar_may_stand_inside_every_free_text() {
    let record = record(
        "1|7|59|350|a|b|1|0|1|10|12|x | y|2|2024-08-20 12:13:32|-1|-1|-1|5|16|18|an|a|News|1|Site|HQ|script",
    );
    assert_eq!(record.index, "a|b");
    assert_eq!(record.value, "x | y|2");
    assert_eq!(record.owner, "an");
    assert_eq!(record.services, ["a|News"]);
    assert_eq!(record.properties.get("Site"), Some("HQ"));
    assert!(!record.partial);
}

#[test]
fn a_bar_inside_a_property_is_found_by_the_prefixes_of_names() {
    let parsed = one(
        "1|7|59|350||1|0|1|10|12|x|2024-08-20 12:13:32|-1|-1|-1|5|16|18|System||2|ALARM.Path|a|b|c|ALARM.Site|HQ|script",
    );
    let record = parsed.record.unwrap();
    assert_eq!(record.properties.get("Path"), Some("a|b|c"));
    assert_eq!(record.properties.get("Site"), Some("HQ"));
    assert!(record.partial, "it does not add up");
}

#[test]
fn a_value_that_looks_like_fields_does_not_win_over_the_exact_end() {
    let record = record(
        "1|7|59|350||1|0|1|10|12|12:00|1|2|3|5|16|18|v|2024-08-20 12:13:32|-1|-1|-1|5|16|18|System||1|Site|HQ|script",
    );
    assert_eq!(record.value, "12:00|1|2|3|5|16|18|v");
    assert_eq!(record.properties.get("Site"), Some("HQ"));
}

#[test]
fn what_does_not_fit_behind_the_status_is_taken_and_marked() {
    for tail in [
        "x",
        "x|2024-08-20 12:13:32",
        "x|y|z|-1|-1|-1|9|16|18|System",
        "",
        "|||||",
    ] {
        let parsed = one(format!("1|7|59|350||1|0|1|10|12|{tail}"));
        assert!(!parsed.notes.is_empty());
        let record = parsed.record.unwrap();
        assert!(record.partial);
        assert_eq!(record.value, tail);
        assert_eq!(record.time.to_string(), ARRIVAL);
    }
    let shortest = record("1|7|59|350||1|0|1|10|12");
    assert!(shortest.partial && shortest.value.is_empty());
}

#[test]
fn a_time_that_does_not_read_is_the_arrival_and_its_text_is_kept() {
    let parsed = one("1|7|59|350||1|0|1|10|12|x|vingt août|-1|-1|-1|5|16|18|System||0");
    assert!(
        parsed.notes[0].contains("`vingt août`"),
        "{:?}",
        parsed.notes
    );
    let record = parsed.record.unwrap();
    assert_eq!(record.time.to_string(), ARRIVAL);
    assert_eq!(record.properties.get("alarm_time"), Some("vingt août"));
    assert_eq!(record.value, "x");
    assert!(!record.partial);
}

#[test]
fn fields_0_to_9_have_to_read() {
    let refusals: Vec<String> = [
        "1|7|59",
        "a|7|59|350||1|0|1|10|12|x",
        "1|7|59||i|1|0|1|10|12|x",
        "1|7|59|350||r|0|1|10|12|x",
        "1|7|59|350||1|p|1|10|12|x",
        "1|7|59|350||1|0|6|10|12|x",
        "1|7|59|350||1|0|1|12|12|x",
        "1|7|59|350||1|0|1|10|13|x",
    ]
    .into_iter()
    .map(|line| format!("{line}\n    {}\n", refusal(line)))
    .collect();
    insta::assert_snapshot!(refusals.concat());
}

#[test]
fn records_of_one_line_are_split_at_the_vertical_tab_and_stand_alone() {
    let line = format!(
        "{WHOLE}\u{b}nonsense\u{b}\u{b}{}\u{b}",
        WHOLE.replace("1001|", "1002|")
    );
    let Line::Many(records) = codec().read_line(line.as_bytes(), arrival()) else {
        panic!("expected several records");
    };
    let ids: Vec<_> = records
        .iter()
        .map(|one| {
            one.record
                .as_ref()
                .ok()
                .and_then(|record| record.properties.get("alarm_id"))
        })
        .collect();
    assert_eq!(ids, [Some("1001"), None, Some("1002")]);
    assert_eq!(
        record(format!("{WHOLE}\u{b}")).id,
        "1000",
        "one record is one record"
    );
}

#[test]
fn a_line_of_more_records_than_a_batch_is_cut_with_a_word() {
    let line = vec!["x"; 5_000].join("\u{b}");
    let Line::Many(records) = codec().read_line(line.as_bytes(), arrival()) else {
        panic!("expected several records");
    };
    assert_eq!(records.len(), klaxond::pipeline::intake::MAX_BATCH);
    let last = records.last().unwrap().record.as_ref().unwrap_err();
    assert!(
        last.starts_with("the line holds more than 1023 records"),
        "{last}"
    );
}

/// Lines that would cost a search without bounds minutes take no time worth measuring; this test
/// ends at all only because they do.
#[test]
fn lines_made_to_be_slow_are_not() {
    let head = "1|7|59|350||1|0|1|10|12|";
    for pattern in [
        "|",
        "5|",
        "12:00|1|1|1|5|16|18|",
        "0|",
        "1|1|1|10|12|",
        "ALARM.|",
    ] {
        for _ in 0..20 {
            let line = format!("{head}{}", pattern.repeat(64_000 / pattern.len()));
            assert!(one(&line).record.is_ok(), "{pattern}");
            let headless = pattern.repeat(64_000 / pattern.len());
            one(&headless);
        }
    }
}

#[derive(Debug, Clone)]
struct Generated {
    line: String,
    index: String,
    value: String,
    owner: String,
    properties: Vec<(String, String)>,
}

/// Text with bars, letters and spaces, such as values have: never a field that reads as a number.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zé%]([a-z %é]|\\|[a-z])*"
}

fn generated() -> impl Strategy<Value = Generated> {
    let property = ("[A-Z][a-z]{2,6}", "[a-z]{0,8}");
    (
        text(),
        text(),
        "[a-z]{1,8}",
        prop::collection::vec(property, 0..5),
        any::<bool>(),
        prop::sample::select(vec!["2024-08-20 12:13:32", "20/8/2024 1:02:03 PM", "?"]),
    )
        .prop_map(|(index, value, owner, mut properties, script, time)| {
            properties.sort();
            properties.dedup_by(|a, b| a.0 == b.0);
            let mut line = format!(
                "1|7|59|350|{index}|1|0|1|10|12|{value}|{time}|-1|-1|-1|5|16|18|{owner}|News|{}",
                properties.len()
            );
            for (name, value) in &properties {
                line.push_str(&format!("|{name}|{value}"));
            }
            if script {
                line.push_str("|script");
            }
            Generated {
                line,
                index,
                value,
                owner,
                properties,
            }
        })
}

proptest! {
    #[test]
    fn a_generated_string_reads_back(given in generated()) {
        let record = one(&given.line).record.unwrap();
        prop_assert!(!record.partial);
        prop_assert_eq!(record.index, given.index);
        prop_assert_eq!(record.value, given.value);
        prop_assert_eq!(record.owner, given.owner);
        for (name, value) in &given.properties {
            prop_assert_eq!(record.properties.get(name), Some(value.as_str()));
        }
    }

    #[test]
    fn no_bytes_panic(line in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = codec().read_line(&line, arrival());
        let _ = codec().read_body(&line, arrival());
    }

    #[test]
    fn nothing_that_looks_like_a_string_panics(line in "[0-9|\u{b}a-z;,:/ -]{0,300}") {
        let _ = codec().read_line(line.as_bytes(), arrival());
    }

    #[test]
    fn json_with_any_keys_and_values_is_taken_or_refused_with_words(
        keys in prop::collection::vec(("[a-z_.]{0,12}|severity|type|time|services", json_value()), 0..8)
    ) {
        let mut object: serde_json::Map<_, _> = keys.into_iter().collect();
        object.insert("element".to_owned(), "e".into());
        let line = serde_json::Value::Object(object).to_string();
        match Codec::new(settings()).read_json(&line, arrival()).record {
            Ok(record) => {
                prop_assert_eq!(record.element, "e");
                prop_assert!(record.properties.iter().all(|(name, _)| !name.is_empty()));
            }
            Err(error) => prop_assert!(!error.is_empty()),
        }
    }
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,12}".prop_map(Into::into),
        Just("major".into()),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(".{0,6}", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
