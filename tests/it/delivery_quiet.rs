//! Delivery: a person's quiet hours.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use klaxond::delivery::{Dispatcher, HoldKey, Quiet, Settings, Storm};
use klaxond::model::{
    Calendar, Hours, Interval, Kind, Message, MessageId, MessageState, QuietHours, Severity,
};

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, contacts, dead_token, message, ms, wide,
};
use crate::support::house::House;

const HOUR: i64 = 3_600_000;

/// When the quiet hours of these tests begin and end: the clock on the wall shows 08:00 at 0.
const BEGIN: i64 = 14 * HOUR;
const END: i64 = 23 * HOUR;

fn usual() -> Settings {
    Settings {
        storm: Some(Storm::default()),
        ..wide()
    }
}

fn calendar(hours: &str) -> Arc<Calendar> {
    let interval = Interval {
        hours: vec![Hours::parse(hours).unwrap()],
        ..Interval::always()
    };
    Arc::new(Calendar::new(
        "nights",
        vec![interval],
        Vec::new(),
        Vec::new(),
    ))
}

fn quiet(who: &str, hours: &[&str]) -> Quiet {
    Quiet {
        contact: contact(who),
        hours: QuietHours {
            times: hours.iter().map(|hours| calendar(hours)).collect(),
            except: Severity::Critical,
        },
        timezone: TimeZone::UTC,
    }
}

fn nights() -> Quiet {
    quiet("noc", &["22:00-07:00"])
}

/// Somebody who sleeps from 22:00 to 07:00, at 22:30.
fn night() -> World {
    let mut world = World::new(usual(), &["noc", "desk"]);
    world.dispatcher.keep_quiet(at(0), &[nights()]);
    world.run_until(BEGIN + HOUR / 2, |_, _| accepted());
    assert_eq!(world.seen, []);
    world
}

fn clear(id: i64, raise: i64) -> Message {
    message(id, "noc").bucket("b").closes(raise)
}

#[test]
fn what_is_not_bad_enough_waits_for_the_morning_and_goes_as_one() {
    let mut world = night();
    for id in 1..=3 {
        world.admit(&message(id, "noc"));
    }
    world.admit(&message(4, "desk"));
    let waits = [Seen::Waits(1), Seen::Waits(2), Seen::Waits(3)];
    assert_eq!(world.drain(), [&waits[..], &[Seen::Sent(4)]].concat());
    assert_eq!(world.reasons, ["quiet hours until 07:00"; 3]);
    world.settle(4, &accepted());
    assert_eq!(world.deadline(), Some(END), "nothing before the morning");
    let holds = world.dispatcher.holds();
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].key, HoldKey::Contact(contact("noc")));
    assert_eq!((holds[0].waiting, holds[0].quiet), (3, true));
    assert_eq!(
        (ms(holds[0].since), holds[0].until.map(ms)),
        (BEGIN, Some(END))
    );
    assert_eq!(holds[0].reason, "quiet hours until 07:00");
    world.run_until(END, |_, _| accepted());
    assert_eq!(world.digests(), [(END, vec![3, 2, 1])]);
    assert_eq!(
        world.reasons.last().unwrap(),
        "3 messages waited for the end of quiet hours"
    );
    assert_eq!(world.dispatcher.holds(), []);
}

#[test]
fn what_waits_as_they_begin_waits_too_and_one_alone_goes_by_itself() {
    let mut world = World::new(usual(), &["noc"]);
    world.dispatcher.keep_quiet(at(0), &[nights()]);
    world.run_until(BEGIN - 1_000, |_, _| accepted());
    world.admit(&message(1, "noc"));
    world.run_until(
        END,
        |now, _| {
            if now < END { dead_token() } else { accepted() }
        },
    );
    let waits = world
        .seen
        .iter()
        .position(|(at, seen)| (*at, seen) == (BEGIN, &Seen::Waits(1)));
    assert!(waits.is_some(), "{:?}", world.seen);
    world.probe = klaxond::delivery::ProbeAnswer::Lifted;
    world.run_until(END + HOUR, |_, _| accepted());
    assert_eq!(world.sent().len(), 2, "{:?}", world.sent());
    assert_eq!(world.digests(), []);
}

#[test]
fn what_is_critical_goes_at_once_and_so_does_what_stands_before_it_in_its_bucket() {
    let mut world = night();
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc").bucket("b"));
    world.admit(&message(3, "noc").severity(Severity::Critical));
    world.drain();
    world.settle(3, &accepted());
    assert_eq!(world.drain(), []);
    let escalated = message(4, "noc").bucket("b").severity(Severity::Critical);
    world.admit(&escalated.kind(Kind::Escalated));
    world.run_until(BEGIN + HOUR, |_, _| accepted());
    let sent: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(sent, [2, 4], "in order, and not 1");
    world.run_until(END, |_, _| accepted());
    assert_eq!(world.sent().last(), Some(&(END, 1)));
}

