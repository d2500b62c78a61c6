//! Delivery: what an outcome means for its message.

use std::time::Duration;

use klaxond::delivery::{Dispatcher, HoldKey, Verdict};
use klaxond::model::{MessageState, Outcome, Retry, Scope, Severity};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, failed, failure, lost, message, ms, pair_limit,
    phone, retry_of, wide,
};

#[test]
fn an_accepted_message_leaves_the_queue() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    assert_eq!(world.sends(), [1]);
    assert_eq!(
        world.settle(1, &accepted()),
        Verdict::Accepted {
            wamid: "wamid.x".into(),
            held: false,
            confirm_by: None,
        }
    );
    assert_eq!((world.dispatcher.waiting(), world.deadline()), (0, None));
}

#[test]
fn backoff_is_anything_up_to_a_second_doubled_each_time_at_most_five_minutes() {
    for (jitter, expected) in [
        (0.0, vec![50, 50, 50, 50]),
        (0.5, vec![500, 1_000, 2_000, 4_000]),
        (1.0, vec![1_000, 2_000, 4_000, 8_000]),
        (f64::NAN, vec![1_000, 2_000, 4_000, 8_000]),
    ] {
        assert_eq!(waits(Retry::Backoff, jitter, 4), expected);
    }
    assert_eq!(waits(Retry::Backoff, 1.0, 30)[9..], [300_000; 21]);
}

#[test]
fn slow_is_minutes_and_up_to_a_quarter_more_at_most_fifteen() {
    assert_eq!(
        waits(Retry::Slow, 0.0, 6),
        [60_000, 120_000, 240_000, 480_000, 900_000, 900_000]
    );
    assert_eq!(waits(Retry::Slow, 1.0, 5)[..2], [75_000, 150_000]);
    assert_eq!(waits(Retry::Slow, 1.0, 5)[4], 900_000);
}

/// The waits of one message that fails so often with the scope of a message.
fn waits(retry: Retry, jitter: f64, times: usize) -> Vec<i64> {
    let mut world = World::new(wide(), &["noc"]);
    world.jitter = jitter;
    world.admit(&message(1, "noc"));
    (0..times)
        .map(|_| {
            assert_eq!(world.sends(), [1]);
            let before = world.now;
            let verdict = world.settle(1, &failed(retry, Scope::Message));
            let next = retry_of(&verdict).0;
            assert_eq!(world.deadline(), Some(next));
            world.now = next - 1;
            assert_eq!(world.drain(), [], "not a moment earlier");
            world.now = next;
            next - before
        })
        .collect()
}

#[test]
fn few_is_three_attempts_and_then_the_fallback() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    let outcome = failed(Retry::Few, Scope::Message);
    for _ in 0..2 {
        assert_eq!(world.sends(), [1]);
        world.now = retry_of(&world.settle(1, &outcome)).0;
    }
    assert_eq!(world.sends(), [1]);
    assert_eq!(
        world.settle(1, &outcome),
        Verdict::Failed {
            reason: "error 1 from Meta (no luck); given up after 3 attempts".into(),
            fallback: true
        }
    );
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn never_fails_at_once_whatever_its_scope() {
    for scope in [
        Scope::Message,
        Scope::Contact,
        Scope::Template,
        Scope::Number,
        Scope::Account,
    ] {
        let mut world = World::new(wide(), &["noc"]);
        world.admit(&message(1, "noc"));
        world.admit(&message(2, "noc"));
        assert_eq!(world.sends(), [1]);
        assert_eq!(
            world.settle(1, &failed(Retry::Never, scope)),
            Verdict::Failed {
                reason: "error 1 from Meta (no luck); the same message would fail again".into(),
                fallback: true
            }
        );
        assert_eq!(world.sends(), [2], "the next one is not kept");
    }
}

