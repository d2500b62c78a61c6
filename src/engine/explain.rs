//! Why a record would or would not be told, rule by rule. Changes nothing.

use crate::model::{AlarmRecord, AlarmType, ContactId, RuleId};

use super::rule::Ruleset;
use super::tree::Trees;

/// What would come of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The record's type, given or inferred.
    pub kind: AlarmType,
    /// Every rule, in the order of the config.
    pub rules: Vec<RuleAccount>,
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
    /// Whom it tells.
    pub contacts: Vec<ContactId>,
    /// Whom it leaves to an earlier rule.
    pub left: Vec<ContactId>,
}

impl Ruleset {
    /// Accounts for `record` given the open alarms.
    #[must_use]
    pub fn account(&self, trees: &Trees, record: &AlarmRecord) -> Account {
        let kind = trees.assess(record).kind;
        let mut known = record.clone();
        known.kind = Some(kind);
        let speeches = self.speeches(&known);
        let rules = self
            .rules
            .iter()
            .map(|rule| {
                let (takes, because) = match (&rule.filter, rule.enabled) {
                    (_, false) => (false, "the rule is off (enabled = false)".to_owned()),
                    (None, true) => (
                        true,
                        "the rule has no filter: it takes every record".to_owned(),
                    ),
                    (Some(filter), true) => {
                        let explained = filter.explain(&known);
                        (explained.matched, explained.because)
                    }
                };
                let contacts = speeches
                    .iter()
                    .find(|speech| speech.rule.id == rule.id)
                    .map_or_else(Vec::new, |speech| speech.contacts.clone());
                let left = if takes {
                    self.recipients(rule)
                        .into_iter()
                        .filter(|id| !contacts.contains(id))
                        .collect()
                } else {
                    Vec::new()
                };
                RuleAccount {
                    rule: rule.id.clone(),
                    takes,
                    because,
                    contacts,
                    left,
                }
            })
            .collect();
        Account { kind, rules }
    }
}
