//! Delivery: what pauses a scope, and how it resumes.

use klaxond::delivery::{HoldKey, ProbeAnswer, Verdict};
use klaxond::model::{MessageState, Retry, Scope, TemplateId};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, dead_token, failed, lost, message, ms,
    paused_template, retry_of, throughput, wide,
};

fn template(name: &str) -> HoldKey {
    HoldKey::Template(TemplateId::parse(name).unwrap())
}

fn held(world: &mut World, id: i64) -> (String, Option<HoldKey>) {
    match world.settle(id, &dead_token()) {
        Verdict::Held { reason, new_hold } => (reason, new_hold),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_dead_token_holds_everything_and_tells_the_operator_once() {
    let mut world = World::new(wide(), &["a", "b", "c"]);
    for (id, name) in [(1, "a"), (2, "b"), (3, "a"), (4, "c")] {
        world.admit(&message(id, name));
    }
    assert_eq!(world.next(), Some(Seen::Sent(1)));
    assert_eq!(world.next(), Some(Seen::Sent(2)));
    assert_eq!(
        held(&mut world, 1),
        (
            "error 190 from Meta (Session has expired); the account is held until that is mended"
                .into(),
            Some(HoldKey::Account)
        )
    );
    assert_eq!(held(&mut world, 2).1, None, "told once");
    assert_eq!(world.drain(), [], "message 4 was about to go");
    let holds = world.dispatcher.holds();
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].key, HoldKey::Account);
    assert_eq!(holds[0].waiting, 4);
    assert_eq!(holds[0].reason, "error 190 from Meta (Session has expired)");
    assert_eq!((ms(holds[0].since), holds[0].until), (0, None));
    assert_eq!(holds[0].next_probe.map(ms), Some(5_000));
}

#[test]
fn a_hold_is_probed_at_growing_intervals_and_sends_nothing_meanwhile() {
    for (jitter, expected) in [
        (0.0, [5, 15, 35, 75, 155, 315, 615, 915]),
        (0.8, [6, 18, 42, 90, 186, 378, 678, 978]),
    ] {
        let mut world = World::new(wide(), &["a"]);
        world.jitter = jitter;
        world.admit(&message(1, "a"));
        world.run_until(1_000_000, |_, _| dead_token());
        assert_eq!(world.sent(), [(0, 1)]);
        assert_eq!(world.probes(), expected.map(|s| s * 1_000));
    }
}

#[test]
fn a_lifted_hold_lets_one_message_try_before_the_others() {
    let mut world = World::new(wide(), &["a", "b", "c"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "b"));
    world.admit(&message(3, "c"));
    world.run_until(0, |_, _| dead_token());
    world.now = 5_000;
    assert_eq!(world.drain(), [Seen::Probed(HoldKey::Account)]);
    world
        .dispatcher
        .probed(at(5_100), &HoldKey::Account, ProbeAnswer::Lifted, 0.0);
    world.now = 5_100;
    assert_eq!(
        world.sends(),
        [2],
        "the lane that was not served goes first"
    );
    assert_eq!(world.deadline(), None, "the others wait for its outcome");
    world.settle(2, &accepted());
    assert_eq!(world.sends(), [3, 1]);
    assert_eq!(world.dispatcher.holds(), []);
}

#[test]
fn a_trial_that_fails_goes_on_with_the_same_hold_and_longer_probes() {
    let mut world = World::new(wide(), &["a"]);
    world.admit(&message(1, "a"));
    world.probe = ProbeAnswer::Lifted;
    world.run_until(100_000, |_, _| dead_token());
    assert_eq!(
        world.sent(),
        [(0, 1), (5_000, 1), (15_000, 1), (35_000, 1), (75_000, 1)],
        "a probe that lifts what the message then finds still broken"
    );
    assert_eq!(ms(world.dispatcher.holds()[0].since), 0);
    world.now = 155_000;
    world.drain();
    world
        .dispatcher
        .probed(at(155_000), &HoldKey::Account, ProbeAnswer::Lifted, 0.0);
    assert_eq!(world.sends(), [1]);
    assert_eq!(held(&mut world, 1).1, None, "the operator knows of it");
}

#[test]
fn a_hold_after_one_that_ended_is_told_again() {
    let mut world = World::new(wide(), &["a"]);
    world.probe = ProbeAnswer::Lifted;
    world.admit(&message(1, "a"));
    let mut outcomes = [dead_token(), accepted()].into_iter();
    world.run_until(10_000, |_, _| outcomes.next().unwrap());
    world.admit(&message(2, "a"));
    assert_eq!(world.sends(), [2]);
    assert_eq!(held(&mut world, 2).1, Some(HoldKey::Account));
    assert_eq!(world.deadline(), Some(15_000), "with the first interval");
}

