//! Intake, correlator, sender, receipts: channels and awaits, no policy.
//!
//! # Where a line belongs
//!
//! | what it is about | file |
//! |---|---|
//! | records on their way into the log | `intake` |
//! | the log in order to the engine, steps to the store; what other rules would say; what the engine holds | `correlator`, `foresight`, `standing` |
//! | messages from the correlator to the sender, who said stop, the dispatcher of both | `desk` |
//! | the sender's loop; what is claimed or closed then; many messages as one | `sender`, `claim`, `digest` |
//! | one POST; what it means for its message, in rows and words | `attempt`, `outcome` |
//! | what sends; with what: people, templates, formats; templates that Meta refuses for the moment | `gateway`, `outfit`, `held_back` |
//! | what Meta and people send back, and what words mean | `receipts`, `reply_words` |
//! | who hears when a message does not arrive; of acknowledgements; programs that are run for it | `fallback`, `hook`, `command` |
//! | sources that must be heard of | `heartbeat` |
//! | engine time | `clock` |
//! | what is counted of all this | `meters` |

mod attempt;
mod claim;
mod clock;
mod command;
mod correlator;
mod desk;
mod digest;
pub mod fallback;
mod foresight;
mod gateway;
pub mod heartbeat;
mod held_back;
mod hook;
pub mod intake;
mod meters;
mod outcome;
mod outfit;
pub mod receipts;
mod reply_words;
mod sender;
mod standing;

pub use clock::Clock;
pub use correlator::{Correlator, Decided, Reloads};
pub use desk::{Desk, Handed};
pub use foresight::{Foresight, Questions};
pub use gateway::{Answering, Gateway};
pub use hook::{Hook, HookRunner, hook};
pub use meters::{Meters, Totals, seconds};
pub use outfit::Outfit;
pub use receipts::Receipts;
pub use reply_words::ReplyWords;
pub use sender::Sender;
pub use standing::{Crowding, Standing};
