//! klaxond turns alarms into WhatsApp messages and proves that they arrived.
//!
//! # The map
//!
//! | module | role |
//! |---|---|
//! | [`cli`] | one file per subcommand; the only code that prints |
//! | [`daemon`] | composition root: build, run, supervise, drain; signals, telemetry |
//! | [`sandbox`] | a local stand-in for the Cloud API |
//! | [`config`] | TOML to typed settings; every fault at once, with its place |
//! | [`ingest`] | bytes to [`model::AlarmRecord`]; one file per front end, codecs pure |
//! | [`web`] | the HTTP servers: health, alarms, control; webhooks |
//! | [`pipeline`] | intake, correlator, sender, receipts: channels and awaits, no policy |
//! | [`engine`] | pure: what should be said, to whom, when and why |
//! | [`delivery`] | pure: what to do next with a queued message |
//! | [`store`] | durability: log, state, outbox, archive |
//! | [`whatsapp`] | the only place that knows Meta |
//! | [`model`] | the nouns; constructors parse |
//!
//! Arrows point down only: `main → cli → daemon → {config, ingest, web} → pipeline →
//! {store, whatsapp, engine, delivery} → model`; `sandbox` stands beside `daemon`. Nothing below
//! `daemon` imports `config`: each module defines its settings and `config` fills them.
//!
//! # The path of one alarm
//!
//! line → `AlarmRecord` → (log, "stored") → `Step` → `Message` → `Outcome` → `Verdict`. The value
//! changes its type at each boundary and goes one way. Channels carry only what is committed; a value
//! that finds its channel full is dropped and read back from the store.
//!
//! # Invariants, held by `tests/tidy.rs`
//!
//! - `engine`, `delivery` and `model` never await, never read a clock, never iterate a hash map.
//! - Only `whatsapp` names Graph fields, only `config` names TOML keys, only `daemon` spawns
//!   long-lived tasks.
//! - Every queue, line, body and batch has a bound.
//! - `unsafe` is forbidden; a file has about 300 lines, 500 at most.

pub mod cli;
pub mod config;
pub mod daemon;
pub mod delivery;
pub mod engine;
pub mod ingest;
pub mod model;
pub mod pipeline;
pub mod sandbox;
pub mod store;
pub mod web;
pub mod whatsapp;
