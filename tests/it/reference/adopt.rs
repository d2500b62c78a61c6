//! Other rules and contacts come into force, in the reference.

use std::collections::BTreeSet;

use klaxond::engine::Trigger;
use klaxond::model::Time;

use super::bucket::{Bucket, Phase};
use super::model::{Model, Ruled, ruled};
use super::scenario::{Config, secs};

impl Model {
    pub fn adopt(&mut self, at: Time, config: &Config) {
        self.advance(at);
        if *config == self.config {
            return;
        }
        let was_config = std::mem::replace(&mut self.config, config.clone());
        let old = std::mem::replace(&mut self.rules, ruled(&was_config));
        // Rules that are gone or off speak with what they last were.
        for (n, was) in old.iter().enumerate() {
            let kept = config.rules.iter().find(|spec| spec.id == was.spec.id);
            let reason = match kept {
                None => "rule removed",
                Some(kept) if was.spec.enabled && !kept.enabled => "rule disabled",
                Some(_) => continue,
            };
            for key in self.keys_of(n) {
                self.close_bucket(n, &key, reason);
            }
            self.drop_state(was.spec.id);
        }
        self.rules = ruled(config);
        for n in 0..self.rules.len() {
            let spec = self.rules[n].spec.clone();
            let was = old
                .iter()
                .find(|was| was.spec.id == spec.id && was.spec.enabled);
            if spec.enabled && was.is_none_or(|was| was.spec.differs(&spec)) {
                self.rebuild(n, was);
            }
            // An update that is held back waits for the span that is in force.
            for ((rule, _), bucket) in &mut self.buckets {
                if rule == spec.id && bucket.held.is_some() {
                    bucket.held = Some(bucket.last + secs(spec.update_every));
                }
            }
        }
    }

    /// From the open trees, in silence.
    fn rebuild(&mut self, n: usize, was: Option<&Ruled>) {
        let spec = self.rules[n].spec.clone();
        self.born.insert(spec.id.to_owned(), self.history.len());
        let mut old: std::collections::BTreeMap<String, Bucket> = self
            .keys_of(n)
            .into_iter()
            .map(|key| {
                let bucket = self.buckets[&(spec.id.to_owned(), key.clone())].clone();
                (key, bucket)
            })
            .collect();
        self.drop_state(spec.id);
        let keys = self.take_places(n);
        for key in keys {
            let mut bucket = Bucket::default();
            let members = self.members(n, &key);
            let worst = members.iter().map(|live| live.record.severity).max();
            if self.truth(n, &key) {
                let was = old.get(&key).filter(|was| {
                    matches!(was.phase, Phase::Raised | Phase::Ending(..)) || !was.ledger.is_empty()
                });
                if let Some(was) = was {
                    bucket = was.clone();
                    if !matches!(was.phase, Phase::Raised | Phase::Ending(..)) {
                        bucket.since = self.now;
                        bucket.last = self.now;
                        bucket.reminded = self.now;
                        bucket.unsaid = None;
                    }
                    if matches!(was.phase, Phase::Ending(..)) {
                        // What fell due while it seemed to end is not told.
                        bucket.reminded = self.now;
                    }
                    bucket.events.clear();
                    bucket.phase = Phase::Raised;
                    bucket.highest = bucket.highest.max(worst);
                    old.remove(&key);
                } else {
                    bucket.highest = worst;
                    match spec.trigger {
                        Trigger::Immediate => {
                            bucket.phase = Phase::Raised;
                            bucket.since = self.now;
                            bucket.last = self.now;
                            bucket.reminded = self.now;
                        }
                        Trigger::Persist(span) => bucket.phase = Phase::Persist(self.now + span),
                        Trigger::Collect(_) | Trigger::Times { .. } => {}
                    }
                }
            }
            self.buckets.insert((spec.id.to_owned(), key), bucket);
        }
        // A rule of events has no words for a clear: what it was speaks.
        let speaker = was.filter(|_| spec.single).map(|was| was.spec.clone());
        let speaker = std::mem::replace(&mut self.rules[n], Ruled::of(&speaker.unwrap_or(spec)));
        for (key, mut bucket) in old {
            let alarm = None;
            self.clear(n, &key, &mut bucket, "rule changed", alarm);
        }
        self.rules[n] = speaker;
    }

    /// Puts the open alarms into buckets, in the order of their trees, while there is room.
    fn take_places(&mut self, n: usize) -> BTreeSet<String> {
        let rule = self.rules[n].spec.id.to_owned();
        let mut trees: Vec<_> = self.trees.clone();
        trees.sort_by_key(|live| live.order);
        let mut all = BTreeSet::new();
        let mut wanted = Vec::new();
        for live in &trees {
            for key in self.would_be_in(n, &live.tree) {
                self.excluded
                    .insert(((rule.clone(), key.clone()), live.tree.clone()));
                wanted.push((key, live.tree.clone()));
            }
        }
        for (key, tree) in wanted {
            if self.has_room(n, &key) {
                self.excluded.remove(&((rule.clone(), key.clone()), tree));
                all.insert(key);
            } else {
                *self.overflows.entry(rule.clone()).or_default() += 1;
            }
        }
        all
    }

    fn close_bucket(&mut self, n: usize, key: &str, reason: &str) {
        let name = (self.rules[n].spec.id.to_owned(), key.to_owned());
        let mut bucket = self.buckets.remove(&name).unwrap();
        self.clear(n, key, &mut bucket, reason, None);
    }

    fn drop_state(&mut self, rule: &str) {
        self.buckets.retain(|(of, _), _| of != rule);
        self.excluded.retain(|((of, _), _)| of != rule);
    }
}
