//! What leaves: messages to a thousand people, and a backlog of a million: `cargo bench --bench sender`.
//!
//! Meta is a process of its own that answers after 100 ms, so that what klaxond costs is klaxond's alone.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark may stop where it fails"
)]

#[path = "sender/backlog.rs"]
mod backlog;
#[path = "sender/bare.rs"]
mod bare;
#[path = "sender/home.rs"]
mod home;
#[path = "sender/meta.rs"]
mod meta;
#[path = "sender/people.rs"]
mod people;

use meta::Meta;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some(meta::CHILD) => meta::child(),
        Some(backlog::CHILD) => backlog::child(),
        _ => {
            let meta = Meta::start();
            println!(
                "1,000 contacts, each answer after 100 ms; CPU of this process, Meta is another"
            );
            println!(
                "  throughput 1,000/s    {}",
                people::run(&meta, "1000/s", 10_000)
            );
            println!(
                "  throughput unlimited  {}",
                people::run(&meta, "1000000/s", 18_000)
            );
            let body = meta.body();
            println!(
                "  a bare client         {}",
                bare::run(&meta, &body, 18_000)
            );
            println!("1,000,000 messages to 20 contacts, in digests, on virtual time");
            backlog::report();
        }
    }
}
