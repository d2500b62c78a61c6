//! The meaning of a condition, over records as they stand.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::engine::filter::{Field, FieldKind, Logic, folded};
use crate::model::AlarmRecord;

use super::clause::{Clause, Measure, Quantity};
use super::fixed::Fixed;

/// Whether a condition holds of records that stand in the order in which they came.
pub(super) fn holds(logic: &Logic<Clause>, records: &[&AlarmRecord]) -> bool {
    match logic {
        Logic::Leaf(clause) => clause_holds(clause, records),
        Logic::Not(inner) => !holds(inner, records),
        Logic::And(parts) => parts.iter().all(|part| holds(part, records)),
        Logic::Or(parts) => parts.iter().any(|part| holds(part, records)),
    }
}

pub(super) fn clause_holds(clause: &Clause, records: &[&AlarmRecord]) -> bool {
    match clause {
        Clause::Compared {
            measure,
            relation,
            number,
        } => measured(measure, records).is_some_and(|found| relation.holds(&found, number)),
        Clause::Latest { filter, .. } => {
            records.last().is_some_and(|latest| filter.matches(latest))
        }
        Clause::Any(filter) => records.iter().any(|record| filter.matches(record)),
        Clause::All(filter) => {
            !records.is_empty() && records.iter().all(|record| filter.matches(record))
        }
    }
}

/// The number that the records have; `None` when none of them has one.
pub(super) fn measured(measure: &Measure, records: &[&AlarmRecord]) -> Option<Fixed> {
    let number = match &measure.quantity {
        Quantity::Count(None) => Fixed::whole(records.len()),
        Quantity::Count(Some(filter)) => Fixed::whole(
            records
                .iter()
                .filter(|record| filter.matches(record))
                .count(),
        ),
        Quantity::Distinct(field) => {
            let texts: BTreeSet<String> = records
                .iter()
                .flat_map(|record| texts(field, record))
                .map(|text| folded(&text))
                .collect();
            Fixed::whole(texts.len())
        }
        Quantity::Least(field) => numbers(field, records).min()?,
        Quantity::Greatest(field) => numbers(field, records).max()?,
        Quantity::Sum(field) => sum(field, records)?.0,
        Quantity::Mean(field) => {
            let (sum, count) = sum(field, records)?;
            sum.shared(count)?
        }
        Quantity::Latest(field) => number(field, records.last()?)?,
    };
    Some(match measure.decimals {
        Some(decimals) => number.rounded(decimals),
        None => number,
    })
}

/// The number that a record has in a field.
pub(super) fn number(field: &Field, record: &AlarmRecord) -> Option<Fixed> {
    Fixed::front(field.text(record))
}

/// The texts that a record has in a field; what is not there is none.
pub(super) fn texts<'r>(field: &Field, record: &'r AlarmRecord) -> Vec<Cow<'r, str>> {
    let texts: Vec<Cow<'r, str>> = match field.kind() {
        FieldKind::Text => vec![field.text(record).into()],
        FieldKind::List => field.list(record).iter().map(Into::into).collect(),
        FieldKind::Name(kind) => kind
            .of(record)
            .map(|name| name.text().into())
            .into_iter()
            .collect(),
        FieldKind::Flag => vec![record.partial.to_string().into()],
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

fn numbers<'r>(field: &'r Field, records: &'r [&AlarmRecord]) -> impl Iterator<Item = Fixed> + 'r {
    records.iter().filter_map(|record| number(field, record))
}

/// The sum of the numbers and how many there are; `None` for none.
fn sum(field: &Field, records: &[&AlarmRecord]) -> Option<(Fixed, usize)> {
    let (sum, count) = numbers(field, records).fold((Fixed::default(), 0), |(sum, count), one| {
        (sum.plus(one), count + 1)
    });
    (count > 0).then_some((sum, count))
}
