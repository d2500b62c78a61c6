//! Who may hand in alarms, how, and within which bounds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

/// The alarm socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where it is.
    pub socket: PathBuf,
    /// Its file mode (`0o660`).
    pub mode: u32,
    /// The group that owns it, by name; unchanged when not given.
    pub group: Option<String>,
    /// Users who may connect, by name or number; with `allow_groups` empty too, the file mode alone decides.
    pub allow_users: Vec<String>,
    /// Groups whose members may connect, by name or number.
    pub allow_groups: Vec<String>,
    /// Longest line in bytes.
    pub max_line: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// A connection that says nothing for this long is closed.
    pub idle_timeout: Duration,
}

/// How DataMiner's strings are read, where they do not say.
#[derive(Debug, Clone, PartialEq)]
pub struct DataMiner {
    /// `"7/59"` → element name, `"7/59/350"` → parameter name.
    pub names: BTreeMap<String, String>,
    /// The zone of times without one.
    pub timezone: TimeZone,
    /// strptime formats to try first, in order.
    pub time_formats: Vec<String>,
    /// Whether `05/06` is the fifth of June.
    pub day_first: bool,
    /// Which numbering of severities codes follow.
    pub severity_codes: SeverityCodes,
}

/// The two numberings of severities in DataMiner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeverityCodes {
    /// `slenumvalues`: 1 Critical … 5 Normal. What Correlation Alarm Info carries.
    SlEnum,
    /// `AlarmLevel`: 1 Normal … 5 Critical.
    AlarmLevel,
}
