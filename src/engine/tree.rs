//! Open alarms: what the next record of a tree is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AlarmRecord, AlarmType, Row, RowChange, RowKind, Severity, Time, TreeKey};

/// The most alarms that are open at once; past it the one silent for longest is forgotten.
pub const MAX_OPEN: usize = 1_000_000;

/// What is remembered of an open alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tree {
    /// Severity of its last record.
    pub severity: Severity,
    /// The worst it has been: a clear inherits it.
    pub highest: Severity,
    /// Value of its last record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// When its last record came, in steady time.
    pub seen: Time,
}

/// The open alarms, and since when each has been silent.
#[derive(Debug, Clone, Default)]
pub struct Trees {
    open: BTreeMap<TreeKey, Tree>,
    by_silence: BTreeSet<(Time, TreeKey)>,
}

/// What a record does to its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The type of the record, given or inferred.
    pub kind: AlarmType,
    /// The worst the alarm has been, this record included.
    pub highest: Severity,
}

impl Trees {
    /// What `record` would do, without doing it.
    ///
    /// Without a type it is inferred: the first record of a tree is New alarm, then Escalated,
    /// Dropped or Value changed, and Cleared when it ends.
    #[must_use]
    pub fn assess(&self, record: &AlarmRecord) -> Change {
        let before = self.open.get(&record.tree());
        let kind = record.kind.unwrap_or_else(|| match before {
            _ if record.ends() => AlarmType::Cleared,
            None => AlarmType::NewAlarm,
            Some(tree) if record.severity > tree.severity => AlarmType::Escalated,
            Some(tree) if record.severity < tree.severity => AlarmType::Dropped,
            Some(_) => AlarmType::ValueChanged,
        });
        let past = before
            .filter(|_| kind != AlarmType::NewAlarm)
            .map(|tree| tree.highest);
        let highest = past.map_or(record.severity, |past| past.max(record.severity));
        Change { kind, highest }
    }

    /// Applies `record`, which came at `seen`; says which row changes.
    pub fn apply(
        &mut self,
        seen: Time,
        record: &AlarmRecord,
        change: &Change,
    ) -> Option<RowChange> {
        let key = record.tree();
        if record.ends() {
            return self.remove(&key);
        }
        let tree = Tree {
            severity: record.severity,
            highest: change.highest,
            value: record.value.clone(),
            seen,
        };
        let row = Row {
            kind: RowKind::Tree,
            key: key.as_str().to_owned(),
            value: serde_json::to_string(&tree).unwrap_or_default(),
        };
        self.insert(key, tree);
        Some(RowChange::Put(row))
    }

    /// Puts back what the store kept.
    pub fn restore(&mut self, key: TreeKey, tree: Tree) {
        self.insert(key, tree);
    }

    /// The next alarm to forget at `now`: silent for `forget_after`, or one too many.
    #[must_use]
    pub fn overdue(&self, now: Time, forget_after: Duration) -> Option<TreeKey> {
        let (seen, key) = self.by_silence.first()?;
        (self.open.len() > MAX_OPEN || *seen + forget_after <= now).then(|| key.clone())
    }

    /// When the next one is due, in steady time.
    #[must_use]
    pub fn next_overdue(&self, forget_after: Duration) -> Option<Time> {
        self.by_silence
            .first()
            .map(|(seen, _)| *seen + forget_after)
    }

    /// Ends an alarm; says which row goes, `None` when it was not open.
    pub fn remove(&mut self, key: &TreeKey) -> Option<RowChange> {
        let tree = self.open.remove(key)?;
        self.by_silence.remove(&(tree.seen, key.clone()));
        Some(RowChange::Delete {
            kind: RowKind::Tree,
            key: key.as_str().to_owned(),
        })
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn insert(&mut self, key: TreeKey, tree: Tree) {
        let seen = tree.seen;
        if let Some(old) = self.open.insert(key.clone(), tree) {
            self.by_silence.remove(&(old.seen, key.clone()));
        }
        self.by_silence.insert((seen, key));
    }
}
