//! The HTTP server: health, alarms, control.
//!
//! One router is served on TCP, for scripts and probes, and on the control socket, for our own
//! commands. Who may do what is in one place: the guard.

mod alarms;
mod app;
mod guard;
mod health;
mod router;
mod server;
mod settings;

pub use app::{App, Control, Read, Records};
pub use health::Health;
pub use server::{BindError, ServeError, Server};
pub use settings::Settings;
