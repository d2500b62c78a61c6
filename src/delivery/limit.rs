//! A rate with a burst, kept exactly.

use crate::model::{Rate, Time};

/// A token bucket: holds at most `burst` tokens and gains one per interval.
///
/// Over any span, the number of takes is at most burst + span / interval. Kept as the moment at which
/// the bucket will be full again (the generic cell rate algorithm), in whole microseconds: nothing
/// drifts, and nothing has to be topped up.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    interval_us: i64,
    burst: u32,
    full_at_us: i64,
}

impl Limit {
    /// A full bucket.
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            interval_us: interval_us(rate),
            burst: rate.burst(),
            // Far enough in the past, and far enough from overflow.
            full_at_us: i64::MIN / 4,
        }
    }

    /// The first moment at which it holds so many tokens; more than the burst count as the burst.
    pub(super) fn ready_at(&self, tokens: u32) -> Time {
        let lacking = i64::from(self.burst.saturating_sub(tokens));
        let at_us = self.full_at_us - lacking * self.interval_us;
        Time::from_ms((at_us + 999).div_euclid(1_000))
    }

    /// Takes a token; the caller has seen that it is there.
    pub(super) fn take(&mut self, now: Time) {
        self.full_at_us = self.full_at_us.max(us(now)) + self.interval_us;
    }

    /// Undoes a take.
    pub(super) fn give_back(&mut self) {
        self.full_at_us -= self.interval_us;
    }

    /// Counts a take of the past. A history that broke this limit leaves the bucket empty, not in debt.
    pub(super) fn restore(&mut self, at: Time) {
        let empty = us(at) + i64::from(self.burst) * self.interval_us;
        let taken = self.full_at_us.max(us(at)) + self.interval_us;
        self.full_at_us = taken.min(empty.max(self.full_at_us));
    }

    /// Goes over to another rate; the tokens that were taken stay taken.
    /// `share` of `whole` is used of it.
    pub(super) fn retune(&mut self, now: Time, rate: Rate, share: u32, whole: u32) {
        let wait_us = (self.full_at_us - us(now)).max(0);
        let (share, whole) = (u64::from(share.max(1)), u64::from(whole.max(1)));
        let interval_us =
            i64::try_from(u128::from(rate.interval_us()) * u128::from(whole) / u128::from(share))
                .unwrap_or(i64::MAX / 4);
        let burst = u64::from(rate.burst()) * share / whole;
        let burst = u32::try_from(burst).unwrap_or(u32::MAX).max(1);
        if wait_us > 0 {
            let scaled = i128::from(wait_us) * i128::from(interval_us);
            let scaled = (scaled + i128::from(self.interval_us) - 1) / i128::from(self.interval_us);
            let empty = i128::from(burst) * i128::from(interval_us);
            self.full_at_us = us(now) + i64::try_from(scaled.min(empty)).unwrap_or(i64::MAX / 4);
        }
        self.interval_us = interval_us;
        self.burst = burst;
    }
}

fn us(at: Time) -> i64 {
    at.as_ms() * 1_000
}

fn interval_us(rate: Rate) -> i64 {
    i64::try_from(rate.interval_us()).unwrap_or(i64::MAX / 4)
}
