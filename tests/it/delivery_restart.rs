//! Delivery: after a restart, a reload, a jump of the clock.

use std::time::Duration;

use klaxond::delivery::{HoldKey, Settings, Verdict};
use klaxond::model::{Kind, Message, MessageState, Rate, Retry, Scope, Severity};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, contacts, dead_token, failed, lost, message,
    pair_limit, per_contact, phone, throughput, wide,
};

/// A row of the outbox.
struct Row {
    state: MessageState,
    attempts: u32,
    unknowns: u32,
    retry_at: Option<i64>,
    attempted: Option<i64>,
}

impl Row {
    fn new(state: MessageState) -> Self {
        Self {
            state,
            attempts: 1,
            unknowns: 0,
            retry_at: None,
            attempted: None,
        }
    }

    fn restore(&self, world: &mut World, message: &Message) {
        world.dispatcher.restore(
            at(world.now),
            message,
            self.state,
            self.attempts,
            self.unknowns,
            self.retry_at.map(at),
            self.attempted.map(at),
            None,
        );
    }
}

#[test]
fn what_was_being_sent_waits_as_an_unknown_since_its_attempt_and_is_repeated() {
    let mut world = World::new(wide(), &["noc"]);
    Row {
        attempted: Some(-5_000),
        ..Row::new(MessageState::Sending)
    }
    .restore(&mut world, &message(1, "noc").bucket("b"));
    world.admit(&message(2, "noc").bucket("b"));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.seen,
        [(15_000, Seen::Repeated(1)), (15_000, Seen::Sent(2))]
    );
}

#[test]
fn an_unknown_goes_on_waiting_from_its_attempt() {
    let mut world = World::new(wide(), &["noc"]);
    for (id, attempted) in [(1, -19_000), (2, -60_000)] {
        Row {
            unknowns: 1,
            attempted: Some(attempted),
            ..Row::new(MessageState::Unknown)
        }
        .restore(&mut world, &message(id, "noc"));
    }
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.seen,
        [(0, Seen::Repeated(2)), (1_000, Seen::Repeated(1))]
    );
}

#[test]
fn restored_unknowns_count_towards_three() {
    let mut world = World::new(wide(), &["noc"]);
    Row {
        unknowns: 2,
        attempts: 2,
        attempted: Some(-60_000),
        ..Row::new(MessageState::Unknown)
    }
    .restore(&mut world, &message(1, "noc"));
    assert_eq!(world.drain(), [Seen::Repeated(1)]);
    assert!(matches!(
        world.settle(1, &lost()),
        Verdict::Failed { fallback: true, .. }
    ));

    Row {
        unknowns: 2,
        attempts: 3,
        ..Row::new(MessageState::Sending)
    }
    .restore(&mut world, &message(2, "noc"));
    assert_eq!(
        world.drain(),
        [Seen::Closed {
            id: 2,
            state: MessageState::Failed,
            fallback: true
        }]
    );
}

#[test]
fn what_was_queued_waits_for_its_time_and_what_was_held_does_not() {
    let mut world = World::new(wide(), &["noc"]);
    Row {
        retry_at: Some(9_000),
        ..Row::new(MessageState::Queued)
    }
    .restore(&mut world, &message(1, "noc"));
    Row {
        retry_at: Some(9_000),
        ..Row::new(MessageState::Held)
    }
    .restore(&mut world, &message(2, "noc"));
    Row::new(MessageState::Accepted).restore(&mut world, &message(3, "noc"));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 2), (9_000, 1)]);
}

#[test]
fn a_time_from_a_clock_that_was_wrong_holds_a_message_for_an_hour_at_most() {
    let mut world = World::new(wide(), &["noc"]);
    Row {
        retry_at: Some(999_999_999_999),
        ..Row::new(MessageState::Queued)
    }
    .restore(&mut world, &message(1, "noc"));
    Row {
        attempted: Some(999_999_999_999),
        ..Row::new(MessageState::Sending)
    }
    .restore(&mut world, &message(2, "noc"));
    world.run_until(4_000_000, |_, _| accepted());
    assert_eq!(world.sent(), [(20_000, 2), (3_600_000, 1)]);
}

