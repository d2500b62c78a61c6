//! Alarm severity, ordered as DataMiner orders it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad an alarm is. The order is DataMiner's priority order
/// (`Operator_guide/Alarms/About_alarms/Alarm_types.md`): Timeout and Error outrank Critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No severity is known.
    Undefined,
    /// The element has not been polled yet.
    Initial,
    /// An information event; DataMiner's Suggestion has the same rank.
    Information,
    /// A notice of the system itself.
    Notice,
    /// Back within limits: ends an alarm.
    Normal,
    /// Hidden by an operator.
    Masked,
    /// Warning.
    Warning,
    /// Minor.
    Minor,
    /// Major.
    Major,
    /// Critical.
    Critical,
    /// The element does not answer.
    Timeout,
    /// An error of the system itself.
    Error,
}

impl Severity {
    /// Every severity, lowest first.
    pub const ALL: [Self; 12] = [
        Self::Undefined,
        Self::Initial,
        Self::Information,
        Self::Notice,
        Self::Normal,
        Self::Masked,
        Self::Warning,
        Self::Minor,
        Self::Major,
        Self::Critical,
        Self::Timeout,
        Self::Error,
    ];

    /// The name as people read it: `Critical`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undefined => "Undefined",
            Self::Initial => "Initial",
            Self::Information => "Information",
            Self::Notice => "Notice",
            Self::Normal => "Normal",
            Self::Masked => "Masked",
            Self::Warning => "Warning",
            Self::Minor => "Minor",
            Self::Major => "Major",
            Self::Critical => "Critical",
            Self::Timeout => "Timeout",
            Self::Error => "Error",
        }
    }

    /// The severity of that name, in any case; `Suggestion` reads as Information.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("suggestion") {
            return Some(Self::Information);
        }
        Self::ALL
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(name))
    }

    /// Whether the last token of a contact's burst is kept for it.
    #[must_use]
    pub fn is_urgent(self) -> bool {
        self >= Self::Critical
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
