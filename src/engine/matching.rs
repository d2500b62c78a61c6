//! Which rules take a record, and whom they notify.

use std::collections::BTreeSet;

use crate::model::{AlarmRecord, AlarmType, ContactId, RuleId};

use super::filter::Filter;
use super::rule::{Rule, Ruleset};

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

    /// Whether a rule takes `record`, or a message may speak of it (`base_alarms`): it is kept.
    #[must_use]
    pub fn wants(&self, record: &AlarmRecord) -> bool {
        let mut rules = self.rules.iter();
        rules.any(|rule| rule.might_take(record) || rule.might_speak_of(record))
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

impl Ruleset {
    /// The contacts that are on, in the order of the config.
    pub(super) fn enabled_contacts(&self) -> Vec<ContactId> {
        self.contacts
            .iter()
            .filter(|contact| contact.enabled)
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
        self.enabled && might_match(self.filter.as_ref(), record)
    }

    /// Whether a message of the rule may speak of `record` without the rule taking it.
    fn might_speak_of(&self, record: &AlarmRecord) -> bool {
        let base = self.base_alarms.as_ref();
        let filter = base.and_then(|base| base.filter.as_ref());
        self.enabled && filter.is_some_and(|filter| might_match(Some(filter), record))
    }
}

/// Whether a filter takes `record`, or might once its type is inferred.
fn might_match(filter: Option<&Filter>, record: &AlarmRecord) -> bool {
    let Some(filter) = filter else {
        return true;
    };
    if record.kind.is_some() || !filter.mentions_type() {
        return filter.matches(record);
    }
    let mut guess = record.clone();
    AlarmType::INFERRED.into_iter().any(|kind| {
        guess.kind = Some(kind);
        filter.matches(&guess)
    })
}
