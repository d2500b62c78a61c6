//! Pure: what to do next with a queued message: order, rate, retry, hold.
//!
//! The [`Dispatcher`] is told what happened (a message was admitted, an attempt ended, a probe was
//! answered) and asked what to do next ([`Dispatcher::next`]) and until when it can sleep
//! ([`Dispatcher::next_deadline`]). It reads no clock, draws no random number and does no I/O: time and
//! jitter are arguments, so the same calls give the same decisions.
//!
//! Inside, one file per role: `queue` keeps messages by bucket, `lane` orders one contact's buckets,
//! `turn` chooses among lanes, `limit` and `pace` keep the number's rate, `pair` and `loan` each phone's,
//! `storm` turns a lane to digests, `digest` knows what goes into one, `supersede` drops what a later message makes needless,
//! `quiet` keeps a person's quiet hours, `receipt` reads receipts and misses them, `hold` closes what an error speaks about, `news` what Meta
//! says of a template, `retry` knows how long, `claim` takes what a POST takes, `settle` reads outcomes,
//! `restore` takes up after a restart, `reload` after a change of the config, `status` tells where
//! things stand, `reason` has the words.

mod action;
mod claim;
mod digest;
mod dispatcher;
mod hold;
mod lane;
mod limit;
mod loan;
mod news;
mod pace;
mod pair;
mod queue;
mod quiet;
mod reason;
mod receipt;
mod reload;
mod restore;
mod retry;
mod settings;
mod settle;
mod slab;
mod status;
mod storm;
mod supersede;
mod timeline;
mod timers;
mod turn;

pub use action::{Action, HoldKey, ProbeAnswer, Verdict};
pub use dispatcher::Dispatcher;
pub use quiet::{QUIET_HOURS, Quiet};
pub use settings::{Settings, Storm};
pub use status::{Census, Hold, InStorm};
