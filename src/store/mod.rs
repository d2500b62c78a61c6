//! Durability: log, state, outbox, archive. The handles speak of what is kept; `sqlite` knows how.

mod archive;
mod error;
mod history;
mod log;
mod open;
mod outbox;
mod settings;
mod sqlite;
mod state;
mod tail;

pub use archive::{Archive, Sizes};
pub use error::{StoreClass, StoreError};
pub use history::{History, history};
pub use log::{Log, NewEntry};
pub use open::{Mode, Store, backup};
pub use outbox::{
    AttemptEnd, AttemptMark, AttemptTrail, Claim, ClaimMark, Ending, Envelope, Outbox, Pending,
    Tally, Trail, Untold,
};
pub use settings::Settings;
pub use state::{NewMessage, Saved, State, StepWrite};
pub use tail::Tail;
