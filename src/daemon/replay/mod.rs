//! The rules on virtual time: histories and tests, nothing is sent and nothing waits.

mod play;
mod returning;
mod said;
mod scenario;
mod sent;
mod trial;

pub use play::{Player, Replay};
pub use said::Said;
pub use scenario::{Act, Expected, Flaw, Line, Scenario, Setup, clock};
pub(super) use sent::Sent;
pub use trial::{Miss, START, Trial, TrialError, check};
