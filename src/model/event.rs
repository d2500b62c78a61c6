//! What drives the engine: every input is one of these, in the log before it is decided.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AlarmRecord, Notice, Position, SilenceId, SilenceOrder, Time, Undelivered, Update};

/// An input of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A record that a rule may want or whose alarm is open.
    Record(Arc<AlarmRecord>),
    /// The config was read again and is in force from here.
    Reloaded {
        /// Which rules are in force from here, for the process that read them.
        generation: u64,
        /// What changed, in words.
        summary: String,
    },
    /// A person ended an alarm.
    ClosedByHand {
        /// Its root id.
        id: String,
        /// Who.
        by: String,
    },
    /// A person took an alarm on the command line.
    AckByHand {
        /// Its root id.
        id: String,
        /// Who.
        by: String,
    },
    /// What Meta sent to the webhook at once.
    Updates(Vec<Update>),
    /// A message will not reach its contact: somebody else is to be told.
    Undelivered(Undelivered),
    /// Something about klaxond itself that its operators should know.
    Notice(Notice),
    /// Nothing is to be told of certain alarms for a while; its number is its place in the log.
    Silence(SilenceOrder),
    /// A person ended a silence before its time.
    Unsilence {
        /// Which one.
        id: SilenceId,
        /// Who.
        by: String,
    },
    /// The wall clock jumped forward; waits move with it.
    ClockJump {
        /// By this many milliseconds.
        by_ms: u64,
    },
}

/// An event at its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Its place.
    pub position: Position,
    /// Engine time at which it arrived; never before that of the entry in front of it.
    pub at: Time,
    /// What happened.
    pub event: Event,
}
