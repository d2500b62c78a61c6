//! Delivery in storms against a naive ledger: random histories of alarms that rise, change and end,
//! with lost answers, failures, receipts, reloads and digests that cannot be written. The ledger keeps
//! every message and looks at all of them for every question.

mod checks;

use std::collections::BTreeMap;
use std::time::Duration;

use klaxond::delivery::{Action, Dispatcher, Settings, Storm, Verdict};
use klaxond::model::{
    Closes, ContactId, Form, Kind, Message, MessageId, Outcome, Rate, Retry, Scope, Severity, Stage,
};
use proptest::prelude::*;

use crate::support::delivery::{With, accepted, at, contacts, failed, lost, message};
use crate::support::delivery_storm_history::{Op, op};

const INTERVAL_MS: i64 = 3_000;
const BURST: i64 = 2;
const NAMES: [&str; 3] = ["0", "1", "2"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Waits,
    Flies,
    /// A digest of this number speaks for it.
    Member(usize),
    Awaited,
    Done,
}

struct Known {
    message: Message,
    stand: Stand,
    /// It may have reached Meta.
    handed: bool,
    superseded: bool,
    digest: Option<usize>,
    accepted: u32,
}

struct Ledger {
    dispatcher: Dispatcher,
    now: i64,
    known: BTreeMap<i64, Known>,
    takes: BTreeMap<ContactId, Vec<i64>>,
    live: u8,
    /// Members of each digest, and the parts that have not ended.
    digests: Vec<(Vec<i64>, usize)>,
    next_id: i64,
    written: i64,
    /// The next digest cannot be written.
    unwritten: bool,
}

fn settings() -> Settings {
    Settings {
        throughput: Rate::parse("50/s").unwrap(),
        per_contact: Rate::parse("1/3s, burst 2").unwrap(),
        unknown_wait: Duration::from_secs(5),
        max_in_flight: 10,
        storm: Some(Storm {
            after: 3,
            within: Duration::from_secs(12),
            digest_every: Duration::from_secs(20),
            digest_critical: Duration::from_secs(5),
        }),
        receipts: true,
        max_per_day: Some(1_000_000),
    }
}

impl Ledger {
    fn new() -> Self {
        Self {
            dispatcher: Dispatcher::new(at(0), settings(), &contacts(&NAMES)),
            now: 0,
            known: BTreeMap::new(),
            takes: BTreeMap::new(),
            live: 0b111,
            digests: Vec::new(),
            next_id: 1,
            written: 0,
            unwritten: false,
        }
    }

    fn apply(&mut self, op: &Op) {
        match op {
            Op::Say(to, bucket, kind, urgent, promised) => {
                self.say(*to, *bucket, *kind, *urgent, *promised);
            }
            Op::Drain => self.drain(),
            Op::Settle(n, answer) => {
                let flying = self.standing(|known| known.stand == Stand::Flies);
                if !flying.is_empty() {
                    self.settle(flying[n % flying.len()], *answer);
                }
            }
            Op::Receipt(n, what) => {
                let handed = self.standing(|known| {
                    (known.handed || known.stand == Stand::Flies)
                        && known.message.kind != Kind::Digest
                });
                if !handed.is_empty() {
                    self.receipt(handed[n % handed.len()], *what);
                }
            }
            Op::Unwritten => self.unwritten = true,
            Op::Wait(ms) => self.now += ms,
            Op::Jump => {
                self.drain();
                if let Some(deadline) = self.dispatcher.next_deadline() {
                    self.now = self.now.max(crate::support::delivery::ms(deadline));
                }
            }
            Op::Reload(mask) => {
                self.live = *mask;
                let list: Vec<_> = contacts(&NAMES)
                    .into_iter()
                    .enumerate()
                    .filter(|(n, _)| mask & (1 << n) != 0)
                    .map(|(_, entry)| entry)
                    .collect();
                self.dispatcher.reconfigure(at(self.now), settings(), &list);
            }
        }
    }

    fn standing(&self, of: impl Fn(&Known) -> bool) -> Vec<i64> {
        let found = self.known.iter().filter(|(_, known)| of(known));
        found.map(|(id, _)| *id).collect()
    }

