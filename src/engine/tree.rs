//! Open alarms: the last record of each, and the buckets it is in.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{
    AlarmRecord, AlarmType, Row, RowChange, RowKind, Severity, SeverityRange, Status, Time,
    TreeKey, UserStatus,
};

use super::packed::Packed;
use super::rows;
use super::slab::{Keyed, Slab};

/// The place of an open alarm in memory.
pub(super) type TreeNo = u32;

/// No tree: the end of the chain.
const NOBODY: TreeNo = TreeNo::MAX;

/// A bucket that an alarm is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) rule: u32,
    pub(super) bucket: u32,
}

/// An open alarm.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) key: TreeKey,
    pub(super) record: Packed,
    pub(super) severity: Severity,
    /// The worst it has been since it began.
    pub(super) highest: Severity,
    pub(super) range: Option<SeverityRange>,
    pub(super) masked: bool,
    /// Somebody has it, by its record.
    acknowledged: bool,
    /// What its record carries.
    pub(super) time: Time,
    /// What the earliest record of this occurrence carries.
    pub(super) begun: Time,
    /// When its last record came, in steady time.
    pub(super) seen: Time,
    /// The place of its last record in the log.
    pub(super) order: u64,
    pub(super) places: Box<[Place]>,
    /// Buckets that had no room for it.
    pub(super) left_out: Box<[String]>,
    older: TreeNo,
    newer: TreeNo,
}

/// The row of an open alarm.
#[derive(Serialize, Deserialize)]
struct Kept<R> {
    record: R,
    highest: Severity,
    seen: Time,
    /// Where it is not the time of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begun: Option<Time>,
    order: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
}

/// The open alarms, chained in the order in which they were last heard of.
#[derive(Debug, Clone)]
pub struct Trees {
    slab: Slab<Tree>,
    oldest: TreeNo,
    newest: TreeNo,
    /// Those that end unless they are repeated: until when, in engine time, and by their place in the
    /// log.
    expiring: BTreeSet<(Time, u64, TreeNo)>,
}

/// What a record does to its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The type of the record, given or inferred.
    pub kind: AlarmType,
    /// The worst the alarm has been, this record included.
    pub highest: Severity,
}

impl Default for Trees {
    fn default() -> Self {
        Self {
            slab: Slab::default(),
            oldest: NOBODY,
            newest: NOBODY,
            expiring: BTreeSet::new(),
        }
    }
}

impl Trees {
    /// What `record` would do, without doing it.
    ///
    /// Without a type it is inferred: the first record of a tree is New alarm, then Escalated,
    /// Dropped or Value changed, and Cleared when it ends.
    #[must_use]
    pub fn assess(&self, record: &AlarmRecord) -> Change {
        self.change(self.find(&record.tree()), record)
    }

    /// How many are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// Whether none is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last record of each, the one silent for longest first.
    pub fn records(&self) -> impl Iterator<Item = AlarmRecord> {
        self.chain()
            .filter_map(|no| self.get(no))
            .map(|tree| tree.record.unpack())
    }

