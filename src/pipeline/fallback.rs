//! The command that tells people when WhatsApp cannot.

use std::time::Duration;

/// The fallback command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// It is killed after this long.
    pub timeout: Duration,
}