#[test]
fn few_attempts_go_on_being_few_after_a_restart() {
    let mut world = World::new(wide(), &["noc"]);
    Row {
        attempts: 2,
        retry_at: Some(0),
        ..Row::new(MessageState::Queued)
    }
    .restore(&mut world, &message(1, "noc"));
    assert_eq!(world.sends(), [1]);
    assert!(matches!(
        world.settle(1, &failed(Retry::Few, Scope::Message)),
        Verdict::Failed { fallback: true, .. }
    ));
}

#[test]
fn attempts_from_before_the_restart_count_against_the_phone() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc", "boss"]);
    for ago in [-4_000, -2_000] {
        world.dispatcher.restore_attempt(&phone(0), at(ago));
    }
    // A clock that ran ahead: it counts as made at this moment.
    world.dispatcher.restore_attempt(&phone(0), at(50_000));
    for id in 1..=3 {
        world.admit(&message(id, "noc").severity(Severity::Critical));
    }
    world.admit(&message(4, "boss"));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.sent(),
        [(0, 4), (14_000, 1), (14_000, 2), (14_000, 3)]
    );
}

#[test]
fn attempts_that_broke_the_limit_leave_no_debt() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc"]);
    for _ in 0..600 {
        world.dispatcher.restore_attempt(&phone(0), at(-1_000));
    }
    world.admit(&message(1, "noc").severity(Severity::Critical));
    assert_eq!(world.drain(), []);
    assert_eq!(world.deadline(), Some(17_000));
}

#[test]
fn a_reload_closes_what_waits_for_contacts_that_are_gone() {
    let mut world = World::new(wide(), &["noc", "boss"]);
    world.admit(&message(1, "boss"));
    world.admit(&message(2, "boss").expires(9_000));
    world.admit(&message(3, "noc"));
    assert_eq!(world.sends(), [3, 1]);
    world
        .dispatcher
        .reconfigure(at(0), wide(), &contacts(&["noc"]));
    let gone = |id| Seen::Closed {
        id,
        state: MessageState::Expired,
        fallback: false,
    };
    assert_eq!(world.drain(), [gone(2)]);
    assert_eq!(world.reasons, ["contact removed"]);
    world.admit(&message(4, "boss"));
    assert_eq!(world.drain(), [gone(4)]);

    // The one in flight is closed when it comes back.
    world.settle(1, &failed(Retry::Backoff, Scope::Message));
    assert_eq!(world.drain(), [gone(1)]);
    world.settle(3, &accepted());
    assert_eq!((world.dispatcher.waiting(), world.deadline()), (0, None));
}

#[test]
fn a_contact_that_comes_back_while_its_message_is_in_flight_goes_on() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    assert_eq!(world.sends(), [1]);
    world.dispatcher.reconfigure(at(0), wide(), &[]);
    world
        .dispatcher
        .reconfigure(at(0), wide(), &contacts(&["noc"]));
    world.admit(&message(2, "noc"));
    assert_eq!(world.drain(), [], "one is still in flight");
    world.settle(1, &accepted());
    assert_eq!(world.sends(), [2]);
}

#[test]
fn a_reload_keeps_queues_and_spent_tokens() {
    let mut world = World::new(per_contact("1/6s, burst 2"), &["noc"]);
    for id in 1..=4 {
        world.admit(&message(id, "noc").severity(Severity::Critical));
    }
    world.run_until(0, |_, _| accepted());
    let faster = per_contact("1/3s, burst 2");
    world
        .dispatcher
        .reconfigure(at(0), faster, &contacts(&["noc"]));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 1), (0, 2), (6_000, 3), (6_000, 4)]);
}

