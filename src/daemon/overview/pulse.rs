//! The last hour in numbers, a minute each: what the meters counted meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Time;
use crate::pipeline::{Clock, Meters, Totals};
use crate::web::{Hour, MINUTES};

const MINUTE_MS: i64 = 60_000;

/// Minutes that "taken lately" looks back.
const LATELY: usize = 5;

/// The last hour. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::daemon) struct Pulse {
    ring: Arc<Mutex<Ring>>,
    meters: Meters,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Ring {
    /// The minute that is counted, since the epoch.
    minute: i64,
    /// The minutes up to it, the oldest first.
    minutes: VecDeque<Totals>,
    /// What was counted when it was last looked at.
    seen: Totals,
}

impl Pulse {
    pub(in crate::daemon) fn new(meters: Meters, clock: Clock) -> Self {
        Self {
            ring: Arc::default(),
            meters,
            clock,
        }
    }

    /// Puts what was counted since the last look to this minute. Looked at each second, so that what
    /// happened stands in the minute it happened in.
    pub(in crate::daemon) fn look(&self) {
        self.lock().look(self.clock.now(), self.meters.totals());
    }

    /// The last hour, up to this minute.
    pub(in crate::daemon) fn hour(&self) -> Hour {
        self.look();
        let ring = self.lock();
        let of = |part: fn(&Totals) -> u64| {
            let missing = MINUTES.saturating_sub(ring.minutes.len());
            let minutes = ring.minutes.iter().map(part);
            let minutes = minutes.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            std::iter::repeat_n(0, missing).chain(minutes).collect()
        };
        Hour {
            taken: of(|minute| minute.stored),
            accepted: of(|minute| minute.accepted),
            delivered: of(|minute| minute.delivered),
            failed: of(|minute| minute.failed),
        }
    }

    /// Records stored in the last five minutes.
    pub(in crate::daemon) fn taken_lately(hour: &Hour) -> u64 {
        let lately = hour.taken.iter().rev().take(LATELY);
        lately.copied().map(u64::from).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn look(&mut self, now: Time, totals: Totals) {
        let news = totals.since(self.seen);
        self.seen = totals;
        let minute = self.turn(now);
        *minute = minute.plus(news);
    }

    /// The minute of `now`; what is older than an hour is forgotten.
    fn turn(&mut self, now: Time) -> &mut Totals {
        let minute = now.as_ms().div_euclid(MINUTE_MS);
        if self.minutes.is_empty() {
            self.minute = minute;
        }
        let passed = usize::try_from(minute - self.minute).unwrap_or(0);
        let fresh = passed.max(usize::from(self.minutes.is_empty()));
        for _ in 0..fresh.min(MINUTES) {
            self.minutes.push_back(Totals::default());
        }
        while self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
        self.minute = self.minute.max(minute);
        let last = self.minutes.len().saturating_sub(1);
        &mut self.minutes[last]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_hour_has_sixty_minutes_and_forgets_the_one_before() {
        let mut ring = Ring::default();
        let at = |minute: i64| Time::from_ms(minute * MINUTE_MS);
        let stored = |stored| Totals {
            stored,
            ..Totals::default()
        };
        // Counters only go up: a minute has what came in it.
        ring.look(at(100), stored(1));
        ring.look(at(100), stored(2));
        ring.look(at(103), stored(7));
        let counts: Vec<u64> = ring.minutes.iter().map(|minute| minute.stored).collect();
        assert_eq!(counts, [2, 0, 0, 5]);
        ring.look(at(162), stored(14));
        assert_eq!(ring.minutes.len(), MINUTES);
        assert_eq!(ring.minutes.front().unwrap().stored, 5);
        assert_eq!(ring.minutes.back().unwrap().stored, 7);
        ring.look(at(100_000), stored(14));
        assert!(ring.minutes.iter().all(|minute| minute.stored == 0));
    }
}
