//! Single events in the reference: nothing stays raised.

use klaxond::engine::Trigger;
use klaxond::model::{AlarmRecord, Kind, Severity};

use super::bucket::{Bucket, Phase, enough};
use super::model::Model;

impl Model {
    /// A record is an event of a rule of single events.
    pub fn event(&mut self, n: usize, record: &AlarmRecord, highest: Severity) {
        let spec = self.rules[n].spec.clone();
        let around = spec.base.map_or(0, |(_, around)| around);
        for key in self.rules[n].keys(record) {
            if spec.trigger == Trigger::Immediate && around == 0 {
                if self.rules[n].holds(&[record]) {
                    let kind = if record.ends() {
                        Kind::Cleared
                    } else {
                        Kind::Raised
                    };
                    let mut records = vec![record.clone()];
                    if kind == Kind::Raised {
                        records = self.spoken_of(n, &records, self.wall());
                    }
                    let worst = records.iter().map(|r| r.severity).max();
                    let highest = worst.max(Some(highest)).unwrap();
                    let mut saying = self.saying(n, kind, &records, highest);
                    saying.events = vec![record.clone()];
                    let to = self.recipients(n);
                    self.say(n, &key, &to, saying);
                }
                continue;
            }
            if !self.may_have_bucket(n, &key, self.config.limits.1) {
                *self.overflows.entry(spec.id.to_owned()).or_default() += 1;
                continue;
            }
            let mut bucket = self.take_bucket(n, &key);
            match (spec.trigger, &bucket.phase) {
                (Trigger::Immediate, _) => {
                    if self.rules[n].holds(&[record]) {
                        bucket.fired.push(record.clone());
                        if bucket.fired.len() > self.config.limits.2 {
                            *self.overflows.entry(spec.id.to_owned()).or_default() += 1;
                            bucket.fired.remove(0);
                        }
                        if bucket.phase == Phase::Idle {
                            self.fire_trigger(n, &key, &mut bucket);
                        }
                    }
                }
                (_, Phase::Around(..)) => {}
                (Trigger::Collect(span), phase) => {
                    if *phase == Phase::Idle {
                        bucket.phase = Phase::Collect(self.now + span);
                    }
                    self.push_event(n, &mut bucket, record);
                }
                (Trigger::Times { .. } | Trigger::Persist(_), _) => {
                    self.push_event(n, &mut bucket, record);
                    let violated = enough(&bucket, &spec) && self.holds_over_events(n, &bucket);
                    match (violated, &bucket.phase) {
                        (true, Phase::Idle) => self.begin(n, &key, &mut bucket),
                        (false, Phase::Persist(_)) => bucket.phase = Phase::Idle,
                        _ => {}
                    }
                }
            }
            self.put_bucket(n, &key, bucket);
        }
    }

    pub fn holds_over_events(&self, n: usize, bucket: &Bucket) -> bool {
        let records: Vec<&AlarmRecord> = bucket.events.iter().map(|(_, record)| record).collect();
        !records.is_empty() && self.rules[n].holds(&records)
    }
}
