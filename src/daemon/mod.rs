//! Composition root: build, run, supervise, drain.

mod clear;
mod controls;
mod core;
mod housekeeping;
mod line;
mod reload;
pub mod replay;
mod run;
mod signals;
mod status;
mod systemd;
mod tasks;
mod telemetry;

pub use controls::Controls;
pub use core::{Core, CoreError, Parts, Policy};
pub use reload::{ReloadError, Reloader, Report};
pub use run::{Daemon, RunError, run};
