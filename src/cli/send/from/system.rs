//! Which systems there are, and what each is given.

use std::io::Read;

use super::{alertmanager, dataminer, icinga2, nagios, zabbix};

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli::send) enum System {
    /// Nagios, Icinga 1, Naemon: NAGIOS_… in the environment, or NAME=value after --
    Nagios,
    /// Icinga 2: -l host -e service -s state -t type … after --
    Icinga2,
    /// Zabbix: the parameters of a script media type after --
    Zabbix,
    /// Alertmanager or Grafana: their JSON on standard input
    Alertmanager,
    /// DataMiner: Correlation Alarm Info after --, or on standard input
    Dataminer,
}

/// What a call gives.
pub(in crate::cli::send) struct Given<'a> {
    /// Arguments after `--`.
    pub(in crate::cli::send) words: Vec<String>,
    /// A variable of the environment.
    pub(in crate::cli::send) environment: &'a dyn Fn(&str) -> Option<String>,
    /// Standard input, or the file.
    pub(in crate::cli::send) input: &'a mut dyn Read,
    /// A file was named.
    pub(in crate::cli::send) has_file: bool,
}

/// Lines for the socket, and what could not be made one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli::send) struct Taken {
    pub(in crate::cli::send) lines: Vec<String>,
    pub(in crate::cli::send) faults: Vec<String>,
}

/// Why there is nothing to send.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli::send) enum Wrong {
    /// The call is wrong.
    #[error("{0}")]
    Usage(String),
    /// What it gives is wrong.
    #[error("{0}")]
    Data(String),
}

impl System {
    /// The lines to send.
    ///
    /// # Errors
    /// The call cannot be understood.
    pub(in crate::cli::send) fn read(self, mut given: Given<'_>) -> Result<Taken, Wrong> {
        let takes_file = matches!(self, Self::Alertmanager | Self::Dataminer);
        if given.has_file && !takes_file {
            return Err(Wrong::Usage(
                "this system gives no file: put -- in front of its arguments".to_owned(),
            ));
        }
        match self {
            Self::Nagios => {
                nagios::read(&given.words, given.environment).map(|record| Taken::one(&record))
            }
            Self::Icinga2 => icinga2::read(&given.words).map(|record| Taken::one(&record)),
            Self::Zabbix => zabbix::read(&given.words).map(|record| Taken::one(&record)),
            Self::Alertmanager if !given.words.is_empty() => Err(Wrong::Usage(
                "alertmanager takes no arguments: give its JSON on standard input".to_owned(),
            )),
            Self::Alertmanager => alertmanager::read(&given.text()?, jiff::Timestamp::now().into()),
            Self::Dataminer => {
                let (names, mut lines) = dataminer::split(&given.words);
                if lines.is_empty() {
                    lines = given.text()?.lines().map(str::to_owned).collect();
                }
                dataminer::read(&names, &lines)
            }
        }
    }
}

impl Given<'_> {
    /// All of the input, within bounds.
    fn text(&mut self) -> Result<String, Wrong> {
        const MAX_BYTES: u64 = 16 << 20;
        let mut bytes = Vec::new();
        let read = (&mut *self.input)
            .take(MAX_BYTES + 1)
            .read_to_end(&mut bytes);
        read.map_err(|error| Wrong::Data(format!("cannot read the input: {error}")))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Wrong::Data("the input is larger than 16 MiB".to_owned()));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Taken {
    fn one(record: &serde_json::Value) -> Self {
        Self {
            lines: vec![record.to_string()],
            faults: Vec::new(),
        }
    }
}
