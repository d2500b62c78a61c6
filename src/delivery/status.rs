//! What is held, and why, for status, logs and reasons.

use crate::model::{ContactId, Time};

use super::action::HoldKey;
use super::dispatcher::Dispatcher;
use super::hold::{Gate, GateNo, GateState};
use super::queue::State;
use super::slab::EntryNo;

/// Something that is paused or held. A scope that is being tried with one message is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What it stops.
    pub key: HoldKey,
    /// Since when.
    pub since: Time,
    /// When it ends by itself; `None` when its cause has to be mended.
    pub until: Option<Time>,
    /// When the cause is asked about next, if it has to be mended.
    pub next_probe: Option<Time>,
    /// The failure that caused it, as a sentence fragment.
    pub reason: String,
    /// Messages that wait behind it.
    pub waiting: usize,
    /// A person's quiet hours: nothing is wrong.
    pub quiet: bool,
}

/// A contact that is told in digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InStorm {
    /// Who.
    pub contact: ContactId,
    /// Since when.
    pub since: Time,
    /// When the next digest goes, if anything waits for it.
    pub next: Option<Time>,
    /// Messages that wait for it.
    pub waiting: usize,
    /// What made it a storm, as a sentence fragment.
    pub reason: String,
}

/// What waits, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// For their turn or their time, those behind a hold included.
    pub queued: usize,
    /// For a sign that a lost answer was a yes.
    pub unknown: usize,
    /// For the digest that speaks for them to come to its end.
    pub digested: usize,
    /// For Meta's answer.
    pub sending: usize,
    /// For the receipt that they must have.
    pub unconfirmed: usize,
    /// When the oldest of those that Meta has not taken was decided; what waits for the end of a
    /// person's quiet hours is where it should be, and does not count.
    pub oldest: Option<Time>,
}

impl Dispatcher {
    /// What waits, in numbers. A look at what is under way; the rest is counted as it changes.
    #[must_use]
    pub fn census(&self) -> Census {
        let counts = self.queue.counts();
        let mut waiting = self
            .queue
            .iter()
            .filter(|(_, entry)| entry.state != State::InFlight);
        Census {
            queued: counts.ready + counts.retrying,
            unknown: counts.unknown,
            digested: counts.in_digest,
            sending: counts.in_flight,
            unconfirmed: self.awaited(),
            oldest: waiting
                .find(|(no, _)| self.sleeps_until(*no).is_none())
                .map(|(_, entry)| self.timeline.outer(entry.created)),
        }
    }

    /// Whether something that could go waits for nothing but a limit, or the next digest.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        let number = || self.send_at().is_some_and(|at| at > self.timeline.now());
        self.timers.lanes() > 0 || number()
    }

    /// What is paused or held: account, number, templates, contacts.
    #[must_use]
    pub fn holds(&self) -> Vec<Hold> {
        let mut holds = Vec::new();
        let everything = self.waiting();
        holds.extend(self.hold(GateNo::Account, everything));
        holds.extend(self.hold(GateNo::Number, everything));
        for no in self.template_ids.values() {
            let flying = self
                .flights
                .values()
                .filter(|flight| self.queue[flight.entry].template == *no)
                .count();
            let waiting = self.templates[*no].messages - flying;
            holds.extend(self.hold(GateNo::Template(*no), waiting));
        }
        let now = self.timeline.now();
        for no in self.contacts.values() {
            let lane = &self.lanes[*no];
            let waiting = lane.messages - usize::from(lane.flight.is_some());
            if let Some(hold) = self.hold(GateNo::Lane(*no), waiting) {
                holds.push(hold);
            } else if let Some(pause) = self.pairs[lane.pair].pause(now) {
                holds.push(Hold {
                    key: HoldKey::Contact(lane.contact.clone()),
                    since: self.timeline.outer(pause.since),
                    until: Some(self.timeline.outer(pause.until)),
                    next_probe: None,
                    reason: pause.reason.to_owned(),
                    waiting,
                    quiet: false,
                });
            }
            holds.extend(self.quiet_hold(lane, waiting));
        }
        holds
    }

    fn hold(&self, key: GateNo, waiting: usize) -> Option<Hold> {
        let gate = self.gate(key);
        let (until, next_probe) = match gate.state {
            GateState::Open | GateState::Trial { .. } => return None,
            GateState::Paused { until } => (Some(until), None),
            GateState::Held { probe_at } => (None, Some(probe_at)),
        };
        Some(Hold {
            key: self.hold_key(key),
            since: self.timeline.outer(gate.since),
            until: until.map(|at| self.timeline.outer(at)),
            next_probe: next_probe.map(|at| self.timeline.outer(at)),
            reason: gate.reason.clone(),
            waiting,
            quiet: false,
        })
    }

    /// Why a message that loses its point had not been sent.
    pub(super) fn expiry_reason(&self, no: EntryNo) -> String {
        let entry = &self.queue[no];
        let lane = &self.lanes[entry.lane];
        let gates = [
            GateNo::Account,
            GateNo::Number,
            GateNo::Template(entry.template),
            GateNo::Lane(entry.lane),
        ];
        let closed = gates
            .into_iter()
            .find(|key| self.gate(*key).state != GateState::Open);
        let pause = self.pairs[lane.pair].pause(self.timeline.now());
        let why = match (entry.state, closed, pause) {
            (State::Unknown(_), _, _) => "the answer to its last attempt was lost".to_owned(),
            (_, Some(key), _) => {
                let Gate { state, reason, .. } = self.gate(key);
                let verb = match state {
                    GateState::Paused { .. } => "pauses",
                    GateState::Held { .. } => "is held",
                    GateState::Open | GateState::Trial { .. } => "is being tried",
                };
                format!("{} {verb}: {reason}", self.hold_key(key))
            }
            (_, None, Some(pause)) => pause.reason.to_owned(),
            (State::Retrying(_), None, None) => "it waited to be tried again".to_owned(),
            (State::Ready | State::InFlight | State::InDigest, None, None) => {
                "its turn had not come".to_owned()
            }
        };
        let at = self.timeline.outer(entry.expires);
        format!("not sent before it expired at {at}: {why}")
    }

    pub(super) fn hold_key(&self, key: GateNo) -> HoldKey {
        match key {
            GateNo::Account => HoldKey::Account,
            GateNo::Number => HoldKey::Number,
            GateNo::Template(no) => HoldKey::Template(self.templates[no].id.clone()),
            GateNo::Lane(no) => HoldKey::Contact(self.lanes[no].contact.clone()),
        }
    }

    /// The gate that a key names, if anything is known of it.
    pub(super) fn gate_of(&self, key: &HoldKey) -> Option<GateNo> {
        match key {
            HoldKey::Account => Some(GateNo::Account),
            HoldKey::Number => Some(GateNo::Number),
            HoldKey::Template(id) => self.template_ids.get(id).copied().map(GateNo::Template),
            HoldKey::Contact(id) => self.contacts.get(id).copied().map(GateNo::Lane),
        }
    }
}
