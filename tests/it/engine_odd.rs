//! What is out of the ordinary, with the answer that a person would expect.

use std::sync::Arc;

use klaxond::engine::filter::Field;
use klaxond::engine::{Limits, Rule, Ruleset, Then, Trigger};
use klaxond::model::Severity::{Critical, Major, Minor};
use klaxond::model::{Event, LogEntry};

use crate::support::engine::{
    Driver, START, cleared, condition, contact, follow, group_by, play_records, record, rule,
    ruleset, seconds,
};

fn one(rule: Rule) -> Arc<Ruleset> {
    ruleset(vec![rule], vec![contact("noc")])
}

#[test]
fn two_alarms_at_the_same_instant_are_decided_in_the_order_in_which_they_came() {
    let rules = one(Rule {
        trigger: Trigger::Persist(seconds(5)),
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[(0, record("B", Major)), (0, record("A", Major))],
        9,
    );
    // Both are due at the same time: then the key of the bucket decides.
    assert_eq!(told.len(), 2);
    assert!(
        told[0].contains(": A ") && told[1].contains(": B "),
        "{told:?}"
    );
}

#[test]
fn engine_time_does_not_go_backwards_with_the_clock() {
    let mut driver = Driver::new(one(Rule {
        trigger: Trigger::Persist(seconds(10)),
        ..follow("r", "")
    }));
    driver.record(100, record("A", Major));
    let back = LogEntry {
        position: driver.engine.position().next(),
        at: START,
        event: Event::Record(Arc::new(record("B", Major))),
    };
    driver.engine.step(&back);
    assert_eq!(driver.engine.next_deadline(), Some(START + seconds(110)));
    let step = driver.engine.fire(START + seconds(110)).unwrap();
    assert_eq!(step.notifications.len(), 2, "both have waited from 100");
}

#[test]
fn records_out_of_order_count_when_they_come() {
    let rules = one(follow("r", "severity = critical"));
    let mut old = record("E", Critical);
    old.time = START - seconds(3_600);
    let told = play_records(&rules, &[(0, record("E", Minor)), (1, old)], 9);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("1 r raised"));
}

#[test]
fn a_clear_before_its_raise_ends_nothing_and_the_raise_stands() {
    let rules = one(follow("r", ""));
    let told = play_records(&rules, &[(0, cleared("E")), (1, record("E", Major))], 9);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("1 r raised"));
}

#[test]
fn a_duplicate_record_is_told_once_by_a_rule_that_follows_alarms() {
    let rules = ruleset(
        vec![
            follow("r", ""),
            Rule {
                also: true,
                ..rule("events", "")
            },
        ],
        vec![contact("noc")],
    );
    let told = play_records(
        &rules,
        &[(0, record("E", Major)), (0, record("E", Major))],
        9,
    );
    let of = |rule: &str| told.iter().filter(|line| line.contains(rule)).count();
    assert_eq!((of(" r raised"), of(" events raised")), (1, 2));
}

#[test]
fn a_root_id_that_changes_element_is_another_alarm() {
    let rules = one(follow("r", ""));
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (1, record("B", Major)),
            (2, cleared("B")),
        ],
        9,
    );
    assert_eq!(told.len(), 3);
    assert!(told[2].contains("cleared to noc: B"), "A stands: {told:?}");
}

#[test]
fn ten_thousand_alarms_in_one_bucket_are_one_subject() {
    let mut driver = Driver::new(one(Rule {
        group_by: group_by(&[]),
        condition: condition("count() >= 10000"),
        ..follow("r", "")
    }));
    for n in 0..10_000 {
        driver.record(0, record(&format!("E{n}"), Major));
    }
    assert_eq!(driver.lines.len(), 1);
    driver.record(1, record("one too many", Major));
    assert_eq!(driver.engine.overflows().len(), 1);
    driver.record(2, cleared("E5000"));
    assert_eq!(driver.lines.len(), 2);
    assert!(driver.lines[1].contains("the condition no longer holds"));
}

