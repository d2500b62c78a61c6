//! Why a rule that would speak does not.

use serde::{Deserialize, Serialize};

use super::{RuleId, SilenceId};

/// What keeps a rule from speaking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// A silence takes every alarm that would be spoken of.
    Silence(SilenceId),
    /// One of the rule's `mute` times holds: its name.
    Time(String),
    /// None of the rule's `active` times holds.
    Inactive,
    /// Another rule is raised.
    Inhibited(RuleId),
}

/// Why a notification has no messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What kept it.
    pub mute: Mute,
    /// In words, for people.
    pub text: String,
}
