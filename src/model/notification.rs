//! A rule's decision to speak.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AlarmRecord, NotificationId, RuleId, Time};

/// A rule's decision to speak, with all that its messages are rendered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its number.
    pub id: NotificationId,
    /// The rule that speaks.
    pub rule: RuleId,
    /// Its name, kept so that a message can be explained after the rule is gone.
    pub rule_name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule_description: String,
    /// What is said.
    pub kind: Kind,
    /// Why, in words.
    pub reason: String,
    /// Which alarms are one subject: messages of one bucket and contact never overtake.
    pub bucket: String,
    /// Engine time of the decision.
    pub at: Time,
    /// The alarm it speaks of: the worst, then newest of the bucket.
    pub alarm: AlarmRecord,
}

/// What a notification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An alarm began.
    Raised,
    /// It changed.
    Updated,
    /// It ended.
    Cleared,
    /// It still stands.
    Reminder,
    /// Nobody took it.
    Escalated,
}

impl Kind {
    /// The word as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Updated => "updated",
            Self::Cleared => "cleared",
            Self::Reminder => "reminder",
            Self::Escalated => "escalated",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
