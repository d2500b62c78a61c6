//! What is known of people: whether they said stop, when they last wrote, how often they were answered.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{ContactId, Row, RowChange, RowKind, Time};

/// What is known of a contact. Times are engine time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Since when they are told nothing, because they said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Time>,
    /// When they last wrote: plain text may go to them for a day after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrote: Option<Time>,
    /// Automatic answers since they were last told of an alarm.
    #[serde(default)]
    pub answers: u32,
}

/// The contact and what is known of it; `None` for a row of another kind or one that cannot be read.
#[must_use]
pub fn person(row: &Row) -> Option<(ContactId, Person)> {
    if row.kind != RowKind::Person {
        return None;
    }
    let id = ContactId::parse(&row.key).ok()?;
    Some((id, serde_json::from_str(&row.value).ok()?))
}

/// Everyone of whom something is known.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    known: BTreeMap<ContactId, Person>,
    /// Whose rows change with the step under way.
    touched: BTreeSet<ContactId>,
}

impl People {
    pub(super) fn restore(&mut self, id: ContactId, person: Person) {
        self.known.insert(id, person);
    }

    pub(super) fn get(&self, id: &ContactId) -> Option<&Person> {
        self.known.get(id)
    }

    /// Whether messages may go to them.
    pub(super) fn hears(&self, id: &ContactId) -> bool {
        self.get(id).is_none_or(|person| person.stopped.is_none())
    }

    /// Whether nobody said stop.
    pub(super) fn all_hear(&self) -> bool {
        self.known.values().all(|person| person.stopped.is_none())
    }

    /// Changes what is known of somebody.
    pub(super) fn touch(&mut self, id: &ContactId) -> &mut Person {
        self.touched.insert(id.clone());
        self.known.entry(id.clone()).or_default()
    }

    /// They are told of an alarm: answers count anew.
    pub(super) fn told(&mut self, id: &ContactId) {
        if self.get(id).is_some_and(|person| person.answers > 0) {
            self.touch(id).answers = 0;
        }
    }

    /// The rows of those who were touched.
    pub(super) fn rows(&mut self) -> impl Iterator<Item = RowChange> {
        let touched = std::mem::take(&mut self.touched).into_iter();
        touched.filter_map(|id| {
            let value = serde_json::to_string(self.known.get(&id)?).ok()?;
            Some(RowChange::Put(Row {
                kind: RowKind::Person,
                key: id.as_str().to_owned(),
                value,
            }))
        })
    }
}
