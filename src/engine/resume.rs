//! Reading the state back: trees and lives from their rows, members and events from those.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    AlarmRecord, ContactId, MessageId, NotificationId, Position, Row, RowKind, RuleId, Time,
};

use super::bucket::subject;
use super::history::{EventRow, History};
use super::inhibit::Inhibition;
use super::life::{Life, Phase};
use super::occasion::Occasions;
use super::packed::Packed;
use super::person::People;
use super::rows::BucketRow;
use super::rule::{Rule, Ruleset, Trigger};
use super::silence::Silences;
use super::standin::STOOD_IN;
use super::step::{CLOCK_KEY, Engine, Resume, ResumeError, SteadyClock};
use super::timers::Timers;
use super::track::{Imprint, Track};
use super::tree::{Place, Trees};
use super::window::{Gathered, Gathering};
use super::withheld::Withheld;

impl Engine {
    /// An engine that goes on where `resume` ends. Rules that differ from those of the rows are put in
    /// force by [`Engine::adopt`], or with whatever is decided first.
    ///
    /// # Errors
    /// A row cannot be read: the database was changed by something else.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the rows are spent: nobody goes on from them twice"
    )]
    pub fn new(ruleset: Arc<Ruleset>, resume: Resume) -> Result<Self, ResumeError> {
        let mut engine = Self::judging(Arc::clone(&ruleset));
        engine.now = resume.engine_time;
        engine.due = engine.now;
        engine.position = resume.position;
        engine.next_message = resume.next_message.max(MessageId(1));
        engine.next_notification = resume.next_notification.max(NotificationId(1));
        if !resume.rows.is_empty() {
            engine.is_new = false;
            engine.tracks.clear();
            engine.load(&ruleset, &resume.rows)?;
        }
        Ok(engine)
    }

    /// An engine that has seen nothing, to judge records by.
    #[must_use]
    pub fn judging(ruleset: Arc<Ruleset>) -> Self {
        let tracks = ruleset.rules.iter().map(Track::of).collect();
        let inhibition = Inhibition::new(&ruleset);
        Self {
            ruleset,
            trees: Trees::default(),
            tracks,
            orphans: Vec::new(),
            timers: Timers::default(),
            history: History::default(),
            people: People::default(),
            occasions: Occasions::default(),
            stood_in: Occasions::default(),
            silences: Silences::default(),
            inhibition,
            withheld: Withheld::default(),
            touched: Vec::new(),
            gone: Vec::new(),
            is_new: true,
            is_foreign: false,
            clock: SteadyClock::default(),
            now: Time::default(),
            due: Time::default(),
            position: Position::default(),
            crowded_out: 0,
            next_message: MessageId(1),
            next_notification: NotificationId(1),
        }
    }

    fn load(&mut self, ruleset: &Ruleset, rows: &[Row]) -> Result<(), ResumeError> {
        let mut imprints: BTreeMap<RuleId, Imprint> = BTreeMap::new();
        let of = |kind: RowKind| rows.iter().filter(move |row| row.kind == kind);
        for row in of(RowKind::Timer).filter(|row| row.key == CLOCK_KEY) {
            self.clock = read(row)?;
        }
        self.trees
            .restore(of(RowKind::Tree))
            .map_err(|(row, source)| fault(row, source))?;
        for row in of(RowKind::Person) {
            if let Ok(id) = ContactId::parse(&row.key) {
                self.people.restore(id, read(row)?);
            }
        }
        for row in of(RowKind::Notice) {
            let is_message = row.key.starts_with(STOOD_IN);
            let occasions = if is_message {
                &mut self.stood_in
            } else {
                &mut self.occasions
            };
            occasions
                .restore(row)
                .map_err(|source| fault(row, source))?;
        }
        for row in of(RowKind::Silence) {
            let restored = self.silences.restore(row, &ruleset.named);
            restored.map_err(|source| fault(row, source))?;
        }
        for row in of(RowKind::Rule) {
            if let Ok(id) = RuleId::parse(&row.key) {
                imprints.insert(id, read(row)?);
            }
        }
        for rule in &ruleset.rules {
            let wanted = Imprint::of(rule);
            let track = match imprints.remove(&rule.id) {
                Some(imprint) if imprint.fingerprint == wanted.fingerprint => {
                    let same = wanted.clone().heir_of(&imprint) == imprint;
                    self.is_foreign |= !same;
                    Track::new(rule.id.clone(), imprint)
                }
                Some(imprint) => {
                    self.is_foreign = true;
                    self.orphans.push(Track::new(rule.id.clone(), imprint));
                    Track::new(rule.id.clone(), Imprint::default())
                }
                None => {
                    self.is_foreign = true;
                    Track::new(rule.id.clone(), Imprint::default())
                }
            };
            self.tracks.push(track);
        }
        for (id, imprint) in imprints {
            self.is_foreign = true;
            self.orphans.push(Track::new(id, imprint));
        }
        self.orphans.sort_by(|a, b| a.id.cmp(&b.id));
        self.load_lives(of(RowKind::Bucket))?;
        self.load_members(ruleset);
        let mut events: Vec<&Row> = of(RowKind::Event).collect();
        events.sort_by(|a, b| a.key.cmp(&b.key));
        for row in events {
            self.load_event(ruleset, row)?;
        }
        for n in 0..self.tracks.len() {
            self.slide_windows(n, ruleset);
            self.wake(n, ruleset);
            self.tracks[n].look_at_all(self.clock.steady(self.now));
        }
        self.watch_all_held();
        Ok(())
    }

    fn load_lives<'a>(&mut self, rows: impl Iterator<Item = &'a Row>) -> Result<(), ResumeError> {
        let mut places: BTreeMap<RuleId, (bool, usize)> = BTreeMap::new();
        for (n, track) in self.tracks.iter().enumerate() {
            places.insert(track.id.clone(), (true, n));
        }
        for (n, track) in self.orphans.iter().enumerate() {
            places.insert(track.id.clone(), (false, n));
        }
        for row in rows {
            let kept: BucketRow<Life> = read(row)?;
            let (id, key) = row.key.split_once('\u{1f}').unwrap_or((&row.key, ""));
            let place = RuleId::parse(id)
                .ok()
                .and_then(|id| places.get(&id).copied());
            let Some((live, n)) = place else { continue };
            let track = if live {
                &mut self.tracks[n]
            } else {
                &mut self.orphans[n]
            };
            let key: Arc<str> = Arc::from(key);
            let no = track.open(&key);
            if let Some(bucket) = track.get_mut(no) {
                bucket.life = Some(Box::new(kept.life));
                bucket.stored = true;
            }
            if let Some(alarm) = kept.alarm.filter(|_| !live) {
                track.told.insert(key, alarm);
            }
        }
        Ok(())
    }

    fn load_members(&mut self, ruleset: &Ruleset) {
        let all: Vec<_> = self.trees.chain().collect();
        for no in all {
            let Some(tree) = self.trees.get(no) else {
                continue;
            };
            if tree.masked {
                continue;
            }
            let record = tree.record.unpack();
            let (key, order) = (tree.key.clone(), tree.order);
            let mut places = Vec::new();
            for (n, rule) in ruleset.rules.iter().enumerate() {
                if rule.single_events || !self.is_live(n) || !rule.takes(&record) {
                    continue;
                }
                for bucket in rule.keys(&key, &record) {
                    if tree.left_out.contains(&subject(&rule.id, &bucket)) {
                        continue;
                    }
                    let track = &mut self.tracks[n];
                    let bucket = track.open(&bucket);
                    if let Some(entry) = track.get_mut(bucket) {
                        entry.add(rule, order, no, &record);
                    }
                    places.push(Place::new(n, bucket));
                }
            }
            if let Some(tree) = self.trees.get_mut(no) {
                tree.places = places.into();
            }
        }
    }

    fn load_event(&mut self, ruleset: &Ruleset, row: &Row) -> Result<(), ResumeError> {
        let event: EventRow<AlarmRecord> = read(row)?;
        let order: u64 = row.key.parse().unwrap_or_default();
        self.history.keep(order, event.until);
        let record = &event.record;
        let tree = record.tree();
        let gathering = Gathering {
            at: event.at,
            order,
            record: Packed::new(record),
        };
        let limit = ruleset.limits.alarms_per_bucket;
        for (n, rule) in ruleset.rules.iter().enumerate() {
            if !self.is_live(n) || order <= self.tracks[n].imprint.from {
                continue;
            }
            let takes = rule.takes(record);
            let track = &mut self.tracks[n];
            if let Some(base) = &rule.base_alarms
                && base
                    .filter
                    .as_ref()
                    .map_or(takes, |filter| filter.matches(record))
            {
                let until = event.at.max(event.own) + base.around.saturating_mul(2);
                let near = gathering.clone();
                track.nearby.push(event.at, until, record.time, near);
            }
            if !takes || rule.attention().is_none() {
                continue;
            }
            for key in rule.keys(&tree, record) {
                if !event.left_out.contains(&subject(&rule.id, &key)) {
                    track.gather_again(rule, &key, &gathering, record, limit);
                }
            }
        }
        Ok(())
    }

    /// Lets go of events that left their windows since the last one came.
    fn slide_windows(&mut self, n: usize, ruleset: &Ruleset) {
        let Trigger::Times { within, .. } = ruleset.rules[n].trigger else {
            return;
        };
        let steady = self.clock.steady(self.now);
        for no in self.tracks[n].in_order() {
            if let Some(bucket) = self.tracks[n].get_mut(no)
                && !matches!(bucket.phase(), Phase::Around { .. })
                && let Some(gathered) = &mut bucket.gathered
            {
                gathered.slide(steady - within);
            }
        }
    }

    /// Sets the timers of a rule's buckets.
    pub(super) fn wake(&mut self, n: usize, ruleset: &Ruleset) {
        let Some(rule) = ruleset.rules.get(n) else {
            return;
        };
        for no in self.tracks[n].in_order() {
            self.keep_gathered(n, no);
            self.schedule(n, rule, no);
            self.watch_memory(n, rule, no);
        }
    }

    /// Whether the rows are of this very rule.
    fn is_live(&self, n: usize) -> bool {
        !self.tracks[n].imprint.fingerprint.is_empty()
    }
}

