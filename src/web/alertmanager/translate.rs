//! Matchers to a filter, and a filter to matchers.
//!
//! A label that is the first of its list in the mapping is a field, any other is a property. What a
//! matcher says of a label that is not there (`!=` and `!~` hold, `=""` too) a filter says with `not`.
//! Filters compare without case, so that a silence may take a little more than its matchers say.
//!
//! | matcher | filter |
//! |---|---|
//! | `a="x"` | `property.a = "x"` |
//! | `a!="x"` | `not property.a = "x"` |
//! | `a=""`, `a!=""` | `not exists(property.a)`, `exists(property.a)` |
//! | `a=~"x.*"` | `property.a ~ "x.*"` |
//! | `a=~"x|"` | `not exists(property.a) or property.a ~ "x|"` |
//! | `a!~"x.*"` | `not property.a ~ "x.*"` |

use crate::engine::filter::ast::{Comparison, Expression, Literal, Relation, Statement, Test};
use crate::engine::filter::{Field, Filter, Logic, Name, Named, Pattern};
use crate::model::{Labels, Severity};

use super::matcher::Matcher;

/// The name of the one matcher that a filter is shown as which is no conjunction of matchers: its
/// value is the filter's text, and it is read back as that. No label has such a name: Prometheus
/// drops those that begin so.
pub(super) const WHOLE: &str = "__filter__";

/// The filter that says what the matchers say.
///
/// # Errors
/// There is none of them, or one cannot be said, in words.
pub(super) fn to_filter(matchers: &[Matcher], labels: &Labels) -> Result<String, String> {
    if let [whole] = matchers
        && whole.name == WHOLE
    {
        return Filter::parse(&whole.value, &Named::default())
            .map(|_| whole.value.clone())
            .map_err(|error| format!("bad filter: {error}"));
    }
    for matcher in matchers {
        // Broken expressions are told in the matcher's own words.
        matcher.check()?;
    }
    let takes_all = |matcher: &Matcher| matcher.check().is_ok_and(|check| check.holds(""));
    if matchers.iter().all(takes_all) {
        return Err("at least one matcher must not match the empty string".to_owned());
    }
    let mut parts = Vec::with_capacity(matchers.len());
    for matcher in matchers {
        let part = said(matcher, labels).ok_or_else(|| format!("cannot match by {matcher}"))?;
        parts.push(match (matcher.is_equal, part) {
            (true, part) => part,
            // `a!=""`: what is not absent is there.
            (false, Logic::Not(absent)) => *absent,
            (false, part @ (Logic::Leaf(_) | Logic::And(_) | Logic::Or(_))) => part.negated(),
        });
    }
    let filter = Logic::all(parts).ok_or("no matchers")?.to_string();
    Filter::parse(&filter, &Named::default())
        .map(|_| filter)
        .map_err(|error| format!("bad matchers: {error}"))
}

/// What a matcher says, without its negation.
fn said(matcher: &Matcher, labels: &Labels) -> Option<Expression> {
    let field = field_of(&matcher.name, labels)?;
    if !matcher.is_regex {
        return Some(equals(field, &matcher.value, labels));
    }
    let like = |field: Field| {
        let pattern = Pattern::new(&matcher.value)?;
        Some(compared(
            field,
            Test::Matches {
                negated: false,
                pattern,
            },
        ))
    };
    if field == Field::Severity {
        // A word of the alert's own is a property.
        let own = like(Field::Property(matcher.name.clone()))?;
        return Logic::any(vec![like(field)?, own]);
    }
    let takes_none = Matcher {
        is_equal: true,
        ..matcher.clone()
    };
    if takes_none.check().ok()?.holds("") {
        let absent = Logic::Leaf(Statement::Exists(field.clone())).negated();
        return Logic::any(vec![absent, like(field)?]);
    }
    like(field)
}

fn equals(field: Field, value: &str, labels: &Labels) -> Expression {
    if value.is_empty() {
        return Logic::Leaf(Statement::Exists(field)).negated();
    }
    let is = |field, literal| compared(field, Test::Is(Relation::Equal, literal));
    let text = Literal::Text(value.to_owned());
    if field != Field::Severity {
        return is(field, text);
    }
    match labels.severity_of(value) {
        Some(severity) if Labels::word_of(severity) == value => {
            is(field, Literal::Name(Name::Severity(severity)))
        }
        Some(_) | None => {
            let name = labels.severity.first().map_or("severity", String::as_str);
            is(Field::Property(name.to_owned()), text)
        }
    }
}

fn compared(field: Field, test: Test) -> Expression {
    Logic::Leaf(Statement::Comparison(Comparison { field, test }))
}

/// The fields that are labels, with the list of their names.
fn fields(labels: &Labels) -> [(&[String], Field); 4] {
    [
        (&labels.element, Field::Element),
        (&labels.parameter, Field::Parameter),
        (&labels.index, Field::Index),
        (&labels.severity, Field::Severity),
    ]
}

