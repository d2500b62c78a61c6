//! Delivery against a naive model: random histories, checked at every step.

use std::collections::BTreeMap;
use std::time::Duration;

use klaxond::delivery::{Action, Dispatcher, HoldKey, ProbeAnswer, Settings, Verdict};
use klaxond::model::{
    ContactId, Failure, Message, MessageId, MessageState, Outcome, Phone, Rate, Retry, Scope,
    TemplateId, Time,
};
use proptest::prelude::*;

use crate::support::delivery::{accepted, at, contact, failure, lost, message, ms, phone};
use crate::support::delivery_history::{Answer, Op, Wish, op};
use crate::support::delivery_model::{
    BURST, Gate, INTERVAL_MS, Item, Key, MAX_IN_FLIGHT, Model, NUMBER_BURST, NUMBER_INTERVAL_MS,
    Stage, UNKNOWN_WAIT_MS,
};

/// The contacts of a bit mask; with `share`, the first two have one phone. Contact 4 never exists.
fn people(mask: u8, share: bool) -> (Vec<(ContactId, Phone)>, BTreeMap<usize, usize>) {
    let phones: BTreeMap<usize, usize> = (0..4)
        .filter(|n| mask & (1 << n) != 0)
        .map(|n| (n, if share && n == 1 { 0 } else { n }))
        .collect();
    let list = phones
        .iter()
        .map(|(n, number)| (contact(&n.to_string()), phone(*number)))
        .collect();
    (list, phones)
}

fn settings() -> Settings {
    let rate = |interval: i64, burst: i64| {
        let interval = Duration::from_millis(interval.try_into().unwrap());
        Rate::new(1, interval, burst.try_into().unwrap()).unwrap()
    };
    Settings {
        throughput: rate(NUMBER_INTERVAL_MS, NUMBER_BURST),
        per_contact: rate(INTERVAL_MS, BURST),
        unknown_wait: Duration::from_millis(UNKNOWN_WAIT_MS.try_into().unwrap()),
        max_in_flight: MAX_IN_FLIGHT,
        storm: None,
        receipts: false,
        max_per_day: None,
    }
}

/// A failure that Meta did not answer with, so that the throughput stays.
fn not_from_meta(retry: Retry, scope: Scope) -> Outcome {
    Outcome::Failed(Failure {
        status: None,
        code: None,
        ..failure(retry, scope, 1, "no connection")
    })
}

struct Run {
    dispatcher: Dispatcher,
    model: Model,
    /// How far the clock has jumped.
    skew: i64,
    next_id: i64,
    probes: Vec<HoldKey>,
}

impl Run {
    fn new() -> Self {
        let (list, phones) = people(0b1111, true);
        Self {
            dispatcher: Dispatcher::new(at(0), settings(), &list),
            model: Model::new(phones),
            skew: 0,
            next_id: 1,
            probes: Vec::new(),
        }
    }

    fn clock(&self) -> Time {
        at(self.model.now + self.skew)
    }

    fn since_start(&self, time: Time) -> i64 {
        ms(time) - self.skew
    }

