//! The one clock of the shell.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::Time;

/// A step of the wall clock below this is drift, not a jump.
const JUMP: Duration = Duration::from_secs(2);

/// Engine time and wall time. Cheap to clone; clones share their state.
///
/// Engine time is the wall clock at start, carried on by the monotonic clock: it never goes
/// backwards and does not follow the wall, except that [`Clock::advance`] takes in a jump forward.
#[derive(Debug, Clone)]
pub struct Clock {
    base_ms: Arc<AtomicI64>,
    start: Instant,
    wall: Wall,
    /// How far a virtual wall clock is set ahead of where engine time began.
    set_ms: Arc<AtomicI64>,
}

#[derive(Debug, Clone, Copy)]
enum Wall {
    /// The system's.
    System,
    /// Engine time as tokio's paused clock moves it, and what a test set the wall clock ahead by.
    Virtual,
}

impl Clock {
    /// The system's clocks.
    #[must_use]
    pub fn system() -> Self {
        Self::starting(Timestamp::now().into(), Wall::System)
    }

    /// A clock that starts at `at` and is moved by tokio's time alone.
    #[must_use]
    pub fn virtual_from(at: Time) -> Self {
        Self::starting(at, Wall::Virtual)
    }

    fn starting(at: Time, wall: Wall) -> Self {
        Self {
            base_ms: Arc::new(AtomicI64::new(at.as_ms())),
            start: Instant::now(),
            wall,
            set_ms: Arc::new(AtomicI64::new(at.as_ms())),
        }
    }

    /// Engine time.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::from_ms(self.base_ms.load(Ordering::Relaxed)) + self.start.elapsed()
    }

    /// Wall time, for calendars and display.
    #[must_use]
    pub fn wall(&self) -> Time {
        match self.wall {
            Wall::System => Timestamp::now().into(),
            Wall::Virtual => {
                Time::from_ms(self.set_ms.load(Ordering::Relaxed)) + self.start.elapsed()
            }
        }
    }

    /// Goes on from `saved` if that is later: engine time never goes backwards over a restart.
    pub fn resume(&self, saved: Time) {
        let now = self.now();
        if saved > now {
            self.base_ms
                .fetch_add(saved.as_ms() - now.as_ms(), Ordering::Relaxed);
        }
    }

    /// How far the wall clock is ahead of engine time, when that is more than drift: it jumped
    /// forward. [`Clock::advance`] takes the jump in.
    #[must_use]
    pub fn jumped(&self) -> Option<Duration> {
        let ahead = self.wall().since(self.now());
        (ahead >= JUMP).then_some(ahead)
    }

    /// Moves engine time forward. Whoever keeps waits in it must move them in the same breath.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.base_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Sets a virtual wall clock forward or back, as a person or a time server does to a real one.
    pub fn set_wall(&self, by_ms: i64) {
        self.set_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// The moment at which engine time will be `at`.
    #[must_use]
    pub fn instant(&self, at: Time) -> Instant {
        Instant::now() + at.since(self.now())
    }
}
