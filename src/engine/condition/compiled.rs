//! The condition as the rest of the engine knows it.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::engine::filter::{Explanation, Field, FilterError, Logic, Named};
use crate::model::AlarmRecord;

use super::clause::Clause;
use super::explain;
use super::parse;
use super::plain;
use super::reach;
use super::tally::{Plan, Tallies};

/// What must hold of a bucket, compiled once and cheap to clone. [`fmt::Display`] prints canonical text
/// that reads as the same condition.
#[derive(Clone)]
pub struct Condition(Arc<Inner>);

struct Inner {
    logic: Logic<Clause>,
    plan: Plan,
}

impl Condition {
    /// Reads and compiles a condition. `named` are the filters that it may refer to as `@name`.
    ///
    /// # Errors
    /// [`FilterError`] points at the first fault and says what to write.
    pub fn parse(text: &str, named: &Named) -> Result<Self, FilterError> {
        let logic = parse::parse(text, named)?;
        let plan = Plan::new(&logic);
        Ok(Self(Arc::new(Inner { logic, plan })))
    }

    /// What has to be known of an empty bucket to decide this condition as alarms come and go.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        self.0.plan.tallies()
    }

    /// Whether it holds of the bucket that these tallies, which are of this condition, were kept of.
    #[must_use]
    pub fn holds(&self, tallies: &Tallies) -> bool {
        self.0.plan.holds(tallies)
    }

    /// Whether it holds of these records, which stand in the order in which they came.
    #[must_use]
    pub fn holds_over(&self, records: &[&AlarmRecord]) -> bool {
        plain::holds(&self.0.logic, records)
    }

    /// Which part decides about these records, and on what; also which texts were left out because
    /// they are no numbers.
    #[must_use]
    pub fn explain(&self, records: &[&AlarmRecord]) -> Explanation {
        explain::explain(&self.0.logic, records)
    }

    /// Whether it can hold of so many alarms that are alike in `shared`, whatever they are. It errs
    /// towards yes.
    #[must_use]
    pub fn can_hold_of(&self, sizes: RangeInclusive<usize>, shared: &[Field]) -> bool {
        reach::truths(&self.0.logic, &sizes, shared).held
    }

    /// The condition as a tree.
    #[must_use]
    pub fn logic(&self) -> &Logic<Clause> {
        &self.0.logic
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.logic == other.0.logic
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.logic.fmt(f)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({self})")
    }
}
