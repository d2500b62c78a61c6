//! Who is told when a message does not reach its contact: somebody else, or a command.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::model::{AlarmRecord, ContactId, Event, Kind, MessageId, RuleId, Undelivered};
use crate::store::{Envelope, Log, NewEntry, Outbox, StoreError, Untold};

use super::clock::Clock;
use super::command;
use super::correlator::sleep_until;
use super::outfit::Outfit;

/// Notices of holds that wait for the command. There are a few scopes, each told once per hold.
const MAX_HOLDS: usize = 64;

/// Messages that are read back from the outbox at once.
const PAGE: usize = 64;

/// Messages that are remembered between two looks of the task.
const MAX_FRESH: usize = 1_024;

/// Members of a digest that are read at once.
const MEMBERS: usize = 1_000;

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
        /// The alarm it spoke of; for a digest, the worst.
        alarm: Box<AlarmRecord>,
        /// How many messages it stood for, when it was a digest.
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<usize>,
    },
}

/// Wakes the command's task. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Fallback {
    holds: mpsc::Sender<Notice>,
    fresh: Arc<Fresh>,
}

/// Messages of which nobody has looked whether somebody else can be told.
#[derive(Debug, Default)]
struct Fresh {
    written: Mutex<Written>,
    wake: Notify,
}

#[derive(Debug)]
enum Written {
    These(Vec<MessageId>),
    /// Too many to be named here: all that wait in the outbox are looked at.
    All,
}

