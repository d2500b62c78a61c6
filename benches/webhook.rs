//! The webhook end to end: signed POSTs over kept connections to the real port, 200 when the updates
//! are on disk. Beside it the same requests to a handler that answers at once.
//!
//! `cargo bench --bench webhook`. The aim: 5,000 updates a second with a median answer under 5 ms.
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
#[path = "webhook/meta.rs"]
mod meta;
#[path = "webhook/server.rs"]
mod server;

use std::time::Duration;

use meta::Load;
use server::Port;

/// Updates a second, as the aim has it.
const RATE: usize = 5_000;
const SPAN: Duration = Duration::from_secs(4);
/// Connections that Meta keeps.
const CONNECTIONS: usize = 32;

fn main() {
    println!("{RATE} updates/s for {SPAN:?} over {CONNECTIONS} kept connections");
    println!(
        "  updates a POST   answers: median      p99      max   at once: median   ratio   kept up"
    );
    for batch in [1, 10, 100, 1_000] {
        let load = Load::paced(batch, RATE, SPAN);
        let klaxond = run(&Port::klaxond(), &load);
        let limit = run(&Port::at_once(), &load);
        println!(
            "  {batch:>14} {:>17.2} ms {:>5.2} ms {:>5.2} ms {:>14.2} ms {:>7.2} {:>9.0}/s",
            millis(klaxond.median()),
            millis(klaxond.within(990)),
            millis(klaxond.within(1_000)),
            millis(limit.median()),
            limit.median().as_secs_f64() / klaxond.median().as_secs_f64(),
            klaxond.rate * batch as f64,
        );
    }
    println!("\nas fast as they are answered, {CONNECTIONS} connections");
    println!("  updates a POST      klaxond      at once   ratio");
    for batch in [1, 100] {
        let load = Load::unpaced(batch, SPAN);
        let klaxond = run(&Port::klaxond(), &load).rate * batch as f64;
        let limit = run(&Port::at_once(), &load).rate * batch as f64;
        println!(
            "  {batch:>14} {klaxond:>10.0}/s {limit:>10.0}/s {:>7.2}",
            klaxond / limit
        );
    }
}

fn run(port: &Port, load: &Load) -> meta::Answers {
    load.post(port.address, &port.opaque, CONNECTIONS)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
