//! Durability: log, state, outbox, archive.

mod settings;

pub use settings::Settings;
