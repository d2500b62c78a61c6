//! The command that tells people when WhatsApp cannot.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::{AlarmRecord, ContactId, MessageId, RuleId};
use crate::store::{Outbox, StoreError, Untold};

use super::correlator::sleep_until;

/// Notices of holds that wait for the command. There are a few scopes, each told once per hold.
const MAX_HOLDS: usize = 64;

/// Messages that are read back from the outbox at once.
const PAGE: usize = 64;

/// After a command that failed: the first wait, doubled up to the last.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LAST_WAIT: Duration = Duration::from_secs(300);

/// The fallback command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// It is killed after this long.
    pub timeout: Duration,
}

/// What the command reads, as JSON, on its standard input.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Notice {
    /// Messages are held: WhatsApp cannot be used until somebody acts.
    Held {
        /// What is held: the account, the number, a template.
        scope: String,
        /// Why, and what to do.
        reason: String,
        /// Messages that wait.
        waiting: usize,
    },
    /// One message failed for good, or lost its point before it could be sent.
    Failed {
        /// The message.
        message: MessageId,
        /// Who was not told; never a number.
        contact: ContactId,
        /// The rule that wanted them told.
        rule: RuleId,
        /// Why it failed.
        reason: String,
        /// The alarm it spoke of.
        alarm: Box<AlarmRecord>,
    },
}

/// Wakes the command's task. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fallback {
    holds: mpsc::Sender<Notice>,
    written: Arc<Notify>,
}

/// Runs the command, one notice at a time.
///
/// Messages that were not sent are kept in the outbox until the command has taken them, so that
/// neither a crash nor a command that fails loses one. Holds are kept in memory: after a restart
/// they are found again.
#[derive(Debug)]
pub struct Runner {
    settings: watch::Receiver<Option<Settings>>,
    outbox: Outbox,
    holds: mpsc::Receiver<Notice>,
    written: Arc<Notify>,
    /// Notices of holds that the command has not taken.
    held: VecDeque<Notice>,
    /// The last message that was tried: after a failure the next one has its turn.
    tried: MessageId,
    failures: u32,
}

/// A fallback and the task behind it.
#[must_use]
pub fn fallback(settings: watch::Receiver<Option<Settings>>, outbox: Outbox) -> (Fallback, Runner) {
    let (sender, holds) = mpsc::channel(MAX_HOLDS);
    let written = Arc::new(Notify::new());
    let fallback = Fallback {
        holds: sender,
        written: Arc::clone(&written),
    };
    let runner = Runner {
        settings,
        outbox,
        holds,
        written,
        held: VecDeque::new(),
        tried: MessageId::default(),
        failures: 0,
    };
    (fallback, runner)
}

impl Fallback {
    /// Tells the command of a hold. Never waits: when too many wait already, it is logged and dropped.
    pub fn held(&self, notice: Notice) {
        if let Err(error) = self.holds.try_send(notice) {
            tracing::error!(%error, "the fallback command cannot keep up; a notice of a hold is dropped");
        }
    }

    /// A message of which the command must hear was written.
    pub fn written(&self) {
        self.written.notify_one();
    }
}

impl Runner {
    /// Tells the command of holds as they come, and of the outbox's untold messages, until `stop`;
    /// then once more of what waits, as far as the command takes it.
    ///
    /// # Errors
    /// The outbox cannot be read or written, and that does not pass.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        let mut again = None;
        loop {
            let stopping = stop.is_cancelled();
            if again.is_none_or(|at| at <= Instant::now()) {
                again = match self.tell_what_waits().await {
                    Ok(true) => continue,
                    Ok(false) => (self.failures > 0).then(|| Instant::now() + self.wait()),
                    Err(error) if error.class().passes() => {
                        tracing::error!(%error, "the fallback's messages cannot be read or marked; trying again");
                        self.failures += 1;
                        Some(Instant::now() + self.wait())
                    }
                    Err(error) => return Err(error),
                };
            }
            if stopping {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => again = None,
                Some(notice) = self.holds.recv(), if self.held.len() < MAX_HOLDS => {
                    self.held.push_back(notice);
                }
                () = self.written.notified() => {}
                () = sleep_until(again) => {}
                // Another command may work.
                Ok(()) = self.settings.changed() => again = None,
            }
        }
    }

    /// Tells of holds and a page of messages; whether there may be more to tell at once.
    async fn tell_what_waits(&mut self) -> Result<bool, StoreError> {
        while self.held.len() < MAX_HOLDS
            && let Ok(notice) = self.holds.try_recv()
        {
            self.held.push_back(notice);
        }
        while let Some(notice) = self.held.pop_front() {
            if !self.tell(&notice).await {
                self.held.push_front(notice);
                return Ok(false);
            }
        }
        let mut page = self.outbox.untold(self.tried, PAGE).await?;
        if page.is_empty() && self.tried > MessageId::default() {
            self.tried = MessageId::default();
            page = self.outbox.untold(self.tried, PAGE).await?;
        }
        if page.is_empty() {
            self.failures = 0;
            return Ok(false);
        }
        for Untold { envelope, reason } in page {
            let id = envelope.message.id;
            self.tried = id;
            let notice = Notice::Failed {
                message: id,
                contact: envelope.message.contact,
                rule: envelope.notification.rule.clone(),
                reason,
                alarm: Box::new(envelope.notification.alarm.clone()),
            };
            if !self.tell(&notice).await {
                return Ok(false);
            }
            self.outbox.told(id).await?;
        }
        Ok(true)
    }

    /// Whether nothing is left to do for `notice`.
    async fn tell(&mut self, notice: &Notice) -> bool {
        let settings = self.settings.borrow().clone();
        let taken = match settings {
            Some(settings) => run(&settings, notice).await,
            None => {
                tracing::error!(?notice, "no [fallback] command is set; nobody else is told");
                true
            }
        };
        self.failures = if taken { 0 } else { self.failures + 1 };
        taken
    }

    fn wait(&self) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(16);
        FIRST_WAIT.saturating_mul(1 << doublings).min(LAST_WAIT)
    }
}

/// Whether the command took the notice.
async fn run(settings: &Settings, notice: &Notice) -> bool {
    match tokio::time::timeout(settings.timeout, execute(settings, notice)).await {
        Ok(Ok(status)) if status.success() => {
            tracing::info!("the fallback command was told");
            return true;
        }
        Ok(Ok(status)) => tracing::error!(%status, "the fallback command failed"),
        Ok(Err(error)) => tracing::error!(%error, "the fallback command cannot be run"),
        Err(_) => {
            tracing::error!(timeout = ?settings.timeout, "the fallback command took too long and was killed");
        }
    }
    false
}

async fn execute(settings: &Settings, notice: &Notice) -> std::io::Result<ExitStatus> {
    let (program, arguments) = settings
        .command
        .split_first()
        .ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        let mut line = serde_json::to_vec(notice)?;
        line.push(b'\n');
        match stdin.write_all(&line).await {
            // A command that does not read its input is still a command.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    child.wait().await
}
