//! What receipts say, and what follows when none comes.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    ContactId, Failure, Kind, Message, MessageId, MessageState, Severity, Stage, TemplateId, Time,
};

use super::action::{Action, Verdict};
use super::dispatcher::{Dispatcher, contact_removed};
use super::lane::Flight;
use super::queue::{Class, Entry, State};
use super::reason;
use super::restore::small;
use super::retry;
use super::slab::EntryNo;
use super::timers::Due;

/// A message that Meta took and whose receipt is waited for.
#[derive(Debug, Clone)]
pub(super) struct Awaited {
    contact: ContactId,
    template: TemplateId,
    bucket: Arc<str>,
    severity: Severity,
    kind: Kind,
    confirm_ms: u32,
    /// It went out again since no receipt came.
    resent: bool,
    by: Time,
}

impl Dispatcher {
    /// A receipt says how far a message came, and that is no failure. Says whether it has left the
    /// queue by that: its answer was lost, or this is what was waited for.
    pub fn delivered(&mut self, now: Time, id: MessageId, stage: Stage) -> bool {
        self.advance(now);
        if stage == Stage::Failed {
            return false;
        }
        let arrived = stage >= Stage::Delivered;
        if self.awaited.contains_key(&id) {
            return arrived && self.forget_awaited(id).is_some();
        }
        let Some(no) = self.queue.find(id) else {
            return false;
        };
        match self.queue[no].state {
            // Its answer is on its way, and is judged with this.
            State::InFlight => {
                let entry = &mut self.queue[no];
                entry.received = entry.received.max(Some(stage));
                self.early.remove(&id);
                false
            }
            State::InDigest => false,
            // It may speak of the attempt before: the one that is owed goes all the same.
            State::Ready | State::Retrying(_) | State::Unknown(_)
                if self.queue[no].resent && !arrived =>
            {
                false
            }
            State::Ready | State::Retrying(_) | State::Unknown(_) => {
                let until = self.confirm_by(no).filter(|_| !arrived);
                if let Some(by) = until {
                    self.await_receipt(no, by);
                }
                self.detach(no);
                until.is_none()
            }
        }
    }

    /// A receipt says that a message failed on its way, which Meta had taken or whose answer was lost:
    /// judges as if the attempt had failed. `attempts` and `unknowns` are those that were written.
    pub fn failed_later(
        &mut self,
        now: Time,
        message: &Message,
        attempts: u32,
        unknowns: u32,
        failure: &Failure,
        jitter: f64,
    ) -> Verdict {
        let now = self.advance(now);
        let resent = self
            .forget_awaited(message.id)
            .is_some_and(|was| was.resent);
        let no = match self.queue.find(message.id) {
            Some(no) => match self.queue[no].state {
                State::InFlight => {
                    self.early.insert(message.id, failure.clone());
                    return Verdict::UnderWay;
                }
                State::InDigest => return Verdict::UnderWay,
                State::Ready | State::Retrying(_) | State::Unknown(_) => {
                    self.pull(no);
                    no
                }
            },
            None if self.is_closing(message.id) => return Verdict::UnderWay,
            None => {
                let Some(lane) = self.live_lane(&message.contact) else {
                    return Verdict::Failed {
                        reason: "contact removed".into(),
                        fallback: false,
                    };
                };
                let before = small(attempts.saturating_sub(1)).saturating_sub(small(unknowns));
                self.place(lane, message, |entry| {
                    entry.unknowns = small(unknowns);
                    entry.failures = before;
                    entry.few = before.min(retry::FEW_ATTEMPTS - 1);
                    entry.resent = resent;
                    entry.state = State::InFlight;
                })
            }
        };
        let lane = self.queue[no].lane;
        let flight = Flight {
            entry: no,
            lane,
            pair: self.lanes[lane].pair,
            turn_before: self.lanes[lane].turn,
        };
        self.failed(now, flight, failure, jitter)
    }

    /// Whether a message has left the queue, which is still to be told.
    fn is_closing(&self, id: MessageId) -> bool {
        let closes =
            |action: &Action| matches!(action, Action::Close { id: other, .. } if *other == id);
        self.pending.iter().any(closes)
    }

