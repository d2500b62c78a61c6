//! What the engine holds and what it had no room for, for whoever is asked how things stand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Engine;
use crate::model::RuleId;

/// What the engine holds and what it had no room for. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Standing(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    alarms: usize,
    forgotten: u64,
    rules: BTreeMap<RuleId, Count>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    /// As the engine said last: it begins anew where a rule is rebuilt.
    last: u64,
    total: u64,
}

/// What [`Standing`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowding {
    /// Open alarms.
    pub alarms: usize,
    /// Open alarms forgotten since the start because there were too many.
    pub forgotten: u64,
    /// How often a rule had no room for something since the start.
    pub left_out: BTreeMap<RuleId, u64>,
}

impl Standing {
    /// How things stand.
    #[must_use]
    pub fn get(&self) -> Crowding {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = held.rules.iter();
        Crowding {
            alarms: held.alarms,
            forgotten: held.forgotten,
            left_out: rules.map(|(id, count)| (id.clone(), count.total)).collect(),
        }
    }

    /// Looks at the engine; logs the first time that a rule, or the engine, has no room.
    pub(super) fn look(&self, engine: &Engine) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.alarms = engine.trees().len();
        let forgotten = engine.crowded_out();
        if forgotten > 0 && held.forgotten == 0 {
            tracing::warn!(
                limit = engine.ruleset().limits.alarms,
                "there are more open alarms than correlation.max_alarms: those silent for longest \
                 are forgotten; /api/v1/status counts them"
            );
        }
        held.forgotten = forgotten;
        for (rule, now) in engine.overflows() {
            if !held.rules.contains_key(&rule) {
                tracing::warn!(
                    %rule,
                    "a rule has no room: alarms beyond correlation.max_buckets_per_rule or \
                     max_alarms_per_bucket are left out of it; /api/v1/status counts them"
                );
            }
            let count = held.rules.entry(rule).or_default();
            count.total += now.checked_sub(count.last).unwrap_or(now);
            count.last = now;
        }
    }
}
