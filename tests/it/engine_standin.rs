//! Who is told in place of a contact that cannot be.

use std::sync::Arc;

use klaxond::engine::{Rule, Ruleset};
use klaxond::model::Severity::Major;
use klaxond::model::{Closes, Event, Kind, MessageId, Undelivered, Word};

use crate::support::engine::{
    Driver, Happens, START, cleared, contact, follow, play, record, rule, ruleset, seconds,
};
use crate::support::replies::{lost, lost_raise, person, replies};

/// The rule `r` tells ann, for whom bob stands in; for everybody else lead does.
fn rules() -> Ruleset {
    let mut people = vec![
        contact("ann"),
        contact("bob"),
        contact("lead"),
        contact("ops"),
    ];
    people[0].fallback = Some(person("bob"));
    let rule = Rule {
        notify: Some(vec![person("ann")]),
        confirm: Some(seconds(300)),
        ..follow("r", "")
    };
    Ruleset {
        fallback: Some(person("lead")),
        operators: vec![person("ops")],
        ..(*ruleset(vec![rule], people)).clone()
    }
}

fn raised(at: u64) -> (u64, Happens) {
    (at, Happens::Record(record("E", Major)))
}

fn undelivered(at: u64, lost: Undelivered) -> (u64, Happens) {
    (at, Happens::Event(Event::Undelivered(lost)))
}

#[test]
fn the_one_that_stands_in_is_told_the_same_once_and_hears_of_the_end() {
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            undelivered(5, lost_raise("ann", 1)),
            undelivered(6, lost_raise("ann", 1)),
            (9, Happens::Record(cleared("E"))),
        ],
    );
    assert_eq!(
        told[1..],
        [
            "5 raised to bob instead of message 1",
            "9 r cleared to ann+bob: E (cleared) [E]",
        ]
    );
}

#[test]
fn it_carries_the_notification_of_the_one_that_failed() {
    let mut driver = Driver::new(Arc::new(rules()));
    let raise = driver.record(0, record("E", Major));
    let failed = &raise.messages[0];
    let step = driver.enter(START + seconds(5), Event::Undelivered(lost(failed)));
    let message = &step.messages[0];
    assert!(step.notifications.is_empty());
    assert_eq!(message.notification, failed.notification);
    assert_eq!(
        (
            message.kind,
            message.severity,
            &message.bucket,
            &message.template
        ),
        (
            failed.kind,
            failed.severity,
            &failed.bucket,
            &failed.template
        )
    );
    assert_eq!(
        (message.instead_of, message.confirm, message.expires),
        (Some(failed.id), Some(seconds(300)), None)
    );
    assert!(message.id > failed.id);
    let end = driver.record(9, cleared("E"));
    let closes: Vec<_> = end.messages.iter().map(|message| message.closes).collect();
    let only = |id| Some(Closes::Only(id));
    assert_eq!(closes, [only(failed.id), only(message.id)]);
}

#[test]
fn what_is_over_or_was_raised_again_since_is_not_told_to_anybody_else() {
    let told = play(
        &Arc::new(rules()),
        &[
            raised(0),
            (1, Happens::Record(cleared("E"))),
            undelivered(2, lost_raise("ann", 1)),
            raised(3),
            undelivered(4, lost_raise("ann", 1)),
            undelivered(5, lost_raise("ann", 3)),
        ],
    );
    assert_eq!(
        told[2..],
        [
            "3 r raised to ann: E (the rule takes every record) [E]",
            "5 raised to bob instead of message 3",
        ]
    );
}

#[test]
fn a_beginning_that_did_not_arrive_and_is_over_goes_to_the_command_once() {
    let mut driver = Driver::new(Arc::new(rules()));
    let begun = driver.record(0, record("E", Major));
    let lost = lost(&begun.messages[0]);
    driver.record(1, cleared("E"));
    let mut enter = |at| driver.enter(START + seconds(at), Event::Undelivered(lost.clone()));
    let step = enter(2);
    assert!(step.messages.is_empty());
    assert_eq!(step.alone, [begun.messages[0].id]);
    assert!(enter(3).alone.is_empty());
}

#[test]
fn an_end_that_did_not_arrive_is_told_to_the_one_that_stands_in() {
    let mut driver = Driver::new(Arc::new(rules()));
    driver.record(0, record("E", Major));
    let end = driver.record(1, cleared("E"));
    let step = driver.enter(
        START + seconds(2),
        Event::Undelivered(lost(&end.messages[0])),
    );
    let message = &step.messages[0];
    assert_eq!(
        (message.contact.as_str(), message.kind, message.closes),
        ("bob", Kind::Cleared, None)
    );
}

#[test]
fn the_next_stands_in_where_the_first_said_stop_and_the_operators_hear_when_nobody_does() {
    let said_stop = |at, who| replies(at, who, Word::Stop, &[]);
    let told = play(
        &Arc::new(rules()),
        &[
            said_stop(0, "bob"),
            raised(1),
            undelivered(2, lost_raise("ann", 2)),
            said_stop(3, "lead"),
            undelivered(4, lost_raise("ann", 3)),
        ],
    );
    assert_eq!(told[2], "2 raised to lead instead of message 2");
    assert_eq!(
        told[4],
        "4 klaxond notice to ops: klaxond (ann was not told of an alarm of the rule \"r\" (no such phone), \
         and nobody could be told instead) [klaxond]"
    );
}

#[test]
fn nobody_stands_in_for_themselves_and_single_events_grow_old() {
    let rules = Ruleset {
        rules: vec![rule("r", "")],
        ..rules()
    };
    let mut driver = Driver::new(Arc::new(rules));
    let raise = driver.record(0, record("E", Major));
    let of = |name: &str| {
        raise
            .messages
            .iter()
            .find(|one| one.contact.as_str() == name)
    };
    let step = driver.enter(START, Event::Undelivered(lost(of("bob").unwrap())));
    assert_eq!(step.messages[0].contact.as_str(), "lead");
    assert_eq!(step.messages[0].expires, Some(START + seconds(4 * 3_600)));
    let step = driver.enter(START, Event::Undelivered(lost(of("lead").unwrap())));
    assert_eq!(step.messages[0].kind, Kind::Notice);
    assert_eq!(step.messages[0].contact.as_str(), "ops");
}

#[test]
fn answers_and_news_of_acknowledgements_have_no_stand_in() {
    for kind in [Kind::Answer, Kind::Acknowledged] {
        let told = play(
            &Arc::new(rules()),
            &[
                raised(0),
                undelivered(
                    1,
                    Undelivered {
                        kind,
                        message: MessageId(1),
                        ..lost_raise("ann", 1)
                    },
                ),
            ],
        );
        assert_eq!(told.len(), 1, "{told:?}");
    }
}
