//! Takes the log in order, lets the engine decide, writes each step whole.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, Ruleset, Step};
use crate::model::{Event, LogEntry, Position, Receipt, Time, Update};
use crate::store::{Log, NewMessage, State, StepWrite, StoreError, Tail};

use super::clock::Clock;
use super::desk::Desk;
use super::fallback::Fallback;
use super::foresight::Questions;
use super::hook::Hook;
use super::meters::Meters;
use super::standing::Standing;

/// Entries that are decided and written in one transaction.
const MAX_STEPS: usize = 256;

/// Between two tries to write a step that the store refuses.
const RETRY: Duration = Duration::from_millis(500);

/// Reloads whose rules wait for their place in the log; more than a person can cause.
const MAX_RELOADS: usize = 64;

/// Rulesets that were read and wait for their `Reloaded` entry, by generation.
#[derive(Debug, Clone, Default)]
pub struct Reloads(Arc<Mutex<BTreeMap<u64, Arc<Ruleset>>>>);

impl Reloads {
    /// Leaves a ruleset for the entry of that generation.
    pub fn leave(&self, generation: u64, ruleset: Arc<Ruleset>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.insert(generation, ruleset);
        while waiting.len() > MAX_RELOADS {
            waiting.pop_first();
        }
    }

    /// Takes a ruleset back: its entry was not written.
    pub fn forget(&self, generation: u64) {
        self.take(generation);
    }

    fn take(&self, generation: u64) -> Option<Arc<Ruleset>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&generation)
    }
}

/// The task between the log and the outbox.
pub struct Correlator {
    /// Decides.
    pub engine: Engine,
    /// The log as it grows.
    pub tail: Tail,
    /// Its end, to know when a drain is through.
    pub log: Log,
    /// Where steps are written.
    pub state: State,
    /// Where messages are handed over.
    pub desk: Arc<Desk>,
    /// Rules that wait for their place in the log.
    pub reloads: Reloads,
    /// Who is told when nobody can be told instead of a contact.
    pub fallback: Fallback,
    /// Who is told of acknowledgements.
    pub hook: Hook,
    /// Engine time.
    pub clock: Clock,
    /// How far the log is decided, for whoever waits for it.
    pub decided: Decided,
    /// What other rules would say.
    pub questions: Questions,
    /// What the engine holds, for whoever asks.
    pub standing: Standing,
    /// What is counted.
    pub meters: Meters,
}

/// How far the log is decided. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Decided(Arc<AtomicI64>);

impl Decided {
    /// The last entry whose step is written and handed over.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.0.load(Ordering::Acquire))
    }

    fn set(&self, position: Position) {
        self.0.store(position.0, Ordering::Release);
    }
}

/// What one entry of the log, or what came due, leads to.
struct Decision {
    step: Step,
    /// How far messages came, as the entry has it.
    receipts: Vec<Receipt>,
}

impl From<Step> for Decision {
    fn from(step: Step) -> Self {
        Self {
            step,
            receipts: Vec::new(),
        }
    }
}

