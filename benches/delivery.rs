//! Delivery decisions a second, and the room that a long queue takes.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark talks to people and may stop where it fails"
)]

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klaxond::delivery::{Action, Dispatcher, Settings, Storm};
use klaxond::model::{
    ContactId, Kind, Message, MessageId, NotificationId, Outcome, Phone, Rate, Severity,
    TemplateId, Time,
};

const LANES: usize = 1_000;
const QUEUED: i64 = 100_000;
/// What the desk keeps in memory at most.
const DESK: usize = 200_000;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("room-apart") => room("each with a bucket of its own", |id| id),
        Some("room-storm") => storm_room(),
        Some("room-shared") => room("ten contacts told of each bucket", |id| id / 10),
        _ => {
            through(200_000, LANES);
            backlog(200_000, LANES);
            offers(200_000, LANES);
            storm(1_000_000, 20);
            // Each in a process of its own: memory that was freed before would hide the growth.
            for measure in ["room-apart", "room-shared", "room-storm"] {
                let myself = std::env::current_exe().unwrap();
                let status = Command::new(myself).arg(measure).status().unwrap();
                assert!(status.success());
            }
        }
    }
}

/// Messages that come one by one and leave at once: admit, next, settle.
fn through(count: i64, lanes: usize) {
    let mut dispatcher = dispatcher(lanes);
    let messages = messages(count, lanes, |id| format!("bucket {id}"));
    let accepted = accepted();
    let start = Instant::now();
    for message in &messages {
        dispatcher.admit(at(message.id.0), message);
        let sent = dispatcher.next(at(message.id.0));
        assert!(matches!(sent, Some(Action::Send { id, .. }) if id == message.id));
        dispatcher.settle(at(message.id.0), message.id, &accepted, 0.5);
    }
    report(
        "admit, next, settle, an empty queue",
        count,
        start.elapsed(),
    );
}

/// The same messages, all admitted before the first is sent, a hundred in flight.
fn backlog(count: i64, lanes: usize) {
    let mut dispatcher = dispatcher(lanes);
    let messages = messages(count, lanes, |id| format!("bucket {id}"));
    let accepted = accepted();
    let start = Instant::now();
    for message in &messages {
        dispatcher.admit(at(0), message);
    }
    let mut flying = Vec::new();
    let mut sent = 0;
    while sent < count {
        while flying.len() < 100
            && let Some(Action::Send { id, .. }) = dispatcher.next(at(sent))
        {
            flying.push(id);
        }
        for id in flying.drain(..) {
            dispatcher.settle(at(sent), id, &accepted, 0.5);
            sent += 1;
        }
    }
    report(
        "admit, next, settle, all queued first",
        count,
        start.elapsed(),
    );
}

/// Messages that are claimed on the spot.
fn offers(count: i64, lanes: usize) {
    let mut dispatcher = dispatcher(lanes);
    let messages = messages(count, lanes, |id| format!("bucket {id}"));
    let accepted = accepted();
    let start = Instant::now();
    for message in &messages {
        assert!(dispatcher.offer(at(message.id.0), message));
        dispatcher.settle(at(message.id.0), message.id, &accepted, 0.5);
    }
    report("offer, settle", count, start.elapsed());
}

/// What the desk keeps of a backlog, in digests of 5,000: admitted, handed out, written, accepted.
fn storm(count: i64, people: usize) {
    let mut dispatcher = stormy(people);
    let accepted = accepted();
    let mut name = |id: i64| format!("rule/critical-alarms/7/59/{id:09}");
    let start = Instant::now();
    let (mut admitted, mut now, mut digests) = (0, 0, 0);
    while admitted < count || dispatcher.waiting() > 0 {
        while admitted < count && dispatcher.waiting() < DESK {
            admitted += 1;
            dispatcher.admit(at(now), &message(admitted, people, &mut name));
        }
        while let Some(action) = dispatcher.next(at(now)) {
            match action {
                Action::Digest { contact, .. } => {
                    digests += 1;
                    let part = part(digests, &contact);
                    dispatcher.digested(at(now), &contact, std::slice::from_ref(&part));
                    dispatcher.settle(at(now), part.id, &accepted, 0.5);
                }
                Action::Send { id, .. } => {
                    dispatcher.settle(at(now), id, &accepted, 0.5);
                }
                Action::Close { .. }
                | Action::Wait { .. }
                | Action::Overdone { .. }
                | Action::Probe(_) => {}
            }
        }
        now += 1_000;
    }
    let took = start.elapsed();
    let rate = count as f64 / took.as_secs_f64();
    println!(
        "{count} to {people} contacts in {digests} digests: {rate:.0} messages/s, done after {} min on the phones",
        now / 60_000
    );
}

