//! "80/s", "1/6s, burst 3".

use std::fmt;
use std::time::Duration;

/// So many per span, and how many at once after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    count: u32,
    per: Duration,
    burst: u32,
}

/// Why a text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RateFault {
    /// Not of the form.
    #[error("expected a rate such as \"80/s\" or \"1/6s, burst 3\"")]
    Form,
    /// A zero.
    #[error("a rate and its burst are at least 1, its span at least 1ms")]
    Zero,
    /// Beyond what a limiter can keep exact.
    #[error("a rate is at most 1000000 in a span of at most a day")]
    TooLarge,
}

impl Rate {
    const MAX_COUNT: u32 = 1_000_000;
    const MAX_PER: Duration = Duration::from_secs(86_400);

    /// `count` in every `per`, at most `burst` at once.
    ///
    /// # Errors
    /// A zero, or more than a million in a span of a day.
    pub fn new(count: u32, per: Duration, burst: u32) -> Result<Self, RateFault> {
        if count == 0 || burst == 0 || per < Duration::from_millis(1) {
            Err(RateFault::Zero)
        } else if count > Self::MAX_COUNT || burst > Self::MAX_COUNT || per > Self::MAX_PER {
            Err(RateFault::TooLarge)
        } else {
            Ok(Self { count, per, burst })
        }
    }

    /// Reads `"80/s"`, `"1/6s"`, `"600/h, burst 20"`. Without a burst it is the count.
    ///
    /// # Errors
    /// [`RateFault`] says what was expected.
    pub fn parse(text: &str) -> Result<Self, RateFault> {
        let (rate, burst) = match text.split_once(',') {
            Some((rate, burst)) => {
                let burst = burst.trim().strip_prefix("burst").ok_or(RateFault::Form)?;
                (rate, Some(number(burst.trim())?))
            }
            None => (text, None),
        };
        let (count, span) = rate.split_once('/').ok_or(RateFault::Form)?;
        let count = number(count.trim())?;
        let span = span.trim();
        let digits = span.bytes().take_while(u8::is_ascii_digit).count();
        let amount = if digits == 0 {
            1
        } else {
            number(&span[..digits])?
        };
        let unit_ms: u64 = match span[digits..].trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(RateFault::Form),
        };
        let per = Duration::from_millis(unit_ms.saturating_mul(u64::from(amount)));
        Self::new(count, per, burst.unwrap_or(count))
    }

    /// The span that one takes, in microseconds; at least 1.
    #[must_use]
    pub fn interval_us(self) -> u64 {
        let us = self.per.as_micros() / u128::from(self.count);
        u64::try_from(us).unwrap_or(u64::MAX).max(1)
    }

    /// How many may go at once after a pause.
    #[must_use]
    pub const fn burst(self) -> u32 {
        self.burst
    }
}

fn number(text: &str) -> Result<u32, RateFault> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(RateFault::Form);
    }
    text.parse().map_err(|_| RateFault::TooLarge)
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.per.as_millis();
        match ms {
            1_000 => write!(f, "{}/s", self.count)?,
            _ if ms.is_multiple_of(1_000) => write!(f, "{}/{}s", self.count, ms / 1_000)?,
            _ => write!(f, "{}/{ms}ms", self.count)?,
        }
        if self.burst != self.count {
            write!(f, ", burst {}", self.burst)?;
        }
        Ok(())
    }
}
