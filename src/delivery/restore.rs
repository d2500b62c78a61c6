//! Taking up after a restart.

use crate::model::{Message, MessageState, Phone, Time};

use super::action::Action;
use super::dispatcher::Dispatcher;
use super::queue::State;
use super::receipt::unawaited;
use super::retry;

/// What a restored message may have used up of its few attempts: it gets at least one more.
const MOST_RESTORED: u8 = retry::FEW_ATTEMPTS - 1;

impl Dispatcher {
    /// Counts an attempt from before the restart against its phone and the number. One that lies in the
    /// future counts as made at this moment.
    pub fn restore_attempt(&mut self, phone: &Phone, at: Time) {
        let now = self.timeline.now();
        let at = self.timeline.inner(at).min(now);
        let pair = self.pair(phone);
        self.pairs[pair].restore(at, self.settings.storm);
        self.throughput.restore(at);
        self.refresh_pair(pair);
    }

    /// Takes up a message from the store. `attempts` and `unknowns` are those that were written;
    /// `attempted` is the time of the last attempt.
    ///
    /// One that was being sent has lost its answer with the process: it counts as one more unknown,
    /// which the caller has to write. One whose receipt is waited for (`confirm_by`) is waited for
    /// again. A final state is left alone.
    #[expect(
        clippy::too_many_arguments,
        reason = "the columns of one row, each named where it is read"
    )]
    pub fn restore(
        &mut self,
        now: Time,
        message: &Message,
        state: MessageState,
        attempts: u32,
        unknowns: u32,
        retry_at: Option<Time>,
        attempted: Option<Time>,
        confirm_by: Option<Time>,
    ) {
        let now = self.advance(now);
        if self.queue.find(message.id).is_some() || self.awaited.contains_key(&message.id) {
            return;
        }
        if let (MessageState::Accepted | MessageState::Sent, Some(by)) = (state, confirm_by) {
            if self.settings.receipts {
                self.restore_awaited(message, attempts, by);
            } else {
                self.pending.push_back(unawaited(message.id, state));
            }
        }
        if !state.is_pending() {
            return;
        }
        let interrupted = state == MessageState::Sending;
        let unknowns = small(unknowns).saturating_add(u8::from(interrupted));
        if unknowns >= retry::MAX_UNKNOWNS && self.live_lane(&message.contact).is_some() {
            self.pending.push_back(Action::Close {
                id: message.id,
                state: MessageState::Failed,
                reason: format!(
                    "no readable answer in {} attempts, so it may have arrived",
                    retry::MAX_UNKNOWNS
                ),
                fallback: true,
                successor: None,
            });
            return;
        }
        // A time that a clock set wrong has written must not hold a message for years.
        let at_most = |at: Time, most: Time| self.timeline.inner(at).min(most);
        let attempted = attempted.map_or(now, |at| at_most(at, now));
        let retry_at = retry_at.map(|at| at_most(at, now + retry::MAX_WAIT));
        // What was held waited for a gate, not for its own time, and was not at fault.
        let retry_at = retry_at.filter(|_| state != MessageState::Held);
        let wait = if interrupted || state == MessageState::Unknown {
            State::Unknown(attempted + self.settings.unknown_wait)
        } else {
            retry_at.map_or(State::Ready, State::Retrying)
        };
        let failures = match retry_at {
            Some(_) => small(attempts).saturating_sub(unknowns),
            None => 0,
        };
        self.admit_as(message, |entry| {
            entry.unknowns = unknowns;
            // Perhaps it goes again for want of a receipt, and is on the phone.
            entry.tried_before = attempts > 0 && message.confirm.is_some();
            entry.failures = failures;
            entry.noted = state == MessageState::Held;
            entry.few = failures.min(MOST_RESTORED);
            entry.state = match wait {
                State::Unknown(at) | State::Retrying(at) if at <= now => State::Ready,
                State::Unknown(_)
                | State::Retrying(_)
                | State::Ready
                | State::InFlight
                | State::InDigest => wait,
            };
        });
        if state == MessageState::Held {
            self.was_held(message);
        }
    }
}

pub(super) fn small(count: u32) -> u8 {
    u8::try_from(count).unwrap_or(u8::MAX)
}
