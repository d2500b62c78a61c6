//! The rules on virtual time: histories and tests, nothing is sent and nothing waits.

mod play;
mod said;
mod scenario;
mod trial;

pub use play::{Player, Replay};
pub use said::Said;
pub use scenario::{Act, Expected, Flaw, Line, Scenario, Setup, clock};
pub use trial::{Miss, START, Trial, TrialError, check};
