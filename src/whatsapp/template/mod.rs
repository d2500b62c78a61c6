//! Message templates: what Meta approved, filled with an alarm.

mod check;
mod compile;
mod definition;
pub mod digest;
mod fault;
mod parameter;
mod placeholder;
mod render;
pub(super) mod sanitise;
mod scene;
mod submission;
mod words;

pub(super) use compile::OpenVariables;
pub use compile::Template;
pub use definition::{ButtonDefinition, Category, Definition, HeaderDefinition, Parameters};
pub use fault::{Place, TemplateFault};
pub use render::Rendered;
pub use scene::{Display, Scene, check_time_format};
pub use submission::Submission;
pub use words::{Vocabulary, Words};
