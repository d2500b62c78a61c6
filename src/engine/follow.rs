//! What one record does to the buckets of every rule.

use std::sync::Arc;

use crate::model::{AlarmRecord, Status};

use super::bucket::{Bucket, BucketNo, rank, subject};
use super::group::Key;
use super::history::{self, EventRow};
use super::reason;
use super::rows::Written;
use super::rule::{Limits, Rule};
use super::speak::Say;
use super::step::{Arrival, Engine, Step};
use super::track::Track;
use super::tree::{Place, Tree, TreeNo};
use super::trigger::Cause;
use super::window::Gathering;

/// A record on its way through the rules.
pub(super) struct Passage<'a> {
    pub(super) arrival: &'a Arrival,
    /// Its tree, unless it was not open and is not.
    pub(super) no: Option<TreeNo>,
    pub(super) before: Option<Tree>,
    /// The last record but this, unpacked when a condition asks for it.
    pub(super) last: Option<AlarmRecord>,
    /// Where the tree is from here on.
    pub(super) places: Vec<Place>,
    pub(super) left_out: Vec<String>,
    /// Events of this record are kept for so long; none asks for it when zero.
    pub(super) attention: std::time::Duration,
    pub(super) events_left_out: Vec<String>,
    /// Room for a key.
    pub(super) buffer: String,
}

impl Engine {
    /// Puts the record into its tree and every rule's buckets; says what the rules decide, in order.
    pub(super) fn follow(
        &mut self,
        arrival: &Arrival,
        before: Option<TreeNo>,
        step: &mut Step,
    ) -> Vec<Say> {
        let ruleset = Arc::clone(&self.ruleset);
        let steady = self.clock.steady(self.now);
        let ends = arrival.record.ends();
        let old = before.and_then(|no| self.trees.get(no)).cloned();
        let no = if ends {
            before
        } else {
            let when = (steady, arrival.order);
            Some(self.trees.put(
                before,
                &arrival.key,
                &arrival.record,
                arrival.packed.clone(),
                arrival.highest,
                when,
            ))
        };
        let mut passage = Passage {
            arrival,
            no,
            before: old,
            last: None,
            places: Vec::new(),
            left_out: Vec::new(),
            attention: std::time::Duration::ZERO,
            events_left_out: Vec::new(),
            buffer: String::new(),
        };
        let mut says = Vec::new();
        for (n, rule) in ruleset.rules.iter().enumerate().filter(|(_, r)| r.enabled) {
            let takes = rule.takes(&arrival.record);
            self.remember(n, rule, takes, &mut passage);
            if !rule.single_events {
                self.follow_rule(n, rule, takes, &mut passage, &mut says);
            } else if takes {
                self.take_event(n, rule, &mut passage, &mut says);
            }
        }
        self.keep(passage, step);
        says
    }

    /// Writes the tree and the event.
    fn keep(&mut self, passage: Passage<'_>, step: &mut Step) {
        let arrival = passage.arrival;
        let record = &*arrival.record;
        // Both rows hold it.
        let json = Written::of(record);
        if !passage.attention.is_zero() {
            let at = self.clock.steady(self.now);
            let own = self.clock.steady(record.time);
            let until = (at + passage.attention).max(own + passage.attention);
            self.history.keep(arrival.order, until);
            let event = EventRow {
                record: &json,
                at,
                own,
                until,
                left_out: passage.events_left_out,
            };
            step.rows.push(history::row(arrival.order, &event));
        }
        let Some(no) = passage.no else { return };
        if record.ends() {
            if let Some(tree) = self.trees.remove(no) {
                step.rows.push(tree.deletion());
            }
            return;
        }
        if let Some(tree) = self.trees.get_mut(no) {
            tree.places = passage.places.into();
            tree.left_out = passage.left_out.into();
        }
        step.rows.extend(self.trees.row(no, record.time, &json));
    }

    /// Keeps the record for messages that speak of what came around their trigger.
    fn remember(&mut self, n: usize, rule: &Rule, takes: bool, passage: &mut Passage<'_>) {
        let Some(base) = &rule.base_alarms else {
            return;
        };
        let arrival = passage.arrival;
        let wanted = match &base.filter {
            Some(filter) => filter.matches(&arrival.record),
            None => takes,
        };
        if !wanted {
            return;
        }
        let steady = self.clock.steady(self.now);
        let own = arrival.record.time;
        let span = base.around.saturating_mul(2);
        let until = steady.max(self.clock.steady(own)) + span;
        let event = Gathering {
            at: steady,
            order: arrival.order,
            record: arrival.packed.clone(),
        };
        let track = &mut self.tracks[n];
        track.overflow += u64::from(track.nearby.push(steady, until, own, event));
        let attention = span + std::time::Duration::from_millis(1);
        passage.attention = passage.attention.max(attention);
    }

