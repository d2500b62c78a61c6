//! Other rules come into force: what is raised stays, ends with its reason, or waits.

use std::sync::Arc;

use klaxond::engine::{Engine, Rule, Ruleset, Trigger};
use klaxond::model::Severity::{Critical, Major, Minor};

use crate::support::engine::{
    Driver, Happens, START, cleared, condition, contact, every, follow, play, record, rule,
    ruleset, seconds, template,
};

fn one(rule: Rule) -> Arc<Ruleset> {
    ruleset(vec![rule], vec![contact("noc")])
}

/// One alarm is raised by `before`; then `after` comes into force; then the alarm ends.
fn change(before: &Arc<Ruleset>, after: &Arc<Ruleset>) -> Vec<String> {
    play(
        before,
        &[
            (0, Happens::Record(record("E", Major))),
            (10, Happens::Rules(Arc::clone(after))),
            (30, Happens::Record(cleared("E"))),
            (60, Happens::Passes),
        ],
    )
}

#[test]
fn an_unchanged_config_changes_nothing() {
    let rules = one(follow("r", ""));
    let mut driver = Driver::new(Arc::clone(&rules));
    driver.record(0, record("E", Major));
    let step = driver.engine.adopt(START, rules);
    assert!(step.rows.is_empty() && step.messages.is_empty());
}

#[test]
fn what_is_raised_of_a_rule_that_is_gone_or_off_ends_as_it_would_have() {
    let none = ruleset(Vec::new(), vec![contact("noc")]);
    let before = one(follow("r", ""));
    assert_eq!(
        change(&before, &none)[1..],
        ["10 r cleared to noc: E (rule removed) [E]"]
    );
    let off = one(Rule {
        enabled: false,
        on_clear: None,
        ..follow("r", "")
    });
    assert_eq!(
        change(&before, &off)[1..],
        ["10 r cleared to noc: E (rule disabled) [E]"]
    );
    let silent = one(Rule {
        on_clear: None,
        ..follow("r", "")
    });
    assert_eq!(change(&silent, &none).len(), 1, "it never told the end");
}

#[test]
fn a_changed_rule_keeps_what_still_holds_and_ends_what_does_not() {
    let before = one(follow("r", "severity >= minor"));
    let narrower = one(follow("r", "severity >= major"));
    assert_eq!(
        change(&before, &narrower)[1..],
        ["30 r cleared to noc: E (cleared) [E]"]
    );
    let elsewhere = one(follow("r", "severity = critical"));
    assert_eq!(
        change(&before, &elsewhere)[1..],
        ["10 r cleared to noc: E (rule changed) [E]"]
    );
    let events = one(rule("r", "severity >= minor"));
    assert_eq!(
        change(&before, &events)[1..],
        ["10 r cleared to noc: E (rule changed) [E]"]
    );
}

#[test]
fn what_holds_by_a_changed_rule_and_was_not_raised_is_raised_in_silence_or_waits() {
    let before = one(follow("r", "severity = critical"));
    let wider = one(follow("r", ""));
    assert!(change(&before, &wider).is_empty(), "nobody was told");
    let waits = one(Rule {
        trigger: Trigger::Persist(seconds(5)),
        ..follow("r", "")
    });
    assert_eq!(
        change(&before, &waits),
        [
            "15 r raised to noc: E (the rule takes every record for 5s) [E]",
            "30 r cleared to noc: E (cleared) [E]",
        ]
    );
}

#[test]
fn other_edits_touch_no_state() {
    let before = one(follow("r", ""));
    let after = one(Rule {
        name: "renamed".to_owned(),
        template: template("other"),
        reminder: every(8),
        ..follow("r", "")
    });
    assert_eq!(
        change(&before, &after)[1..],
        [
            "10 r reminder to noc: E (still raised after 10s) [E]",
            "16 r reminder to noc: E (still raised after 16s) [E]",
            "24 r reminder to noc: E (still raised after 24s) [E]",
            "30 r cleared to noc: E (cleared) [E]",
        ]
    );
}

#[test]
fn a_contact_that_is_gone_is_told_no_end() {
    let both = vec![contact("noc"), contact("lead")];
    let before = ruleset(vec![follow("r", "")], both);
    let after = one(follow("r", ""));
    assert_eq!(
        change(&before, &after),
        [
            "0 r raised to noc+lead: E (the rule takes every record) [E]",
            "30 r cleared to noc: E (cleared) [E]",
        ]
    );
}

#[test]
fn rules_that_were_edited_while_nothing_ran_are_adopted_at_start() {
    let mut driver = Driver::new(one(follow("r", "")));
    driver.record(0, record("E", Major));
    driver.record(1, record("F", Critical));
    let after = ruleset(
        vec![follow("r", "severity = critical"), follow("new", "")],
        vec![contact("noc")],
    );
    let mut engine = Engine::new(Arc::clone(&after), driver.resume()).unwrap();
    let step = engine.adopt(START + seconds(60), Arc::clone(&after));
    let said: Vec<&str> = step
        .notifications
        .iter()
        .map(|said| said.reason.as_str())
        .collect();
    assert_eq!(said, ["rule changed"]);
    assert_eq!(step.notifications[0].alarm.element, "E");
    assert!(engine.adopt(START + seconds(61), after).rows.is_empty());
}

#[test]
fn a_rebuilt_condition_counts_what_is_open() {
    let before = one(follow("r", ""));
    let after = one(Rule {
        condition: condition("count() >= 2"),
        ..follow("r", "")
    });
    let told = play(
        &before,
        &[
            (0, Happens::Record(record("E", Major))),
            (10, Happens::Rules(after)),
            (20, Happens::Record(record("F", Minor))),
        ],
    );
    assert_eq!(
        told[1..],
        [
            "10 r cleared to noc: E (rule changed) [E]",
            "20 r raised to noc: E (the rule takes every record; count() >= 2 holds) [E F]",
        ]
    );
}
