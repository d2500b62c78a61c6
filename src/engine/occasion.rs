//! What was told once, so that it is not told again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Row, RowChange, RowKind, Time};

/// The most occasions that are remembered, of each kind.
const MAX_OCCASIONS: usize = 1_000;

/// The row of an occasion.
#[derive(Serialize, Deserialize)]
struct Kept {
    at: Time,
}

/// Occasions by key, the oldest first to go.
#[derive(Debug, Clone, Default)]
pub(super) struct Occasions {
    told: BTreeMap<String, Time>,
    oldest: BTreeSet<(Time, String)>,
}

impl Occasions {
    pub(super) fn restore(&mut self, row: &Row) -> Result<(), serde_json::Error> {
        let kept: Kept = serde_json::from_str(&row.value)?;
        self.insert(&row.key, kept.at);
        Ok(())
    }

    /// When it was last told.
    pub(super) fn told(&self, key: &str) -> Option<Time> {
        self.told.get(key).copied()
    }

    /// It is told: the rows that change.
    pub(super) fn tell(&mut self, key: &str, at: Time) -> Vec<RowChange> {
        self.insert(key, at);
        let mut rows = vec![RowChange::Put(Row {
            kind: RowKind::Notice,
            key: key.to_owned(),
            value: serde_json::to_string(&Kept { at }).unwrap_or_default(),
        })];
        while self.told.len() > MAX_OCCASIONS
            && let Some((_, key)) = self.oldest.pop_first()
        {
            self.told.remove(&key);
            rows.push(RowChange::Delete {
                kind: RowKind::Notice,
                key,
            });
        }
        rows
    }

    fn insert(&mut self, key: &str, at: Time) {
        if let Some(before) = self.told.insert(key.to_owned(), at) {
            self.oldest.remove(&(before, key.to_owned()));
        }
        self.oldest.insert((at, key.to_owned()));
    }
}