    fn follow_rule(
        &mut self,
        n: usize,
        rule: &Rule,
        takes: bool,
        passage: &mut Passage<'_>,
        says: &mut Vec<Say>,
    ) {
        let arrival = passage.arrival;
        let record = &*arrival.record;
        let was = passage.before.as_ref().map_or(&[][..], |tree| tree.at(n));
        let is = takes && !record.ends() && record.status != Status::Masked;
        if was.is_empty() && !is {
            return;
        }
        if was.len() < 2 && self.follow_one(n, rule, is, passage, says) {
            return;
        }
        let was: Vec<BucketNo> = passage
            .before
            .iter()
            .flat_map(|tree| tree.at(n))
            .map(|place| place.bucket)
            .collect();
        let keys = if is {
            rule.keys(&arrival.key, record)
        } else {
            Vec::new()
        };
        let mut visits: Vec<Visit> = was
            .iter()
            .filter_map(|no| {
                let key = Arc::clone(&self.tracks[n].get(*no)?.key);
                let stays = keys.contains(&key);
                Some(Visit {
                    key,
                    bucket: Some(*no),
                    stays,
                })
            })
            .collect();
        for key in keys {
            if !visits.iter().any(|visit| visit.key == key) {
                visits.push(Visit {
                    key,
                    bucket: None,
                    stays: true,
                });
            }
        }
        if visits.len() > 1 {
            // What it leaves makes room for what it enters.
            visits.sort_by(|a, b| (a.stays, &a.key).cmp(&(b.stays, &b.key)));
        }
        let first = says.len();
        for visit in visits {
            let key = Key::Shared(&visit.key);
            self.visit(n, rule, (visit.bucket, key, visit.stays), passage, says);
        }
        says[first..].sort_by(|a, b| a.key.cmp(&b.key));
    }

    /// A record that was in one bucket of the rule at most, and can be in no other: the usual case,
    /// in short. Whether it is that.
    fn follow_one(
        &mut self,
        n: usize,
        rule: &Rule,
        is: bool,
        passage: &mut Passage<'_>,
        says: &mut Vec<Say>,
    ) -> bool {
        let arrival = passage.arrival;
        let was = passage.before.as_ref().and_then(|tree| tree.at(n).first());
        let was = was.map(|place| place.bucket);
        let mut buffer = std::mem::take(&mut passage.buffer);
        let key = rule.only_key(&arrival.key, &arrival.record, &mut buffer);
        let of = |no| self.tracks[n].get(no).map(|bucket| &*bucket.key);
        let is_usual = match (was, key) {
            (None, key) => key.is_some(),
            (Some(no), _) if !is => of(no).is_some(),
            (Some(no), key) => key.is_some_and(|key| of(no) == Some(key.text())),
        };
        if is_usual {
            let key = key.unwrap_or(Key::Text(""));
            self.visit(n, rule, (was, key, is), passage, says);
        }
        passage.buffer = buffer;
        is_usual
    }

