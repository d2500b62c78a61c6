//! What happens to a person's phone when very much happens.

use std::time::Duration;

use klaxond::delivery::{Dispatcher, Settings, Storm};
use klaxond::model::{Kind, MessageId, Rate, Severity};

use klaxond::config::span;

use crate::support::delivery::{
    Seen, With, World, accepted, at, contact, contacts, message, phone, wide,
};
use crate::support::readme::{rows, section};

/// The limits that a config has which says nothing of them, but for the number's.
fn usual() -> Settings {
    Settings {
        per_contact: Rate::parse("1/6s, burst 3").unwrap(),
        storm: Some(Storm::default()),
        ..wide()
    }
}

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

fn d(n: i64) -> i64 {
    MessageId::DIGESTS + n
}

/// Admits one message each `every` from the world's moment on, and answers all with yes.
fn flow(world: &mut World, ids: std::ops::RangeInclusive<i64>, every: i64) {
    for id in ids {
        world.admit(&message(id, "noc"));
        let until = world.now + every;
        world.run_until(until, |_, _| accepted());
    }
}

fn ids(range: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    range.rev().collect()
}

#[test]
fn after_ten_messages_in_two_minutes_the_rest_comes_as_one_every_two_minutes() {
    let mut world = World::new(usual(), &["noc"]);
    flow(&mut world, 1..=60, 6 * SECOND);
    world.run_until(20 * MINUTE, |_, _| accepted());
    let alone: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(alone[..10], (1..=10).collect::<Vec<_>>());
    // The tenth went at 54 s.
    let digests = world.digests();
    assert_eq!(digests[0], (174 * SECOND, ids(11..=29)));
    assert_eq!(digests[1], (294 * SECOND, ids(30..=49)));
    assert_eq!(digests[2], (414 * SECOND, ids(50..=60)));
    assert_eq!(digests.len(), 3);
    assert_eq!(alone[10..], [d(1), d(2), d(3)]);
    assert_eq!(
        world.reasons[0],
        "10 messages went to this contact within 2m"
    );
}

#[test]
fn a_flood_goes_as_one_at_once_the_most_severe_first_and_the_newest_first_inside() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=1_000 {
        let severity = match id % 10 {
            0 => Severity::Critical,
            1..=3 => Severity::Major,
            _ => Severity::Warning,
        };
        world.admit(&message(id, "noc").severity(severity));
    }
    let Some(Seen::Digest(to, members)) = world.next() else {
        panic!("no digest");
    };
    assert_eq!(to, contact("noc"));
    assert_eq!(members.len(), 1_000);
    assert_eq!(members[..3], [1_000, 990, 980]);
    assert_eq!(members[99..102], [10, 993, 992]);
    assert_eq!(members[999], 4);
    assert_eq!(
        world.reasons,
        ["21 messages waited, more than Meta lets through in 2m"]
    );
    assert_eq!(world.next(), None, "one thing at a time");
}

#[test]
fn a_digest_holds_at_most_5000_and_the_next_one_holds_the_rest() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=5_010 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(3 * MINUTE, |_, _| accepted());
    let digests = world.digests();
    assert_eq!(digests[0], (0, ids(11..=5_010)));
    assert_eq!(digests[1], (2 * MINUTE, ids(1..=10)));
}

#[test]
fn something_critical_shortens_the_wait_to_half_a_minute_and_takes_the_rest_along() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=40 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(5 * SECOND, |_, _| accepted());
    world.admit(&message(41, "noc"));
    world.admit(&message(42, "noc").severity(Severity::Critical));
    world.admit(&message(43, "noc"));
    world.run_until(MINUTE, |_, _| accepted());
    let digests = world.digests();
    assert_eq!(
        digests.last(),
        Some(&(30 * SECOND, vec![42, 43, 41])),
        "{digests:?}"
    );
}

#[test]
fn one_that_would_be_alone_in_its_digest_goes_by_itself_and_ends_the_storm() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(10 * SECOND, |_, _| accepted());
    assert_eq!(world.dispatcher.storms(at(world.now)).len(), 1);
    world.admit(&message(31, "noc"));
    world.run_until(3 * MINUTE, |_, _| accepted());
    assert_eq!(world.sent(), [(0, d(1)), (2 * MINUTE, 31)]);
    assert_eq!(world.dispatcher.storms(at(world.now)), []);
    world.admit(&message(32, "noc"));
    assert_eq!(world.sends(), [32]);
}

#[test]
fn a_storm_that_nothing_keeps_up_is_over() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(10 * MINUTE, |_, _| accepted());
    assert_eq!(world.dispatcher.storms(at(world.now)), []);
    assert!(world.dispatcher.offer(at(world.now), &message(31, "noc")));
}

