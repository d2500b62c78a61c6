//! Events that a bucket of single events has gathered: of a collection or a sliding window.

use std::collections::VecDeque;

use crate::model::{AlarmRecord, Time};

use super::condition::Tallies;
use super::packed::Packed;
use super::rule::Rule;

/// One event.
#[derive(Debug, Clone)]
pub(super) struct Gathering {
    /// When it came, in steady time.
    pub(super) at: Time,
    /// Its place in the log.
    pub(super) order: u64,
    pub(super) record: Packed,
}

/// Events, the oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Gathered {
    pub(super) events: VecDeque<Gathering>,
    tallies: Option<Tallies>,
}

impl Gathered {
    pub(super) fn new(rule: &Rule) -> Self {
        Self {
            events: VecDeque::new(),
            tallies: rule.condition.as_ref().map(|condition| condition.tallies()),
        }
    }

    /// Takes an event in; says whether the oldest had to go.
    pub(super) fn push(&mut self, event: Gathering, record: &AlarmRecord, limit: usize) -> bool {
        if let Some(tallies) = &mut self.tallies {
            tallies.add(event.order, record);
        }
        self.events.push_back(event);
        let full = self.events.len() > limit;
        if full {
            self.pop();
        }
        full
    }

    /// Lets go of what came at or before `until`; says whether anything went.
    pub(super) fn slide(&mut self, until: Time) -> bool {
        let before = self.events.len();
        while self.events.front().is_some_and(|event| event.at <= until) {
            self.pop();
        }
        self.events.len() < before
    }

    pub(super) fn holds(&self, rule: &Rule) -> bool {
        match (&rule.condition, &self.tallies) {
            (Some(condition), Some(tallies)) => condition.holds(tallies),
            _ => true,
        }
    }

    fn pop(&mut self) {
        if let Some(event) = self.events.pop_front()
            && let Some(tallies) = &mut self.tallies
        {
            if tallies.looks_at_records() {
                tallies.remove(event.order, &event.record.unpack());
            } else {
                tallies.drop_one();
            }
        }
    }
}
