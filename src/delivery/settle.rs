//! What an outcome means for its message, and for everything else.

use std::time::Duration;

use crate::model::{Failure, Kind, MessageId, Outcome, Retry, Scope, Time};

use super::action::Verdict;
use super::dispatcher::Dispatcher;
use super::hold::{GateNo, GateState};
use super::lane::Flight;
use super::queue::State;
use super::{reason, retry};

impl Dispatcher {
    /// An attempt has ended. `jitter` (0 to 1) spreads the next one.
    ///
    /// An id that is not in flight gets a verdict that changes nothing.
    pub fn settle(&mut self, now: Time, id: MessageId, outcome: &Outcome, jitter: f64) -> Verdict {
        let now = self.advance(now);
        let taken = match outcome {
            Outcome::Accepted { .. } => self
                .flights
                .get(&id)
                // What was not posted proves nothing about Meta.
                .is_some_and(|flight| !self.queue[flight.entry].shadow),
            Outcome::Failed(_) | Outcome::Unknown { .. } => false,
        };
        let Some(flight) = self.land(id, taken) else {
            return self.not_in_flight(now, outcome);
        };
        let received = self.queue[flight.entry].received.is_some();
        let early = self.early.remove(&id).filter(|_| !received);
        let verdict = match (outcome, early) {
            (Outcome::Accepted { wamid, held }, None) => {
                if taken {
                    self.pairs[flight.pair].accepted(now);
                    self.refresh_pair(flight.pair);
                }
                self.taken(flight, wamid.clone(), *held)
            }
            // A receipt came before the answer, and says more than that.
            (Outcome::Accepted { .. } | Outcome::Unknown { .. }, Some(failure)) => {
                self.failed(now, flight, &failure, jitter)
            }
            (Outcome::Unknown { .. } | Outcome::Failed(_), None) if received => {
                self.taken(flight, String::new(), false)
            }
            (Outcome::Unknown { text }, None) => self.unknown(now, flight, text),
            (Outcome::Failed(failure), _) => self.failed(now, flight, failure, jitter),
        };
        self.bid_farewell(flight.lane);
        verdict
    }

    /// Meta has it.
    fn taken(&mut self, flight: Flight, wamid: String, held: bool) -> Verdict {
        let by = self.confirm_by(flight.entry);
        if let Some(by) = by {
            self.await_receipt(flight.entry, by);
        }
        self.detach(flight.entry);
        Verdict::Accepted {
            wamid,
            held,
            confirm_by: by.map(|by| self.timeline.outer(by)),
        }
    }

    fn unknown(&mut self, now: Time, flight: Flight, text: &str) -> Verdict {
        let entry = &mut self.queue[flight.entry];
        entry.unknowns = entry.unknowns.saturating_add(1);
        if entry.unknowns >= retry::MAX_UNKNOWNS {
            self.detach(flight.entry);
            return Verdict::Failed {
                reason: format!(
                    "no readable answer in {} attempts, so it may have arrived; the last: {}",
                    retry::MAX_UNKNOWNS,
                    reason::quote(text)
                ),
                fallback: true,
            };
        }
        let until = now + self.settings.unknown_wait;
        self.go_back(flight.entry, State::Unknown(until));
        Verdict::Unknown {
            until: self.timeline.outer(until),
        }
    }

