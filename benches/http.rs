//! The HTTP side with a full house: 100,000 open alarms and 1,000,000 stored messages. Beside each
//! answer the same bytes from a bare handler of axum, in the same run.
//!
//! `cargo bench --bench http`. The aim: `/metrics` under 5 ms.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark may stop where it fails"
)]

#[path = "http/client.rs"]
mod client;
#[path = "http/house.rs"]
mod house;

use std::time::{Duration, Instant};

use client::Line;
use house::{Bare, House};

const ALARMS: usize = 100_000;
const MESSAGES: usize = 1_000_000;

/// Answers of each side, in turns.
const ROUNDS: usize = 20;
const ANSWERS: usize = 50;

fn main() {
    let begin = Instant::now();
    let house = House::full(ALARMS, MESSAGES);
    println!(
        "{} open alarms, {} stored messages (filled in {:.0} s)",
        house.alarms(),
        house.messages(),
        begin.elapsed().as_secs_f64()
    );
    println!("                     bytes   median      p99      max   bare: median   ratio");
    compare(&house, "/metrics", "at rest");
    let looking = house.keep_looking();
    compare(&house, "/metrics", "while looked");
    println!(
        "  a look at the engine and the store: {:.2} ms",
        millis(looking.stop())
    );
}

/// Asks both for `path`, in turns, since the machine's own speed drifts.
fn compare(house: &House, path: &str, when: &str) {
    let mut line = Line::connect(house.address());
    let bytes = line.get(path);
    let bare = Bare::of(bytes.clone());
    let mut beside = Line::connect(bare.address());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.extend((0..ANSWERS).map(|_| timed(|| line.get(path))));
        theirs.extend((0..ANSWERS).map(|_| timed(|| beside.get(path))));
    }
    ours.sort_unstable();
    theirs.sort_unstable();
    let (median, limit) = (ours[ours.len() / 2], theirs[theirs.len() / 2]);
    println!(
        "  {path} {when:<12} {:>5} {:>5.2} ms {:>5.2} ms {:>5.2} ms {:>11.2} ms {:>7.2}",
        bytes.len(),
        millis(median),
        millis(ours[ours.len() * 99 / 100]),
        millis(ours[ours.len() - 1]),
        millis(limit),
        limit.as_secs_f64() / median.as_secs_f64(),
    );
}

fn timed<T>(f: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    drop(f());
    begin.elapsed()
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
