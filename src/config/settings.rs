//! What a config file says, as the modules understand it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::Labels;
use crate::whatsapp::template::{Definition, Display, Template, Vocabulary};
use crate::{delivery, engine, ingest, pipeline, store, web, whatsapp};

/// What a config depends on besides its file.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `$CREDENTIALS_DIRECTORY`, where systemd puts secrets.
    pub credentials_directory: Option<PathBuf>,
}

/// A config that can be used, and what is worth a second look in it.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// What is worth a second look.
    pub warnings: super::Faults,
}

/// Everything that a config file says, checked.
pub struct Settings {
    /// Where and as whom messages are sent.
    pub whatsapp: whatsapp::Settings,
    /// The templates, compiled, in the order of the file.
    pub templates: Vec<Template>,
    /// The same templates as written.
    pub definitions: Vec<Definition>,
    /// How severities, types and the like read in other languages.
    pub vocabulary: Vocabulary,
    /// How times print.
    pub display: Display,
    /// The alarm socket.
    pub ingest: ingest::Settings,
    /// How DataMiner's strings are read.
    pub dataminer: ingest::DataMiner,
    /// What the labels of other systems become.
    pub labels: Labels,
    /// Where data is kept.
    pub storage: store::Settings,
    /// Whether records that no rule wants are stored too.
    pub keep_all: bool,
    /// The limits that delivery keeps.
    pub delivery: delivery::Settings,
    /// How long a stop may take to finish what is under way.
    pub drain_timeout: Duration,
    /// The rules and people in force.
    pub ruleset: engine::Ruleset,
    /// Sources that must be heard of.
    pub expect: Vec<pipeline::heartbeat::Expectation>,
    /// The command that tells people when WhatsApp cannot.
    pub fallback: Option<pipeline::fallback::Settings>,
    /// The command that is told when somebody takes an alarm.
    pub hooks: Option<pipeline::fallback::Settings>,
    /// What people can write back.
    pub words: pipeline::ReplyWords,
    /// The HTTP server.
    pub http: web::Settings,
    /// The port that Meta posts to; `None` when receipts and replies are off.
    pub webhook: Option<web::WebhookSettings>,
    /// What the log looks like.
    pub log: Log,
}

impl fmt::Debug for Settings {
    /// The size of it only: the whole would fill pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("contacts", &self.ruleset.contacts.len())
            .field("rules", &self.ruleset.rules.len())
            .field("templates", &self.definitions.len())
            .finish_non_exhaustive()
    }
}

/// What the log looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// Its form.
    pub format: LogFormat,
    /// The least important line that is written.
    pub level: tracing::Level,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// One JSON object a line.
    Json,
}