    fn apply(&mut self, op: &Op) {
        if !matches!(
            op,
            Op::Next | Op::Drain | Op::Wait(_) | Op::Jump | Op::ClockJump(_)
        ) {
            self.model.expire();
        }
        match op {
            Op::Admit(wish) => {
                let (message, item) = self.message(wish);
                self.dispatcher.admit(self.clock(), &message);
                self.model.admit(message.id.0, item);
            }
            Op::Offer(wish) => self.offer(wish),
            Op::Next => {
                self.next();
            }
            Op::Drain => self.drain(),
            Op::Settle(n, answer, jitter) => {
                if let Some(id) = pick(&self.model.in_flight(), *n) {
                    self.settle(id, *answer, *jitter);
                }
            }
            Op::Requeue(n) => {
                if let Some(id) = pick(&self.model.in_flight(), *n) {
                    self.dispatcher.requeue(self.clock(), MessageId(id));
                    self.model.unclaim(id);
                    self.model.forget(self.model.items[&id].contact);
                }
            }
            Op::Withdraw(n) => {
                if let Some(id) = pick(&self.model.in_flight(), *n) {
                    self.dispatcher.withdraw(self.clock(), MessageId(id));
                    // Here the turn is spent.
                    let turn = self.model.served[&self.model.items[&id].contact];
                    self.model.unclaim(id);
                    self.model
                        .served
                        .insert(self.model.items[&id].contact, turn);
                    self.model.end(id);
                    self.model.forget(self.model.items[&id].contact);
                }
            }
            Op::Probed(n, answer, jitter) => {
                if let Some(key) = pick(&self.probes, *n) {
                    self.probed(&key, *answer, *jitter);
                }
            }
            Op::Wait(ms) => self.model.now += ms,
            Op::Jump => {
                self.drain();
                if let Some(deadline) = self.dispatcher.next_deadline() {
                    self.model.now = self.since_start(deadline);
                }
            }
            Op::ClockJump(by) => {
                self.dispatcher
                    .rebase(Duration::from_millis((*by).try_into().unwrap()));
                self.skew += by;
            }
            Op::Reload(mask, share) => self.reload(*mask, *share),
        }
        let in_flight = self.model.in_flight();
        assert_eq!(self.dispatcher.in_flight(), in_flight.len());
        for id in &in_flight {
            let contact = self.model.items[id].contact;
            let beside = in_flight
                .iter()
                .filter(|id| self.model.items[id].contact == contact);
            assert_eq!(beside.count(), 1, "one in flight for each contact");
        }
    }

    fn message(&mut self, wish: &Wish) -> (Message, Item) {
        let id = self.next_id;
        self.next_id += 1;
        let mut message = message(id, &wish.contact.to_string());
        message.bucket = wish.bucket.to_string().into();
        message.template = TemplateId::parse(&wish.template.to_string()).unwrap();
        message.severity = wish.severity;
        message.shadow = wish.shadow;
        let expires = wish.expires_in.map(|span| self.model.now + span);
        message.expires = expires.map(|ms| at(ms + self.skew));
        let item = Item {
            contact: wish.contact,
            bucket: wish.bucket,
            template: wish.template,
            severity: wish.severity,
            expires,
            shadow: wish.shadow,
            stage: Stage::Waiting {
                not_before: self.model.now,
            },
            unknowns: 0,
            few: 0,
            flight: (0, 0),
        };
        (message, item)
    }

    fn offer(&mut self, wish: &Wish) {
        let (message, item) = self.message(wish);
        let id = message.id.0;
        let ranks = self.model.ranks.clone();
        self.model.add(id, item);
        let choices = if self.model.is_expired(id) {
            Vec::new()
        } else {
            self.model.choices()
        };
        let before = self.dispatcher.waiting();
        let taken = self.dispatcher.offer(self.clock(), &message);
        if taken {
            assert!(
                choices.contains(&id),
                "{id} was taken, not one of {choices:?}"
            );
            self.model.claim(id);
        } else {
            assert_ne!(choices, [id], "{id} was not taken");
            assert!(self.dispatcher.waiting() <= before, "it stayed behind");
            self.model.items.remove(&id);
            self.model.ranks = ranks;
        }
    }

    /// Takes one action and checks that it is the right one. Says whether there was one.
    fn next(&mut self) -> bool {
        let Some(action) = self.dispatcher.next(self.clock()) else {
            self.check_rest();
            return false;
        };
        match action {
            Action::Send { id, repeat } => {
                let choices = self.model.choices();
                assert!(choices.contains(&id.0), "{id} goes, not one of {choices:?}");
                assert!(!self.model.is_expired(id.0), "{id} has expired");
                assert_eq!(repeat, self.model.items[&id.0].unknowns > 0);
                self.model.claim(id.0);
            }
            Action::Wait { id, reason } => panic!("{id} {reason}: nobody has quiet hours"),
            Action::Digest { contact, .. } | Action::Overdone { contact, .. } => {
                panic!("{contact}: storms are off")
            }
            Action::Close {
                id,
                state,
                fallback,
                reason,
                ..
            } => {
                assert_eq!(state, MessageState::Expired);
                assert_ne!(self.model.items[&id.0].stage, Stage::InFlight);
                let removed = reason == "contact removed";
                assert_eq!(fallback, !removed);
                let leaving = self.model.items[&id.0].stage == Stage::Closing;
                assert!(leaving || self.model.is_expired(id.0), "{id}: {reason}");
                self.model.end(id.0);
            }
            Action::Probe(key) => {
                assert!(!matches!(key, HoldKey::Contact(_)));
                assert_eq!(self.model.gate(key_of(&key)), Gate::Held(None));
                self.probes.push(key);
            }
        }
        true
    }

