//! What is asked of a text, ready to run.

use regex::Regex;

use super::ast::{Literal, Relation, Test};
use super::field::Field;
use super::fold::{self, fold};
use super::number;
use super::wildcard::Wildcard;

/// What is asked of a text that is not empty.
#[derive(Debug, Clone)]
pub(super) enum Matcher {
    /// Nothing: it is there.
    Present,
    /// The number at its front stands in an ordering to this one.
    Ordering(Relation, f64),
    /// It reads as this number.
    Number(Reading, f64),
    Wildcard(Wildcard),
    Regex(Regex),
    /// It is one of these.
    Set {
        /// Folded, sorted.
        texts: Box<[String]>,
        numbers: Box<[f64]>,
        reading: Reading,
    },
    Not(Box<Self>),
}

/// How a text reads as a number that it is to equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Front,
    Whole,
}

impl Matcher {
    pub(super) fn new(field: &Field, test: &Test) -> Self {
        let reading = if field.is_measured() {
            Reading::Front
        } else {
            Reading::Whole
        };
        match test {
            Test::Is(Relation::Equal, literal) => Self::equals(literal, reading),
            Test::Is(Relation::NotEqual, literal) => Self::equals(literal, reading).negated(true),
            Test::Is(relation, Literal::Number(number)) => Self::Ordering(*relation, *number),
            Test::Is(_, Literal::Text(_) | Literal::Name(_) | Literal::Flag(_)) => Self::nothing(),
            Test::In { negated, values } => Self::set(values, reading).negated(*negated),
            Test::Like { negated, pattern } => {
                Self::Wildcard(Wildcard::new(pattern)).negated(*negated)
            }
            Test::Contains { negated, text } => {
                Self::Wildcard(Wildcard::Contains(fold(text))).negated(*negated)
            }
            Test::Matches { negated, pattern } => {
                Self::Regex(pattern.regex().clone()).negated(*negated)
            }
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Present => true,
            Self::Ordering(relation, number) => {
                number::front(text).is_some_and(|found| relation.holds(&found, number))
            }
            Self::Number(reading, number) => reading.of(text).is_some_and(|found| found == *number),
            Self::Wildcard(wildcard) => wildcard.matches(text),
            Self::Regex(regex) => regex.is_match(text),
            Self::Set {
                texts,
                numbers,
                reading,
            } => {
                let listed = texts
                    .binary_search_by(|folded| fold::compare(text, folded).reverse())
                    .is_ok();
                listed
                    || (!numbers.is_empty()
                        && reading
                            .of(text)
                            .is_some_and(|found| numbers.contains(&found)))
            }
            Self::Not(inner) => !inner.matches(text),
        }
    }

    /// How dear it is to run, roughly in nanoseconds.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Present => 1,
            Self::Wildcard(Wildcard::Contains(_) | Wildcard::General(_)) => 30,
            Self::Wildcard(_) => 4,
            Self::Ordering(..) | Self::Number(..) => 20,
            Self::Set { .. } => 15,
            Self::Regex(_) => 60,
            Self::Not(inner) => inner.cost(),
        }
    }

    fn equals(literal: &Literal, reading: Reading) -> Self {
        match literal {
            Literal::Text(text) => Self::Wildcard(Wildcard::Equals(fold(text))),
            Literal::Number(number) => Self::Number(reading, *number),
            Literal::Name(_) | Literal::Flag(_) => Self::nothing(),
        }
    }

    fn set(values: &[Literal], reading: Reading) -> Self {
        let mut texts = Vec::new();
        let mut numbers = Vec::new();
        for value in values {
            match value {
                Literal::Text(text) => texts.push(fold(text)),
                Literal::Number(number) => numbers.push(*number),
                Literal::Name(_) | Literal::Flag(_) => {}
            }
        }
        texts.sort_unstable();
        texts.dedup();
        Self::Set {
            texts: texts.into(),
            numbers: numbers.into(),
            reading,
        }
    }

    /// For what the parser does not build: a text compared with a name.
    fn nothing() -> Self {
        Self::Present.negated(true)
    }

    fn negated(self, negated: bool) -> Self {
        if negated {
            Self::Not(Box::new(self))
        } else {
            self
        }
    }
}

impl Reading {
    fn of(self, text: &str) -> Option<f64> {
        match self {
            Self::Front => number::front(text),
            Self::Whole => number::whole(text),
        }
    }
}
