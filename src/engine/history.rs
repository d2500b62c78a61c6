//! Records that windows, collections and base alarms may still speak of.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::{Row, RowChange, RowKind, Time};

use super::rows;
use super::window::Gathering;

/// The row of an event. Times are steady.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EventRow<R> {
    pub(super) record: R,
    /// When it came.
    pub(super) at: Time,
    /// The time that it carries.
    pub(super) own: Time,
    /// Nobody asks for it after this.
    pub(super) until: Time,
    /// Buckets that had no room for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left_out: Vec<String>,
}

/// Which events have a row, and until when.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    until: BTreeMap<u64, Time>,
    queue: BTreeSet<(Time, u64)>,
}

impl History {
    pub(super) fn keep(&mut self, order: u64, until: Time) {
        if let Some(before) = self.until.insert(order, until) {
            if before >= until {
                self.until.insert(order, before);
                return;
            }
            self.queue.remove(&(before, order));
        }
        self.queue.insert((until, order));
    }

    /// Lets go of what nobody asks for any more, a bounded part of it.
    pub(super) fn tidy(&mut self, now: Time, rows: &mut Vec<RowChange>) {
        const MAX_TIDIED: usize = 64;
        for _ in 0..MAX_TIDIED {
            let Some((until, order)) = self.queue.first().copied() else {
                return;
            };
            if until >= now {
                return;
            }
            self.queue.pop_first();
            self.until.remove(&order);
            rows.push(RowChange::Delete {
                kind: RowKind::Event,
                key: key(order),
            });
        }
    }
}

/// The row of an event; keys sort as the log does.
pub(super) fn row<R: Serialize>(order: u64, event: &EventRow<R>) -> RowChange {
    RowChange::Put(Row {
        kind: RowKind::Event,
        key: key(order),
        value: rows::json(event),
    })
}

fn key(order: u64) -> String {
    format!("{order:020}")
}

/// The most records that are kept for one rule because they may come around a trigger.
const MAX_NEARBY: usize = 100_000;

/// Records that a rule's messages may speak of beside those of the bucket.
#[derive(Debug, Clone, Default)]
pub(super) struct Nearby {
    /// By the time that they carry, in engine time.
    records: BTreeMap<(Time, u64), Gathering>,
    /// Until when they are asked for, in steady time.
    until: BTreeSet<(Time, Time, u64)>,
}

impl Nearby {
    /// Takes a record in; says whether another had to go.
    pub(super) fn push(&mut self, now: Time, until: Time, own: Time, event: Gathering) -> bool {
        while let Some((until, own, order)) = self.until.first().copied()
            && until < now
        {
            self.until.pop_first();
            self.records.remove(&(own, order));
        }
        self.until.insert((until, own, event.order));
        self.records.insert((own, event.order), event);
        let full = self.records.len() > MAX_NEARBY;
        if full && let Some((_, own, order)) = self.until.pop_first() {
            self.records.remove(&(own, order));
        }
        full
    }

    /// Those that carry a time in the span, both ends included.
    pub(super) fn between(&self, from: Time, to: Time) -> impl Iterator<Item = &Gathering> {
        self.records
            .range((from, 0)..=(to, u64::MAX))
            .map(|(_, event)| event)
    }
}
