//! What a bucket needs besides its life: its timer, its row, its place among the rest, and what it
//! forgets.

use std::sync::Arc;
use std::time::Duration;

use super::bucket::{Bucket, BucketNo};
use super::life::Phase;
use super::rule::{Rule, Trigger};
use super::step::{Engine, Step};
use super::timers::Timer;

/// Buckets of one rule that are looked at in one step, to see whether they can go.
const MAX_TIDIED: usize = 64;

/// Buckets of one rule beyond its limit that hold nothing, but know what they spent.
const MAX_MEMORIES: usize = 1_000;

impl Engine {
    /// Sets the timer of a bucket to when it is due.
    pub(super) fn schedule(&mut self, n: usize, rule: &Rule, no: BucketNo) {
        let track = &mut self.tracks[n];
        let Some(bucket) = track.get_mut(no) else {
            return;
        };
        let due = if rule.single_events {
            bucket.events_due(rule)
        } else {
            let life = bucket.life.as_ref();
            life.and_then(|life| life.due(rule))
        };
        let before = std::mem::replace(&mut bucket.timer, due);
        if before == due {
            return;
        }
        let timer = |at| Timer {
            at,
            track: u32::try_from(n).unwrap_or(u32::MAX),
            key: Arc::clone(&bucket.key),
            bucket: no,
        };
        if let Some(at) = before {
            self.timers.clear(&timer(at));
        }
        if let Some(at) = due {
            self.timers.set(timer(at));
        }
    }

    /// The row of this bucket changes with the step under way.
    pub(super) fn touch(&mut self, n: usize, no: BucketNo) {
        if let Some(bucket) = self.tracks[n].get_mut(no)
            && !std::mem::replace(&mut bucket.touched, true)
        {
            self.touched.push((n, no));
        }
    }

    /// A bucket that only remembers is dropped when that is too old to matter.
    pub(super) fn watch_memory(&mut self, n: usize, rule: &Rule, no: BucketNo) {
        let Some(span) = memory(rule) else { return };
        let steady = self.clock.steady(self.now);
        let track = &mut self.tracks[n];
        if let Some(bucket) = track.get_mut(no)
            && !std::mem::replace(&mut bucket.watched, true)
        {
            track.look_again(no, steady + span);
        }
    }

    /// Drops every bucket of a rule that need not be there; whether there is room for one more.
    pub(super) fn make_room(&mut self, n: usize, rule: &Rule, limit: usize) -> bool {
        let steady = self.clock.steady(self.now);
        let track = &mut self.tracks[n];
        for (_, no) in self.touched.iter().filter(|(of, _)| *of == n) {
            let is_blank = |bucket: &Bucket| bucket.is_blank() && bucket.timer.is_none();
            if track.get(*no).is_some_and(is_blank)
                && let Some(bucket) = track.close(*no)
                && bucket.stored
            {
                self.gone.push(track.deletion(&bucket.key));
            }
        }
        if memory(rule).is_some() {
            let most = track.len().saturating_mul(2);
            track.tidy(rule, steady, most, &mut self.gone);
        }
        track.len() < limit
            || (track.len() < 2 * limit + MAX_MEMORIES && track.count_present() < limit)
    }

    /// Lets go of what is too old to matter, a bounded part of it.
    pub(super) fn tidy(&mut self, step: &mut Step) {
        let steady = self.clock.steady(self.now);
        self.history.tidy(steady, &mut step.rows);
        let ruleset = Arc::clone(&self.ruleset);
        for (track, rule) in self.tracks.iter_mut().zip(&ruleset.rules) {
            if memory(rule).is_some() {
                track.tidy(rule, steady, MAX_TIDIED, &mut step.rows);
            }
        }
    }

    /// Events that a bucket in wait will speak of stay until then.
    pub(super) fn keep_gathered(&mut self, n: usize, no: BucketNo) {
        let Some(bucket) = self.tracks[n].get(no) else {
            return;
        };
        if let (Phase::Around { until, .. }, Some(gathered)) = (bucket.phase(), &bucket.gathered) {
            for event in &gathered.events {
                self.history
                    .keep(event.order, until + Duration::from_millis(1));
            }
        }
    }
}

/// After how long to see what a bucket of this rule can forget.
pub(super) fn memory(rule: &Rule) -> Option<Duration> {
    match rule.trigger {
        Trigger::Times { within, .. } => Some(within),
        Trigger::Immediate | Trigger::Persist(_) | Trigger::Collect(_) => rule.attention(),
    }
}
