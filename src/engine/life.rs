//! Where a bucket's trigger stands, and when it does something by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AlarmRecord, Severity, Time};

use super::ack::Care;
use super::ledger::Ledger;
use super::rule::{Rule, Trigger};
use super::withheld::{Held, Unsaid};

/// Where a trigger stands. Times are steady unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Life {
    pub(super) phase: Phase,
    /// The worst alarm it had since it was idle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) highest: Option<Severity>,
    /// When it was raised, in engine time.
    pub(super) since: Time,
    /// When it was raised.
    pub(super) raised: Time,
    /// When it was last told raised or updated.
    pub(super) told: Time,
    /// When the last reminder was told or left out.
    pub(super) reminded: Time,
    /// An update waits for its time.
    #[serde(default)]
    pub(super) update_waits: bool,
    /// Who was told that it is raised.
    #[serde(default, skip_serializing_if = "Ledger::is_empty")]
    pub(super) ledger: Ledger,
    /// Alarms that entered, of a rule that follows alarms and counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) entered: Vec<Time>,
    /// What made it false, while a clear waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Box<Ended>>,
    /// Events up to this place in the log are spent.
    #[serde(default)]
    pub(super) spent: u64,
    /// When they were.
    #[serde(default)]
    pub(super) spent_at: Time,
    /// What people do about it, while it is raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) care: Option<Box<Care>>,
    /// What it would have said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) held: Option<Box<Held>>,
    /// When it was told that it is raised, where that was not at once: what spans count from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) released: Option<Time>,
    /// While it is being told: when the trigger was that the message waited from, in engine time.
    #[serde(skip)]
    pub(super) triggered: Option<Time>,
}

/// Why a bucket is no longer true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) reason: String,
    pub(super) alarm: AlarmRecord,
}

/// What a bucket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    Idle,
    /// True since a while, told when it has lasted.
    Waiting {
        until: Time,
    },
    /// Gathers.
    Collecting {
        until: Time,
    },
    /// Triggered `at`, in engine time, and waits for what comes around it; events after `last` are
    /// not counted.
    Around {
        until: Time,
        at: Time,
        last: u64,
    },
    Raised,
    /// False since a while, cleared when it has lasted.
    Clearing {
        until: Time,
    },
}

impl Default for Life {
    fn default() -> Self {
        let never = Time::from_ms(0);
        Self {
            phase: Phase::Idle,
            highest: None,
            since: never,
            raised: never,
            told: never,
            reminded: never,
            update_waits: false,
            ledger: Ledger::default(),
            entered: Vec::new(),
            ended: None,
            spent: 0,
            spent_at: never,
            care: None,
            held: None,
            released: None,
            triggered: None,
        }
    }
}

impl Life {
    /// Nothing in it differs from a bucket that was just made.
    pub(super) fn is_blank(&self) -> bool {
        self.phase == Phase::Idle
            && self.ledger.is_empty()
            && self.entered.is_empty()
            && self.spent == 0
    }

    /// Idle: what it was told stays owed, events that entered stay counted.
    pub(super) fn rest(&mut self) {
        self.phase = Phase::Idle;
        self.highest = None;
        self.update_waits = false;
        self.ended = None;
        self.care = None;
        self.held = None;
        self.released = None;
    }

    /// Idle because it is false: what it had is still told with the end that is owed.
    pub(super) fn give_up(&mut self) {
        let had = self.highest;
        self.rest();
        if !self.ledger.is_empty() {
            self.highest = had;
        }
    }

    /// When it does something by itself.
    pub(super) fn due(&self, rule: &Rule) -> Option<Time> {
        match self.phase {
            Phase::Idle => None,
            Phase::Waiting { until } => {
                Some(self.breaks_at(rule).map_or(until, |at| at.min(until)))
            }
            Phase::Collecting { until }
            | Phase::Around { until, .. }
            | Phase::Clearing { until } => Some(until),
            Phase::Raised => {
                let update = self.update_waits.then(|| self.told + rule.update_every);
                let next = match self.ack() {
                    Some(ack) => Some(ack.until),
                    None => {
                        let escalation = self.next_escalation(rule).map(|(at, _)| at);
                        escalation.into_iter().chain(self.next_reminder(rule)).min()
                    }
                };
                update.into_iter().chain(next).min()
            }
        }
    }

    /// When an alarm that entered leaves the window and too few are left.
    pub(super) fn breaks_at(&self, rule: &Rule) -> Option<Time> {
        match rule.trigger {
            Trigger::Times { within, .. } => self.entered.first().map(|first| *first + within),
            Trigger::Immediate | Trigger::Persist(_) | Trigger::Collect(_) => None,
        }
    }

    /// The next multiple of the span after the raise that is not dealt with.
    pub(super) fn next_reminder(&self, rule: &Rule) -> Option<Time> {
        let every_ms = every_ms(rule)?;
        let from = self.counted_from();
        let passed = ms(self.reminded.since(from)) / every_ms;
        let next_ms = passed.saturating_add(1).saturating_mul(every_ms);
        Some(from + Duration::from_millis(next_ms))
    }

    /// What fell due by `now` is not told any more.
    pub(super) fn skip_reminders(&mut self, rule: &Rule, now: Time) {
        if let Some(every_ms) = every_ms(rule) {
            let from = self.counted_from();
            let passed = ms(now.since(from)) / every_ms;
            let last = from + Duration::from_millis(passed.saturating_mul(every_ms));
            self.reminded = self.reminded.max(last);
        }
    }

    /// When it was told that it is raised.
    pub(super) fn counted_from(&self) -> Time {
        self.released.unwrap_or(self.raised)
    }

    /// A step of escalation that was due is not taken: it could not be told.
    pub(super) fn untake_step(&mut self, rule: &Rule) {
        if let Some(care) = &mut self.care {
            let before = rule.escalate.iter().map(|step| step.after);
            let before = before.filter(|after| *after < care.escalated).max();
            care.escalated = before.unwrap_or_default();
        }
    }

    /// What was held back is told.
    pub(super) fn speak_after_all(&mut self, what: Unsaid, rule: &Rule, steady: Time) {
        self.held = None;
        match what {
            Unsaid::Step => {}
            Unsaid::Update => {
                self.told = steady;
                self.update_waits = false;
            }
            Unsaid::Raise => {
                self.told = steady;
                self.update_waits = false;
                self.released = Some(steady);
                self.reminded = steady;
                if let Some(care) = &mut self.care {
                    care.from = None;
                }
            }
        }
        self.skip_reminders(rule, steady);
    }

    /// Whether someone was or may have been told that it is raised.
    pub(super) fn is_raised(&self) -> bool {
        matches!(self.phase, Phase::Raised | Phase::Clearing { .. }) || !self.ledger.is_empty()
    }
}

fn every_ms(rule: &Rule) -> Option<u64> {
    let every = rule.reminder.as_ref()?.every;
    Some(ms(every)).filter(|ms| *ms > 0)
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