#[test]
fn an_end_goes_as_its_raise_did_and_cancels_one_that_waits() {
    let mut world = night();
    world.admit(&message(1, "noc").bucket("b"));
    world.admit(&clear(2, 1));
    let closed = |id| Seen::Closed {
        id,
        state: MessageState::Superseded,
        fallback: false,
    };
    assert_eq!(world.drain(), [Seen::Waits(1), closed(1), closed(2)]);
    // The bucket was critical before the night.
    world.admit(&clear(4, 3).severity(Severity::Critical));
    assert_eq!(world.sends(), [4]);
}

#[test]
fn answers_are_never_held_and_notices_are_as_bad_as_they_are() {
    let mut world = night();
    world.admit(&message(1, "noc").kind(Kind::Answer).text());
    world.admit(&message(2, "noc").kind(Kind::Notice));
    world.run_until(world.now, |_, _| accepted());
    world.admit(
        &message(3, "noc")
            .kind(Kind::Notice)
            .severity(Severity::Critical),
    );
    world.run_until(world.now, |_, _| accepted());
    let sent: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(sent, [1, 3]);
    world.run_until(END, |_, _| accepted());
    assert_eq!(world.sent().last(), Some(&(END, 2)));
}

#[test]
fn nothing_expires_for_having_waited() {
    let mut world = night();
    let created = |message: Message, at_ms| Message {
        created: at(at_ms),
        ..message
    };
    for id in 1..=2 {
        let single = message(id, "noc").expires(BEGIN + HOUR);
        world.admit(&created(single, world.now));
    }
    // It ends moments after they do.
    let late = message(3, "noc").expires(END + 1_000);
    world.admit(&created(late, END - HOUR));
    world.run_until(END, |_, _| accepted());
    assert_eq!(world.digests(), [(END, vec![3, 2, 1])]);
    // One that cannot go in the morning either expires after its time.
    let mut world = night();
    let single = message(1, "noc").expires(BEGIN + HOUR);
    world.admit(&created(single, world.now));
    world.run_until(END + 2 * HOUR, |_, _| dead_token());
    let closes = world
        .seen
        .iter()
        .filter(|(_, seen)| matches!(seen, Seen::Closed { .. }));
    let closes: Vec<i64> = closes.map(|(at, _)| *at).collect();
    assert_eq!(closes, [END + HOUR / 2]);
}

#[test]
fn without_digests_they_go_one_by_one() {
    let mut world = World::new(wide(), &["noc"]);
    world.dispatcher.keep_quiet(at(0), &[nights()]);
    world.run_until(BEGIN, |_, _| accepted());
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    world.run_until(END, |_, _| accepted());
    assert_eq!(world.sent(), [(END, 1), (END, 2)]);
}

#[test]
fn times_that_follow_each_other_are_one_and_a_far_end_has_its_day() {
    let mut world = World::new(usual(), &["noc"]);
    let one = quiet("noc", &["22:00-02:00", "02:00-06:00", "05:00-07:30"]);
    world.dispatcher.keep_quiet(at(0), &[one]);
    world.run_until(BEGIN, |_, _| accepted());
    world.admit(&message(1, "noc"));
    world.drain();
    assert_eq!(world.reasons, ["quiet hours until 07:30"]);
    let away = Quiet {
        hours: QuietHours {
            times: vec![Arc::new(Calendar::new(
                "away",
                vec![Interval {
                    dates: vec![klaxond::model::Dates::parse("2027-01-15..2027-01-17").unwrap()],
                    ..Interval::always()
                }],
                Vec::new(),
                Vec::new(),
            ))],
            except: Severity::Critical,
        },
        ..nights()
    };
    world.dispatcher.keep_quiet(at(world.now), &[away]);
    assert_eq!(world.drain(), [Seen::Waits(1)], "it is told anew");
    assert_eq!(world.reasons[1], "quiet hours until 2027-01-18 00:00");
}

#[test]
fn a_reload_gives_and_takes_them_at_once() {
    let mut world = World::new(usual(), &["noc"]);
    world.run_until(BEGIN + HOUR, |_, _| accepted());
    world.dispatcher.keep_quiet(at(world.now), &[nights()]);
    world.admit(&message(1, "noc"));
    world.admit(&message(2, "noc"));
    assert_eq!(world.drain(), [Seen::Waits(1), Seen::Waits(2)]);
    let now = at(world.now);
    world
        .dispatcher
        .reconfigure(now, usual(), &contacts(&["noc"]));
    world.dispatcher.keep_quiet(now, &[nights()]);
    assert_eq!(world.drain(), [], "nothing has changed");
    world.dispatcher.keep_quiet(now, &[]);
    world.run_until(world.now, |_, _| accepted());
    assert_eq!(world.digests(), [(BEGIN + HOUR, vec![2, 1])]);
    // A contact that goes takes them along.
    world.dispatcher.keep_quiet(now, &[nights()]);
    world.admit(&message(3, "noc"));
    world.dispatcher.reconfigure(now, usual(), &[]);
    world.run_until(3 * END, |_, _| accepted());
    assert_eq!(world.deadline(), None);
}

