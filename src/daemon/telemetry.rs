//! Logs: text or JSON on standard error.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging for the process; a second call changes nothing.
pub(super) fn init(log: Log) {
    // What libraries say below warn is about their insides, and can hold addresses and headers.
    let level = LevelFilter::from_level(log.level);
    let filter = EnvFilter::new(format!("warn,klaxond={level}"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // Standard error may be a file on the disk that is full: printing about that there panics.
        .log_internal_errors(false);
    let outcome = match log.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init(),
        LogFormat::Text => builder
            .with_ansi(std::io::stderr().is_terminal())
            .try_init(),
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "logging is on already");
    }
}
