//! Somebody else is told when a contact cannot be.

use std::sync::Arc;

use crate::model::{ContactId, Form, Kind, Message, Severity, Subject, Undelivered};

use super::life::{Life, Phase};
use super::step::{Engine, Step};

/// Begins the keys of messages that somebody stands in for.
pub(super) const STOOD_IN: &str = "undelivered/";

impl Engine {
    /// A message will not reach its contact: the one that stands in for it is told the same.
    pub(super) fn stand_in(&mut self, lost: &Undelivered, step: &mut Step) {
        let occasion = format!("{STOOD_IN}{}", lost.message);
        if self.stood_in.told(&occasion).is_some() || !is_owed(lost.kind) {
            return;
        }
        let ruleset = Arc::clone(&self.ruleset);
        let subject = Subject {
            rule: lost.rule.clone(),
            bucket: lost.bucket.clone(),
        };
        let place = self.rule_of(&subject);
        let rule = place.map(|(n, _)| &ruleset.rules[n]);
        let follows = rule.is_some_and(|rule| !rule.single_events);
        let bucket = place
            .filter(|_| follows)
            .and_then(|(n, key)| Some((n, self.tracks[n].find(key)?)));
        let life = bucket.and_then(|(n, no)| self.life(n, no));
        let stands =
            life.is_some_and(|life| matches!(life.phase, Phase::Raised | Phase::Clearing { .. }));
        let is_over = follows && lost.kind != Kind::Cleared && !stands;
        let is_old = life.is_some_and(|life| is_of_earlier(life, lost));
        if is_old {
            // A later raise has a message of its own.
            return;
        }
        if is_over {
            // Nobody is told what has ended, but it does not go unheard.
            step.rows.extend(self.stood_in.tell(&occasion, self.now));
            step.alone.push(lost.message);
            return;
        }
        step.rows.extend(self.stood_in.tell(&occasion, self.now));
        let Some(contact) = self.stand_in_for(&lost.contact) else {
            let text = format!(
                "{} was not told of an alarm of the rule \"{}\" ({}), and nobody could be told instead",
                lost.contact, lost.rule, lost.reason
            );
            self.warn("delivery", &text, Severity::Critical, step);
            step.alone.push(lost.message);
            return;
        };
        let message = Message {
            id: self.next_message,
            notification: lost.notification,
            contact: contact.clone(),
            template: lost.template.clone(),
            bucket: Arc::from(lost.bucket.as_str()),
            severity: lost.severity,
            created: self.now,
            expires: (!follows).then(|| self.now + ruleset.expire_after),
            shadow: ruleset.shadow || rule.is_some_and(|rule| rule.shadow),
            closes: None,
            kind: lost.kind,
            form: Form::Template,
            confirm: rule.and_then(|rule| rule.confirm),
            instead_of: Some(lost.message),
        };
        self.next_message = message.id.next();
        self.people.told(&contact);
        if let Some((n, no)) = bucket.filter(|_| stands && lost.kind != Kind::Cleared)
            && let Some(bucket) = self.tracks[n].get_mut(no)
        {
            bucket.life().ledger.owe(&contact, message.id);
            self.touch(n, no);
        }
        step.messages.push(message);
    }

    /// Who stands in for a contact: the one that it names, else the one for all, when they can be told.
    fn stand_in_for(&self, contact: &ContactId) -> Option<ContactId> {
        let ruleset = &self.ruleset;
        let mut contacts = ruleset.contacts.iter();
        let own = contacts
            .find(|known| known.id == *contact)
            .and_then(|known| known.fallback.as_ref());
        let enabled = ruleset.enabled_contacts();
        own.into_iter()
            .chain(ruleset.fallback.as_ref())
            .find(|id| *id != contact && enabled.contains(id) && self.people.hears(id))
            .cloned()
    }
}

/// Whether somebody has to be told it.
fn is_owed(kind: Kind) -> bool {
    match kind {
        Kind::Raised
        | Kind::Updated
        | Kind::Cleared
        | Kind::Reminder
        | Kind::Escalated
        | Kind::Notice
        | Kind::Digest => true,
        Kind::Acknowledged | Kind::Answer => false,
    }
}

/// Whether the bucket was raised again since, and the contact has a message of that.
fn is_of_earlier(life: &Life, lost: &Undelivered) -> bool {
    let later = life.ledger.raise_of(&lost.contact);
    lost.kind == Kind::Raised && later.is_some_and(|later| later > lost.message)
}