#[test]
fn a_message_that_waits_holds_back_its_bucket_and_nothing_else() {
    let mut world = World::new(wide(), &["noc"]);
    world.jitter = 1.0;
    world.admit(&message(1, "noc").bucket("b").severity(Severity::Critical));
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc"));
    assert_eq!(world.sends(), [1]);
    let verdict = world.settle(1, &failed(Retry::Backoff, Scope::Message));
    assert_eq!(
        retry_of(&verdict),
        (1_000, "error 1 from Meta (no luck); next try in 1s")
    );
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 3), (1_000, 1), (1_000, 2)]);
}

#[test]
fn a_contact_failure_stops_the_lane_and_no_other() {
    let mut world = World::new(wide(), &["noc", "boss"]);
    world.jitter = 1.0;
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.admit(&message(3, "boss"));
    assert_eq!(world.sends(), [1, 3]);
    let verdict = world.settle(1, &failed(Retry::Backoff, Scope::Contact));
    assert_eq!(
        retry_of(&verdict).1,
        "error 1 from Meta (no luck); the contact pauses, next try in 1s"
    );
    world.settle(3, &accepted());
    world.admit(&message(4, "boss"));
    world.run_until(5_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 4), (1_000, 1), (1_000, 2)]);
}

#[test]
fn what_meta_asks_for_is_the_least_wait_but_at_most_an_hour() {
    for (asked, expected) in [(1, 50), (7_000, 7_000), (86_400_000, 3_600_000)] {
        let mut world = World::new(wide(), &["noc"]);
        world.admit(&message(1, "noc"));
        assert_eq!(world.sends(), [1]);
        let mut failure = failure(Retry::Backoff, Scope::Message, 2, "busy");
        failure.retry_after = Some(Duration::from_millis(asked));
        let verdict = world.settle(1, &Outcome::Failed(failure));
        assert_eq!(retry_of(&verdict).0, expected);
    }
}

#[test]
fn the_pair_limit_pauses_one_lane_for_4_to_the_n_seconds_and_never_less() {
    let mut world = World::new(wide(), &["noc", "boss"]);
    world.admit(&message(1, "noc"));
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(world.sends(), [1]);
        let before = world.now;
        world.now = retry_of(&world.settle(1, &pair_limit())).0;
        waits.push((world.now - before) / 1_000);
    }
    assert_eq!(waits, [1, 4, 16, 64, 256, 1_024, 1_024, 1_024]);
    assert_eq!(world.sends(), [1]);
    world.settle(1, &accepted());

    // It begins anew after a success; the jitter adds a quarter at most.
    world.jitter = 1.0;
    world.admit(&message(2, "noc").severity(Severity::Critical));
    world.admit(&message(3, "noc"));
    world.admit(&message(4, "boss"));
    assert_eq!(world.sends(), [4, 2], "the lane that was not served first");
    let start = world.now;
    let verdict = world.settle(2, &pair_limit());
    assert_eq!(
        retry_of(&verdict),
        (
            start + 1_250,
            "Meta's limit for this contact (131056); next try in 2s"
        )
    );
    let hold = &world.dispatcher.holds()[0];
    assert_eq!(hold.key, HoldKey::Contact(contact("noc")));
    assert_eq!(
        (ms(hold.since), hold.until.map(ms)),
        (start, Some(start + 1_250))
    );
    assert_eq!(hold.reason, "Meta's limit for this contact (131056)");
    assert_eq!(hold.waiting, 2);
    world.settle(4, &accepted());
    world.run_until(start + 10_000, |_, _| accepted());
    assert_eq!(world.sent(), [(start + 1_250, 2), (start + 1_250, 3)]);
    assert_eq!(world.dispatcher.holds(), []);
}

