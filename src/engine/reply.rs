//! What people write or tap, and what comes of it.

use std::sync::Arc;

use crate::model::{
    AlarmRecord, BucketView, Contact, Form, Kind, Reply, Subject, TreeKey, Update, Word,
};

use super::ack::{AckSource, Taker, answer_template};
use super::answer::{describe, list};
use super::bucket::BucketNo;
use super::group::Grouping;
use super::life::{Life, Phase};
use super::reason;
use super::rule::Rule;
use super::speak::{Say, Voice};
use super::step::{Engine, Step};
use super::view::{self, Picture};

/// The words are explained only to those who got fewer answers than this, so that some are left to
/// confirm what they then write.
const MAX_EXPLAINED: u32 = 2;

/// What came of an acknowledgement, bucket by bucket.
#[derive(Default)]
struct Taken {
    taken: Vec<AlarmRecord>,
    /// What others have, and who.
    theirs: Vec<(String, AlarmRecord)>,
}

impl Engine {
    /// Decides what one call of Meta's brought.
    pub(super) fn hear(&mut self, updates: &[Update], step: &mut Step) {
        for update in updates {
            match update {
                // How far a message came changes nothing that is said.
                Update::Receipt(_) => {}
                Update::Reply(reply) => self.reply(reply, step),
                Update::Template(news) => self.template_news(news, step),
                Update::Account(news) => self.account_news(news, step),
            }
        }
    }

    fn reply(&mut self, reply: &Reply, step: &mut Step) {
        let ruleset = Arc::clone(&self.ruleset);
        let mut contacts = ruleset.contacts.iter();
        let Some(contact) = contacts.find(|contact| contact.id == reply.contact) else {
            return;
        };
        let now = self.now;
        let person = self.people.touch(&contact.id);
        person.wrote = person.wrote.max(Some(reply.at.min(now)));
        match reply.word {
            Word::Acknowledge => self.take_by_reply(contact, &reply.about, step),
            Word::Silence => self.silence(contact, &reply.about, step),
            Word::Stop => self.stop(contact, step),
            Word::Start => self.start(contact, step),
            Word::Other => self.explain_words(contact, step),
        }
    }

    fn explain_words(&mut self, contact: &Contact, step: &mut Step) {
        let answered = self.people.get(&contact.id);
        if answered.is_some_and(|person| person.answers >= MAX_EXPLAINED) {
            return;
        }
        let ruleset = Arc::clone(&self.ruleset);
        let hints = &ruleset.replies.hints;
        let text = format!(
            "Write \"{}\" to take the alarm, \"{}\" to hear no more of it for {}, \"{}\" to get \
             no alarms, \"{}\" to get them again.",
            hints.acknowledge,
            hints.silence,
            reason::span(ruleset.replies.silence_for),
            hints.stop,
            hints.start,
        );
        self.reply_with(contact, text, None, step);
    }

    /// Answers, unless the person wants to be told nothing.
    fn reply_with(
        &mut self,
        contact: &Contact,
        text: String,
        about: Option<AlarmRecord>,
        step: &mut Step,
    ) {
        if self.people.hears(&contact.id) {
            self.answer(&contact.id, text, about, step);
        }
    }

    fn take_by_reply(&mut self, contact: &Contact, about: &[Subject], step: &mut Step) {
        let taker = Taker {
            name: contact.name.clone(),
            how: AckSource::Reply(contact.id.clone()),
        };
        let mut all = Taken::default();
        for subject in about {
            self.take_subject(subject, &taker, &mut all, step);
        }
        let first = all.taken.first().cloned();
        let text = match (all.taken.as_slice(), all.theirs.first()) {
            ([], None) => "There is nothing to take: it is over.".to_owned(),
            ([], Some((by, alarm))) => {
                format!("{by} has it already: {}.", describe(alarm))
            }
            (taken, None) => format!("You have it: {}.", list(taken)),
            (taken, Some((by, alarm))) => format!(
                "You have it: {}. {by} has {} already.",
                list(taken),
                describe(alarm)
            ),
        };
        let about = first.or_else(|| all.theirs.into_iter().next().map(|(_, alarm)| alarm));
        self.reply_with(contact, text, about, step);
    }

    fn take_subject(&mut self, subject: &Subject, taker: &Taker, all: &mut Taken, step: &mut Step) {
        let ruleset = Arc::clone(&self.ruleset);
        let Some((n, key)) = self.rule_of(subject) else {
            return;
        };
        let rule = &ruleset.rules[n];
        if rule.single_events {
            all.taken
                .extend(self.take_event_alarm(rule, key, taker, step));
            return;
        }
        let Some(no) = self.tracks[n].find(key) else {
            return;
        };
        let theirs = self.life(n, no).and_then(Life::ack);
        if let Some(ack) = theirs.filter(|ack| ack.how != taker.how) {
            let by = ack.by.clone();
            if let Some((alarm, _)) = self.picture(n, no) {
                all.theirs.push((by, alarm));
            }
            return;
        }
        let taken = self.acknowledge(n, no, taker, true, step);
        all.taken.extend(taken.map(|(_, alarm)| alarm));
    }

