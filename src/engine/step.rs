//! The engine: state, event and `now` in; what should be said out.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    AlarmRecord, Event, Kind, LogEntry, Message, MessageId, Notification, NotificationId, Position,
    Row, RowChange, RowKind, Time, TreeKey,
};

use super::matching::Speech;
use super::rule::Ruleset;
use super::tree::{Change, Tree, Trees};

/// The most alarms that one firing of timers forgets; what is left fires at once after it.
const MAX_FORGOTTEN: usize = 1_000;

/// The row that holds the engine's steady clock.
const CLOCK_KEY: &str = "clock";

/// What should be said, to whom, when and why.
#[derive(Debug, Clone)]
pub struct Engine {
    ruleset: Arc<Ruleset>,
    trees: Trees,
    clock: SteadyClock,
    now: Time,
    position: Position,
    next_message: MessageId,
    next_notification: NotificationId,
}

/// What one event, or timers that came due, lead to. Written whole or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The log is decided up to here.
    pub position: Position,
    /// Engine time after the step.
    pub engine_time: Time,
    /// Number of the next message.
    pub next_message: MessageId,
    /// Number of the next notification.
    pub next_notification: NotificationId,
    /// What is said.
    pub notifications: Vec<Arc<Notification>>,
    /// To whom, in order.
    pub messages: Vec<Message>,
    /// Rows that changed.
    pub rows: Vec<RowChange>,
    /// Alarms that ended without a record of their own.
    pub closed_trees: Vec<TreeKey>,
}

/// Where an engine goes on: what the store kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resume {
    /// The log is decided up to here.
    pub position: Position,
    /// Engine time of the last step.
    pub engine_time: Time,
    /// Number of the next message.
    pub next_message: MessageId,
    /// Number of the next notification.
    pub next_notification: NotificationId,
    /// The state.
    pub rows: Vec<Row>,
}

/// A row that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("the {kind} row {key:?} in the database cannot be read ({source}); restore a backup")]
pub struct ResumeError {
    kind: &'static str,
    key: String,
    source: serde_json::Error,
}

impl Engine {
    /// An engine that goes on where `resume` ends.
    ///
    /// # Errors
    /// A row cannot be read: the database was changed by something else.
    pub fn new(ruleset: Arc<Ruleset>, resume: Resume) -> Result<Self, ResumeError> {
        let mut engine = Self {
            ruleset,
            trees: Trees::default(),
            clock: SteadyClock::default(),
            now: resume.engine_time,
            position: resume.position,
            next_message: resume.next_message.max(MessageId(1)),
            next_notification: resume.next_notification.max(NotificationId(1)),
        };
        for row in resume.rows {
            engine.restore(&row)?;
        }
        Ok(engine)
    }

    /// Puts other rules and contacts in force.
    pub fn set_ruleset(&mut self, ruleset: Arc<Ruleset>) {
        self.ruleset = ruleset;
    }

    /// Decides one entry of the log.
    pub fn step(&mut self, entry: &LogEntry) -> Step {
        self.advance(entry.at);
        self.position = entry.position;
        let mut step = Step::default();
        match &entry.event {
            Event::Record(record) => self.take(record, &mut step),
            Event::ClockJump { by_ms } => self.jump(*by_ms, &mut step),
            Event::Reloaded { .. } => {}
        }
        self.seal(step)
    }

    /// Decides what came due by `now`; `None` when nothing did.
    pub fn fire(&mut self, now: Time) -> Option<Step> {
        self.advance(now);
        let mut step = Step::default();
        self.forget(self.clock.steady(self.now), &mut step);
        (!step.closed_trees.is_empty()).then(|| self.seal(step))
    }

