//! The integration tests: one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop where it fails"
)]

mod answers;
mod by_hand;
mod classify;
mod cli;
mod client;
mod codec;
mod condition;
mod config;
mod config_faults;
mod config_rules;
mod config_secrets;
mod config_syntax;
mod config_warnings;
mod crash;
mod daemon;
mod dataminer;
mod delivery;
mod delivery_holds;
mod delivery_model;
mod delivery_restart;
mod delivery_retry;
mod desk;
mod ends;
mod engine;
mod engine_adopt;
mod engine_events;
mod engine_odd;
mod engine_speech;
mod engine_trees;
mod explain;
mod faults;
mod faults_store;
mod filter;
mod foresight;
mod http;
mod outage;
mod readme;
mod reference;
mod restart;
mod rule_test;
mod sandbox;
mod scenario;
mod send;
mod simulate;
mod socket;
mod socket_file;
mod socket_limits;
mod store;
mod store_faults;
mod store_model;
mod store_tail;
mod support;
mod systemd;
mod template;
mod template_faults;
mod tls;
