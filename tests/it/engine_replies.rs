//! What people write or tap: acknowledgements, silence, stop and start, automatic answers.

use std::sync::Arc;

use klaxond::engine::{AckSource, Replies, Rule, Ruleset, ack, person};
use klaxond::model::Severity::{Critical, Major, Minor};
use klaxond::model::{AlarmRecord, ContactId, Event, Form, Kind, UserStatus, Word};

use crate::support::engine::{
    Driver, Happens, START, cleared, contact, every, follow, play, record, rule, ruleset, seconds,
    template,
};
use crate::support::replies::{about, acks, replies, reply};

/// Ann and Bob; the rule `r` reminds every minute.
fn people() -> Ruleset {
    let rules = ruleset(
        vec![Rule {
            reminder: every(60),
            ..follow("r", "")
        }],
        vec![contact("ann"), contact("bob")],
    );
    Ruleset {
        replies: Replies {
            tell_others: true,
            acknowledged: Some(template("acknowledged")),
            ack_expires: seconds(600),
            ..Replies::default()
        },
        ..(*rules).clone()
    }
}

fn raised(at: u64) -> (u64, Happens) {
    (at, Happens::Record(record("E", Major)))
}

fn passes(at: u64) -> (u64, Happens) {
    (at, Happens::Passes)
}

/// What is told from `from` on.
fn since(told: Vec<String>, from: u64) -> Vec<String> {
    let at = |line: &String| line.split(' ').next().unwrap().parse::<u64>().unwrap();
    told.into_iter().filter(|line| at(line) >= from).collect()
}

#[test]
fn an_acknowledgement_stops_reminders_until_it_expires_and_the_others_hear_of_it() {
    let told = play(
        &Arc::new(people()),
        &[raised(0), acks(70, "ann", about("r", "E")), passes(730)],
    );
    assert_eq!(
        since(told, 60),
        [
            "60 r reminder to ann+bob: E (still raised after 1m) [E]",
            "70 r acknowledged to bob: E (ann has it: E is Major) [E]",
            "70 klaxond answer to ann: E (You have it: E is Major.) [E]",
            "720 r reminder to ann+bob: E (still raised after 12m) [E]",
        ]
    );
}

#[test]
fn an_acknowledgement_stands_in_the_row_of_its_bucket_until_the_end_or_a_new_occurrence() {
    for end in [cleared("E"), crate::support::engine::anew("E", Major)] {
        let mut driver = Driver::new(Arc::new(people()));
        driver.record(0, record("E", Major));
        let step = driver.enter(
            START + seconds(5),
            reply(
                "ann",
                Word::Acknowledge,
                &[about("r", "E")],
                START + seconds(4),
            ),
        );
        let id = step.notifications[0].id;
        assert_eq!(
            (step.acks.as_slice(), step.notifications[0].kind),
            (&[id][..], Kind::Acknowledged)
        );
        let known = |driver: &Driver| driver.rows.values().find_map(ack);
        let found = known(&driver).expect("in the row");
        assert_eq!((found.by.as_str(), found.at), ("ann", START + seconds(5)));
        assert_eq!(
            found.how,
            AckSource::Reply(ContactId::parse("ann").unwrap())
        );
        driver.record(10, end);
        assert_eq!(known(&driver), None);
    }
}

#[test]
fn the_first_to_take_it_has_it_and_a_person_at_the_command_line_may_take_it_over() {
    let told = play(
        &Arc::new(people()),
        &[
            raised(0),
            acks(1, "ann", about("r", "E")),
            acks(2, "bob", about("r", "E")),
            (
                3,
                Happens::Event(Event::AckByHand {
                    id: "1".to_owned(),
                    by: "root".to_owned(),
                }),
            ),
            acks(4, "ann", about("r", "E")),
            (5, Happens::Record(cleared("E"))),
            acks(6, "ann", about("r", "E")),
        ],
    );
    assert_eq!(
        since(told, 2),
        [
            "2 klaxond answer to bob: E (ann has it already: E is Major.) [E]",
            "3 r acknowledged to : E (root has it: E is Major) [E]",
            "4 klaxond answer to ann: E (root has it already: E is Major.) [E]",
            "5 r cleared to ann+bob: E (cleared) [E]",
            "6 klaxond answer to ann: klaxond (There is nothing to take: it is over.) [klaxond]",
        ]
    );
}

