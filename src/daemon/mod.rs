//! Composition root: build, run, supervise, drain.

mod clear;
mod concerns;
mod controls;
mod core;
mod descriptors;
mod hand;
mod heartbeats;
mod housekeeping;
mod line;
mod metrics;
mod overview;
mod reload;
pub mod replay;
mod run;
mod serving;
mod signals;
mod status;
pub mod story;
mod systemd;
mod tasks;
mod telemetry;
mod watch;

pub use controls::Controls;
pub use core::{Core, CoreError, Parts, Policy};
pub use metrics::{CONTENT_TYPE, LOOK, Metrics};
pub use reload::{ReloadError, Reloader, Report};
pub use run::{Daemon, RunError, run};
