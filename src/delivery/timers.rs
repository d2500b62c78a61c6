//! What comes due by time alone.

use std::collections::BTreeSet;

use crate::model::{MessageId, Time};

use super::hold::GateNo;
use super::slab::{EntryNo, LaneNo};

/// What comes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A message loses its point.
    Expire(EntryNo),
    /// A message has waited long enough to be tried again.
    Wake(EntryNo),
    /// A lane has tokens again, or its phone's pause ends.
    Lane(LaneNo),
    /// A contact's quiet hours begin or end.
    Quiet(LaneNo),
    /// A pause ends, or a hold is to be probed.
    Gate(GateNo),
    /// The receipt of a message has not come.
    Confirm(MessageId),
    /// The number's throughput comes back by a step.
    Pace,
}

/// What comes due, the earliest first. Whoever sets a timer keeps its time, to clear it by.
#[derive(Debug, Clone, Default)]
pub(super) struct Timers {
    all: BTreeSet<(Time, Due)>,
    /// Those of them that are a lane's.
    lanes: usize,
}

impl Timers {
    pub(super) fn set(&mut self, at: Time, due: Due) {
        let fresh = self.all.insert((at, due));
        self.lanes += usize::from(fresh && due.is_lane());
    }

    pub(super) fn clear(&mut self, at: Time, due: Due) {
        let gone = self.all.remove(&(at, due));
        self.lanes -= usize::from(gone && due.is_lane());
    }

    pub(super) fn first(&self) -> Option<Time> {
        self.all.first().map(|(at, _)| *at)
    }

    pub(super) fn pop_due(&mut self, now: Time) -> Option<Due> {
        if self.first()? > now {
            return None;
        }
        let (_, due) = self.all.pop_first()?;
        self.lanes -= usize::from(due.is_lane());
        Some(due)
    }

    /// Lanes that only time keeps.
    pub(super) fn lanes(&self) -> usize {
        self.lanes
    }
}

impl Due {
    const fn is_lane(self) -> bool {
        matches!(self, Self::Lane(_))
    }
}
