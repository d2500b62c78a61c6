//! Where data is kept and for how long.

use std::path::PathBuf;
use std::time::Duration;

/// Where data is kept and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The database file.
    pub path: PathBuf,
    /// Below this much free space, in bytes, intake answers busy.
    pub min_free: u64,
    /// How long what is final is kept.
    pub retention: Duration,
    /// How long the audit trail is kept.
    pub audit_retention: Duration,
}
