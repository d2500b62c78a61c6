//! What one record does to the rules of single events.

use super::bucket::{Bucket, BucketNo, subject};
use super::follow::Passage;
use super::group::Key;
use super::rule::Rule;
use super::speak::Say;
use super::step::Engine;
use super::window::Gathering;

impl Engine {
    /// A record as an event of a rule.
    pub(super) fn take_event(
        &mut self,
        n: usize,
        rule: &Rule,
        passage: &mut Passage<'_>,
        says: &mut Vec<Say>,
    ) {
        let arrival = passage.arrival;
        let record = &*arrival.record;
        let Some(attention) = rule.attention() else {
            if rule.holds_of_one(record) {
                for key in rule.keys(&arrival.key, record) {
                    says.push(self.say_event(n, rule, key, arrival));
                }
            }
            return;
        };
        passage.attention = passage.attention.max(attention);
        let mut buffer = std::mem::take(&mut passage.buffer);
        if let Some(key) = rule.only_key(&arrival.key, record, &mut buffer) {
            self.gather(n, rule, key, passage, says);
        } else {
            for key in rule.keys(&arrival.key, record) {
                self.gather(n, rule, Key::Shared(&key), passage, says);
            }
        }
        passage.buffer = buffer;
    }

    fn gather(
        &mut self,
        n: usize,
        rule: &Rule,
        key: Key<'_>,
        passage: &mut Passage<'_>,
        says: &mut Vec<Say>,
    ) {
        let arrival = passage.arrival;
        let limit = self.ruleset.limits.alarms_per_bucket;
        let Some(bucket) = self.room(n, rule, key) else {
            let left_out = subject(&rule.id, key.text());
            passage.events_left_out.push(left_out);
            return;
        };
        let moment = self.moment(rule);
        let event = Gathering {
            at: moment.steady,
            order: arrival.order,
            record: arrival.packed.clone(),
        };
        let track = &mut self.tracks[n];
        let mut overflow = 0;
        let mut speaks = false;
        let mut before = None;
        if let Some(entry) = track.get_mut(bucket) {
            before = Some(entry.phase());
            speaks = entry.take_event(&moment, event, &arrival.record, limit, &mut overflow);
        }
        track.overflow += overflow;
        let changed = track.get(bucket).map(Bucket::phase) != before;
        self.after_event(n, rule, bucket, speaks, changed, says);
    }

    /// What came of an event or of a timer in a bucket of single events.
    pub(super) fn after_event(
        &mut self,
        n: usize,
        rule: &Rule,
        bucket: BucketNo,
        speaks: bool,
        changed: bool,
        says: &mut Vec<Say>,
    ) {
        if speaks {
            says.extend(self.say_gathered(n, rule, bucket));
            let moment = self.moment(rule);
            if let Some(entry) = self.tracks[n].get_mut(bucket) {
                entry.spend(&moment);
            }
        }
        if speaks || changed {
            self.keep_gathered(n, bucket);
            self.touch(n, bucket);
        }
        self.schedule(n, rule, bucket);
        self.watch_memory(n, rule, bucket);
    }
}