    pub(super) fn failed(
        &mut self,
        now: Time,
        flight: Flight,
        failure: &Failure,
        jitter: f64,
    ) -> Verdict {
        let asked = retry::asked(failure.retry_after);
        let cause = reason::cause(failure);
        let scope = failure.class.scope;
        match failure.class.retry {
            Retry::Never => {
                let reason = format!("{cause}; the same message would fail again");
                self.give_up(flight, scope, reason)
            }
            Retry::Pair => {
                let cause = reason::pair_limit(failure);
                let pair = &mut self.pairs[flight.pair];
                let at = pair.refused(now, asked, jitter, cause.clone());
                self.go_back(flight.entry, State::Ready);
                self.refresh_pair(flight.pair);
                self.retry(now, at, &cause, Scope::Message)
            }
            Retry::Wait => match self.gate_for(flight, scope) {
                Some(key) => {
                    let gate = self.gate_mut(key);
                    let news = gate.hold(now, asked, cause.clone(), jitter);
                    self.gate_changed(key);
                    self.go_back(flight.entry, State::Ready);
                    if scope == Scope::Template {
                        self.give_up_part(flight.entry, &cause);
                    }
                    Verdict::Held {
                        reason: reason::held(&cause, scope),
                        new_hold: news.then(|| self.hold_key(key)),
                    }
                }
                None => self.wait(now, flight, failure, &cause, |n| retry::probe(n, jitter)),
            },
            Retry::Slow => self.wait(now, flight, failure, &cause, |n| retry::slow(n, jitter)),
            Retry::Backoff => {
                self.wait(now, flight, failure, &cause, |n| retry::backoff(n, jitter))
            }
            Retry::Few => {
                let entry = &mut self.queue[flight.entry];
                entry.few = entry.few.saturating_add(1);
                if entry.few < retry::FEW_ATTEMPTS {
                    return self.wait(now, flight, failure, &cause, |n| retry::backoff(n, jitter));
                }
                let reason = format!("{cause}; given up after {} attempts", retry::FEW_ATTEMPTS);
                self.give_up(flight, scope, reason)
            }
        }
    }

    /// The message leaves for good. The fallback hears of it, unless it is a digest that failed for a
    /// reason of its own: what it holds can still be told.
    fn give_up(&mut self, flight: Flight, scope: Scope, reason: String) -> Verdict {
        let own = matches!(scope, Scope::Message | Scope::Template);
        let again = own && self.queue[flight.entry].kind == Kind::Digest;
        if again {
            self.owe_members(flight.entry);
        }
        self.detach(flight.entry);
        Verdict::Failed {
            reason,
            fallback: !again,
        }
    }

    /// Waits as the schedule says: the message alone, or all that the failure speaks about.
    fn wait(
        &mut self,
        now: Time,
        flight: Flight,
        failure: &Failure,
        cause: &str,
        schedule: impl Fn(u32) -> Duration,
    ) -> Verdict {
        let asked = retry::asked(failure.retry_after);
        let scope = failure.class.scope;
        let Some(key) = self.gate_for(flight, scope) else {
            let entry = &mut self.queue[flight.entry];
            let at = now + schedule(u32::from(entry.failures)).max(asked);
            entry.failures = entry.failures.saturating_add(1);
            self.go_back(flight.entry, State::Retrying(at));
            return self.retry(now, at, cause, scope);
        };
        if matches!(
            self.gate(key).state,
            GateState::Open | GateState::Trial { .. }
        ) {
            self.slow_down(failure);
        }
        let gate = self.gate_mut(key);
        let at = gate.pause(now, asked, cause.to_owned(), schedule);
        let held = matches!(gate.state, GateState::Held { .. });
        self.gate_changed(key);
        self.go_back(flight.entry, State::Ready);
        if held {
            return Verdict::Held {
                reason: reason::held(cause, scope),
                new_hold: None,
            };
        }
        self.retry(now, at, cause, scope)
    }

    fn retry(&self, now: Time, at: Time, cause: &str, scope: Scope) -> Verdict {
        Verdict::Retry {
            at: self.timeline.outer(at),
            reason: reason::retry(cause, scope, at.since(now)),
        }
    }

    /// The gate in front of a scope; a message has none.
    fn gate_for(&self, flight: Flight, scope: Scope) -> Option<GateNo> {
        match scope {
            Scope::Message => None,
            Scope::Contact => Some(GateNo::Lane(flight.lane)),
            Scope::Template => Some(GateNo::Template(self.queue[flight.entry].template)),
            Scope::Number => Some(GateNo::Number),
            Scope::Account => Some(GateNo::Account),
        }
    }

    /// A verdict that loses nothing: the message stays pending where it is written.
    fn not_in_flight(&self, now: Time, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Accepted { wamid, held } => Verdict::Accepted {
                wamid: wamid.clone(),
                held: *held,
                confirm_by: None,
            },
            Outcome::Failed(_) | Outcome::Unknown { .. } => Verdict::Retry {
                at: self.timeline.outer(now),
                reason: "the message was not under way".into(),
            },
        }
    }
}
