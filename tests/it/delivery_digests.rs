//! What becomes of a digest and of what it holds.

use klaxond::delivery::{Dispatcher, Settings, Storm, Verdict};
use klaxond::model::{Kind, Message, MessageId, MessageState, Outcome, Rate, Retry, Scope};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, contacts, digest, failed, lost, message,
    paused_template, wide,
};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// The limits that a config has which says nothing of them, but for the number's.
fn usual() -> Settings {
    Settings {
        per_contact: Rate::parse("1/6s, burst 3").unwrap(),
        storm: Some(Storm::default()),
        ..wide()
    }
}

fn d(n: i64) -> i64 {
    MessageId::DIGESTS + n
}

fn ids(range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    range.rev().collect()
}

#[test]
fn a_digest_that_cannot_be_written_is_asked_for_again_after_a_moment_with_what_came_since() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    assert!(matches!(world.next(), Some(Seen::Digest(_, _))));
    world.admit(&message(31, "noc"));
    world.dispatcher.undigested(at(world.now), &contact("noc"));
    assert_eq!(world.next(), None);
    world.run_until(2 * SECOND, |_, _| accepted());
    assert_eq!(world.digests(), [(SECOND, ids(1..=31))]);
    assert_eq!(world.dispatcher.waiting(), 0);
}

/// A digest of thirty, refused, and a message that has to come after the first of them.
fn refused(world: &mut World, answer: &Outcome) -> Vec<Message> {
    let members: Vec<Message> = (1..=30)
        .map(|id| message(id, "noc").bucket(&id.to_string()))
        .collect();
    for member in &members {
        world.admit(member);
    }
    assert!(matches!(world.next(), Some(Seen::Digest(_, _))));
    let parts = world.write_digest(&contact("noc"));
    world.admit(&message(31, "noc").bucket("1").closes(1));
    world.settle(parts[0], answer);
    members
}

#[test]
fn the_members_of_a_digest_that_was_at_fault_itself_go_one_by_one() {
    let mut world = World::new(usual(), &["noc"]);
    let members = refused(&mut world, &failed(Retry::Never, Scope::Message));
    assert_eq!(world.sends(), [] as [i64; 0], "the end of 1 waits for 1");
    world.members_again(1, &members);
    world.run_until(5 * MINUTE, |_, _| accepted());
    let sent: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    // It was never told, and has ended.
    assert_eq!(sent, (2..=30).collect::<Vec<_>>());
    assert_eq!(world.digests(), []);
    let closed: Vec<&Seen> = world
        .seen
        .iter()
        .map(|(_, seen)| seen)
        .filter(|seen| matches!(seen, Seen::Closed { .. }))
        .collect();
    assert_eq!(closed.len(), 2, "1 and its end: {closed:?}");
}

#[test]
fn the_members_of_a_digest_that_cannot_reach_its_contact_share_its_fate() {
    let mut world = World::new(usual(), &["noc"]);
    refused(&mut world, &failed(Retry::Never, Scope::Contact));
    assert_eq!(
        world.dispatcher.waiting(),
        1,
        "the end of 1, which the store knows to be moot"
    );
}

#[test]
fn what_follows_a_member_waits_while_it_is_not_known_whether_the_digest_arrived() {
    let mut world = World::new(usual(), &["noc"]);
    refused(&mut world, &lost());
    world.admit(&message(32, "noc").kind(Kind::Answer).text());
    world.run_until(19 * SECOND, |_, _| accepted());
    assert_eq!(world.sent(), [(0, 32)]);
    world.run_until(10 * MINUTE, |_, _| accepted());
    assert_eq!(world.sent()[1], (20 * SECOND, d(1)));
    assert_eq!(world.sent()[2].1, 31);
}

#[test]
fn while_the_template_of_digests_is_held_messages_go_by_themselves() {
    let mut world = World::new(usual(), &["noc"]);
    let members = refused(&mut world, &paused_template());
    let closed = Seen::Closed {
        id: d(1),
        state: MessageState::Failed,
        fallback: false,
    };
    assert_eq!(world.next(), Some(closed));
    world.members_again(1, &members);
    world.run_until(10 * MINUTE, |_, _| accepted());
    assert_eq!(world.digests(), []);
    assert_eq!(world.sent().len(), 29);
}

#[test]
fn a_contact_that_goes_while_its_digest_is_written_leaves_nothing_behind() {
    let mut world = World::new(usual(), &["noc"]);
    world.parts = 2;
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    assert!(matches!(world.next(), Some(Seen::Digest(_, _))));
    world.dispatcher.reconfigure(at(0), usual(), &[]);
    let parts = world.write_digest(&contact("noc"));
    world.settle(parts[0], &accepted());
    let closed: Vec<i64> = world
        .drain()
        .into_iter()
        .map(|seen| match seen {
            Seen::Closed { id, .. } => id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(closed, [d(2)]);
    assert_eq!(world.dispatcher.waiting(), 0);
    assert_eq!(world.dispatcher.in_flight(), 0);
}

#[test]
fn after_a_restart_nothing_overtakes_a_digest_whose_members_are_not_known_any_more() {
    let mut dispatcher = Dispatcher::new(at(0), usual(), &contacts(&["noc"]));
    let unknown = MessageState::Unknown;
    let part = digest(1, "noc");
    dispatcher.restore(at(0), &part, unknown, 1, 1, None, Some(at(0)), None);
    let mut world = World::with(dispatcher);
    world.admit(&message(31, "noc").bucket("1").closes(1));
    world.run_until(MINUTE, |_, _| accepted());
    assert_eq!(world.sent(), [(20 * SECOND, d(1)), (20 * SECOND, 31)]);
}

#[test]
fn nothing_overtakes_the_members_of_a_digest_that_went_again_for_want_of_a_receipt() {
    let settings = Settings {
        receipts: true,
        ..usual()
    };
    let mut dispatcher = Dispatcher::new(at(0), settings, &contacts(&["noc"]));
    let accepted_state = MessageState::Accepted;
    let part = digest(1, "noc").confirm(60_000);
    let by = Some(at(MINUTE));
    dispatcher.restore(at(0), &part, accepted_state, 1, 0, None, Some(at(0)), by);
    let mut world = World::with(dispatcher);
    world.run_until(MINUTE - 1, |_, _| accepted());
    world.now = MINUTE;
    assert_eq!(world.sends(), [d(1)], "once more");
    let verdict = world.settle(d(1), &failed(Retry::Never, Scope::Message));
    let Verdict::Failed {
        fallback: false, ..
    } = verdict
    else {
        panic!("{verdict:?}");
    };
    // Until its members are back, what has to come after one of them waits.
    let update = message(31, "noc").bucket("1").kind(Kind::Updated);
    assert!(!world.dispatcher.offer(at(world.now), &update));
    world.admit(&update);
    assert_eq!(world.sends(), [] as [i64; 0]);
    world.members_again(1, &[message(1, "noc").bucket("1").kind(Kind::Escalated)]);
    world.run_until(2 * MINUTE, |_, _| accepted());
    let sent: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(sent, [1, 31]);
}

#[test]
fn a_digest_that_failed_and_has_arrived_all_the_same_holds_nothing_back() {
    let mut world = World::new(usual(), &["noc"]);
    refused(&mut world, &failed(Retry::Never, Scope::Message));
    // The store has its receipt: nothing of it is to go again.
    world.members_again(1, &[]);
    world.run_until(10 * MINUTE, |_, _| accepted());
    let sent: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(sent, [31]);
    assert_eq!(world.dispatcher.waiting(), 0);
}