    fn drain(&mut self) {
        while self.next() {}
    }

    /// There is nothing to do: is that so, and is the deadline the next moment at which there is?
    fn check_rest(&mut self) {
        assert_eq!(self.model.choices(), [] as [i64; 0], "these could go");
        for id in self.model.waiting() {
            assert!(!self.model.is_expired(id), "{id} has expired");
        }
        assert_eq!(self.dispatcher.waiting(), self.model.waiting().len());
        let deadline = self.dispatcher.next_deadline();
        let quiet_until = match deadline {
            Some(deadline) => {
                assert!(deadline > self.clock(), "a deadline of the past");
                deadline - Duration::from_millis(1)
            }
            None => self.clock() + Duration::from_hours(1_000),
        };
        let mut copy = self.dispatcher.clone();
        assert_eq!(copy.next(quiet_until), None, "missed before {deadline:?}");
        let held: Vec<Key> = self
            .dispatcher
            .holds()
            .iter()
            .map(|h| key_of(&h.key))
            .collect();
        for key in self.model.gates.keys() {
            if matches!(self.model.gate(*key), Gate::Paused(_) | Gate::Held(_)) {
                assert!(held.contains(key), "{key:?} is not told of");
            }
        }
    }

    fn settle(&mut self, id: i64, answer: Answer, jitter: f64) {
        let outcome = match answer {
            Answer::Accepted => accepted(),
            Answer::Unknown => lost(),
            Answer::Failed(retry, scope) => not_from_meta(retry, scope),
        };
        let verdict = self
            .dispatcher
            .settle(self.clock(), MessageId(id), &outcome, jitter);
        let item = self.model.items.get_mut(&id).unwrap();
        match answer {
            Answer::Unknown => item.unknowns += 1,
            Answer::Failed(Retry::Few, _) => item.few += 1,
            Answer::Accepted | Answer::Failed(..) => {}
        }
        let item = item.clone();
        let taken = matches!(outcome, Outcome::Accepted { .. }) && !item.shadow;
        self.model.land(id, taken);
        match answer {
            Answer::Accepted => {
                assert!(matches!(verdict, Verdict::Accepted { .. }));
                self.model.end(id);
            }
            Answer::Unknown if item.unknowns >= 3 => self.failed(id, &verdict),
            Answer::Unknown => {
                let until = self.model.now + UNKNOWN_WAIT_MS;
                let expected = at(until + self.skew);
                assert_eq!(verdict, Verdict::Unknown { until: expected });
                self.model.wait(id, until);
            }
            Answer::Failed(Retry::Never, _) => self.failed(id, &verdict),
            Answer::Failed(Retry::Few, _) if item.few >= 3 => self.failed(id, &verdict),
            Answer::Failed(retry, scope) => self.refused(id, retry, scope, &verdict),
        }
        self.model.forget(item.contact);
    }

    fn failed(&mut self, id: i64, verdict: &Verdict) {
        assert!(
            matches!(verdict, Verdict::Failed { fallback: true, .. }),
            "{verdict:?}"
        );
        self.model.end(id);
    }

