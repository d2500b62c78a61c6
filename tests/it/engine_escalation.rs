//! When nobody takes an alarm, others are told, step by step; they hear of its end.

use std::sync::Arc;
use std::time::Duration;

use klaxond::engine::{Escalation, Replies, Rule, Ruleset};
use klaxond::model::Severity::{Critical, Major};
use klaxond::model::{Kind, Word};

use crate::support::engine::{
    Driver, Happens, START, anew, cleared, contact, every, follow, play, record, ruleset, seconds,
    template,
};
use crate::support::replies::{about, acks, person, replies};

fn step(after: u64, contact: &str) -> Escalation {
    Escalation {
        after: seconds(after),
        notify: vec![person(contact)],
    }
}

/// The rule `r` tells noc, after 10 s lead, after 30 s boss.
fn rules() -> Ruleset {
    let rule = Rule {
        notify: Some(vec![person("noc")]),
        escalate: vec![step(10, "lead"), step(30, "boss")],
        escalated: template("escalated"),
        ..follow("r", "")
    };
    let rules = ruleset(
        vec![rule],
        vec![contact("noc"), contact("lead"), contact("boss")],
    );
    Ruleset {
        replies: Replies {
            ack_expires: seconds(100),
            ..Replies::default()
        },
        ..(*rules).clone()
    }
}

fn edited(edit: impl FnOnce(&mut Ruleset)) -> Arc<Ruleset> {
    let mut rules = rules();
    edit(&mut rules);
    Arc::new(rules)
}

fn raised(at: u64) -> (u64, Happens) {
    (at, Happens::Record(record("E", Major)))
}

const LEAD: &str = "r escalated to lead: E (nobody took it for 10s) [E]";
const BOSS: &str = "r escalated to boss: E (nobody took it for 30s) [E]";

#[test]
fn each_step_is_told_at_its_time_and_everyone_who_was_told_hears_of_the_end() {
    let told = play(
        &Arc::new(rules()),
        &[raised(0), (50, Happens::Record(cleared("E")))],
    );
    assert_eq!(
        told[1..],
        [
            format!("10 {LEAD}"),
            format!("30 {BOSS}"),
            "50 r cleared to noc+lead+boss: E (cleared) [E]".to_owned()
        ]
    );
}

#[test]
fn an_alarm_that_ends_or_begins_anew_first_does_not_escalate_or_counts_anew() {
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            (9, Happens::Record(cleared("E"))),
            raised(20),
            (28, Happens::Record(anew("E", Critical))),
            (38, Happens::Passes),
        ],
    );
    let escalated: Vec<&String> = told
        .iter()
        .filter(|line| line.contains("escalated"))
        .collect();
    assert_eq!(escalated, [&format!("38 {LEAD}")]);
}

#[test]
fn an_acknowledgement_stops_it_and_when_that_expires_the_steps_that_were_not_taken_go_on() {
    let ack = |at| acks(at, "noc", about("r", "E"));
    let told = play(
        &Arc::new(rules()),
        &[raised(0), ack(5), (140, Happens::Passes)],
    );
    assert_eq!(told[3..], [format!("115 {LEAD}"), format!("135 {BOSS}")]);
    // The first was taken: the second comes as long after the expiry as after the first.
    let told = play(
        &Arc::new(rules()),
        &[raised(0), ack(15), (150, Happens::Passes)],
    );
    assert_eq!(told[1], format!("10 {LEAD}"));
    assert_eq!(told[4..], [format!("135 {BOSS}")]);
}

#[test]
fn updates_are_told_while_somebody_has_it_and_no_reminder_is() {
    let rules = edited(|rules| {
        rules.rules[0].on_update = Some(template("updated"));
        rules.rules[0].reminder = every(20);
    });
    let told = play(
        &rules,
        &[
            raised(0),
            acks(5, "noc", about("r", "E")),
            (40, Happens::Record(record("E", Critical))),
            (104, Happens::Passes),
        ],
    );
    assert_eq!(
        told[3..],
        ["40 r updated to noc: E (severity is Critical, was Major) [E]"]
    );
}

