//! Drives the engine through a history, as intake and correlator do.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::engine::{Account, Engine, Resume, ResumeError, Ruleset, Step};
use crate::model::{AlarmRecord, ContactId, Event, LogEntry, Message, Position, Time, TreeKey};
use crate::pipeline::Outfit;

use super::Said;
use super::sent::Sent;

/// Waits that end later than this after a history are not waited for.
const MAX_SETTLED: Duration = Duration::from_secs(366 * 86_400);

/// The rules of one config, from an empty state on.
#[derive(Debug, Clone)]
pub struct Replay {
    engine: Engine,
    outfit: Outfit,
    ruleset: Arc<Ruleset>,
    keep_all: bool,
    /// What the log holds as open: a record that no rule wants is taken while its alarm is.
    open: HashSet<TreeKey>,
    position: Position,
    ignored: u64,
    sent: Sent,
}

impl Replay {
    /// The rules, people and templates of `settings`.
    ///
    /// # Errors
    /// None for an empty state; the engine's constructor has one.
    pub fn new(settings: &Settings) -> Result<Self, ResumeError> {
        let ruleset = Arc::new(settings.ruleset.clone());
        let outfit = Outfit::new(
            &settings.ruleset.contacts,
            &settings.templates,
            settings.display.clone(),
        );
        Ok(Self {
            engine: Engine::new(Arc::clone(&ruleset), Resume::default())?,
            outfit,
            ruleset,
            keep_all: settings.keep_all,
            open: HashSet::new(),
            position: Position::default(),
            ignored: 0,
            sent: Sent::default(),
        })
    }

    /// Records that no rule wanted and whose alarm was not open.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// The engine as it stands.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The last message to a contact that is no answer and has `words` in its text.
    pub(super) fn last_to(&self, contact: &ContactId, words: &str) -> Option<&Message> {
        self.sent.last_to(contact, words)
    }

    /// The next time at which a wait ends that is neither a reminder nor the forgetting of a silent
    /// alarm.
    fn next_wait(&self) -> Option<Time> {
        self.engine.next_decision()
    }

    fn fire(&mut self, now: Time) -> Option<Vec<Said>> {
        let step = self.engine.fire(now)?;
        Some(self.hear(&step))
    }

    fn take(&mut self, at: Time, event: &Event) -> Vec<Said> {
        if let Event::Record(record) = event {
            let tree = record.tree();
            let is_wanted =
                self.keep_all || self.open.contains(&tree) || self.ruleset.wants(record);
            if !is_wanted {
                self.ignored += 1;
                return Vec::new();
            }
            if record.ends() {
                self.open.remove(&tree);
            } else {
                self.open.insert(tree);
            }
        }
        self.position = self.position.next();
        let step = self.engine.step(&LogEntry {
            position: self.position,
            at,
            event: event.clone(),
        });
        self.hear(&step)
    }

    fn hear(&mut self, step: &Step) -> Vec<Said> {
        for tree in &step.closed_trees {
            self.open.remove(tree);
        }
        Said::of(step, &self.outfit, &mut self.sent)
    }
}

/// One or more configs through the same history, side by side.
///
/// What they say comes out in batches, one list for each config: of one record, or of waits that
/// ended at one time. All of a batch has the same time.
#[derive(Debug, Clone)]
pub struct Player {
    replays: Vec<Replay>,
    now: Time,
}

impl Player {
    /// A player at the beginning of time.
    #[must_use]
    pub fn new(replays: Vec<Replay>) -> Self {
        Self {
            replays,
            now: Time::from_ms(i64::MIN),
        }
    }

    /// Where the history stands.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The configs' engines.
    #[must_use]
    pub fn replays(&self) -> &[Replay] {
        &self.replays
    }

    /// `event` arrives at `at`, or at the latest time so far where that is later. Waits that ended
    /// before it are told first.
    pub fn take(&mut self, at: Time, event: &Event, hear: &mut impl FnMut(Vec<Vec<Said>>)) {
        self.pass(at, hear);
        let now = self.now;
        let said = self.replays.iter_mut();
        tell(said.map(|replay| replay.take(now, event)).collect(), hear);
    }

    /// Time goes on to `until`; every wait that ends by then is told at its own time.
    pub fn pass(&mut self, until: Time, hear: &mut impl FnMut(Vec<Vec<Said>>)) {
        while let Some(due) = self.next_due(until) {
            self.now = self.now.max(due);
            let mut has_fired = false;
            let mut said = Vec::with_capacity(self.replays.len());
            for replay in &mut self.replays {
                let is_due = replay.engine.next_deadline().is_some_and(|at| at <= due);
                let fired = if is_due { replay.fire(due) } else { None };
                has_fired |= fired.is_some();
                said.push(fired.unwrap_or_default());
            }
            tell(said, hear);
            if !has_fired && self.next_due(until) == Some(due) {
                // A deadline at which nothing comes due would hold time for ever.
                break;
            }
        }
        self.now = self.now.max(until);
    }

    /// As [`Player::pass`], and the engines' own time is `until` too.
    pub fn reach(&mut self, until: Time, hear: &mut impl FnMut(Vec<Vec<Said>>)) {
        self.pass(until, hear);
        let said = self.replays.iter_mut();
        tell(
            said.map(|replay| replay.fire(until).unwrap_or_default())
                .collect(),
            hear,
        );
    }

    /// What the first config makes of `record`, if it came now.
    #[must_use]
    pub fn account(&self, record: &AlarmRecord) -> Option<Account> {
        Some(self.replays.first()?.engine.account(record))
    }

    /// Time goes on until only reminders remain, and the forgetting of silent alarms; a year at most,
    /// for a rule that two times mute in turn never speaks.
    pub fn settle(&mut self, hear: &mut impl FnMut(Vec<Vec<Said>>)) {
        let next = |replays: &[Replay]| replays.iter().filter_map(Replay::next_wait).min();
        let last = self.now + MAX_SETTLED;
        while let Some(wait) = next(&self.replays).filter(|wait| *wait <= last) {
            self.pass(wait, hear);
            if next(&self.replays) == Some(wait) {
                break;
            }
        }
    }

    fn next_due(&self, until: Time) -> Option<Time> {
        let due = self.replays.iter();
        due.filter_map(|replay| replay.engine.next_deadline())
            .filter(|due| *due <= until)
            .min()
    }
}

fn tell(said: Vec<Vec<Said>>, hear: &mut impl FnMut(Vec<Vec<Said>>)) {
    if said.iter().any(|side| !side.is_empty()) {
        hear(said);
    }
}
