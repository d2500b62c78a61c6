//! Looks for a history for which something does not hold.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::generate;
use super::scenario::Scenario;
use super::shrink::shrink;

const THREADS: usize = 2;

/// Tries `cases` histories; `fault` says what is wrong with one.
///
/// # Panics
/// One is at fault: with the smallest that still is, and its seed.
pub fn search(name: &str, cases: u64, fault: impl Fn(&Scenario, u64) -> Option<String> + Sync) {
    let first = number("KLAXOND_SEED").unwrap_or_else(|| fastrand::u64(..1 << 48));
    let cases = number("KLAXOND_CASES").unwrap_or(cases);
    println!("{name}: {cases} histories from KLAXOND_SEED={first}");
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let found: Mutex<Option<u64>> = Mutex::new(None);
    let fault = |scenario: &Scenario, seed: u64| {
        catch_unwind(AssertUnwindSafe(|| fault(scenario, seed)))
            .unwrap_or_else(|panic| Some(format!("panicked: {}", text(panic.as_ref()))))
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= cases {
                        break;
                    }
                    let seed = first.wrapping_add(n);
                    if fault(&generate::scenario(seed), seed).is_some() {
                        stop.store(true, Ordering::Relaxed);
                        *found.lock().unwrap() = Some(seed);
                    }
                }
            });
        }
    });
    let found = *found.lock().unwrap();
    if let Some(seed) = found {
        let small = shrink(generate::scenario(seed), |scenario| {
            fault(scenario, seed).is_some()
        });
        let why = fault(&small, seed).unwrap_or_else(|| "it does not fail again".to_owned());
        panic!("{name}: replay with KLAXOND_SEED={seed} KLAXOND_CASES=1\n{small}{why}\n");
    }
}

/// A number from the environment.
pub fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number, not {text}")),
    )
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}
