//! Reading the config again while alarms go on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, watch};

use crate::config::{self, Environment, Settings};
use crate::ingest::Codec;
use crate::store::StoreError;
use crate::whatsapp::{Client, ClientError};

use super::controls::Controls;
use super::core::Policy;
use super::line::Line;
use super::replay::Said;

/// The most messages that an answer shows.
const MAX_SHOWN: usize = 1_000;

/// Reads the config again and puts it in force. Cheap to clone.
#[derive(Clone)]
pub struct Reloader {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    environment: Environment,
    /// Held over a whole reload: two at once would mix.
    current: Mutex<Settings>,
    controls: Controls,
    line: Arc<Line>,
    codec: watch::Sender<Arc<Codec>>,
    /// Why the last reload changed nothing.
    failed: std::sync::Mutex<Option<String>>,
}

/// What a reload did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Changes in force.
    pub applied: Vec<String>,
    /// Changes that a restart puts in force.
    pub needs_restart: Vec<String>,
    /// Remarks on the config.
    pub warnings: Vec<String>,
    /// Of a dry run: the messages that would go out at once.
    pub would_send: Vec<Said>,
}

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The config is wrong: a line for each fault.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// The token or the address of the API cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The log cannot take the change.
    #[error("the change cannot be written to the log ({0}); try again")]
    Store(#[from] StoreError),
}

impl Reloader {
    /// A reloader for the daemon that runs with `current`.
    #[must_use]
    pub(super) fn new(
        path: PathBuf,
        environment: Environment,
        current: Settings,
        controls: Controls,
        line: Arc<Line>,
        codec: watch::Sender<Arc<Codec>>,
    ) -> Self {
        controls.meters.reloaded(controls.now(), hash(&path));
        let current = Mutex::new(current);
        Self {
            shared: Arc::new(Shared {
                path,
                environment,
                current,
                controls,
                line,
                codec,
                failed: std::sync::Mutex::default(),
            }),
        }
    }

    /// Reads the config and puts it in force; with `dry_run` only says what would change. A wrong
    /// config changes nothing.
    ///
    /// # Errors
    /// The config is wrong or the log cannot take the change; the old one stays in force.
    pub async fn reload(&self, dry_run: bool, by: Arc<str>) -> Result<Report, ReloadError> {
        let outcome = self.read(dry_run, by).await;
        if !dry_run {
            let Controls { meters, .. } = &self.shared.controls;
            match &outcome {
                Ok(_) => meters.reloaded(self.shared.controls.now(), hash(&self.shared.path)),
                Err(_) => meters.not_reloaded(),
            }
        }
        outcome
    }

    async fn read(&self, dry_run: bool, by: Arc<str>) -> Result<Report, ReloadError> {
        let shared = &self.shared;
        let mut current = shared.current.lock().await;
        let mut loaded = config::load(&shared.path, &shared.environment)
            .map_err(|faults| ReloadError::Config(faults.summary()))?;
        // Whether anything listens for Meta is as it was at the start.
        loaded.settings.delivery.receipts = current.delivery.receipts;
        let changes = current.changes(&loaded.settings);
        let mut report = Report {
            applied: changes.applied,
            needs_restart: changes.needs_restart,
            warnings: loaded.warnings.summary(),
            would_send: Vec::new(),
        };
        if dry_run {
            let policy = Policy::from(&loaded.settings);
            report.would_send = shared.controls.foresee(&policy).await;
            return Ok(report);
        }
        let client = Client::new(&loaded.settings.whatsapp)?;
        let summary = report.applied.join("; ");
        // The token first: what the reload sets going again must go out with it.
        let before = shared.line.replace(client);
        let applied = shared
            .controls
            .apply(Policy::from(&loaded.settings), summary, by);
        if let Err(error) = applied.await {
            shared.line.replace(before);
            return Err(error.into());
        }
        shared.codec.send_replace(codec_of(&loaded.settings));
        *current = loaded.settings;
        Ok(report)
    }

    /// Why the last reload changed nothing; `None` when it went well, or there was none.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        let failed = self.shared.failed.lock();
        failed.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// [`Reloader::reload`], remembered unless nothing was to change.
    async fn attempt(&self, dry_run: bool, by: Arc<str>) -> Result<Report, ReloadError> {
        let outcome = self.reload(dry_run, by).await;
        if !dry_run {
            let failed = outcome.as_ref().err().map(ToString::to_string);
            let mut last = self
                .shared
                .failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = failed;
        }
        outcome
    }

    /// [`Reloader::reload`], logged; what the daemon does on SIGHUP.
    pub async fn reload_and_log(&self) {
        match self.attempt(false, Arc::from("signal SIGHUP")).await {
            Ok(report) => report.log(),
            Err(error) => {
                tracing::error!(%error, "the config is not reloaded; the old one stays in force");
            }
        }
    }

    /// The same for the control socket.
    pub async fn answer(&self, dry_run: bool, by: Arc<str>) -> Result<Value, Value> {
        match self.attempt(dry_run, by).await {
            Ok(report) => {
                if !dry_run {
                    report.log();
                }
                let mut answer = json!({
                    "applied": report.applied,
                    "needs_restart": report.needs_restart,
                    "warnings": report.warnings,
                });
                if dry_run {
                    let shown = report.would_send.iter().take(MAX_SHOWN);
                    answer["would_send"] = shown.map(Said::json).collect();
                    answer["would_send_count"] = json!(report.would_send.len());
                }
                Ok(answer)
            }
            Err(error) => Err(json!({"error": error.to_string()})),
        }
    }
}

/// A number that changes with the text of the config; 0 for one that cannot be read.
fn hash(path: &Path) -> i64 {
    let Ok(text) = std::fs::read(path) else {
        return 0;
    };
    // As many bits as a number of Prometheus holds exactly.
    let digest = Sha256::digest(&text);
    let bits = digest.iter().take(6);
    bits.fold(0, |hash, byte| hash << 8 | i64::from(*byte))
}

impl Report {
    fn log(&self) {
        tracing::info!(changes = self.applied.len(), "the config was reloaded");
        for change in &self.applied {
            tracing::info!("changed: {change}");
        }
        for change in &self.needs_restart {
            tracing::warn!("needs a restart: {change}");
        }
        for warning in &self.warnings {
            tracing::warn!("{warning}");
        }
    }
}

/// The codec that a config asks for.
pub(super) fn codec_of(settings: &Settings) -> Arc<Codec> {
    let codec = Codec::new(settings.dataminer.clone());
    Arc::new(codec.with_labels(settings.labels.clone()))
}

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Self {
        use crate::pipeline::Outfit;
        let outfit = Outfit::new(
            &settings.ruleset.contacts,
            &settings.templates,
            settings.display.clone(),
        )
        .with_stand_in(settings.ruleset.fallback.clone());
        Self {
            ruleset: Arc::new(settings.ruleset.clone()),
            keep_all: settings.keep_all,
            delivery: settings.delivery.clone(),
            outfit: Arc::new(outfit),
            fallback: settings.fallback.clone(),
            on_ack: settings.hooks.clone(),
            words: Arc::new(settings.words.clone()),
            expect: settings.expect.clone().into(),
        }
    }
}
