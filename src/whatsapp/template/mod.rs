//! Message templates: what Meta approved, filled with an alarm.

mod check;
mod compile;
mod definition;
mod fault;
mod parameter;
mod placeholder;
mod render;
pub(super) mod sanitise;
mod scene;

pub(super) use compile::OpenVariables;
pub use compile::Template;
pub use definition::{ButtonDefinition, Definition, HeaderDefinition, Parameters};
pub use fault::{Place, TemplateFault};
pub use render::Rendered;
pub use scene::{Display, Scene, check_time_format};
