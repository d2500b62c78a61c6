//! How things stand, gathered for the page and `status`.
//!
//! Facts are read at a cost that does not grow with what is kept; the verdict is a pure function of
//! them. What was gathered serves everybody who asks within a second.

mod gather;
mod keep;
mod pulse;
mod verdict;

pub(in crate::daemon) use gather::Ground;
pub(in crate::daemon) use keep::Overlook;
pub(in crate::daemon) use pulse::Pulse;
