//! How commands end, as sysexits numbers them.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Ok,
    /// Done, with something amiss that the output tells.
    Degraded,
    /// No daemon answers, for `status`.
    Down,
    /// The command line is wrong.
    Usage,
    /// The input is wrong.
    Data,
    /// A file or service that is needed is not there or not allowed.
    Unavailable,
    /// Something failed that should not.
    Software,
    /// Not now: try again.
    TempFail,
    /// The config is wrong.
    Config,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Degraded => 1,
            Self::Down => 2,
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::TempFail => 75,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
