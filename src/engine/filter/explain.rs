//! Why a filter took a record or not.

use crate::model::AlarmRecord;

use super::ast::{Comparison, Expression, Statement, Test};
use super::compiled::Filter;
use super::field::{Field, FieldKind};
use super::logic::Logic;
use super::node::Node;
use super::number;
use super::token::quote;

/// Whether a filter took a record, and the part of it that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it took it.
    pub matched: bool,
    /// The part that decided, in the filter's words, with the value that was seen:
    /// `severity >= critical: severity is Major`.
    pub because: String,
}

/// The statements that decided.
struct Reasons {
    matched: bool,
    parts: Vec<String>,
}

/// How many statements are told; what decided is seldom more.
pub(crate) const MAX_PARTS: usize = 8;
/// How much of a statement or a value is told, in characters.
const MAX_CHARS: usize = 160;

pub(super) fn explain(filter: &Filter, record: &AlarmRecord) -> Explanation {
    let Reasons { matched, mut parts } = reasons(filter.expression(), filter, record);
    let more = parts.len().saturating_sub(MAX_PARTS);
    parts.truncate(MAX_PARTS);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    let because = parts.join("; ");
    Explanation { matched, because }
}

fn reasons(expression: &Expression, filter: &Filter, record: &AlarmRecord) -> Reasons {
    match expression {
        Logic::Leaf(statement) => of_statement(statement, "", filter, record),
        Logic::Not(inner) => {
            let mut reasons = match &**inner {
                Logic::Leaf(statement) => of_statement(statement, "not ", filter, record),
                deeper @ (Logic::Not(_) | Logic::And(_) | Logic::Or(_)) => {
                    reasons(deeper, filter, record)
                }
            };
            reasons.matched = !reasons.matched;
            reasons
        }
        // The first that fails decides an `and`, the first that holds an `or`; else all of them do.
        Logic::And(parts) => until(parts, false, filter, record),
        Logic::Or(parts) => until(parts, true, filter, record),
    }
}

fn until(parts: &[Expression], decides: bool, filter: &Filter, record: &AlarmRecord) -> Reasons {
    let mut all = Vec::new();
    for part in parts {
        let one = reasons(part, filter, record);
        if one.matched == decides {
            return one;
        }
        all.extend(one.parts);
    }
    Reasons {
        matched: !decides,
        parts: all,
    }
}

fn of_statement(
    statement: &Statement,
    prefix: &str,
    filter: &Filter,
    record: &AlarmRecord,
) -> Reasons {
    if let Statement::Named(name) = statement
        && let Some(named) = filter.used().get(name)
    {
        let mut inner = reasons(named.expression(), named, record);
        for part in &mut inner.parts {
            part.insert_str(0, &format!("{prefix}{statement}: "));
        }
        return inner;
    }
    let seen = match statement {
        Statement::Comparison(comparison) => seen(&comparison.field, Some(comparison), record),
        Statement::Exists(field) => seen(field, None, record),
        Statement::Named(name) => format!("no filter is named {}", quote(name)),
    };
    let text = shortened(&statement.to_string());
    Reasons {
        matched: Node::of_statement(statement, filter.used()).matches(record),
        parts: vec![format!("{prefix}{text}: {seen}")],
    }
}

/// What the record holds in a field.
pub(crate) fn seen(field: &Field, comparison: Option<&Comparison>, record: &AlarmRecord) -> String {
    match field.kind() {
        FieldKind::Text => match field.text(record) {
            "" => format!("{field} is not there"),
            text if comparison.is_some_and(wants_number) && number::front(text).is_none() => {
                format!("{field} is {}, which is no number", value(text))
            }
            text => format!("{field} is {}", value(text)),
        },
        FieldKind::List => {
            let texts: Vec<String> = field
                .list(record)
                .iter()
                .filter(|text| !text.is_empty())
                .map(|text| value(text))
                .collect();
            match texts.as_slice() {
                [] => format!("{field} is not there"),
                [one] => format!("{field} is {one}"),
                many => format!("{field} is {}", shortened(&many.join(", "))),
            }
        }
        FieldKind::Name(kind) => match kind.of(record) {
            Some(name) => format!("{field} is {}", name.text()),
            None => format!("{field} is not there"),
        },
        FieldKind::Flag => format!("{field} is {}", record.partial),
    }
}

fn wants_number(comparison: &Comparison) -> bool {
    matches!(&comparison.test, Test::Is(relation, _) if relation.is_ordering())
}

fn value(text: &str) -> String {
    quote(&shortened(text))
}

pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
