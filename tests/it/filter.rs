//! The filter language: what its texts mean, what its errors say, how it explains itself.

mod errors;
mod properties;
mod reference;

use klaxond::engine::filter::{Filter, Named};
use klaxond::model::{
    AlarmRecord, AlarmType, Properties, Severity, SeverityRange, Status, Time, UserStatus,
};

/// A critical alarm of an element in London, all fields filled.
fn london() -> AlarmRecord {
    let mut properties = Properties::default();
    properties.insert("Site", "HQ");
    properties.insert("ALARM.Cabinet name", "A 12");
    properties.insert("ELEMENT.Site", "Roof");
    properties.insert("Empty", "");
    AlarmRecord {
        id: "1089".into(),
        element: "London West".into(),
        element_id: Some("7/59".into()),
        parameter: "Signal level".into(),
        parameter_id: Some("102".into()),
        index: "ETH 1".into(),
        value: "12.5 dB".into(),
        severity: Severity::Critical,
        severity_range: Some(SeverityRange::Low),
        kind: Some(AlarmType::NewAlarm),
        status: Status::Open,
        time: Time::from_ms(0),
        owner: String::new(),
        user_status: Some(UserStatus::NotAssigned),
        source: "DataMiner System".into(),
        comment: "Straße gesperrt".into(),
        services: vec!["BBC One".into(), "Channel 4".into()],
        views: vec!["Europe".into(), "Lab".into()],
        properties,
        partial: false,
        repeats: false,
        until: None,
    }
}

