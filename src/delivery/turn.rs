//! Whose turn it is among the lanes that could send.

use std::collections::BTreeSet;

use super::slab::LaneNo;

/// When a lane was served last, in turns; 0 is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Turn(u64);

/// The lanes that could send, the one that has waited longest since its last turn first.
///
/// Between two turns of one lane, each lane that was ready all the while has had one: a lane with a
/// long queue gets no more of the number's throughput than one with a short queue, and two lanes that
/// share a phone take turns at its tokens. Severity does not count here: it orders a lane, and the
/// reserve of each contact's burst serves what is critical.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns {
    ready: BTreeSet<(Turn, LaneNo)>,
    given: u64,
}

impl Turns {
    pub(super) fn enter(&mut self, turn: Turn, lane: LaneNo) {
        self.ready.insert((turn, lane));
    }

    pub(super) fn leave(&mut self, turn: Turn, lane: LaneNo) {
        self.ready.remove(&(turn, lane));
    }

    pub(super) fn first(&self) -> Option<LaneNo> {
        self.ready.first().map(|(_, lane)| *lane)
    }

    /// A turn that comes after all that were given.
    pub(super) fn give(&mut self) -> Turn {
        self.given += 1;
        Turn(self.given)
    }
}