#[test]
fn what_has_no_room_is_counted_and_not_told() {
    let rules = Ruleset {
        limits: Limits {
            buckets_per_rule: 2,
            alarms_per_bucket: 1,
            ..Limits::default()
        },
        ..(*one(Rule {
            group_by: group_by(&[Field::Element]),
            ..follow("r", "")
        }))
        .clone()
    };
    let mut driver = Driver::new(Arc::new(rules));
    let mut second = record("A", Major);
    second.id = "2".to_owned();
    driver.record(0, record("A", Major));
    driver.record(1, second);
    driver.record(2, record("B", Major));
    driver.record(3, record("C", Major));
    assert_eq!(driver.lines.len(), 2);
    let overflows = driver.engine.overflows();
    assert_eq!((overflows[0].0.as_str(), overflows[0].1), ("r", 2));
    driver.record(4, cleared("A"));
    driver.record(5, record("C", Major));
    assert!(
        driver.lines.last().unwrap().contains("raised to noc: C"),
        "there is room: {:?}",
        driver.lines
    );
}

#[test]
fn past_the_limit_of_alarms_the_one_silent_for_longest_is_forgotten() {
    let rules = Ruleset {
        limits: Limits {
            alarms: 2,
            ..Limits::default()
        },
        ..(*one(follow("r", ""))).clone()
    };
    let mut driver = Driver::new(Arc::new(rules));
    driver.record(0, record("A", Major));
    driver.record(1, record("B", Major));
    driver.record(2, record("A", Critical));
    let step = driver.record(3, record("C", Major));
    assert_eq!(step.closed_trees, [record("B", Major).tree()]);
    assert!(
        driver
            .lines
            .last()
            .unwrap()
            .contains("cleared to noc: B (forgotten)")
    );
}

#[test]
fn windows_that_are_over_leave_nothing_behind() {
    let mut driver = Driver::new(one(Rule {
        trigger: Trigger::Times {
            times: 2,
            within: seconds(10),
            persist: seconds(0),
        },
        group_by: group_by(&[Field::Element]),
        ..rule("r", "")
    }));
    for n in 0..500 {
        driver.record(n, record(&format!("E{}", n / 2), Major));
    }
    assert_eq!(driver.lines.len(), 250);
    for n in 0..500 {
        driver.record(1_000 + n, cleared(&format!("E{n}")));
    }
    driver.record(2_000, cleared("E0"));
    let left: Vec<_> = driver
        .rows
        .keys()
        .filter(|(kind, _)| kind.name() == "event" || kind.name() == "bucket")
        .collect();
    assert!(left.len() <= 2, "{left:?}");
}

#[test]
fn an_account_tells_what_would_come_and_changes_nothing() {
    let rules = ruleset(
        vec![
            follow("first", "severity = critical"),
            Rule {
                trigger: Trigger::Persist(seconds(10)),
                ..follow("second", "severity >= major")
            },
            Rule {
                condition: condition("count() >= 2"),
                also: true,
                ..follow("third", "")
            },
            follow("fourth", "element like \"X*\""),
        ],
        vec![contact("noc")],
    );
    let mut driver = Driver::new(rules);
    driver.record(0, record("A", Minor));
    let account = driver.engine.account(&record("B", Critical));
    let thens: Vec<Vec<Then>> = account
        .rules
        .iter()
        .map(|rule| {
            rule.buckets
                .iter()
                .map(|bucket| bucket.then.clone())
                .collect()
        })
        .collect();
    assert_eq!(
        thens,
        [
            vec![Then::Speaks],
            vec![Then::DecidedAt(START + seconds(10))],
            vec![Then::Speaks],
            vec![],
        ]
    );
    assert_eq!(account.rules[2].buckets[0].count, 2);
    assert!(
        account.rules[2].buckets[0]
            .condition
            .as_ref()
            .unwrap()
            .matched
    );
    assert!(!account.rules[3].takes);
    assert_eq!(account.messages.len(), 2);
    assert_eq!(driver.engine.trees().len(), 1);
}