#[test]
fn those_who_asked_for_silence_or_said_stop_are_not_called() {
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            replies(1, "boss", Word::Stop, &[]),
            replies(2, "lead", Word::Silence, &[about("r", "E")]),
            (40, Happens::Passes),
            (50, Happens::Record(cleared("E"))),
        ],
    );
    assert_eq!(
        told[3..],
        [
            "30 r escalated to : E (nobody took it for 30s) [E]",
            "50 r cleared to noc: E (cleared) [E]"
        ]
    );
}

#[test]
fn what_came_due_while_nothing_ran_is_told_once_for_each_step() {
    let told = play(&Arc::new(rules()), &[raised(0), (300, Happens::Late)]);
    assert_eq!(told[1..], [format!("300 {LEAD}"), format!("300 {BOSS}")]);
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            acks(5, "noc", about("r", "E")),
            (300, Happens::Late),
        ],
    );
    assert_eq!(told[3..], [format!("300 {LEAD}"), format!("300 {BOSS}")]);
}

#[test]
fn a_jump_of_the_clock_moves_the_steps_with_it() {
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            (5, Happens::Jump(1_000)),
            (1_015, Happens::Passes),
        ],
    );
    assert_eq!(told[1..], [format!("1010 {LEAD}")]);
}

#[test]
fn a_step_that_was_taken_is_not_taken_again_after_an_edit_and_one_that_is_added_is() {
    let wider = edited(|rules| {
        let steps = &mut rules.rules[0].escalate;
        *steps = vec![step(10, "lead"), step(20, "noc"), step(30, "boss")];
    });
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            (15, Happens::Rules(Arc::clone(&wider))),
            (40, Happens::Passes),
        ],
    );
    assert_eq!(
        told[1..],
        [
            format!("10 {LEAD}"),
            "20 r escalated to noc: E (nobody took it for 20s) [E]".to_owned(),
            format!("30 {BOSS}"),
        ]
    );
    let none = edited(|rules| rules.rules[0].escalate.clear());
    let told = play(
        &Arc::new(rules()),
        &[raised(0), (5, Happens::Rules(none)), (40, Happens::Passes)],
    );
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_rule_that_is_rebuilt_or_removed_keeps_its_steps_and_its_debts() {
    let rebuilt = edited(|rules| rules.rules[0].clear_after = seconds(1));
    let gone = edited(|rules| rules.rules.clear());
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            (15, Happens::Rules(rebuilt)),
            (40, Happens::Passes),
            (50, Happens::Rules(gone)),
        ],
    );
    assert_eq!(
        told[1..],
        [
            format!("10 {LEAD}"),
            format!("30 {BOSS}"),
            "50 r cleared to noc+lead+boss: E (rule removed) [E]".to_owned()
        ]
    );
}

#[test]
fn an_end_answers_every_message_that_told_its_contact_of_what_is_raised() {
    let rules = edited(|rules| {
        rules.rules[0].escalate = vec![step(10, "noc"), step(30, "boss")];
        rules.rules[0].confirm = Some(seconds(60));
    });
    let mut driver = Driver::new(rules);
    let raise = driver.record(0, record("E", Major));
    driver.until(START + seconds(30), false);
    let end = driver.record(40, cleared("E"));
    let closes: Vec<_> = end
        .messages
        .iter()
        .map(|message| {
            message
                .closes
                .map(|closes| (closes.first(), closes.only().is_some()))
        })
        .collect();
    // Whichever of its two messages arrived, noc must hear of the end.
    let first = raise.messages[0].id;
    assert_eq!(closes[0], Some((first, false)));
    assert!(closes[1].is_some_and(|(_, is_only)| is_only));
    for message in raise.messages.iter().chain(&end.messages) {
        assert_eq!(message.confirm, Some(seconds(60)));
    }
    assert_eq!(end.messages[0].kind, Kind::Cleared);
}

#[test]
fn a_wait_for_an_escalation_is_one_that_somebody_waits_for() {
    let mut driver = Driver::new(Arc::new(rules()));
    driver.record(0, record("E", Major));
    assert_eq!(driver.engine.next_decision(), Some(START + seconds(10)));
    driver.until(START + seconds(30), false);
    assert_eq!(driver.engine.next_decision(), None);
    assert_eq!(Duration::from_secs(30), driver.engine.now().since(START));
}
