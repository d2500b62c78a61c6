//! Rules of single events: every record is an event, nothing stays raised.

use std::sync::Arc;

use klaxond::engine::filter::{Field, Filter, Named};
use klaxond::engine::{BaseAlarms, Rule, Ruleset, Trigger};
use klaxond::model::AlarmRecord;
use klaxond::model::Severity::{Critical, Major, Minor};

use crate::support::engine::{
    START, cleared, condition, contact, follow, group_by, play_records, record, rule, ruleset,
    seconds,
};

fn one(rule: Rule) -> Arc<Ruleset> {
    ruleset(vec![rule], vec![contact("noc")])
}

fn times(times: u32, within: u64, persist: u64) -> Trigger {
    Trigger::Times {
        times,
        within: seconds(within),
        persist: seconds(persist),
    }
}

/// A record whose own time is so many seconds after the start.
fn happened(element: &str, at: u64) -> AlarmRecord {
    AlarmRecord {
        time: START + seconds(at),
        ..record(element, Major)
    }
}

#[test]
fn every_record_is_told_also_the_one_that_ends_its_alarm() {
    let rules = one(rule("r", ""));
    let told = play_records(
        &rules,
        &[
            (0, record("E", Major)),
            (1, record("E", Major)),
            (2, cleared("E")),
        ],
        9,
    );
    assert_eq!(
        told,
        [
            "0 r raised to noc: E (the rule takes every record) [E]",
            "1 r raised to noc: E (the rule takes every record) [E]",
            "2 r cleared to noc: E (the rule takes every record) [E]",
        ]
    );
}

#[test]
fn a_condition_speaks_of_the_one_record() {
    let rules = one(Rule {
        condition: condition("all(severity = critical)"),
        ..rule("r", "")
    });
    let told = play_records(
        &rules,
        &[(0, record("A", Major)), (1, record("B", Critical))],
        9,
    );
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("1 r raised to noc: B"), "{told:?}");
}

#[test]
fn a_collection_is_decided_once_and_the_next_event_starts_anew() {
    let rules = one(Rule {
        trigger: Trigger::Collect(seconds(10)),
        condition: condition("count() >= 2"),
        ..rule("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (9, record("B", Critical)),
            // At its very end the collection is decided first.
            (10, record("C", Major)),
            (25, record("D", Minor)),
            (26, record("E", Major)),
        ],
        60,
    );
    assert_eq!(
        told,
        [
            "10 r raised to noc: B (the rule takes every record; count() >= 2 holds; collected for 10s) [B A]",
            "35 r raised to noc: E (the rule takes every record; count() >= 2 holds; collected for 10s) [E D]",
        ]
    );
}

#[test]
fn a_window_fires_at_the_nth_event_and_empties() {
    let rules = one(Rule {
        trigger: times(3, 10, 0),
        group_by: group_by(&[Field::Element]),
        ..rule("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (1, record("A", Major)),
            (1, record("B", Major)),
            // The first has left.
            (10, record("A", Major)),
            (10, record("A", Critical)),
            (11, record("A", Major)),
            (11, record("A", Major)),
        ],
        60,
    );
    assert_eq!(
        told,
        ["10 r raised to noc: A (the rule takes every record; 3 times within 10s) [A A A]"]
    );
}

#[test]
fn a_violation_that_must_last_breaks_when_an_event_leaves() {
    let history = [(0, record("A", Major)), (5, record("B", Major))];
    let rule = |persist| {
        one(Rule {
            trigger: times(2, 10, persist),
            ..rule("r", "")
        })
    };
    assert!(play_records(&rule(6), &history, 60).is_empty());
    let told = play_records(&rule(5), &history, 60);
    assert!(told[0].starts_with("10 r raised to noc: B"), "{told:?}");
    let mut more = history.to_vec();
    more.push((9, record("C", Major)));
    let told = play_records(&rule(6), &more, 60);
    assert!(
        told[0].starts_with("11 r raised"),
        "the third keeps it up: {told:?}"
    );
}

#[test]
fn base_alarms_are_those_around_the_trigger_by_their_own_time() {
    let base = Some(BaseAlarms {
        filter: Some(Filter::parse("not element = X", &Named::default()).unwrap()),
        around: seconds(10),
    });
    let rules = one(Rule {
        base_alarms: base.clone(),
        ..rule("r", "severity = critical")
    });
    let mut trigger = record("T", Critical);
    trigger.time = START + seconds(20);
    let told = play_records(
        &rules,
        &[
            (5, happened("early", 9)),
            (6, happened("before", 10)),
            (20, trigger.clone()),
            (25, happened("after", 30)),
            (26, happened("X", 20)),
            (27, happened("late", 31)),
        ],
        60,
    );
    assert_eq!(
        told,
        ["30 r raised to noc: T (matches severity = critical) [T after before]"]
    );
    let follows = one(Rule {
        base_alarms: base,
        ..follow("r", "severity = critical")
    });
    let told = play_records(
        &follows,
        &[
            (20, trigger.clone()),
            (25, happened("after", 25)),
            (26, happened("after", 26)),
            (40, cleared("T")),
            (50, trigger),
            (55, cleared("T")),
        ],
        90,
    );
    assert_eq!(
        told,
        [
            "30 r raised to noc: T (matches severity = critical) [T after]",
            "40 r cleared to noc: T (cleared) [T]",
        ],
        "a bucket that ends while it waits says nothing"
    );
}
