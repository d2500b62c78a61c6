//! Meta's two limits on sending, as arithmetic on a clock that is handed in.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// What one message to one phone costs.
const PAIR_SPAN: Duration = Duration::from_secs(6);
/// Messages within one such span, the borrowed ones included.
const PAIR_BURST: u32 = 45;
/// Phones to remember before the idle ones are forgotten.
const PURGE_AT: usize = 10_000;

/// One message in 6 s from a number to a phone. A burst of up to 45 within 6 s is allowed but
/// borrowed: nothing more until the time that it would have taken has passed (20 at once: 2 minutes).
#[derive(Debug, Default)]
pub struct PairLimit(HashMap<String, Burst>);

#[derive(Debug, Clone, Copy)]
struct Burst {
    since: Instant,
    sent: u32,
}

impl Burst {
    fn paid_back(self, now: Instant) -> bool {
        now >= self.since + PAIR_SPAN * self.sent
    }
}

impl PairLimit {
    /// Whether a message to `phone` (digits) may go; counts it if so.
    pub fn admit(&mut self, now: Instant, phone: &str) -> bool {
        if let Some(burst) = self.0.get_mut(phone) {
            if burst.paid_back(now) {
                *burst = Burst {
                    since: now,
                    sent: 1,
                };
            } else if now < burst.since + PAIR_SPAN && burst.sent < PAIR_BURST {
                burst.sent += 1;
            } else {
                return false;
            }
            return true;
        }
        if self.0.len() >= PURGE_AT {
            self.0.retain(|_, burst| !burst.paid_back(now));
        }
        self.0.insert(
            phone.to_owned(),
            Burst {
                since: now,
                sent: 1,
            },
        );
        true
    }
}

/// So many messages a second from the business number, and as many at once after a quiet second.
#[derive(Debug)]
pub struct Throughput {
    gap: Duration,
    /// When the messages counted so far would have ended at an even pace.
    even: Option<Instant>,
}

impl Throughput {
    /// `per_second` is at least 1.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        Self {
            gap: Duration::from_secs(1) / per_second.max(1),
            even: None,
        }
    }

    /// Whether a message may go; counts it if so.
    pub fn admit(&mut self, now: Instant) -> bool {
        let even = self.even.map_or(now, |even| even.max(now)) + self.gap;
        let fits = even <= now + Duration::from_secs(1);
        if fits {
            self.even = Some(even);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `tries` at once go through, `at_s` seconds after `start`.
    fn burst(limit: &mut PairLimit, start: Instant, at_s: u64, tries: usize) -> usize {
        let now = start + Duration::from_secs(at_s);
        (0..tries)
            .filter(|_| limit.admit(now, "34600111222"))
            .count()
    }

    #[test]
    fn one_in_six_seconds_goes_on_for_ever() {
        let (mut limit, start) = (PairLimit::default(), Instant::now());
        for n in 0..1000 {
            assert_eq!(burst(&mut limit, start, 6 * n, 1), 1, "message {n}");
        }
    }

    #[test]
    fn twenty_at_once_are_paid_back_in_two_minutes() {
        let (mut limit, start) = (PairLimit::default(), Instant::now());
        assert_eq!(burst(&mut limit, start, 0, 20), 20);
        assert_eq!(burst(&mut limit, start, 6, 1), 0);
        assert_eq!(burst(&mut limit, start, 119, 1), 0);
        assert_eq!(burst(&mut limit, start, 120, 1), 1);
    }

    #[test]
    fn forty_five_is_the_most_that_can_be_borrowed() {
        let (mut limit, start) = (PairLimit::default(), Instant::now());
        assert_eq!(burst(&mut limit, start, 0, 100), 45);
        assert_eq!(burst(&mut limit, start, 5, 1), 0);
    }

    #[test]
    fn pairs_do_not_share_a_limit() {
        let (mut limit, now) = (PairLimit::default(), Instant::now());
        assert_eq!(burst(&mut limit, now, 0, 100), 45);
        assert!(limit.admit(now, "34600111223"));
    }

    #[test]
    fn throughput_allows_a_seconds_worth_at_once_and_then_the_pace() {
        let (mut limit, start) = (Throughput::new(10), Instant::now());
        let mut go = |at_ms| limit.admit(start + Duration::from_millis(at_ms));
        assert_eq!((0..50).filter(|_| go(0)).count(), 10);
        assert!(!go(99));
        assert!(go(100));
        assert!(!go(150));
        assert_eq!((0..50).filter(|_| go(1100)).count(), 10);
    }
}