#[test]
fn in_a_storm_no_message_is_claimed_as_it_is_written() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(100 * SECOND, |_, _| accepted());
    assert!(!world.dispatcher.offer(at(world.now), &message(31, "noc")));
    let answer = message(32, "noc").kind(Kind::Answer).text();
    assert!(world.dispatcher.offer(at(world.now), &answer));
}

#[test]
fn answers_and_notices_do_not_wait_for_digests_and_are_in_none() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    world.admit(&message(31, "noc").kind(Kind::Answer).text());
    world.admit(&message(32, "noc").kind(Kind::Notice));
    world.admit(&message(33, "noc").kind(Kind::Acknowledged).text());
    world.run_until(MINUTE, |_, _| accepted());
    let (_, members) = &world.digests()[0];
    assert_eq!(*members, ids(1..=30));
    let sent: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(sent, [31, 32, 33, d(1)]);
}

#[test]
fn the_parts_of_a_digest_go_in_order_at_the_limit_of_the_phone_and_in_front_of_all_else() {
    let mut world = World::new(usual(), &["noc"]);
    world.parts = 4;
    for id in 1..=100 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(SECOND, |_, _| accepted());
    world.admit(&message(101, "noc"));
    world.admit(&message(102, "noc"));
    world.run_until(3 * MINUTE, |_, _| accepted());
    let expected = [
        (0, d(1)),
        (0, d(2)),
        (12 * SECOND, d(3)),
        (12 * SECOND, d(4)),
    ];
    assert_eq!(world.sent()[..4], expected);
    assert_eq!(world.digests()[1], (2 * MINUTE, vec![102, 101]));
}

/// Each digest takes eight messages, and so longer than the half minute after which something critical
/// is due.
#[test]
fn at_any_rate_the_newest_critical_one_goes_within_digest_critical_and_one_send_slot() {
    for every in [20, 300, 7_000, 50_000] {
        let mut world = World::new(usual(), &["noc"]);
        world.parts = 8;
        let mut critical = Vec::new();
        for id in 1..=(600_000 / every) {
            let urgent = id % 5 == 0;
            let severity = if urgent {
                Severity::Critical
            } else {
                Severity::Major
            };
            if urgent {
                critical.push((world.now, id));
            }
            world.admit(&message(id, "noc").severity(severity));
            let until = world.now + every;
            world.run_until(until, |_, _| accepted());
        }
        let last = world.now;
        world.run_until(last + 5 * MINUTE, |_, _| accepted());
        let mut told: Vec<(i64, i64)> = Vec::new();
        for (when, seen) in &world.seen {
            match seen {
                Seen::Digest(_, members) => told.extend(members.iter().map(|id| (*when, *id))),
                Seen::Sent(id) => told.push((*when, *id)),
                _ => {}
            }
        }
        for (came, id) in critical {
            let newest_told = told
                .iter()
                .filter(|(_, told)| *told % 5 == 0 && *told >= id)
                .map(|(when, _)| when - came)
                .filter(|wait| *wait >= 0)
                .min();
            let wait = newest_told.unwrap();
            assert!(
                wait <= 36 * SECOND,
                "{id} waited {wait} ms, one each {every} ms"
            );
        }
        limits_hold(&world);
    }
}

/// No span holds more messages than the phone's limit allows.
fn limits_hold(world: &World) {
    let times: Vec<i64> = world.sent().iter().map(|(at, _)| *at).collect();
    for (n, first) in times.iter().enumerate() {
        for (m, last) in times.iter().enumerate().skip(n) {
            let allowed = 3 + (last - first) / (6 * SECOND);
            assert!(i64::try_from(m - n + 1).unwrap() <= allowed);
        }
    }
}

#[test]
fn a_contact_in_a_storm_does_not_delay_others() {
    let mut settings = usual();
    settings.throughput = Rate::parse("10/s").unwrap();
    let mut world = World::new(settings, &["noc", "duty"]);
    for id in 1..=5_000 {
        world.admit(&message(id, "noc"));
    }
    for id in 5_001..=5_020 {
        world.admit(&message(id, "duty"));
        let start = world.now;
        world.run_until(start + 15 * SECOND, |_, _| accepted());
        assert!(world.sent().contains(&(start, id)), "{id} waited");
    }
}

#[test]
fn what_waited_out_an_outage_goes_as_one_after_a_restart() {
    let mut dispatcher = Dispatcher::new(at(0), usual(), &contacts(&["noc"]));
    for id in 1..=200 {
        let queued = klaxond::model::MessageState::Queued;
        dispatcher.restore(at(0), &message(id, "noc"), queued, 0, 0, None, None, None);
    }
    let mut world = World::with(dispatcher);
    world.run_until(MINUTE, |_, _| accepted());
    assert_eq!(world.digests(), [(0, ids(1..=200))]);
}

