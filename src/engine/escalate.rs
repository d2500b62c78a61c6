//! When nobody takes an alarm: who is told next.

use crate::model::{ContactId, Time};

use super::life::Life;
use super::rule::{Escalation, Rule, Ruleset};

impl Life {
    /// The next step that was not taken, and when it is; none while somebody has the alarm, or while
    /// something is not told.
    pub(super) fn next_escalation<'r>(&self, rule: &'r Rule) -> Option<(Time, &'r Escalation)> {
        if self.ack().is_some() || self.held.is_some() {
            return None;
        }
        let care = self.care.as_deref();
        let taken = care.map(|care| care.escalated).unwrap_or_default();
        let from = care
            .and_then(|care| care.from)
            .unwrap_or(self.counted_from());
        let step = rule.escalate.iter().find(|step| step.after > taken)?;
        Some((from + step.after, step))
    }

    /// Whether somebody may still be told that was not.
    pub(super) fn may_escalate(&self, rule: &Rule) -> bool {
        let taken = self.care.as_ref().map(|care| care.escalated);
        let taken = taken.unwrap_or_default();
        rule.escalate.iter().any(|step| step.after > taken)
    }
}

impl Ruleset {
    /// Whom a step of escalation tells, in the order of the config.
    pub(super) fn called(&self, step: &Escalation) -> Vec<ContactId> {
        let mut contacts = self.enabled_contacts();
        contacts.retain(|id| step.notify.contains(id));
        contacts
    }
}
