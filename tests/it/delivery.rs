//! Delivery: order inside a lane, turns among lanes, limits, expiry, offers.

use klaxond::delivery::{Action, Dispatcher, Settings, Verdict};
use klaxond::model::{MessageId, MessageState, Rate, Severity};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, lost, message, per_contact, phone, wide,
};

#[test]
fn one_message_is_in_flight_for_each_contact() {
    let mut world = World::new(wide(), &["noc", "boss"]);
    for id in 1..=3 {
        world.admit(&message(id, "noc"));
    }
    world.admit(&message(4, "boss"));
    assert_eq!(world.sends(), [1, 4]);
    world.settle(1, &accepted());
    assert_eq!(world.sends(), [2]);
}

#[test]
fn no_more_are_in_flight_than_the_settings_allow() {
    let settings = Settings {
        max_in_flight: 2,
        storm: None,
        receipts: false,
        max_per_day: None,
        ..wide()
    };
    let mut world = World::new(settings, &["a", "b", "c"]);
    for (id, name) in [(1, "a"), (2, "b"), (3, "c")] {
        world.admit(&message(id, name));
    }
    assert_eq!(world.sends(), [1, 2]);
    assert_eq!(world.deadline(), None, "only an outcome makes room");
    world.settle(2, &accepted());
    assert_eq!(world.sends(), [3]);
}

#[test]
fn messages_of_one_bucket_go_in_order_whatever_their_severity() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").bucket("b"));
    world.admit(&message(2, "noc").bucket("b").severity(Severity::Critical));
    world.admit(&message(3, "noc").bucket("b"));
    world.run_until(0, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 1), (0, 2), (0, 3)]);
}

#[test]
fn an_older_message_that_comes_late_still_goes_before_the_newer_one_of_its_bucket() {
    let mut world = World::new(wide(), &["noc"]);
    for id in [5, 2, 9, 3] {
        world.admit(&message(id, "noc").bucket("b"));
    }
    world.run_until(0, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 2), (0, 3), (0, 5), (0, 9)]);
}

#[test]
fn between_buckets_the_highest_severity_goes_first_then_the_lowest_number() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").severity(Severity::Minor));
    world.admit(&message(2, "noc").severity(Severity::Critical));
    world.admit(&message(3, "noc").severity(Severity::Minor));
    world.admit(&message(4, "noc").severity(Severity::Error));
    world.admit(&message(5, "noc").severity(Severity::Critical));
    world.run_until(0, |_, _| accepted());
    let order: Vec<i64> = world.sent().into_iter().map(|(_, id)| id).collect();
    assert_eq!(order, [4, 2, 5, 1, 3]);
}

#[test]
fn a_critical_message_behind_a_minor_one_lifts_its_bucket_before_others() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").severity(Severity::Major));
    world.admit(&message(2, "noc").bucket("b").severity(Severity::Minor));
    world.admit(&message(3, "noc").bucket("b").severity(Severity::Critical));
    world.run_until(0, |_, _| accepted());
    let order: Vec<i64> = world.sent().into_iter().map(|(_, id)| id).collect();
    assert_eq!(order, [2, 3, 1]);
}

#[test]
fn a_contact_gets_its_burst_and_nothing_more_until_it_is_paid_back() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc"]);
    for id in 1..=5 {
        world.admit(&message(id, "noc").severity(Severity::Critical));
    }
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.sent(),
        [(0, 1), (0, 2), (0, 3), (18_000, 4), (18_000, 5)]
    );
    // At the even pace nothing is ever borrowed.
    for n in 10..20 {
        world.now = n * 6_000;
        world.admit(&message(n, "noc").severity(Severity::Critical));
        assert_eq!(world.sends(), [n]);
        world.settle(n, &accepted());
    }
}

#[test]
fn the_last_token_of_a_burst_is_kept_for_what_is_critical() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc"]);
    for id in 1..=4 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(5_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 1), (0, 2)]);
    world.admit(&message(5, "noc").severity(Severity::Critical));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent()[2..], [(5_000, 5), (18_000, 3), (18_000, 4)]);
}

#[test]
fn what_was_borrowed_is_paid_back_before_anything_goes_however_bad() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.run_until(7_000, |_, _| accepted());
    world.admit(&message(3, "noc").severity(Severity::Critical));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 1), (0, 2), (12_000, 3)]);
}

#[test]
fn meta_counts_from_when_it_saw_the_first_of_a_burst() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc"]);
    for id in 1..=4 {
        world.admit(&message(id, "noc"));
    }
    assert_eq!(world.sends(), [1]);
    world.now = 2_000;
    world.settle(1, &accepted());
    assert_eq!(world.sends(), [2]);
    world.settle(2, &accepted());
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(14_000, 3), (14_000, 4)]);
}

#[test]
fn a_burst_of_one_keeps_nothing_back() {
    let mut world = World::new(per_contact("1/6s, burst 1"), &["noc"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 1), (6_000, 2)]);
}

#[test]
fn contacts_that_share_a_phone_share_its_limit_and_take_turns() {
    let people = [(contact("anna"), phone(7)), (contact("desk"), phone(7))];
    let settings = per_contact("1/6s, burst 1");
    let mut world = World::with(Dispatcher::new(at(0), settings, &people));
    for id in 1..=3 {
        world.admit(&message(id, "anna"));
        world.admit(&message(id + 10, "desk"));
    }
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.sent(),
        [
            (0, 1),
            (6_000, 11),
            (12_000, 2),
            (18_000, 12),
            (24_000, 3),
            (30_000, 13)
        ]
    );
}

