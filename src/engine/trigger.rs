//! The life of a bucket of a rule that follows alarms: idle, waiting, raised, and back.

use std::borrow::Cow;
use std::time::Duration;

use crate::model::{AlarmRecord, Time};

use super::life::{Ended, Life, Phase};
use super::rule::{Rule, Trigger};

/// Why a bucket that still has members is no longer true.
pub(super) const CONDITION: &str = "the condition no longer holds";

/// What a record did to a bucket.
#[derive(Debug, Default)]
pub(super) struct Cause {
    /// An alarm entered, or its new occurrence is all that the bucket holds.
    pub(super) entered: bool,
    /// The only member began anew.
    pub(super) anew: bool,
    /// What an update would say.
    pub(super) update: Option<Cow<'static, str>>,
    /// Why the last alarm that left did.
    pub(super) left: Option<String>,
}

/// What a bucket is to be judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) rule: &'a Rule,
    /// Steady time.
    pub(super) steady: Time,
    /// Engine time.
    pub(super) now: Time,
    /// The place in the log.
    pub(super) order: u64,
}

/// What a bucket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    Raised,
    Updated(Cow<'static, str>),
    /// With what ended it, where that is known.
    Cleared(Option<Box<Ended>>),
    Reminder,
    /// With the span of the step.
    Escalated(Duration),
}

/// How a bucket stands after what happened.
pub(super) struct Standing<'a> {
    pub(super) members: usize,
    /// It has a member and the condition holds.
    pub(super) holds: bool,
    pub(super) worst: Option<crate::model::Severity>,
    /// What ended it, if this is the end.
    pub(super) alarm: &'a dyn Fn() -> Option<AlarmRecord>,
}

/// Whether [`Life::judge`] would say nothing and leave everything as it is: nearly always.
pub(super) fn is_settled(
    life: Option<&Life>,
    rule: &Rule,
    standing: &Standing<'_>,
    cause: &Cause,
) -> bool {
    let Some(life) = life else {
        return match rule.trigger {
            Trigger::Immediate | Trigger::Persist(_) => !standing.holds,
            Trigger::Collect(_) => !cause.entered,
            Trigger::Times { times, .. } => !cause.entered && (times > 0 || !standing.holds),
        };
    };
    if cause.anew || !standing.holds || life.highest < standing.worst {
        return false;
    }
    match life.phase {
        Phase::Waiting { .. } => matches!(rule.trigger, Trigger::Immediate | Trigger::Persist(_)),
        Phase::Around { .. } => true,
        Phase::Raised => cause.update.is_none() || rule.on_update.is_none(),
        Phase::Idle | Phase::Collecting { .. } | Phase::Clearing { .. } => false,
    }
}

impl Life {
    /// Judges the bucket after a record.
    pub(super) fn judge(
        &mut self,
        moment: &Moment<'_>,
        standing: &Standing<'_>,
        cause: &Cause,
    ) -> Option<Turn> {
        if cause.anew {
            self.rest();
        }
        self.note(standing);
        let turn = match self.phase {
            Phase::Idle | Phase::Waiting { .. } => self.judge_calm(moment, standing, cause),
            Phase::Collecting { .. } => None,
            Phase::Around { .. } if standing.holds => None,
            Phase::Around { .. } => {
                self.give_up();
                self.end(moment, standing, cause)
            }
            Phase::Raised if standing.holds => self.update(moment, cause),
            Phase::Raised => self.end(moment, standing, cause),
            Phase::Clearing { .. } => {
                if standing.holds {
                    self.phase = Phase::Raised;
                    self.ended = None;
                    self.skip_reminders(moment.rule, moment.steady);
                    // What fell due meanwhile is not told.
                    self.update_waits &= moment.steady < self.told + moment.rule.update_every;
                }
                None
            }
        };
        if let Phase::Collecting { .. } = self.phase {
            // Decided at its end; what it owes then needs to know what ended it.
            self.ended = if standing.holds || self.ledger.is_empty() {
                None
            } else {
                ended(standing, cause)
            };
        }
        self.note(standing);
        turn
    }

    /// Does what came due first, at `due`; the caller asks again until nothing is.
    pub(super) fn fire(
        &mut self,
        moment: &Moment<'_>,
        due: Time,
        standing: &Standing<'_>,
    ) -> Option<Turn> {
        let turn = match self.phase {
            Phase::Idle => None,
            Phase::Waiting { until } => {
                if self.breaks_at(moment.rule).is_some_and(|at| at < until) {
                    self.slide(moment);
                    self.rest();
                    None
                } else {
                    self.trigger(moment)
                }
            }
            Phase::Collecting { .. } => {
                if standing.holds {
                    self.trigger(moment)
                } else {
                    let ended = self.ended.take();
                    self.give_up();
                    self.ended = ended;
                    self.end(moment, standing, &Cause::default())
                }
            }
            Phase::Around { .. } => Some(self.raise(moment)),
            Phase::Clearing { .. } => self.close(standing, &Cause::default()),
            Phase::Raised => {
                let update_at = self.told + moment.rule.update_every;
                let lapses = self.ack().map(|ack| ack.until).filter(|at| *at <= due);
                let escalation = self.next_escalation(moment.rule);
                if let Some(at) = lapses {
                    self.lapse(moment.rule, at);
                    None
                } else if self.update_waits && update_at <= due {
                    self.update_waits = false;
                    self.told = moment.steady;
                    Some(Turn::Updated("changed since it was last told".into()))
                } else if let Some((at, step)) = escalation
                    && at <= due
                {
                    self.care.get_or_insert_default().escalated = step.after;
                    Some(Turn::Escalated(step.after))
                } else {
                    self.reminded = moment.steady;
                    Some(Turn::Reminder)
                }
            }
        };
        self.note(standing);
        turn
    }

