//! What Meta lends to one phone, and when it is paid back.

use std::time::Duration;

use crate::model::{Rate, Time};

/// Meta's pair limit: one message per interval, and within one interval a burst, which is borrowed. The
/// time that the burst would have taken is waited out in full, with nothing sent, before the next one:
/// three at once at one in 6 s mean 18 s (`business-messaging/whatsapp/about-the-platform`).
///
/// So no more than burst + span / interval go over any span, and none is refused. In whole microseconds:
/// nothing drifts.
#[derive(Debug, Clone)]
pub(super) struct Loan {
    interval_us: i64,
    burst: u32,
    /// When the first message of the burst was claimed: Meta has seen it at this moment or later.
    since_us: i64,
    /// When it was answered, where it was: Meta has seen it by then.
    seen_us: i64,
    is_answered: bool,
    sent: u32,
}

impl Loan {
    /// Nothing is owed.
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            interval_us: interval_us(rate),
            burst: rate.burst(),
            // Far enough in the past, and far enough from overflow.
            since_us: i64::MIN / 4,
            seen_us: i64::MIN / 4,
            is_answered: false,
            sent: 0,
        }
    }

    /// The first moment from `at` on at which a message may go that leaves `kept` of the burst to others.
    pub(super) fn ready_at(&self, at: Time, kept: u32) -> Time {
        let most = self.burst.saturating_sub(kept).max(1);
        // One message is paid back in the time in which Meta lends: a second one always goes.
        let lends = self.sent < 2 || us(at) < self.lent_until_us();
        if lends && self.sent < most {
            return at;
        }
        at.max(ceil(self.paid_at_us()))
    }

    /// Until when it lends at this moment, where nothing more goes for a while after that.
    pub(super) fn lent_until(&self, now: Time) -> Option<Time> {
        let until = ceil(self.lent_until_us());
        let pauses = self.sent > 1 && now < until && until < ceil(self.paid_at_us());
        pauses.then_some(until)
    }

    /// A message goes; the caller has seen that it may.
    pub(super) fn take(&mut self, now: Time) {
        if self.is_paid(now) {
            self.since_us = us(now);
            self.seen_us = us(now);
            self.is_answered = false;
            self.sent = 0;
        }
        self.sent = self.sent.saturating_add(1);
    }

    /// Undoes a take.
    pub(super) fn give_back(&mut self) {
        self.sent = self.sent.saturating_sub(1);
    }

    /// Meta took a message. Its clock began with the first of the burst, at the latest at this moment.
    pub(super) fn accepted(&mut self, now: Time) {
        if !self.is_answered {
            self.is_answered = true;
            self.seen_us = self.seen_us.max(us(now));
        }
    }

    /// Counts a message of the past. A history that broke this limit owes no more than a burst.
    pub(super) fn restore(&mut self, at: Time) {
        self.take(at);
        self.sent = self.sent.min(self.burst);
    }

    /// Goes over to another rate; what was borrowed is paid back at that.
    pub(super) fn retune(&mut self, rate: Rate) {
        self.interval_us = interval_us(rate);
        self.burst = rate.burst();
    }

    /// How long so many take when nothing is left of the burst.
    pub(super) fn takes(&self, count: usize) -> Duration {
        let us = u64::try_from(self.interval_us).unwrap_or(0);
        Duration::from_micros(us.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX)))
    }

    /// How many may go at once after a pause.
    pub(super) const fn burst(&self) -> u32 {
        self.burst
    }

    /// Whether nothing is owed.
    pub(super) fn is_paid(&self, now: Time) -> bool {
        self.paid_at_us() <= us(now)
    }

    fn paid_at_us(&self) -> i64 {
        self.seen_us + i64::from(self.sent).saturating_mul(self.interval_us)
    }

    /// A little less than the interval: the way to Meta takes longer for one than for another.
    fn lent_until_us(&self) -> i64 {
        self.since_us + self.interval_us - self.interval_us / 8
    }
}

fn us(at: Time) -> i64 {
    at.as_ms() * 1_000
}

fn ceil(at_us: i64) -> Time {
    Time::from_ms((at_us + 999).div_euclid(1_000))
}

fn interval_us(rate: Rate) -> i64 {
    // A rate has at most a day and a million in its burst: both together are still a number.
    i64::try_from(rate.interval_us()).unwrap_or(i64::MAX / 4)
}
