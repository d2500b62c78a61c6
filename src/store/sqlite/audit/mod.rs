//! The audit trail in a table: facts that are not in the log, and those of entries that retention took
//! from it. Read together, in one order.

mod heard;
mod page;
mod said;
mod table;
mod veil;

pub(super) use heard::heard;
pub(in crate::store) use page::{facts, page};
pub(super) use said::{again, decided, digested, ended, forgotten, waits};
pub(super) use table::insert;
pub(in crate::store) use table::{note, prune};
pub(super) use veil::veil;
