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

mod alertmanager;
mod alertmanager_silences;
mod amtool;
mod answers;
mod audit;
mod by_hand;
mod calendar;
mod classify;
mod cli;
mod client;
mod codec;
mod condition;
mod config;
mod config_faults;
mod config_replies;
mod config_rules;
mod config_secrets;
mod config_syntax;
mod config_times;
mod config_warnings;
mod config_webhook;
mod crash;
mod daemon;
mod dataminer;
mod delivery;
mod delivery_digests;
mod delivery_holds;
mod delivery_model;
mod delivery_model_storm;
mod delivery_quiet;
mod delivery_receipts;
mod delivery_restart;
mod delivery_retry;
mod delivery_storm;
mod delivery_supersede;
mod desk;
mod digest;
mod ends;
mod engine;
mod engine_adopt;
mod engine_escalation;
mod engine_events;
mod engine_notices;
mod engine_odd;
mod engine_replies;
mod engine_reposts;
mod engine_silences;
mod engine_speech;
mod engine_standin;
mod engine_times;
mod engine_trees;
mod explain;
mod faults;
mod faults_store;
mod filter;
mod finding_out;
mod foresight;
mod forget;
mod grafana;
mod heartbeats;
mod http;
mod http_crowd;
mod http_hostile;
mod http_session;
mod labels;
mod listing;
mod metrics;
mod metrics_docs;
mod metrics_tools;
mod openapi;
mod outage;
mod overtaken;
mod package;
mod page;
mod prometheus;
mod readme;
mod receipts;
mod reference;
mod replies;
mod restart;
mod rule_test;
mod sandbox;
mod sandbox_page;
mod scenario;
mod send;
mod send_from;
mod silence_cli;
mod simulate;
mod simulation;
mod socket;
mod socket_file;
mod socket_limits;
mod standins;
mod status;
mod store;
mod store_audit;
mod store_digest;
mod store_faults;
mod store_glance;
mod store_model;
mod store_receipts;
mod store_replies;
mod store_tail;
mod storm;
mod support;
mod systemd;
mod tally;
mod template;
mod template_faults;
mod template_languages;
mod templates_api;
mod tls;
mod webhook;
mod webhook_daemon;
mod webhook_http;
mod why;
