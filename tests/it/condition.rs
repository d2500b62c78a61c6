//! Conditions over a bucket: what their texts mean, what their errors say, how they explain themselves.

mod errors;
mod properties;

use klaxond::engine::condition::Condition;
use klaxond::engine::filter::{Filter, Named};
use klaxond::model::{AlarmRecord, Severity};

use crate::support::messages::alarm;

/// A critical alarm of an element with a value.
fn critical(element: &str, value: &str) -> AlarmRecord {
    AlarmRecord {
        element: element.to_owned(),
        value: value.to_owned(),
        severity: Severity::Critical,
        ..alarm()
    }
}

fn minor(element: &str, value: &str) -> AlarmRecord {
    AlarmRecord {
        severity: Severity::Minor,
        ..critical(element, value)
    }
}

fn named() -> Named {
    let mut named = Named::default();
    let london = Filter::parse("element like 'London*'", &named).unwrap();
    named.insert("london", london);
    named
}

fn parse(text: &str) -> Condition {
    Condition::parse(text, &named()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Asserts what holds of a bucket, both over its records and as they came one by one.
fn assert_holds(bucket: &[AlarmRecord], readings: &[(&str, bool)]) {
    let records: Vec<&AlarmRecord> = bucket.iter().collect();
    for (text, expected) in readings {
        let condition = parse(text);
        let mut tallies = condition.tallies();
        for (order, record) in (1..).zip(&records) {
            tallies.add(order, record);
        }
        assert_eq!(condition.holds_over(&records), *expected, "{text}");
        assert_eq!(condition.holds(&tallies), *expected, "{text}, tallied");
        assert_eq!(
            condition.explain(&records).matched,
            *expected,
            "{text}, explained"
        );
    }
}

#[test]
fn alarms_are_counted() {
    let bucket = [
        critical("a", "1"),
        critical("b", "2"),
        minor("London 1", "3"),
    ];
    assert_holds(
        &bucket,
        &[
            ("count() > 2", true),
            ("count() > 3", false),
            ("count() = 3", true),
            ("COUNT( ) != 3", false),
            ("count(severity = critical) >= 2", true),
            ("count(severity = critical and element = a) = 1", true),
            ("count(@london) = 1", true),
            ("count(not @london) < 2", false),
            ("count() >= 2.5", true),
        ],
    );
}

#[test]
fn different_texts_are_counted_without_case_and_without_what_is_not_there() {
    let mut bucket = vec![critical("a", "1"), critical("A", "1"), minor("b", "")];
    bucket[0].views = vec!["Lab".into(), "Roof".into()];
    bucket[1].views = vec!["LAB".into()];
    assert_holds(
        &bucket,
        &[
            ("distinct(element) = 2", true),
            ("distinct(value) = 1", true),
            ("distinct(view) = 2", true),
            ("distinct(service) = 0", true),
            ("distinct(severity) = 2", true),
            ("distinct(property.Site) > 1", false),
            ("distinct(partial) = 1", true),
        ],
    );
}

#[test]
fn numbers_are_read_from_the_front_and_what_is_none_is_left_out() {
    let bucket = [
        critical("a", "12.5 dB"),
        critical("b", "-3"),
        critical("c", "Lost"),
        critical("d", ""),
    ];
    assert_holds(
        &bucket,
        &[
            ("min(value) = -3", true),
            ("max(value) = 12.5", true),
            ("sum(value) = 9.5", true),
            ("avg(value) = 4.75", true),
            ("round(avg(value), 1) = 4.8", true),
            ("round(avg(value), 0) = 5", true),
            ("round(min(value), 2) <= -3", true),
            ("sum(comment) = 0", false),
            ("sum(comment) != 0", false),
            ("not sum(comment) = 0", true),
            ("avg(comment) < 1", false),
            ("max(property.site) > 0", false),
        ],
    );
}

#[test]
fn the_latest_alarm_is_asked_as_a_filter_asks() {
    let bucket = [critical("a", "7 up"), minor("b", "Lost")];
    assert_holds(
        &bucket,
        &[
            ("last(value) = \"lost\"", true),
            ("last(value) != Lost", false),
            ("last(value) like \"L*\"", true),
            ("last(value) not like \"L*\"", false),
            ("last(value) contains os", true),
            ("last(value) ~ \"[a-z]+\"", true),
            ("last(value) in [Found, Lost]", true),
            ("last(value) > 5", false),
            ("not last(value) > 5", true),
            ("last(severity) >= minor", true),
            ("last(severity) = critical", false),
            ("round(last(value), 0) = 7", false),
            ("last(comment) != x", false),
        ],
    );
    assert_holds(
        &bucket[..1],
        &[
            ("last(value) > 6.5", true),
            ("last(value) = 7", true),
            ("round(last(value), 0) = 7", true),
        ],
    );
}

#[test]
fn an_empty_bucket_holds_only_what_is_said_of_nothing() {
    assert_holds(
        &[],
        &[
            ("count() = 0", true),
            ("any(severity >= undefined)", false),
            ("all(severity >= undefined)", false),
            ("not all(severity >= undefined)", true),
            ("max(value) < 5", false),
            ("last(value) = x", false),
            ("distinct(element) = 0", true),
        ],
    );
}

#[test]
fn a_filter_is_met_whole_by_one_alarm() {
    let apart = [critical("a", "1"), minor("backup", "2")];
    assert_holds(
        &apart,
        &[
            ("any(severity = critical and element = backup)", false),
            ("any(severity = critical) and any(element = backup)", true),
            ("count(severity = critical and element = backup) = 0", true),
        ],
    );
}

#[test]
fn a_and_not_b_speaks_of_different_alarms() {
    let text = "any(severity = critical) and not any(element like \"backup*\")";
    let one = "any(severity = critical and not element like \"backup*\")";
    // DataMiner: each condition is tested over the bucket by itself, then they are combined.
    assert_holds(
        &[critical("a", ""), minor("b", "")],
        &[(text, true), (one, true)],
    );
    assert_holds(
        &[critical("a", ""), minor("backup 1", "")],
        &[(text, false), (one, true)],
    );
    assert_holds(
        &[critical("backup 1", ""), minor("b", "")],
        &[(text, false), (one, false)],
    );
    assert_holds(&[minor("b", "")], &[(text, false), (one, false)]);
}

#[test]
fn every_alarm_has_to_be_met_by_all() {
    assert_holds(
        &[critical("a", ""), minor("a", "")],
        &[
            ("all(element = a)", true),
            ("all(severity = critical)", false),
            ("not all(severity = critical)", true),
        ],
    );
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    let bucket = [critical("a", "")];
    assert_holds(
        &bucket,
        &[
            ("count() = 1 or count() = 2 and count() = 3", true),
            ("(count() = 1 or count() = 2) and count() = 3", false),
            ("not count() = 2 and count() = 1", true),
            ("not (count() = 2 and count() = 1)", true),
            ("not not count() = 1", true),
        ],
    );
}

#[test]
fn sums_do_not_drift_as_alarms_come_and_go() {
    let condition = parse("sum(value) = 0.1 and avg(value) = 0.1 and max(value) = 0.1");
    let mut tallies = condition.tallies();
    let kept = critical("a", "0.1");
    tallies.add(0, &kept);
    for order in 1..2_000u64 {
        let passing = critical("b", &format!("1e{}", order % 20));
        let odd = critical("c", &format!("0.{order}"));
        tallies.add(2 * order, &passing);
        tallies.add(2 * order + 1, &odd);
        assert!(!condition.holds(&tallies));
        tallies.remove(2 * order, &passing);
        tallies.remove(2 * order + 1, &odd);
        assert!(condition.holds(&tallies), "after {order}");
    }
}

#[test]
fn a_condition_prints_as_canonical_text() {
    for (written, printed) in [
        ("COUNT ( ) > 5.0", "count() > 5"),
        (
            "count( SEVERITY=critical )>=2",
            "count(severity = critical) >= 2",
        ),
        (
            "round ( Avg( property.'Cabinet name' ) , 2 )<-1.50",
            "round(avg(property.\"Cabinet name\"), 2) < -1.5",
        ),
        ("last(value)='Lost'", "last(value) = \"Lost\""),
        (
            "any((@london)) and (all(element=x) or not(count()=1))",
            "any(@london) and (all(element = \"x\") or not count() = 1)",
        ),
        ("sum(value) = 1e3", "sum(value) = 1000"),
    ] {
        assert_eq!(parse(written).to_string(), printed);
        assert_eq!(parse(written), parse(printed));
    }
    assert_ne!(parse("count() > 1"), parse("count() > 2"));
}

#[test]
fn what_decided_is_explained() {
    let bucket = [
        critical("London 1", "12.5 dB"),
        critical("Madrid", "Lost"),
        minor("Madrid", ""),
        minor("Paris", "3"),
    ];
    let records: Vec<&AlarmRecord> = bucket.iter().collect();
    let because = |text: &str| parse(text).explain(&records).because;
    insta::assert_snapshot!(because("count() > 5"), @"count() > 5: it is 4");
    insta::assert_snapshot!(because("count(severity = critical) >= 2"), @"count(severity = critical) >= 2: it is 2");
    insta::assert_snapshot!(because("avg(value) > 7"), @r#"avg(value) > 7: it is 7.75; left out of it, for want of a number: 2 of 4 alarms ("Lost", no value)"#);
    insta::assert_snapshot!(because("max(comment) > 7"), @"max(comment) > 7: there is no number; left out of it, for want of a number: 4 of 4 alarms (no comment)");
    insta::assert_snapshot!(because("any(@london)"), @r#"any(@london): 1 of 4 alarms, "London 1 Input bitrate": @london: element like "London*": element is "London 1""#);
    insta::assert_snapshot!(because("any(element = Rome)"), @r#"any(element = "Rome"): none of 4 alarms"#);
    insta::assert_snapshot!(because("all(severity >= minor)"), @"all(severity >= minor): each of 4 alarms");
    insta::assert_snapshot!(because("all(severity >= minor and not element = Paris)"), @r#"all(severity >= minor and not element = "Paris"): 3 of 4 alarms, not "Paris Input bitrate": not element = "Paris": element is "Paris""#);
    insta::assert_snapshot!(because("last(value) = Lost"), @r#"last(value) = "Lost": value is "3""#);
    insta::assert_snapshot!(because("count() > 1 and not any(@london)"), @r#"not any(@london): 1 of 4 alarms, "London 1 Input bitrate": @london: element like "London*": element is "London 1""#);
    insta::assert_snapshot!(because("count() > 9 or distinct(element) > 2"), @"distinct(element) > 2: it is 3");
    insta::assert_snapshot!(parse("any(@london)").explain(&[]).because, @"any(@london): there is no alarm");
    insta::assert_snapshot!(parse("any(@london)").explain(&records[1..2]).because, @r#"any(@london): 0 of 1 alarm, not "Madrid Input bitrate": @london: element like "London*": element is "Madrid""#);
}

#[test]
fn what_can_never_hold_is_known() {
    for (text, most, expected) in [
        ("count() > 1", 1, false),
        ("count() > 1", 2, true),
        ("count() >= 1", 1, true),
        ("count() = 0", 9, false),
        ("count() != 1", 1, false),
        ("count() = 1.5", 9, false),
        ("not count() > 1", 1, true),
        ("not count() <= 5", 5, false),
        ("count(severity = critical) >= 2", 1, false),
        ("count(severity = critical) = 0", 1, true),
        ("distinct(element) > 3", 3, false),
        ("distinct(view) > 3", 1, true),
        ("count() > 1 or any(severity = critical)", 1, true),
        ("count() > 1 and any(severity = critical)", 1, false),
        ("avg(value) > 1e20", 1, true),
    ] {
        assert_eq!(
            parse(text).can_hold_of(1..=most, &[]),
            expected,
            "{text} of {most}"
        );
    }
    assert!(!parse("count() < 3").can_hold_of(3..=9, &[]));
    assert!(parse("count(@london) < 3").can_hold_of(3..=9, &[]));
}
