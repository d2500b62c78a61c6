//! The life of a bucket in the reference.

use std::collections::BTreeSet;

use klaxond::engine::Trigger;
use klaxond::model::{AlarmRecord, Kind, Severity, Time};

use super::model::Model;
use super::scenario::{RuleSpec, secs};
use super::silence::Unsaid;
use super::speech::Saying;
use super::told::call;

/// Where a bucket stands.
#[allow(clippy::large_enum_variant, reason = "clear before small")]
#[derive(Clone, Default, PartialEq)]
pub enum Phase {
    #[default]
    Idle,
    /// Has to hold until then.
    Persist(Time),
    /// Gathers until then.
    Collect(Time),
    /// Has fired, at a time of the wall clock, and waits for what comes around it.
    Around(Time, Time),
    Raised,
    /// Is not true; cleared then, for that reason, by that record.
    Ending(Time, String, Option<AlarmRecord>),
}

#[derive(Clone, Default)]
pub struct Bucket {
    pub phase: Phase,
    /// Events of the window or the collection, and when they came.
    pub events: Vec<(Time, AlarmRecord)>,
    /// Of single events: what fired.
    pub fired: Vec<AlarmRecord>,
    pub ledger: BTreeSet<String>,
    pub since: Time,
    /// When it was last told raised or updated.
    pub last: Time,
    /// An update is held back until then.
    pub held: Option<Time>,
    /// Reminders up to here are dealt with.
    pub reminded: Time,
    pub highest: Option<Severity>,
    pub unsaid: Option<Unsaid>,
    /// Of a collection that owes: why and by what it was last found not true.
    pub untrue: Option<(String, AlarmRecord)>,
}

/// What a record does to a bucket of a tree rule.
#[derive(Clone)]
pub struct Touch {
    pub tree: String,
    pub entered: bool,
    /// Why the tree left, if it did.
    pub left: String,
    pub changed: bool,
    /// Given as New alarm while it was open.
    pub occurrence: bool,
    pub record: AlarmRecord,
}

impl Bucket {
    fn up(&self) -> bool {
        matches!(self.phase, Phase::Raised | Phase::Ending(..))
    }

    /// Whether nothing is kept of it.
    pub fn is_void(&self, spec: &RuleSpec, now: Time) -> bool {
        let mut bucket = self.clone();
        bucket.leave(spec, now);
        bucket.phase == Phase::Idle && bucket.ledger.is_empty() && bucket.events.is_empty()
    }

    /// Takes events out of the window whose time is over.
    pub fn leave(&mut self, spec: &RuleSpec, now: Time) {
        if let Trigger::Times { within, .. } = spec.trigger {
            self.events.retain(|(came, _)| *came + within > now);
        }
    }

    pub fn deadlines(&self, spec: &RuleSpec) -> Vec<Time> {
        let mut due = Vec::new();
        if let Phase::Persist(until)
        | Phase::Collect(until)
        | Phase::Around(_, until)
        | Phase::Ending(until, ..) = self.phase
        {
            due.push(until);
        }
        if let (Phase::Persist(_), Trigger::Times { within, .. }) = (&self.phase, spec.trigger) {
            due.extend(self.events.iter().map(|(came, _)| *came + within));
        }
        if self.up() {
            due.extend(self.held);
            due.extend(self.next_reminder(spec));
        }
        due
    }

    pub fn skip_reminders(&mut self, spec: &RuleSpec, now: Time) {
        while let Some(missed) = self.next_reminder(spec).filter(|at| *at <= now) {
            self.reminded = missed;
        }
    }

    /// The next multiple of the span after the raise that is not dealt with.
    fn next_reminder(&self, spec: &RuleSpec) -> Option<Time> {
        let every = secs(spec.reminder?);
        let mut next = self.since + every;
        while next <= self.reminded {
            next = next + every;
        }
        Some(next)
    }
}

pub fn enough(bucket: &Bucket, spec: &RuleSpec) -> bool {
    match spec.trigger {
        Trigger::Times { times, .. } => bucket.events.len() >= usize::try_from(times).unwrap(),
        Trigger::Immediate | Trigger::Persist(_) | Trigger::Collect(_) => true,
    }
}