    /// Takes a message that waits out of the order, as if it were in flight.
    fn pull(&mut self, no: EntryNo) {
        let Entry {
            state,
            bucket,
            lane,
            class,
            expires,
            ..
        } = self.queue[no];
        if let State::Retrying(at) | State::Unknown(at) = state {
            self.timers.clear(at, Due::Wake(no));
        }
        if expires < super::queue::NEVER {
            self.timers.clear(expires, Due::Expire(no));
        }
        self.unshelve(bucket);
        self.queue.set_state(no, State::InFlight);
        if class == Class::Plain {
            self.lanes[lane].plain -= 1;
        }
    }

    /// Until when the receipt of a message is waited for that Meta takes at this moment.
    pub(super) fn confirm_by(&self, no: EntryNo) -> Option<Time> {
        let entry = &self.queue[no];
        let waits = self.settings.receipts && entry.confirm_ms > 0 && !entry.shadow;
        let arrived = entry.received >= Some(Stage::Delivered);
        (waits && !arrived).then(|| {
            let within = Duration::from_millis(entry.confirm_ms.into());
            self.timeline.now() + within
        })
    }

    /// Meta took it; its receipt is waited for outside the queue.
    pub(super) fn await_receipt(&mut self, no: EntryNo, by: Time) {
        let entry = &self.queue[no];
        let awaited = Awaited {
            contact: self.lanes[entry.lane].contact.clone(),
            template: self.templates[entry.template].id.clone(),
            bucket: self.queue.name(entry.bucket),
            severity: entry.severity,
            kind: entry.kind,
            confirm_ms: entry.confirm_ms,
            resent: entry.resent,
            by,
        };
        let id = entry.id;
        self.awaited.insert(id, awaited);
        self.timers.set(by, Due::Confirm(id));
    }

    /// Takes up a message whose receipt is waited for.
    pub(super) fn restore_awaited(&mut self, message: &Message, attempts: u32, by: Time) {
        let Some(within) = message.confirm else {
            return;
        };
        let now = self.timeline.now();
        let by = self.timeline.inner(by).min(now + within);
        let awaited = Awaited {
            contact: message.contact.clone(),
            template: message.template.clone(),
            bucket: Arc::clone(&message.bucket),
            severity: message.severity,
            kind: message.kind,
            confirm_ms: millis(within),
            // That it is not sent a third time matters more than that it is sent twice.
            resent: attempts > 1,
            by,
        };
        if self.awaited.insert(message.id, awaited).is_none() {
            self.timers.set(by, Due::Confirm(message.id));
        }
    }

    /// No receipt has come in time: once more, then never.
    pub(super) fn unconfirmed(&mut self, id: MessageId) {
        let Some(awaited) = self.awaited.remove(&id) else {
            return;
        };
        let within = reason::span(Duration::from_millis(awaited.confirm_ms.into()));
        if awaited.resent {
            self.pending.push_back(Action::Close {
                id,
                state: MessageState::Failed,
                reason: format!(
                    "Meta took it twice, but no receipt said within {within} that it reached the phone"
                ),
                fallback: true,
                successor: None,
            });
            return;
        }
        let Some(lane) = self.live_lane(&awaited.contact) else {
            self.pending.push_back(contact_removed(id));
            return;
        };
        let Awaited {
            template,
            bucket,
            severity,
            kind,
            confirm_ms,
            ..
        } = awaited;
        self.enter(lane, id, &template, &bucket, severity, |entry| {
            entry.class = Class::Alone;
            entry.kind = kind;
            entry.confirm_ms = confirm_ms;
            entry.resent = true;
        });
    }

    /// Receipts are off: nothing more can be waited for.
    pub(super) fn stop_awaiting(&mut self) {
        for (id, awaited) in std::mem::take(&mut self.awaited) {
            self.timers.clear(awaited.by, Due::Confirm(id));
            self.pending
                .push_back(unawaited(id, MessageState::Accepted));
        }
    }

    /// Messages that Meta took and whose receipt is waited for.
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.awaited.len()
    }

    fn forget_awaited(&mut self, id: MessageId) -> Option<Awaited> {
        let awaited = self.awaited.remove(&id)?;
        self.timers.clear(awaited.by, Due::Confirm(id));
        Some(awaited)
    }
}

/// What makes a message final that Meta took, when its receipt cannot come any more.
pub(super) fn unawaited(id: MessageId, state: MessageState) -> Action {
    Action::Close {
        id,
        state,
        reason: "its receipt is not waited for any more: receipts are off".into(),
        fallback: false,
        successor: None,
    }
}

pub(super) fn millis(within: Duration) -> u32 {
    u32::try_from(within.as_millis()).unwrap_or(u32::MAX)
}
