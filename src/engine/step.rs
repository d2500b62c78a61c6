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
use super::inhibit::Inhibition;
use super::occasion::Occasions;
use super::packed::Packed;
use super::person::People;
use super::rule::Ruleset;
use super::silence::Silences;
use super::timers::Timers;
use super::track::Track;
use super::tree::{TreeNo, Trees};
use super::withheld::Withheld;

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
    pub(super) silences: Silences,
    /// Which rules keep which from speaking.
    pub(super) inhibition: Inhibition,
    /// Buckets that would have spoken.
    pub(super) withheld: Withheld,
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
    /// When what is under way was due, in engine time: before `now` when nothing ran then.
    pub(super) due: Time,
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
            Event::Silence(order) => self.be_silent(order),
            Event::Unsilence { id, by } => self.end_silence(*id, by),
            Event::Reloaded { .. } => {}
        }
        self.release_freed(&mut step);
        self.seal(step)
    }

    /// Decides what came due by `now`; `None` when nothing did. Fires a bounded part at once: ask
    /// [`Engine::next_deadline`] again.
    pub fn fire(&mut self, now: Time) -> Option<Step> {
        let mut step = Step::default();
        self.settle(&mut step);
        self.now = self.now.max(now);
        let steady = self.clock.steady(self.now);
        for _ in 0..MAX_FIRED {
            let Some((due, what)) = self.first_due().filter(|(due, _)| *due <= self.now) else {
                break;
            };
            self.due = due;
            match what {
                Due::Expiry(no) => self.end_tree(no, "not repeated", false, &mut step),
                Due::Timer => self.fire_first(&mut step),
                Due::Freed => self.look_at_muted(&mut step),
                Due::Forgotten => self.forget_oldest(steady, &mut step),
            }
        }
        let said = !step.rows.is_empty()
            || !step.closed_trees.is_empty()
            || !step.notifications.is_empty()
            || !self.touched.is_empty();
        said.then(|| self.seal(step))
    }

    /// When [`Engine::fire`] will next have something, in engine time.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.first_due().map(|(due, _)| due)
    }

    /// What comes due first, in engine time; of one time what ends goes before what speaks.
    fn first_due(&self) -> Option<(Time, Due)> {
        let expiry = self.trees.first_to_expire();
        let expiry = expiry.map(|(until, no)| (until.max(self.clock.mercy()), Due::Expiry(no)));
        let engine = |steady| self.clock.engine(steady);
        let timer = self.timers.next().map(|at| (engine(at), Due::Timer));
        let freed = self.withheld.next(self.due).map(|at| (at, Due::Freed));
        let forgotten = self.next_forgotten();
        let forgotten = forgotten.map(|at| (engine(at), Due::Forgotten));
        let all = [expiry, timer, freed, forgotten].into_iter().flatten();
        // The first of those that are due at one time.
        all.min_by_key(|(due, _)| *due)
    }

    /// The process runs since `now`, and could not be reached before: for five minutes no alarm ends
    /// because it was not repeated.
    pub fn started(&mut self, now: Time) {
        self.clock.reachable_since = Some(now);
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
        let next = next.map(|timer| self.clock.engine(timer.at));
        next.into_iter()
            .chain(self.withheld.next(self.due))
            .chain(self.trees.first_to_expire().map(|(until, _)| until))
            .min()
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
        self.due = self.now;
    }

    fn take(&mut self, record: &Arc<AlarmRecord>, step: &mut Step) {
        let key = record.tree();
        let before = self.trees.find(&key);
        if record.repeats && self.is_repeated(before, record, step) {
            return;
        }
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

    /// Whether `record` says nothing that is not known: the same again, or the end of what is not
    /// open. It lasts on.
    fn is_repeated(
        &mut self,
        before: Option<TreeNo>,
        record: &AlarmRecord,
        step: &mut Step,
    ) -> bool {
        let Some((no, tree)) = before.and_then(|no| Some((no, self.trees.get(no)?))) else {
            return record.ends();
        };
        if !tree.says(record) {
            return false;
        }
        let mut last = tree.record.unpack();
        (last.repeats, last.until) = (true, record.until);
        let seen = self.clock.steady(self.now);
        self.trees.renew(no, Packed::new(&last), seen);
        step.rows.extend(self.trees.row(no, last.time, &last));
        true
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
        let says = self.leave_everywhere(no, &tree, reason);
        self.speak(says, together, step);
        step.closed_trees.push(tree.key);
    }

    fn jump(&mut self, by_ms: u64, step: &mut Step) {
        self.clock.jumped_ms = self.clock.jumped_ms.saturating_add(by_ms);
        self.now = self.now + Duration::from_millis(by_ms);
        self.due = self.now;
        // Whoever repeats alarms could not know either.
        self.clock.jumped_at = Some(self.now);
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
        step.rows.extend(self.silences.rows(self.now));
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

/// What comes due.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// An alarm was not repeated.
    Expiry(TreeNo),
    /// The first timer of a bucket.
    Timer,
    /// What keeps a bucket from being told may be over.
    Freed,
    /// An alarm is silent for too long.
    Forgotten,
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
    /// When it last did, in engine time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jumped_at: Option<Time>,
    /// When the process started.
    #[serde(skip)]
    reachable_since: Option<Time>,
}

/// For so long after a start nothing ends because it was not repeated.
const MERCY: Duration = Duration::from_secs(5 * 60);

impl SteadyClock {
    pub(super) fn steady(self, engine: Time) -> Time {
        engine - Duration::from_millis(self.jumped_ms)
    }

    pub(super) fn engine(self, steady: Time) -> Time {
        steady + Duration::from_millis(self.jumped_ms)
    }

    /// Before this no alarm ends because it was not repeated.
    fn mercy(self) -> Time {
        let last = self.jumped_at.max(self.reachable_since);
        last.map_or(Time::default(), |last| last + MERCY)
    }
}