impl Model {
    pub fn take_bucket(&mut self, n: usize, key: &str) -> Bucket {
        let name = (self.rules[n].spec.id.to_owned(), key.to_owned());
        let mut bucket = self.buckets.remove(&name).unwrap_or_default();
        if !matches!(bucket.phase, Phase::Persist(_)) {
            bucket.leave(&self.rules[n].spec, self.now);
        }
        bucket
    }

    pub fn put_bucket(&mut self, n: usize, key: &str, bucket: Bucket) {
        let name = (self.rules[n].spec.id.to_owned(), key.to_owned());
        self.buckets.insert(name, bucket);
    }

    pub fn push_event(&mut self, n: usize, bucket: &mut Bucket, record: &AlarmRecord) {
        bucket.leave(&self.rules[n].spec, self.now);
        bucket.events.push((self.now, record.clone()));
        if self.rules[n].spec.single && bucket.events.len() > self.config.limits.2 {
            bucket.events.remove(0);
            *self
                .overflows
                .entry(self.rules[n].spec.id.to_owned())
                .or_default() += 1;
        }
    }

    /// A tree entered, left or changed in a bucket of a tree rule.
    pub fn touch(&mut self, n: usize, key: &str, touch: &Touch) {
        let spec = self.rules[n].spec.clone();
        let mut bucket = self.take_bucket(n, key);
        let truth = self.truth(n, key);
        let members = self.members(n, key);
        let alone = members.len() == 1 && members[0].tree == touch.tree;
        let member = members.iter().any(|live| live.tree == touch.tree);
        let anew = touch.occurrence && alone;
        let entered = touch.entered || anew;
        let changed = touch.entered || !member || touch.changed || touch.occurrence;
        let reason = if members.is_empty() {
            touch.left.clone()
        } else {
            "the condition no longer holds".to_owned()
        };
        if anew {
            bucket.phase = Phase::Idle;
            bucket.held = None;
            bucket.highest = None;
            bucket.unsaid = None;
        }
        let worst = members.iter().map(|live| live.record.severity).max();
        if bucket.phase == Phase::Idle {
            bucket.highest = None;
        }
        bucket.highest = bucket.highest.max(worst);
        let counts = entered && matches!(spec.trigger, Trigger::Times { .. });
        match bucket.phase {
            Phase::Idle => {
                if counts {
                    self.push_event(n, &mut bucket, &touch.record);
                }
                match spec.trigger {
                    Trigger::Collect(span) if entered => {
                        bucket.phase = Phase::Collect(self.now + span);
                    }
                    Trigger::Collect(_) => {}
                    Trigger::Immediate | Trigger::Persist(_) | Trigger::Times { .. } => {
                        if truth && enough(&bucket, &spec) {
                            self.begin(n, key, &mut bucket);
                        }
                    }
                }
            }
            Phase::Persist(_) => {
                if counts {
                    self.push_event(n, &mut bucket, &touch.record);
                } else {
                    bucket.leave(&spec, self.now);
                }
                if !truth || !enough(&bucket, &spec) {
                    bucket.phase = Phase::Idle;
                }
            }
            Phase::Collect(_) => {}
            Phase::Around(..) if !truth => bucket.phase = Phase::Idle,
            Phase::Around(..) => {}
            Phase::Raised if !truth => {
                self.end(n, key, &mut bucket, &reason, Some(touch.record.clone()));
            }
            Phase::Raised if changed => self.change(n, key, &mut bucket),
            Phase::Raised => {}
            Phase::Ending(..) if truth => {
                bucket.phase = Phase::Raised;
                // It was not raised when they were due.
                bucket.skip_reminders(&spec, self.now);
            }
            Phase::Ending(..) => {}
        }
        bucket.untrue = (!truth).then(|| (reason.clone(), touch.record.clone()));
        if bucket.phase == Phase::Idle && !truth && !bucket.ledger.is_empty() {
            self.end(n, key, &mut bucket, &reason, Some(touch.record.clone()));
        }
        self.put_bucket(n, key, bucket);
    }

