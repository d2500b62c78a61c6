//! `[storage]`: what is kept, where and for how long.

use std::path::PathBuf;
use std::time::Duration;

use crate::store::Settings;

use super::keys;
use super::reader::Table;

const DAY: Duration = Duration::from_secs(86_400);
const TEN_YEARS: Duration = Duration::from_secs(3_650 * 86_400);

/// The store's settings, and whether records that no rule wants are stored too.
pub(super) fn read(top: &Table<'_>) -> (Settings, bool) {
    let table = top.table("storage", &keys::STORAGE);
    let mib = |n: u64| n << 20;
    let settings = Settings {
        path: table
            .path("path")
            .unwrap_or_else(|| PathBuf::from("/var/lib/klaxond/klaxond.db")),
        retention: table.duration(
            "retention",
            Duration::from_secs(3_600)..=TEN_YEARS,
            30 * DAY,
        ),
        audit_retention: table.duration(
            "audit_retention",
            Duration::from_secs(3_600)..=TEN_YEARS,
            400 * DAY,
        ),
        min_free: table.size("min_free", 0..=mib(1 << 20), mib(64)),
    };
    let keep_all = table.word("keep", &[("matched", false), ("all", true)], false);
    (settings, keep_all)
}
