//! The engine: state, event and `now` in; what should be said out.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    AlarmRecord, Event, LogEntry, Message, MessageId, Notification, NotificationId, Position, Row,
    RowChange, RowKind, Time, TreeKey,
};

use super::bucket::BucketNo;
use super::history::History;
use super::occasion::Occasions;
use super::packed::Packed;
use super::person::People;
use super::rule::Ruleset;
use super::timers::Timers;
use super::track::Track;
use super::tree::{TreeNo, Trees};

/// The most that one firing decides; what is left is due at once after it.
const MAX_FIRED: usize = 1_000;

/// The row that holds the engine's steady clock.
pub(super) const CLOCK_KEY: &str = "clock";

/// What should be said, to whom, when and why.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) ruleset: Arc<Ruleset>,
    pub(super) trees: Trees,
    /// One for each rule, in the order of the config.
    pub(super) tracks: Vec<Track>,
    /// What is left of rules that changed or are gone, until they are adopted.
    pub(super) orphans: Vec<Track>,
    pub(super) timers: Timers,
    pub(super) history: History,
    pub(super) people: People,
    /// Of what the operators were told.
    pub(super) occasions: Occasions,
    /// Messages that somebody stands in for.
    pub(super) stood_in: Occasions,
    /// Buckets whose rows change with the step under way.
    pub(super) touched: Vec<(usize, BucketNo)>,
    /// Rows that go with the step under way.
    pub(super) gone: Vec<RowChange>,
    /// Imprints are to be written.
    pub(super) is_new: bool,
    /// The rows are of other rules than those in force.
    pub(super) is_foreign: bool,
    pub(super) clock: SteadyClock,
    pub(super) now: Time,
    pub(super) position: Position,
    /// Alarms forgotten for want of room.
    pub(super) crowded_out: u64,
    pub(super) next_message: MessageId,
    pub(super) next_notification: NotificationId,
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
    /// Notifications that somebody took an alarm, for whoever is to be told of that.
    pub acks: Vec<NotificationId>,
    /// Messages that did not reach their contacts, and that nobody can be told instead.
    pub alone: Vec<MessageId>,
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
    pub(super) kind: &'static str,
    pub(super) key: String,
    pub(super) source: serde_json::Error,
}

impl Engine {
    /// Decides one entry of the log. What is due by then is to be fired first.
    pub fn step(&mut self, entry: &LogEntry) -> Step {
        let mut step = Step::default();
        self.settle(&mut step);
        self.advance(entry.at);
        self.position = entry.position;
        match &entry.event {
            Event::Record(record) => self.take(record, &mut step),
            Event::ClosedByHand { id, .. } => {
                for no in self.trees.of_root(id) {
                    self.end_tree(no, "closed by hand", true, &mut step);
                }
            }
            Event::ClockJump { by_ms } => self.jump(*by_ms, &mut step),
            Event::AckByHand { id, by } => self.acknowledge_by_hand(id, by, &mut step),
            Event::Updates(updates) => self.hear(updates, &mut step),
            Event::Undelivered(lost) => self.stand_in(lost, &mut step),
            Event::Notice(notice) => self.notice(notice, &mut step),
            Event::Reloaded { .. } | Event::Silence(_) | Event::Unsilence { .. } => {}
        }
        self.seal(step)
    }

    /// Decides what came due by `now`; `None` when nothing did. Fires a bounded part at once: ask
    /// [`Engine::next_deadline`] again.
    pub fn fire(&mut self, now: Time) -> Option<Step> {
        let mut step = Step::default();
        self.settle(&mut step);
        self.advance(now);
        let steady = self.clock.steady(self.now);
        for _ in 0..MAX_FIRED {
            let timer = self.timers.next().filter(|due| *due <= steady);
            let silent = self.next_forgotten().filter(|due| *due <= steady);
            match (timer, silent) {
                (Some(timer), silent) if silent.is_none_or(|silent| timer <= silent) => {
                    self.fire_first(&mut step);
                }
                (_, Some(_)) => self.forget_oldest(steady, &mut step),
                _ => break,
            }
        }
        let said = !step.rows.is_empty()
            || !step.closed_trees.is_empty()
            || !step.messages.is_empty()
            || !self.touched.is_empty();
        said.then(|| self.seal(step))
    }

