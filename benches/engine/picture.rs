//! What it costs to look at what stands: asked every second by a page, between two decisions.

use std::hint::black_box;

use klaxond::engine::Engine;

use super::meter::{best, spent};
use super::plant::Plant;
use super::{GAP, ROUNDS, drive, engine, rules};

const ALARMS: u64 = 100_000;

/// One rule that raises each alarm by itself.
const RAISED: &str = "[[rules]]\nname = \"Every alarm\"\nsingle_events = false\n";

pub fn report() {
    println!("a look at what stands, {ALARMS} alarms raised by one rule");
    let mut engine = engine(&rules::ruleset(RAISED));
    for entry in Plant::new(ALARMS, GAP).take(usize::try_from(ALARMS).unwrap()) {
        drive(&mut engine, &entry, &mut |_| {});
    }
    let (_, counts) = engine.raised(0);
    assert_eq!(counts.values().sum::<usize>() as u64, ALARMS);
    row("the 200 worst that are raised", &engine, |engine| {
        black_box(engine.raised(200));
    });
    row("the 200 worst that are open", &engine, |engine| {
        black_box(engine.open_alarms(None, 200));
    });
    row("the rules in numbers", &engine, |engine| {
        black_box(engine.figures());
    });
}

fn row(name: &str, engine: &Engine, look: impl Fn(&Engine)) {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| spent(|| look(engine)).0).collect();
    println!("  {name:<32} {:>8.2} ms on a core", best(&rounds).cpu * 1e3);
}
