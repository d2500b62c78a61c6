//! The store on SQLite: one writer with group commit, one reader beside it.

mod access;
pub(super) mod archive;
pub(super) mod backup;
mod book;
mod fault;
pub(super) mod history;
mod lock;
pub(super) mod log;
mod open;
pub(super) mod outbox;
mod queue;
mod rows;
mod schema;
mod space;
pub(super) mod state;
mod wal;
mod writer;

pub(super) use access::Access;
pub(super) use log::Prepared;
pub(super) use open::open;
