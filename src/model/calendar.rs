//! Named intervals of the week and the year, in a zone.

use super::Time;

/// A named set of intervals: nights, weekends, a plant's holidays. Pure: whether it holds is a
/// function of the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Its key under `[times]`.
    pub name: String,
}

impl Calendar {
    /// Whether `at` lies in it.
    #[must_use]
    pub fn holds(&self, _at: Time) -> bool {
        false
    }

    /// When that changes next after `at`; `None` when it does not within two years.
    #[must_use]
    pub fn next_change(&self, _at: Time) -> Option<Time> {
        None
    }
}