#[test]
fn refusals_of_what_was_under_way_together_count_once() {
    let people = [(contact("anna"), phone(7)), (contact("desk"), phone(7))];
    let mut world = World::with(Dispatcher::new(at(0), wide(), &people));
    world.admit(&message(1, "anna"));
    world.admit(&message(2, "desk"));
    assert_eq!(world.sends(), [1, 2]);
    assert_eq!(retry_of(&world.settle(1, &pair_limit())).0, 1_000);
    assert_eq!(retry_of(&world.settle(2, &pair_limit())).0, 1_000);
    let held: Vec<HoldKey> = world
        .dispatcher
        .holds()
        .into_iter()
        .map(|hold| hold.key)
        .collect();
    assert_eq!(
        held,
        [contact("anna"), contact("desk")].map(HoldKey::Contact)
    );
    world.now = 1_000;
    assert_eq!(world.next(), Some(Seen::Sent(1)));
    assert_eq!(retry_of(&world.settle(1, &pair_limit())).0, 5_000);
}

#[test]
fn a_message_whose_cause_must_be_mended_is_its_own_probe() {
    let waits = waits(Retry::Wait, 0.0, 8);
    assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300].map(|s| s * 1_000));
}

#[test]
fn an_unknown_waits_beside_its_lane_and_is_then_repeated_before_its_bucket_goes_on() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").bucket("b").severity(Severity::Critical));
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc"));
    assert_eq!(world.sends(), [1]);
    match world.settle(1, &lost()) {
        Verdict::Unknown { until } => assert_eq!(ms(until), 20_000),
        other => panic!("{other:?}"),
    }
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.seen,
        [
            (0, Seen::Sent(3)),
            (20_000, Seen::Repeated(1)),
            (20_000, Seen::Sent(2))
        ]
    );
}

#[test]
fn a_repeat_stays_one_through_other_failures() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    let mut outcomes = [lost(), failed(Retry::Backoff, Scope::Message), accepted()].into_iter();
    world.run_until(60_000, |_, _| outcomes.next().unwrap());
    assert_eq!(
        world.seen,
        [
            (0, Seen::Sent(1)),
            (20_000, Seen::Repeated(1)),
            (20_050, Seen::Repeated(1))
        ]
    );
}

#[test]
fn after_three_unknowns_the_message_goes_to_the_fallback() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    for _ in 0..2 {
        assert_eq!(world.sends(), [1]);
        world.settle(1, &lost());
        world.now += 20_000;
    }
    assert_eq!(world.sends(), [1]);
    assert_eq!(
        world.settle(1, &lost()),
        Verdict::Failed {
            reason: "no readable answer in 3 attempts, so it may have arrived; \
                     the last: timed out waiting for the answer"
                .into(),
            fallback: true
        }
    );
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn an_unknown_that_expires_says_so() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").expires(1_500));
    world.run_until(60_000, |_, _| lost());
    assert_eq!(
        world.seen[1].1,
        Seen::Closed {
            id: 1,
            state: MessageState::Expired,
            fallback: true
        }
    );
    assert_eq!(
        world.reasons,
        ["not sent before it expired at 2027-01-15T08:00:01.5Z: \
          the answer to its last attempt was lost"]
    );
}

#[test]
fn an_outcome_of_a_message_that_is_not_in_flight_changes_nothing() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    let verdict = world.settle(1, &failed(Retry::Never, Scope::Account));
    assert_eq!(retry_of(&verdict), (0, "the message was not under way"));
    assert_eq!(world.sends(), [1]);
}

#[test]
fn reasons_are_one_line_and_bounded() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    assert_eq!(world.sends(), [1]);
    let mut long = failure(
        Retry::Never,
        Scope::Message,
        0,
        &"é\n\t\u{7} ".repeat(10_000),
    );
    long.code = None;
    match world.settle(1, &Outcome::Failed(long)) {
        Verdict::Failed { reason, .. } => {
            assert!(reason.starts_with("HTTP status 400 (é é é"), "{reason}");
            assert!(reason.chars().count() < 300, "{reason}");
        }
        other => panic!("{other:?}"),
    }
}
