//! What an error closes, and how it opens again.

use std::time::Duration;

use crate::model::Time;

use super::retry;
use super::slab::{EntryNo, LaneNo, TemplateNo};

/// Which gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum GateNo {
    /// In front of everything.
    Account,
    /// In front of everything too; the number's own troubles.
    Number,
    /// In front of one template.
    Template(TemplateNo),
    /// In front of one lane.
    Lane(LaneNo),
}

/// What a gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum GateState {
    /// Lets everything through.
    #[default]
    Open,
    /// Closed until then: it passes by itself.
    Paused { until: Time },
    /// Closed until the cause is mended; asked about at that time.
    Held { probe_at: Time },
    /// Lets one message through; if Meta takes it, the gate opens.
    Trial { by: Option<EntryNo> },
}

/// A gate in front of a scope: account, number, template or lane. It closes by a failure that speaks
/// about the scope, and never opens fully before one message has gone through it.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate {
    pub(super) state: GateState,
    /// The moment it left the open state.
    pub(super) since: Time,
    /// The failure that closed it, in words.
    pub(super) reason: String,
    /// The timer that is set for it.
    pub(super) timer: Option<Time>,
    /// Failures and fruitless probes in a row: the power of the next wait.
    strikes: u32,
    /// The operator knows of this hold.
    told: bool,
}

impl Gate {
    /// Whether a message may go through.
    pub(super) const fn admits(&self) -> bool {
        matches!(self.state, GateState::Open | GateState::Trial { by: None })
    }

    /// Closes for a while; `wait` gives the schedule's span for so many strikes. Says until when.
    pub(super) fn pause(
        &mut self,
        now: Time,
        asked: Duration,
        reason: String,
        wait: impl Fn(u32) -> Duration,
    ) -> Time {
        let until = match self.state {
            GateState::Held { probe_at } => return probe_at,
            // The message was under way when the pause began: not a sign that it was too short.
            GateState::Paused { until } => until.max(now + asked),
            GateState::Open | GateState::Trial { .. } => {
                let n = self.strike(now);
                now + wait(n).max(asked)
            }
        };
        self.state = GateState::Paused { until };
        self.reason = reason;
        until
    }

    /// Closes until the cause is mended. Says whether this is news to the operator.
    pub(super) fn hold(&mut self, now: Time, asked: Duration, reason: String, jitter: f64) -> bool {
        let news = !self.told;
        if !matches!(self.state, GateState::Held { .. }) {
            if news {
                self.strikes = 0;
            }
            let n = self.strike(now);
            let probe_at = now + retry::probe(n, jitter).max(asked);
            self.state = GateState::Held { probe_at };
        }
        self.told = true;
        self.reason = reason;
        news
    }

    /// A probe found the cause still there, or nothing.
    pub(super) fn still(&mut self, now: Time, jitter: f64) {
        if let GateState::Held { .. } = self.state {
            let n = self.strike(now);
            let probe_at = now + retry::probe(n, jitter);
            self.state = GateState::Held { probe_at };
        }
    }

    /// A probe is on its way; should it be lost, it is asked for again.
    pub(super) fn probing(&mut self, now: Time) {
        self.state = GateState::Held {
            probe_at: now + retry::PROBE_LOST,
        };
    }

    /// The wait is over or the cause said to be gone: lets one message through.
    pub(super) fn try_one(&mut self) {
        self.state = GateState::Trial { by: None };
    }

    /// The config changed, and with it perhaps the cause: what is held is tried again, and is news if
    /// it fails again. A pause stays: it is a limit, not a fault.
    pub(super) fn reconsider(&mut self) {
        if let GateState::Held { .. } = self.state {
            self.try_one();
        }
        if matches!(self.state, GateState::Trial { .. }) {
            self.strikes = 0;
            self.told = false;
        }
    }

    /// Forgets everything but the timer, which the owner clears.
    pub(super) fn open(&mut self) {
        *self = Self {
            timer: self.timer,
            ..Self::default()
        };
    }

    /// A message goes through. Says whether that closes the gate for others.
    pub(super) fn pass(&mut self, entry: EntryNo) -> bool {
        if self.state == (GateState::Trial { by: None }) {
            self.state = GateState::Trial { by: Some(entry) };
            return true;
        }
        false
    }

    /// The message that went through has come to an end. Says whether that changes the gate.
    pub(super) fn passed(&mut self, entry: EntryNo, taken: bool) -> bool {
        if self.state != (GateState::Trial { by: Some(entry) }) {
            return false;
        }
        if taken {
            self.open();
        } else {
            self.try_one();
        }
        true
    }

    /// When something happens to it by itself.
    pub(super) const fn due(&self) -> Option<Time> {
        match self.state {
            GateState::Paused { until } => Some(until),
            GateState::Held { probe_at } => Some(probe_at),
            GateState::Open | GateState::Trial { .. } => None,
        }
    }

    /// Counts a strike; the number of those before it.
    fn strike(&mut self, now: Time) -> u32 {
        if self.state == GateState::Open {
            self.since = now;
            self.strikes = 0;
        }
        let n = self.strikes;
        self.strikes = n.saturating_add(1);
        n
    }
}
