//! A silence: nothing is told of certain alarms for a while.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Time;

/// The number of a silence: the place in the log where it was ordered. Prints as `s17`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct SilenceId(pub i64);

impl fmt::Display for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

impl std::str::FromStr for SilenceId {
    type Err = std::num::ParseIntError;

    /// Reads `s17` and `17`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix('s').unwrap_or(text).parse().map(Self)
    }
}

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceOrder {
    /// Which alarms, in the filter language; it was read once, and reads again.
    pub filter: String,
    /// From when on.
    pub starts: Time,
    /// Until when.
    pub ends: Time,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub comment: String,
    /// The silence whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<SilenceId>,
}

/// A silence as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number.
    pub id: SilenceId,
    /// What was asked for; `ends` moves forward when somebody ends it early.
    pub order: SilenceOrder,
    /// When it was ordered.
    pub created: Time,
    /// Who ended it before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// How much was not told because of it.
    #[serde(default)]
    pub suppressed: u64,
    /// Why it mutes nothing: its filter does not read any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Silence {
    /// Whether it holds at `now`.
    #[must_use]
    pub fn is_active(&self, now: Time) -> bool {
        self.order.starts <= now && now < self.order.ends
    }

    /// `pending`, `active` or `expired`; `faulty` while it would hold and its filter does not read.
    #[must_use]
    pub fn state(&self, now: Time) -> &'static str {
        match now {
            now if now >= self.order.ends => "expired",
            now if now < self.order.starts => "pending",
            _ if self.fault.is_some() => "faulty",
            _ => "active",
        }
    }
}
