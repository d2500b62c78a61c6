//! What receipts change, and what follows when none comes.

use klaxond::delivery::{Settings, Verdict};
use klaxond::model::{Failure, Message, MessageId, MessageState, Retry, Scope, Stage};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contacts, digest, failure, lost, message, per_contact,
    retry_of, throughput, wide,
};

const MINUTE: i64 = 60_000;

fn with_receipts() -> Settings {
    Settings {
        receipts: true,
        ..wide()
    }
}

/// A world in which this message is under way.
fn sent(message: &Message) -> World {
    let mut world = World::new(with_receipts(), &["noc"]);
    world.admit(message);
    assert_eq!(world.sends(), [message.id.0]);
    world
}

fn receipt(world: &mut World, id: i64, stage: Stage) -> bool {
    world
        .dispatcher
        .delivered(at(world.now), MessageId(id), stage)
}

fn failed_receipt(world: &mut World, message: &Message, retry: Retry) -> Verdict {
    let failure = Failure {
        status: None,
        ..failure(retry, Scope::Message, 131_026, "Message undeliverable")
    };
    world
        .dispatcher
        .failed_later(at(world.now), message, 1, 0, &failure, 0.5)
}

#[test]
fn a_receipt_answers_for_the_answer_that_was_lost() {
    for stage in [Stage::Sent, Stage::Delivered, Stage::Read] {
        let mut world = sent(&message(1, "noc"));
        world.settle(1, &lost());
        world.run_until(10_000, |_, _| accepted());
        assert!(receipt(&mut world, 1, stage));
        world.run_until(MINUTE, |_, _| accepted());
        assert_eq!(world.sent(), [], "one message on the phone");
        assert_eq!(world.dispatcher.waiting(), 0);
    }
}

