//! When buckets do something by themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::Time;

use super::bucket::BucketNo;

/// A bucket that is due: by time, then by rule in the order of the config, then by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    /// In steady time.
    pub(super) at: Time,
    pub(super) track: u32,
    pub(super) key: Arc<str>,
    pub(super) bucket: BucketNo,
}

/// Buckets that are due, one timer each.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers(BTreeSet<Timer>);

impl Timers {
    pub(super) fn set(&mut self, timer: Timer) {
        self.0.insert(timer);
    }

    pub(super) fn clear(&mut self, timer: &Timer) {
        self.0.remove(timer);
    }

    pub(super) fn next(&self) -> Option<Time> {
        self.0.first().map(|timer| timer.at)
    }

    pub(super) fn pop(&mut self) -> Option<Timer> {
        self.0.pop_first()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Timer> {
        self.0.iter()
    }

    pub(super) fn reset(&mut self) {
        self.0.clear();
    }
}