#[test]
fn the_reply_to_a_digest_takes_all_that_it_told_and_is_answered_once() {
    let elements = ["E1", "E2", "E3", "E4", "E5", "E6", "E7"];
    let mut history: Vec<(u64, Happens)> = elements
        .iter()
        .map(|element| (0, Happens::Record(record(element, Minor))))
        .collect();
    let all: Vec<_> = elements.iter().map(|element| about("r", element)).collect();
    history.push(replies(1, "ann", Word::Acknowledge, &all));
    history.push(passes(60));
    let told = since(play(&Arc::new(people()), &history), 1);
    assert_eq!(told.len(), 8, "{told:#?}");
    assert_eq!(
        told[7],
        "1 klaxond answer to ann: E1 (You have it: 7 alarms: E1 is Minor; E2 is Minor; E3 is Minor; \
         E4 is Minor; E5 is Minor; and 2 more.) [E1]"
    );
}

#[test]
fn without_a_template_the_others_hear_in_plain_text_inside_their_window_only() {
    let mut rules = people();
    rules.replies.acknowledged = None;
    rules.contacts.push(contact("cho"));
    let mut driver = Driver::new(Arc::new(rules));
    driver.record(0, record("E", Major));
    driver.enter(START + seconds(1), reply("bob", Word::Other, &[], START));
    let late = START + seconds(86_400);
    driver.until(late, false);
    let before = driver.enter(
        late - seconds(1),
        reply("ann", Word::Acknowledge, &[about("r", "E")], late),
    );
    let told: Vec<_> = before
        .messages
        .iter()
        .map(|message| (message.contact.as_str(), message.kind, message.form))
        .collect();
    assert_eq!(
        told,
        [("ann", Kind::Answer, Form::Text)],
        "bob wrote a day ago"
    );
    assert!(before.messages[0].expires.is_some());

    let mut driver = Driver::new(Arc::new(Ruleset {
        replies: Replies {
            tell_others: true,
            ..Replies::default()
        },
        ..people()
    }));
    driver.record(0, record("E", Major));
    driver.enter(START + seconds(1), reply("bob", Word::Other, &[], START));
    let step = driver.enter(
        START + seconds(2),
        reply("ann", Word::Acknowledge, &[about("r", "E")], START),
    );
    let first = &step.messages[0];
    assert_eq!(
        (first.contact.as_str(), first.kind, first.form),
        ("bob", Kind::Acknowledged, Form::Text)
    );
}

#[test]
fn what_was_acknowledged_stays_so_over_a_jump_of_the_clock_and_a_reload() {
    let other = Arc::new(Ruleset {
        rules: vec![Rule {
            reminder: every(60),
            description: "edited".to_owned(),
            on_update: Some(template("updated")),
            ..follow("r", "")
        }],
        ..people()
    });
    let told = play(
        &Arc::new(people()),
        &[
            raised(0),
            acks(10, "ann", about("r", "E")),
            (20, Happens::Jump(3_600)),
            (3_700, Happens::Rules(other)),
            // 10 s, 600 s later, and the jump.
            passes(3_600 + 600),
            passes(3_600 + 670),
        ],
    );
    assert_eq!(
        since(told, 11),
        ["4260 r reminder to ann+bob: E (still raised after 11m) [E]"]
    );
}

fn with_status(status: UserStatus) -> AlarmRecord {
    AlarmRecord {
        user_status: Some(status),
        owner: "Cho".to_owned(),
        ..record("E", Major)
    }
}

