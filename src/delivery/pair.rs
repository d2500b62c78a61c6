//! One phone number: its limit, and what Meta says of it.

use std::time::Duration;

use crate::model::{Rate, Time};

use super::limit::Limit;
use super::retry;
use super::slab::LaneNo;

/// One phone number. Meta limits the pair of business number and phone, so contacts that share a phone
/// share this.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) limit: Limit,
    /// The contacts of that phone.
    pub(super) lanes: Vec<LaneNo>,
    /// Refusals in a row.
    refusals: u32,
    /// The first of them.
    since: Time,
    until: Time,
    reason: String,
}

/// A pause that Meta's pair limit asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pause<'a> {
    pub(super) since: Time,
    pub(super) until: Time,
    pub(super) reason: &'a str,
}

impl Pair {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            limit: Limit::new(rate),
            lanes: Vec::new(),
            refusals: 0,
            since: Time::default(),
            until: Time::from_ms(i64::MIN),
            reason: String::new(),
        }
    }

    /// When a message may go: the last token of a burst is kept for what is urgent.
    pub(super) fn ready_at(&self, urgent: bool) -> Time {
        let needed = if urgent || self.limit.burst() < 2 {
            1
        } else {
            2
        };
        self.limit.ready_at(needed).max(self.until)
    }

    /// Meta refused a message for its pair limit: pauses, and says until when. A refusal during the
    /// pause was under way before it and does not lengthen the next one.
    pub(super) fn refused(
        &mut self,
        now: Time,
        asked: Duration,
        jitter: f64,
        reason: String,
    ) -> Time {
        if self.until > now {
            self.until = self.until.max(now + asked);
        } else {
            if self.refusals == 0 {
                self.since = now;
            }
            self.until = now + retry::pair(self.refusals, jitter).max(asked);
            self.refusals = self.refusals.saturating_add(1);
        }
        self.reason = reason;
        self.until
    }

    /// Meta took a message.
    pub(super) fn accepted(&mut self) {
        self.refusals = 0;
    }

    pub(super) fn pause(&self, now: Time) -> Option<Pause<'_>> {
        (self.until > now).then_some(Pause {
            since: self.since,
            until: self.until,
            reason: &self.reason,
        })
    }

    /// Whether forgetting it would change nothing.
    pub(super) fn is_idle(&self, now: Time) -> bool {
        self.lanes.is_empty() && self.until <= now && self.limit.is_full(now)
    }
}
