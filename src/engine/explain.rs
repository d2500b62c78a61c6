//! Why a record would or would not be told, rule by rule. Changes nothing.

use std::sync::Arc;

use crate::model::{
    AlarmRecord, AlarmType, ContactId, Event, LogEntry, Message, Notification, RuleId, Suppression,
    Time,
};

use super::filter::Explanation;
use super::life::Phase;
use super::rule::Rule;
use super::speak;
use super::step::{Engine, Step};
use super::window::Gathering;

/// What would come of a record, if it came now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The record's type, given or inferred.
    pub kind: AlarmType,
    /// Every rule, in the order of the config.
    pub rules: Vec<RuleAccount>,
    /// What would be said at once.
    pub notifications: Vec<Arc<Notification>>,
    /// To whom.
    pub messages: Vec<Message>,
}

/// What one rule makes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleAccount {
    /// The rule.
    pub rule: RuleId,
    /// Whether it takes the record.
    pub takes: bool,
    /// The part of its filter that decided, with the value that was seen.
    pub because: String,
    /// Whom it tells at once.
    pub contacts: Vec<ContactId>,
    /// Whom it leaves to an earlier rule.
    pub left: Vec<ContactId>,
    /// What keeps it from telling anybody.
    pub muted: Option<Suppression>,
    /// The buckets that the record belongs to.
    pub buckets: Vec<BucketAccount>,
}

/// A bucket after the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAccount {
    /// What its alarms share, for people.
    pub key: String,
    /// How many alarms, or events, it would hold.
    pub count: usize,
    /// What the rule's condition makes of them.
    pub condition: Option<Explanation>,
    /// What would come of it.
    pub then: Then,
}

/// What would come of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// It speaks at once.
    Speaks,
    /// It would speak at once, but for this.
    Muted(Suppression),
    /// Nothing yet: too few events, or the condition does not hold.
    Nothing,
    /// It is raised already, or stays so.
    Raised,
    /// It is decided then, if nothing changes. In engine time.
    DecidedAt(Time),
    /// It is told as cleared then, unless it holds again. In engine time.
    ClearedAt(Time),
    /// There is no room for it.
    LeftOut,
}

impl Engine {
    /// Accounts for `record` as if it came now. What the rules would say is found by deciding it, on
    /// a copy.
    #[must_use]
    pub fn account(&self, record: &AlarmRecord) -> Account {
        let kind = self.trees.assess(record).kind;
        let mut known = record.clone();
        known.kind = Some(kind);
        let mut trial = self.clone();
        let step = trial.step(&LogEntry {
            position: self.position.next(),
            at: self.now,
            event: Event::Record(Arc::new(record.clone())),
        });
        let rules = self
            .ruleset
            .rules
            .iter()
            .enumerate()
            .map(|(n, rule)| {
                let (takes, because) = judgement(rule, &known);
                let said: Vec<&Arc<Notification>> = step
                    .notifications
                    .iter()
                    .filter(|said| said.rule == rule.id)
                    .collect();
                let contacts: Vec<ContactId> = step
                    .messages
                    .iter()
                    .filter(|message| said.iter().any(|said| said.id == message.notification))
                    .map(|message| message.contact.clone())
                    .collect();
                let buckets = if takes {
                    trial.buckets(n, rule, &known, &said)
                } else {
                    Vec::new()
                };
                let mut left = self.ruleset.recipients(rule);
                left.retain(|id| {
                    !contacts.contains(id) && self.people.hears(id) && is_left(&step, rule, id)
                });
                let mut muted = said.iter().filter_map(|said| said.suppressed.as_ref());
                RuleAccount {
                    muted: muted.next().cloned(),
                    rule: rule.id.clone(),
                    takes,
                    because,
                    contacts,
                    left,
                    buckets,
                }
            })
            .collect();
        Account {
            kind,
            rules,
            notifications: step.notifications,
            messages: step.messages,
        }
    }

    fn buckets(
        &self,
        n: usize,
        rule: &Rule,
        record: &AlarmRecord,
        said: &[&Arc<Notification>],
    ) -> Vec<BucketAccount> {
        rule.keys(&record.tree(), record)
            .into_iter()
            .map(|key| {
                let subject = super::bucket::subject(&rule.id, &key);
                let spoken = said.iter().find(|said| said.bucket == subject);
                let bucket = self.tracks[n]
                    .find(&key)
                    .and_then(|no| self.tracks[n].get(no));
                let records: Vec<AlarmRecord> = match bucket {
                    Some(bucket) => match &bucket.gathered {
                        Some(gathered) => gathered.events.iter().map(Gathering::record).collect(),
                        None => bucket
                            .members
                            .worst_first()
                            .filter_map(|no| self.trees.get(no))
                            .map(|tree| tree.record.unpack())
                            .collect(),
                    },
                    None => vec![record.clone()],
                };
                let shown: Vec<&AlarmRecord> = records.iter().collect();
                let muted = spoken.and_then(|said| said.suppressed.as_ref());
                let held = bucket.and_then(|bucket| bucket.life.as_deref()?.held.as_deref());
                let muted = muted.or(held.map(|held| &held.why));
                let then = match (bucket.map(|bucket| bucket.phase()), muted) {
                    (_, Some(why)) => Then::Muted(why.clone()),
                    _ if spoken.is_some() => Then::Speaks,
                    (None, _) if rule.attention().is_none() && rule.single_events => Then::Nothing,
                    (None, _) if record.ends() => Then::Nothing,
                    (None, _) => Then::LeftOut,
                    (Some(Phase::Idle), _) => Then::Nothing,
                    (Some(Phase::Raised), _) => Then::Raised,
                    (
                        Some(
                            Phase::Waiting { until }
                            | Phase::Collecting { until }
                            | Phase::Around { until, .. },
                        ),
                        _,
                    ) => Then::DecidedAt(self.clock.engine(until)),
                    (Some(Phase::Clearing { until }), _) => {
                        Then::ClearedAt(self.clock.engine(until))
                    }
                };
                BucketAccount {
                    key: super::group::readable(&key),
                    count: spoken.map_or(shown.len(), |said| said.view.count),
                    condition: rule
                        .condition
                        .as_ref()
                        .map(|condition| condition.explain(&shown)),
                    then,
                }
            })
            .collect()
    }
}

impl Gathering {
    fn record(&self) -> AlarmRecord {
        self.record.unpack()
    }
}

/// Whether an earlier rule tells a contact in place of `rule`.
fn is_left(step: &Step, rule: &Rule, contact: &ContactId) -> bool {
    let mut earlier = step
        .notifications
        .iter()
        .filter(|said| speak::names(&said.reason, &rule.id));
    earlier.any(|said| {
        let mut messages = step.messages.iter();
        messages.any(|message| message.notification == said.id && message.contact == *contact)
    })
}

/// Whether a rule takes a record, and the part of its filter that decided.
#[must_use]
pub fn judgement(rule: &Rule, record: &AlarmRecord) -> (bool, String) {
    match (&rule.filter, rule.enabled) {
        (_, false) => (false, "the rule is off (enabled = false)".to_owned()),
        (None, true) => (
            true,
            "the rule has no filter: it takes every record".to_owned(),
        ),
        (Some(filter), true) => {
            let explained = filter.explain(record);
            (explained.matched, explained.because)
        }
    }
}
