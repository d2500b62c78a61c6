//! The command line: one file per subcommand; the only code that prints.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to people is what this module is for"
)]

mod exit;

use std::process::ExitCode;

pub use exit::Exit;

/// Runs the command that argv names.
#[must_use]
pub fn main() -> ExitCode {
    Exit::Usage.into()
}