#[test]
fn a_hold_after_pauses_begins_with_the_first_interval() {
    let mut world = World::new(wide(), &["a"]);
    world.admit(&message(1, "a"));
    let mut refused = 0;
    world.run_until(10_000, |_, _| {
        refused += 1;
        if refused <= 6 {
            failed(Retry::Backoff, Scope::Account)
        } else {
            dead_token()
        }
    });
    assert_eq!(world.probes(), [5_300]);
    let since = world.dispatcher.holds()[0].since;
    assert_eq!(ms(since), 0, "nothing has gone out since");
}

#[test]
fn what_is_in_flight_does_not_wait_behind_a_hold() {
    let mut world = World::new(wide(), &["a", "b", "c"]);
    for (id, name) in [(1, "a"), (2, "b"), (3, "a"), (4, "c")] {
        world.admit(&message(id, name).template("red"));
    }
    assert_eq!(world.sends(), [1, 2, 4]);
    for (outcome, waiting) in [
        (paused_template(), 2),
        (failed(Retry::Wait, Scope::Contact), 3),
    ] {
        let id = if waiting == 2 { 1 } else { 2 };
        world.settle(id, &outcome);
        assert_eq!(world.dispatcher.holds()[0].waiting, waiting);
    }
    let held: Vec<(HoldKey, usize)> = world
        .dispatcher
        .holds()
        .into_iter()
        .map(|hold| (hold.key, hold.waiting))
        .collect();
    let expected = [(template("red"), 3), (HoldKey::Contact(contact("b")), 1)];
    assert_eq!(held, expected);
}

#[test]
fn a_probe_without_an_answer_is_asked_for_again() {
    let mut world = World::new(wide(), &["a"]);
    world.admit(&message(1, "a"));
    world.run_until(0, |_, _| dead_token());
    world.now = 5_000;
    assert_eq!(world.drain(), [Seen::Probed(HoldKey::Account)]);
    assert_eq!(world.deadline(), Some(125_000));
    world
        .dispatcher
        .probed(at(6_000), &HoldKey::Account, ProbeAnswer::NoAnswer, 0.0);
    assert_eq!(world.deadline(), Some(16_000));
}

#[test]
fn a_held_message_still_expires() {
    let mut world = World::new(wide(), &["a"]);
    world.admit(&message(1, "a").expires(7_000));
    world.run_until(60_000, |_, _| dead_token());
    assert!(world.seen.contains(&(
        7_000,
        Seen::Closed {
            id: 1,
            state: MessageState::Expired,
            fallback: true
        }
    )));
    assert_eq!(
        world.reasons,
        ["not sent before it expired at 2027-01-15T08:00:07Z: \
          the account is held: error 190 from Meta (Session has expired)"]
    );
}