fn parse(text: &str) -> Filter {
    Filter::parse(text, &Named::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn assert_readings(record: &AlarmRecord, readings: &[(&str, bool)]) {
    for (text, expected) in readings {
        assert_eq!(parse(text).matches(record), *expected, "{text}");
    }
}

#[test]
fn text_is_compared_without_case() {
    assert_readings(
        &london(),
        &[
            (r#"element = "London West""#, true),
            ("element = 'LONDON west'", true),
            ("element = London", false),
            ("element != London", true),
            ("ELEMENT = 'london west' AND Severity = CRITICAL", true),
            (r#"element like "London*""#, true),
            (r#"element like "*west""#, true),
            (r#"element like "l?nd?n w*""#, true),
            (r#"element not like "London*""#, false),
            (r#"element contains "ON W""#, true),
            (r#"element not contains "east""#, true),
            (r#"comment = "STRAßE GESPERRT""#, true),
            (r#"comment contains "SSE""#, false),
            (r#"comment like "stra?e*""#, true),
            (r#"element in ["Paris", "london WEST"]"#, true),
            (r#"element not in ["Paris", "Rome"]"#, true),
            (r#"element in ["Paris", "Rome",]"#, false),
        ],
    );
    let mut greek = london();
    greek.element = "ΟΔΟΣ".into();
    assert_readings(
        &greek,
        &[
            ("element = οδος", true),
            ("element contains 'οσ'", true),
            ("element like 'ο*ς'", true),
        ],
    );
}

#[test]
fn a_regular_expression_fits_the_whole_text() {
    assert_readings(
        &london(),
        &[
            (r#"element ~ "london""#, false),
            (r#"element ~ "london.*""#, true),
            (r#"element ~ "paris|london west""#, true),
            (r#"element !~ "test.*""#, true),
            (r#"index ~ "eth \d+""#, true),
            (r#"index ~ "ETH\\s[0-9]""#, true),
            (r#"element ~ "(?x) london \s west  # the west""#, true),
            (r#"element ~ "(?m)london$""#, false),
        ],
    );
}

#[test]
fn severity_has_dataminers_order() {
    let mut record = london();
    for (severity, taken) in [
        (Severity::Error, true),
        (Severity::Timeout, true),
        (Severity::Critical, true),
        (Severity::Major, true),
        (Severity::Minor, false),
        (Severity::Masked, false),
        (Severity::Normal, false),
        (Severity::Undefined, false),
    ] {
        record.severity = severity;
        assert_readings(
            &record,
            &[
                ("severity >= major", taken),
                ("severity < major", !taken),
                ("severity in [major, critical, timeout, error]", taken),
                ("severity = critical", severity == Severity::Critical),
                ("severity != 'Critical'", severity != Severity::Critical),
            ],
        );
    }
}

#[test]
fn names_are_read_in_any_spelling_and_by_code() {
    assert_readings(
        &london(),
        &[
            ("type = new_alarm", true),
            ("type = 'New alarm'", true),
            ("type = NewAlarm", true),
            ("type = 10", true),
            ("type in [escalated, new-alarm]", true),
            ("type != cleared", true),
            ("type like 'new*'", true),
            ("type ~ 'dropped.*'", false),
            ("status = open", true),
            ("status = 12", true),
            ("status not in [cleared, masked]", true),
            ("user_status = not_assigned", true),
            ("user_status = 'Not assigned'", true),
            ("user_status = 18", true),
            ("severity_range = low", true),
            ("severity = 1", true),
            ("severity contains 'crit'", true),
            ("partial = false", true),
            ("partial != TRUE", true),
            ("partial = true", false),
        ],
    );
}

#[test]
fn a_number_is_read_from_the_front() {
    assert_readings(
        &london(),
        &[
            ("value > 12", true),
            ("value>=12.5", true),
            ("value < 12.5", false),
            ("value <= '12.5'", true),
            ("value = 12.5", true),
            ("value = 1.25e1", true),
            ("value = 12", false),
            ("value = '12.5'", false),
            ("value = '12.5 DB'", true),
            ("value in [1, 12.5]", true),
            ("value > -3", true),
            // Names equal a number as a whole only.
            ("element_id = 7", false),
            ("element_id != 7", true),
            ("parameter_id = 102", true),
            ("parameter_id in [101, 102]", true),
            ("parameter_id > 100", true),
            // A text that is no number has no order, and is not that number.
            ("element > 0", false),
            ("element <= 0", false),
            ("element = 0", false),
            ("element != 0", true),
            // Patterns see numbers as they were written.
            ("value contains 12.5", true),
            ("parameter_id like 102", true),
        ],
    );
}

#[test]
fn what_is_not_there_does_not_compare() {
    let mut record = london();
    record.kind = None;
    record.user_status = None;
    record.views.clear();
    assert_readings(
        &record,
        &[
            ("owner = anna", false),
            ("owner != anna", false),
            ("owner not in [anna]", false),
            ("owner !~ 'anna'", false),
            ("not owner = anna", true),
            ("not (owner = anna)", true),
            ("owner < 5", false),
            ("type = new_alarm", false),
            ("type != new_alarm", false),
            ("not type = new_alarm", true),
            ("user_status != resolved", false),
            ("view != 'Lab'", false),
            ("property.Colour = red", false),
            ("property.Empty != red", false),
            ("exists(owner)", false),
            ("exists(type)", false),
            ("exists(view)", false),
            ("exists(property.Empty)", false),
            ("exists(property.Colour)", false),
            ("exists(property.Site)", true),
            ("EXISTS ( element )", true),
            ("exists(severity) and exists(partial)", true),
            ("not exists(owner)", true),
        ],
    );
}

#[test]
fn a_list_holds_if_any_of_its_values_does() {
    assert_readings(
        &london(),
        &[
            ("view = europe", true),
            ("view = asia", false),
            ("view != europe", true),
            ("not view = europe", false),
            ("service like 'BBC*'", true),
            ("service contains 'channel'", true),
            ("service in ['channel 4', 'channel 5']", true),
            ("service ~ 'bbc'", false),
        ],
    );
}

#[test]
fn properties_are_found_by_name() {
    assert_readings(
        &london(),
        &[
            ("property.Site = hq", true),
            ("property.site = HQ", true),
            ("property.'Cabinet name' = 'A 12'", true),
            (r#"property."cabinet name" like "A*""#, true),
            ("property.element.Site = roof", true),
            ("property.element.'Site' = roof", true),
            ("Property.alarm.Site = roof", false),
            (r#"property.Site in["HQ","DR"]"#, true),
        ],
    );
}

#[test]
fn not_binds_before_and_before_or() {
    assert_readings(
        &london(),
        &[
            (
                "severity = critical or severity = major and element = x",
                true,
            ),
            (
                "(severity = critical or severity = major) and element = x",
                false,
            ),
            ("not severity = major and element = x", false),
            ("not (severity = major and element = x)", true),
            ("not not severity = critical", true),
            ("not element = x or element = y", true),
            (
                r#"severity >= major and (element like "London*" or property.Site in ["HQ", "DR"]) and not parameter ~ "test.*""#,
                true,
            ),
        ],
    );
}

#[test]
fn named_filters_are_used_by_name() {
    let mut named = Named::default();
    assert!(
        named
            .insert("london", parse("element like 'London*'"))
            .is_none()
    );
    let west = Filter::parse("@london and element like '*west'", &named).unwrap();
    assert!(named.insert("west side", west).is_none());
    assert_eq!(named.names().collect::<Vec<_>>(), ["london", "west side"]);
    assert!(named.get("london").is_some() && named.get("London").is_none());

    let both = Filter::parse("@london and not @\"west side\"", &named).unwrap();
    assert_eq!(both.to_string(), r#"@london and not @"west side""#);
    assert!(!both.matches(&london()));
    let mut east = london();
    east.element = "London East".into();
    assert!(both.matches(&east));

    // Equal text is another filter when what it refers to is another.
    let before = Filter::parse("@london", &named).unwrap();
    named.insert("london", parse("element like 'Paris*'"));
    assert!(before != Filter::parse("@london", &named).unwrap());
}

#[test]
fn a_filter_tells_whether_it_looks_at_the_type() {
    let mut named = Named::default();
    named.insert("cleared", parse("type = cleared"));
    for (text, expected) in [
        ("severity = major or not type = cleared", true),
        ("exists(type)", true),
        ("@cleared and element = x", true),
        ("property.type = x", false),
        ("status = cleared", false),
    ] {
        let filter = Filter::parse(text, &named).unwrap();
        assert_eq!(filter.mentions_type(), expected, "{text}");
    }
}

#[test]
fn canonical_text_has_no_more_than_it_needs() {
    for (text, canonical) in [
        ("severity>=MAJOR", "severity >= major"),
        ("((element = London))", r#"element = "London""#),
        (
            "(severity = 1 and status = open) and (type = NewAlarm or type = 'Value changed')",
            "severity = critical and status = open and (type = new_alarm or type = value_changed)",
        ),
        ("not (not exists(owner))", "not not exists(owner)"),
        (
            "not (view = a and view = b)",
            r#"not (view = "a" and view = "b")"#,
        ),
        (r"parameter ~ '\d+ \'x\''", r#"parameter ~ "\\d+ 'x'""#),
        ("value in [ 1.50, '1.50' ]", r#"value in [1.5, "1.50"]"#),
        (
            r"comment contains '\u{1b}[0m'",
            r#"comment contains "\u{1b}[0m""#,
        ),
        (
            "property.'Site' = x or property.'a b' = x",
            r#"property.Site = "x" or property."a b" = "x""#,
        ),
        ("partial = TRUE", "partial = true"),
    ] {
        assert_eq!(parse(text).to_string(), canonical);
    }
}

#[test]
fn an_explanation_names_what_decided() {
    let mut named = Named::default();
    named.insert("paris", parse("element like 'Paris*'"));
    let mut record = london();
    record.severity = Severity::Major;
    record.kind = None;
    for (text, matched, because) in [
        (
            "severity >= critical",
            false,
            "severity >= critical: severity is Major",
        ),
        (
            "severity >= minor",
            true,
            "severity >= minor: severity is Major",
        ),
        (
            "status = open and severity = critical and element = x",
            false,
            "severity = critical: severity is Major",
        ),
        (
            "status = open and severity = major",
            true,
            "status = open: status is Open; severity = major: severity is Major",
        ),
        (
            "element = x or view = y or type = cleared",
            false,
            r#"element = "x": element is "London West"; view = "y": view is "Europe", "Lab"; type = cleared: type is not there"#,
        ),
        (
            "element = x or view = lab or severity = major",
            true,
            r#"view = "lab": view is "Europe", "Lab""#,
        ),
        (
            "not severity = major",
            false,
            "not severity = major: severity is Major",
        ),
        (
            "not (severity = minor or owner = anna)",
            true,
            r#"severity = minor: severity is Major; owner = "anna": owner is not there"#,
        ),
        (
            "severity = major and @paris",
            false,
            r#"@paris: element like "Paris*": element is "London West""#,
        ),
        (
            "parameter > 3",
            false,
            r#"parameter > 3: parameter is "Signal level", which is no number"#,
        ),
        (
            "exists(property.Colour) or exists(property.Site) and partial = true",
            false,
            "exists(property.Colour): property.Colour is not there; partial = true: partial is false",
        ),
    ] {
        let explanation = Filter::parse(text, &named).unwrap().explain(&record);
        assert_eq!(
            (explanation.matched, explanation.because.as_str()),
            (matched, because),
            "{text}"
        );
    }
}

#[test]
fn an_explanation_stays_short() {
    let mut record = london();
    record.value = "é".repeat(60_000);
    let text = vec!["value = x"; 1000].join(" or ");
    let explanation = parse(&text).explain(&record);
    assert!(explanation.because.ends_with("; and 992 more"));
    assert!(
        explanation.because.len() < 8 * 400,
        "{}",
        explanation.because.len()
    );
}