impl Correlator {
    /// Decides until `stop`, then what the log still holds.
    ///
    /// # Errors
    /// The log cannot be read, or a step cannot be written, and that does not pass.
    pub async fn run(mut self, stop: CancellationToken) -> Result<(), StoreError> {
        self.decided.set(self.engine.position());
        self.standing.look(&self.engine);
        // What was logged before the start is decided on its own times; what came due while nothing
        // ran is decided once, at the time it is.
        let logged = self.log.head();
        let mut caught_up = false;
        loop {
            let position = self.engine.position();
            if !caught_up && position >= logged {
                caught_up = true;
                self.catch_up().await?;
                continue;
            }
            let backlog =
                usize::try_from(logged.0.saturating_sub(position.0)).unwrap_or(usize::MAX);
            let limit = if caught_up {
                MAX_STEPS
            } else {
                MAX_STEPS.min(backlog)
            };
            let deadline = self.engine.next_deadline();
            let due = deadline.map(|at| self.clock.instant(at));
            let decisions = tokio::select! {
                biased;
                () = stop.cancelled(), if position >= self.log.head() => return Ok(()),
                Some(question) = self.questions.next(), if caught_up => {
                    question.answer(&self.engine, self.clock.now());
                    continue;
                }
                entries = self.tail.next(position, limit) => match entries {
                    Ok(entries) => self.decide(entries),
                    Err(error) if error.class().passes() => {
                        tracing::error!(%error, "the log cannot be read; trying again until it can");
                        tokio::time::sleep(RETRY).await;
                        continue;
                    }
                    Err(error) => return Err(error),
                },
                // At the time that was waited for: the clock may have jumped meanwhile, and the
                // engine learns of that from the log.
                () = sleep_until(due), if caught_up => {
                    let step = deadline.and_then(|at| self.engine.fire(at));
                    step.into_iter().map(Decision::from).collect()
                }
            };
            if !decisions.is_empty() {
                self.write(decisions).await?;
                self.standing.look(&self.engine);
            }
            self.decided.set(self.engine.position());
        }
    }

    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.engine.started(now);
        // Rules that were edited while nothing ran come into force here, not with the next alarm.
        let ruleset = Arc::clone(self.engine.ruleset());
        let adopted = self.engine.adopt(now, ruleset);
        if !adopted.rows.is_empty() || !adopted.messages.is_empty() {
            self.write(vec![adopted.into()]).await?;
        }
        while self.engine.next_deadline().is_some_and(|due| due <= now) {
            if let Some(step) = self.engine.fire(now) {
                self.write(vec![step.into()]).await?;
            }
        }
        Ok(())
    }

    fn decide(&mut self, entries: Vec<LogEntry>) -> Vec<Decision> {
        let mut steps = Vec::with_capacity(entries.len() + 1);
        for entry in entries {
            // Waits that ended before the entry came are decided before it.
            while self
                .engine
                .next_deadline()
                .is_some_and(|due| due <= entry.at)
            {
                let due = self.engine.next_deadline().unwrap_or(entry.at);
                steps.extend(self.engine.fire(due).map(Decision::from));
            }
            steps.push(Decision {
                step: self.engine.step(&entry),
                receipts: receipts(&entry.event),
            });
            if let Event::Reloaded { generation, .. } = entry.event
                && let Some(ruleset) = self.reloads.take(generation)
            {
                steps.push(self.engine.adopt(entry.at, ruleset).into());
            }
        }
        steps
    }

    /// Writes until the store takes it: a step is never skipped, and nothing after it is decided.
    async fn write(&self, decisions: Vec<Decision>) -> Result<(), StoreError> {
        let mut refused = false;
        loop {
            let now = self.clock.now();
            let (writes, offered) = self.prepare(now, &decisions);
            match self.state.commit(writes).await {
                Ok(()) => {
                    if refused {
                        tracing::info!("steps are being written again");
                    }
                    self.hand(offered, &decisions);
                    return Ok(());
                }
                Err(error) => {
                    for messages in &offered {
                        self.desk.withdraw(now, messages);
                    }
                    if !error.class().passes() {
                        return Err(error);
                    }
                    if !refused {
                        tracing::error!(%error, "a step cannot be written; trying again until it can");
                    }
                    refused = true;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    fn prepare(&self, now: Time, decisions: &[Decision]) -> (Vec<StepWrite>, Vec<Vec<NewMessage>>) {
        let mut writes = Vec::with_capacity(decisions.len());
        let mut offered = Vec::with_capacity(decisions.len());
        let messages = decisions.iter().flat_map(|one| one.step.messages.clone());
        let mut all = self.desk.offer(now, messages.collect()).into_iter();
        for Decision { step, receipts } in decisions {
            let messages: Vec<NewMessage> = all.by_ref().take(step.messages.len()).collect();
            writes.push(StepWrite {
                position: step.position,
                engine_time: step.engine_time,
                next_message: step.next_message,
                next_notification: step.next_notification,
                notifications: step.notifications.clone(),
                messages: messages.clone(),
                rows: step.rows.clone(),
                receipts: receipts.clone(),
                acks: step.acks.clone(),
                alone: step.alone.clone(),
                closed_trees: step.closed_trees.clone(),
            });
            offered.push(messages);
        }
        (writes, offered)
    }

    fn hand(&self, offered: Vec<Vec<NewMessage>>, decisions: &[Decision]) {
        let now = self.clock.now();
        for (messages, Decision { step, receipts }) in offered.into_iter().zip(decisions) {
            for notification in &step.notifications {
                self.meters.decided(notification);
                tracing::info!(
                    alarm.id = %notification.alarm.id,
                    rule = %notification.rule,
                    notification = %notification.id,
                    messages = messages.iter().filter(|new| new.message.notification == notification.id).count(),
                    reason = %notification.reason,
                    "alarm {}",
                    notification.kind,
                );
            }
            self.desk.heed(&step.rows);
            self.desk.hand(now, messages, &step.notifications);
            let stages = receipts.iter().map(|came| (came.message, came.stage));
            self.meters.received(now, stages.clone());
            self.desk.receive(now, stages);
            if !step.acks.is_empty() {
                self.hook.written();
            }
            if !step.alone.is_empty() {
                self.fallback.written(step.alone.clone());
            }
        }
    }
}

fn receipts(event: &Event) -> Vec<Receipt> {
    let Event::Updates(updates) = event else {
        return Vec::new();
    };
    let receipts = updates.iter().filter_map(|update| match update {
        Update::Receipt(receipt) => Some(receipt.clone()),
        Update::Reply(_) | Update::Template(_) | Update::Account(_) => None,
    });
    receipts.collect()
}

/// Sleeps until `due`, or for ever.
pub(super) async fn sleep_until(due: Option<tokio::time::Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
