//! The numbers and texts of a bucket, kept as alarms come and go.

use std::collections::BTreeMap;

use crate::engine::filter::{Field, Filter, folded};
use crate::model::AlarmRecord;

use super::fixed::Fixed;
use super::plain::{number, texts};

/// One thing to keep; statements that need the same share it.
#[derive(Debug, PartialEq)]
pub(super) enum Gauge {
    /// How many a filter takes.
    Taken(Filter),
    /// The texts of a field and how many alarms have each.
    Texts(Field),
    /// The sum of the numbers in a field and how many there are.
    Sum(Field),
    /// The numbers in a field, sorted.
    Sorted(Field),
    /// Whether a filter takes each alarm, by order.
    Answers(Filter),
    /// The number of each alarm, by order.
    Series(Field),
}

/// What a gauge shows of one bucket.
#[derive(Debug, Clone)]
pub(super) enum State {
    Taken(usize),
    Texts(BTreeMap<String, usize>),
    Sum(Fixed, usize),
    Sorted(BTreeMap<Fixed, usize>),
    Answers(BTreeMap<u64, bool>),
    Series(BTreeMap<u64, Option<Fixed>>),
}

impl State {
    pub(super) fn new(gauge: &Gauge) -> Self {
        match gauge {
            Gauge::Taken(_) => Self::Taken(0),
            Gauge::Texts(_) => Self::Texts(BTreeMap::new()),
            Gauge::Sum(_) => Self::Sum(Fixed::default(), 0),
            Gauge::Sorted(_) => Self::Sorted(BTreeMap::new()),
            Gauge::Answers(_) => Self::Answers(BTreeMap::new()),
            Gauge::Series(_) => Self::Series(BTreeMap::new()),
        }
    }

    pub(super) fn distinct(&self) -> Option<Fixed> {
        let Self::Texts(counts) = self else {
            return None;
        };
        Some(Fixed::whole(counts.len()))
    }

    pub(super) fn end<'s>(
        &'s self,
        which: impl Fn(&'s BTreeMap<Fixed, usize>) -> Option<(&'s Fixed, &'s usize)>,
    ) -> Option<Fixed> {
        let Self::Sorted(numbers) = self else {
            return None;
        };
        which(numbers).map(|(number, _)| *number)
    }

    pub(super) fn sum(&self) -> Option<(Fixed, usize)> {
        let Self::Sum(sum, count) = self else {
            return None;
        };
        Some((*sum, *count))
    }

    pub(super) fn latest(&self) -> Option<Fixed> {
        let Self::Series(numbers) = self else {
            return None;
        };
        *numbers.last_key_value()?.1
    }

    pub(super) fn answer(&self) -> bool {
        let Self::Answers(answers) = self else {
            return false;
        };
        answers.last_key_value().is_some_and(|(_, answer)| *answer)
    }

    pub(super) fn add(&mut self, gauge: &Gauge, order: u64, record: &AlarmRecord) {
        match (self, gauge) {
            (Self::Taken(count), Gauge::Taken(filter)) => {
                *count += usize::from(filter.matches(record));
            }
            (Self::Texts(counts), Gauge::Texts(field)) => {
                for text in texts(field, record) {
                    *counts.entry(folded(&text)).or_default() += 1;
                }
            }
            (Self::Sum(sum, count), Gauge::Sum(field)) => {
                if let Some(number) = number(field, record) {
                    *sum = sum.plus(number);
                    *count += 1;
                }
            }
            (Self::Sorted(numbers), Gauge::Sorted(field)) => {
                if let Some(number) = number(field, record) {
                    *numbers.entry(number).or_default() += 1;
                }
            }
            (Self::Answers(answers), Gauge::Answers(filter)) => {
                answers.insert(order, filter.matches(record));
            }
            (Self::Series(numbers), Gauge::Series(field)) => {
                numbers.insert(order, number(field, record));
            }
            // States are made from the gauges, place by place.
            _ => {}
        }
    }

    pub(super) fn remove(&mut self, gauge: &Gauge, order: u64, record: &AlarmRecord) {
        match (self, gauge) {
            (Self::Taken(count), Gauge::Taken(filter)) => {
                *count = count.saturating_sub(usize::from(filter.matches(record)));
            }
            (Self::Texts(counts), Gauge::Texts(field)) => {
                for text in texts(field, record) {
                    release(counts, &folded(&text));
                }
            }
            (Self::Sum(sum, count), Gauge::Sum(field)) => {
                if let Some(number) = number(field, record) {
                    *sum = sum.minus(number);
                    *count = count.saturating_sub(1);
                }
            }
            (Self::Sorted(numbers), Gauge::Sorted(field)) => {
                if let Some(number) = number(field, record) {
                    release(numbers, &number);
                }
            }
            (Self::Answers(answers), Gauge::Answers(_)) => {
                answers.remove(&order);
            }
            (Self::Series(numbers), Gauge::Series(_)) => {
                numbers.remove(&order);
            }
            _ => {}
        }
    }
}

/// One less of `key`; the last takes the entry with it.
fn release<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
