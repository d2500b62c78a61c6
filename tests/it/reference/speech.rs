//! Who is told what, in the reference.

use std::collections::BTreeSet;

use klaxond::model::{AlarmRecord, Kind, Severity, Time};

use super::model::Model;
use super::told::Told;

/// What is to be said, before it is known to whom.
pub struct Saying<'a> {
    pub kind: Kind,
    pub reason: &'a str,
    pub alarm: Option<String>,
    pub alarms: BTreeSet<String>,
    pub severity: Severity,
    pub template: String,
    /// A clear that the ledger owes.
    pub owed: bool,
    /// Single events that it is about; else it is about the alarms of the bucket.
    pub events: Vec<AlarmRecord>,
}

impl Model {
    /// Says it to those of `contacts` that no earlier rule tells of the same record.
    pub fn say(
        &mut self,
        n: usize,
        key: &str,
        to: &BTreeSet<String>,
        saying: Saying<'_>,
    ) -> BTreeSet<String> {
        self.kept = None;
        let about = match saying.events.as_slice() {
            [] => self.records(n, key),
            events => events.to_vec(),
        };
        let kept = self.muted(&about).filter(|_| saying.kind != Kind::Cleared);
        let spec = &self.rules[n].spec;
        let mut contacts = BTreeSet::new();
        for contact in to {
            let earlier = self
                .speeches
                .iter_mut()
                .flatten()
                .filter(|(rule, takes, said)| {
                    // Who was told of an alarm does not miss its end: a clear yields to a clear only.
                    let yields = !saying.owed || said.kind == Kind::Cleared;
                    *rule < n && *takes && yields && said.contacts.contains(contact)
                })
                .min_by_key(|(rule, _, said)| (*rule, said.key.clone()));
            match earlier {
                Some((_, _, said)) if !spec.also => {
                    if !said.names.iter().any(|name| name == spec.id) {
                        said.names.push(spec.id.to_owned());
                    }
                }
                _ => drop(contacts.insert(contact.clone())),
            }
        }
        if contacts.is_empty() {
            return contacts;
        }
        if let Some(silence) = kept {
            let left = to.difference(&contacts).cloned().collect();
            self.kept = Some((silence, left));
            return BTreeSet::new();
        }
        let told = Told {
            turn: self.turn,
            at: self.wall(),
            rule: spec.id.to_owned(),
            key: key.to_owned(),
            kind: saying.kind,
            trees: !spec.single,
            reason: saying.reason.to_owned(),
            names: Vec::new(),
            alarm: saying.alarm,
            alarms: saying.alarms,
            severity: saying.severity,
            template: saying.template,
            contacts: contacts.clone(),
        };
        match &mut self.speeches {
            Some(speeches) => speeches.push((n, !spec.also && !spec.shadow, told)),
            None => self.told.push(told),
        }
        contacts
    }

    pub fn finish_speeches(&mut self) {
        let speeches = self.speeches.take().unwrap_or_default();
        self.told
            .extend(speeches.into_iter().map(|(_, _, told)| told));
    }

    /// Contacts that are there and on.
    pub fn present(&self) -> BTreeSet<String> {
        let on = self.config.contacts.iter().filter(|(_, on)| *on);
        on.map(|(id, _)| (*id).to_owned()).collect()
    }

    pub fn recipients(&self, n: usize) -> BTreeSet<String> {
        let notify = &self.rules[n].spec.notify;
        let mut present = self.present();
        if let Some(notify) = notify {
            present.retain(|contact| notify.contains(&contact.as_str()));
        }
        present
    }

    /// What a raise of `from` speaks of, given what came around `trigger`; in the order in which it
    /// came, of each tree only the last when the rule follows trees.
    pub fn spoken_of(&self, n: usize, from: &[AlarmRecord], trigger: Time) -> Vec<AlarmRecord> {
        let ruled = &self.rules[n];
        let Some(base) = &ruled.rule.base_alarms else {
            return from.to_vec();
        };
        let filter = base.filter.as_ref().or(ruled.rule.filter.as_ref());
        let takes = |record: &AlarmRecord| filter.is_none_or(|filter| filter.matches(record));
        let near = |record: &AlarmRecord| {
            record.time >= trigger - base.around && record.time <= trigger + base.around
        };
        let mut all: Vec<AlarmRecord> = Vec::new();
        let born = self.born.get(ruled.spec.id).copied().unwrap_or_default();
        for (n, record) in self.history.iter().enumerate() {
            let is_near = n >= born && near(record);
            if takes(record) && (is_near || from.contains(record)) {
                if !ruled.spec.single {
                    all.retain(|other| other.tree() != record.tree());
                }
                all.push(record.clone());
            }
        }
        if all.is_empty() { from.to_vec() } else { all }
    }
}
