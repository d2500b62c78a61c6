//! What an outcome means for its message, and for everything else.

use std::time::Duration;

use crate::model::{Failure, MessageId, Outcome, Retry, Scope, Time};

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
        let verdict = match outcome {
            Outcome::Accepted { wamid, held } => {
                if taken {
                    self.pairs[flight.pair].accepted();
                }
                self.detach(flight.entry);
                Verdict::Accepted {
                    wamid: wamid.clone(),
                    held: *held,
                    confirm_by: None,
                }
            }
            Outcome::Unknown { text } => self.unknown(now, flight, text),
            Outcome::Failed(failure) => self.failed(now, flight, failure, jitter),
        };
        self.bid_farewell(flight);
        verdict
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

    fn failed(&mut self, now: Time, flight: Flight, failure: &Failure, jitter: f64) -> Verdict {
        let asked = retry::asked(failure.retry_after);
        let cause = reason::cause(failure);
        let scope = failure.class.scope;
        match failure.class.retry {
            Retry::Never => {
                self.detach(flight.entry);
                Verdict::Failed {
                    reason: format!("{cause}; the same message would fail again"),
                    fallback: true,
                }
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
                self.detach(flight.entry);
                Verdict::Failed {
                    reason: format!("{cause}; given up after {} attempts", retry::FEW_ATTEMPTS),
                    fallback: true,
                }
            }
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
