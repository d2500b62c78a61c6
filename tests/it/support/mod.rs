//! Fixtures.

pub mod delivery;
pub mod delivery_history;
pub mod delivery_model;
