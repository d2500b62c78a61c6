//! How long to wait before trying again. `jitter` is a random number from 0 to 1, drawn by the caller.

use std::time::Duration;

/// Attempts of a message when the fault may be ours.
pub(super) const FEW_ATTEMPTS: u8 = 3;
/// Lost answers to a message before it fails.
pub(super) const MAX_UNKNOWNS: u8 = 3;
/// The longest wait that Meta can ask for, and so the longest of all.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(3_600);
/// A probe that has not been answered for so long is asked for again.
pub(super) const PROBE_LOST: Duration = Duration::from_secs(120);

const BACKOFF_FLOOR: Duration = Duration::from_millis(50);
const BACKOFF_BASE: Duration = Duration::from_secs(1);
const BACKOFF_CAP: Duration = Duration::from_secs(300);
const SLOW_BASE: Duration = Duration::from_secs(60);
const SLOW_CAP: Duration = Duration::from_secs(900);
/// 4^5 s, 17 minutes.
const PAIR_MAX_POWER: u32 = 5;
const PROBE_BASE: Duration = Duration::from_secs(5);
const PROBE_CAP: Duration = Duration::from_secs(300);

/// Full jitter: anything up to 1 s doubled `n` times, at most 5 minutes, at least 50 ms.
pub(super) fn backoff(n: u32, jitter: f64) -> Duration {
    doubled(BACKOFF_BASE, n, BACKOFF_CAP)
        .mul_f64(unit(jitter))
        .max(BACKOFF_FLOOR)
}

/// A minute doubled `n` times and up to a quarter more, at most 15 minutes.
pub(super) fn slow(n: u32, jitter: f64) -> Duration {
    quarter_more(doubled(SLOW_BASE, n, SLOW_CAP), jitter).min(SLOW_CAP)
}

/// 4^n seconds and up to a quarter more, never less: Meta's advice for 131056
/// (`business-messaging/whatsapp/about-the-platform`). At most 17 minutes and that quarter.
pub(super) fn pair(n: u32, jitter: f64) -> Duration {
    let wait = Duration::from_secs(4_u64.pow(n.min(PAIR_MAX_POWER)));
    quarter_more(wait, jitter)
}

/// 5 s doubled `n` times and up to a quarter more, at most 5 minutes.
pub(super) fn probe(n: u32, jitter: f64) -> Duration {
    quarter_more(doubled(PROBE_BASE, n, PROBE_CAP), jitter).min(PROBE_CAP)
}

/// What Meta asked for, within bounds.
pub(super) fn asked(retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_default().min(MAX_WAIT)
}

fn doubled(base: Duration, n: u32, cap: Duration) -> Duration {
    base.saturating_mul(1 << n.min(16)).min(cap)
}

fn quarter_more(wait: Duration, jitter: f64) -> Duration {
    wait + (wait / 4).mul_f64(unit(jitter))
}

/// A jitter that is not a number from 0 to 1 must not become a panic or a century.
fn unit(jitter: f64) -> f64 {
    if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        1.0
    }
}
