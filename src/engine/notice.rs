//! What the operators are told of klaxond itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AccountNews, AlarmRecord, AlarmType, BucketView, ContactId, Form, Kind, Notice, Properties,
    RuleId, Severity, Status, TemplateNews,
};

use super::rule::{Rule, Ruleset};
use super::speak::{Say, Voice};
use super::step::{Engine, Step};

/// What klaxond calls itself where a message names an element or a rule.
pub(super) const SELF: &str = "klaxond";

/// Meta sends an update again when it did not hear an answer.
const REPEATED: Duration = Duration::from_secs(3_600);

impl Engine {
    /// Tells the operators, once for each occasion.
    pub(super) fn notice(&mut self, notice: &Notice, step: &mut Step) {
        if self.occasions.told(&notice.key).is_some() {
            return;
        }
        if self.warn(&notice.subject, &notice.text, notice.severity, step) {
            step.rows.extend(self.occasions.tell(&notice.key, self.now));
        }
    }

    /// A template can be sent from here on, or no longer.
    pub(super) fn template_news(&mut self, news: &TemplateNews, step: &mut Step) {
        let severity = if news.sendable {
            Severity::Information
        } else {
            Severity::Critical
        };
        let subject = format!("template {}", news.template);
        self.news(&subject, &news.text, severity, step);
    }

    /// The number or the account changed.
    pub(super) fn account_news(&mut self, news: &AccountNews, step: &mut Step) {
        self.news("account", &news.text, news.severity, step);
    }

    /// What may happen again, and is told again then.
    fn news(&mut self, subject: &str, text: &str, severity: Severity, step: &mut Step) {
        let key = format!("{subject}: {text}");
        let last = self.occasions.told(&key);
        if last.is_some_and(|at| self.now < at + REPEATED) {
            return;
        }
        if self.warn(subject, text, severity, step) {
            step.rows.extend(self.occasions.tell(&key, self.now));
        }
    }

    /// Tells the operators; whether there are any.
    pub(super) fn warn(
        &mut self,
        subject: &str,
        text: &str,
        severity: Severity,
        step: &mut Step,
    ) -> bool {
        let ruleset = Arc::clone(&self.ruleset);
        let mut contacts = ruleset.enabled_contacts();
        contacts.retain(|id| ruleset.operators.contains(id) && self.people.hears(id));
        let Some(voice) = own_voice().filter(|_| !contacts.is_empty()) else {
            return false;
        };
        let alarm = self.own_record(subject, text, severity);
        let say = Say {
            voice,
            kind: Kind::Notice,
            reason: text.to_owned(),
            key: Arc::from(subject),
            severity,
            view: BucketView::of_one(&alarm, self.now),
            alarm,
            template: ruleset.notice.clone(),
            form: Form::Template,
            contacts,
            owes: None,
            settles: None,
            expires: true,
            of: None,
            left: Vec::new(),
            muted: None,
        };
        self.write(&ruleset, say, step);
        true
    }

    /// Warns of enabled rules that reach nobody and did `before`.
    pub(super) fn warn_of_unreached(&mut self, before: &BTreeSet<RuleId>, step: &mut Step) {
        let ruleset = Arc::clone(&self.ruleset);
        let unreached = self.unreached(&ruleset);
        let mut lost = ruleset
            .rules
            .iter()
            .filter(|rule| unreached.contains(&rule.id) && !before.contains(&rule.id));
        let names: Vec<String> = lost
            .by_ref()
            .take(5)
            .map(|rule| format!("\"{}\"", rule.name))
            .collect();
        let more = lost.count();
        let names = match (names.len() + more, more) {
            (0, _) => return,
            (1, _) => format!("the rule {}", names.concat()),
            (_, 0) => format!("the rules {}", names.join(", ")),
            (_, more) => format!("the rules {} and {more} more", names.join(", ")),
        };
        let text = format!("{names}: everybody it would tell said stop, so it reaches nobody");
        self.warn("rules", &text, Severity::Critical, step);
    }

    /// The enabled rules that would tell somebody, all of whom said stop.
    pub(super) fn unreached(&self, ruleset: &Ruleset) -> BTreeSet<RuleId> {
        let is_unreached = |rule: &&Rule| {
            let recipients: Vec<ContactId> = ruleset.recipients(rule);
            rule.enabled
                && !recipients.is_empty()
                && !recipients.iter().any(|id| self.people.hears(id))
        };
        if self.people.all_hear() {
            return BTreeSet::new();
        }
        let rules = ruleset.rules.iter();
        rules
            .filter(is_unreached)
            .map(|rule| rule.id.clone())
            .collect()
    }

    /// A record of klaxond's own, for messages that speak of no alarm.
    pub(super) fn own_record(&self, subject: &str, text: &str, severity: Severity) -> AlarmRecord {
        AlarmRecord {
            id: subject.to_owned(),
            element: SELF.to_owned(),
            element_id: None,
            parameter: subject.to_owned(),
            parameter_id: None,
            index: String::new(),
            value: text.to_owned(),
            severity,
            severity_range: None,
            kind: Some(AlarmType::NewAlarm),
            status: Status::Open,
            time: self.now,
            owner: String::new(),
            user_status: None,
            source: SELF.to_owned(),
            comment: String::new(),
            services: Vec::new(),
            views: Vec::new(),
            properties: Properties::default(),
            partial: false,
            repeats: false,
            until: None,
        }
    }
}

/// klaxond speaks for itself.
pub(super) fn own_voice() -> Option<Voice> {
    Some(Voice {
        rule: RuleId::parse(SELF).ok()?,
        name: SELF.to_owned(),
        description: String::new(),
        also: true,
        shadow: false,
        confirm: None,
    })
}
