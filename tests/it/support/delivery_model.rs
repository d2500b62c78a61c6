//! What delivery promises, told a second time and as plainly as possible: every question is answered by
//! looking at every message. Times are milliseconds since the start, not moved by jumps of the clock.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use klaxond::model::{Retry, Scope, Severity};

pub const INTERVAL_MS: i64 = 3_000;
pub const BURST: i64 = 2;
pub const NUMBER_INTERVAL_MS: i64 = 200;
pub const NUMBER_BURST: i64 = 3;
pub const MAX_IN_FLIGHT: usize = 3;
pub const UNKNOWN_WAIT_MS: i64 = 5_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Waiting {
        not_before: i64,
    },
    InFlight,
    /// Decided to be closed, not yet told.
    Closing,
    Done,
}

#[derive(Debug, Clone)]
pub struct Item {
    pub contact: usize,
    pub bucket: usize,
    pub template: usize,
    pub severity: Severity,
    pub expires: Option<i64>,
    pub shadow: bool,
    pub stage: Stage,
    pub unknowns: u32,
    pub few: u32,
    /// The phone of its flight, and the lane's turn before it.
    pub flight: (usize, u64),
}

impl Item {
    pub fn is_queued(&self) -> bool {
        !matches!(self.stage, Stage::Closing | Stage::Done)
    }
}

/// A bucket of tokens, counted in milliseconds of refilling.
#[derive(Debug, Clone)]
pub struct Tokens {
    interval: i64,
    burst: i64,
    level: i64,
    at: i64,
    /// Every take that was not undone.
    taken: Vec<i64>,
}

impl Tokens {
    pub fn new(interval: i64, burst: i64) -> Self {
        Self {
            interval,
            burst,
            level: interval * burst,
            at: 0,
            taken: Vec::new(),
        }
    }

    fn refill(&mut self, now: i64) {
        self.level = (self.level + now - self.at).min(self.interval * self.burst);
        self.at = now;
    }

    fn has(&self, now: i64, tokens: i64) -> bool {
        let mut then = self.clone();
        then.refill(now);
        then.level >= tokens * then.interval
    }

    fn take(&mut self, now: i64) {
        self.refill(now);
        self.level -= self.interval;
        self.taken.push(now);
        // The promise itself: over any span, at most burst + span / interval.
        for (n, first) in self.taken.iter().enumerate() {
            let count = i64::try_from(self.taken.len() - n).unwrap();
            let allowed = self.burst + (now - first) / self.interval;
            assert!(count <= allowed, "{count} takes since {first}, at {now}");
        }
    }

    fn give_back(&mut self, now: i64) {
        self.refill(now);
        self.level = (self.level + self.interval).min(self.interval * self.burst);
        self.taken.pop();
    }
}

/// What a phone has borrowed.
#[derive(Debug, Clone)]
pub struct Loan {
    since: i64,
    seen: Option<i64>,
    sent: i64,
    /// Every take that was not undone.
    taken: Vec<i64>,
}

impl Loan {
    fn new() -> Self {
        Self {
            since: -1_000_000_000,
            seen: None,
            sent: 0,
            taken: Vec::new(),
        }
    }

    fn is_paid(&self, now: i64) -> bool {
        now >= self.seen.unwrap_or(self.since) + self.sent * INTERVAL_MS
    }

    fn has(&self, now: i64, messages: i64) -> bool {
        let lends = self.sent < 2 || now < self.since + INTERVAL_MS * 7 / 8;
        self.is_paid(now) || (lends && self.sent + messages <= BURST)
    }

    fn take(&mut self, now: i64) {
        if self.is_paid(now) {
            (self.since, self.seen, self.sent) = (now, None, 0);
        }
        self.sent += 1;
        self.taken.push(now);
        // The promise itself: over any span, at most burst + span / interval.
        for (n, first) in self.taken.iter().enumerate() {
            let count = i64::try_from(self.taken.len() - n).unwrap();
            let allowed = BURST + (now - first) / INTERVAL_MS;
            assert!(count <= allowed, "{count} takes since {first}, at {now}");
        }
    }

    fn give_back(&mut self) {
        self.sent -= 1;
        self.taken.pop();
    }

