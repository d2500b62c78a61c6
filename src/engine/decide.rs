//! From what happened to a bucket to what its rule says of it.

use std::sync::Arc;

use crate::model::{AlarmRecord, BucketView, ContactId, Form, Kind, TemplateId};

use super::bucket::{Bucket, BucketNo};
use super::group::readable;
use super::mute::Spoken;
use super::reason;
use super::rule::Rule;
use super::speak::{Say, Voice};
use super::step::{Arrival, Engine, Step};
use super::tree::{Tree, TreeNo};
use super::trigger::{CONDITION, Cause, Moment, Standing, Turn, is_settled};
use super::view;
use super::window::Gathering;

impl Engine {
    pub(super) fn moment<'a>(&self, rule: &'a Rule) -> Moment<'a> {
        Moment {
            rule,
            steady: self.clock.steady(self.now),
            now: self.now,
            order: self.position.0.unsigned_abs(),
        }
    }

    /// Judges a bucket after `record` touched it.
    pub(super) fn judge(
        &mut self,
        n: usize,
        rule: &Rule,
        no: BucketNo,
        cause: &Cause,
        record: Option<&AlarmRecord>,
    ) -> Option<Say> {
        let moment = self.moment(rule);
        let bucket = self.tracks[n].get_mut(no)?;
        let alarm = || record.cloned();
        let standing = bucket.standing(rule, &alarm);
        if is_settled(bucket.life.as_deref(), rule, &standing, cause) {
            self.heed_member(n, no, record, cause.left.is_some());
            return self.say(n, rule, no, None, false);
        }
        let idle = bucket.life.is_none();
        let mut life = bucket.life.take().unwrap_or_default();
        let before = (!idle).then(|| (*life).clone());
        let turn = life.judge(&moment, &standing, cause);
        let changed = before
            .as_ref()
            .map_or(!life.is_blank(), |before| *before != *life);
        bucket.life = (!life.is_blank()).then_some(life);
        self.heed_member(n, no, record, cause.left.is_some());
        self.say(n, rule, no, turn, changed)
    }

    /// Ends an alarm without a record: it leaves every bucket that it is in.
    pub(super) fn leave_everywhere(&mut self, no: TreeNo, tree: &Tree, why: &str) -> Vec<Say> {
        let ruleset = Arc::clone(&self.ruleset);
        let record = tree.record.unpack();
        let mut says = Vec::new();
        let mut places: Vec<(usize, Arc<str>, BucketNo)> = tree
            .places
            .iter()
            .filter_map(|place| {
                let n = place.rule as usize;
                let key = Arc::clone(&self.tracks.get(n)?.get(place.bucket)?.key);
                Some((n, key, place.bucket))
            })
            .collect();
        places.sort();
        for (n, _, bucket) in places {
            let Some(rule) = ruleset.rules.get(n) else {
                continue;
            };
            self.tracks[n].leave(bucket, tree, &record);
            let cause = Cause {
                update: Some("an alarm left".into()),
                left: Some(why.to_owned()),
                ..Cause::default()
            };
            says.extend(self.judge(n, rule, bucket, &cause, Some(&record)));
            self.heed_inhibitor(n, bucket, Some(no));
        }
        says
    }

    /// Fires the first timer.
    pub(super) fn fire_first(&mut self, step: &mut Step) {
        let Some(timer) = self.timers.pop() else {
            return;
        };
        let ruleset = Arc::clone(&self.ruleset);
        let (n, no) = (timer.track as usize, timer.bucket);
        let Some(rule) = ruleset.rules.get(n) else {
            return;
        };
        let moment = self.moment(rule);
        let Some(bucket) = self.tracks[n].get_mut(no) else {
            return;
        };
        bucket.timer = None;
        let mut says = Vec::new();
        if rule.single_events {
            let before = bucket.phase();
            let speaks = bucket.fire_events(&moment, timer.at);
            let changed = bucket.phase() != before;
            self.after_event(n, rule, no, speaks, changed, &mut says);
        } else {
            let nothing = || None;
            let standing = bucket.standing(rule, &nothing);
            let mut life = bucket.life.take().unwrap_or_default();
            let turn = life.fire(&moment, timer.at, &standing);
            bucket.life = Some(life);
            says.extend(self.say(n, rule, no, turn, true));
            self.heed_inhibitor(n, no, None);
        }
        self.speak(says, false, step);
    }

    /// Puts a bucket's turn into words, and sees to its timer and its row.
    fn say(
        &mut self,
        n: usize,
        rule: &Rule,
        no: BucketNo,
        turn: Option<Turn>,
        changed: bool,
    ) -> Option<Say> {
        let say = turn.and_then(|turn| self.word(n, rule, no, &turn));
        if changed {
            self.touch(n, no);
            self.schedule(n, rule, no);
            self.watch_memory(n, rule, no);
            self.see_whether_held(n, no);
        }
        if self.tracks[n].get(no).is_some_and(Bucket::is_blank) {
            self.touch(n, no);
        }
        say
    }

    fn word(&mut self, n: usize, rule: &Rule, no: BucketNo, turn: &Turn) -> Option<Say> {
        let (kind, reason, template) = match turn {
            Turn::Raised => (Kind::Raised, reason::raised(rule), rule.template.clone()),
            Turn::Updated(what) => (
                Kind::Updated,
                what.clone().into_owned(),
                rule.on_update.clone()?,
            ),
            Turn::Cleared(ended) => {
                let reason = ended.as_ref().map_or(CONDITION, |ended| &ended.reason);
                let alarm = ended.as_ref().map(|ended| &ended.alarm);
                let template = rule.on_clear.clone();
                return self.end_bucket(n, no, Voice::of(rule), template, reason, alarm);
            }
            Turn::Reminder => {
                let reminder = rule.reminder.as_ref()?;
                let steady = self.clock.steady(self.now);
                let life = self.tracks[n].get(no)?.life.as_ref()?;
                let stands = reason::span(steady.since(life.raised));
                let reason = format!("still raised after {stands}");
                (Kind::Reminder, reason, reminder.template.clone())
            }
            Turn::Escalated(after) => {
                let reason = format!("nobody took it for {}", reason::span(*after));
                (Kind::Escalated, reason, rule.escalated.clone())
            }
        };
        if kind == Kind::Raised {
            self.heed_owners(n, no);
        }
        let bucket = self.tracks[n].get(no)?;
        let (alarm, view) = if kind == Kind::Raised && rule.base_alarms.is_some() {
            self.base_picture(n, rule, bucket, self.own(bucket))?
        } else {
            view::of_members(bucket, &self.trees)?
        };
        let mut contacts = if let Turn::Escalated(after) = turn {
            let step = rule.escalate.iter().find(|step| step.after == *after)?;
            self.ruleset.called(step)
        } else {
            self.ruleset.recipients(rule)
        };
        if kind != Kind::Raised {
            let life = bucket.life.as_ref()?;
            let steady = self.clock.steady(self.now);
            contacts.retain(|id| {
                let was_told = life.ledger.raise_of(id).is_some();
                (was_told || kind == Kind::Escalated) && !life.is_silent(id, steady)
            });
        }
        Some(Say {
            voice: Voice::of(rule),
            kind,
            reason,
            key: Arc::clone(&bucket.key),
            severity: view.highest,
            alarm,
            view,
            template,
            form: Form::Template,
            contacts,
            owes: matches!(kind, Kind::Raised | Kind::Escalated).then_some((n, no)),
            settles: None,
            expires: false,
            of: Some((n, Spoken::Bucket(no))),
            left: Vec::new(),
            muted: None,
        })
    }

    /// The end of a bucket: whoever was told that it is raised is told, and nothing is owed any more.
    pub(super) fn end_bucket(
        &mut self,
        n: usize,
        no: BucketNo,
        voice: Voice,
        template: Option<TemplateId>,
        reason: &str,
        alarm: Option<&AlarmRecord>,
    ) -> Option<Say> {
        let trees = &self.trees;
        let bucket = self.tracks.get_mut(n)?.get_mut(no)?;
        let say = bucket.close(
            trees,
            &self.ruleset.enabled_contacts(),
            voice,
            template,
            reason,
            alarm,
        );
        self.touch(n, no);
        say
    }

    /// One event, told as it is.
    pub(super) fn say_event(&self, n: usize, rule: &Rule, key: Arc<str>, arrival: &Arrival) -> Say {
        let record = &*arrival.record;
        let mut alarm = record.clone();
        let mut view = BucketView {
            key: readable(&key),
            since: None,
            ..BucketView::of_one(record, self.now)
        };
        if rule.base_alarms.is_some() && !record.ends() {
            let event = Gathering {
                at: self.clock.steady(self.now),
                order: arrival.order,
                record: arrival.packed.clone(),
            };
            let bucket = Bucket::new(Arc::clone(&key));
            if let Some(picture) = self.base_picture(n, rule, &bucket, vec![event]) {
                (alarm, view) = picture;
            }
        }
        Say {
            voice: Voice::of(rule),
            kind: if record.ends() {
                Kind::Cleared
            } else {
                Kind::Raised
            },
            reason: reason::raised(rule),
            key,
            severity: arrival.highest.max(view.highest),
            alarm,
            view,
            template: rule.template.clone(),
            form: Form::Template,
            contacts: self.ruleset.recipients(rule),
            owes: None,
            settles: None,
            expires: true,
            of: Some((n, Spoken::Events(vec![arrival.packed.clone()]))),
            left: Vec::new(),
            muted: None,
        }
    }

    /// What a bucket of single events gathered.
    pub(super) fn say_gathered(&self, n: usize, rule: &Rule, no: BucketNo) -> Option<Say> {
        let bucket = self.tracks[n].get(no)?;
        let own = self.own(bucket);
        let events = own.iter().map(|event| event.record.clone()).collect();
        let (alarm, view) = if rule.base_alarms.is_some() {
            self.base_picture(n, rule, bucket, own)?
        } else {
            view::of_events(bucket, &own)?
        };
        Some(Say {
            voice: Voice::of(rule),
            kind: Kind::Raised,
            reason: reason::raised(rule),
            key: Arc::clone(&bucket.key),
            severity: view.highest,
            alarm,
            view,
            template: rule.template.clone(),
            form: Form::Template,
            contacts: self.ruleset.recipients(rule),
            owes: None,
            settles: None,
            expires: true,
            of: Some((n, Spoken::Events(events))),
            left: Vec::new(),
            muted: None,
        })
    }
}