    fn judge_calm(
        &mut self,
        moment: &Moment<'_>,
        standing: &Standing<'_>,
        cause: &Cause,
    ) -> Option<Turn> {
        match moment.rule.trigger {
            Trigger::Collect(span) => {
                if cause.entered {
                    self.phase = Phase::Collecting {
                        until: moment.steady + span,
                    };
                    return None;
                }
                return if standing.holds {
                    None
                } else {
                    self.end(moment, standing, cause)
                };
            }
            Trigger::Times { times, .. } => {
                if cause.entered {
                    self.entered.push(moment.steady);
                }
                self.slide(moment);
                // Only the newest count: with fewer than `times` of them it is no violation.
                let wanted = usize::try_from(times).unwrap_or(usize::MAX);
                let surplus = self.entered.len().saturating_sub(wanted);
                self.entered.drain(..surplus);
                if standing.holds && self.entered.len() < wanted {
                    if matches!(self.phase, Phase::Waiting { .. }) {
                        self.rest();
                    }
                    return None;
                }
            }
            Trigger::Immediate | Trigger::Persist(_) => {}
        }
        if !standing.holds {
            self.give_up();
            return self.end(moment, standing, cause);
        }
        if matches!(self.phase, Phase::Waiting { .. }) {
            return None;
        }
        let span = match moment.rule.trigger {
            Trigger::Persist(span) => span,
            Trigger::Times { persist, .. } => persist,
            Trigger::Immediate | Trigger::Collect(_) => Duration::ZERO,
        };
        if span.is_zero() {
            return self.trigger(moment);
        }
        self.phase = Phase::Waiting {
            until: moment.steady + span,
        };
        None
    }

    fn trigger(&mut self, moment: &Moment<'_>) -> Option<Turn> {
        self.entered.clear();
        match &moment.rule.base_alarms {
            Some(base) if !base.around.is_zero() => {
                self.phase = Phase::Around {
                    until: moment.steady + base.around,
                    at: moment.now,
                    last: moment.order,
                };
                None
            }
            _ => Some(self.raise(moment)),
        }
    }

    pub(super) fn raise(&mut self, moment: &Moment<'_>) -> Turn {
        self.triggered = match self.phase {
            Phase::Around { at, .. } => Some(at),
            Phase::Idle
            | Phase::Waiting { .. }
            | Phase::Collecting { .. }
            | Phase::Raised
            | Phase::Clearing { .. } => None,
        };
        self.phase = Phase::Raised;
        self.since = moment.now;
        self.raised = moment.steady;
        self.told = moment.steady;
        self.reminded = moment.steady;
        self.update_waits = false;
        self.ended = None;
        self.care = None;
        self.held = None;
        self.released = None;
        Turn::Raised
    }

    fn update(&mut self, moment: &Moment<'_>, cause: &Cause) -> Option<Turn> {
        let what = cause.update.as_ref()?;
        moment.rule.on_update.as_ref()?;
        if moment.steady < self.told + moment.rule.update_every {
            self.update_waits = true;
            return None;
        }
        self.update_waits = false;
        self.told = moment.steady;
        Some(Turn::Updated(what.clone()))
    }

    /// It is not true: whoever was told is told of the end, at once or when it has lasted.
    fn end(&mut self, moment: &Moment<'_>, standing: &Standing<'_>, cause: &Cause) -> Option<Turn> {
        if !self.is_raised() {
            return None;
        }
        self.highest = self.highest.max(standing.worst);
        let clear_after = moment.rule.clear_after;
        if clear_after.is_zero() {
            return self.close(standing, cause);
        }
        self.phase = Phase::Clearing {
            until: moment.steady + clear_after,
        };
        self.ended = self.ended.take().or_else(|| ended(standing, cause));
        None
    }

    fn close(&mut self, standing: &Standing<'_>, cause: &Cause) -> Option<Turn> {
        let ended = self.ended.take().or_else(|| ended(standing, cause));
        self.phase = Phase::Idle;
        self.update_waits = false;
        Some(Turn::Cleared(ended))
    }

    fn slide(&mut self, moment: &Moment<'_>) {
        if let Trigger::Times { within, .. } = moment.rule.trigger {
            let gone = self
                .entered
                .iter()
                .take_while(|at| **at + within <= moment.steady)
                .count();
            self.entered.drain(..gone);
        }
    }

    /// Keeps the worst that it had since it was idle.
    fn note(&mut self, standing: &Standing<'_>) {
        if self.phase != Phase::Idle {
            self.highest = self.highest.max(standing.worst);
        }
    }
}

fn ended(standing: &Standing<'_>, cause: &Cause) -> Option<Box<Ended>> {
    let reason = match &cause.left {
        Some(left) if standing.members == 0 => left.clone(),
        _ => CONDITION.to_owned(),
    };
    let alarm = (standing.alarm)()?;
    Some(Box::new(Ended { reason, alarm }))
}
