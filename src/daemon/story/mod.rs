//! What became of an alarm or a message, put into words from what the store keeps and what the config
//! says. Pure but for reading the database: the daemon and its commands tell the same.

mod absent;
mod again;
mod audit;
mod list;
mod people;
mod scene;
mod trail;
mod why;
mod words;

pub(super) use again::refusal;
pub use audit::line;
pub use list::{Filter, messages};
pub(super) use people::quiet;
pub use people::{contacts, forgotten, whom};
pub use scene::{Scene, StoryError};
pub use why::why;
