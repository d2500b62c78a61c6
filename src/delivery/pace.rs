//! The number's throughput, which gives way when Meta says that it is too much.

use std::time::Duration;

use crate::model::{Failure, Retry, Scope};

use super::dispatcher::Dispatcher;
use super::timers::Due;

/// The configured throughput, in thousandths.
const FULL: u32 = 1_000;
/// It never falls below this.
const LEAST: u32 = 10;
/// It comes back by so much …
const STEP: u32 = 100;
/// … each time this has passed.
const EVERY: Duration = Duration::from_secs(60);

/// How much of the configured throughput is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    share: u32,
    timer: Option<crate::model::Time>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            share: FULL,
            timer: None,
        }
    }
}

impl Dispatcher {
    /// How much of the configured throughput is used, in percent: less than 100 after Meta said that it
    /// was too much (130429). It halves each time, and comes back by 10 a minute.
    #[must_use]
    pub const fn pace(&self) -> u32 {
        self.pace.share.div_ceil(FULL / 100)
    }

    /// Meta refused a message, and that is not yet known of this moment.
    pub(super) fn slow_down(&mut self, failure: &Failure) {
        let by_meta = failure.status.is_some() || failure.code.is_some();
        let class = failure.class;
        if !by_meta || class.scope != Scope::Number || class.retry != Retry::Backoff {
            return;
        }
        self.set_pace((self.pace.share / 2).max(LEAST));
    }

    /// A minute has passed.
    pub(super) fn speed_up(&mut self) {
        self.pace.timer = None;
        self.set_pace((self.pace.share + STEP).min(FULL));
    }

    /// Puts the throughput of the settings in force, at the pace of this moment.
    pub(super) fn retune(&mut self) {
        let now = self.timeline.now();
        self.throughput
            .retune(now, self.settings.throughput, self.pace.share, FULL);
    }

    fn set_pace(&mut self, share: u32) {
        self.pace.share = share;
        self.retune();
        if let Some(at) = self.pace.timer.take() {
            self.timers.clear(at, Due::Pace);
        }
        if share < FULL {
            let at = self.timeline.now() + EVERY;
            self.pace.timer = Some(at);
            self.timers.set(at, Due::Pace);
        }
    }
}
