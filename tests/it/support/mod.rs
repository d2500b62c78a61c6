//! Fixtures.

pub mod alarm_socket;
pub mod config;
pub mod delivery;
pub mod delivery_history;
pub mod delivery_model;
pub mod delivery_storm_history;
pub mod engine;
pub mod graph;
pub mod house;
pub mod http_server;
pub mod ingest;
pub mod messages;
pub mod meta;
pub mod metrics;
pub mod process;
pub mod raw_server;
pub mod readme;
pub mod replies;
pub mod returned;
pub mod returns;
pub mod store;
pub mod tls_server;
pub mod tools;
pub mod trouble;
pub mod webhook;
