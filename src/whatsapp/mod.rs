//! The only place that knows Meta.

mod settings;
pub mod template;

pub use settings::Settings;
