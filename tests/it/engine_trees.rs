//! Rules that follow alarms: members, triggers, updates, reminders, clears.

use klaxond::engine::filter::Field;
use klaxond::engine::{Rule, Trigger};
use klaxond::model::Severity::{Critical, Major, Minor};

use crate::support::engine::{
    Happens, anew, cleared, condition, contact, every, follow, group_by, masked, play,
    play_records, record, ruleset, seconds, template,
};

fn one(rule: Rule) -> std::sync::Arc<klaxond::engine::Ruleset> {
    ruleset(vec![rule], vec![contact("noc")])
}

#[test]
fn an_alarm_is_told_once_and_its_end_once() {
    let rules = one(follow("r", "severity >= major"));
    let told = play_records(
        &rules,
        &[
            (0, record("E", Major)),
            (1, record("E", Critical)),
            (2, cleared("E")),
            (3, cleared("E")),
        ],
        9,
    );
    assert_eq!(
        told,
        [
            "0 r raised to noc: E (matches severity >= major) [E]",
            "2 r cleared to noc: E (cleared) [E]",
        ]
    );
}

#[test]
fn an_alarm_that_no_longer_matches_is_masked_or_is_closed_by_hand_leaves_with_that_reason() {
    let rules = one(follow("r", "severity = critical"));
    let told = play(
        &rules,
        &[
            (0, Happens::Record(record("A", Critical))),
            (0, Happens::Record(record("B", Critical))),
            (0, Happens::Record(record("C", Critical))),
            (1, Happens::Record(record("A", Major))),
            (2, Happens::Record(masked("B"))),
            (3, Happens::Record(record("B", Critical))),
            (4, Happens::Clear("1")),
        ],
    );
    assert_eq!(
        told[3..],
        [
            "1 r cleared to noc: A (no longer matches (now Major)) [A]",
            "2 r cleared to noc: B (masked) [B]",
            "3 r raised to noc: B (matches severity = critical) [B]",
            "4 r cleared to noc: C (closed by hand) [C]",
            "4 r cleared to noc: B (closed by hand) [B]",
        ]
    );
}

#[test]
fn a_silent_alarm_ends_as_forgotten() {
    let rules = one(follow("r", ""));
    let told = play_records(&rules, &[(0, record("E", Major))], 30 * 86_400);
    assert_eq!(told[1..], ["2592000 r cleared to noc: E (forgotten) [E]"]);
}

#[test]
fn persist_waits_and_a_break_restarts_it() {
    let rules = one(Rule {
        trigger: Trigger::Persist(seconds(10)),
        ..follow("r", "severity = critical")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("E", Critical)),
            (5, record("E", Minor)),
            (8, record("E", Critical)),
            (30, cleared("E")),
        ],
        40,
    );
    assert_eq!(
        told,
        [
            "18 r raised to noc: E (matches severity = critical for 10s) [E]",
            "30 r cleared to noc: E (cleared) [E]",
        ]
    );
    // At the very end of the wait it has lasted.
    let ends = play_records(
        &rules,
        &[(0, record("E", Critical)), (10, cleared("E"))],
        40,
    );
    assert_eq!(ends.len(), 2);
}

#[test]
fn collect_decides_once_at_its_end_and_the_next_alarm_starts_anew() {
    let rules = one(Rule {
        trigger: Trigger::Collect(seconds(10)),
        condition: condition("count() >= 2"),
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (1, cleared("A")),
            (20, record("A", Major)),
            (25, record("B", Minor)),
            (40, cleared("A")),
        ],
        60,
    );
    assert_eq!(
        told,
        [
            "30 r raised to noc: A (the rule takes every record; count() >= 2 holds; collected for 10s) [A B]",
            "40 r cleared to noc: A (the condition no longer holds) [B]",
        ]
    );
}

#[test]
fn a_window_counts_alarms_that_enter_and_empties_when_it_fires() {
    let rules = one(Rule {
        trigger: Trigger::Times {
            times: 2,
            within: seconds(10),
            persist: seconds(0),
        },
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (1, cleared("A")),
            // The first has left at 10.
            (10, record("A", Major)),
            (11, cleared("A")),
            (12, record("A", Major)),
            (13, cleared("A")),
            (14, record("A", Major)),
        ],
        60,
    );
    assert_eq!(
        told,
        [
            "12 r raised to noc: A (the rule takes every record; 2 times within 10s) [A]",
            "13 r cleared to noc: A (cleared) [A]",
        ]
    );
}

#[test]
fn a_windows_violation_that_must_last_breaks_when_an_alarm_leaves_the_window() {
    let window = |persist| {
        one(Rule {
            trigger: Trigger::Times {
                times: 2,
                within: seconds(10),
                persist: seconds(persist),
            },
            ..follow("r", "")
        })
    };
    let history = [(0, record("A", Major)), (5, record("B", Major))];
    assert_eq!(play_records(&window(6), &history, 60).len(), 0);
    assert!(play_records(&window(5), &history, 60)[0].starts_with("10 r raised"));
}

#[test]
fn a_clear_counts_when_it_lasts() {
    let rules = one(Rule {
        clear_after: seconds(10),
        ..follow("r", "severity = critical")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("E", Critical)),
            (5, record("E", Major)),
            (14, record("E", Critical)),
            (20, record("E", Minor)),
            (22, cleared("E")),
        ],
        60,
    );
    assert_eq!(
        told,
        [
            "0 r raised to noc: E (matches severity = critical) [E]",
            "30 r cleared to noc: E (no longer matches (now Minor)) [E]",
        ]
    );
}

