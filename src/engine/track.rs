//! What the engine keeps of one rule.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Row, RowChange, RowKind, RuleId, TemplateId, Time};

use super::bucket::{Bucket, BucketNo, subject};
use super::history::Nearby;
use super::life::Phase;
use super::rule::{Rule, Trigger};
use super::slab::{Keyed, Slab};

/// What a rule was when its buckets were decided: what is needed to close them when it is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Imprint {
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    /// All that its buckets depend on.
    pub(super) fingerprint: String,
    pub(super) on_clear: Option<TemplateId>,
    pub(super) shadow: bool,
    /// Records up to this place in the log are not its own.
    #[serde(default)]
    pub(super) from: u64,
}

/// The buckets of one rule.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) id: RuleId,
    pub(super) imprint: Imprint,
    buckets: Slab<Bucket>,
    /// When to look whether a bucket that only remembers can go.
    idle: BTreeSet<(Time, BucketNo)>,
    pub(super) nearby: Nearby,
    /// What was last told of the buckets of a rule that is not in force.
    pub(super) told: std::collections::BTreeMap<Arc<str>, crate::model::AlarmRecord>,
    /// How often something was not counted for want of room.
    pub(super) overflow: u64,
}

impl Imprint {
    pub(super) fn of(rule: &Rule) -> Self {
        Self {
            name: rule.name.clone(),
            description: rule.description.clone(),
            // A rule that is off has no buckets, so that nothing of it can differ.
            fingerprint: if rule.enabled {
                fingerprint(rule)
            } else {
                String::new()
            },
            on_clear: rule.on_clear.clone(),
            shadow: rule.shadow,
            from: 0,
        }
    }

    /// Takes over what is not of the config.
    pub(super) fn heir_of(mut self, old: &Self) -> Self {
        self.from = old.from;
        self
    }

    pub(super) fn row(&self, id: &RuleId) -> RowChange {
        RowChange::Put(Row {
            kind: RowKind::Rule,
            key: id.as_str().to_owned(),
            value: serde_json::to_string(self).unwrap_or_default(),
        })
    }
}

/// All that the buckets of a rule depend on, as text.
fn fingerprint(rule: &Rule) -> String {
    let filter = rule.filter.as_ref().map(ToString::to_string);
    let group_by = rule
        .group_by
        .as_ref()
        .map(|fields| fields.iter().map(ToString::to_string).collect::<Vec<_>>());
    let condition = rule.condition.as_ref().map(ToString::to_string);
    let base = rule.base_alarms.as_ref().map(|base| {
        let filter = base.filter.as_ref().map(ToString::to_string);
        (filter, base.around)
    });
    format!(
        "{:?}",
        (
            filter,
            rule.single_events,
            group_by,
            condition,
            rule.trigger,
            rule.clear_after,
            base
        )
    )
}

impl Track {
    /// Of a rule that has seen nothing.
    pub(super) fn of(rule: &Rule) -> Self {
        Self::new(rule.id.clone(), Imprint::of(rule))
    }