#[test]
fn lanes_share_the_numbers_throughput_in_turns() {
    let settings = Settings {
        throughput: Rate::parse("1/100ms, burst 1").unwrap(),
        ..wide()
    };
    let mut world = World::new(settings, &["busy", "calm"]);
    for id in 1..=50 {
        world.admit(&message(id, "busy").severity(Severity::Critical));
    }
    world.admit(&message(51, "calm"));
    world.admit(&message(52, "calm"));
    world.run_until(400, |_, _| accepted());
    assert_eq!(
        world.sent(),
        [(0, 1), (100, 51), (200, 2), (300, 52), (400, 3)]
    );
}

#[test]
fn a_message_that_waits_past_its_expiry_is_closed_and_goes_to_the_fallback() {
    let mut world = World::new(per_contact("1/6s, burst 1"), &["noc"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc").expires(5_000));
    world.admit(&message(3, "noc").expires(6_001));
    world.run_until(60_000, |_, _| accepted());
    let closed = Seen::Closed {
        id: 2,
        state: MessageState::Expired,
        fallback: true,
    };
    assert_eq!(
        world.seen,
        [(0, Seen::Sent(1)), (5_000, closed), (6_000, Seen::Sent(3))]
    );
    assert_eq!(
        world.reasons,
        ["not sent before it expired at 2027-01-15T08:00:05Z: its turn had not come"]
    );
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn a_message_in_flight_does_not_expire_but_does_so_when_it_comes_back() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").expires(1_000));
    assert_eq!(world.drain(), [Seen::Sent(1)]);
    world.now = 2_000;
    assert_eq!(world.drain(), []);
    assert_eq!(world.deadline(), None);
    world.settle(1, &lost());
    assert!(matches!(
        world.drain()[..],
        [Seen::Closed {
            id: 1,
            state: MessageState::Expired,
            fallback: true
        }]
    ));
}

#[test]
fn an_offer_is_taken_only_when_next_would_hand_the_message_out_at_that_moment() {
    let mut world = World::new(per_contact("1/6s, burst 3"), &["noc", "boss"]);
    let offer = |world: &mut World, id: i64, to: &str| {
        world.dispatcher.offer(at(world.now), &message(id, to))
    };
    assert!(offer(&mut world, 1, "noc"));
    assert_eq!(world.dispatcher.in_flight(), 1);
    assert!(!offer(&mut world, 2, "noc"), "one is in flight");
    world.settle(1, &accepted());
    world.admit(&message(3, "noc").severity(Severity::Critical));
    assert!(!offer(&mut world, 4, "noc"), "another goes first");
    assert!(offer(&mut world, 5, "boss"), "it is this lane's turn");
    world.settle(5, &accepted());
    assert!(
        !offer(&mut world, 6, "boss"),
        "the turn of another lane comes first"
    );
    assert_eq!(world.sends(), [3]);
    world.settle(3, &accepted());
    assert!(!offer(&mut world, 6, "noc"), "the last token is kept");
    assert!(offer(&mut world, 7, "boss"));
    assert!(!offer(&mut world, 8, "nobody"));
    assert!(
        !world
            .dispatcher
            .offer(at(0), &message(9, "boss").expires(0)),
        "it has lost its point"
    );
    assert_eq!(world.dispatcher.waiting(), 0, "nothing stays behind");
    world.settle(7, &accepted());
    assert_eq!(world.deadline(), None);
}

#[test]
fn a_claim_that_could_not_be_written_leaves_no_trace() {
    let mut world = World::new(per_contact("1/6s, burst 1"), &["noc", "boss"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.admit(&message(3, "boss"));
    assert_eq!(world.next(), Some(Seen::Sent(1)));
    world.dispatcher.requeue(at(0), MessageId(1));
    assert_eq!(
        world.next(),
        Some(Seen::Sent(1)),
        "its place, its token and its turn came back"
    );
    world.dispatcher.withdraw(at(0), MessageId(1));
    assert_eq!(world.sends(), [3, 2], "the token of 1 serves 2");
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn a_message_is_admitted_once() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc"));
    world.admit(&message(1, "noc"));
    world.run_until(0, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 1)]);
}

#[test]
fn a_message_to_nobody_is_closed_without_the_fallback() {
    let mut world = World::new(wide(), &["noc"]);
    let action = {
        world.admit(&message(1, "nobody"));
        world.dispatcher.next(at(0))
    };
    assert_eq!(
        action,
        Some(Action::Close {
            id: MessageId(1),
            state: MessageState::Expired,
            reason: "contact removed".into(),
            fallback: false,
            successor: None,
        })
    );
}

#[test]
fn time_that_goes_backwards_stands_still() {
    let mut world = World::new(per_contact("1/6s, burst 1"), &["noc"]);
    world.now = 10_000;
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.run_until(10_000, |_, _| accepted());
    world.now = 2_000;
    assert_eq!(world.drain(), []);
    assert_eq!(world.deadline(), Some(16_000));

    world.now = 16_000;
    assert_eq!(world.sends(), [2]);
    world.now = 2_000;
    match world.settle(2, &lost()) {
        Verdict::Unknown { until } => assert_eq!(until, at(36_000)),
        other => panic!("{other:?}"),
    }
}
