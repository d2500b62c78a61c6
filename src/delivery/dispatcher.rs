//! The decisions of delivery, behind one type.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    Closes, ContactId, Failure, Form, Kind, Message, MessageId, MessageState, Phone, Severity,
    TemplateId, Time,
};

use super::action::{Action, HoldKey, ProbeAnswer};
use super::claim::Choice;
use super::digest::{Digest, Owed};
use super::hold::{Gate, GateNo, GateState};
use super::lane::{Flight, Lane, Template};
use super::limit::Limit;
use super::pace::Pace;
use super::pair::Pair;
use super::queue::{Class, Entry, NEVER, Queue, State};
use super::receipt::{Awaited, millis};
use super::settings::Settings;
use super::slab::{DigestNo, EntryNo, LaneNo, PairNo, Slab, TemplateNo};
use super::timeline::Timeline;
use super::timers::{Due, Timers};
use super::turn::Turns;

/// Decides what to do next with every message that is not final.
///
/// What it keeps to:
/// - One message in flight per contact; at most [`Settings::max_in_flight`] over all.
/// - Messages of one bucket and contact go in order of id: what is in flight, waits to be tried again
///   or has an unknown outcome is not overtaken by a later one of its bucket, only by other buckets.
/// - Between buckets of a contact: the highest severity, then the lowest id. Among contacts: turns.
/// - What waits and was never handed over gives way to a later message of its bucket that says more.
/// - A contact that many messages go to, or wait for, is told in digests: see [`Settings::storm`].
/// - A phone number's limit and the business number's hold over any span of time.
/// - A message leaves the queue once: accepted, failed, or closed.
///
/// A call costs O(log n) in the messages it touches; only a hold or pause of a template, a reload and
/// [`Self::holds`] look at every contact. The time given may not lie before an earlier one; if it does,
/// it counts as the latest.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    pub(super) settings: Settings,
    pub(super) timeline: Timeline,
    pub(super) queue: Queue,
    pub(super) lanes: Slab<LaneNo, Lane>,
    /// The lanes of the config's contacts, and of those gone whose last message is under way.
    pub(super) contacts: BTreeMap<ContactId, LaneNo>,
    pub(super) pairs: Slab<PairNo, Pair>,
    pub(super) phones: BTreeMap<Phone, PairNo>,
    pub(super) templates: Slab<TemplateNo, Template>,
    pub(super) template_ids: BTreeMap<TemplateId, TemplateNo>,
    pub(super) account: Gate,
    pub(super) number: Gate,
    pub(super) throughput: Limit,
    pub(super) pace: Pace,
    pub(super) digests: Slab<DigestNo, Digest>,
    /// Digests that are being composed and written.
    pub(super) composing: usize,
    /// Parts that failed for a reason of their own, whose members are to come back.
    pub(super) owed: BTreeMap<MessageId, Owed>,
    /// Messages that Meta took and whose receipt is waited for.
    pub(super) awaited: BTreeMap<MessageId, Awaited>,
    /// Failed receipts of messages whose attempt is under way.
    pub(super) early: BTreeMap<MessageId, Failure>,
    pub(super) flights: BTreeMap<MessageId, Flight>,
    pub(super) turns: Turns,
    pub(super) timers: Timers,
    /// Decided, not handed out: at most one for each message and gate.
    pub(super) pending: VecDeque<Action>,
}

impl Dispatcher {
    /// An empty queue with nothing spent and nothing held.
    #[must_use]
    pub fn new(now: Time, settings: Settings, contacts: &[(ContactId, Phone)]) -> Self {
        let throughput = Limit::new(settings.throughput);
        let mut dispatcher = Self {
            settings,
            timeline: Timeline::new(now),
            queue: Queue::default(),
            lanes: Slab::default(),
            contacts: BTreeMap::new(),
            pairs: Slab::default(),
            phones: BTreeMap::new(),
            templates: Slab::default(),
            template_ids: BTreeMap::new(),
            account: Gate::default(),
            number: Gate::default(),
            throughput,
            pace: Pace::default(),
            digests: Slab::default(),
            composing: 0,
            owed: BTreeMap::new(),
            awaited: BTreeMap::new(),
            early: BTreeMap::new(),
            flights: BTreeMap::new(),
            turns: Turns::default(),
            timers: Timers::default(),
            pending: VecDeque::new(),
        };
        for (contact, phone) in contacts {
            dispatcher.connect(contact, phone);
        }
        dispatcher
    }

    /// Puts a message into the queue. One that is there already is left as it is; one to a contact that
    /// does not exist is closed.
    pub fn admit(&mut self, now: Time, message: &Message) {
        self.advance(now);
        self.admit_as(message, |_| {});
    }

