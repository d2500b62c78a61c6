//! The statements of a condition.

use std::fmt;

use crate::engine::filter::ast::{Comparison, Relation};
use crate::engine::filter::{Field, Filter};

use super::fixed::Fixed;

/// What holds of a bucket or does not.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// A number compared with another. Does not hold when there is none.
    Compared {
        /// What is measured.
        measure: Measure,
        /// How it is compared.
        relation: Relation,
        /// With what.
        number: Fixed,
    },
    /// The latest alarm, asked as a filter asks.
    Latest {
        /// What is asked, for reading.
        comparison: Comparison,
        /// The same, to run.
        filter: Filter,
    },
    /// The filter takes at least one alarm.
    Any(Filter),
    /// There are alarms, and the filter takes each.
    All(Filter),
}

/// A number that a bucket has.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// What is counted or reckoned.
    pub quantity: Quantity,
    /// Rounded to so many decimals, nine at most.
    pub decimals: Option<u8>,
}

/// What a bucket can be asked for a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Quantity {
    /// How many alarms there are, or a filter takes.
    Count(Option<Filter>),
    /// How many different texts a field has.
    Distinct(Field),
    /// The least of the numbers in a field.
    Least(Field),
    /// The greatest of them.
    Greatest(Field),
    /// Their mean.
    Mean(Field),
    /// Their sum.
    Sum(Field),
    /// That of the latest alarm.
    Latest(Field),
}

impl Quantity {
    /// As conditions write it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Count(_) => "count",
            Self::Distinct(_) => "distinct",
            Self::Least(_) => "min",
            Self::Greatest(_) => "max",
            Self::Mean(_) => "avg",
            Self::Sum(_) => "sum",
            Self::Latest(_) => "last",
        }
    }

    /// The field whose numbers it takes; `None` for what counts.
    #[must_use]
    pub const fn numbers_of(&self) -> Option<&Field> {
        match self {
            Self::Count(_) | Self::Distinct(_) => None,
            Self::Least(field)
            | Self::Greatest(field)
            | Self::Mean(field)
            | Self::Sum(field)
            | Self::Latest(field) => Some(field),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compared {
                measure,
                relation,
                number,
            } => write!(f, "{measure} {relation} {number}"),
            Self::Latest { comparison, .. } => {
                write!(f, "last({}) {}", comparison.field, comparison.test)
            }
            Self::Any(filter) => write!(f, "any({filter})"),
            Self::All(filter) => write!(f, "all({filter})"),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimals {
            Some(decimals) => write!(f, "round({}, {decimals})", self.quantity),
            None => self.quantity.fmt(f),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Self::Count(None) => f.write_str("count()"),
            Self::Count(Some(filter)) => write!(f, "count({filter})"),
            Self::Distinct(field)
            | Self::Least(field)
            | Self::Greatest(field)
            | Self::Mean(field)
            | Self::Sum(field)
            | Self::Latest(field) => write!(f, "{word}({field})"),
        }
    }
}
