//! What was counted, of what a page shows.

/// Counts of a while. Messages are counted once each: a failed attempt that is tried again is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records stored.
    pub stored: u64,
    /// Messages that Meta took.
    pub accepted: u64,
    /// Messages that reached their phones, as receipts say.
    pub delivered: u64,
    /// Messages that failed for good.
    pub failed: u64,
}

impl Totals {
    /// What came after `earlier`.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        self.with(earlier, u64::saturating_sub)
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    fn with(self, other: Self, both: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            stored: both(self.stored, other.stored),
            accepted: both(self.accepted, other.accepted),
            delivered: both(self.delivered, other.delivered),
            failed: both(self.failed, other.failed),
        }
    }
}
