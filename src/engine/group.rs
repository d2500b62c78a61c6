//! Which buckets of a rule a record belongs to.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{AlarmRecord, TreeKey};

use super::filter::Field;
use super::rule::{Rule, Trigger};

/// Buckets that one record can be in at once, for one rule.
pub const MAX_BUCKETS_PER_RECORD: usize = 64;

/// Between the texts of a key; codecs replace control characters in texts.
const SEPARATOR: char = '\u{1f}';

/// How a rule groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping<'a> {
    /// One bucket for each alarm tree.
    ByTree,
    /// One bucket for the rule.
    One,
    /// By the texts of these fields.
    ByFields(&'a [Field]),
}

impl Rule {
    /// How the rule groups: as it says, else one bucket when its condition or trigger speaks of
    /// several alarms, else one for each tree.
    #[must_use]
    pub fn grouping(&self) -> Grouping<'_> {
        match &self.group_by {
            Some(fields) if fields.is_empty() => Grouping::One,
            Some(fields) => Grouping::ByFields(fields),
            None => match self.trigger {
                Trigger::Collect(_) | Trigger::Times { .. } => Grouping::One,
                Trigger::Immediate | Trigger::Persist(_) if self.condition.is_some() => {
                    Grouping::One
                }
                Trigger::Immediate | Trigger::Persist(_) => Grouping::ByTree,
            },
        }
    }

    /// The key of the only bucket that `record` can belong to, `buffer` as its room; `None` when the
    /// rule groups by a list.
    pub(super) fn only_key<'k>(
        &self,
        tree: &'k TreeKey,
        record: &AlarmRecord,
        buffer: &'k mut String,
    ) -> Option<Key<'k>> {
        match self.grouping() {
            Grouping::ByTree => Some(Key::Shared(tree.shared())),
            Grouping::One => Some(Key::Text("")),
            Grouping::ByFields(fields) if has_list(fields) => None,
            Grouping::ByFields(fields) => {
                buffer.clear();
                join(fields, record, buffer);
                Some(Key::Text(buffer))
            }
        }
    }

    /// The keys of the buckets that `record` belongs to, in order.
    #[must_use]
    pub fn keys(&self, tree: &TreeKey, record: &AlarmRecord) -> Vec<Arc<str>> {
        match self.grouping() {
            Grouping::ByTree => vec![tree.text()],
            Grouping::One => vec![Arc::from("")],
            Grouping::ByFields(fields) => by_fields(fields, record),
        }
    }
}

/// A key as people read it.
#[must_use]
pub fn readable(key: &str) -> String {
    let parts: Vec<&str> = key
        .split(SEPARATOR)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(", ")
}

/// The key of a bucket that may not be there yet.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key<'k> {
    Shared(&'k Arc<str>),
    Text(&'k str),
}

impl<'k> Key<'k> {
    pub(super) fn text(self) -> &'k str {
        match self {
            Self::Shared(key) => key,
            Self::Text(key) => key,
        }
    }

    pub(super) fn shared(self) -> Arc<str> {
        match self {
            Self::Shared(key) => Arc::clone(key),
            Self::Text(key) => Arc::from(key),
        }
    }
}

/// What a record has in these fields, together; one text for each of what a list holds.
pub(super) fn texts_of(fields: &[Field], record: &AlarmRecord) -> Vec<Arc<str>> {
    by_fields(fields, record)
}

fn has_list(fields: &[Field]) -> bool {
    fields
        .iter()
        .any(|field| matches!(field, Field::Service | Field::View))
}

/// The texts of fields that are no lists.
fn join(fields: &[Field], record: &AlarmRecord, key: &mut String) {
    for (n, field) in fields.iter().enumerate() {
        if n > 0 {
            key.push(SEPARATOR);
        }
        key.push_str(&text(field, record));
    }
}

fn by_fields(fields: &[Field], record: &AlarmRecord) -> Vec<Arc<str>> {
    if !has_list(fields) {
        let mut key = String::with_capacity(64);
        join(fields, record, &mut key);
        return vec![Arc::from(key)];
    }
    let mut keys = BTreeSet::from([String::new()]);
    for (n, field) in fields.iter().enumerate() {
        let texts: BTreeSet<Cow<'_, str>> = if *field == Field::Service {
            distinct(&record.services)
        } else if *field == Field::View {
            distinct(&record.views)
        } else {
            BTreeSet::from([text(field, record)])
        };
        let mut longer = BTreeSet::new();
        'all: for key in &keys {
            for text in &texts {
                if longer.len() == MAX_BUCKETS_PER_RECORD {
                    break 'all;
                }
                longer.insert(if n == 0 {
                    text.to_string()
                } else {
                    format!("{key}{SEPARATOR}{text}")
                });
            }
        }
        keys = longer;
    }
    keys.into_iter().map(Arc::from).collect()
}

fn distinct(texts: &[String]) -> BTreeSet<Cow<'_, str>> {
    if texts.is_empty() {
        return BTreeSet::from([Cow::Borrowed("")]);
    }
    texts
        .iter()
        .map(|text| Cow::Borrowed(text.as_str()))
        .collect()
}

/// The text of a field that is no list; empty when it is not there.
fn text<'r>(field: &Field, record: &'r AlarmRecord) -> Cow<'r, str> {
    Cow::Borrowed(match field {
        Field::Id => &record.id,
        Field::Element => &record.element,
        Field::ElementId => record.element_id.as_deref().unwrap_or_default(),
        Field::Parameter => &record.parameter,
        Field::ParameterId => record.parameter_id.as_deref().unwrap_or_default(),
        Field::Index => &record.index,
        Field::Value => &record.value,
        Field::Severity => record.severity.name(),
        Field::SeverityRange => record.severity_range.map_or("", |range| range.name()),
        Field::Type => record.kind.map_or("", |kind| kind.name()),
        Field::Status => record.status.name(),
        Field::UserStatus => record.user_status.map_or("", |status| status.name()),
        Field::Owner => &record.owner,
        Field::Source => &record.source,
        Field::Comment => &record.comment,
        Field::Partial => {
            if record.partial {
                "true"
            } else {
                "false"
            }
        }
        Field::Property(name) => record.properties.get(name).unwrap_or_default(),
        Field::Service | Field::View => "",
    })
}
