//! Intake, correlator, sender: channels and awaits, no policy.

pub mod fallback;
pub mod intake;
