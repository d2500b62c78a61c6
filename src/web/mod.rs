//! The HTTP server: health, alarms, control.
//!
//! One router is served on TCP, for scripts and probes, and on the control socket, for our own
//! commands. Who may do what is in one place: the guard. What Meta posts comes in on a port of its
//! own, which knows nothing else.

mod alarms;
mod app;
mod ask;
mod guard;
mod health;
mod inquiry;
mod router;
mod server;
mod settings;
mod webhook;

pub use app::{App, Control, Read, Records};
pub use ask::{Ask, Refusal};
pub use health::Health;
pub use server::{BindError, ServeError, Server};
pub use settings::{Settings, WebhookSettings};
pub use webhook::{Take, Webhook};