    /// What came due at `due` in a bucket, in the order: waits, the window, updates, reminders.
    pub fn bucket_due(&mut self, n: usize, key: &str, due: Time) {
        let spec = self.rules[n].spec.clone();
        let name = (spec.id.to_owned(), key.to_owned());
        let mut bucket = self.buckets.remove(&name).unwrap();
        match bucket.phase.clone() {
            Phase::Persist(until) if until <= due => self.fire_trigger(n, key, &mut bucket),
            Phase::Collect(until) if until <= due => {
                let truth = if spec.single {
                    self.holds_over_events(n, &bucket)
                } else {
                    self.truth(n, key)
                };
                bucket.phase = Phase::Idle;
                if truth {
                    self.fire_trigger(n, key, &mut bucket);
                } else if !bucket.ledger.is_empty() {
                    let (reason, record) = bucket.untrue.take().unwrap();
                    self.end(n, key, &mut bucket, &reason, Some(record));
                }
                bucket.events.clear();
            }
            Phase::Around(trigger, until) if until <= due => {
                self.raise(n, key, &mut bucket, trigger);
            }
            Phase::Ending(until, reason, alarm) if until <= due => {
                self.clear(n, key, &mut bucket, &reason, alarm.as_ref());
            }
            _ => {}
        }
        if let Phase::Persist(_) = bucket.phase {
            let before = bucket.events.len();
            bucket.leave(&spec, due);
            let holds = !spec.single || self.holds_over_events(n, &bucket);
            if before != bucket.events.len() && !(holds && enough(&bucket, &spec)) {
                bucket.phase = Phase::Idle;
            }
        }
        if bucket.held.is_some_and(|held| held <= due) {
            bucket.held = None;
            if bucket.phase == Phase::Raised && spec.on_update {
                self.update(n, key, &mut bucket);
            }
        }
        if bucket.up() && bucket.next_reminder(&spec).is_some_and(|next| next <= due) {
            bucket.reminded = self.now;
            if bucket.phase == Phase::Raised {
                self.remind(n, key, &mut bucket);
            }
        }
        self.put_bucket(n, key, bucket);
    }

    /// It is true and triggers: waits for it to persist, or fires.
    pub fn begin(&mut self, n: usize, key: &str, bucket: &mut Bucket) {
        match self.rules[n].spec.trigger {
            Trigger::Persist(span) => bucket.phase = Phase::Persist(self.now + span),
            Trigger::Times { persist, .. } if !persist.is_zero() => {
                bucket.phase = Phase::Persist(self.now + persist);
            }
            Trigger::Immediate | Trigger::Collect(_) | Trigger::Times { .. } => {
                self.fire_trigger(n, key, bucket);
            }
        }
    }

    pub fn fire_trigger(&mut self, n: usize, key: &str, bucket: &mut Bucket) {
        let spec = &self.rules[n].spec;
        if spec.single && spec.trigger != Trigger::Immediate {
            bucket.fired = bucket
                .events
                .iter()
                .map(|(_, record)| record.clone())
                .collect();
        }
        bucket.events.clear();
        match spec.base {
            Some((_, around)) if around > 0 => {
                bucket.phase = Phase::Around(self.wall(), self.now + secs(around));
            }
            _ => self.raise(n, key, bucket, self.wall()),
        }
    }

    fn raise(&mut self, n: usize, key: &str, bucket: &mut Bucket, trigger: Time) {
        let single = self.rules[n].spec.single;
        let records = if single {
            std::mem::take(&mut bucket.fired)
        } else {
            self.records(n, key)
        };
        let spoken_of = self.spoken_of(n, &records, trigger);
        let worst = spoken_of.iter().map(|r| r.severity).max();
        let highest = bucket.highest.max(worst).unwrap();
        let mut saying = self.saying(n, Kind::Raised, &spoken_of, highest);
        if single {
            saying.events = records;
        }
        let to = self.recipients(n);
        let told = self.say(n, key, &to, saying);
        if single {
            bucket.phase = Phase::Idle;
            return;
        }
        bucket.phase = Phase::Raised;
        bucket.ledger.extend(told);
        bucket.since = self.now;
        bucket.last = self.now;
        bucket.reminded = self.now;
        bucket.held = None;
        bucket.unsaid = self.kept.take().map(|(silence, left)| Unsaid {
            silence,
            raise: true,
            left,
        });
    }

