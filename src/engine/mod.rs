//! Pure: what should be said, to whom, when and why.

pub mod filter;
mod rule;

pub use rule::{Rule, Ruleset};