#[test]
fn a_record_that_says_acknowledged_takes_it_for_its_owner_and_unresolved_gives_it_back() {
    let taken = (5, Happens::Record(with_status(UserStatus::Acknowledged)));
    let back = (130, Happens::Record(with_status(UserStatus::Unresolved)));
    let told = play(&Arc::new(people()), &[raised(0), taken, back, passes(180)]);
    assert_eq!(
        told[1..],
        [
            "5 r acknowledged to ann+bob: E (Cho has it: E is Major) [E]",
            "180 r reminder to ann+bob: E (still raised after 3m) [E]",
        ]
    );
    let from_the_start = (0, Happens::Record(with_status(UserStatus::Acknowledged)));
    let told = play(&Arc::new(people()), &[from_the_start, passes(599)]);
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn a_bucket_of_several_alarms_is_taken_by_records_when_all_of_them_are() {
    let mut rules = people();
    rules.rules[0].group_by = Some(Vec::new());
    let taken = |element: &str| AlarmRecord {
        element: element.to_owned(),
        ..with_status(UserStatus::Acknowledged)
    };
    let told = play(
        &Arc::new(rules),
        &[
            (0, Happens::Record(record("E1", Major))),
            (0, Happens::Record(record("E2", Major))),
            (10, Happens::Record(taken("E1"))),
            (70, Happens::Record(taken("E2"))),
            passes(600),
        ],
    );
    assert_eq!(
        told[1..],
        [
            "60 r reminder to ann+bob: E1 (still raised after 1m) [E1 E2]",
            "70 r acknowledged to ann+bob: E2 (Cho has it: E2 is Major) [E2 E1]",
        ]
    );
}

#[test]
fn silence_is_for_one_person_and_one_alarm_and_the_end_is_told() {
    let mut rules = people();
    rules.rules[0].on_update = Some(template("updated"));
    rules.replies.silence_for = seconds(120);
    let told = play(
        &Arc::new(rules),
        &[
            raised(0),
            (0, Happens::Record(record("F", Major))),
            replies(10, "ann", Word::Silence, &[about("r", "E")]),
            (20, Happens::Record(record("E", Critical))),
            passes(60),
            (70, Happens::Record(cleared("E"))),
            raised(80),
        ],
    );
    assert_eq!(
        since(told, 10),
        [
            "10 klaxond answer to ann: E (Silent for 2m: E is Major. You still hear when it is over.) [E]",
            "20 r updated to bob: E (severity is Critical, was Major) [E]",
            "60 r reminder to bob: E (still raised after 1m) [E]",
            "60 r reminder to ann+bob: F (still raised after 1m) [F]",
            "70 r cleared to ann+bob: E (cleared) [E]",
            "80 r raised to ann+bob: E (the rule takes every record) [E]",
        ]
    );
}

#[test]
fn who_says_stop_hears_nothing_until_start_and_the_operators_hear_of_rules_that_reach_nobody() {
    let mut rules = people();
    rules.contacts.push(contact("ops"));
    rules.operators = vec![ContactId::parse("ops").unwrap()];
    rules.rules[0].notify = Some(vec![
        ContactId::parse("ann").unwrap(),
        ContactId::parse("bob").unwrap(),
    ]);
    rules.rules[0].reminder = None;
    let told = play(
        &Arc::new(rules),
        &[
            raised(0),
            replies(1, "ann", Word::Stop, &[]),
            replies(2, "ann", Word::Stop, &[]),
            replies(3, "ann", Word::Other, &[]),
            (4, Happens::Record(cleared("E"))),
            raised(5),
            replies(6, "bob", Word::Stop, &[]),
            (7, Happens::Record(record("F", Major))),
            replies(8, "ann", Word::Start, &[]),
            (9, Happens::Record(cleared("E"))),
            (9, Happens::Record(cleared("F"))),
        ],
    );
    assert_eq!(
        since(told, 1),
        [
            "1 klaxond answer to ann: klaxond (You get no more alarms. Write \"start\" to get them again.) [klaxond]",
            "4 r cleared to bob: E (cleared) [E]",
            "5 r raised to bob: E (the rule takes every record) [E]",
            "6 klaxond answer to bob: klaxond (You get no more alarms. Write \"start\" to get them again.) [klaxond]",
            "6 klaxond notice to ops: klaxond (the rule \"r\": everybody it would tell said stop, so it reaches nobody) [klaxond]",
            "7 r raised to : F (the rule takes every record) [F]",
            "8 klaxond answer to ann: klaxond (You get alarms. 2 alarms stand.) [klaxond]",
            // Neither was told that it began, or said stop since.
            "9 r cleared to : E (cleared) [E]",
        ]
    );
}

#[test]
fn a_reload_after_which_a_rule_reaches_only_people_who_said_stop_is_told_to_the_operators() {
    let mut rules = people();
    rules.contacts.push(contact("ops"));
    rules.operators = vec![ContactId::parse("ops").unwrap()];
    let mut narrower = rules.clone();
    narrower.rules[0].notify = Some(vec![ContactId::parse("ann").unwrap()]);
    let told = play(
        &Arc::new(rules),
        &[
            replies(1, "ann", Word::Stop, &[]),
            (2, Happens::Rules(Arc::new(narrower))),
        ],
    );
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("2 klaxond notice to ops: "), "{told:?}");
}

