//! `[correlation]`: how long silence is believed, and what is bounded.

use std::time::Duration;

use crate::engine::Limits;

use super::keys;
use super::reader::Table;

const DAY: Duration = Duration::from_secs(86_400);

/// What the section says.
pub(super) struct Correlation {
    /// A tree that is silent for this long ends.
    pub(super) forget_after: Duration,
    /// Rules that a config may have.
    pub(super) max_rules: usize,
    pub(super) limits: Limits,
}

pub(super) fn read(file: &Table<'_>) -> Correlation {
    let table = file.table("correlation", &keys::CORRELATION);
    let number = |key: &str, most: u64, default: u64| {
        usize::try_from(table.number(key, 1..=most, default)).unwrap_or(usize::MAX)
    };
    Correlation {
        forget_after: table.duration(
            "forget_after",
            Duration::from_secs(3_600)..=3_650 * DAY,
            30 * DAY,
        ),
        max_rules: number("max_rules", 100_000, 1_000),
        limits: Limits {
            alarms: number("max_alarms", 10_000_000, 1_000_000),
            // As many as alarms: a rule that follows each alarm by itself has a bucket for each.
            buckets_per_rule: number("max_buckets_per_rule", 10_000_000, 1_000_000),
            alarms_per_bucket: number("max_alarms_per_bucket", 1_000_000, 100_000),
        },
    }
}