#[test]
fn a_receipt_that_comes_after_the_wait_still_spares_the_repeat() {
    let mut world = World::new(
        Settings {
            receipts: true,
            ..per_contact("1/60s")
        },
        &["noc"],
    );
    world.admit(&message(1, "noc"));
    assert_eq!(world.sends(), [1]);
    world.settle(1, &lost());
    world.run_until(30_000, |_, _| accepted());
    assert_eq!(world.sent(), []);
    assert!(receipt(&mut world, 1, Stage::Delivered));
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn without_a_receipt_the_message_is_sent_again_and_says_so() {
    let mut world = sent(&message(1, "noc"));
    world.settle(1, &lost());
    world.run_until(MINUTE, |_, _| accepted());
    assert_eq!(world.seen, [(20_000, Seen::Repeated(1))]);
}

#[test]
fn a_receipt_may_come_before_the_answer() {
    let mut world = sent(&message(1, "noc"));
    assert!(!receipt(&mut world, 1, Stage::Delivered), "it is under way");
    let verdict = world.settle(1, &lost());
    assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn a_failed_receipt_may_come_before_the_answer_too() {
    let first = message(1, "noc");
    let mut world = sent(&first);
    let verdict = failed_receipt(&mut world, &first, Retry::Never);
    assert_eq!(verdict, Verdict::UnderWay);
    let verdict = world.settle(1, &accepted());
    assert!(matches!(verdict, Verdict::Failed { fallback: true, .. }));
}

#[test]
fn a_message_that_fails_for_good_after_it_was_accepted_goes_to_the_fallback() {
    let first = message(1, "noc");
    let mut world = sent(&first);
    world.settle(1, &accepted());
    let verdict = failed_receipt(&mut world, &first, Retry::Never);
    let Verdict::Failed { reason, fallback } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(fallback);
    let expected =
        "error 131026 from Meta (Message undeliverable); the same message would fail again";
    assert_eq!(reason, expected);
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn a_message_that_fails_for_now_after_it_was_accepted_is_sent_again_by_the_same_table() {
    let first = message(1, "noc");
    let mut world = sent(&first);
    world.settle(1, &accepted());
    let verdict = failed_receipt(&mut world, &first, Retry::Backoff);
    let (until, _) = retry_of(&verdict);
    assert_eq!(world.dispatcher.waiting(), 1);
    world.run_until(until, |_, _| accepted());
    assert_eq!(world.sent(), [(until, 1)]);
}

#[test]
fn a_few_failed_receipts_are_enough_where_the_fault_may_be_ours() {
    let first = message(1, "noc");
    let mut world = World::new(with_receipts(), &["noc"]);
    let few = failure(Retry::Few, Scope::Message, 1, "who knows");
    let mut verdicts = Vec::new();
    for attempts in 1..=3 {
        let verdict = world
            .dispatcher
            .failed_later(at(world.now), &first, attempts, 0, &few, 0.5);
        verdicts.push(matches!(verdict, Verdict::Failed { fallback: true, .. }));
        world.run_until(world.now + MINUTE, |_, _| accepted());
    }
    assert_eq!(verdicts, [false, false, true]);
}

#[test]
fn a_failed_receipt_to_a_contact_that_is_gone_ends_quietly() {
    let mut world = World::new(with_receipts(), &[]);
    let verdict = failed_receipt(&mut world, &message(1, "noc"), Retry::Backoff);
    assert!(matches!(
        verdict,
        Verdict::Failed {
            fallback: false,
            ..
        }
    ));
}

#[test]
fn a_promised_delivery_is_waited_for_sent_once_more_and_then_given_to_the_fallback() {
    let mut world = sent(&message(1, "noc").confirm(300_000));
    let Verdict::Accepted { confirm_by, .. } = world.settle(1, &accepted()) else {
        panic!("not accepted");
    };
    assert_eq!(confirm_by, Some(at(5 * MINUTE)));
    assert_eq!(
        (world.dispatcher.waiting(), world.dispatcher.awaited()),
        (0, 1)
    );
    assert!(
        !receipt(&mut world, 1, Stage::Sent),
        "that is not the phone"
    );
    world.run_until(20 * MINUTE, |_, _| accepted());
    let closed = Seen::Closed {
        id: 1,
        state: MessageState::Failed,
        fallback: true,
    };
    let expected = [(5 * MINUTE, Seen::Repeated(1)), (10 * MINUTE, closed)];
    assert_eq!(world.seen, expected);
    assert_eq!(
        world.reasons,
        ["Meta took it twice, but no receipt said within 5m that it reached the phone"]
    );
}

#[test]
fn a_delivery_that_is_confirmed_is_done() {
    for stage in [Stage::Delivered, Stage::Read] {
        let mut world = sent(&message(1, "noc").confirm(300_000));
        world.settle(1, &accepted());
        assert!(receipt(&mut world, 1, stage));
        world.run_until(20 * MINUTE, |_, _| accepted());
        assert_eq!(world.seen, []);
    }
}

#[test]
fn what_waits_for_a_receipt_keeps_nobody_waiting() {
    let mut world = sent(&message(1, "noc").bucket("b").confirm(300_000));
    world.settle(1, &accepted());
    world.admit(&message(2, "noc").bucket("b").closes(1));
    assert_eq!(world.sends(), [2]);
}

#[test]
fn a_lost_answer_of_which_only_sent_is_known_is_waited_for_like_an_accepted_one() {
    let mut world = sent(&message(1, "noc").confirm(300_000));
    world.settle(1, &lost());
    assert!(!receipt(&mut world, 1, Stage::Sent));
    assert_eq!(world.dispatcher.awaited(), 1);
    world.run_until(4 * MINUTE, |_, _| accepted());
    assert_eq!(world.seen, []);
    assert!(receipt(&mut world, 1, Stage::Delivered));
}

#[test]
fn a_failed_receipt_ends_the_wait_for_another() {
    let first = message(1, "noc").confirm(300_000);
    let mut world = sent(&first);
    world.settle(1, &accepted());
    failed_receipt(&mut world, &first, Retry::Never);
    assert_eq!(world.dispatcher.awaited(), 0);
    world.run_until(20 * MINUTE, |_, _| accepted());
    assert_eq!(world.seen, []);
}

#[test]
fn without_receipts_acceptance_is_enough() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").confirm(300_000));
    assert_eq!(world.sends(), [1]);
    let verdict = world.settle(1, &accepted());
    assert!(matches!(
        verdict,
        Verdict::Accepted {
            confirm_by: None,
            ..
        }
    ));
    assert_eq!(world.dispatcher.next_deadline(), None);
}

/// Takes up a message that was accepted, with the attempts it took.
fn restored(settings: Settings, state: MessageState, attempts: u32) -> World {
    let mut world = World::new(settings, &["noc"]);
    let first = message(1, "noc").confirm(300_000);
    let by = Some(at(2 * MINUTE));
    world
        .dispatcher
        .restore(at(0), &first, state, attempts, 0, None, Some(at(0)), by);
    world
}

#[test]
fn a_restart_takes_up_the_wait_for_a_receipt() {
    for state in [MessageState::Accepted, MessageState::Sent] {
        let mut world = restored(with_receipts(), state, 1);
        world.run_until(3 * MINUTE, |_, _| accepted());
        assert_eq!(world.seen, [(2 * MINUTE, Seen::Repeated(1))]);
        let mut world = restored(with_receipts(), state, 2);
        world.run_until(3 * MINUTE, |_, _| accepted());
        assert!(matches!(
            world.seen[..],
            [(_, Seen::Closed { fallback: true, .. })]
        ));
    }
}

#[test]
fn where_receipts_were_switched_off_what_waited_for_one_is_final() {
    let expected = Seen::Closed {
        id: 1,
        state: MessageState::Sent,
        fallback: false,
    };
    let mut world = restored(wide(), MessageState::Sent, 1);
    assert_eq!(world.drain(), [expected]);
    let mut world = sent(&message(1, "noc").confirm(300_000));
    world.settle(1, &accepted());
    world
        .dispatcher
        .reconfigure(at(0), wide(), &contacts(&["noc"]));
    assert!(matches!(
        world.drain()[..],
        [Seen::Closed {
            fallback: false,
            ..
        }]
    ));
    assert_eq!(world.dispatcher.awaited(), 0);
}

#[test]
fn a_digest_is_promised_like_a_message() {
    let mut world = World::new(with_receipts(), &["noc"]);
    world.admit(&digest(1, "noc").confirm(300_000));
    let id = MessageId::DIGESTS + 1;
    assert_eq!(world.sends(), [id]);
    world.settle(id, &accepted());
    world.run_until(20 * MINUTE, |_, _| accepted());
    assert_eq!(world.seen[0], (5 * MINUTE, Seen::Repeated(id)));
    assert!(matches!(
        world.seen[1],
        (_, Seen::Closed { fallback: true, .. })
    ));
}

#[test]
fn throughput_halves_when_meta_says_so_and_comes_back_by_a_tenth_a_minute() {
    let settings = Settings {
        throughput: klaxond::model::Rate::parse("80/s").unwrap(),
        ..wide()
    };
    let mut world = World::new(settings, &["noc", "duty"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "duty"));
    assert_eq!(world.sends().len(), 2);
    world.settle(1, &throughput());
    assert_eq!(world.dispatcher.pace(), 50);
    world.settle(2, &throughput());
    assert_eq!(
        world.dispatcher.pace(),
        50,
        "it was under way before the pause"
    );
    world.run_until(2 * MINUTE + 30_000, |_, _| accepted());
    assert_eq!(world.dispatcher.pace(), 70);
    let start = world.now;
    for id in 3..=700 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(start + 10_000, |_, _| accepted());
    let count = world.sent().iter().filter(|(at, _)| *at >= start).count();
    // 56 at once and 56 a second.
    assert_eq!(count, 56 + 560);
    world.run_until(10 * MINUTE, |_, _| accepted());
    assert_eq!(world.dispatcher.pace(), 100);
    assert_eq!(world.dispatcher.next_deadline(), None);
}
