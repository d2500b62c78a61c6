//! Which rules take a record, and which of them speaks to whom.

use std::collections::BTreeSet;

use crate::model::{AlarmRecord, AlarmType, ContactId, RuleId};

use super::rule::{Rule, Ruleset};

/// A rule that speaks of a record.
#[derive(Debug, Clone)]
pub struct Speech<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Who is told, in the order of the config.
    pub contacts: Vec<ContactId>,
    /// Rules that take the record too and leave (some of) these contacts to this one.
    pub yielding: Vec<RuleId>,
}

impl Ruleset {
    /// The enabled rules that take `record`, or might once its type is inferred. Intake asks this
    /// before the engine has seen the record.
    #[must_use]
    pub fn candidates(&self, record: &AlarmRecord) -> Vec<RuleId> {
        self.rules
            .iter()
            .filter(|rule| rule.might_take(record))
            .map(|rule| rule.id.clone())
            .collect()
    }

    /// Who speaks of `record`, whose type is known: the first rule that takes it speaks to a contact,
    /// the others leave the contact to it; `also` rules speak beside them. A rule in shadow takes
    /// nobody's place.
    #[must_use]
    pub fn speeches<'a>(&'a self, record: &AlarmRecord) -> Vec<Speech<'a>> {
        let mut speeches: Vec<Speech<'a>> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.takes(record)) {
            let everyone = self.recipients(rule);
            let mut contacts = Vec::with_capacity(everyone.len());
            for contact in everyone {
                let first = speeches.iter_mut().find(|speech| {
                    !speech.rule.also && !speech.rule.shadow && speech.contacts.contains(&contact)
                });
                match first {
                    Some(first) if !rule.also => {
                        if !first.yielding.contains(&rule.id) {
                            first.yielding.push(rule.id.clone());
                        }
                    }
                    _ => contacts.push(contact),
                }
            }
            if !contacts.is_empty() {
                speeches.push(Speech {
                    rule,
                    contacts,
                    yielding: Vec::new(),
                });
            }
        }
        speeches
    }

    /// The enabled contacts that `rule` notifies, in the order of the config.
    #[must_use]
    pub fn recipients(&self, rule: &Rule) -> Vec<ContactId> {
        let wanted: Option<BTreeSet<&ContactId>> =
            rule.notify.as_ref().map(|notify| notify.iter().collect());
        self.contacts
            .iter()
            .filter(|contact| contact.enabled)
            .filter(|contact| {
                wanted
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(&contact.id))
            })
            .map(|contact| contact.id.clone())
            .collect()
    }
}

impl Rule {
    /// Whether the rule is on and its filter takes `record`.
    #[must_use]
    pub fn takes(&self, record: &AlarmRecord) -> bool {
        self.enabled
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(record))
    }

    /// As [`Rule::takes`], for a record whose type may still have to be inferred.
    fn might_take(&self, record: &AlarmRecord) -> bool {
        let inferred = record.kind.is_none()
            && self.enabled
            && self
                .filter
                .as_ref()
                .is_some_and(super::filter::Filter::mentions_type);
        if !inferred {
            return self.takes(record);
        }
        let mut guess = record.clone();
        AlarmType::INFERRED.into_iter().any(|kind| {
            guess.kind = Some(kind);
            self.takes(&guess)
        })
    }
}
