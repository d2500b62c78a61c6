//! The HTTP server: health, alarms, control, the page.
//!
//! One router is served on TCP, for scripts and probes, and on the control socket, for our own
//! commands. Who may do what is in one place: the guard. What Meta posts comes in on a port of its
//! own, which knows nothing else. Other monitoring systems speak Alertmanager's interface.

mod alarms;
mod alertmanager;
mod app;
mod ask;
mod body;
mod caller;
mod connections;
mod guard;
mod headers;
mod health;
mod inquiry;
mod live;
mod login;
mod openapi;
mod overview;
mod page;
mod presence;
mod router;
mod routes;
mod server;
mod settings;
mod silences;
mod token;
mod webhook;

pub use alertmanager::{Clients, Dialect};
pub use app::{App, Control, Read, Records};
pub use ask::{Ask, Refusal};
pub use health::Health;
pub use live::Live;
pub use overview::{
    Bucket, Held, Hour, MINUTES, Meta, Overview, Queue, Quiet, Raised, Recent, Silenced, Source,
    Storm, Told, Verdict,
};
pub use router::table;
pub use routes::{Access, Route};
pub use server::{BindError, ServeError, Server};
pub use settings::{Settings, WebhookSettings};
pub use webhook::{Take, Webhook};
