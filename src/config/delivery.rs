//! `[delivery]`: how fast, how long, and whether at all.

use std::time::Duration;

use toml::de::DeValue;

use crate::delivery::{Settings, Storm};
use crate::model::Rate;

use super::confirm::Confirm;
use super::keys;
use super::measure;
use super::page::Problem;
use super::reader::Table;

/// At Meta's 80 messages a second this covers answers that take three seconds.
const MAX_IN_FLIGHT: usize = 256;

/// `[delivery]` as a whole: what concerns delivery, the rules, and a stop.
pub(super) struct Delivery {
    pub(super) settings: Settings,
    pub(super) expire_after: Duration,
    pub(super) drain_timeout: Duration,
    pub(super) shadow: bool,
}

/// The section, and what it wants of messages, which rules refer to even when the rest is wrong.
/// With `receipts`, a lost answer can be found again and is worth a longer wait.
pub(super) fn read(top: &Table<'_>, receipts: bool) -> (Option<Delivery>, Confirm) {
    let table = top.table("delivery", &keys::DELIVERY);
    let confirm = Confirm::of_delivery(&table, receipts);
    (settings(&table, receipts), confirm)
}

fn settings(table: &Table<'_>, receipts: bool) -> Option<Delivery> {
    let seconds = Duration::from_secs;
    let storm = storm(table);
    let throughput = rate(table, "throughput", "80/s");
    let per_contact = rate(table, "per_contact", "1/6s, burst 3");
    let unknown_wait = table.duration(
        "unknown_wait",
        seconds(0)..=seconds(600),
        seconds(if receipts { 20 } else { 5 }),
    );
    let expire_after = table.duration(
        "expire_after",
        seconds(60)..=seconds(30 * 86_400),
        seconds(4 * 3_600),
    );
    let drain_timeout = table.duration("drain_timeout", seconds(1)..=seconds(600), seconds(20));
    let max_per_day = table.get("max_per_day").and_then(|_| {
        let most = table.number("max_per_day", 1..=100_000, 1);
        u32::try_from(most).ok()
    });
    let shadow = table.word("mode", &[("live", false), ("shadow", true)], false);
    Some(Delivery {
        settings: Settings {
            throughput: throughput?,
            per_contact: per_contact?,
            unknown_wait,
            max_in_flight: MAX_IN_FLIGHT,
            receipts,
            storm,
            max_per_day,
        },
        expire_after,
        drain_timeout,
        shadow,
    })
}

fn rate(table: &Table<'_>, key: &str, default: &str) -> Option<Rate> {
    if table.get(key).is_none() {
        return Rate::parse(default).ok();
    }
    table.read(key, |text| {
        Rate::parse(text).map_err(|fault| {
            Problem::new(format!("`{key}`: {fault}"))
                .help(format!("write for example \"{default}\""))
        })
    })
}

/// `storm`: `"off"`, or a table whose keys each have a default.
fn storm(table: &Table<'_>) -> Option<Storm> {
    let default = Storm::default();
    let Some(value) = table.get("storm") else {
        return Some(default);
    };
    let help = "write { after = \"10 in 2m\", digest_every = \"2m\", digest_critical = \"30s\" } or \"off\"";
    if matches!(value.get_ref(), DeValue::String(text) if text == "off") {
        return None;
    }
    let Some(inner) = table.as_table(value, &keys::STORM, keys::STORM.name.to_owned()) else {
        table.wrong_type("storm", value, "a table or \"off\"", help);
        return Some(default);
    };
    let (after, within) = inner
        .read("after", after)
        .unwrap_or((default.after, default.within));
    let (low, high) = (Duration::from_secs(1), Duration::from_secs(86_400));
    let digest_every = inner.duration("digest_every", low..=high, default.digest_every);
    let digest_critical = inner.duration(
        "digest_critical",
        low..=high,
        default.digest_critical.min(digest_every),
    );
    if digest_critical > digest_every {
        inner.fault(
            "digest_critical",
            Problem::new("`digest_critical` is longer than `digest_every`")
                .help("what is critical is not told later than the rest: write a shorter span"),
        );
    }
    Some(Storm {
        after,
        within,
        digest_every,
        digest_critical,
    })
}

/// `"10 in 2m"`.
fn after(text: &str) -> Result<(u32, Duration), Problem> {
    let wrong = || Problem::new("`after` is not a number in a span").help("write \"10 in 2m\"");
    let (count, span) = text.split_once(" in ").ok_or_else(wrong)?;
    let count = count.trim().parse::<u32>().map_err(|_| wrong())?;
    let span = measure::duration(span.trim()).map_err(|_| wrong())?;
    let day = Duration::from_secs(86_400);
    if count == 0 || count > Storm::MAX_AFTER || span.is_zero() || span > day {
        let help = format!("write 1 to {} in at most a day", Storm::MAX_AFTER);
        return Err(Problem::new(format!("`after` cannot be \"{text}\"")).help(help));
    }
    Ok((count, span))
}