    /// The records of the members.
    pub fn records(&self, n: usize, key: &str) -> Vec<AlarmRecord> {
        self.members(n, key)
            .iter()
            .map(|live| live.record.clone())
            .collect()
    }

    fn change(&mut self, n: usize, key: &str, bucket: &mut Bucket) {
        let spec = &self.rules[n].spec;
        if !spec.on_update {
            return;
        }
        let from = bucket.last + secs(spec.update_every);
        if self.now >= from {
            self.update(n, key, bucket);
        } else {
            bucket.held = bucket.held.or(Some(from));
        }
    }

    fn update(&mut self, n: usize, key: &str, bucket: &mut Bucket) {
        bucket.last = self.now;
        bucket.held = None;
        self.speak_on(n, key, Kind::Updated, bucket, &BTreeSet::new());
        if let Some((silence, left)) = self.kept.take() {
            match &mut bucket.unsaid {
                Some(unsaid) if unsaid.raise => {}
                Some(unsaid) => unsaid.left.retain(|id| left.contains(id)),
                None => {
                    bucket.unsaid = Some(Unsaid {
                        silence,
                        raise: false,
                        left,
                    });
                }
            }
        }
    }

    fn remind(&mut self, n: usize, key: &str, bucket: &mut Bucket) {
        self.speak_on(n, key, Kind::Reminder, bucket, &BTreeSet::new());
    }

    pub fn speak_on(
        &mut self,
        n: usize,
        key: &str,
        kind: Kind,
        bucket: &Bucket,
        left: &BTreeSet<String>,
    ) {
        let records = self.records(n, key);
        let saying = self.saying(n, kind, &records, bucket.highest.unwrap());
        let to = bucket
            .ledger
            .intersection(&self.recipients(n))
            .filter(|id| !left.contains(*id))
            .cloned()
            .collect();
        self.say(n, key, &to, saying);
    }

    fn end(
        &mut self,
        n: usize,
        key: &str,
        bucket: &mut Bucket,
        reason: &str,
        alarm: Option<AlarmRecord>,
    ) {
        match self.rules[n].spec.clear_after {
            0 => self.clear(n, key, bucket, reason, alarm.as_ref()),
            span => {
                bucket.phase = Phase::Ending(self.now + secs(span), reason.to_owned(), alarm);
            }
        }
    }

    pub fn clear(
        &mut self,
        n: usize,
        key: &str,
        bucket: &mut Bucket,
        reason: &str,
        alarm: Option<&AlarmRecord>,
    ) {
        if self.rules[n].spec.on_clear && !bucket.ledger.is_empty() {
            let of_alarm = alarm.map(|record| record.severity);
            let highest = bucket.highest.max(of_alarm).unwrap();
            let mut saying = self.saying(n, Kind::Cleared, &[], highest);
            saying.reason = reason;
            saying.alarm = alarm.map(call);
            saying.owed = true;
            let to = bucket
                .ledger
                .intersection(&self.present())
                .cloned()
                .collect();
            self.say(n, key, &to, saying);
        }
        *bucket = Bucket {
            events: std::mem::take(&mut bucket.events),
            ..Bucket::default()
        };
    }

    /// What is said of `records`, whose worst, then newest is the alarm.
    pub fn saying(
        &self,
        n: usize,
        kind: Kind,
        records: &[AlarmRecord],
        severity: Severity,
    ) -> Saying<'static> {
        let template = match kind {
            _ if self.rules[n].spec.single => "alarm",
            Kind::Raised
            | Kind::Escalated
            | Kind::Acknowledged
            | Kind::Answer
            | Kind::Notice
            | Kind::Digest => "alarm",
            Kind::Updated => "updated",
            Kind::Cleared => "cleared",
            Kind::Reminder => "reminder",
        };
        Saying {
            kind,
            reason: "",
            // The last of the worst: records are in the order in which they came.
            alarm: records
                .iter()
                .max_by_key(|record| record.severity)
                .map(call),
            alarms: if kind == Kind::Cleared {
                BTreeSet::new()
            } else {
                records.iter().map(call).collect()
            },
            severity,
            template: template.to_owned(),
            owed: false,
            events: Vec::new(),
        }
    }
}
