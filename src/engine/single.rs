//! The life of a bucket of single events: every record is an event, nothing stays raised.

use std::time::Duration;

use crate::model::{AlarmRecord, Time};

use super::bucket::Bucket;
use super::life::Phase;
use super::rule::{Rule, Trigger};
use super::trigger::Moment;
use super::window::{Gathered, Gathering};

impl Rule {
    /// How long an event can matter to a bucket.
    pub(super) fn attention(&self) -> Option<Duration> {
        let around = self
            .base_alarms
            .as_ref()
            .map_or(Duration::ZERO, |base| base.around);
        match self.trigger {
            _ if !self.single_events => None,
            Trigger::Immediate | Trigger::Persist(_) => (!around.is_zero()).then_some(around),
            Trigger::Collect(span) => Some(span.saturating_add(around)),
            Trigger::Times { within, .. } => Some(within.saturating_add(around)),
        }
    }
}

impl Rule {
    /// Whether the condition holds of one event by itself.
    pub(super) fn holds_of_one(&self, record: &AlarmRecord) -> bool {
        self.condition
            .as_ref()
            .is_none_or(|condition| condition.holds_over(&[record]))
    }
}

impl Bucket {
    /// Takes an event in; `Some(true)` when the bucket speaks of what it gathered, `None` when the
    /// window was full and the oldest went.
    pub(super) fn take_event(
        &mut self,
        moment: &Moment<'_>,
        event: Gathering,
        record: &AlarmRecord,
        limit: usize,
        overflow: &mut u64,
    ) -> bool {
        let rule = moment.rule;
        let phase = self.phase();
        let waits = matches!(phase, Phase::Around { .. });
        if waits && rule.trigger != Trigger::Immediate {
            return false;
        }
        let gathered = self
            .gathered
            .get_or_insert_with(|| Box::new(Gathered::new(rule)));
        match rule.trigger {
            Trigger::Immediate | Trigger::Persist(_) => {
                if !rule.holds_of_one(record) {
                    return false;
                }
                *overflow += u64::from(gathered.push(event, record, limit));
                !waits && self.trigger_events(moment)
            }
            Trigger::Collect(span) => {
                *overflow += u64::from(gathered.push(event, record, limit));
                if phase == Phase::Idle {
                    let life = self.life();
                    life.phase = Phase::Collecting {
                        until: moment.steady + span,
                    };
                    life.spent = moment.order.saturating_sub(1);
                    life.spent_at = moment.steady;
                }
                false
            }
            Trigger::Times {
                times,
                within,
                persist,
            } => {
                gathered.slide(moment.steady - within);
                *overflow += u64::from(gathered.push(event, record, limit));
                let violated = gathered.is_violated(rule, times);
                let waits = matches!(phase, Phase::Waiting { .. });
                if violated && !waits && persist.is_zero() {
                    return self.trigger_events(moment);
                }
                if violated && !waits {
                    self.life().phase = Phase::Waiting {
                        until: moment.steady + persist,
                    };
                } else if !violated && waits {
                    self.life().phase = Phase::Idle;
                }
                false
            }
        }
    }

    /// Does what came due at `due`; whether the bucket speaks of what it gathered.
    pub(super) fn fire_events(&mut self, moment: &Moment<'_>, due: Time) -> bool {
        let rule = moment.rule;
        match (self.phase(), rule.trigger) {
            (Phase::Around { .. }, _) => true,
            (Phase::Collecting { .. }, _) => {
                let holds = self
                    .gathered
                    .as_ref()
                    .is_some_and(|gathered| gathered.holds(rule));
                if holds {
                    return self.trigger_events(moment);
                }
                self.spend(moment);
                false
            }
            (Phase::Waiting { until }, Trigger::Times { times, within, .. }) => {
                if until <= due {
                    return self.trigger_events(moment);
                }
                let violated = self.gathered.as_mut().is_some_and(|gathered| {
                    gathered.slide(due - within);
                    gathered.is_violated(rule, times)
                });
                if !violated {
                    self.life().phase = Phase::Idle;
                }
                false
            }
            _ => false,
        }
    }

    /// When the bucket does something by itself.
    pub(super) fn events_due(&self, rule: &Rule) -> Option<Time> {
        match (self.phase(), rule.trigger) {
            (Phase::Collecting { until } | Phase::Around { until, .. }, _) => Some(until),
            (Phase::Waiting { until }, Trigger::Times { within, .. }) => {
                let first = self.gathered.as_ref()?.events.front();
                Some(first.map_or(until, |event| (event.at + within).min(until)))
            }
            _ => None,
        }
    }

    /// What was gathered is spoken of or in vain: the next event starts anew.
    pub(super) fn spend(&mut self, moment: &Moment<'_>) {
        self.gathered = None;
        let life = self.life();
        life.phase = Phase::Idle;
        life.spent = moment.order;
        life.spent_at = moment.steady;
    }

    fn trigger_events(&mut self, moment: &Moment<'_>) -> bool {
        match &moment.rule.base_alarms {
            Some(base) if !base.around.is_zero() => {
                let first = self
                    .gathered
                    .as_ref()
                    .and_then(|gathered| gathered.events.front())
                    .map_or(0, |event| event.order);
                let life = self.life();
                life.phase = Phase::Around {
                    until: moment.steady + base.around,
                    at: moment.now,
                    last: moment.order,
                };
                life.spent = first.saturating_sub(1);
                life.spent_at = moment.steady;
                false
            }
            _ => true,
        }
    }
}

impl Gathered {
    fn is_violated(&self, rule: &Rule, times: u32) -> bool {
        self.events.len() >= usize::try_from(times).unwrap_or(usize::MAX) && self.holds(rule)
    }
}
