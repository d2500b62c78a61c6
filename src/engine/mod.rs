//! Pure: what should be said, to whom, when and why.
//!
//! [`Engine::step`] decides one entry of the log, [`Engine::fire`] what came due; both return a
//! [`Step`] that the store writes whole. Nothing here waits, reads a clock or draws a number.

pub mod condition;
mod explain;
pub mod filter;
mod matching;
mod rule;
mod step;
mod tree;

pub use explain::{Account, RuleAccount};
pub use matching::Speech;
pub use rule::{Rule, Ruleset};
pub use step::{Engine, Resume, ResumeError, Step};
pub use tree::{Change, MAX_OPEN, Tree, Trees};