#[test]
fn a_restart_does_not_forget_how_much_a_phone_was_sent() {
    let mut dispatcher = Dispatcher::new(at(0), usual(), &contacts(&["noc"]));
    for n in 0..10 {
        dispatcher.restore_attempt(&phone(0), at(n * 6_000 - 60_000));
    }
    let mut world = World::with(dispatcher);
    flow(&mut world, 1..=5, SECOND);
    world.run_until(10 * MINUTE, |_, _| accepted());
    assert_eq!(world.digests(), [(114 * SECOND, ids(1..=5))]);
}

#[test]
fn two_contacts_of_one_phone_are_one_person() {
    let list = [(contact("a"), phone(0)), (contact("b"), phone(0))];
    let mut world = World::with(Dispatcher::new(at(0), usual(), &list));
    for id in 1..=40 {
        let name = if id % 2 == 0 { "a" } else { "b" };
        world.admit(&message(id, name));
        let until = world.now + 6 * SECOND;
        world.run_until(until, |_, _| accepted());
    }
    let alone: Vec<i64> = world.sent().iter().map(|(_, id)| *id).collect();
    assert_eq!(alone[..10], (1..=10).collect::<Vec<_>>());
    assert!(alone[10] > d(0), "{alone:?}");
}

#[test]
fn without_storms_each_goes_by_itself_and_a_reload_switches_them() {
    let mut calm = usual();
    calm.storm = None;
    let mut world = World::new(calm, &["noc"]);
    for id in 1..=50 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(MINUTE, |_, _| accepted());
    assert_eq!(world.digests(), []);
    world
        .dispatcher
        .reconfigure(at(world.now), usual(), &contacts(&["noc"]));
    world.run_until(5 * MINUTE, |_, _| accepted());
    assert_eq!(world.digests().len(), 1);
    assert_eq!(world.dispatcher.waiting(), 0);
}

#[test]
fn too_many_in_a_day_are_told_of_once_and_sent() {
    let mut settings = usual();
    settings.max_per_day = Some(5);
    let mut world = World::new(settings, &["noc"]);
    flow(&mut world, 1..=9, 20 * SECOND);
    world.run_until(25 * 60 * MINUTE, |_, _| accepted());
    flow(&mut world, 10..=15, 20 * SECOND);
    let told: Vec<&Seen> = world
        .seen
        .iter()
        .map(|(_, seen)| seen)
        .filter(|seen| matches!(seen, Seen::Overdone(..)))
        .collect();
    let once = Seen::Overdone(contact("noc"), 6);
    assert_eq!(told, [&once, &once], "once a day");
    assert_eq!(world.sent().len(), 15);
}

#[test]
fn the_status_says_who_is_told_in_digests_why_and_when_the_next_comes() {
    let mut world = World::new(usual(), &["noc", "duty"]);
    for id in 1..=30 {
        world.admit(&message(id, "noc"));
    }
    world.run_until(SECOND, |_, _| accepted());
    world.admit(&message(31, "noc"));
    let storms = world.dispatcher.storms(at(world.now));
    assert_eq!(storms.len(), 1);
    assert_eq!(storms[0].contact, contact("noc"));
    assert_eq!(storms[0].since, at(0));
    assert_eq!(storms[0].next, Some(at(2 * MINUTE)));
    assert_eq!(storms[0].waiting, 1);
    assert!(storms[0].reason.contains("more than Meta lets through"));
}

#[test]
fn what_waits_shares_a_bucket_and_never_goes_in_the_wrong_order() {
    let mut world = World::new(usual(), &["noc"]);
    for id in 1..=6_000 {
        let event = message(id, "noc").bucket(&format!("{}", id % 40));
        world.admit(&event.expires(14_400_000));
    }
    let Some(Seen::Digest(_, first)) = world.next() else {
        panic!("no digest");
    };
    assert_eq!(first.len(), 5_000);
    for left in (1..=6_000).filter(|id| !first.contains(id)) {
        let later = first
            .iter()
            .filter(|id| *id % 40 == left % 40 && **id > left);
        assert_eq!(
            later.count(),
            0,
            "{left} stays behind one that came after it"
        );
    }
    assert_eq!(Duration::from_secs(120), Storm::default().within);
}

#[test]
fn a_phone_gets_what_the_readme_says() {
    for row in rows(section("Storms")) {
        let [count, every, alone, digests] = row.as_slice() else {
            panic!("{row:?}");
        };
        let every: i64 = span(every).unwrap().as_millis().try_into().unwrap();
        let mut world = World::new(usual(), &["noc"]);
        for id in 1..=count.parse().unwrap() {
            world.admit(&message(id, "noc"));
            if every > 0 {
                let until = world.now + every;
                world.run_until(until, |_, _| accepted());
            }
        }
        world.run_until(world.now + 60 * MINUTE, |_, _| accepted());
        let told = world.digests().len();
        let by_themselves = world.sent().len() - told;
        assert_eq!(
            (by_themselves.to_string(), told.to_string()),
            (alone.clone(), digests.clone()),
            "{row:?}"
        );
    }
}