/// The growth of the resident set by as much of a backlog as the desk keeps.
fn storm_room() {
    let people = 20;
    let before = resident_bytes();
    let mut dispatcher = stormy(people);
    let mut name = |id: i64| format!("rule/critical-alarms/7/59/{id:09}");
    let count = i64::try_from(DESK).unwrap();
    for id in 1..=count {
        dispatcher.admit(at(0), &message(id, people, &mut name));
    }
    let waiting = resident_bytes().saturating_sub(before);
    let mut members = 0;
    while let Some(Action::Digest { members: ids, .. }) = dispatcher.next(at(0)) {
        members += ids.len();
    }
    let digests = resident_bytes().saturating_sub(before);
    println!(
        "{count} queued in storms: {:.1} MB, {} bytes each (goal 60 MB); with {members} in digests {:.1} MB",
        waiting as f64 / 1e6,
        waiting / u64::try_from(count).unwrap(),
        digests as f64 / 1e6
    );
}

fn stormy(people: usize) -> Dispatcher {
    let settings = Settings {
        throughput: Rate::parse("80/s").unwrap(),
        per_contact: Rate::parse("1/6s, burst 3").unwrap(),
        storm: Some(Storm::default()),
        ..wide()
    };
    let contacts: Vec<_> = (0..people).map(|n| (contact(n), phone(n))).collect();
    Dispatcher::new(at(0), settings, &contacts)
}

fn part(n: i64, to: &ContactId) -> Message {
    Message {
        id: MessageId(MessageId::DIGESTS + n),
        contact: to.clone(),
        kind: Kind::Digest,
        expires: None,
        ..message(n, 1, |_| "digest".to_owned())
    }
}

fn report(what: &str, count: i64, took: Duration) {
    let rate = count as f64 / took.as_secs_f64();
    println!("{what}: {rate:.0} messages/s ({LANES} lanes, goal 200000)");
}

/// The growth of the resident set by a queue of messages that expire.
fn room(what: &str, notification: impl Fn(i64) -> i64) {
    let before = resident_bytes();
    let mut dispatcher = dispatcher(LANES);
    let mut name: Arc<str> = Arc::default();
    for id in 1..=QUEUED {
        // The messages of one notification share its text.
        if notification(id) != notification(id - 1) {
            name = format!("rule/critical-alarms/7/59/{:09}", notification(id)).into();
        }
        let mut message = message(id, LANES, |_| String::new());
        message.bucket = Arc::clone(&name);
        dispatcher.admit(at(0), &message);
    }
    let bytes = resident_bytes().saturating_sub(before);
    assert_eq!(dispatcher.waiting(), usize::try_from(QUEUED).unwrap());
    println!(
        "{QUEUED} queued, {what}: {:.1} MB, {} bytes each (goal 30 MB)",
        bytes as f64 / 1e6,
        bytes / u64::try_from(QUEUED).unwrap()
    );
}

/// Linux only: the second field of statm, in pages of 4 KiB.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

fn wide() -> Settings {
    let wide = Rate::new(1_000_000, Duration::from_secs(1), 1_000_000).unwrap();
    Settings {
        throughput: wide,
        per_contact: wide,
        unknown_wait: Duration::from_secs(5),
        max_in_flight: 100,
        storm: None,
        receipts: false,
        max_per_day: None,
    }
}

fn dispatcher(lanes: usize) -> Dispatcher {
    let contacts: Vec<_> = (0..lanes).map(|n| (contact(n), phone(n))).collect();
    Dispatcher::new(at(0), wide(), &contacts)
}

fn phone(n: usize) -> Phone {
    Phone::parse(&format!("346{n:08}")).unwrap()
}

fn messages(count: i64, lanes: usize, bucket: impl Fn(i64) -> String) -> Vec<Message> {
    (1..=count).map(|id| message(id, lanes, &bucket)).collect()
}

fn message(id: i64, lanes: usize, mut bucket: impl FnMut(i64) -> String) -> Message {
    let n = usize::try_from(id).unwrap();
    Message {
        id: MessageId(id),
        notification: NotificationId(id),
        contact: contact(n % lanes),
        template: TemplateId::parse("alarm").unwrap(),
        bucket: bucket(id).into(),
        severity: if n.is_multiple_of(7) {
            Severity::Critical
        } else {
            Severity::Major
        },
        created: at(0),
        expires: Some(at(14_400_000 + id)),
        shadow: false,
        closes: None,
        kind: Kind::Raised,
        form: klaxond::model::Form::Template,
        confirm: None,
        instead_of: None,
    }
}

fn contact(n: usize) -> ContactId {
    ContactId::parse(&format!("contact {n}")).unwrap()
}

fn accepted() -> Outcome {
    Outcome::Accepted {
        wamid: "wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI1".into(),
        held: false,
    }
}

fn at(ms: i64) -> Time {
    Time::from_ms(1_800_000_000_000 + ms)
}