#[test]
fn a_reload_slows_the_number_down_at_once() {
    let throughput = |rate: &str| Settings {
        throughput: Rate::parse(rate).unwrap(),
        ..wide()
    };
    let mut world = World::new(throughput("1/100ms"), &["a"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "a"));
    world.run_until(50, |_, _| accepted());
    world
        .dispatcher
        .reconfigure(at(50), throughput("1/200ms"), &contacts(&["a"]));
    world.run_until(1_000, |_, _| accepted());
    // Half a token was there, and the other half takes 100 ms.
    assert_eq!(world.sent(), [(0, 1), (150, 2)]);
}

#[test]
fn a_reload_tries_what_is_held_again_with_one_message_first() {
    let mut world = World::new(wide(), &["a", "b"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "b"));
    world.run_until(0, |_, _| dead_token());
    world.now = 1_000;
    world
        .dispatcher
        .reconfigure(at(1_000), wide(), &contacts(&["a", "b"]));
    assert_eq!(world.dispatcher.holds(), []);
    assert_eq!(world.sends(), [2]);
    // The operator hoped that it was mended, so it is news that it is not.
    match world.settle(2, &dead_token()) {
        Verdict::Held { new_hold, .. } => assert_eq!(new_hold, Some(HoldKey::Account)),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.deadline(), Some(6_000));
}

#[test]
fn a_reload_does_not_shorten_a_limit_of_meta() {
    let mut world = World::new(wide(), &["a"]);
    world.jitter = 1.0;
    world.admit(&message(1, "a"));
    world.run_until(0, |_, _| throughput());
    world
        .dispatcher
        .reconfigure(at(10), wide(), &contacts(&["a"]));
    assert_eq!(world.deadline(), Some(1_000));
    world.run_until(1_000, |_, _| pair_limit());
    world
        .dispatcher
        .reconfigure(at(1_010), wide(), &contacts(&["a"]));
    assert_eq!(world.deadline(), Some(2_250));
}

#[test]
fn a_contact_with_another_phone_has_another_limit() {
    let mut world = World::new(per_contact("1/6s, burst 1"), &["noc"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.run_until(0, |_, _| accepted());
    let moved = [(contact("noc"), phone(9))];
    world
        .dispatcher
        .reconfigure(at(0), per_contact("1/6s, burst 1"), &moved);
    assert_eq!(world.sends(), [2]);
}

#[test]
fn a_jump_of_the_clock_moves_every_wait() {
    let settings = Settings {
        throughput: Rate::parse("1/100ms, burst 1").unwrap(),
        ..per_contact("1/6s, burst 1")
    };
    let mut world = World::new(settings, &["a", "b", "c"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "a").expires(20_000));
    world.admit(&message(3, "b"));
    let mut outcomes = [accepted(), lost()].into_iter();
    world.run_until(100, |_, _| outcomes.next().unwrap());
    world.dispatcher.rebase(Duration::from_hours(24));
    const DAY_MS: i64 = 86_400_000;
    world.now += DAY_MS;
    assert_eq!(world.drain(), [], "a day did not pass");
    world.admit(&message(4, "c").expires(DAY_MS + 1_000));
    world.run_until(DAY_MS + 60_000, |_, _| accepted());
    assert_eq!(
        world.sent()[2..],
        [(DAY_MS + 200, 4), (DAY_MS + 6_000, 2), (DAY_MS + 20_100, 3)]
    );
}

#[test]
fn a_raise_that_goes_again_for_want_of_a_receipt_is_not_cancelled_by_its_end() {
    for (confirm, told) in [(Some(Duration::from_secs(60)), true), (None, false)] {
        let mut world = World::new(wide(), &["noc"]);
        let raise = Message {
            confirm,
            ..message(1, "noc").bucket("b")
        };
        Row {
            attempts: 1,
            retry_at: Some(5_000),
            ..Row::new(MessageState::Queued)
        }
        .restore(&mut world, &raise);
        world.admit(&message(2, "noc").bucket("b").kind(Kind::Cleared).closes(1));
        world.run_until(60_000, |_, _| accepted());
        // Without a receipt to wait for, an attempt that is tried again certainly failed.
        let ids: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
        assert_eq!(ids.contains(&2), told, "{confirm:?}: {:?}", world.seen);
    }
}
