//! How long a restart takes until the engine can decide.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use klaxond::engine::{Engine, Resume, Step};
use klaxond::model::{LogEntry, Row};
use klaxond::store::{Mode, NewEntry, Saved, Settings, StepWrite, Store};
use serde_json::Value;

use super::meter::{best, spent};
use super::plant::Plant;
use super::{GAP, ROUNDS, drive, engine, rules};

const ALARMS: u64 = 100_000;

pub fn report() {
    println!("restart with {ALARMS} active alarms: best of {ROUNDS}, seconds (on a core)");
    for (name, rules) in [
        ("one rule, a bucket for each", rules::EACH),
        ("ten rules", rules::TEN),
    ] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("klaxond.db");
        let ruleset = rules::ruleset(rules);
        fill(&path, rules);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        let mut rows = 0;
        for _ in 0..ROUNDS {
            let (opened, (store, saved)) = spent(|| {
                let store = open(&path);
                let saved = runtime.block_on(store.state.load()).unwrap();
                (store, saved)
            });
            rows = saved.rows.len();
            let (limit, _) = spent(|| parse(&saved.rows));
            let (made, engine) =
                spent(|| Engine::new(Arc::clone(&ruleset), resume(saved)).unwrap());
            assert_eq!(engine.trees().len() as u64, ALARMS);
            store.close();
            for (times, spent) in times.iter_mut().zip([limit, opened, made]) {
                times.push(spent);
            }
        }
        let [limit, opened, made] = times.map(|times| best(&times));
        println!(
            "  {name:<28} {rows} rows, bare JSON of them {:.2} ({:.2}); read {:.2}, engine {:.2} \
             ({:.2}), whole {:.2}, times {:.1}",
            limit.seconds,
            limit.cpu,
            opened.seconds,
            made.seconds,
            made.cpu,
            opened.seconds + made.seconds,
            made.cpu / limit.cpu,
        );
    }
}

/// Writes what an engine with so many alarms keeps.
fn fill(path: &Path, rules: &str) {
    const BATCH: usize = 1_000;
    let store = open(path);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut engine = engine(&rules::ruleset(rules));
    let mut plant = Plant::new(ALARMS, GAP);
    for _ in 0..usize::try_from(ALARMS).unwrap() / BATCH {
        let entries: Vec<LogEntry> = plant.by_ref().take(BATCH).collect();
        let logged = entries.iter().map(|entry| NewEntry {
            at: entry.at,
            event: entry.event.clone(),
            wanted: true,
            origin: Arc::from("bench"),
        });
        runtime
            .block_on(store.log.append(logged.collect()))
            .unwrap();
        let mut steps = Vec::new();
        for entry in &entries {
            drive(&mut engine, entry, &mut |step| steps.push(write(step)));
        }
        runtime.block_on(store.state.commit(steps)).unwrap();
    }
    store.close();
}

/// The rows of a step; its messages are not what is measured.
fn write(step: Step) -> StepWrite {
    StepWrite {
        position: step.position,
        engine_time: step.engine_time,
        next_message: step.next_message,
        next_notification: step.next_notification,
        notifications: Vec::new(),
        messages: Vec::new(),
        rows: step.rows,
        receipts: Vec::new(),
        acks: Vec::new(),
        alone: Vec::new(),
        closed_trees: step.closed_trees,
    }
}

fn open(path: &Path) -> Store {
    let settings = Settings {
        path: path.to_owned(),
        min_free: 1 << 20,
        retention: Duration::from_secs(1),
        audit_retention: Duration::from_secs(1),
    };
    Store::open(&settings, Mode::Threaded).unwrap().0
}

fn resume(saved: Saved) -> Resume {
    Resume {
        position: saved.position,
        engine_time: saved.engine_time,
        next_message: saved.next_message,
        next_notification: saved.next_notification,
        rows: saved.rows,
    }
}

/// The limit: each row's JSON, read into a map by its key.
fn parse(rows: &[Row]) -> HashMap<&str, Value> {
    let parsed = rows
        .iter()
        .map(|row| (row.key.as_str(), serde_json::from_str(&row.value)));
    parsed.map(|(key, value)| (key, value.unwrap())).collect()
}
