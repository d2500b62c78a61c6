//! The dispatcher's own time, which only flows forward and knows no jumps.

use std::time::Duration;

use crate::model::Time;

/// The dispatcher's own time. A jump of the outer clock is kept as the distance between the two, so
/// that every wait moves with it at once.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    now: Time,
    skew: Duration,
}

impl Timeline {
    pub(super) const fn new(now: Time) -> Self {
        Self {
            now,
            skew: Duration::ZERO,
        }
    }

    /// The latest moment that was told.
    pub(super) const fn now(&self) -> Time {
        self.now
    }

    /// Takes a moment of the outer clock; one before the latest counts as the latest.
    pub(super) fn tick(&mut self, outer: Time) -> Time {
        self.now = self.now.max(self.inner(outer));
        self.now
    }

    /// The outer clock jumped forward.
    pub(super) fn jump(&mut self, by: Duration) {
        self.skew = self.skew.saturating_add(by);
    }

    pub(super) fn inner(&self, outer: Time) -> Time {
        outer - self.skew
    }

    pub(super) fn outer(&self, inner: Time) -> Time {
        inner + self.skew
    }
}
