//! The store on SQLite: one writer with group commit, one reader beside it.

mod access;
pub(super) mod again;
pub(super) mod archive;
pub(super) mod audit;
pub(super) mod backup;
pub(super) mod board;
mod book;
mod columns;
pub(super) mod digest;
mod fault;
pub(super) mod forget;
pub(super) mod glance;
pub(super) mod history;
pub(super) mod hooks;
pub(super) mod inbox;
pub(super) mod inquiry;
mod lock;
pub(super) mod log;
mod open;
pub(super) mod outbox;
mod progress;
mod queue;
mod receipts;
mod rows;
mod schema;
mod signs;
mod space;
pub(super) mod state;
pub(super) mod trail;
pub(super) mod waiting;
mod wal;
mod writer;

pub(super) use access::Access;
pub(super) use log::Prepared;
pub(super) use open::open;
pub(super) use wal::Syncs;