    pub(super) fn change(&self, before: Option<TreeNo>, record: &AlarmRecord) -> Change {
        let before = before.and_then(|no| self.get(no));
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

    pub(super) fn find(&self, key: &TreeKey) -> Option<TreeNo> {
        self.slab.find(key.as_str())
    }

    pub(super) fn get(&self, no: TreeNo) -> Option<&Tree> {
        self.slab.get(no)
    }

    pub(super) fn get_mut(&mut self, no: TreeNo) -> Option<&mut Tree> {
        self.slab.get_mut(no)
    }

    /// Every tree, the one silent for longest first.
    pub(super) fn chain(&self) -> impl Iterator<Item = TreeNo> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let tree = self.get(next)?;
            Some(std::mem::replace(&mut next, tree.newer))
        })
    }

    /// Puts the next record of a tree, whose places stay; it is the newest of all.
    pub(super) fn put(
        &mut self,
        before: Option<TreeNo>,
        key: &TreeKey,
        record: &AlarmRecord,
        packed: Packed,
        highest: Severity,
        (seen, order): (Time, u64),
    ) -> TreeNo {
        let mut tree = Tree {
            key: key.clone(),
            record: packed,
            severity: record.severity,
            highest,
            range: record.severity_range,
            masked: record.status == Status::Masked,
            acknowledged: record.user_status == Some(UserStatus::Acknowledged),
            time: record.time,
            begun: record.time,
            seen,
            order,
            places: Box::default(),
            left_out: Box::default(),
            older: NOBODY,
            newer: NOBODY,
        };
        if let Some(no) = before {
            self.unchain(no);
        }
        let known = before.and_then(|no| Some((no, self.slab.get_mut(no)?)));
        let no = if let Some((no, old)) = known {
            if record.kind != Some(AlarmType::NewAlarm) {
                tree.begun = old.begun.min(record.time);
            }
            tree.places = std::mem::take(&mut old.places);
            tree.key = old.key.clone();
            *old = tree;
            no
        } else {
            self.slab.insert(tree)
        };
        self.chain_last(no);
        no
    }

    /// The same record again: the alarm lasts until what this one says, and was heard of.
    pub(super) fn renew(&mut self, no: TreeNo, packed: Packed, seen: Time) {
        self.unchain(no);
        if let Some(tree) = self.get_mut(no) {
            tree.record = packed;
            tree.seen = seen;
        }
        self.chain_last(no);
    }

    /// When the first alarm ends unless it is repeated, in engine time, and which one it is.
    pub(super) fn first_to_expire(&self) -> Option<(Time, TreeNo)> {
        let (until, _, no) = self.expiring.first()?;
        Some((*until, *no))
    }

    /// Ends an alarm.
    pub(super) fn remove(&mut self, no: TreeNo) -> Option<Tree> {
        self.unchain(no);
        self.slab.remove(no)
    }

    /// The next alarm to forget at `now`: silent for `forget_after`, or one too many.
    pub(super) fn overdue(
        &self,
        now: Time,
        forget_after: Duration,
        limit: usize,
    ) -> Option<TreeNo> {
        let oldest = self.get(self.oldest)?;
        (self.len() > limit || oldest.seen + forget_after <= now).then_some(self.oldest)
    }

    /// When the next one is due, in steady time.
    pub(super) fn next_overdue(&self, forget_after: Duration) -> Option<Time> {
        self.get(self.oldest).map(|tree| tree.seen + forget_after)
    }

    /// Open alarms with that root id, in the order of their last records.
    pub(super) fn of_root(&self, id: &str) -> Vec<TreeNo> {
        self.chain()
            .filter(|no| {
                self.get(*no)
                    .is_some_and(|tree| tree.key.as_str().rsplit('\u{1f}').next() == Some(id))
            })
            .collect()
    }

    /// The row of a tree, whose record, of `time`, is at hand.
    pub(super) fn row<R: Serialize>(
        &self,
        no: TreeNo,
        time: Time,
        record: &R,
    ) -> Option<RowChange> {
        let tree = self.get(no)?;
        let kept = Kept {
            record,
            highest: tree.highest,
            seen: tree.seen,
            begun: (tree.begun != time).then_some(tree.begun),
            order: tree.order,
            left_out: tree.left_out.to_vec(),
        };
        Some(RowChange::Put(Row {
            kind: RowKind::Tree,
            key: tree.key.as_str().to_owned(),
            value: rows::json(&kept),
        }))
    }

    /// Puts back what the store kept.
    pub(super) fn restore<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a Row>,
    ) -> Result<(), (&'a Row, serde_json::Error)> {
        let mut kept = Vec::new();
        for row in rows {
            let tree: Kept<AlarmRecord> =
                serde_json::from_str(&row.value).map_err(|error| (row, error))?;
            kept.push(tree);
        }
        kept.sort_by_key(|tree| (tree.seen, tree.order));
        for tree in kept {
            let key = tree.record.tree();
            let packed = Packed::new(&tree.record);
            let when = (tree.seen, tree.order);
            let no = self.put(None, &key, &tree.record, packed, tree.highest, when);
            if let Some(put) = self.get_mut(no) {
                put.begun = tree.begun.unwrap_or(put.begun);
                put.left_out = tree.left_out.into();
            }
        }
        Ok(())
    }

    fn chain_last(&mut self, no: TreeNo) {
        let newest = std::mem::replace(&mut self.newest, no);
        match self.get_mut(newest) {
            Some(newest) => newest.newer = no,
            None => self.oldest = no,
        }
        let Some(tree) = self.get_mut(no) else { return };
        tree.older = newest;
        tree.newer = NOBODY;
        let expiry = tree.record.until().map(|until| (until, tree.order, no));
        self.expiring.extend(expiry);
    }

    fn unchain(&mut self, no: TreeNo) {
        let Some(tree) = self.get(no) else { return };
        let (older, newer) = (tree.older, tree.newer);
        let expiry = tree.record.until().map(|until| (until, tree.order, no));
        if let Some(expiry) = &expiry {
            self.expiring.remove(expiry);
        }
        match self.get_mut(older) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.get_mut(newer) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
    }
}

impl Keyed for Tree {
    fn key(&self) -> &str {
        self.key.as_str()
    }
}

impl Tree {
    /// Whether `record` says what the last one said, but for when it was sent and how long it holds.
    pub(super) fn says(&self, record: &AlarmRecord) -> bool {
        let last = self.record.unpack();
        let again = AlarmRecord {
            time: last.time,
            kind: record.kind.or(last.kind),
            repeats: last.repeats,
            until: last.until,
            ..record.clone()
        };
        again == last
    }

    pub(super) fn is_acknowledged(&self) -> bool {
        self.acknowledged
    }

    pub(super) fn deletion(&self) -> RowChange {
        RowChange::Delete {
            kind: RowKind::Tree,
            key: self.key.as_str().to_owned(),
        }
    }
}
