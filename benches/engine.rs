//! What the engine costs: `cargo bench --bench engine`, or `-- rate`, `active`, `rules`, `memory`,
//! `restart`, `day`, `picture` for one part.
//!
//! Every time stands beside what a bare loop over the same records took in the same run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark talks to people and may stop where it fails"
)]

#[path = "engine/bare.rs"]
mod bare;
#[path = "engine/day.rs"]
mod day;
#[path = "engine/memory.rs"]
mod memory;
#[path = "engine/meter.rs"]
mod meter;
#[path = "engine/picture.rs"]
mod picture;
#[path = "engine/plant.rs"]
mod plant;
#[path = "engine/restart.rs"]
mod restart;
#[path = "engine/rules.rs"]
mod rules;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use klaxond::engine::{Engine, Resume, Ruleset, Step};
use klaxond::model::LogEntry;

use bare::Bare;
use meter::{best, spent};
use plant::Plant;

/// Between two records of a day of a million.
const GAP: Duration = Duration::from_micros(86_400);

const ROUNDS: usize = 5;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let part = args.next();
    if part.as_deref() == Some(memory::CHILD) {
        return memory::child(args);
    }
    let parts: [(&str, fn()); 7] = [
        ("rate", rate),
        ("active", active),
        ("rules", by_rules),
        ("memory", memory::report),
        ("restart", restart::report),
        ("day", day::report),
        ("picture", picture::report),
    ];
    for (_, report) in parts
        .iter()
        .filter(|(name, _)| part.as_deref().is_none_or(|part| part == *name))
    {
        report();
        println!();
    }
}

fn rate() {
    println!("ten rules with grouping and windows, 10,000 active alarms");
    head();
    let shared = rules::ten_for_one_parameter_each();
    row("2 of 10 take", 10_000, &rules::ruleset(&shared), 200_000);
    row("all 10 take", 10_000, &rules::ruleset(rules::TEN), 200_000);
}

fn active() {
    println!("the same ten rules with windows that never fire, by active alarms");
    head();
    for alarms in [1_000, 10_000, 100_000, 1_000_000] {
        let name = format!("{alarms} active");
        row(&name, alarms, &rules::ruleset(&rules::quiet()), 200_000);
    }
}

fn by_rules() {
    type Make = fn(usize) -> String;
    let kinds: [(&str, Make); 3] = [
        ("of one element each", rules::of_one_element_each),
        ("windows that all take", rules::of_every_element),
        ("all follow every alarm", rules::that_follow_every_element),
    ];
    for (what, make) in kinds {
        println!("rules that look at the same field, {what}");
        head();
        for count in [1, 10, 100, 1_000] {
            let records = if count > 100 { 5_000 } else { 50_000 };
            let ruleset = rules::ruleset(&make(count));
            row(&format!("{count} rules"), 10_000, &ruleset, records);
        }
    }
}

fn head() {
    println!(
        "  {:<16} {:>12} {:>12} {:>12} {:>7} {:>10}   (best of {ROUNDS} rounds in turn)",
        "", "bare loop", "klaxond", "on a core", "times", "messages"
    );
}

/// One core, the pure engine: records that come after all alarms were raised.
fn row(name: &str, alarms: u64, ruleset: &Arc<Ruleset>, records: usize) {
    let mut engine = engine(ruleset);
    let mut bare = Bare::default();
    let mut plant = Plant::new(alarms, GAP);
    for entry in plant.by_ref().take(usize::try_from(alarms).unwrap()) {
        drive(&mut engine, &entry, &mut |_| {});
        bare.take(&entry);
    }
    let mut limits = Vec::new();
    let mut costs = Vec::new();
    let mut messages = 0;
    for _ in 0..ROUNDS {
        let entries: Vec<LogEntry> = plant.by_ref().take(records).collect();
        limits.push(spent(|| entries.iter().for_each(|entry| bare.take(entry))).0);
        let mut count = |step: Step| messages += black_box(step).messages.len();
        let run = || {
            for entry in &entries {
                drive(&mut engine, entry, &mut count);
            }
        };
        costs.push(spent(run).0);
    }
    let (limit, cost) = (best(&limits), best(&costs));
    let per = |spent: f64| records as f64 / spent;
    println!(
        "  {name:<16} {:>10.0}/s {:>10.0}/s {:>10.0}/s {:>7.1} {messages:>10}",
        per(limit.cpu),
        per(cost.seconds),
        per(cost.cpu),
        cost.cpu / limit.cpu,
    );
}

/// An engine that has seen nothing.
pub fn engine(ruleset: &Arc<Ruleset>) -> Engine {
    Engine::new(Arc::clone(ruleset), Resume::default()).unwrap()
}

/// What is due by then comes first, as in the daemon.
pub fn drive(engine: &mut Engine, entry: &LogEntry, hear: &mut impl FnMut(Step)) {
    while let Some(due) = engine.next_deadline().filter(|due| *due <= entry.at) {
        match engine.fire(due) {
            Some(step) => hear(step),
            None => break,
        }
    }
    hear(engine.step(entry));
}