impl Track {
    /// Puts an event back where it was.
    fn gather_again(
        &mut self,
        rule: &Rule,
        key: &Arc<str>,
        event: &Gathering,
        record: &AlarmRecord,
        limit: usize,
    ) {
        let known = self.find(key).and_then(|no| self.get(no));
        let life = known.and_then(|bucket| bucket.life.as_ref());
        let (phase, spent) = life.map_or((Phase::Idle, 0), |life| (life.phase, life.spent));
        let last = if let Phase::Around { last, .. } = phase {
            Some(last)
        } else {
            None
        };
        // One record by itself joins a message that waits, also after its trigger.
        let joins = rule.trigger == Trigger::Immediate;
        let counts = event.order > spent && (joins || last.is_none_or(|last| event.order <= last));
        let is_its = match rule.trigger {
            Trigger::Immediate | Trigger::Persist(_) => last.is_some() && rule.holds_of_one(record),
            Trigger::Collect(_) => phase != Phase::Idle,
            Trigger::Times { .. } => true,
        };
        if counts && is_its {
            self.put_back(rule, key, event, record, limit);
        }
    }

    fn put_back(
        &mut self,
        rule: &Rule,
        key: &Arc<str>,
        event: &Gathering,
        record: &AlarmRecord,
        limit: usize,
    ) {
        let no = self.open(key);
        let Some(bucket) = self.get_mut(no) else {
            return;
        };
        let gathered = bucket
            .gathered
            .get_or_insert_with(|| Box::new(Gathered::new(rule)));
        if let Trigger::Times { within, .. } = rule.trigger {
            gathered.slide(event.at - within);
        }
        gathered.push(event.clone(), record, limit);
    }
}

fn read<T: serde::de::DeserializeOwned>(row: &Row) -> Result<T, ResumeError> {
    serde_json::from_str(&row.value).map_err(|source| fault(row, source))
}

fn fault(row: &Row, source: serde_json::Error) -> ResumeError {
    ResumeError {
        kind: row.kind.name(),
        key: row.key.clone(),
        source,
    }
}