    /// When [`Engine::fire`] will next have something, in engine time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let timer = self.timers.next();
        let next = timer.into_iter().chain(self.next_forgotten()).min()?;
        Some(self.clock.engine(next))
    }

    /// As [`Engine::next_deadline`], without reminders and without forgetting silent alarms: whether
    /// anything but the passing of time is still to come.
    #[must_use]
    pub fn next_decision(&self) -> Option<Time> {
        let next = self.timers.iter().find(|timer| {
            let Some(bucket) = self.tracks[timer.track as usize].get(timer.bucket) else {
                return false;
            };
            let rule = self.ruleset.rules.get(timer.track as usize);
            let life = bucket.life.as_ref();
            !life.is_some_and(|life| {
                life.phase == super::life::Phase::Raised
                    && !life.update_waits
                    && !rule.is_some_and(|rule| life.may_escalate(rule))
            })
        });
        next.map(|timer| self.clock.engine(timer.at))
    }

    /// The log is decided up to here.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// Engine time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
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

    /// How often something was not counted by a rule for want of room, since the start: rules that
    /// never lacked any are left out.
    #[must_use]
    pub fn overflows(&self) -> Vec<(crate::model::RuleId, u64)> {
        self.tracks
            .iter()
            .filter(|track| track.overflow > 0)
            .map(|track| (track.id.clone(), track.overflow))
            .collect()
    }

    /// How many open alarms were forgotten because there were too many, since the start.
    #[must_use]
    pub fn crowded_out(&self) -> u64 {
        self.crowded_out
    }

    pub(super) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    fn take(&mut self, record: &Arc<AlarmRecord>, step: &mut Step) {
        let key = record.tree();
        let before = self.trees.find(&key);
        let change = self.trees.change(before, record);
        let mut known = Arc::clone(record);
        if known.kind.is_none() {
            Arc::make_mut(&mut known).kind = Some(change.kind);
        }
        let arrival = Arrival {
            anew: before.is_some() && record.kind == Some(crate::model::AlarmType::NewAlarm),
            key,
            packed: Packed::new(&known),
            record: known,
            highest: change.highest,
            order: self.position.0.unsigned_abs(),
        };
        let says = self.follow(&arrival, before, step);
        self.speak(says, true, step);
        self.heed_user_status(record, step);
        let steady = self.clock.steady(self.now);
        let limit = self.ruleset.limits.alarms;
        while self.trees.len() > limit {
            self.crowded_out += 1;
            self.forget_oldest(steady, step);
        }
    }

    fn next_forgotten(&self) -> Option<Time> {
        self.trees.next_overdue(self.ruleset.forget_after)
    }

    fn forget_oldest(&mut self, steady: Time, step: &mut Step) {
        let limit = self.ruleset.limits.alarms;
        if let Some(no) = self.trees.overdue(steady, self.ruleset.forget_after, limit) {
            self.end_tree(no, "forgotten", false, step);
        }
    }

    /// Ends an alarm that no record ends.
    fn end_tree(&mut self, no: TreeNo, reason: &str, together: bool, step: &mut Step) {
        let Some(tree) = self.trees.remove(no) else {
            return;
        };
        step.rows.push(tree.deletion());
        let says = self.leave_everywhere(&tree, reason);
        self.speak(says, together, step);
        step.closed_trees.push(tree.key);
    }

    fn jump(&mut self, by_ms: u64, step: &mut Step) {
        self.clock.jumped_ms = self.clock.jumped_ms.saturating_add(by_ms);
        self.now = self.now + Duration::from_millis(by_ms);
        step.rows.push(RowChange::Put(Row {
            kind: RowKind::Timer,
            key: CLOCK_KEY.to_owned(),
            value: serde_json::to_string(&self.clock).unwrap_or_default(),
        }));
    }

    pub(super) fn seal(&mut self, mut step: Step) -> Step {
        // A bucket that went may be there again.
        step.rows.append(&mut self.gone);
        self.write_buckets(&mut step);
        self.tidy(&mut step);
        step.rows.extend(self.people.rows());
        if std::mem::take(&mut self.is_new) {
            for track in &self.tracks {
                step.rows.push(track.imprint.row(&track.id));
            }
        }
        step.position = self.position;
        step.engine_time = self.now;
        step.next_message = self.next_message;
        step.next_notification = self.next_notification;
        step
    }
}

/// A record as it came.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) key: TreeKey,
    /// Its type is known.
    pub(super) record: Arc<AlarmRecord>,
    pub(super) packed: Packed,
    pub(super) highest: crate::model::Severity,
    /// Its place in the log.
    pub(super) order: u64,
    /// It begins an open alarm anew.
    pub(super) anew: bool,
}

/// Steady time is engine time without the jumps of the wall clock: waits are kept in it, so that a
/// jump moves every one of them by changing one row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SteadyClock {
    jumped_ms: u64,
}

impl SteadyClock {
    pub(super) fn steady(self, engine: Time) -> Time {
        engine - Duration::from_millis(self.jumped_ms)
    }

    pub(super) fn engine(self, steady: Time) -> Time {
        steady + Duration::from_millis(self.jumped_ms)
    }
}
