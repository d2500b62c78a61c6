//! A point in time, as the pure code sees it: an argument.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
///
/// Engine time and display time share this type; who hands the value in decides which it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct Time(i64);

impl Time {
    /// The largest span that arithmetic on `Time` keeps exact; longer ones saturate.
    const MAX_MS: i64 = 253_402_207_200_000; // 9999-12-30, what jiff can print in any zone
    const MIN_MS: i64 = -62_135_510_400_000; // 0001-01-02

    /// A time from milliseconds since the epoch, kept inside the years 1 to 9999.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        if ms > Self::MAX_MS {
            Self(Self::MAX_MS)
        } else if ms < Self::MIN_MS {
            Self(Self::MIN_MS)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// The span since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The same instant for calendars and display.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self::from_ms(at.as_millisecond())
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self::from_ms(self.0.saturating_add(span_ms(span)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self::from_ms(self.0.saturating_sub(span_ms(span)))
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

fn span_ms(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