    /// Puts a message into the queue with what is known of its past.
    pub(super) fn admit_as(&mut self, message: &Message, past: impl FnOnce(&mut Entry)) {
        if self.queue.find(message.id).is_some() {
            return;
        }
        match self.live_lane(&message.contact) {
            Some(lane) => {
                let no = self.place(lane, message, past);
                self.absorb(no);
                if let Some(no) = self.queue.find(message.id) {
                    self.note_wait(no);
                }
                self.watch(lane);
            }
            None => self.pending.push_back(contact_removed(message.id)),
        }
    }

    /// Claims a message that is not in the queue if [`Self::next`] would hand it out at this moment;
    /// then it is in flight. Else nothing changes. In a storm no message is claimed so.
    pub fn offer(&mut self, now: Time, message: &Message) -> bool {
        let now = self.advance(now);
        let Some(lane) = self.live_lane(&message.contact) else {
            return false;
        };
        // What is older in its bucket goes first, and what has lost its point does not go.
        let lost = message
            .expires
            .is_some_and(|at| self.timeline.inner(at) <= now);
        if lost
            || self.lanes[lane].is_busy()
            || self.queue.find(message.id).is_some()
            || self.queue.has_bucket(lane, &message.bucket)
        {
            return false;
        }
        self.watch(lane);
        if class_of(message) == Class::Plain && !self.is_calm(lane) {
            return false;
        }
        let no = self.place(lane, message, |_| {});
        let goes = self.choose(now) == Some(Choice::Send(no));
        if goes {
            self.claim(now, no);
        } else {
            self.detach(no);
        }
        goes
    }

    /// The next thing to do, until there is none.
    pub fn next(&mut self, now: Time) -> Option<Action> {
        let now = self.timeline.tick(now);
        loop {
            if let Some(action) = self.pending.pop_front() {
                return Some(action);
            }
            let Some(due) = self.timers.pop_due(now) else {
                break;
            };
            self.fire(now, due);
        }
        let no = match self.choose(now)? {
            Choice::Send(no) => no,
            Choice::Digest(lane) => {
                let members = self.gather(lane);
                match (members.as_slice(), self.scout(lane)) {
                    ([one], _) => {
                        // What is left of a digest is a storm still.
                        if self.lanes[lane].parts == 0 {
                            self.lanes[lane].storm = None;
                        }
                        *one
                    }
                    (_, Some(one)) => one,
                    (_, None) => return Some(self.compose(now, lane, members)),
                }
            }
        };
        self.claim(now, no);
        let entry = &self.queue[no];
        Some(Action::Send {
            id: entry.id,
            repeat: entry.unknowns > 0 || entry.resent,
        })
    }

