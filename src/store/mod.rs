//! Durability: log, state, outbox, archive. The handles speak of what is kept; `sqlite` knows how.

mod archive;
mod audit;
mod board;
mod digest;
mod error;
mod glance;
mod history;
mod inbox;
mod inquiry;
mod log;
mod open;
mod outbox;
mod settings;
mod sqlite;
mod state;
mod tail;
mod trail;

pub use archive::{Archive, Forgotten, Sizes, scrub};
pub use audit::{Act, AuditWanted, Fact, Seq, SeqFault, What};
pub use board::Board;
pub use digest::{DigestPart, DigestWrite};
pub use error::{StoreClass, StoreError};
pub use glance::{Carrier, Glance, MAX_GLANCES};
pub use history::{History, history};
pub use inbox::{Arrival, Inbox, ReplyTrail, Taken};
pub use inquiry::{Dossier, HeldBack, Inquiry, Listed, Told, Wanted};
pub use log::{Log, NewEntry};
pub use open::{Mode, Store, backup};
pub use outbox::{
    AttemptEnd, AttemptMark, Claim, ClaimMark, Ending, Envelope, Outbox, Pending, Untold,
};
pub use settings::Settings;
pub use state::{NewMessage, Saved, State, StepWrite};
pub use tail::Tail;
pub use trail::{AttemptTrail, Tally, Trail};