    /// Puts the record into a bucket, over its last one or takes it out, and judges the bucket.
    fn visit(
        &mut self,
        n: usize,
        rule: &Rule,
        (bucket, key, stays): (Option<BucketNo>, Key<'_>, bool),
        passage: &mut Passage<'_>,
        says: &mut Vec<Say>,
    ) {
        let Some(no) = passage.no else { return };
        let record = &*passage.arrival.record;
        if let Some(bucket) = bucket {
            self.revise(n, rule, bucket, no, stays, passage);
            let cause = self.cause(n, bucket, stays, passage);
            says.extend(self.judge(n, rule, bucket, &cause, Some(record)));
            self.heed_inhibitor(n, bucket, Some(no));
            return;
        }
        let Some(bucket) = self.enter(n, rule, key, no, passage) else {
            passage.left_out.push(subject(&rule.id, key.text()));
            return;
        };
        let cause = Cause {
            entered: true,
            update: Some("an alarm joined".into()),
            ..Cause::default()
        };
        says.extend(self.judge(n, rule, bucket, &cause, Some(record)));
        self.heed_inhibitor(n, bucket, Some(no));
    }

    /// Replaces the last record of a member by this one, or takes it out.
    fn revise(
        &mut self,
        n: usize,
        rule: &Rule,
        bucket: BucketNo,
        no: TreeNo,
        stays: bool,
        passage: &mut Passage<'_>,
    ) {
        let Some(before) = &passage.before else {
            return;
        };
        let arrival = passage.arrival;
        let Some(entry) = self.tracks[n].get_mut(bucket) else {
            return;
        };
        entry.members.remove(rank(before.severity, before.order));
        if stays {
            let rank = rank(arrival.record.severity, arrival.order);
            entry.members.insert(rank, no);
            passage.places.push(Place::new(n, bucket));
        }
        if rule.condition.is_some()
            && let Some(tallies) = &mut entry.tallies
        {
            if tallies.looks_at_records() {
                let last = passage.last.get_or_insert_with(|| before.record.unpack());
                tallies.remove(before.order, last);
            } else {
                tallies.drop_one();
            }
            if stays {
                tallies.add(arrival.order, &arrival.record);
            }
        }
    }

    fn cause(&self, n: usize, bucket: BucketNo, stays: bool, passage: &Passage<'_>) -> Cause {
        let record = &*passage.arrival.record;
        if !stays {
            return Cause {
                update: Some("an alarm left".into()),
                left: Some(reason::left(record)),
                ..Cause::default()
            };
        }
        let members = self.tracks[n]
            .get(bucket)
            .map_or(0, |bucket| bucket.members.len());
        let anew = passage.arrival.anew && members == 1;
        let update = if passage.arrival.anew {
            Some("an alarm began anew".into())
        } else {
            let asks = self.ruleset.rules[n].on_update.is_some();
            let before = passage.before.as_ref().filter(|_| asks);
            before
                .and_then(|before| reason::changed(before, record))
                .map(Into::into)
        };
        Cause {
            entered: anew,
            anew,
            update,
            left: None,
        }
    }

    /// Puts an alarm into a bucket; `None` when there is no room.
    fn enter(
        &mut self,
        n: usize,
        rule: &Rule,
        key: Key<'_>,
        no: TreeNo,
        passage: &mut Passage<'_>,
    ) -> Option<BucketNo> {
        let bucket = self.room(n, rule, key)?;
        let limits = self.ruleset.limits;
        let arrival = passage.arrival;
        let track = &mut self.tracks[n];
        let entry = track.get_mut(bucket)?;
        if entry.members.len() >= limits.alarms_per_bucket {
            track.overflow += 1;
            return None;
        }
        entry.add(rule, arrival.order, no, &arrival.record);
        passage.places.push(Place::new(n, bucket));
        Some(bucket)
    }

    /// The bucket of a key, made when there is room for one more.
    pub(super) fn room(&mut self, n: usize, rule: &Rule, key: Key<'_>) -> Option<BucketNo> {
        let Limits {
            buckets_per_rule, ..
        } = self.ruleset.limits;
        let steady = self.clock.steady(self.now);
        let track = &mut self.tracks[n];
        let known = track.find(key.text());
        if let Some(no) = known {
            let is_full = track.len() >= buckets_per_rule;
            let entry = track.get_mut(no)?;
            if !is_full || !entry.is_memory_at(rule, steady) {
                return Some(no);
            }
        }
        let is_full = self.tracks[n].len() >= buckets_per_rule;
        let has_room = !is_full || self.make_room(n, rule, buckets_per_rule);
        let track = &mut self.tracks[n];
        if !has_room {
            track.overflow += 1;
            return None;
        }
        // Making room may have let go of it.
        match known.and_then(|_| track.find(key.text())) {
            Some(no) => Some(no),
            None => Some(track.make(key.shared())),
        }
    }
}

/// A bucket that a record touches.
struct Visit {
    key: Arc<str>,
    /// It was in this one.
    bucket: Option<BucketNo>,
    /// It is in it from here on.
    stays: bool,
}

impl Place {
    pub(super) fn new(rule: usize, bucket: BucketNo) -> Self {
        Self {
            rule: u32::try_from(rule).unwrap_or(u32::MAX),
            bucket,
        }
    }
}

impl Tree {
    /// Its places in the buckets of a rule; all places are in the order of the rules.
    pub(super) fn at(&self, rule: usize) -> &[Place] {
        let first = self
            .places
            .partition_point(|place| (place.rule as usize) < rule);
        let rest = self.places.get(first..).unwrap_or_default();
        let count = rest.iter().take_while(|place| place.rule as usize == rule);
        rest.get(..count.count()).unwrap_or_default()
    }
}

impl Bucket {
    /// Counts an alarm among the members.
    pub(super) fn add(&mut self, rule: &Rule, order: u64, no: TreeNo, record: &AlarmRecord) {
        self.members.insert(rank(record.severity, order), no);
        if let Some(condition) = &rule.condition {
            let tallies = self
                .tallies
                .get_or_insert_with(|| Box::new(condition.tallies()));
            tallies.add(order, record);
        }
    }
}

impl Track {
    /// Leaves one alarm out of a bucket.
    pub(super) fn leave(&mut self, bucket: BucketNo, tree: &Tree, record: &AlarmRecord) {
        if let Some(entry) = self.get_mut(bucket) {
            entry.members.remove(rank(tree.severity, tree.order));
            if let Some(tallies) = &mut entry.tallies {
                tallies.remove(tree.order, record);
            }
        }
    }
}
