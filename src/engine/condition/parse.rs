//! Reads the statements of a condition.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "any other token is a fault, also one that the language gains"
)]

use std::ops::Range;

use crate::engine::filter::ast::{Comparison, Statement};
use crate::engine::filter::{
    Cursor, Field, FieldKind, Filter, FilterError, Filters, Grammar, Kind, Logic, NameKind, Named,
    expression, field, nearest, whole,
};

use super::clause::{Clause, Measure, Quantity};
use super::operand::{compared, decimals};

/// The functions of a condition.
pub(super) const FUNCTIONS: [&str; 10] = [
    "count", "distinct", "min", "max", "avg", "sum", "last", "round", "any", "all",
];

/// What other languages call them.
const FOREIGN_FUNCTIONS: [(&str, &str); 12] = [
    ("average", "avg(…)"),
    ("mean", "avg(…)"),
    ("minimum", "min(…)"),
    ("maximum", "max(…)"),
    ("total", "sum(…)"),
    ("latest", "last(…)"),
    ("unique", "distinct(…)"),
    ("some", "any(…)"),
    ("every", "all(…)"),
    ("none", "not any(…)"),
    ("exists", "any(exists(…))"),
    ("first", "last(…)"),
];

/// How much a condition may ask, with the named filters that it uses.
const MAX_STATEMENTS: usize = Filter::MAX_STATEMENTS;

const EXAMPLE: &str = "a function, as in `count() > 5` or `any(severity = critical)`";

/// Reads a condition.
pub(super) fn parse(text: &str, named: &Named) -> Result<Logic<Clause>, FilterError> {
    let mut grammar = Conditions {
        filters: Filters::new(named),
        statements: 0,
    };
    whole(text, &mut grammar).map_err(|error| of_star(text, error))
}

/// Other languages count with `count(*)`.
fn of_star(text: &str, error: FilterError) -> FilterError {
    let before = text.get(..error.span.start).unwrap_or_default().trim_end();
    let counts = before
        .strip_suffix('(')
        .is_some_and(|front| front.trim_end().to_ascii_lowercase().ends_with("count"));
    if counts && text.get(error.span.clone()) == Some("*") {
        return FilterError::new(text, error.span, "`*` does not fit here").expected("`count()`");
    }
    error
}

struct Conditions<'n> {
    filters: Filters<'n>,
    statements: usize,
}

impl Grammar for Conditions<'_> {
    type Statement = Clause;
    const NOUN: &'static str = "condition";

    fn statement(&mut self, cursor: &mut Cursor<'_>) -> Result<Clause, FilterError> {
        let Kind::Word(word) = cursor.peek().kind else {
            return Err(no_function(cursor));
        };
        let word = word.to_ascii_lowercase();
        match word.as_str() {
            "any" | "all" => {
                let filter = self.filtered(cursor, &word)?;
                if let Kind::Relation(_) = cursor.peek().kind {
                    let expected =
                        format!("nothing behind `{word}`, or `count(…)` before a number");
                    return Err(cursor.unexpected(&expected));
                }
                Ok(if word == "any" {
                    Clause::Any(filter)
                } else {
                    Clause::All(filter)
                })
            }
            "last" => self.latest(cursor),
            known if FUNCTIONS.contains(&known) => {
                let measure = self.measure(cursor)?;
                compared(cursor, measure)
            }
            _ => Err(no_function(cursor)),
        }
    }
}