    /// When [`Engine::fire`] will next have something, in engine time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let overdue = self.trees.next_overdue(self.ruleset.forget_after)?;
        Some(self.clock.engine(overdue))
    }

    /// The log is decided up to here.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// The rules and contacts in force.
    #[must_use]
    pub fn ruleset(&self) -> &Arc<Ruleset> {
        &self.ruleset
    }

    /// The open alarms.
    #[must_use]
    pub fn trees(&self) -> &Trees {
        &self.trees
    }

    fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// Ends alarms that have been silent for too long, and the most silent of one too many.
    fn forget(&mut self, steady: Time, step: &mut Step) {
        while step.closed_trees.len() < MAX_FORGOTTEN {
            let Some(key) = self.trees.overdue(steady, self.ruleset.forget_after) else {
                break;
            };
            step.rows.extend(self.trees.remove(&key));
            step.closed_trees.push(key);
        }
    }

    fn take(&mut self, record: &AlarmRecord, step: &mut Step) {
        let change = self.trees.assess(record);
        let mut known = record.clone();
        known.kind = Some(change.kind);
        let ruleset = Arc::clone(&self.ruleset);
        for speech in ruleset.speeches(&known) {
            self.speak(&speech, &known, &change, step);
        }
        let steady = self.clock.steady(self.now);
        step.rows.extend(self.trees.apply(steady, record, &change));
        self.forget(steady, step);
    }

    fn speak(
        &mut self,
        speech: &Speech<'_>,
        record: &AlarmRecord,
        change: &Change,
        step: &mut Step,
    ) {
        let rule = speech.rule;
        let bucket: Arc<str> = Arc::from(format!("{}\u{1f}{}", rule.id, record.tree().as_str()));
        let notification = Notification {
            id: self.next_notification,
            rule: rule.id.clone(),
            rule_name: rule.name.clone(),
            rule_description: rule.description.clone(),
            kind: if record.ends() {
                Kind::Cleared
            } else {
                Kind::Raised
            },
            reason: reason(speech),
            bucket: bucket.to_string(),
            at: self.now,
            alarm: record.clone(),
        };
        self.next_notification = self.next_notification.next();
        for contact in &speech.contacts {
            step.messages.push(Message {
                id: self.next_message,
                notification: notification.id,
                contact: contact.clone(),
                template: rule.template.clone(),
                bucket: Arc::clone(&bucket),
                severity: change.highest,
                created: self.now,
                expires: Some(self.now + self.ruleset.expire_after),
                shadow: rule.shadow || self.ruleset.shadow,
            });
            self.next_message = self.next_message.next();
        }
        step.notifications.push(Arc::new(notification));
    }

    fn jump(&mut self, by_ms: u64, step: &mut Step) {
        let by = Duration::from_millis(by_ms);
        self.clock.jumped_ms = self.clock.jumped_ms.saturating_add(by_ms);
        self.now = self.now + by;
        step.rows.push(RowChange::Put(Row {
            kind: RowKind::Timer,
            key: CLOCK_KEY.to_owned(),
            value: serde_json::to_string(&self.clock).unwrap_or_default(),
        }));
    }

    fn seal(&self, mut step: Step) -> Step {
        step.position = self.position;
        step.engine_time = self.now;
        step.next_message = self.next_message;
        step.next_notification = self.next_notification;
        step
    }

    fn restore(&mut self, row: &Row) -> Result<(), ResumeError> {
        let unreadable = |source| ResumeError {
            kind: row.kind.name(),
            key: row.key.clone(),
            source,
        };
        match row.kind {
            RowKind::Tree => {
                let key: TreeKey =
                    serde_json::from_value(serde_json::Value::String(row.key.clone()))
                        .map_err(unreadable)?;
                let tree: Tree = serde_json::from_str(&row.value).map_err(unreadable)?;
                self.trees.restore(key, tree);
            }
            RowKind::Timer if row.key == CLOCK_KEY => {
                self.clock = serde_json::from_str(&row.value).map_err(unreadable)?;
            }
            RowKind::Timer | RowKind::Bucket | RowKind::Ledger => {}
        }
        Ok(())
    }
}

/// Steady time is engine time without the jumps of the wall clock: waits are kept in it, so that a
/// jump moves every one of them by changing one row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct SteadyClock {
    jumped_ms: u64,
}

impl SteadyClock {
    fn steady(self, engine: Time) -> Time {
        engine - Duration::from_millis(self.jumped_ms)
    }

    fn engine(self, steady: Time) -> Time {
        steady + Duration::from_millis(self.jumped_ms)
    }
}

fn reason(speech: &Speech<'_>) -> String {
    let mut reason = match &speech.rule.filter {
        Some(filter) => format!("matches {filter}"),
        None => "the rule takes every record".to_owned(),
    };
    if !speech.yielding.is_empty() {
        let names: Vec<&str> = speech
            .yielding
            .iter()
            .map(crate::model::RuleId::as_str)
            .collect();
        reason.push_str("; also matched by ");
        reason.push_str(&names.join(", "));
    }
    reason
}