    /// A rule of single events follows no alarm: that somebody takes one is recorded, and changes
    /// nothing that is said.
    fn take_event_alarm(
        &mut self,
        rule: &Rule,
        key: &str,
        taker: &Taker,
        step: &mut Step,
    ) -> Option<AlarmRecord> {
        if rule.grouping() != Grouping::ByTree {
            return None;
        }
        let tree = self.trees.find(&TreeKey::of_text(Arc::from(key)))?;
        let alarm = self.trees.get(tree)?.record.unpack();
        let ruleset = Arc::clone(&self.ruleset);
        let say = Say {
            voice: Voice::of(rule),
            kind: Kind::Acknowledged,
            reason: format!("{} has it: {}", taker.name, describe(&alarm)),
            key: Arc::from(key),
            severity: alarm.severity,
            view: BucketView::of_one(&alarm, self.now),
            alarm: alarm.clone(),
            template: answer_template()?,
            form: Form::Text,
            contacts: Vec::new(),
            owes: None,
            settles: None,
            expires: true,
            of: None,
            left: Vec::new(),
            muted: None,
        };
        let id = self.write(&ruleset, say, step);
        step.acks.push(id);
        Some(alarm)
    }

    fn silence(&mut self, contact: &Contact, about: &[Subject], step: &mut Step) {
        let span = self.ruleset.replies.silence_for;
        let steady = self.clock.steady(self.now);
        let mut alarms = Vec::new();
        for subject in about {
            let Some((n, key)) = self.rule_of(subject) else {
                continue;
            };
            let Some(no) = self.tracks[n].find(key) else {
                continue;
            };
            let stands = |life: &Life| matches!(life.phase, Phase::Raised | Phase::Clearing { .. });
            if !self.life(n, no).is_some_and(stands) {
                continue;
            }
            alarms.extend(self.picture(n, no).map(|(alarm, _)| alarm));
            if let Some(bucket) = self.tracks[n].get_mut(no) {
                bucket.life().silence(&contact.id, steady, span);
                self.touch(n, no);
            }
        }
        let text = if alarms.is_empty() {
            "There is nothing to be silent about: it is over.".to_owned()
        } else {
            format!(
                "Silent for {}: {}. You still hear when it is over.",
                reason::span(span),
                list(&alarms)
            )
        };
        let first = alarms.into_iter().next();
        self.reply_with(contact, text, first, step);
    }

    fn stop(&mut self, contact: &Contact, step: &mut Step) {
        if !self.people.hears(&contact.id) {
            return;
        }
        let ruleset = Arc::clone(&self.ruleset);
        let before = self.unreached(&ruleset);
        let text = format!(
            "You get no more alarms. Write \"{}\" to get them again.",
            ruleset.replies.hints.start
        );
        // Said before it holds: nothing goes to them after it.
        self.answer(&contact.id, text, None, step);
        let now = self.now;
        self.people.touch(&contact.id).stopped = Some(now);
        self.warn_of_unreached(&before, step);
    }

    fn start(&mut self, contact: &Contact, step: &mut Step) {
        self.people.touch(&contact.id).stopped = None;
        let standing = match self.standing_for(contact) {
            0 => "No alarm stands.".to_owned(),
            1 => "One alarm stands.".to_owned(),
            count => format!("{count} alarms stand."),
        };
        let text = format!("You get alarms. {standing}");
        self.answer(&contact.id, text, None, step);
    }

    /// How many buckets are raised of the rules that tell a contact.
    fn standing_for(&self, contact: &Contact) -> usize {
        let rules = self.ruleset.rules.iter().zip(&self.tracks);
        rules
            .filter(|(rule, _)| self.ruleset.recipients(rule).contains(&contact.id))
            .map(|(_, track)| track.count_raised())
            .sum()
    }

    /// The rule and the key of a bucket, where the rule is in force.
    pub(super) fn rule_of<'s>(&self, subject: &'s Subject) -> Option<(usize, &'s str)> {
        let mut rules = self.ruleset.rules.iter();
        let n = rules.position(|rule| rule.enabled && rule.id == subject.rule)?;
        let (_, key) = subject.bucket.split_once('\u{1f}')?;
        Some((n, key))
    }

    /// What a bucket would say of itself: of its alarms, or of the one that is ending it.
    pub(super) fn picture(&self, n: usize, no: BucketNo) -> Option<Picture> {
        let bucket = self.tracks.get(n)?.get(no)?;
        view::of_members(bucket, &self.trees).or_else(|| {
            let alarm = bucket.life.as_ref()?.ended.as_ref()?.alarm.clone();
            let view = view::of_end(bucket, &self.trees, &alarm);
            Some((alarm, view))
        })
    }
}
