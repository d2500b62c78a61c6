//! Intake, correlator, sender: channels and awaits, no policy.

mod attempt;
mod clock;
mod correlator;
mod desk;
pub mod fallback;
mod foresight;
mod gateway;
pub mod intake;
mod outcome;
mod outfit;
mod sender;
mod standing;

pub use clock::Clock;
pub use correlator::{Correlator, Decided, Reloads};
pub use desk::{Desk, Handed};
pub use foresight::{Foresight, Questions};
pub use gateway::{Answering, Gateway};
pub use outfit::Outfit;
pub use sender::Sender;
pub use standing::{Crowding, Standing};