    /// A failure that is tried again.
    fn refused(&mut self, id: i64, retry: Retry, scope: Scope, verdict: &Verdict) {
        let key = self.model.key_for(id, retry, scope);
        match (verdict, key) {
            (Verdict::Retry { at, .. }, None) => {
                let until = self.since_start(*at);
                assert!(until > self.model.now);
                if retry == Retry::Pair {
                    let phone = self.model.items[&id].flight.0;
                    let paused = self.model.paused.entry(phone).or_insert(until);
                    *paused = until.max(*paused);
                } else {
                    self.model.wait(id, until);
                }
            }
            (Verdict::Retry { at, .. }, Some(key)) => {
                assert_ne!(retry, Retry::Wait);
                let until = self.since_start(*at);
                match self.model.gate(key) {
                    Gate::Paused(before) => assert_eq!(until, before, "counted once"),
                    Gate::Open | Gate::Trial(_) => assert!(until > self.model.now),
                    Gate::Held(_) => panic!("a hold became a pause"),
                }
                self.model.gates.insert(key, Gate::Paused(until));
            }
            (Verdict::Held { .. }, Some(key)) => {
                let held = matches!(self.model.gate(key), Gate::Held(_));
                assert!(held || retry == Retry::Wait);
                let contact = self.model.items[&id].contact;
                if key == Key::Contact(contact) && !self.model.phones.contains_key(&contact) {
                    return;
                }
                let holds = self.dispatcher.holds();
                let hold = holds.iter().find(|hold| key_of(&hold.key) == key);
                let probe_at = self.since_start(hold.unwrap().next_probe.unwrap());
                let ends = matches!(key, Key::Contact(_)).then_some(probe_at);
                self.model.gates.insert(key, Gate::Held(ends));
            }
            other => panic!("{other:?}"),
        }
    }

    fn probed(&mut self, key: &HoldKey, answer: ProbeAnswer, jitter: f64) {
        self.probes.retain(|other| other != key);
        self.dispatcher.probed(self.clock(), key, answer, jitter);
        let key = key_of(key);
        if answer == ProbeAnswer::Lifted && self.model.gate(key) == Gate::Held(None) {
            self.model.gates.insert(key, Gate::Trial(None));
        }
    }

    fn reload(&mut self, mask: u8, share: bool) {
        let (list, phones) = people(mask, share);
        self.dispatcher.reconfigure(self.clock(), settings(), &list);
        self.model.phones = phones;
        for contact in 0..4 {
            self.model.forget(contact);
        }
        for key in self.model.gates.keys().copied().collect::<Vec<_>>() {
            let gate = self.model.gate(key);
            let used = |template| {
                let of = |item: &Item| item.template == template && item.is_queued();
                self.model.items.values().any(of)
            };
            match (key, gate) {
                (Key::Template(template), _) if !used(template) => {
                    self.model.gates.remove(&key);
                }
                (_, Gate::Held(_)) => {
                    self.model.gates.insert(key, Gate::Trial(None));
                }
                _ => {}
            }
        }
    }

    /// All becomes well, and time runs on: then every message must have come to its end.
    fn finish(&mut self) {
        for _ in 0..100_000 {
            self.drain();
            if let Some(id) = self.model.in_flight().first() {
                self.settle(*id, Answer::Accepted, 0.5);
            } else if let Some(key) = self.probes.pop() {
                self.probed(&key, ProbeAnswer::Lifted, 0.5);
            } else if let Some(deadline) = self.dispatcher.next_deadline() {
                self.model.now = self.since_start(deadline);
            } else {
                break;
            }
        }
        for (id, item) in &self.model.items {
            assert_eq!(item.stage, Stage::Done, "message {id} has no end");
        }
        assert_eq!(
            (self.dispatcher.waiting(), self.dispatcher.in_flight()),
            (0, 0)
        );
    }
}

fn key_of(key: &HoldKey) -> Key {
    match key {
        HoldKey::Account => Key::Account,
        HoldKey::Number => Key::Number,
        HoldKey::Template(id) => Key::Template(id.as_str().parse().unwrap()),
        HoldKey::Contact(id) => Key::Contact(id.as_str().parse().unwrap()),
    }
}

fn pick<T: Clone>(from: &[T], n: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[n % from.len()].clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_history_keeps_every_promise(ops in prop::collection::vec(op(), 0..150)) {
        let mut run = Run::new();
        for op in &ops {
            run.apply(op);
        }
        run.finish();
    }
}
