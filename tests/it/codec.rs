//! Lines to records: JSON.

use klaxond::ingest::Line;
use klaxond::model::{AlarmType, Severity, SeverityRange, Status, UserStatus};
use serde_json::json;

use super::support::ingest::{ARRIVAL, arrival, codec, one, record, refusal, settings};

#[test]
fn element_and_severity_are_enough() {
    let record = record(r#"{"element":"Encoder 1","severity":"critical"}"#);
    assert_eq!(record.element, "Encoder 1");
    assert_eq!(record.severity, Severity::Critical);
    assert_eq!(record.status, Status::Open);
    assert_eq!(record.kind, None, "the engine infers it");
    assert_eq!(record.time.to_string(), ARRIVAL);
    assert_eq!(record.id, "Encoder 1");
    assert!(!record.partial);
}

#[test]
fn every_key_is_read() {
    let line = json!({
        "element": "Encoder 1", "severity": "Major", "id": "4711", "parameter": "Bitrate",
        "index": "PID 256", "value": "0.4 Mb/s", "type": "new_alarm", "status": "open",
        "time": "2026-11-22T10:15:00+01:00", "owner": "ana", "source": "probe", "comment": "again",
        "element_id": "7/59", "parameter_id": 350, "services": ["News", "Sports"],
        "views": ["Madrid"], "properties": {"Site": "HQ", "Rack": 12}, "user_status": "Acknowledged",
        "severity_range": "low", "customer": "ACME"
    });
    let parsed = one(line.to_string());
    assert_eq!(parsed.notes, Vec::<String>::new());
    let record = parsed.record.unwrap();
    assert_eq!(record.id, "4711");
    assert_eq!(record.parameter, "Bitrate");
    assert_eq!(record.index, "PID 256");
    assert_eq!(record.value, "0.4 Mb/s");
    assert_eq!(record.kind, Some(AlarmType::NewAlarm));
    assert_eq!(record.time.to_string(), "2026-11-22T09:15:00Z");
    assert_eq!(record.owner, "ana");
    assert_eq!(record.source, "probe");
    assert_eq!(record.comment, "again");
    assert_eq!(record.element_id.as_deref(), Some("7/59"));
    assert_eq!(record.parameter_id.as_deref(), Some("350"));
    assert_eq!(record.services, ["News", "Sports"]);
    assert_eq!(record.views, ["Madrid"]);
    assert_eq!(record.user_status, Some(UserStatus::Acknowledged));
    assert_eq!(record.severity_range, Some(SeverityRange::Low));
    let mut properties: Vec<_> = record.properties.iter().collect();
    properties.sort_unstable();
    assert_eq!(
        properties,
        [("Rack", "12"), ("Site", "HQ"), ("customer", "ACME")]
    );
}

#[test]
fn names_are_read_in_any_case_and_codes_as_numbers_or_text() {
    for (key, value, read) in [
        ("severity", json!("CRITICAL"), "Critical"),
        ("severity", json!(1), "Critical"),
        ("severity", json!("1"), "Critical"),
        ("severity", json!(17), "Timeout"),
        ("severity", json!("Suggestion"), "Information"),
    ] {
        let line = json!({"element": "e", key: value}).to_string();
        assert_eq!(record(&line).severity.name(), read, "{line}");
    }
    for value in [
        json!("New alarm"),
        json!("NewAlarm"),
        json!("new-alarm"),
        json!(10),
        json!("10"),
    ] {
        let line = json!({"element": "e", "severity": "major", "type": value}).to_string();
        assert_eq!(record(&line).kind, Some(AlarmType::NewAlarm), "{line}");
    }
    for (value, status) in [
        (json!("Cleared"), Status::Cleared),
        (json!(54), Status::Clearable),
        (json!("25"), Status::Masked),
        (json!("mask"), Status::Masked),
    ] {
        let line = json!({"element": "e", "severity": "major", "status": value}).to_string();
        assert_eq!(record(&line).status, status, "{line}");
    }
}

#[test]
fn severity_codes_follow_the_config() {
    let mut settings = settings();
    settings.severity_codes = klaxond::ingest::SeverityCodes::AlarmLevel;
    let codec = klaxond::ingest::Codec::new(settings);
    let parsed = codec.read_json(r#"{"element":"e","severity":5}"#, arrival());
    assert_eq!(parsed.record.unwrap().severity, Severity::Critical);
}

#[test]
fn what_ends_an_alarm() {
    for (rest, status, kind) in [
        (
            json!({"severity": "normal"}),
            Status::Cleared,
            Some(AlarmType::Cleared),
        ),
        (
            json!({"severity": "normal", "status": "open"}),
            Status::Open,
            None,
        ),
        (
            json!({"severity": "major", "status": "cleared"}),
            Status::Cleared,
            Some(AlarmType::Cleared),
        ),
        (
            json!({"severity": "major", "type": "cleared"}),
            Status::Cleared,
            Some(AlarmType::Cleared),
        ),
        (
            json!({"severity": "normal", "type": "dropped"}),
            Status::Cleared,
            Some(AlarmType::Dropped),
        ),
        (
            json!({"severity": "major", "type": "mask"}),
            Status::Masked,
            Some(AlarmType::Mask),
        ),
        (json!({"severity": "major"}), Status::Open, None),
    ] {
        let mut line = rest.clone();
        line["element"] = json!("e");
        let record = record(line.to_string());
        assert_eq!((record.status, record.kind), (status, kind), "{rest}");
    }
}

#[test]
fn without_an_id_element_parameter_and_index_name_the_alarm() {
    for (line, id) in [
        (
            json!({"element": "E", "parameter": "P", "index": "I", "severity": 1}),
            "E/P/I",
        ),
        (
            json!({"element": "E", "parameter": "P", "severity": 1}),
            "E/P",
        ),
        (json!({"element": "E", "index": "I", "severity": 1}), "E//I"),
        (
            json!({"element": "E", "parameter_id": 350, "severity": 1}),
            "E/350",
        ),
        (json!({"element": "E", "id": 12, "severity": 1}), "12"),
    ] {
        assert_eq!(record(line.to_string()).id, id, "{line}");
    }
}

#[test]
fn unknown_keys_become_properties_and_nested_ones_are_joined_by_dots() {
    let record = record(
        r#"{"element":"e","severity":"major","site":{"city":"Madrid","floor":3,"keys":{"open":true}},
            "none":null,"tags":["a",1,null,{"x":"y"}],"ratio":0.25,"big":1e300}"#,
    );
    let properties: Vec<_> = record.properties.iter().collect();
    assert_eq!(
        properties,
        [
            ("site.city", "Madrid"),
            ("site.floor", "3"),
            ("site.keys.open", "true"),
            ("tags.3.x", "y"),
            ("tags", "a, 1"),
            ("ratio", "0.25"),
            ("big", "1e300"),
        ]
    );
}

#[test]
fn misspelt_keys_are_told() {
    let parsed = one(r#"{"element":"e","severity":"major","paramater":"CPU","Site":"HQ"}"#);
    assert_eq!(
        parsed.notes,
        ["`paramater` is taken as a property; it looks like `parameter`"]
    );
    let record = parsed.record.unwrap();
    assert_eq!(record.properties.get("paramater"), Some("CPU"));
    assert_eq!(
        refusal(r#"{"element":"e","severty":"major"}"#),
        "`severity` is missing; `severty` looks like it"
    );
    assert_eq!(refusal(r#"{"severity":"major"}"#), "`element` is missing");
    assert_eq!(
        refusal(r#"{"element":"e","severity":null}"#),
        "`severity` is missing"
    );
}

#[test]
fn a_key_given_twice_counts_the_last_time_and_is_told() {
    let parsed = one(r#"{"element":"a","severity":"major","element":"b"}"#);
    assert_eq!(
        parsed.notes,
        ["`element` is given more than once; the last one counts"]
    );
    assert_eq!(parsed.record.unwrap().element, "b");
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_was_expected() {
    let refusals: Vec<String> = [
        r#"{"element":"e","severity":"criticl"}"#,
        r#"{"element":"e","severity":6}"#,
        r#"{"element":"e","severity":true}"#,
        r#"{"element":12,"severity":1}"#,
        r#"{"element":["e"],"severity":1}"#,
        r#"{"element":" ","severity":1}"#,
        r#"{"element":"e","severity":1,"id":1.5}"#,
        r#"{"element":"e","severity":1,"services":{"a":1}}"#,
        r#"{"element":"e","severity":1,"services":[["a"]]}"#,
        r#"{"element":"e","severity":1,"properties":"Site"}"#,
        r#"{"element":"e","severity":1,"time":"yesterday"}"#,
        r#"{"element":"e","severity":1,"time":"2026-11-22T10:00:00"}"#,
        r#"{"element":"e","severity":1,"time":1700000000}"#,
        r#"{"element":"e","severity":1"#,
        r#"{"element":"e" "severity":1}"#,
        r#"{"element":"e","severity":1} {"element":"f"}"#,
        r#"{element:"e"}"#,
        "{\"element\":\"a\tb\",\"severity\":1}",
        r#"[{"element":"e","severity":1}]"#,
    ]
    .into_iter()
    .map(|line| format!("{line}\n    {}\n", refusal(line)))
    .collect();
    insta::assert_snapshot!(refusals.concat());
}

#[test]
fn control_characters_become_spaces() {
    let record = record(
        r#"{"element":"a\u0000b","severity":1,"value":"x\ny\u001fz","id":"1\u001f2","k\u0007":"v\tw"}"#,
    );
    assert_eq!(record.element, "a b");
    assert_eq!(record.value, "x y z");
    assert_eq!(record.id, "1 2");
    assert_eq!(record.properties.iter().next(), Some(("k ", "v w")));
}

#[test]
fn deep_nesting_is_bounded() {
    let nested = format!(
        r#"{{"element":"e","severity":1,"a":{}1{}}}"#,
        r#"{"b":"#.repeat(20),
        "}".repeat(20)
    );
    let parsed = one(&nested);
    assert_eq!(
        parsed.notes,
        ["what is nested deeper than 8 levels is left out"]
    );
    assert!(parsed.record.unwrap().partial);
    for (open, close) in [("[", "]"), (r#"{"b":"#, "}")] {
        let far = format!(
            r#"{{"element":"e","severity":1,"a":{}1{}}}"#,
            open.repeat(9_000),
            close.repeat(9_000)
        );
        let taken = one(&far).record;
        assert!(taken.is_err() || taken.is_ok_and(|record| record.partial));
    }
}

#[test]
fn lists_and_properties_are_bounded() {
    let services: Vec<String> = (0..300).map(|n| format!("s{n}")).collect();
    let properties: serde_json::Map<_, _> = (0..300).map(|n| (format!("p{n}"), json!(n))).collect();
    let line =
        json!({"element": "e", "severity": 1, "services": services, "properties": properties});
    let parsed = one(line.to_string());
    assert_eq!(
        parsed.notes,
        [
            "only the first 256 of `services` are kept",
            "only the first 256 properties are kept"
        ]
    );
    let record = parsed.record.unwrap();
    assert_eq!((record.services.len(), record.properties.len()), (256, 256));
    assert!(record.partial);
}

#[test]
fn names_of_properties_do_not_multiply_a_long_key() {
    let inner: serde_json::Map<_, _> = (0..200).map(|n| (format!("k{n}"), json!(n))).collect();
    let line = json!({"element": "e", "severity": 1, "a".repeat(40_000): inner});
    let record = record(line.to_string());
    let bytes: usize = record.properties.iter().map(|(name, _)| name.len()).sum();
    assert!(bytes <= 256 * 256, "{bytes}");
    assert!(record.partial);
}

#[test]
fn correlation_alarm_info_fills_what_the_others_leave_out() {
    let info = "1001|7|59|350|eth0|1000|999|1|35|12|87 %|2026-11-22 10:00:00|-1|-1|-1|6|16|18|System|News;Sports|1|ALARM.Site|HQ|script";
    let line = json!({"correlation_alarm_info": info, "element": "My encoder", "value": "high"});
    let parsed = one(line.to_string());
    assert_eq!(parsed.notes, Vec::<String>::new());
    let record = parsed.record.unwrap();
    assert_eq!(record.element, "My encoder");
    assert_eq!(record.value, "high");
    assert_eq!(record.id, "1000");
    assert_eq!(record.element_id.as_deref(), Some("7/59"));
    assert_eq!(record.parameter, "CPU load");
    assert_eq!(record.severity, Severity::Critical);
    assert_eq!(record.source, "DataMiner System");
    assert_eq!(record.properties.get("Site"), Some("HQ"));

    let clear = json!({"correlation_alarm_info": info, "severity": "normal"});
    assert_eq!(self::record(clear.to_string()).status, Status::Cleared);
}

#[test]
fn a_correlation_alarm_info_that_does_not_read_is_kept_and_told() {
    let line = json!({"correlation_alarm_info": "garbage", "element": "e", "severity": "major"});
    let parsed = one(line.to_string());
    assert!(
        parsed.notes[0].starts_with("`correlation_alarm_info`: "),
        "{:?}",
        parsed.notes
    );
    let record = parsed.record.unwrap();
    assert!(record.partial);
    assert_eq!(
        record.properties.get("correlation_alarm_info"),
        Some("garbage")
    );
    let bad = json!({"correlation_alarm_info": "garbage", "element": "e"});
    assert!(
        refusal(bad.to_string()).starts_with("`severity` is missing; `correlation_alarm_info`: ")
    );
}

#[test]
fn blank_lines_are_blank_and_odd_bytes_are_refused() {
    for line in ["", " ", "\r", "\t \r", "\u{feff}", "\u{b}\u{b}"] {
        assert_eq!(
            codec().read_line(line.as_bytes(), arrival()),
            Line::Blank,
            "{line:?}"
        );
        assert!(klaxond::ingest::is_blank(line.as_bytes()), "{line:?}");
    }
    assert_eq!(
        refusal(b"{\"element\":\"\xff\"}"),
        "byte 13 is not UTF-8; send the line in UTF-8"
    );
    assert_eq!(record("{\"element\":\"e\",\"severity\":1}\r").element, "e");
    assert_eq!(
        record("\u{feff}{\"element\":\"e\",\"severity\":1}").element,
        "e"
    );
    assert!(refusal("hello").starts_with("neither JSON"));
    assert!(refusal(vec![0_u8; 100]).starts_with("neither JSON"));
}