    /// When [`Self::next`] may have something without any other event. After it had nothing, this lies
    /// after the time that it was given.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let at = if self.pending.is_empty() {
            [self.timers.first(), self.send_at()]
                .into_iter()
                .flatten()
                .min()
        } else {
            Some(self.timeline.now())
        };
        at.map(|at| self.timeline.outer(at))
    }

    /// A probe of a hold was answered. `jitter` (0 to 1) spreads the next one.
    pub fn probed(&mut self, now: Time, hold: &HoldKey, answer: ProbeAnswer, jitter: f64) {
        let now = self.advance(now);
        let Some(key) = self.gate_of(hold) else {
            return;
        };
        if !matches!(self.gate(key).state, GateState::Held { .. }) {
            return;
        }
        // One that came due at this moment has its answer.
        self.pending
            .retain(|action| !matches!(action, Action::Probe(other) if other == hold));
        match answer {
            ProbeAnswer::Lifted => self.gate_mut(key).try_one(),
            ProbeAnswer::Still | ProbeAnswer::NoAnswer => self.gate_mut(key).still(now, jitter),
        }
        self.gate_changed(key);
    }

    /// The wall clock jumped forward: every wait, deadline and spent token moves with it. From here on
    /// times are told in the clock's new terms.
    pub fn rebase(&mut self, by: Duration) {
        self.timeline.jump(by);
        self.heed_all_hours();
    }

    /// Messages in the queue that are not in flight, those that a digest speaks for included.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len() - self.flights.len()
    }

    /// Messages in flight, and digests that are being written.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.flights.len() + self.composing
    }

    /// Time has come to this point: does what has come due until then.
    pub(super) fn advance(&mut self, now: Time) -> Time {
        let now = self.timeline.tick(now);
        while let Some(due) = self.timers.pop_due(now) {
            self.fire(now, due);
        }
        now
    }

    /// Does what a timer stands for.
    fn fire(&mut self, now: Time, due: Due) {
        match due {
            Due::Expire(no) => {
                if let Some(later) = self.sleeps_until(no) {
                    self.queue[no].expires = later;
                    self.timers.set(later, Due::Expire(no));
                    return;
                }
                let reason = self.expiry_reason(no);
                let id = self.queue[no].id;
                self.queue[no].expires = NEVER;
                self.detach(no);
                self.pending.push_back(Action::Close {
                    id,
                    state: MessageState::Expired,
                    reason,
                    fallback: true,
                    successor: None,
                });
            }
            Due::Wake(no) => {
                self.queue.set_state(no, State::Ready);
                let bucket = self.queue[no].bucket;
                self.restack(bucket);
            }
            Due::Confirm(id) => self.unconfirmed(id),
            Due::Quiet(lane) => {
                if let Some(quiet) = &mut self.lanes[lane].quiet {
                    quiet.rang();
                }
                self.heed_hours(lane);
            }
            Due::Pace => self.speed_up(),
            Due::Lane(lane) => {
                self.lanes[lane].wake = None;
                self.refresh(lane);
            }
            Due::Gate(key) => {
                let gate = self.gate_mut(key);
                gate.timer = None;
                match (gate.state, key) {
                    // Nobody can be asked about a phone: the lane's next message finds out.
                    (GateState::Paused { .. }, _) | (GateState::Held { .. }, GateNo::Lane(_)) => {
                        gate.try_one();
                    }
                    (GateState::Held { .. }, _) => {
                        gate.probing(now);
                        let probe = Action::Probe(self.hold_key(key));
                        self.pending.push_back(probe);
                    }
                    (GateState::Open | GateState::Trial { .. }, _) => {}
                }
                self.gate_changed(key);
            }
        }
    }

    /// The lane of a contact that the config has.
    pub(super) fn live_lane(&self, contact: &ContactId) -> Option<LaneNo> {
        let lane = *self.contacts.get(contact)?;
        (!self.lanes[lane].gone).then_some(lane)
    }

    /// Puts a message at its place, with what is known of its past.
    pub(super) fn place(
        &mut self,
        lane: LaneNo,
        message: &Message,
        past: impl FnOnce(&mut Entry),
    ) -> EntryNo {
        let expires = self.spared(lane, message);
        let expires = expires.map(|at| self.timeline.inner(at));
        let created = self.timeline.inner(message.created);
        let Message {
            id,
            template,
            bucket,
            severity,
            ..
        } = message;
        self.enter(lane, *id, template, bucket, *severity, |entry| {
            entry.created = created;
            entry.class = class_of(message);
            entry.kind = message.kind;
            entry.single = message.expires.is_some();
            entry.raise = if message.kind == Kind::Raised {
                message.id
            } else {
                message.closes.and_then(Closes::only).unwrap_or_default()
            };
            entry.confirm_ms = message.confirm.map_or(0, millis);
            entry.shadow = message.shadow;
            entry.expires = expires.unwrap_or(NEVER);
            past(entry);
        })
    }

    /// Puts a message at its place; `past` fills in what else is known of it.
    pub(super) fn enter(
        &mut self,
        lane: LaneNo,
        id: MessageId,
        template: &TemplateId,
        bucket: &Arc<str>,
        severity: Severity,
        past: impl FnOnce(&mut Entry),
    ) -> EntryNo {
        let template = self.template(template);
        let bucket = self.queue.bucket(lane, bucket, severity);
        self.unshelve(bucket);
        let now = self.timeline.now();
        let mut entry = Entry::new(id, now, lane, bucket, template, severity);
        past(&mut entry);
        let no = self.queue.push(entry);
        let (class, waits, digest) = (entry.class, entry.is_waiting(), entry.digest);
        let lane = &mut self.lanes[lane];
        lane.messages += 1;
        match class {
            Class::Plain => lane.plain += usize::from(waits),
            Class::Part => {
                lane.parts += 1;
                lane.orphans += usize::from(digest.is_none());
            }
            Class::Alone => {}
        }
        self.templates[template].messages += 1;
        self.settle_in(no);
        self.rouse_parts(no);
        no
    }

    pub(super) fn template(&mut self, id: &TemplateId) -> TemplateNo {
        if let Some(no) = self.template_ids.get(id) {
            return *no;
        }
        let no = self.templates.insert(Template {
            id: id.clone(),
            messages: 0,
            gate: Gate::default(),
        });
        self.template_ids.insert(id.clone(), no);
        no
    }
}

/// Answers and notices are no alarms: they never become members of a digest.
fn class_of(message: &Message) -> Class {
    match (message.kind, message.form) {
        (Kind::Digest, _) => Class::Part,
        (Kind::Answer | Kind::Notice, _) | (_, Form::Text) => Class::Alone,
        _ => Class::Plain,
    }
}

/// What closes a message to nobody.
pub(super) fn contact_removed(id: MessageId) -> Action {
    Action::Close {
        id,
        state: MessageState::Expired,
        reason: "contact removed".into(),
        fallback: false,
        successor: None,
    }
}
