//! What stands at this moment, for whoever looks: what is raised, what is open, what is silenced.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    AlarmRecord, ContactId, MessageId, RuleId, Severity, Silence, Suppression, Time,
};

use super::ack::Ack;
use super::filter::Filter;
use super::life::{Life, Phase};
use super::step::Engine;
use super::view;

/// A bucket that is raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The rule that raised it.
    pub rule: RuleId,
    /// Its name.
    pub rule_name: String,
    /// The bucket, as messages have it.
    pub bucket: String,
    /// What its alarms have in common, for people; empty for one bucket.
    pub key: String,
    /// Since when, in engine time.
    pub since: Time,
    /// The worst that it has been.
    pub severity: Severity,
    /// Alarms in it.
    pub count: usize,
    /// The worst, then newest of them.
    pub alarm: AlarmRecord,
    /// Who was told, and with which message; none when it was more than one.
    pub told: Vec<(ContactId, Option<MessageId>)>,
    /// Who has it.
    pub ack: Option<Ack>,
    /// Why nobody was told.
    pub suppressed: Option<Suppression>,
}

/// An open alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAlarm {
    /// Its last record.
    pub record: AlarmRecord,
    /// Time of its first record.
    pub begun: Time,
    /// Engine time of its last record.
    pub seen: Time,
    /// Rules in whose buckets it is and that are raised, in the order of the config.
    pub raised: Vec<RuleId>,
    /// Who has it.
    pub ack: Option<Ack>,
    /// Silences that take it.
    pub silenced: Vec<Silence>,
}

/// A rule in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFigures {
    /// The rule.
    pub id: RuleId,
    /// Its name.
    pub name: String,
    /// Buckets that hold alarms.
    pub buckets: usize,
    /// Of them, raised.
    pub raised: usize,
    /// What it had no room for, since the start or the last edit.
    pub left_out: u64,
    /// Why it would not speak at this moment.
    pub muted: Option<Suppression>,
}

impl Engine {
    /// The `most` worst buckets that are raised, the newest of them first, and how many there are of
    /// each severity.
    #[must_use]
    pub fn raised(&self, most: usize) -> (Vec<Raised>, BTreeMap<Severity, usize>) {
        let mut counts = Severity::ALL.map(|severity| (severity, 0));
        let mut found = Vec::new();
        for (n, track) in self.tracks.iter().enumerate() {
            for (no, bucket) in track.standing() {
                let had = bucket.life.as_deref().and_then(|life| life.highest);
                let severity = had.unwrap_or(Severity::Undefined);
                let since = bucket.life.as_deref().map_or(self.now, |life| life.since);
                tally(&mut counts, severity);
                found.push((Reverse(severity), Reverse(since), n, no));
            }
        }
        // All but the worst are only counted.
        if most < found.len() {
            found.select_nth_unstable(most);
            found.truncate(most);
        }
        found.sort_by_cached_key(|(severity, since, n, no)| {
            let bucket = self.tracks[*n].get(*no);
            let key = bucket.map(|bucket| Arc::clone(&bucket.key));
            (*severity, *since, *n, key)
        });
        let raised = found.into_iter();
        let raised = raised.filter_map(|(_, _, n, no)| self.raised_bucket(n, no));
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        (raised.collect(), counts.collect())
    }

    fn raised_bucket(&self, n: usize, no: u32) -> Option<Raised> {
        let track = self.tracks.get(n)?;
        let bucket = track.get(no)?;
        let life = bucket.life.as_deref()?;
        let (alarm, view) = view::of_members(bucket, &self.trees)?;
        let contacts = self.ruleset.contacts.iter();
        Some(Raised {
            rule: track.id.clone(),
            rule_name: track.imprint.name.clone(),
            bucket: super::bucket::subject(&track.id, &bucket.key),
            key: view.key,
            since: life.since,
            severity: view.highest,
            count: view.count,
            alarm,
            told: contacts
                .filter(|contact| life.ledger.raise_of(&contact.id).is_some())
                .map(|contact| (contact.id.clone(), life.ledger.only_raise_of(&contact.id)))
                .collect(),
            ack: life.ack().cloned(),
            suppressed: life.untold().cloned(),
        })
    }

    /// The open alarms that `filter` takes, the worst, then newest first, `most` of them; and how many
    /// it takes.
    #[must_use]
    pub fn open_alarms(&self, filter: Option<&Filter>, most: usize) -> (Vec<OpenAlarm>, usize) {
        let mut found = Vec::new();
        for no in self.trees.chain() {
            let Some(tree) = self.trees.get(no) else {
                continue;
            };
            if filter.is_none_or(|filter| filter.matches(&tree.record.unpack())) {
                found.push((Reverse(tree.severity), Reverse(tree.order), no));
            }
        }
        let count = found.len();
        if most < count {
            found.select_nth_unstable(most);
            found.truncate(most);
        }
        found.sort_unstable();
        let alarms = found.into_iter().filter_map(|(_, _, no)| {
            let tree = self.trees.get(no)?;
            let lives = tree.places.iter().filter_map(|place| {
                let track = self.tracks.get(place.rule as usize)?;
                let life = track.get(place.bucket)?.life.as_deref()?;
                let stands = matches!(life.phase, Phase::Raised | Phase::Clearing { .. });
                stands.then_some((&track.id, life))
            });
            let lives: Vec<_> = lives.collect();
            let record = tree.record.unpack();
            Some(OpenAlarm {
                silenced: self.silences.of(&record, self.now),
                record,
                begun: tree.begun,
                seen: self.clock.engine(tree.seen),
                raised: lives.iter().map(|(id, _)| (*id).clone()).collect(),
                ack: lives.iter().find_map(|(_, life)| life.ack()).cloned(),
            })
        });
        (alarms.collect(), count)
    }

    /// The rules in numbers, in the order of the config.
    #[must_use]
    pub fn figures(&self) -> Vec<RuleFigures> {
        let tracks = self.tracks.iter().enumerate();
        let tracks = tracks.map(|(n, track)| RuleFigures {
            id: track.id.clone(),
            name: track.imprint.name.clone(),
            buckets: track.count_present(),
            raised: track.count_raised(),
            left_out: track.overflow,
            muted: self.muted_whole(n),
        });
        tracks.collect()
    }
}

impl Life {
    /// Why nobody was told of it, or of what became of it.
    fn untold(&self) -> Option<&Suppression> {
        self.held.as_deref().map(|held| &held.why)
    }
}

fn tally(counts: &mut [(Severity, usize)], severity: Severity) {
    if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == severity) {
        *count += 1;
    }
}