#[test]
fn a_restart_in_the_night_or_past_its_end_changes_nothing() {
    let restore = |dispatcher: &mut Dispatcher, now: i64| {
        for id in 1..=2 {
            let message = Message {
                created: at(BEGIN + HOUR),
                ..message(id, "noc").expires(BEGIN + 5 * HOUR)
            };
            dispatcher.restore(
                at(now),
                &message,
                MessageState::Held,
                0,
                0,
                None,
                None,
                None,
            );
        }
    };
    for (now, goes) in [(END - HOUR, END), (END + HOUR, END + HOUR)] {
        let mut dispatcher = Dispatcher::new(at(now), usual(), &contacts(&["noc"]));
        dispatcher.keep_quiet(at(now), &[nights()]);
        restore(&mut dispatcher, now);
        let mut world = World::with(dispatcher);
        world.now = now;
        assert!(
            goes == now || world.drain().is_empty(),
            "it is written already"
        );
        world.run_until(goes, |_, _| accepted());
        assert_eq!(world.digests(), [(goes, vec![2, 1])]);
    }
}

#[test]
fn they_go_by_the_clock_on_the_wall_when_it_jumps() {
    let mut world = night();
    world.admit(&message(1, "noc"));
    world.drain();
    world.dispatcher.rebase(Duration::from_hours(9));
    world.now += 9 * HOUR;
    assert_eq!(world.sends(), [1]);
}

#[test]
fn something_critical_behind_a_digest_that_waits_takes_it_along() {
    let mut world = night();
    world.admit(&message(1, "noc").bucket("b"));
    world.admit(&message(2, "noc"));
    world.run_until(END, |_, id| {
        if id > MessageId::DIGESTS {
            dead_token()
        } else {
            accepted()
        }
    });
    assert_eq!(world.digests().len(), 1, "{:?}", world.seen);
    // It could not go all day, and waits again.
    world.run_until(BEGIN + 25 * HOUR, |_, _| dead_token());
    world.probe = klaxond::delivery::ProbeAnswer::Lifted;
    world.run_until(BEGIN + 26 * HOUR, |_, _| accepted());
    let before = world.sent().len();
    assert_eq!(world.dispatcher.in_flight(), 0);
    let worse = message(3, "noc").bucket("b").severity(Severity::Critical);
    world.admit(&worse.kind(Kind::Escalated));
    world.run_until(BEGIN + 27 * HOUR, |_, _| accepted());
    let sent: Vec<i64> = world.sent()[before..].iter().map(|(_, id)| *id).collect();
    assert_eq!(sent, [MessageId::DIGESTS + 1, 3]);
}

const CONFIG: &str = r#"
[times.nights]
hours = ["22:00-07:00"]
[[contacts]]
name = "A"
phone = "34600111222"
quiet_hours = ["nights"]
[[rules]]
name = "all"
"#;

/// The house's clock begins at midnight.
#[tokio::test(start_paused = true)]
async fn the_night_of_a_daemon_survives_a_crash_and_a_reload() {
    let house = House::build(CONFIG).await;
    for element in ["E1", "E2"] {
        let line = format!(r#"{{"element":"{element}","severity":"major"}}"#);
        house.hand_in(&line).await;
    }
    house.pass(Duration::from_secs(60)).await;
    let outbox = &house.core.store().outbox;
    let trail = outbox.trail(MessageId(1)).await.unwrap().unwrap();
    assert_eq!(trail.state, MessageState::Held);
    assert_eq!(trail.reason, "quiet hours until 07:00");
    let mut house = house.crash_and_restart(CONFIG).await;
    house.pass(Duration::from_hours(5)).await;
    house
        .hand_in(r#"{"element":"E3","severity":"critical"}"#)
        .await;
    house.pass(Duration::from_secs(60)).await;
    let arrived = house.meta.arrived();
    assert_eq!(arrived.len(), 1);
    assert!(arrived[0].text.contains("E3"), "{}", arrived[0].text);
    house.reload(CONFIG).await;
    house.pass(Duration::from_hours(1)).await;
    assert_eq!(house.meta.arrived().len(), 1);
    house.pass(Duration::from_hours(1)).await;
    let arrived = house.meta.arrived();
    assert_eq!(arrived.len(), 2);
    assert!(arrived[1].text.contains("2 alarms"), "{}", arrived[1].text);
    let outbox = &house.core.store().outbox;
    let trail = outbox.trail(MessageId(1)).await.unwrap().unwrap();
    assert_eq!(trail.state, MessageState::Digested);
}