#[test]
fn at_most_five_answers_go_to_a_person_between_two_alarms() {
    let taken = (0..9).map(|n| replies(n, "ann", Word::Acknowledge, &[]));
    let mut history: Vec<_> = taken.collect();
    history.push(raised(10));
    history.push(replies(11, "ann", Word::Acknowledge, &[]));
    let told = play(&Arc::new(people()), &history);
    let seconds: Vec<&str> = told.iter().map(|line| &line[..2]).collect();
    assert_eq!(seconds, ["0 ", "1 ", "2 ", "3 ", "4 ", "10", "11"]);
}

#[test]
fn the_words_are_explained_twice_at_most_so_that_a_stop_is_confirmed() {
    let others = (0..9).map(|n| replies(n, "ann", Word::Other, &[]));
    let mut history: Vec<_> = others.collect();
    history.push(replies(10, "ann", Word::Stop, &[]));
    history.push(replies(11, "ann", Word::Start, &[]));
    let told = play(&Arc::new(people()), &history);
    let seconds: Vec<&str> = told.iter().map(|line| &line[..2]).collect();
    assert_eq!(seconds, ["0 ", "1 ", "10", "11"], "{told:?}");
}

#[test]
fn a_stranger_and_a_contact_that_is_off_are_not_answered() {
    let mut rules = people();
    rules.contacts[0].enabled = false;
    let told = play(
        &Arc::new(rules),
        &[
            replies(0, "ann", Word::Other, &[]),
            replies(0, "nobody", Word::Other, &[]),
        ],
    );
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn an_old_reply_opens_no_window() {
    let mut driver = Driver::new(Arc::new(people()));
    let old = reply("ann", Word::Other, &[], START - seconds(86_400));
    assert!(driver.enter(START, old).messages.is_empty());
    let (id, known) = driver.rows.values().find_map(person).unwrap();
    assert_eq!(
        (id.as_str(), known.wrote, known.stopped),
        ("ann", Some(START - seconds(86_400)), None)
    );
}

#[test]
fn that_somebody_takes_a_single_event_is_recorded_while_its_alarm_is_open() {
    let rules = Ruleset {
        rules: vec![rule("r", "")],
        ..people()
    };
    let told = play(
        &Arc::new(rules),
        &[
            raised(0),
            acks(1, "ann", about("r", "E")),
            (2, Happens::Record(cleared("E"))),
            acks(3, "ann", about("r", "E")),
        ],
    );
    assert_eq!(
        told[1..],
        [
            "1 r acknowledged to : E (ann has it: E is Major) [E]",
            "1 klaxond answer to ann: E (You have it: E is Major.) [E]",
            "2 r cleared to ann+bob: E (the rule takes every record) [E]",
            "3 klaxond answer to ann: klaxond (There is nothing to take: it is over.) [klaxond]",
        ]
    );
}
