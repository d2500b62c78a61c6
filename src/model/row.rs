//! Rows of the engine's state, as the store keeps them.

use serde::{Deserialize, Serialize};

/// What a row holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// The last record of an open alarm.
    Tree,
    /// The trigger state of a bucket, and who was told that it is raised.
    Bucket,
    /// A pending wait.
    Timer,
    /// What a rule was when its buckets were decided.
    Rule,
    /// A record that a window or a collection may hold.
    Event,
    /// What is known of a contact: stopped, last wrote.
    Person,
    /// An occasion of which the operators were told.
    Notice,
    /// A silence, until a while after its end.
    Silence,
}

impl RowKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Tree,
        Self::Bucket,
        Self::Timer,
        Self::Rule,
        Self::Event,
        Self::Person,
        Self::Notice,
        Self::Silence,
    ];

    /// The word as the store keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tree => "tree",
            Self::Bucket => "bucket",
            Self::Timer => "timer",
            Self::Rule => "rule",
            Self::Event => "event",
            Self::Person => "person",
            Self::Notice => "notice",
            Self::Silence => "silence",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One row of the engine's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it holds.
    pub kind: RowKind,
    /// Unique inside its kind.
    pub key: String,
    /// JSON that the engine wrote.
    pub value: String,
}

/// A change that a step makes to the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowChange {
    /// Written, new or over the old one.
    Put(Row),
    /// Gone.
    Delete {
        /// What it held.
        kind: RowKind,
        /// Which one.
        key: String,
    },
}