#[test]
fn updates_are_told_and_not_more_often_than_update_every() {
    let rules = one(Rule {
        on_update: Some(template("updated")),
        update_every: seconds(10),
        group_by: group_by(&[]),
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (3, record("B", Major)),
            (4, record("A", Critical)),
            (25, cleared("B")),
            (26, record("A", Critical)),
            (40, record("A", Critical)),
        ],
        60,
    );
    assert_eq!(
        told[1..],
        [
            "10 r updated to noc: A (changed since it was last told) [A B]",
            "25 r updated to noc: A (an alarm left) [A]",
        ],
        "a record that changes nothing is no update"
    );
}

#[test]
fn reminders_come_while_it_is_raised_and_not_while_a_clear_waits() {
    let rules = one(Rule {
        reminder: every(10),
        clear_after: seconds(5),
        ..follow("r", "severity = critical")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("E", Critical)),
            (18, record("E", Minor)),
            (22, record("E", Critical)),
            (35, cleared("E")),
        ],
        90,
    );
    assert_eq!(
        told[1..],
        [
            "10 r reminder to noc: E (still raised after 10s) [E]",
            "30 r reminder to noc: E (still raised after 30s) [E]",
            "40 r cleared to noc: E (cleared) [E]",
        ]
    );
}

#[test]
fn a_new_occurrence_of_the_only_alarm_raises_again_and_of_one_among_others_is_an_update() {
    let rules = one(Rule {
        on_update: Some(template("updated")),
        group_by: group_by(&[]),
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (1, anew("A", Major)),
            (2, record("B", Major)),
            (3, anew("A", Major)),
            (4, cleared("A")),
            (5, cleared("B")),
        ],
        60,
    );
    assert_eq!(
        told,
        [
            "0 r raised to noc: A (the rule takes every record) [A]",
            "1 r raised to noc: A (the rule takes every record) [A]",
            "2 r updated to noc: B (an alarm joined) [B A]",
            "3 r updated to noc: A (an alarm began anew) [A B]",
            "4 r updated to noc: B (an alarm left) [B]",
            "5 r cleared to noc: B (cleared) [B]",
        ]
    );
}

#[test]
fn what_a_new_occurrence_owes_is_cleared_even_if_it_is_never_raised_again() {
    let rules = one(Rule {
        trigger: Trigger::Persist(seconds(10)),
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[
            (0, record("A", Major)),
            (20, anew("A", Major)),
            (25, cleared("A")),
        ],
        60,
    );
    assert_eq!(told.len(), 2);
    assert_eq!(told[1], "25 r cleared to noc: A (cleared) [A]");
}

#[test]
fn alarms_are_grouped_by_the_exact_text_of_fields_and_into_every_view() {
    let rules = one(Rule {
        group_by: group_by(&[Field::View]),
        ..follow("r", "")
    });
    let mut both = record("A", Major);
    both.views = vec!["East".to_owned(), "West".to_owned(), "East".to_owned()];
    let mut east = record("B", Minor);
    east.views = vec!["East".to_owned()];
    let mut lower = record("C", Minor);
    lower.views = vec!["east".to_owned()];
    let told = play_records(
        &rules,
        &[
            (0, both),
            (1, east),
            (2, lower),
            (3, cleared("A")),
            (4, cleared("B")),
        ],
        9,
    );
    assert_eq!(
        told,
        [
            "0 r raised to noc: A (the rule takes every record) [A]",
            "0 r raised to noc: A (the rule takes every record) [A]",
            "2 r raised to noc: C (the rule takes every record) [C]",
            "3 r cleared to noc: A (cleared) [A]",
            "4 r cleared to noc: B (cleared) [B]",
        ]
    );
}

#[test]
fn an_alarm_whose_key_changes_leaves_one_bucket_and_enters_the_other() {
    let rules = one(Rule {
        group_by: group_by(&[Field::Severity]),
        ..follow("r", "")
    });
    let told = play_records(
        &rules,
        &[(0, record("A", Major)), (1, record("A", Minor))],
        9,
    );
    assert_eq!(
        told[1..],
        [
            "1 r cleared to noc: A (no longer matches (now Minor)) [A]",
            "1 r raised to noc: A (the rule takes every record) [A]",
        ]
    );
}

#[test]
fn a_jump_of_the_wall_clock_moves_waits_and_reminders() {
    let rules = one(Rule {
        trigger: Trigger::Persist(seconds(10)),
        reminder: every(20),
        ..follow("r", "")
    });
    let told = play(
        &rules,
        &[
            (0, Happens::Record(record("A", Major))),
            (5, Happens::Jump(100)),
            (150, Happens::Passes),
        ],
    );
    assert_eq!(
        told,
        [
            "110 r raised to noc: A (the rule takes every record for 10s) [A]",
            "130 r reminder to noc: A (still raised after 20s) [A]",
            "150 r reminder to noc: A (still raised after 40s) [A]",
        ]
    );
}

#[test]
fn what_came_due_while_nothing_ran_is_told_once_and_late() {
    let rules = one(Rule {
        trigger: Trigger::Persist(seconds(10)),
        reminder: every(20),
        ..follow("r", "")
    });
    let told = play(
        &rules,
        &[
            (0, Happens::Record(record("A", Major))),
            (15, Happens::Passes),
            (95, Happens::Late),
            (111, Happens::Passes),
        ],
    );
    assert_eq!(
        told,
        [
            "10 r raised to noc: A (the rule takes every record for 10s) [A]",
            "95 r reminder to noc: A (still raised after 1m 25s) [A]",
            "110 r reminder to noc: A (still raised after 1m 40s) [A]",
        ]
    );
}