impl Default for Written {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Written {
    fn add(&mut self, more: Vec<MessageId>) {
        match self {
            Self::These(ids) if ids.len() + more.len() <= MAX_FRESH => ids.extend(more),
            Self::These(_) | Self::All => *self = Self::All,
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::These(ids) if ids.is_empty())
    }
}

impl Fresh {
    fn take(&self) -> Written {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands messages that were not sent to the engine where somebody else can be told of them, and runs
/// the command for the others, one notice at a time.
///
/// Messages that were not sent are kept in the outbox until they are in the log or the command has
/// taken them, so that neither a crash nor a command that fails loses one. Holds are kept in memory: after a restart
/// they are found again.
#[derive(Debug)]
pub struct Runner {
    settings: watch::Receiver<Option<Settings>>,
    parts: Parts,
    holds: mpsc::Receiver<Notice>,
    fresh: Arc<Fresh>,
    /// Notices of holds that the command has not taken.
    held: VecDeque<Notice>,
    /// What could not be looked at.
    owed: Written,
    /// The last message that was tried: after a failure the next one has its turn.
    tried: MessageId,
    failures: u32,
}

/// What the task stands on.
#[derive(Debug)]
pub struct Parts {
    /// Where messages wait that were not sent.
    pub outbox: Outbox,
    /// Where the engine hears of them.
    pub log: Log,
    /// People in force.
    pub outfit: watch::Receiver<Arc<Outfit>>,
    /// Engine time.
    pub clock: Clock,
}

/// A fallback and the task behind it.
#[must_use]
pub fn fallback(settings: watch::Receiver<Option<Settings>>, parts: Parts) -> (Fallback, Runner) {
    let (sender, holds) = mpsc::channel(MAX_HOLDS);
    let fresh = Arc::new(Fresh::default());
    let fallback = Fallback {
        holds: sender,
        fresh: Arc::clone(&fresh),
    };
    let runner = Runner {
        settings,
        parts,
        holds,
        fresh,
        held: VecDeque::new(),
        owed: Written::All,
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

    /// Messages of which somebody must hear were written.
    pub fn written(&self, ids: Vec<MessageId>) {
        self.fresh.lock().add(ids);
        self.fresh.wake.notify_one();
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
            // While the command has its pause after a failure, people are told all the same.
            let rests = again.is_some_and(|at| at > Instant::now());
            if !rests || !self.fresh.lock().is_empty() {
                again = match self.tell_what_waits(!rests).await {
                    Ok(true) => continue,
                    Ok(false) if rests => again,
                    Ok(false) => (self.failures > 0).then(|| self.next_try()),
                    Err(error) if error.class().passes() => {
                        tracing::error!(%error, "the fallback's messages cannot be read or marked; trying again");
                        self.failures += 1;
                        Some(self.next_try())
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
                () = self.fresh.wake.notified() => {}
                () = sleep_until(again) => {}
                // Another command may work, and somebody else may be told.
                Ok(()) = self.settings.changed() => again = None,
                Ok(()) = self.parts.outfit.changed() => *self.fresh.lock() = Written::All,
            }
        }
    }

    /// Passes messages on to people, then tells the command, unless it rests, of holds and a page of
    /// messages; whether there may be more to tell at once.
    async fn tell_what_waits(&mut self, with_command: bool) -> Result<bool, StoreError> {
        match self.fresh.take() {
            Written::All => self.owed = Written::All,
            Written::These(ids) => self.owed.add(ids),
        }
        self.pass_on().await?;
        self.owed = Written::default();
        if !with_command {
            return Ok(false);
        }
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
        let mut page = self.parts.outbox.untold(self.tried, PAGE).await?;
        if page.is_empty() && self.tried > MessageId::default() {
            self.tried = MessageId::default();
            page = self.parts.outbox.untold(self.tried, PAGE).await?;
        }
        if page.is_empty() {
            self.failures = 0;
            return Ok(false);
        }
        for untold in page {
            let Untold {
                envelope,
                reason,
                members,
                ..
            } = untold;
            let id = envelope.message.id;
            self.tried = id;
            let notice = Notice::Failed {
                message: id,
                contact: envelope.message.contact,
                rule: envelope.notification.rule.clone(),
                reason,
                alarm: Box::new(envelope.notification.alarm.clone()),
                count: id.is_digest().then_some(members),
            };
            if !self.tell(&notice).await {
                return Ok(false);
            }
            self.parts.outbox.told(id).await?;
        }
        Ok(true)
    }

    /// Hands to the engine what somebody else can be told of, of what was written since the last time.
    async fn pass_on(&mut self) -> Result<(), StoreError> {
        if let Written::These(ids) = &self.owed {
            for ids in ids.chunks(PAGE) {
                let page = self.parts.outbox.untold_of(ids.to_vec()).await?;
                self.pass_page_on(&page).await?;
            }
            return Ok(());
        }
        let mut after = MessageId::default();
        loop {
            let page = self.parts.outbox.untold(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.envelope.message.id;
            self.pass_page_on(&page).await?;
        }
    }

    async fn pass_page_on(&self, page: &[Untold]) -> Result<(), StoreError> {
        let outfit = Arc::clone(&self.parts.outfit.borrow());
        for untold in page {
            let message = &untold.envelope.message;
            if message.kind == Kind::Answer {
                // Whoever wrote sees that nothing came back.
                self.parts.outbox.told(message.id).await?;
            } else if outfit.stand_in(&message.contact).is_some() && may_be_passed_on(untold) {
                self.hand_over(untold).await?;
            }
        }
        Ok(())
    }

    /// One entry of the log for the message, or for each member of a digest. A member that stands in
    /// for another contact's message is not passed on again: the command hears of it.
    async fn hand_over(&self, untold: &Untold) -> Result<(), StoreError> {
        let id = untold.envelope.message.id;
        let mut entries = Vec::new();
        let mut still = Vec::new();
        if id.is_digest() {
            let mut after = MessageId::default();
            loop {
                let page = self.parts.outbox.members(id, after, MEMBERS).await?;
                let Some(last) = page.last() else { break };
                after = last.message.id;
                for member in &page {
                    if member.message.instead_of.is_some() {
                        still.push(member.message.id);
                    } else {
                        entries.push(self.entry(member, &untold.reason));
                    }
                }
            }
        } else {
            entries.push(self.entry(&untold.envelope, &untold.reason));
        }
        let contact = &untold.envelope.message.contact;
        tracing::warn!(message.id = %id, %contact, reason = untold.reason, messages = entries.len(), "somebody else is told");
        self.parts.log.append_told(entries, id, still).await
    }

    fn entry(&self, envelope: &Envelope, reason: &str) -> NewEntry {
        let Envelope {
            message,
            notification,
            ..
        } = envelope;
        let undelivered = Undelivered {
            message: message.id,
            notification: message.notification,
            contact: message.contact.clone(),
            rule: notification.rule.clone(),
            bucket: message.bucket.as_ref().to_owned(),
            kind: message.kind,
            template: message.template.clone(),
            severity: message.severity,
            reason: reason.to_owned(),
        };
        NewEntry {
            at: self.parts.clock.now(),
            event: Event::Undelivered(undelivered),
            wanted: true,
            origin: Arc::from("klaxond"),
        }
    }

    /// Whether nothing is left to do for `notice`.
    async fn tell(&mut self, notice: &Notice) -> bool {
        let settings = self.settings.borrow().clone();
        let taken = match settings {
            Some(settings) => command::run("fallback", &settings, notice).await,
            None => {
                tracing::error!(?notice, "no [fallback] command is set; nobody else is told");
                true
            }
        };
        self.failures = if taken { 0 } else { self.failures + 1 };
        taken
    }

    fn next_try(&self) -> Instant {
        Instant::now() + command::wait(self.failures)
    }
}

/// Whether somebody else may be told of it: not where nobody is left, not of what is told in somebody's
/// place already, nor of what concerns klaxond itself.
fn may_be_passed_on(untold: &Untold) -> bool {
    let message = &untold.envelope.message;
    !untold.alone && message.instead_of.is_none() && message.kind != Kind::Notice
}
