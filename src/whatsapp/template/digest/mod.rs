//! One message for many: what a digest says, in as many parts as it takes.

mod carrier;
mod compose;
mod entry;
mod headline;

pub use carrier::VARIABLES;
pub use compose::{MAX_PARTS, Occasion, Part, compose};
