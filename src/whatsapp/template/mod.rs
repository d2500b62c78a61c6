//! Message templates: what Meta approved, filled with an alarm.

mod definition;

pub use definition::{ButtonDefinition, Definition, HeaderDefinition, Parameters};
