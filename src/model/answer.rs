//! What a client is told of a record.

use serde::Serialize;

use super::RuleId;

/// The answer to one record. Front ends write it as JSON: `{"status":"stored","id":…}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Answer {
    /// On disk; it will not be lost.
    Stored {
        /// Root id of the alarm.
        id: String,
        /// Rules whose filter takes the record, in the order of the config.
        rules: Vec<RuleId>,
        /// Remarks on what looks like a mistake.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// No enabled rule wants it and its alarm is not open.
    Ignored {
        /// Why.
        reason: String,
        /// Remarks on what looks like a mistake.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    /// The record is bad.
    Rejected {
        /// Where, and what was expected.
        error: String,
    },
    /// Not now: send it again.
    Busy {
        /// After this many milliseconds.
        retry_after_ms: u64,
    },
}
