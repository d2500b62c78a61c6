//! What Meta answers to a template that was handed in.

use serde::Deserialize;

use super::wire::lenient;

/// A template that was handed in, as Meta has it from then on. What Meta left out is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Submitted {
    /// What Meta knows it by.
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<String>,
    /// `PENDING` until it is reviewed, `APPROVED` or `REJECTED` after.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// What Meta counts it as, which may be another category than was asked for.
    #[serde(default, deserialize_with = "lenient")]
    pub category: Option<String>,
    /// Whether a change was taken.
    #[serde(default, deserialize_with = "lenient")]
    pub success: Option<bool>,
}
