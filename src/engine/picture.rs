//! What stands at this moment, for whoever looks: what is raised, what is open, what is silenced.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{
    AlarmRecord, ContactId, MessageId, RuleId, Severity, Silence, Suppression, Time,
};

use super::ack::Ack;
use super::filter::Filter;
use super::life::Phase;
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
        let mut counts = BTreeMap::new();
        let mut found = Vec::new();
        for (n, track) in self.tracks.iter().enumerate() {
            for no in track.in_order() {
                let Some(bucket) = track.get(no) else {
                    continue;
                };
                let stands = matches!(bucket.phase(), Phase::Raised | Phase::Clearing { .. });
                let Some(life) = bucket.life.as_deref().filter(|_| stands) else {
                    continue;
                };
                let severity = view::highest(bucket, Severity::Undefined);
                *counts.entry(severity).or_default() += 1;
                found.push((Reverse(severity), Reverse(life.since), n, no));
            }
        }
        found.sort_unstable();
        let worst = found.into_iter().take(most);
        let raised = worst.filter_map(|(_, _, n, no)| self.raised_bucket(n, no));
        (raised.collect(), counts)
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
            suppressed: None,
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
            Some(OpenAlarm {
                record: tree.record.unpack(),
                begun: tree.begun,
                seen: self.clock.engine(tree.seen),
                raised: lives.iter().map(|(id, _)| (*id).clone()).collect(),
                ack: lives.iter().find_map(|(_, life)| life.ack()).cloned(),
                silenced: Vec::new(),
            })
        });
        (alarms.collect(), count)
    }

    /// The rules in numbers, in the order of the config.
    #[must_use]
    pub fn figures(&self) -> Vec<RuleFigures> {
        let tracks = self.tracks.iter().map(|track| RuleFigures {
            id: track.id.clone(),
            name: track.imprint.name.clone(),
            buckets: track.count_present(),
            raised: track.count_raised(),
            left_out: track.overflow,
            muted: None,
        });
        tracks.collect()
    }

    /// Silences that hold, are to come, or ended a while ago, the newest first.
    #[must_use]
    pub fn silences(&self) -> Vec<Silence> {
        Vec::new()
    }
}
