//! Which conditions can never hold: what `check` warns of.

use std::ops::RangeInclusive;

use crate::engine::filter::ast::Relation;
use crate::engine::filter::{Field, FieldKind, Logic};

use super::clause::{Clause, Quantity};
use super::fixed::Fixed;

/// Whether something can hold, and whether it can fail, over the buckets that there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Truths {
    pub(super) held: bool,
    pub(super) failed: bool,
}

const EITHER: Truths = Truths {
    held: true,
    failed: true,
};

/// What can come of a condition over buckets of these sizes whose alarms are alike in `shared`. Statements are taken for
/// independent, so that it errs towards both.
pub(super) fn truths(
    logic: &Logic<Clause>,
    sizes: &RangeInclusive<usize>,
    shared: &[Field],
) -> Truths {
    match logic {
        Logic::Leaf(clause) => of_clause(clause, sizes, shared),
        Logic::Not(inner) => {
            let Truths { held, failed } = truths(inner, sizes, shared);
            Truths {
                held: failed,
                failed: held,
            }
        }
        Logic::And(parts) => {
            let parts: Vec<Truths> = parts
                .iter()
                .map(|part| truths(part, sizes, shared))
                .collect();
            Truths {
                held: parts.iter().all(|part| part.held),
                failed: parts.iter().any(|part| part.failed),
            }
        }
        Logic::Or(parts) => {
            let parts: Vec<Truths> = parts
                .iter()
                .map(|part| truths(part, sizes, shared))
                .collect();
            Truths {
                held: parts.iter().any(|part| part.held),
                failed: parts.iter().all(|part| part.failed),
            }
        }
    }
}

fn of_clause(clause: &Clause, sizes: &RangeInclusive<usize>, shared: &[Field]) -> Truths {
    let Clause::Compared {
        measure,
        relation,
        number,
    } = clause
    else {
        return EITHER;
    };
    let mut most = *sizes.end();
    let least = match &measure.quantity {
        Quantity::Count(None) => *sizes.start(),
        Quantity::Count(Some(_)) => 0,
        // One alarm may be in any number of views.
        Quantity::Distinct(field) if field.kind() != FieldKind::List => {
            if shared.contains(field) {
                most = 1;
            }
            0
        }
        Quantity::Distinct(_)
        | Quantity::Least(_)
        | Quantity::Greatest(_)
        | Quantity::Mean(_)
        | Quantity::Sum(_)
        | Quantity::Latest(_) => return EITHER,
    };
    let (least, most) = (Fixed::whole(least), Fixed::whole(most));
    let inside = (least..=most).contains(number) && number.rounded(0) == *number;
    let only = inside && least == most;
    let (held, failed) = match relation {
        Relation::Equal => (inside, !only),
        Relation::NotEqual => (!only, inside),
        Relation::Below => (least < *number, most >= *number),
        Relation::AtMost => (least <= *number, most > *number),
        Relation::Above => (most > *number, least <= *number),
        Relation::AtLeast => (most >= *number, least < *number),
    };
    Truths { held, failed }
}
