//! The HTTP side with a full house: 100,000 open alarms and 1,000,000 stored messages. Beside each
//! answer the same bytes from a bare handler of axum, in the same run.
//!
//! `cargo bench --bench http`. The aims: `/metrics` under 5 ms, the page's first answer under 50 ms.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark may stop where it fails"
)]

#[path = "accepting.rs"]
mod accepting;
#[path = "http/client.rs"]
mod client;
#[path = "http/house.rs"]
mod house;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use client::Line;
use house::{Bare, House};

const ALARMS: usize = 100_000;
const MESSAGES: usize = 1_000_000;

/// Answers of each side, in turns.
const ROUNDS: usize = 20;
const ANSWERS: usize = 50;

/// First answers of the page, and how long what it shows stays fresh, with some to spare.
const FIRSTS: usize = 15;
const OLD: Duration = Duration::from_millis(1_300);

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
    first_answers(house);
}

/// The page, each time after what was gathered for it has grown old, as its first viewer finds it.
fn first_answers(house: House) {
    let whole = house.become_daemon();
    let mut line = Line::connect(whole.address());
    let mut bytes = 0;
    let mut answers: Vec<Duration> = (0..FIRSTS)
        .map(|_| {
            std::thread::sleep(OLD);
            timed(|| bytes = line.get("/").len())
        })
        .collect();
    answers.sort_unstable();
    let (median, worst) = (answers[FIRSTS / 2], answers[FIRSTS - 1]);
    println!(
        "  / to its first viewer, {bytes} bytes: median {:.2} ms, of {FIRSTS} at most {:.2} ms",
        millis(median),
        millis(worst)
    );
    compare_with(whole.address(), "/", "gathered");
}

/// Asks both for `path`, in turns, since the machine's own speed drifts.
fn compare(house: &House, path: &str, when: &str) {
    compare_with(house.address(), path, when);
}

fn compare_with(address: SocketAddr, path: &str, when: &str) {
    let mut line = Line::connect(address);
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
