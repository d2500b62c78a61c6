//! Who has an alarm: what stops its reminders and escalations for a while.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    AlarmRecord, ContactId, Form, Kind, NotificationId, Row, RowKind, TemplateId, Time, UserStatus,
};

use super::bucket::BucketNo;
use super::life::{Life, Phase};
use super::rows::BucketRow;
use super::rule::Rule;
use super::speak::{Say, Voice};
use super::step::{Engine, Step};
use super::tree::Tree;

/// Who took an alarm, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// A contact's name, or whoever else took it.
    pub by: String,
    /// In engine time.
    pub at: Time,
    /// How.
    pub how: AckSource,
    /// Until when, in steady time.
    pub(super) until: Time,
}

/// How an alarm was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AckSource {
    /// A contact wrote or tapped.
    Reply(ContactId),
    /// On the command line.
    Hand,
    /// A record said so.
    Record,
}

/// Who has the alarms of a bucket, by its row; `None` when nobody has.
#[must_use]
pub fn ack(row: &Row) -> Option<Ack> {
    if row.kind != RowKind::Bucket {
        return None;
    }
    let row: BucketRow<Life> = serde_json::from_str(&row.value).ok()?;
    row.life.care?.ack
}

/// What people do about a bucket that is raised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Care {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ack: Option<Ack>,
    /// The last step of escalation that was taken, by its span.
    #[serde(default, skip_serializing_if = "Duration::is_zero")]
    pub(super) escalated: Duration,
    /// What the spans of escalation count from, when not from the raise. Steady.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Time>,
    /// Who wants to hear no more of it, and until when. Steady.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) silent: Vec<(ContactId, Time)>,
}

/// Somebody who takes an alarm.
#[derive(Debug, Clone)]
pub(super) struct Taker {
    pub(super) name: String,
    pub(super) how: AckSource,
}

impl Taker {
    fn is(&self, contact: &ContactId) -> bool {
        matches!(&self.how, AckSource::Reply(id) if id == contact)
    }
}

impl Life {
    pub(super) fn ack(&self) -> Option<&Ack> {
        self.care.as_ref()?.ack.as_ref()
    }

    pub(super) fn is_silent(&self, contact: &ContactId, steady: Time) -> bool {
        let care = self.care.as_ref();
        care.is_some_and(|care| {
            let mut silent = care.silent.iter();
            silent.any(|(id, until)| id == contact && steady < *until)
        })
    }

    pub(super) fn silence(&mut self, contact: &ContactId, steady: Time, span: Duration) {
        let care = self.care.get_or_insert_default();
        care.silent
            .retain(|(id, until)| id != contact && steady < *until);
        care.silent.push((contact.clone(), steady + span));
    }

    /// Nobody has it any more from `at` on: reminders go on, and so do the steps of escalation that
    /// were not taken, after the spans between them.
    pub(super) fn lapse(&mut self, rule: &Rule, at: Time) {
        if let Some(care) = &mut self.care {
            care.ack = None;
            care.from = Some(at - care.escalated);
        }
        self.skip_reminders(rule, at);
    }

    /// Whether it can be taken.
    fn stands(&self) -> bool {
        matches!(self.phase, Phase::Raised | Phase::Clearing { .. })
    }
}

impl Engine {
    /// `by` takes a bucket; what was recorded and the alarm, when it stands. With `tell` the others who
    /// were told hear of it.
    pub(super) fn acknowledge(
        &mut self,
        n: usize,
        no: BucketNo,
        by: &Taker,
        tell: bool,
        step: &mut Step,
    ) -> Option<(NotificationId, AlarmRecord)> {
        let ruleset = std::sync::Arc::clone(&self.ruleset);
        let rule = ruleset.rules.get(n)?;
        let until = self.clock.steady(self.now) + ruleset.replies.ack_expires;
        let (alarm, view) = self.picture(n, no)?;
        let ack = Ack {
            by: by.name.clone(),
            at: self.now,
            how: by.how.clone(),
            until,
        };
        let bucket = self.tracks[n].get_mut(no)?;
        let key = std::sync::Arc::clone(&bucket.key);
        let life = bucket.life.as_mut().filter(|life| life.stands())?;
        let is_news = life.ack().is_none();
        life.care.get_or_insert_default().ack = Some(ack);
        let told: Vec<ContactId> = ruleset
            .enabled_contacts()
            .into_iter()
            .filter(|id| life.ledger.raise_of(id).is_some() && !by.is(id))
            .filter(|id| !life.is_silent(id, self.clock.steady(self.now)))
            .collect();
        self.touch(n, no);
        self.schedule(n, rule, no);
        let (template, form) = match &ruleset.replies.acknowledged {
            Some(template) => (template.clone(), Form::Template),
            None => (answer_template()?, Form::Text),
        };
        let contacts = if tell && is_news && ruleset.replies.tell_others {
            let open = |id: &ContactId| form == Form::Template || self.window(id).is_some();
            told.into_iter().filter(open).collect()
        } else {
            Vec::new()
        };
        let reason = format!("{} has it: {}", by.name, super::answer::describe(&alarm));
        let say = Say {
            voice: Voice::of(rule),
            kind: Kind::Acknowledged,
            reason,
            key,
            severity: view.highest,
            alarm: alarm.clone(),
            view,
            template,
            form,
            contacts,
            owes: None,
            settles: None,
            expires: true,
            of: None,
            left: Vec::new(),
            muted: None,
        };
        let id = self.write(&ruleset, say, step);
        step.acks.push(id);
        Some((id, alarm))
    }

