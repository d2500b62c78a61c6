//! Which alarms a message speaks of when its rule names them: those of the bucket that a filter takes,
//! and those that came around the trigger.

use std::collections::{BTreeMap, BTreeSet};

use super::bucket::Bucket;
use super::life::Phase;
use super::rule::Rule;
use super::step::Engine;
use super::view::{self, Picture};
use super::window::Gathering;

impl Engine {
    /// The base alarms of a bucket that triggers; the bucket's own when there are none.
    pub(super) fn base_picture(
        &self,
        n: usize,
        rule: &Rule,
        bucket: &Bucket,
        own: Vec<Gathering>,
    ) -> Option<Picture> {
        let base = rule.base_alarms.as_ref()?;
        let track = &self.tracks[n];
        let filter = base.filter.as_ref().or(rule.filter.as_ref());
        let mut events: BTreeMap<u64, Gathering> = own
            .iter()
            .filter(|event| filter.is_none_or(|filter| filter.matches(&event.record.unpack())))
            .map(|event| (event.order, event.clone()))
            .collect();
        let life = bucket.life.as_ref();
        let triggered = match bucket.phase() {
            Phase::Around { at, .. } => at,
            Phase::Idle
            | Phase::Waiting { .. }
            | Phase::Collecting { .. }
            | Phase::Raised
            | Phase::Clearing { .. } => life.and_then(|life| life.triggered).unwrap_or(self.now),
        };
        let from = triggered - base.around;
        for event in track.nearby.between(from, triggered + base.around) {
            events.insert(event.order, event.clone());
        }
        let mut chosen: Vec<Gathering> = events.into_values().collect();
        if !rule.single_events {
            keep_last_of_each(&mut chosen);
        }
        if chosen.is_empty() {
            chosen = own;
        }
        let (alarm, mut view) = view::of_events(bucket, &chosen)?;
        if !rule.single_events {
            view.since = bucket.life.as_ref().map(|life| life.since);
        }
        Some((alarm, view))
    }

    /// What the bucket holds, as events.
    pub(super) fn own(&self, bucket: &Bucket) -> Vec<Gathering> {
        if let Some(gathered) = &bucket.gathered {
            return gathered.events.iter().cloned().collect();
        }
        bucket
            .members
            .worst_first()
            .filter_map(|no| self.trees.get(no))
            .map(|tree| Gathering {
                at: tree.seen,
                order: tree.order,
                record: tree.record.clone(),
            })
            .collect()
    }
}

/// Records of one alarm replace each other.
fn keep_last_of_each(events: &mut Vec<Gathering>) {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Gathering> = events
        .drain(..)
        .rev()
        .filter(|event| seen.insert(event.record.unpack().tree()))
        .collect();
    kept.reverse();
    *events = kept;
}
