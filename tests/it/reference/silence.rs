//! Silences in the reference: every bucket that is raised and was not told is looked at anew whenever
//! anything happens.

use std::collections::BTreeSet;

use klaxond::engine::filter::Filter;
use klaxond::model::{AlarmRecord, Kind, Time};

use super::bucket::{Bucket, Phase};
use super::model::Model;
use super::scenario::{START, filter};

/// A silence, by its number.
pub struct Silence {
    filter: Filter,
    starts: Time,
    ends: Time,
}

/// What a bucket would have said, and the silence that kept it.
#[derive(Clone, PartialEq)]
pub struct Unsaid {
    pub silence: usize,
    /// That it is raised; else that it changed.
    pub raise: bool,
    /// Who heard all of it from other rules.
    pub left: BTreeSet<String>,
}

impl Model {
    pub fn silence(
        &mut self,
        at: Time,
        of: usize,
        (starts, ends): (Time, Time),
        replaces: Option<usize>,
    ) {
        self.advance(at);
        if let Some(before) = replaces {
            self.end_silence(before);
        }
        let filter = filter(of).unwrap();
        self.silences.push(Silence {
            filter,
            starts,
            ends,
        });
        self.tell_unsaid(None);
    }

    pub fn unsilence(&mut self, at: Time, n: usize) {
        if n < self.silences.len() {
            self.advance(at);
            self.end_silence(n);
            self.tell_unsaid(None);
        }
    }

    fn end_silence(&mut self, n: usize) {
        let now = self.wall();
        if let Some(silence) = self.silences.get_mut(n) {
            silence.ends = silence.ends.min(now);
        }
    }

    /// The first silence that takes every one of them.
    pub fn muted(&self, records: &[AlarmRecord]) -> Option<usize> {
        (0..self.silences.len()).find(|n| self.mutes(*n, records))
    }

    fn mutes(&self, n: usize, records: &[AlarmRecord]) -> bool {
        let (silence, now) = (&self.silences[n], self.wall());
        silence.starts <= now
            && now < silence.ends
            && records.iter().all(|record| silence.filter.matches(record))
    }

    /// When a bucket that was not told is to be looked at, of the wall clock.
    fn look(&self, n: usize, key: &str, bucket: &Bucket) -> Option<Time> {
        let unsaid = bucket.unsaid.as_ref()?;
        if bucket.phase != Phase::Raised {
            return None;
        }
        let silence = &self.silences[unsaid.silence];
        let mut records = self.records(n, key).into_iter();
        let takes = records.all(|record| silence.filter.matches(&record));
        // What it does not take any more is told at once, before all that is due after that.
        Some(if takes { silence.ends } else { START })
    }

    pub fn looks(&self) -> impl Iterator<Item = Time> {
        (0..self.rules.len()).flat_map(move |n| {
            let keys = self.keys_of(n).into_iter();
            keys.filter_map(move |key| {
                let name = (self.rules[n].spec.id.to_owned(), key.clone());
                self.look(n, &key, &self.buckets[&name])
            })
        })
    }

    /// Tells what is kept by no silence: what was due by then, or what an input freed.
    pub fn tell_unsaid(&mut self, due: Option<Time>) {
        for n in 0..self.rules.len() {
            for key in self.keys_of(n) {
                let name = (self.rules[n].spec.id.to_owned(), key.clone());
                let look = self.look(n, &key, &self.buckets[&name]);
                if look.is_none_or(|look| look > due.unwrap_or(self.wall())) {
                    continue;
                }
                let mut bucket = self.buckets.remove(&name).unwrap();
                self.look_again(n, &key, &mut bucket);
                self.put_bucket(n, &key, bucket);
            }
        }
    }

    fn look_again(&mut self, n: usize, key: &str, bucket: &mut Bucket) {
        let records = self.records(n, key);
        let other = self.muted(&records);
        let Some(unsaid) = &mut bucket.unsaid else {
            return;
        };
        if let Some(other) = other {
            unsaid.silence = other;
            return;
        }
        let unsaid = bucket.unsaid.take().unwrap();
        bucket.last = self.now;
        bucket.held = None;
        if !unsaid.raise {
            let spec = self.rules[n].spec.clone();
            bucket.skip_reminders(&spec, self.now);
            if spec.on_update {
                self.speak_on(n, key, Kind::Updated, bucket, &unsaid.left);
            }
            return;
        }
        bucket.since = self.now;
        bucket.reminded = self.now;
        let saying = self.saying(n, Kind::Raised, &records, bucket.highest.unwrap());
        let to = self
            .recipients(n)
            .difference(&unsaid.left)
            .cloned()
            .collect();
        let told = self.say(n, key, &to, saying);
        bucket.ledger.extend(told);
    }
}