    fn say(&mut self, to: usize, bucket: usize, kind: Kind, urgent: bool, promised: bool) {
        let id = self.next_id;
        self.next_id += 1;
        let mut message = message(id, NAMES[to])
            .bucket(&bucket.to_string())
            .kind(kind);
        if urgent {
            message.severity = Severity::Critical;
        }
        if promised {
            message = message.confirm(30_000);
        }
        if kind == Kind::Answer {
            message.form = Form::Text;
        }
        if kind == Kind::Cleared {
            let raise = self.known.values().rev().find(|known| {
                let same = known.message.contact == message.contact
                    && known.message.bucket == message.bucket;
                same && matches!(known.message.kind, Kind::Raised | Kind::Escalated)
            });
            message.closes = raise.map(|known| Closes::Only(known.message.id));
        }
        self.dispatcher.admit(at(self.now), &message);
        self.enter(message, Stand::Waits);
    }

    fn enter(&mut self, message: Message, stand: Stand) {
        let known = Known {
            message,
            stand,
            handed: false,
            superseded: false,
            digest: None,
            accepted: 0,
        };
        self.known.insert(known.message.id.0, known);
    }

    fn drain(&mut self) {
        while let Some(action) = self.dispatcher.next(at(self.now)) {
            self.act(action);
        }
        let deadline = self.dispatcher.next_deadline();
        let quiet = match deadline {
            Some(deadline) => {
                assert!(deadline > at(self.now), "a deadline of the past");
                deadline - Duration::from_millis(1)
            }
            None => at(self.now) + Duration::from_hours(1_000),
        };
        let mut copy = self.dispatcher.clone();
        assert_eq!(copy.next(quiet), None, "missed before {deadline:?}");
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Send { id, repeat } => {
                let known = &self.known[&id.0];
                let again = known.stand == Stand::Awaited && repeat;
                assert!(
                    again || known.stand == Stand::Waits,
                    "{id}: {:?}",
                    known.stand
                );
                assert!(!repeat || known.handed, "{id} is no repeat");
                self.in_order(id.0, &[]);
                self.take(id.0);
                let known = self.known.get_mut(&id.0).unwrap();
                known.stand = Stand::Flies;
            }
            Action::Digest {
                contact,
                members,
                reason,
            } => {
                assert!(!reason.is_empty());
                self.digest(&contact, &members.iter().map(|id| id.0).collect::<Vec<_>>());
            }
            Action::Close {
                id,
                state,
                reason,
                fallback,
                successor,
            } => {
                self.close(id.0, state, &reason, fallback, successor);
            }
            Action::Wait { .. } | Action::Overdone { .. } | Action::Probe(_) => {
                panic!("{action:?}")
            }
        }
    }

    fn settle(&mut self, id: i64, answer: u8) {
        let outcome = match answer {
            0..=5 => accepted(),
            6 | 7 => lost(),
            8 => failed(Retry::Backoff, Scope::Message),
            9 => failed(Retry::Never, Scope::Message),
            10 => failed(Retry::Never, Scope::Contact),
            _ => failed(Retry::Pair, Scope::Contact),
        };
        let verdict = self
            .dispatcher
            .settle(at(self.now), MessageId(id), &outcome, 0.5);
        self.judged(id, &verdict);
    }

    fn judged(&mut self, id: i64, verdict: &Verdict) {
        let live = self.is_live(id);
        let known = self.known.get_mut(&id).unwrap();
        let is_digest = known.message.kind == Kind::Digest;
        match verdict {
            Verdict::Accepted { confirm_by, .. } => {
                known.accepted += 1;
                known.handed = true;
                if confirm_by.is_some() {
                    known.stand = Stand::Awaited;
                } else {
                    self.end(id);
                }
            }
            Verdict::Retry { .. } => known.stand = Stand::Waits,
            Verdict::Unknown { .. } => {
                known.stand = Stand::Waits;
                known.handed = true;
            }
            Verdict::Failed { fallback, .. } => {
                assert!(*fallback || is_digest || !live);
                let again = is_digest && !fallback;
                let n = known.digest;
                if again && live {
                    self.members_again(MessageId(id), n.unwrap());
                }
                self.end(id);
            }
            Verdict::Held { .. } => panic!("{verdict:?}"),
            Verdict::UnderWay => {}
        }
    }

    fn is_live(&self, id: i64) -> bool {
        let n: usize = self.known[&id].message.contact.as_str().parse().unwrap();
        self.live & (1 << n) != 0
    }

    /// Half of the members were in the part that failed.
    fn members_again(&mut self, part: MessageId, n: usize) {
        let (members, parts) = self.digests[n].clone();
        let left: Vec<i64> = members
            .into_iter()
            .filter(|id| self.known[id].stand == Stand::Member(n))
            .collect();
        let count = if parts == 1 {
            left.len()
        } else {
            left.len().div_ceil(2)
        };
        let mut again: Vec<i64> = left[..count].to_vec();
        // Of one bucket, the earlier ones come back with the later ones.
        for id in &left[count..] {
            let bucket = &self.known[id].message.bucket;
            if left[..count]
                .iter()
                .any(|other| self.known[other].message.bucket == *bucket)
            {
                again.push(*id);
            }
        }
        again.sort_unstable();
        let messages: Vec<Message> = again
            .iter()
            .map(|id| self.known[id].message.clone())
            .collect();
        for id in again {
            let known = self.known.get_mut(&id).unwrap();
            known.stand = Stand::Waits;
        }
        self.dispatcher.members_again(at(self.now), part, &messages);
    }

    fn receipt(&mut self, id: i64, what: u8) {
        let before = self.known[&id].stand;
        if what == 4 {
            let failed = failed(Retry::Never, Scope::Contact);
            let Outcome::Failed(failure) = &failed else {
                unreachable!()
            };
            if before == Stand::Done {
                return;
            }
            let message = self.known[&id].message.clone();
            let verdict = self
                .dispatcher
                .failed_later(at(self.now), &message, 1, 0, failure, 0.5);
            match before {
                Stand::Flies | Stand::Member(_) => assert_eq!(verdict, Verdict::UnderWay),
                Stand::Waits | Stand::Awaited if verdict == Verdict::UnderWay => {
                    assert!(self.is_closing(id), "{id} is not under way");
                }
                _ => self.judged(id, &verdict),
            }
            return;
        }
        let stage = [Stage::Sent, Stage::Delivered, Stage::Read][usize::from(what) % 3];
        let left = self
            .dispatcher
            .delivered(at(self.now), MessageId(id), stage);
        let promised = self.known[&id].message.confirm.is_some();
        let arrived = stage >= Stage::Delivered;
        let expected = match before {
            Stand::Flies | Stand::Member(_) | Stand::Done => false,
            Stand::Awaited => arrived,
            Stand::Waits => arrived || !promised,
        };
        // What fell due meanwhile is still to be told.
        if left {
            assert!(
                expected || before == Stand::Awaited,
                "{id}: {before:?}, {stage:?}"
            );
            self.end(id);
        } else if before == Stand::Waits && !self.is_closing(id) {
            assert!(!expected);
            let known = self.known.get_mut(&id).unwrap();
            if known.accepted == 0 {
                known.stand = Stand::Awaited;
                known.accepted = 1;
            }
        }
    }

    /// Whether a message is out of the queue already, which is not told yet.
    fn is_closing(&mut self, id: i64) -> bool {
        let mut copy = self.dispatcher.clone();
        while let Some(action) = copy.next(at(self.now)) {
            if matches!(action, Action::Close { id: other, .. } if other.0 == id) {
                return true;
            }
            if let Action::Digest { contact, .. } = &action {
                copy.undigested(at(self.now), contact);
            }
        }
        false
    }

    /// Everything is answered with yes until nothing is left.
    fn finish(&mut self) {
        self.apply(&Op::Reload(0b111));
        for _ in 0..10_000 {
            self.drain();
            let flying = self.standing(|known| known.stand == Stand::Flies);
            if flying.is_empty() {
                let Some(deadline) = self.dispatcher.next_deadline() else {
                    break;
                };
                self.now = crate::support::delivery::ms(deadline);
            }
            for id in flying {
                self.settle(id, 0);
            }
        }
        let left = self.standing(|known| known.stand != Stand::Done);
        assert_eq!(left, [] as [i64; 0], "never came to an end");
        assert_eq!(self.dispatcher.waiting() + self.dispatcher.in_flight(), 0);
        assert_eq!(self.dispatcher.awaited(), 0);
    }
}

fn parts_of(count: i64) -> usize {
    usize::try_from(count).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn in_any_storm_every_message_comes_to_one_end(ops in prop::collection::vec(op(), 1..150)) {
        let mut ledger = Ledger::new();
        for op in &ops {
            ledger.apply(op);
        }
        ledger.finish();
    }
}
