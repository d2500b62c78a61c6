//! Messages of one alarm that make each other needless while they wait.

use klaxond::delivery::Settings;
use klaxond::model::{Kind, MessageState, Retry, Scope};

use crate::support::delivery::{Seen, With, World, accepted, failed, lost, message, wide};

/// A world in which everything waits, since one message to another bucket is under way.
fn busy() -> World {
    busy_with(wide())
}

fn busy_with(settings: Settings) -> World {
    let mut world = World::new(settings, &["noc"]);
    world.admit(&message(1, "noc"));
    assert_eq!(world.sends(), [1]);
    world
}

/// Who was superseded so far, with its successor's number.
fn superseded(world: &mut World) -> Vec<(i64, Option<i64>)> {
    let mut closed = Vec::new();
    while let Some(action) = world
        .dispatcher
        .next(crate::support::delivery::at(world.now))
    {
        match action {
            klaxond::delivery::Action::Close {
                id,
                state: MessageState::Superseded,
                fallback: false,
                successor,
                ..
            } => closed.push((id.0, successor.map(|id| id.0))),
            other => panic!("{other:?}"),
        }
    }
    closed
}

/// What goes once the lane is free, all accepted.
fn rest(world: &mut World) -> Vec<i64> {
    world.settle(1, &accepted());
    world.run_until(world.now, |_, _| accepted());
    world.sent().into_iter().map(|(_, id)| id).collect()
}

#[test]
fn a_raise_and_its_end_that_both_wait_cancel_out() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc").bucket("b").closes(2));
    assert_eq!(superseded(&mut world), [(2, None), (3, None)]);
    assert_eq!(rest(&mut world), [] as [i64; 0]);
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn a_later_update_takes_the_place_of_the_raise_and_of_earlier_ones_and_is_sent_for_them() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc").bucket("b").kind(Kind::Updated));
    world.admit(&message(4, "noc").bucket("b").kind(Kind::Updated));
    assert_eq!(superseded(&mut world), [(2, Some(3)), (3, Some(4))]);
    assert_eq!(rest(&mut world), [4]);
}

#[test]
fn the_end_cancels_an_update_that_stood_for_the_raise() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc").bucket("b").kind(Kind::Updated));
    world.admit(&message(4, "noc").bucket("b").closes(2));
    let expected = [(2, Some(3)), (3, None), (4, None)];
    assert_eq!(superseded(&mut world), expected);
}

#[test]
fn the_end_of_what_was_told_takes_the_place_of_updates_and_reminders_and_goes() {
    let mut world = busy();
    world.admit(&message(3, "noc").bucket("b").kind(Kind::Updated));
    world.admit(&message(4, "noc").bucket("b").kind(Kind::Reminder));
    world.admit(&message(5, "noc").bucket("b").kind(Kind::Reminder));
    world.admit(&message(6, "noc").bucket("b").closes(2));
    let expected = [(4, Some(5)), (5, Some(6)), (3, Some(6))];
    assert_eq!(superseded(&mut world), expected);
    assert_eq!(rest(&mut world), [6]);
}

#[test]
fn a_reminder_does_not_take_the_place_of_a_raise_or_an_update() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc").bucket("b").kind(Kind::Reminder));
    world.admit(&message(4, "noc").bucket("c").kind(Kind::Updated));
    world.admit(&message(5, "noc").bucket("c").kind(Kind::Reminder));
    assert_eq!(superseded(&mut world), []);
}

#[test]
fn single_events_and_escalations_are_never_superseded() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b").expires(9_000));
    world.admit(
        &message(3, "noc")
            .bucket("b")
            .kind(Kind::Cleared)
            .expires(9_000),
    );
    world.admit(&message(4, "noc").bucket("c").kind(Kind::Escalated));
    world.admit(&message(5, "noc").bucket("c").closes(4));
    assert_eq!(superseded(&mut world), []);
    assert_eq!(rest(&mut world), [2, 3, 4, 5]);
}

#[test]
fn an_end_waits_for_its_raise_that_is_under_way_and_then_goes() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").bucket("b"));
    assert_eq!(world.sends(), [1]);
    world.admit(&message(2, "noc").bucket("b").closes(1));
    assert_eq!(world.drain(), []);
    world.settle(1, &accepted());
    assert_eq!(world.sends(), [2]);
}

#[test]
fn what_failed_on_its_way_was_never_told_and_gives_way() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").bucket("b"));
    assert_eq!(world.sends(), [1]);
    world.admit(&message(2, "noc").bucket("b").closes(1));
    world.settle(1, &failed(Retry::Backoff, Scope::Message));
    assert_eq!(superseded(&mut world), [(1, None), (2, None)]);
}

#[test]
fn what_may_have_arrived_is_not_taken_for_untold() {
    let mut world = World::new(wide(), &["noc"]);
    world.admit(&message(1, "noc").bucket("b"));
    assert_eq!(world.sends(), [1]);
    world.admit(&message(2, "noc").bucket("b").closes(1));
    world.settle(1, &lost());
    world.run_until(60_000, |_, _| accepted());
    let seen: Vec<&Seen> = world.seen.iter().map(|(_, seen)| seen).collect();
    assert_eq!(seen, [&Seen::Repeated(1), &Seen::Sent(2)]);
}

/// The contact may have been told of the first occurrence: the end is the end of both.
#[test]
fn the_end_of_a_second_occurrence_is_kept_while_the_first_waits_before_it() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc").bucket("b"));
    world.admit(&message(4, "noc").bucket("b").closes(3));
    assert_eq!(superseded(&mut world), []);
    assert_eq!(rest(&mut world), [2, 3, 4]);
}

#[test]
fn an_alarm_that_flaps_a_hundred_thousand_times_while_it_waits_leaves_one_message() {
    let mut world = busy();
    world.admit(&message(2, "noc").bucket("b"));
    for id in 3..=100_000 {
        world.admit(&message(id, "noc").bucket("b").kind(Kind::Updated));
        assert_eq!(superseded(&mut world).len(), 1);
    }
    assert_eq!(world.dispatcher.waiting(), 1);
    assert_eq!(rest(&mut world), [100_000]);
}