impl Bucket {
    pub(super) fn standing<'a>(
        &self,
        rule: &Rule,
        alarm: &'a dyn Fn() -> Option<AlarmRecord>,
    ) -> Standing<'a> {
        let members = self.members.len();
        let holds = members > 0
            && match (&rule.condition, &self.tallies) {
                (Some(condition), Some(tallies)) => condition.holds(tallies),
                (Some(_), None) => false,
                (None, _) => true,
            };
        Standing {
            members,
            holds,
            worst: self.members.worst(),
            alarm,
        }
    }

    /// Ends it: what is owed goes into what is said.
    pub(super) fn close(
        &mut self,
        trees: &super::tree::Trees,
        enabled: &[ContactId],
        voice: Voice,
        template: Option<TemplateId>,
        reason: &str,
        alarm: Option<&AlarmRecord>,
    ) -> Option<Say> {
        let known = match alarm {
            Some(alarm) => Some(alarm.clone()),
            None => view::of_members(self, trees).map(|(alarm, _)| alarm),
        };
        let view = known.as_ref().map(|alarm| view::of_end(self, trees, alarm));
        let life = self.life.as_mut()?;
        let ledger = std::mem::take(&mut life.ledger);
        life.rest();
        if life.is_blank() {
            self.life = None;
        }
        let contacts = enabled
            .iter()
            .filter(|id| ledger.raise_of(id).is_some())
            .cloned()
            .collect();
        let (alarm, view) = (known?, view?);
        Some(Say {
            voice,
            kind: Kind::Cleared,
            reason: reason.to_owned(),
            key: Arc::clone(&self.key),
            severity: view.highest,
            alarm,
            view,
            template: template?,
            form: Form::Template,
            contacts,
            owes: None,
            settles: Some(ledger),
            expires: false,
            of: None,
            left: Vec::new(),
            muted: None,
        })
    }
}
