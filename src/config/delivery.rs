//! `[delivery]`: how fast, how long, and whether at all.

use std::time::Duration;

use toml::de::DeValue;

use crate::delivery::Settings;
use crate::model::Rate;

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

pub(super) fn read(top: &Table<'_>) -> Option<Delivery> {
    let table = top.table("delivery", &keys::DELIVERY);
    let seconds = Duration::from_secs;
    storm(&table);
    let throughput = rate(&table, "throughput", "80/s");
    let per_contact = rate(&table, "per_contact", "1/6s, burst 3");
    let unknown_wait = table.duration("unknown_wait", seconds(0)..=seconds(600), seconds(5));
    let expire_after = table.duration(
        "expire_after",
        seconds(60)..=seconds(30 * 86_400),
        seconds(4 * 3_600),
    );
    let drain_timeout = table.duration("drain_timeout", seconds(1)..=seconds(600), seconds(20));
    let shadow = table.word("mode", &[("live", false), ("shadow", true)], false);
    Some(Delivery {
        settings: Settings {
            throughput: throughput?,
            per_contact: per_contact?,
            unknown_wait,
            max_in_flight: MAX_IN_FLIGHT,
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

/// Storm settings are read for their form, so that a config can be prepared for them.
fn storm(table: &Table<'_>) {
    let Some(value) = table.get("storm") else {
        return;
    };
    let help = "write { after = \"10 in 2m\", digest_every = \"2m\", digest_critical = \"30s\" } or \"off\"";
    if matches!(value.get_ref(), DeValue::String(text) if text == "off") {
        return;
    }
    let Some(storm) = table.as_table(value, &keys::STORM, keys::STORM.name.to_owned()) else {
        table.wrong_type("storm", value, "a table or \"off\"", help);
        return;
    };
    storm.read("after", |text| {
        let parts = text.split_once(" in ");
        let good = parts.is_some_and(|(count, span)| {
            count.parse::<u32>().is_ok_and(|count| count > 0) && measure::duration(span).is_ok()
        });
        good.then_some(()).ok_or_else(|| {
            Problem::new("`after` is not a number in a span").help("write \"10 in 2m\"")
        })
    });
    let (low, high) = (Duration::from_secs(1), Duration::from_secs(86_400));
    storm.duration("digest_every", low..=high, low);
    storm.duration("digest_critical", low..=high, low);
    table.warn(
        "storm",
        "digests are not in effect in this version: every message goes on its own",
        "it does no harm to keep this key",
    );
}
