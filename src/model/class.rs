//! What came of an attempt, and what that says about trying again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What came of one POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Meta took the message and named it.
    Accepted {
        /// Meta's id of the message.
        wamid: String,
        /// Meta said it holds the message for a quality check.
        held: bool,
    },
    /// The message certainly did not go out.
    Failed(Failure),
    /// The message may or may not have gone out: the answer was lost or cannot be read.
    Unknown {
        /// What was seen instead of an answer, without secrets.
        text: String,
    },
}

/// A message that certainly did not go out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// Graph error code.
    pub code: Option<u32>,
    /// Graph error subcode.
    pub subcode: Option<u32>,
    /// Meta's words or the transport's, without secrets; for people, never branched on.
    pub text: String,
    /// Meta's trace id, for its support.
    pub trace: Option<String>,
    /// How long Meta asked us to wait.
    pub retry_after: Option<Duration>,
}

/// What a failure means: whether to try again, and what else it stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Class {
    /// Whether and how to try again.
    pub retry: Retry,
    /// What the error speaks about.
    pub scope: Scope,
}

/// Whether and how to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Soon, with full jitter, for as long as the message has a point.
    Backoff,
    /// Soon, but only a few times: the fault may be ours.
    Few,
    /// In minutes: a budget is spent.
    Slow,
    /// After 4^n seconds: Meta's advice for its pair rate limit.
    Pair,
    /// When a person or Meta has mended the cause; the scope is held until then.
    Wait,
    /// Never: the same message will fail again.
    Never,
}

/// What an error speaks about, and so what pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// This message.
    Message,
    /// This contact: its lane.
    Contact,
    /// This template in this language.
    Template,
    /// The business number.
    Number,
    /// The account: token, app, business.
    Account,
}
