//! A filter ready to run.

use std::collections::BTreeMap;

use crate::model::AlarmRecord;

use super::ast::{Comparison, Expression, Literal, Relation, Statement, Test};
use super::compiled::Filter;
use super::field::{Field, FieldKind};
use super::fold;
use super::logic::Logic;
use super::matcher::Matcher;
use super::name::{Name, NameKind};
use super::wildcard::Wildcard;

/// Operands of `and` and `or` stand cheapest first: what is decided does not depend on their order.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Always,
    Never,
    All(Box<[Self]>),
    Any(Box<[Self]>),
    Not(Box<Self>),
    Named(Filter),
    /// The field's name is one of these bits.
    Name(NameKind, u64),
    Partial(bool),
    Text(Field, Matcher),
    List(Field, Matcher),
}

impl Node {
    /// Makes a filter ready to run; `used` has the named ones it refers to.
    pub(super) fn new(expression: &Expression, used: &BTreeMap<String, Filter>) -> Self {
        match expression {
            Logic::Leaf(statement) => Self::of_statement(statement, used),
            Logic::Not(inner) => Self::Not(Box::new(Self::new(inner, used))),
            Logic::And(parts) => Self::All(Self::cheapest_first(parts, used)),
            Logic::Or(parts) => Self::Any(Self::cheapest_first(parts, used)),
        }
    }

    pub(super) fn of_statement(statement: &Statement, used: &BTreeMap<String, Filter>) -> Self {
        match statement {
            Statement::Comparison(comparison) => Self::of_comparison(comparison),
            Statement::Exists(field) => Self::present(field),
            Statement::Named(name) => used.get(name).cloned().map_or(Self::Never, Self::Named),
        }
    }

    pub(super) fn matches(&self, record: &AlarmRecord) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::All(parts) => parts.iter().all(|part| part.matches(record)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(record)),
            Self::Not(inner) => !inner.matches(record),
            Self::Named(filter) => filter.matches(record),
            Self::Name(kind, bits) => kind.of(record).is_some_and(|name| name.bit() & bits != 0),
            Self::Partial(flag) => record.partial == *flag,
            Self::Text(field, matcher) => {
                let text = field.text(record);
                !text.is_empty() && matcher.matches(text)
            }
            Self::List(field, matcher) => field
                .list(record)
                .iter()
                .any(|text| !text.is_empty() && matcher.matches(text)),
        }
    }

    fn cheapest_first(parts: &[Expression], used: &BTreeMap<String, Filter>) -> Box<[Self]> {
        let mut nodes: Vec<Self> = parts.iter().map(|part| Self::new(part, used)).collect();
        nodes.sort_by_cached_key(Self::cost);
        nodes.into()
    }

    /// How dear it is to run, roughly in nanoseconds.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Always | Self::Never | Self::Name(..) | Self::Partial(_) => 1,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).sum(),
            Self::Not(inner) => inner.cost(),
            Self::Named(filter) => filter.cost(),
            Self::Text(Field::Property(_), matcher) => 20 + matcher.cost(),
            Self::Text(_, matcher) => matcher.cost(),
            Self::List(_, matcher) => 3 * matcher.cost(),
        }
    }

    fn of_comparison(Comparison { field, test }: &Comparison) -> Self {
        match field.kind() {
            FieldKind::Text => Self::Text(field.clone(), Matcher::new(field, test)),
            FieldKind::List => Self::List(field.clone(), Matcher::new(field, test)),
            FieldKind::Name(kind) => {
                let bits = kind
                    .all()
                    .into_iter()
                    .filter(|name| name_passes(*name, test))
                    .fold(0, |bits, name| bits | name.bit());
                Self::Name(kind, bits)
            }
            FieldKind::Flag => match test {
                Test::Is(Relation::Equal, Literal::Flag(flag)) => Self::Partial(*flag),
                Test::Is(Relation::NotEqual, Literal::Flag(flag)) => Self::Partial(!*flag),
                Test::Is(..)
                | Test::In { .. }
                | Test::Like { .. }
                | Test::Contains { .. }
                | Test::Matches { .. } => Self::Never,
            },
        }
    }

    fn present(field: &Field) -> Self {
        match field.kind() {
            FieldKind::Text => Self::Text(field.clone(), Matcher::Present),
            FieldKind::List => Self::List(field.clone(), Matcher::Present),
            FieldKind::Name(kind) => Self::Name(kind, u64::MAX),
            FieldKind::Flag => Self::Always,
        }
    }
}

/// Whether a field of this name passes. There are few names, so each is tried when the filter is made;
/// `like`, `contains` and `~` see the name as people read it.
fn name_passes(name: Name, test: &Test) -> bool {
    match test {
        Test::Is(relation, Literal::Name(wanted)) => match (name, wanted) {
            (Name::Severity(found), Name::Severity(wanted)) => relation.holds(&found, wanted),
            (found, wanted) => match relation {
                Relation::Equal => found == *wanted,
                Relation::NotEqual => found != *wanted,
                Relation::Below | Relation::AtMost | Relation::Above | Relation::AtLeast => false,
            },
        },
        Test::Is(_, Literal::Text(_) | Literal::Number(_) | Literal::Flag(_)) => false,
        Test::In { negated, values } => values.contains(&Literal::Name(name)) != *negated,
        Test::Like { negated, pattern } => Wildcard::new(pattern).matches(name.text()) != *negated,
        Test::Contains { negated, text } => {
            fold::contains(name.text(), &fold::fold(text)) != *negated
        }
        Test::Matches { negated, pattern } => pattern.regex().is_match(name.text()) != *negated,
    }
}
