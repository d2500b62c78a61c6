//! The whole core on virtual time, against a Meta that loses, delays and refuses, through crashes.
//!
//! Every run draws its own seeds and prints the first; one is replayed with
//! `KLAXOND_SEED=… KLAXOND_CASES=1 cargo test --test it simulation`,
//! which prints it; with `KLAXOND_ALL=1` a run goes on after a fault.

mod check;
mod meta;
mod plan;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::reference::search::number;

const CASES: u64 = 2_000;

const THREADS: usize = 2;

#[test]
fn every_alarm_has_its_end_within_the_limits_and_in_order() {
    let first = number("KLAXOND_SEED").unwrap_or_else(|| fastrand::u64(..1 << 48));
    let cases = number("KLAXOND_CASES").unwrap_or(CASES);
    println!("simulation: {cases} histories from KLAXOND_SEED={first}");
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let found: Mutex<Vec<String>> = Mutex::default();
    let messages = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= cases {
                        break;
                    }
                    let seed = first.wrapping_add(n);
                    match history(seed) {
                        Ok(count) => {
                            messages.fetch_add(count, Ordering::Relaxed);
                        }
                        Err(why) => {
                            stop.store(number("KLAXOND_ALL").is_none(), Ordering::Relaxed);
                            found.lock().unwrap().push(why);
                        }
                    }
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    assert!(
        found.is_empty(),
        "{} at fault\n{}",
        found.len(),
        found.join("\n")
    );
    let messages = messages.into_inner();
    println!("simulation: {messages} messages");
    assert!(messages > cases * 10, "next to nothing happened");
}

/// How many messages a history had, or what is wrong with it.
fn history(seed: u64) -> Result<u64, String> {
    let tell = |why: String| format!("replay with KLAXOND_SEED={seed} KLAXOND_CASES=1\n  {why}");
    let plan = plan::plan(seed);
    let lived = std::panic::catch_unwind(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(world::live(&plan, seed))
    });
    let remains = lived.map_err(|_| tell("it panicked".to_owned()))?;
    match check::fault(&plan, &remains) {
        Some(why) if number("KLAXOND_CASES") == Some(1) => {
            println!("{plan}\n{remains}");
            Err(tell(why))
        }
        Some(why) => Err(tell(why)),
        None => Ok(remains.trails.len() as u64),
    }
}
