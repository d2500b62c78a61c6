//! What a story is told against, and why there is none.

use crate::engine::Ruleset;
use crate::model::Time;
use crate::store::StoreError;

/// What a story is told against.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The rules and people in force.
    pub ruleset: &'a Ruleset,
    /// Whether receipts come in.
    pub receipts: bool,
    /// The moment.
    pub now: Time,
}

/// Why there is no story.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// Nothing of that name or number.
    #[error("{0}")]
    Unknown(String),
    /// What was asked cannot be; says why.
    #[error("{0}")]
    Refused(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