    fn accepted(&mut self, now: i64) {
        self.seen.get_or_insert(now.max(self.since));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gate {
    #[default]
    Open,
    Paused(i64),
    /// With the moment at which it ends by itself, if it does.
    Held(Option<i64>),
    Trial(Option<i64>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Account,
    Number,
    Template(usize),
    Contact(usize),
}

#[derive(Debug)]
pub struct Model {
    pub now: i64,
    pub items: BTreeMap<i64, Item>,
    /// The phone of each contact that is in the config.
    pub phones: BTreeMap<usize, usize>,
    pub limits: BTreeMap<usize, Loan>,
    pub paused: BTreeMap<usize, i64>,
    pub number: Tokens,
    pub gates: BTreeMap<Key, Gate>,
    /// The turn in which each contact was served last.
    pub served: BTreeMap<usize, u64>,
    pub turn: u64,
    /// The highest severity of each bucket while it was not empty.
    pub ranks: BTreeMap<(usize, usize), Severity>,
}

impl Model {
    pub fn new(phones: BTreeMap<usize, usize>) -> Self {
        Self {
            now: 0,
            items: BTreeMap::new(),
            phones,
            limits: BTreeMap::new(),
            paused: BTreeMap::new(),
            number: Tokens::new(NUMBER_INTERVAL_MS, NUMBER_BURST),
            gates: BTreeMap::new(),
            served: BTreeMap::new(),
            turn: 0,
            ranks: BTreeMap::new(),
        }
    }

    /// One that is to nobody leaves at once.
    pub fn admit(&mut self, id: i64, mut item: Item) {
        if self.phones.contains_key(&item.contact) {
            self.add(id, item);
        } else {
            item.stage = Stage::Closing;
            self.items.insert(id, item);
        }
    }

    pub fn add(&mut self, id: i64, item: Item) {
        let rank = self
            .ranks
            .entry((item.contact, item.bucket))
            .or_insert(item.severity);
        *rank = (*rank).max(item.severity);
        self.items.insert(id, item);
    }

    pub fn in_flight(&self) -> Vec<i64> {
        self.of_stage(|stage| stage == Stage::InFlight)
    }

    pub fn waiting(&self) -> Vec<i64> {
        self.of_stage(|stage| matches!(stage, Stage::Waiting { .. }))
    }

    fn of_stage(&self, wanted: impl Fn(Stage) -> bool) -> Vec<i64> {
        let of = |(id, item): (&i64, &Item)| wanted(item.stage).then_some(*id);
        self.items.iter().filter_map(of).collect()
    }

    pub fn is_expired(&self, id: i64) -> bool {
        let item = &self.items[&id];
        matches!(item.stage, Stage::Waiting { .. }) && item.expires.is_some_and(|at| at <= self.now)
    }

    /// What has expired leaves before anything else happens.
    pub fn expire(&mut self) {
        for id in self.waiting() {
            if self.is_expired(id) {
                self.leave(id);
            }
        }
    }

    pub fn gate(&self, key: Key) -> Gate {
        match self.gates.get(&key).copied().unwrap_or_default() {
            Gate::Paused(until) | Gate::Held(Some(until)) if until <= self.now => Gate::Trial(None),
            gate => gate,
        }
    }

    fn admits(&self, key: Key) -> bool {
        matches!(self.gate(key), Gate::Open | Gate::Trial(None))
    }

    /// What may go at this moment: one message, or one of several whose lanes were never served.
    pub fn choices(&self) -> Vec<i64> {
        let open = self.in_flight().len() < MAX_IN_FLIGHT
            && self.admits(Key::Account)
            && self.admits(Key::Number)
            && self.number.has(self.now, 1);
        if !open {
            return Vec::new();
        }
        let lanes: Vec<(u64, i64)> = self
            .phones
            .keys()
            .filter_map(|contact| Some((self.turn_of(*contact), self.candidate(*contact)?)))
            .collect();
        let first = lanes.iter().map(|(turn, _)| *turn).min();
        lanes
            .into_iter()
            .filter(|(turn, _)| Some(*turn) == first)
            .map(|(_, id)| id)
            .collect()
    }

    fn turn_of(&self, contact: usize) -> u64 {
        self.served.get(&contact).copied().unwrap_or(0)
    }

    fn candidate(&self, contact: usize) -> Option<i64> {
        let phone = self.phones[&contact];
        let busy = self
            .items
            .values()
            .any(|item| item.contact == contact && item.stage == Stage::InFlight);
        let paused = self
            .paused
            .get(&phone)
            .is_some_and(|until| *until > self.now);
        if busy || paused || !self.admits(Key::Contact(contact)) {
            return None;
        }
        let tokens = |wanted| {
            self.limits
                .get(&phone)
                .is_none_or(|limit| limit.has(self.now, wanted))
        };
        let mut heads: BTreeMap<usize, i64> = BTreeMap::new();
        for (id, item) in &self.items {
            if item.contact == contact && item.is_queued() {
                heads.entry(item.bucket).or_insert(*id);
            }
        }
        heads
            .into_values()
            .filter(|id| {
                let item = &self.items[id];
                let due =
                    matches!(item.stage, Stage::Waiting { not_before } if not_before <= self.now);
                due && self.admits(Key::Template(item.template))
                    && tokens(if self.is_urgent(*id) { 1 } else { 2 })
            })
            .min_by_key(|id| {
                let item = &self.items[id];
                (Reverse(self.ranks[&(contact, item.bucket)]), *id)
            })
    }

    /// What stands before something critical in its bucket is as urgent as that.
    fn is_urgent(&self, id: i64) -> bool {
        let item = &self.items[&id];
        self.ranks[&(item.contact, item.bucket)].is_urgent()
    }

    pub fn claim(&mut self, id: i64) {
        let contact = self.items[&id].contact;
        let phone = self.phones[&contact];
        let before = self.turn_of(contact);
        self.turn += 1;
        self.served.insert(contact, self.turn);
        let now = self.now;
        self.number.take(now);
        self.limit(phone).take(now);
        for key in self.keys(id) {
            if self.gate(key) == Gate::Trial(None) {
                self.gates.insert(key, Gate::Trial(Some(id)));
            }
        }
        let item = self.items.get_mut(&id).unwrap();
        item.stage = Stage::InFlight;
        item.flight = (phone, before);
    }

    fn limit(&mut self, phone: usize) -> &mut Loan {
        self.limits.entry(phone).or_insert_with(Loan::new)
    }

    fn keys(&self, id: i64) -> [Key; 4] {
        let item = &self.items[&id];
        let (contact, template) = (item.contact, item.template);
        [
            Key::Account,
            Key::Number,
            Key::Template(template),
            Key::Contact(contact),
        ]
    }

    /// The end of a flight, whatever its outcome.
    pub fn land(&mut self, id: i64, taken: bool) {
        for key in self.keys(id) {
            if self.gate(key) == Gate::Trial(Some(id)) {
                let gate = if taken { Gate::Open } else { Gate::Trial(None) };
                self.gates.insert(key, gate);
            }
        }
        if taken {
            let (phone, _) = self.items[&id].flight;
            let now = self.now;
            self.limit(phone).accepted(now);
        }
        self.wait(id, self.now);
    }

    pub fn unclaim(&mut self, id: i64) {
        let (phone, turn) = self.items[&id].flight;
        self.land(id, false);
        let now = self.now;
        self.number.give_back(now);
        self.limit(phone).give_back();
        self.served.insert(self.items[&id].contact, turn);
    }

    pub fn wait(&mut self, id: i64, not_before: i64) {
        self.items.get_mut(&id).unwrap().stage = Stage::Waiting { not_before };
    }

    /// Out of the queue, whether it is told already or not.
    pub fn leave(&mut self, id: i64) {
        let item = self.items.get_mut(&id).unwrap();
        item.stage = Stage::Closing;
        let bucket = (item.contact, item.bucket);
        let more = self
            .items
            .values()
            .any(|item| (item.contact, item.bucket) == bucket && item.is_queued());
        if !more {
            self.ranks.remove(&bucket);
        }
    }

    /// The end of a message; there is only one.
    pub fn end(&mut self, id: i64) {
        assert_ne!(
            self.items[&id].stage,
            Stage::Done,
            "message {id} ended twice"
        );
        if self.items[&id].is_queued() {
            self.leave(id);
        }
        self.items.get_mut(&id).unwrap().stage = Stage::Done;
    }

    /// A contact that is gone is forgotten with its last flight.
    pub fn forget(&mut self, contact: usize) {
        if self.phones.contains_key(&contact) {
            return;
        }
        for id in self.waiting() {
            if self.items[&id].contact == contact {
                self.leave(id);
            }
        }
        let flying = self
            .items
            .values()
            .any(|item| item.contact == contact && item.stage == Stage::InFlight);
        if !flying {
            self.gates.remove(&Key::Contact(contact));
            self.served.remove(&contact);
        }
    }

    /// The gate that a failure closes; a message and the pair limit have none.
    pub fn key_for(&self, id: i64, retry: Retry, scope: Scope) -> Option<Key> {
        let item = &self.items[&id];
        match (retry, scope) {
            (Retry::Pair | Retry::Never, _) | (_, Scope::Message) => None,
            (_, Scope::Contact) => Some(Key::Contact(item.contact)),
            (_, Scope::Template) => Some(Key::Template(item.template)),
            (_, Scope::Number) => Some(Key::Number),
            (_, Scope::Account) => Some(Key::Account),
        }
    }
}
