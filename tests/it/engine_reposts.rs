//! Senders that repeat an alarm while it lasts: the same again says nothing, silence ends it.

use std::sync::Arc;

use klaxond::engine::{Engine, Rule, Ruleset};
use klaxond::model::Severity::{Critical, Major};
use klaxond::model::{AlarmRecord, AlarmType, Event};

use crate::support::engine::{
    Driver, Happens, START, cleared, contact, follow, play, record, rule, ruleset, seconds,
    template,
};

fn one(rule: Rule) -> Arc<Ruleset> {
    ruleset(vec![rule], vec![contact("noc")])
}

/// A record sent at that second, which holds for so long.
fn sent(at: u64, lasts: u64) -> AlarmRecord {
    AlarmRecord {
        repeats: true,
        time: START + seconds(at),
        until: Some(START + seconds(at + lasts)),
        ..record("E", Major)
    }
}

fn comes(at: u64, lasts: u64) -> (u64, Happens) {
    (at, Happens::Record(sent(at, lasts)))
}

fn passes(at: u64) -> (u64, Happens) {
    (at, Happens::Passes)
}

#[test]
fn the_same_again_is_no_event_whatever_the_rule() {
    for rule in [rule("r", ""), follow("r", "")] {
        let rules = one(Rule {
            on_update: (!rule.single_events).then(|| template("updated")),
            ..rule
        });
        let told = play(
            &rules,
            &[comes(0, 90), comes(60, 90), comes(120, 90), passes(200)],
        );
        assert_eq!(
            told,
            ["0 r raised to noc: E (the rule takes every record) [E]"]
        );
    }
}

#[test]
fn an_alarm_that_is_not_repeated_ends_when_it_said_and_one_that_is_lasts() {
    let told = play(
        &one(follow("r", "")),
        &[comes(0, 90), comes(60, 90), passes(500)],
    );
    assert_eq!(told[1..], ["150 r cleared to noc: E (not repeated) [E]"]);
    // Told late, it still ends.
    let told = play(&one(follow("r", "")), &[comes(0, 90), (400, Happens::Late)]);
    assert_eq!(told[1..], ["400 r cleared to noc: E (not repeated) [E]"]);
    let mut driver = Driver::new(one(rule("r", "")));
    driver.record(0, sent(0, 90));
    let over = driver.engine.fire(START + seconds(90)).unwrap();
    assert_eq!(over.closed_trees, [sent(0, 90).tree()]);
}

#[test]
fn what_changed_is_told_as_a_change_and_its_type_is_value_changed() {
    let rules = one(Rule {
        on_update: Some(template("updated")),
        ..follow("r", "")
    });
    let value = |at: u64, value: &str, severity| {
        let record = AlarmRecord {
            value: value.to_owned(),
            severity,
            ..sent(at, 90)
        };
        (at, Happens::Record(record))
    };
    let told = play(
        &rules,
        &[
            value(0, "91 %", Major),
            value(10, "92 %", Major),
            value(20, "92 %", Major),
            value(30, "92 %", Critical),
            (40, Happens::Record(cleared("E"))),
        ],
    );
    assert_eq!(
        told[1..],
        [
            "10 r updated to noc: E (value is 92 %) [E]",
            "30 r updated to noc: E (severity is Critical, was Major) [E]",
            "40 r cleared to noc: E (cleared) [E]",
        ]
    );
    let mut driver = Driver::new(rules);
    driver.record(0, sent(0, 90));
    let mut other = sent(10, 90);
    other.comment = "look here".to_owned();
    let told = driver.record(10, other.clone());
    let said = &told.notifications[0];
    assert_eq!(said.alarm.kind, Some(AlarmType::ValueChanged));
    assert!(
        driver
            .record(
                20,
                AlarmRecord {
                    time: START,
                    ..other
                }
            )
            .notifications
            .is_empty()
    );
}

#[test]
fn an_end_that_is_sent_again_is_no_event() {
    let over = AlarmRecord {
        repeats: true,
        ..cleared("E")
    };
    let told = play(
        &one(rule("r", "")),
        &[
            comes(0, 90),
            (10, Happens::Record(over.clone())),
            (20, Happens::Record(over)),
        ],
    );
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn after_a_start_or_a_jump_of_the_clock_nothing_ends_for_that_for_five_minutes() {
    let mut driver = Driver::new(one(follow("r", "")));
    driver.record(0, sent(0, 90));
    // It was down until then, and nobody could repeat anything.
    driver.engine = Engine::new(Arc::clone(driver.engine.ruleset()), driver.resume()).unwrap();
    driver.engine.started(START + seconds(1_000));
    assert_eq!(driver.engine.next_deadline(), Some(START + seconds(1_300)));
    driver.until(START + seconds(1_299), false);
    assert_eq!(driver.engine.trees().len(), 1);
    driver.record(1_299, sent(1_299, 90));
    driver.until(START + seconds(1_388), false);
    assert_eq!(driver.engine.trees().len(), 1);
    driver.until(START + seconds(1_389), false);
    assert!(driver.engine.trees().is_empty());

    let told = play(
        &one(follow("r", "")),
        &[comes(0, 90), (10, Happens::Jump(1_000)), passes(2_000)],
    );
    assert_eq!(told[1..], ["1310 r cleared to noc: E (not repeated) [E]"]);
}

#[test]
fn who_repeats_is_not_forgotten_and_the_row_knows_until_when_it_lasts() {
    let mut driver = Driver::new(one(follow("r", "")));
    let day = 86_400;
    driver.record(0, sent(0, 100 * day));
    driver.record(20 * day, sent(20 * day, 100 * day));
    driver.until(START + seconds(31 * day), false);
    assert_eq!(driver.engine.trees().len(), 1);
    let again = Engine::new(Arc::clone(driver.engine.ruleset()), driver.resume()).unwrap();
    let (open, _) = again.open_alarms(None, 1);
    assert_eq!(open[0].record.until, Some(START + seconds(120 * day)));
    assert_eq!(open[0].record.time, START);
    assert!(open[0].record.repeats);
    assert_eq!(again.next_deadline(), Some(START + seconds(50 * day)));
    let over = Event::ClosedByHand {
        id: "1".to_owned(),
        by: "me".to_owned(),
    };
    driver.enter(START + seconds(31 * day), over);
    assert_eq!(driver.engine.next_deadline(), None);
}