impl Conditions<'_> {
    /// Reads a function that gives a number.
    fn measure(&mut self, cursor: &mut Cursor<'_>) -> Result<Measure, FilterError> {
        if !cursor.is_word("round") {
            let quantity = self.quantity(cursor)?;
            return Ok(Measure {
                quantity,
                decimals: None,
            });
        }
        let open = opened(cursor, "round(avg(value), 1)")?;
        let span = cursor.peek().span.clone();
        let quantity = self.quantity(cursor)?;
        if quantity.numbers_of().is_none() {
            let message = format!("`{}` is a whole number already", quantity.word());
            return Err(cursor.fault(span, message).expected(format!(
                "`{quantity}` without `round`, or `min`, `max`, `avg`, `sum` or `last` in it"
            )));
        }
        if cursor.take(&Kind::Comma).is_none() {
            return Err(
                cursor.unexpected("`,` and how many decimals, as in `round(avg(value), 1)`")
            );
        }
        let decimals = decimals(cursor)?;
        closed(cursor, &open)?;
        Ok(Measure {
            quantity,
            decimals: Some(decimals),
        })
    }

    fn quantity(&mut self, cursor: &mut Cursor<'_>) -> Result<Quantity, FilterError> {
        let Kind::Word(word) = cursor.peek().kind else {
            return Err(cursor.unexpected("a function of numbers, as in `avg(value)`"));
        };
        let of_field: fn(Field) -> Quantity = match word.to_ascii_lowercase().as_str() {
            "count" => return self.count(cursor),
            "distinct" => {
                let field = argument(cursor, "distinct(element)")?;
                return Ok(Quantity::Distinct(field));
            }
            "min" => Quantity::Least,
            "max" => Quantity::Greatest,
            "avg" => Quantity::Mean,
            "sum" => Quantity::Sum,
            "last" => Quantity::Latest,
            _ => return Err(cursor.unexpected("`min`, `max`, `avg`, `sum` or `last` of a field")),
        };
        let word = word.to_ascii_lowercase();
        let start = cursor.inner_span();
        let field = argument(cursor, &format!("{word}(value)"))?;
        match field.kind() {
            FieldKind::Text => Ok(of_field(field)),
            FieldKind::Name(NameKind::Severity) => Err(cursor
                .fault(start, "`severity` is no number")
                .expected("`any(severity >= major)` or `count(severity = critical) > 1`")),
            FieldKind::Name(_) | FieldKind::List | FieldKind::Flag => Err(cursor
                .fault(start, format!("`{field}` is no number"))
                .expected("`value`, `property.NAME` or another field of text")),
        }
    }

    fn count(&mut self, cursor: &mut Cursor<'_>) -> Result<Quantity, FilterError> {
        let empty = cursor.peek_second() == &Kind::Open && cursor.inner() == &Kind::Close;
        if empty {
            for _ in 0..3 {
                cursor.advance();
            }
            return Ok(Quantity::Count(None));
        }
        self.filtered(cursor, "count")
            .map(|filter| Quantity::Count(Some(filter)))
    }

    /// Reads a function of a filter.
    fn filtered(&mut self, cursor: &mut Cursor<'_>, word: &str) -> Result<Filter, FilterError> {
        let example = match word {
            "count" => "count() > 5".to_owned(),
            word => format!("{word}(severity = critical)"),
        };
        let open = opened(cursor, &example)?;
        cursor.enter(&open)?;
        let start = cursor.peek().span.start;
        let read = expression(cursor, &mut self.filters)?;
        let span = start..cursor.peek().span.start;
        closed(cursor, &open)?;
        cursor.leave();
        self.compiled(cursor, read, span)
    }

    fn compiled(
        &mut self,
        cursor: &Cursor<'_>,
        read: Logic<Statement>,
        span: Range<usize>,
    ) -> Result<Filter, FilterError> {
        let used = std::mem::take(&mut self.filters.used);
        let filter = Filter::compile(read, used).ok();
        let size = filter.as_ref().map_or(usize::MAX, Filter::statements);
        self.statements = self.statements.saturating_add(size);
        filter
            .filter(|_| self.statements <= MAX_STATEMENTS)
            .ok_or_else(|| {
                let message = "with the named filters that it uses the condition becomes too large";
                let expected = format!("at most {MAX_STATEMENTS} comparisons in all");
                cursor.fault(span, message).expected(expected)
            })
    }

    fn latest(&mut self, cursor: &mut Cursor<'_>) -> Result<Clause, FilterError> {
        let start = cursor.peek().span.start;
        let field = argument(cursor, "last(value)")?;
        let test = self.filters.test(cursor, &field)?;
        let comparison = Comparison { field, test };
        let span = start..cursor.peek().span.start;
        let read = Logic::Leaf(Statement::Comparison(comparison.clone()));
        let filter = self.compiled(cursor, read, span)?;
        Ok(Clause::Latest { comparison, filter })
    }
}

/// Takes the function's name and the parenthesis behind it.
fn opened(cursor: &mut Cursor<'_>, example: &str) -> Result<Range<usize>, FilterError> {
    cursor.advance();
    cursor
        .take(&Kind::Open)
        .ok_or_else(|| cursor.unexpected(&format!("`(`, as in `{example}`")))
}

fn closed(cursor: &mut Cursor<'_>, open: &Range<usize>) -> Result<(), FilterError> {
    if cursor.take(&Kind::Close).is_some() {
        return Ok(());
    }
    Err(match cursor.peek().kind {
        Kind::End => cursor
            .fault(open.clone(), "this `(` is not closed")
            .expected("`)` behind what belongs in it"),
        _ => cursor.unexpected("`)`"),
    })
}

/// Reads a function of one field.
fn argument(cursor: &mut Cursor<'_>, example: &str) -> Result<Field, FilterError> {
    let open = opened(cursor, example)?;
    let Kind::Word(word) = cursor.peek().kind else {
        return Err(cursor.unexpected(&format!("a field, as in `{example}`")));
    };
    if *cursor.peek_second() == Kind::Open {
        if word.eq_ignore_ascii_case("field") {
            return Err(cursor.unexpected(&format!("the field itself, as in `{example}`")));
        }
        if word.eq_ignore_ascii_case("property") {
            return Err(cursor.unexpected("`property.NAME`"));
        }
    }
    let field = field(cursor)?;
    closed(cursor, &open)?;
    Ok(field)
}

/// What stands where a function should.
fn no_function(cursor: &Cursor<'_>) -> FilterError {
    let token = cursor.peek();
    let span = token.span.clone();
    let error = |message: String| cursor.fault(span.clone(), message);
    match &token.kind {
        Kind::Reference(_) => error("a condition speaks of a bucket of alarms".to_owned())
            .expected(format!("`any({})`", cursor.written(&span))),
        Kind::Number(_) => {
            cursor.unexpected("the function first and the number behind it, as in `count() > 5`")
        }
        Kind::OpenList => {
            cursor.unexpected("the function without brackets, as in `avg(value) > 1`")
        }
        Kind::Word(word) if *cursor.peek_second() == Kind::Open => {
            let error = error(format!(
                "a condition knows no function {}",
                cursor.source(&span)
            ));
            let lower = word.to_ascii_lowercase();
            let foreign = FOREIGN_FUNCTIONS.iter().find(|(name, _)| *name == lower);
            match (foreign, nearest(word, FUNCTIONS)) {
                (Some((_, ours)), _) => error.expected(format!("`{ours}`")),
                (None, Some(near)) => error.expected(format!("`{near}(…)`")),
                (None, None) => error.expected(format!("one of {}", FUNCTIONS.join(", "))),
            }
        }
        Kind::Word(word) if is_field(word) => {
            error("a condition speaks of a bucket of alarms".to_owned()).expected(format!(
                "a function around it: `any({} …)`, or the comparison in `filter`",
                cursor.written(&span)
            ))
        }
        _ => cursor.unexpected(EXAMPLE),
    }
}

fn is_field(word: &str) -> bool {
    Field::from_name(word).is_some() || word.to_ascii_lowercase().starts_with("property.")
}