#[test]
fn a_held_template_stops_its_messages_and_their_buckets_only() {
    let mut world = World::new(wide(), &["a", "b"]);
    world.admit(&message(1, "a").bucket("x").template("red"));
    world.admit(&message(2, "a").bucket("x").template("blue"));
    world.admit(&message(3, "a").template("blue"));
    world.admit(&message(4, "b").template("red"));
    assert_eq!(world.next(), Some(Seen::Sent(1)));
    match world.settle(1, &paused_template()) {
        Verdict::Held { reason, new_hold } => {
            assert_eq!(new_hold, Some(template("red")));
            assert_eq!(
                reason,
                "error 132015 from Meta (Template is Paused); \
                 the template is held until that is mended"
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.dispatcher.holds()[0].waiting, 2);
    assert_eq!(world.sends(), [3], "2 is of 1's bucket, 4 of its template");
    world.settle(3, &accepted());
    world.probe = ProbeAnswer::Lifted;
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(
        world.seen,
        [
            (5_000, Seen::Probed(template("red"))),
            (5_000, Seen::Sent(4)),
            (5_000, Seen::Sent(1)),
            (5_000, Seen::Sent(2))
        ]
    );
}

#[test]
fn a_contact_that_is_held_is_probed_by_its_next_message() {
    let mut world = World::new(wide(), &["a", "b"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "a"));
    world.admit(&message(3, "b"));
    assert_eq!(world.sends(), [1, 3]);
    world.settle(3, &accepted());
    let outcome = failed(Retry::Wait, Scope::Contact);
    match world.settle(1, &outcome) {
        Verdict::Held { new_hold, .. } => {
            assert_eq!(new_hold, Some(HoldKey::Contact(contact("a"))));
        }
        other => panic!("{other:?}"),
    }
    world.run_until(40_000, |now, _| {
        if now < 35_000 {
            outcome.clone()
        } else {
            accepted()
        }
    });
    assert_eq!(
        world.sent(),
        [(5_000, 1), (15_000, 1), (35_000, 1), (35_000, 2)]
    );
    assert!(world.probes().is_empty(), "there is nobody to ask");
}

#[test]
fn throughput_pauses_the_number_which_resumes_with_one_message() {
    let mut world = World::new(wide(), &["a", "b", "c"]);
    world.jitter = 1.0;
    for (id, name) in [(1, "a"), (2, "b"), (3, "c")] {
        world.admit(&message(id, name));
    }
    assert_eq!(world.sends(), [1, 2, 3]);
    let verdict = world.settle(1, &throughput());
    assert_eq!(
        retry_of(&verdict),
        (
            1_000,
            "error 130429 from Meta (Rate limit hit); the number pauses, next try in 1s"
        )
    );
    // What was under way with it neither lengthens the pause nor ends it.
    assert_eq!(retry_of(&world.settle(2, &throughput())).0, 1_000);
    world.settle(3, &accepted());
    assert_eq!(world.drain(), []);
    assert_eq!(world.dispatcher.holds()[0].key, HoldKey::Number);
    assert_eq!(world.dispatcher.holds()[0].until.map(ms), Some(1_000));
    assert_eq!(world.deadline(), Some(1_000));

    world.now = 1_000;
    world.admit(&message(4, "c"));
    assert_eq!(world.sends(), [1], "one goes first");
    assert_eq!(
        retry_of(&world.settle(1, &throughput())).0,
        3_000,
        "and the pause doubles when it is refused"
    );
    world.now = 3_000;
    assert_eq!(world.sends().len(), 1);
    world.settle(2, &accepted());
    assert_eq!(world.sends().len(), 2, "then all");
}

#[test]
fn a_trial_whose_outcome_is_unknown_leaves_the_next_one_to_find_out() {
    let mut world = World::new(wide(), &["a", "b"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "b"));
    assert_eq!(world.next(), Some(Seen::Sent(1)));
    world.settle(1, &throughput());
    world.now = 1_000;
    assert_eq!(world.sends(), [2]);
    world.settle(2, &lost());
    assert_eq!(world.sends(), [1]);
    world.settle(1, &accepted());
    world.run_until(60_000, |_, _| accepted());
    assert_eq!(world.sent(), [(21_000, 2)]);
}

#[test]
fn an_account_that_is_overloaded_pauses_and_resumes_by_itself() {
    let mut world = World::new(wide(), &["a", "b"]);
    world.jitter = 0.5;
    world.admit(&message(1, "a"));
    world.admit(&message(2, "b"));
    let mut refused = 0;
    world.run_until(60_000, |_, _| {
        refused += 1;
        if refused <= 3 {
            failed(Retry::Backoff, Scope::Account)
        } else {
            accepted()
        }
    });
    let times: Vec<i64> = world.sent().into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 500, 1_500, 3_500, 3_500]);
}

#[test]
fn a_spent_budget_pauses_its_scope_for_minutes() {
    let mut world = World::new(wide(), &["a", "b"]);
    world.admit(&message(1, "a"));
    world.admit(&message(2, "b"));
    let mut refused = 0;
    world.run_until(600_000, |_, _| {
        refused += 1;
        if refused <= 2 {
            failed(Retry::Slow, Scope::Account)
        } else {
            accepted()
        }
    });
    let times: Vec<i64> = world.sent().into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 60_000, 180_000, 180_000]);
}

#[test]
fn what_is_posted_only_as_if_opens_nothing() {
    let mut world = World::new(wide(), &["a", "b", "c"]);
    world.admit(&message(1, "a"));
    world.run_until(0, |_, _| throughput());
    world.now = 100;
    for (id, name) in [(2, "b"), (3, "c")] {
        let mut shadow = message(id, name);
        shadow.shadow = true;
        world.admit(&shadow);
    }
    let first = world.sends();
    assert_eq!(first, [2]);
    world.settle(2, &accepted());
    assert_eq!(world.sends().len(), 1, "still one at a time");
}
