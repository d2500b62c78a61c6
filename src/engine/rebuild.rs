//! A rule that was rebuilt from the open alarms: what its buckets are against what they were.

use std::sync::Arc;

use super::life::{Life, Phase};
use super::rule::{Rule, Trigger};
use super::speak::{Say, Voice};
use super::step::{Engine, Step};
use super::track::{Imprint, Track};
use super::trigger::Moment;

impl Engine {
    /// Compares what a rebuilt rule's buckets are with what they were.
    pub(super) fn compare(
        &mut self,
        n: usize,
        rule: &Rule,
        before: Option<Track>,
        step: &mut Step,
    ) -> Vec<Say> {
        let moment = self.moment(rule);
        let mut old = before.unwrap_or_else(|| Track::new(rule.id.clone(), Imprint::default()));
        let mut says = Vec::new();
        for no in old.in_order() {
            let Some(bucket) = old.get_mut(no) else {
                continue;
            };
            let (key, stored) = (Arc::clone(&bucket.key), bucket.stored);
            let raised = bucket.life.as_ref().is_some_and(|life| life.is_raised());
            let found = self.tracks[n].find(&key);
            let holds = found.is_some_and(|no| self.holds(n, rule, no));
            let mut is_stored = stored;
            if raised && holds {
                let mut life = bucket.life.take().unwrap_or_default();
                life.stay_raised(&moment);
                if let Some(entry) = found.and_then(|no| self.tracks[n].get_mut(no)) {
                    life.highest = life.highest.max(entry.members.worst());
                    entry.life = Some(life);
                    entry.stored = stored;
                }
                continue;
            }
            if raised {
                let voice = Voice::of(rule);
                // Single events have no end of their own.
                let template = if rule.single_events {
                    old.imprint.on_clear.clone()
                } else {
                    rule.on_clear.clone()
                };
                says.extend(self.end_one(&mut old, no, &voice, template, "rule changed"));
            }
            if let Some(entry) = found.and_then(|no| self.tracks[n].get_mut(no)) {
                entry.stored = stored;
                is_stored = false;
            }
            if is_stored {
                step.rows.push(old.deletion(&key));
            }
        }
        for no in self.tracks[n].in_order() {
            let holds = !rule.single_events && self.holds(n, rule, no);
            if let Some(bucket) = self.tracks[n].get_mut(no)
                && holds
                && bucket.life.is_none()
            {
                let mut life = Box::new(Life::default());
                life.begin(&moment);
                life.highest = bucket.members.worst();
                let is_raised = life.phase == Phase::Raised;
                if life.phase != Phase::Idle {
                    bucket.life = Some(life);
                }
                if is_raised {
                    self.heed_owners(n, no);
                }
            }
            self.touch(n, no);
        }
        says
    }

    fn holds(&self, n: usize, rule: &Rule, no: u32) -> bool {
        let nothing = || None;
        let bucket = self.tracks[n].get(no);
        bucket.is_some_and(|bucket| bucket.standing(rule, &nothing).holds)
    }
}

impl Life {
    fn stay_raised(&mut self, moment: &Moment<'_>) {
        if matches!(self.phase, Phase::Clearing { .. }) {
            self.reminded = moment.steady;
            self.update_waits &= moment.steady < self.told + moment.rule.update_every;
        } else if self.phase != Phase::Raised {
            // It owes and was not raised again.
            self.raise(moment);
        }
        self.phase = Phase::Raised;
        self.ended = None;
        self.entered.clear();
    }

    /// True from here on, without a word.
    fn begin(&mut self, moment: &Moment<'_>) {
        match moment.rule.trigger {
            Trigger::Immediate => {
                self.raise(moment);
            }
            Trigger::Persist(span) => {
                self.phase = Phase::Waiting {
                    until: moment.steady + span,
                };
            }
            Trigger::Collect(_) | Trigger::Times { .. } => {}
        }
    }
}