    pub(super) fn new(id: RuleId, imprint: Imprint) -> Self {
        Self {
            id,
            imprint,
            buckets: Slab::default(),
            idle: BTreeSet::new(),
            nearby: Nearby::default(),
            told: std::collections::BTreeMap::new(),
            overflow: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.buckets.len()
    }

    /// How many buckets hold something, wait or owe: those that only remember what they spent are
    /// not counted.
    pub(super) fn count_present(&self) -> usize {
        let all = self.buckets.iter();
        all.filter(|(_, bucket)| !bucket.is_memory()).count()
    }

    /// How many buckets are raised.
    pub(super) fn count_raised(&self) -> usize {
        self.standing().count()
    }

    /// The buckets that are raised, in no order that means anything.
    pub(super) fn standing(&self) -> impl Iterator<Item = (BucketNo, &Bucket)> {
        let all = self.buckets.iter();
        all.filter(|(_, bucket)| matches!(bucket.phase(), Phase::Raised | Phase::Clearing { .. }))
    }

    /// Buckets that would have spoken.
    pub(super) fn held(&self) -> Vec<BucketNo> {
        let is_held = |bucket: &Bucket| {
            let life = bucket.life.as_deref();
            bucket.withheld || life.is_some_and(|life| life.held.is_some())
        };
        let all = self.buckets.iter().filter(|(_, bucket)| is_held(bucket));
        all.map(|(no, _)| no).collect()
    }

    pub(super) fn find(&self, key: &str) -> Option<BucketNo> {
        self.buckets.find(key)
    }

    pub(super) fn get(&self, no: BucketNo) -> Option<&Bucket> {
        self.buckets.get(no)
    }

    pub(super) fn get_mut(&mut self, no: BucketNo) -> Option<&mut Bucket> {
        self.buckets.get_mut(no)
    }

    /// The bucket of `key`, made when there is none.
    pub(super) fn open(&mut self, key: &Arc<str>) -> BucketNo {
        match self.find(key) {
            Some(no) => no,
            None => self.make(Arc::clone(key)),
        }
    }

    /// The bucket of a `key` that has none.
    pub(super) fn make(&mut self, key: Arc<str>) -> BucketNo {
        self.buckets.insert(Bucket::new(key))
    }

    pub(super) fn close(&mut self, no: BucketNo) -> Option<Bucket> {
        self.buckets.remove(no)
    }

    /// Every bucket, in the order of the keys.
    pub(super) fn in_order(&self) -> Vec<BucketNo> {
        let mut all: Vec<(&Arc<str>, BucketNo)> = self
            .buckets
            .iter()
            .map(|(no, bucket)| (&bucket.key, no))
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(_, no)| no).collect()
    }

    /// Looks at a bucket again when all that it remembers is too old to matter.
    pub(super) fn look_again(&mut self, no: BucketNo, at: Time) {
        self.idle.insert((at, no));
    }

    /// Looks at every bucket that is looked at some time, as soon as there is need.
    pub(super) fn look_at_all(&mut self, now: Time) {
        let all: Vec<BucketNo> = self.in_order();
        for no in all {
            if self.get(no).is_some_and(|bucket| bucket.watched) {
                self.look_again(no, now);
            }
        }
    }

    /// Drops buckets whose memory is too old to matter; says whose rows go.
    pub(super) fn tidy(&mut self, rule: &Rule, now: Time, most: usize, rows: &mut Vec<RowChange>) {
        for _ in 0..most {
            let Some((at, no)) = self.idle.first().copied() else {
                return;
            };
            if at > now {
                return;
            }
            self.idle.pop_first();
            let Some(bucket) = self.get_mut(no) else {
                continue;
            };
            let again = bucket.forget(rule, now);
            bucket.watched = again.is_some();
            if let Some(again) = again {
                self.idle.insert((again, no));
            } else if bucket.is_blank() && !bucket.touched {
                let stored = bucket.stored;
                if let Some(bucket) = self.close(no)
                    && stored
                {
                    rows.push(self.deletion(&bucket.key));
                }
            }
        }
    }

    pub(super) fn deletion(&self, key: &str) -> RowChange {
        RowChange::Delete {
            kind: RowKind::Bucket,
            key: subject(&self.id, key),
        }
    }
}

impl Keyed for Bucket {
    fn key(&self) -> &str {
        &self.key
    }
}

impl Bucket {
    /// Forgets what can no longer count; when to look again, if something is left.
    pub(super) fn forget(&mut self, rule: &Rule, now: Time) -> Option<Time> {
        let within = match rule.trigger {
            Trigger::Times { within, .. } => within,
            Trigger::Immediate | Trigger::Persist(_) | Trigger::Collect(_) => Duration::ZERO,
        };
        let attention = rule.attention().unwrap_or(within);
        let is_idle = self.phase() == Phase::Idle;
        let mut last_event = None;
        if let Some(gathered) = &mut self.gathered {
            if is_idle {
                gathered.slide(now - within);
            }
            last_event = gathered.events.back().map(|event| event.at + within);
        }
        let mut last_entered = None;
        let mut spent = None;
        if let Some(life) = &mut self.life {
            let gone = life.entered.iter().take_while(|at| **at + within <= now);
            let gone = gone.count();
            life.entered.drain(..gone);
            last_entered = life.entered.last().map(|at| *at + within);
            if is_idle && life.spent_at + attention <= now {
                life.spent = 0;
            }
            spent = (life.spent > 0).then_some(life.spent_at + attention);
        }
        let next = last_event
            .into_iter()
            .chain(last_entered)
            .chain(spent)
            .min();
        next.map(|next| next.max(now + Duration::from_millis(1)))
    }
}