    /// Somebody takes every bucket that the alarms of a root id are in.
    pub(super) fn acknowledge_by_hand(&mut self, id: &str, by: &str, step: &mut Step) {
        let taker = Taker {
            name: by.to_owned(),
            how: AckSource::Hand,
        };
        let mut places: Vec<(usize, BucketNo)> = self
            .trees
            .of_root(id)
            .into_iter()
            .filter_map(|no| self.trees.get(no))
            .flat_map(|tree| tree.places.iter())
            .map(|place| (place.rule as usize, place.bucket))
            .collect();
        places.sort_unstable();
        places.dedup();
        for (n, no) in self.by_key(places) {
            self.acknowledge(n, no, &taker, true, step);
        }
    }

    /// What a record's user status says of the buckets that its alarm is in.
    pub(super) fn heed_user_status(&mut self, record: &AlarmRecord, step: &mut Step) {
        let places: Vec<(usize, BucketNo)> = match (record.user_status, record.ends()) {
            (Some(UserStatus::Acknowledged | UserStatus::Unresolved), false) => {
                let no = self.trees.find(&record.tree());
                let tree = no.and_then(|no| self.trees.get(no));
                let places = tree.into_iter().flat_map(|tree| tree.places.iter());
                places
                    .map(|place| (place.rule as usize, place.bucket))
                    .collect()
            }
            _ => return,
        };
        let ruleset = std::sync::Arc::clone(&self.ruleset);
        for (n, no) in self.by_key(places) {
            let known = self.life(n, no).and_then(Life::ack).cloned();
            if record.user_status == Some(UserStatus::Acknowledged) {
                if known.is_none() && self.is_acknowledged(n, no) {
                    self.acknowledge(n, no, &owner(record), true, step);
                }
            } else if known.is_some_and(|ack| ack.how == AckSource::Record) {
                let steady = self.clock.steady(self.now);
                if let Some(rule) = ruleset.rules.get(n)
                    && let Some(bucket) = self.tracks[n].get_mut(no)
                {
                    bucket.life().lapse(rule, steady);
                    self.touch(n, no);
                    self.schedule(n, rule, no);
                }
            }
        }
    }

    /// A bucket that is being raised, and all of whose alarms somebody has, is theirs from the start.
    pub(super) fn heed_owners(&mut self, n: usize, no: BucketNo) {
        if !self.is_acknowledged(n, no) {
            return;
        }
        let bucket = self.tracks.get(n).and_then(|track| track.get(no));
        let worst = bucket.and_then(|bucket| bucket.members.worst_first().next());
        let Some(tree) = worst.and_then(|no| self.trees.get(no)) else {
            return;
        };
        let taker = owner(&tree.record.unpack());
        let ack = Ack {
            by: taker.name,
            at: self.now,
            how: taker.how,
            until: self.clock.steady(self.now) + self.ruleset.replies.ack_expires,
        };
        if let Some(bucket) = self.tracks[n].get_mut(no) {
            bucket.life().care.get_or_insert_default().ack = Some(ack);
        }
    }

    /// Whether somebody has every alarm of a bucket, by their records.
    fn is_acknowledged(&self, n: usize, no: BucketNo) -> bool {
        let bucket = self.tracks.get(n).and_then(|track| track.get(no));
        bucket.is_some_and(|bucket| {
            let mut members = bucket.members.worst_first();
            bucket.members.len() > 0
                && members.all(|no| self.trees.get(no).is_some_and(Tree::is_acknowledged))
        })
    }

    /// In the order of the rules, then of the keys: numbers of buckets are not the same after a restart.
    fn by_key(&self, mut places: Vec<(usize, BucketNo)>) -> Vec<(usize, BucketNo)> {
        places.sort_by_key(|(n, no)| {
            let bucket = self.tracks.get(*n).and_then(|track| track.get(*no));
            (*n, bucket.map(|bucket| std::sync::Arc::clone(&bucket.key)))
        });
        places
    }

    pub(super) fn life(&self, n: usize, no: BucketNo) -> Option<&Life> {
        self.tracks.get(n)?.get(no)?.life.as_deref()
    }
}

/// The template of messages that are plain text.
pub(super) fn answer_template() -> Option<TemplateId> {
    TemplateId::parse("answer").ok()
}

fn owner(record: &AlarmRecord) -> Taker {
    let name = record.owner.trim();
    Taker {
        name: if name.is_empty() { "somebody" } else { name }.to_owned(),
        how: AckSource::Record,
    }
}
