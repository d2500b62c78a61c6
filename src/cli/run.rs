//! `klaxond run`: the daemon.

use crate::daemon;

use super::Exit;
use super::options::{ConfigArgs, environment};

/// The options of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Signals: SIGTERM and SIGINT finish what is under way and end; SIGHUP reads the config again.
Logs go to standard error. Under systemd use config/klaxond.service.

Examples:
  klaxond run
  klaxond run --config ./config/config.toml")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(args: &Args) -> Exit {
    let loaded = match args.config.load() {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    match daemon::run(args.config.path(), environment(), loaded) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            eprintln!("klaxond: {error}");
            if error.is_temporary() {
                Exit::TempFail
            } else {
                Exit::Unavailable
            }
        }
    }
}
