//! The HTTP server: health, alarms, control.

mod settings;

pub use settings::Settings;