fn field_of(name: &str, labels: &Labels) -> Option<Field> {
    if name.is_empty() {
        return None;
    }
    let known = fields(labels)
        .into_iter()
        .find(|(list, field)| list.first().map_or(field.name(), String::as_str) == name);
    Some(known.map_or_else(|| Field::Property(name.to_owned()), |(_, field)| field))
}

fn name_of(field: &Field, labels: &Labels) -> Option<String> {
    if let Field::Property(name) = field {
        return Some(name.clone());
    }
    let known = fields(labels)
        .into_iter()
        .find(|(_, known)| known == field)?;
    Some(
        known
            .0
            .first()
            .map_or(field.name(), String::as_str)
            .to_owned(),
    )
}

/// What a filter says as matchers; as one that holds its text where it says more than matchers can.
pub(super) fn to_matchers(filter: &str, labels: &Labels) -> Vec<Matcher> {
    let parsed = Filter::parse(filter, &Named::default());
    let matchers = parsed.ok().and_then(|filter| match filter.expression() {
        Logic::And(parts) => parts.iter().map(|part| shown(part, labels)).collect(),
        one @ (Logic::Leaf(_) | Logic::Not(_) | Logic::Or(_)) => {
            shown(one, labels).map(|matcher| vec![matcher])
        }
    });
    matchers.unwrap_or_else(|| {
        vec![Matcher {
            name: WHOLE.to_owned(),
            value: filter.to_owned(),
            is_regex: false,
            is_equal: true,
        }]
    })
}

/// One part of a conjunction as a matcher.
fn shown(part: &Expression, labels: &Labels) -> Option<Matcher> {
    match part {
        Logic::Leaf(statement) => leaf(statement, labels),
        Logic::Not(inner) => {
            let matcher = shown(inner, labels)?;
            // `not a != "x"` does not take what has no a; no matcher says so.
            let is_plain = matcher.is_equal || matcher.value.is_empty();
            is_plain.then_some(Matcher {
                is_equal: !matcher.is_equal,
                ..matcher
            })
        }
        Logic::Or(parts) => either(parts, labels),
        Logic::And(_) => None,
    }
}

/// The two shapes of `or` that a matcher has.
fn either(parts: &[Expression], labels: &Labels) -> Option<Matcher> {
    let [first, Logic::Leaf(second)] = parts else {
        return None;
    };
    let second = leaf(second, labels).filter(|matcher| matcher.is_regex && matcher.is_equal)?;
    match first {
        Logic::Not(absent) => {
            let Logic::Leaf(Statement::Exists(field)) = &**absent else {
                return None;
            };
            (name_of(field, labels)? == second.name).then_some(second)
        }
        Logic::Leaf(own) => (leaf(own, labels)? == second).then_some(second),
        Logic::And(_) | Logic::Or(_) => None,
    }
}

fn leaf(statement: &Statement, labels: &Labels) -> Option<Matcher> {
    let (field, (value, is_regex, is_equal)) = match statement {
        Statement::Exists(field) => (field, (String::new(), false, false)),
        Statement::Comparison(Comparison { field, test }) => (field, asked(test)?),
        Statement::Named(_) => return None,
    };
    Some(Matcher {
        name: name_of(field, labels)?,
        value,
        is_regex,
        is_equal,
    })
}

/// Value, whether it is a regular expression, whether it has to fit.
fn asked(test: &Test) -> Option<(String, bool, bool)> {
    match test {
        Test::Is(Relation::Equal, literal) => Some((word(literal)?, false, true)),
        Test::Is(Relation::NotEqual, literal) => Some((word(literal)?, false, false)),
        Test::Is(Relation::Below | Relation::AtMost | Relation::Above | Relation::AtLeast, _) => {
            None
        }
        Test::In { negated, values } => {
            let words: Option<Vec<String>> = values
                .iter()
                .map(|value| Some(regex::escape(&word(value)?)))
                .collect();
            Some((words?.join("|"), true, !negated))
        }
        Test::Like { negated, pattern } => {
            let expression = pattern
                .chars()
                .map(|c| match c {
                    '*' => ".*".to_owned(),
                    '?' => ".".to_owned(),
                    c => regex::escape(c.encode_utf8(&mut [0; 4])),
                })
                .collect();
            Some((expression, true, !negated))
        }
        Test::Contains { negated, text } => {
            Some((format!(".*{}.*", regex::escape(text)), true, !negated))
        }
        Test::Matches { negated, pattern } => Some((pattern.source().to_owned(), true, !negated)),
    }
}

fn word(literal: &Literal) -> Option<String> {
    match literal {
        Literal::Text(text) => Some(text.clone()),
        Literal::Name(Name::Severity(severity)) => Some(severity_word(*severity)),
        Literal::Number(_) | Literal::Name(_) | Literal::Flag(_) => None,
    }
}

fn severity_word(severity: Severity) -> String {
    Labels::word_of(severity)
}

#[cfg(test)]
#[path = "translate/tests.rs"]
mod tests;
