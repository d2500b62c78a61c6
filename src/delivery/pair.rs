//! One phone number: its limit, and what Meta says of it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::{Rate, Time};

use super::loan::Loan;
use super::retry;
use super::settings::Storm;
use super::slab::LaneNo;

/// One phone number. Meta limits the pair of business number and phone, so contacts that share a phone
/// share this.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) limit: Loan,
    /// The contacts of that phone.
    pub(super) lanes: Vec<LaneNo>,
    /// The last messages to it, as many as make a storm.
    recent: VecDeque<Time>,
    day: Day,
    /// Refusals in a row.
    refusals: u32,
    /// The first of them.
    since: Time,
    until: Time,
    reason: String,
}

/// The messages of a day.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    /// The first of them; `None` before that.
    since: Option<Time>,
    sent: u32,
    told: bool,
}

const DAY: Duration = Duration::from_secs(86_400);

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
            limit: Loan::new(rate),
            lanes: Vec::new(),
            recent: VecDeque::new(),
            day: Day::default(),
            refusals: 0,
            since: Time::default(),
            until: Time::from_ms(i64::MIN),
            reason: String::new(),
        }
    }

    /// Takes a token for a message.
    pub(super) fn take(&mut self, now: Time, storm: Option<Storm>) {
        self.limit.take(now);
        self.note(now, storm);
    }

    /// Counts a message of the past.
    pub(super) fn restore(&mut self, at: Time, storm: Option<Storm>) {
        self.limit.restore(at);
        self.note(at, storm);
    }

    /// Undoes a take.
    pub(super) fn give_back(&mut self) {
        self.limit.give_back();
        self.recent.pop_back();
        self.day.sent = self.day.sent.saturating_sub(1);
    }

    fn note(&mut self, at: Time, storm: Option<Storm>) {
        let most = storm.map_or(0, |storm| storm.after.min(Storm::MAX_AFTER)) as usize;
        self.recent.push_back(at);
        while self.recent.len() > most {
            self.recent.pop_front();
        }
        if self.day.since.is_none_or(|since| since + DAY <= at) {
            self.day = Day {
                since: Some(at),
                ..Day::default()
            };
        }
        self.day.sent = self.day.sent.saturating_add(1);
    }

    /// How many messages went to it since when, when that is more than `most` and was not told yet.
    pub(super) fn overdone(&mut self, most: Option<u32>) -> Option<(u32, Time)> {
        let since = self.day.since?;
        let is_news = !self.day.told && most.is_some_and(|most| self.day.sent > most);
        is_news.then(|| {
            self.day.told = true;
            (self.day.sent, since)
        })
    }

    /// Whether so many messages went to it that more would be a storm; the last of them.
    pub(super) fn crowded(&self, now: Time, storm: Storm) -> Option<Time> {
        let after = storm.after.clamp(1, Storm::MAX_AFTER) as usize;
        let first = self.recent.len().checked_sub(after)?;
        let within = self.recent.get(first)? > &(now - storm.within);
        self.recent.back().copied().filter(|_| within)
    }

    /// When a message may go, from `at` on: the last of a burst is kept for what is urgent.
    pub(super) fn ready_at(&self, at: Time, urgent: bool) -> Time {
        let kept = u32::from(!urgent && self.limit.burst() > 1);
        self.limit.ready_at(at.max(self.until), kept)
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
    pub(super) fn accepted(&mut self, now: Time) {
        self.limit.accepted(now);
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
        self.lanes.is_empty() && self.until <= now && self.limit.is_paid(now)
    }
}
