//! What stands behind an operator: values, lists, patterns.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "any other token is a fault, also one that the language gains"
)]

use std::ops::Range;

use super::ast::{Literal, Relation};
use super::cursor::Cursor;
use super::error::FilterError;
use super::field::{Field, FieldKind};
use super::name::{Name, NameKind};
use super::nearest::nearest;
use super::number;
use super::statement::is_keyword;
use super::token::{Kind, quote};

/// How many values a list may hold.
pub(crate) const MAX_LIST: usize = 1024;
/// How many regular expressions one text may hold: each may take a mebibyte.
pub(crate) const MAX_PATTERNS: usize = 64;

/// Reads the value of `=`, `!=` or an ordering.
pub(super) fn literal(
    cursor: &mut Cursor<'_>,
    field: &Field,
    relation: Relation,
) -> Result<Literal, FilterError> {
    if let Kind::OpenList = cursor.peek().kind
        && !relation.is_ordering()
    {
        let not = if relation == Relation::NotEqual {
            "not "
        } else {
            ""
        };
        return Err(cursor
            .fault(
                cursor.peek().span.clone(),
                format!("`{relation}` takes one value"),
            )
            .expected(format!("`{not}in [a, b]` for a list")));
    }
    if !relation.is_ordering() {
        return value(cursor, field);
    }
    match field.kind() {
        FieldKind::Name(kind) => match cursor.peek().kind {
            Kind::Number(code) => {
                let span = cursor.peek().span.clone();
                let error = cursor.fault(span, "codes have no order");
                Err(match name_of_code(kind, code) {
                    Some(name) => error.expected(format!("the name: `{}`", name.word())),
                    None => error.expected("a name, as in `severity >= major`"),
                })
            }
            _ => value(cursor, field),
        },
        FieldKind::Text | FieldKind::List | FieldKind::Flag => measure(cursor, relation),
    }
}

/// Reads the number of an ordering, which may stand in quotes.
fn measure(cursor: &mut Cursor<'_>, relation: Relation) -> Result<Literal, FilterError> {
    let span = cursor.peek().span.clone();
    let text = match &cursor.peek().kind {
        Kind::Number(number) => {
            let number = *number;
            cursor.advance();
            return Ok(Literal::Number(number));
        }
        Kind::Text(text) => text.clone(),
        Kind::Word(word) => (*word).to_owned(),
        _ => return Err(cursor.unexpected(&format!("a number behind `{relation}`"))),
    };
    if let Some(number) = number::whole(&text) {
        cursor.advance();
        return Ok(Literal::Number(number));
    }
    let error = cursor.fault(
        span.clone(),
        format!("{} is no number", cursor.source(&span)),
    );
    Err(match number::front(&text) {
        Some(number) => error.expected(format!(
            "it without the unit: `{}`",
            Literal::Number(number)
        )),
        None => error.expected(format!("a number behind `{relation}`")),
    })
}

/// Reads `[a, b]`.
pub(super) fn list(cursor: &mut Cursor<'_>, field: &Field) -> Result<Vec<Literal>, FilterError> {
    let Some(open) = cursor.take(&Kind::OpenList) else {
        return Err(cursor.unexpected("a list behind `in`, as in `[a, b]`"));
    };
    let mut values = Vec::new();
    loop {
        if cursor.peek().kind == Kind::CloseList {
            let close = cursor.advance().span;
            if values.is_empty() {
                return Err(cursor
                    .fault(open.start..close.end, "the list is empty")
                    .expected("a value in it"));
            }
            return Ok(values);
        }
        if values.len() == MAX_LIST {
            return Err(cursor
                .fault(cursor.peek().span.clone(), "the list is too long")
                .expected(format!("at most {MAX_LIST} values")));
        }
        values.push(value(cursor, field)?);
        let closes = cursor.peek().kind == Kind::CloseList;
        if !closes && cursor.take(&Kind::Comma).is_none() {
            return Err(match cursor.peek().kind {
                Kind::End => cursor
                    .fault(open, "this `[` is not closed")
                    .expected("`]` behind the last value"),
                Kind::Word(_) => {
                    cursor.unexpected("`,` or `]`; a text of several words goes in quotes")
                }
                _ => cursor.unexpected("`,` or `]`"),
            });
        }
    }
}

/// Reads the text of `like`, `contains` and `~`; also tells where it stands.
pub(super) fn text(
    cursor: &mut Cursor<'_>,
    field: &Field,
    operator: &str,
) -> Result<(String, Range<usize>), FilterError> {
    let span = cursor.peek().span.clone();
    let text = match &cursor.peek().kind {
        Kind::Text(text) => text.clone(),
        Kind::Word(word) if !is_keyword(word) => (*word).to_owned(),
        Kind::Number(_) => cursor.written(&span).to_owned(),
        Kind::OpenList => {
            return Err(cursor
                .fault(span, format!("`{operator}` takes one text"))
                .expected(format!(
                    "one comparison for each, as in `({field} {operator} \"a\" or {field} {operator} \"b\")`"
                )));
        }
        _ => return Err(cursor.unexpected(&format!("a text in quotes behind `{operator}`"))),
    };
    if text.is_empty() {
        return Err(empty(cursor, field));
    }
    cursor.advance();
    Ok((text, span))
}

/// Reads one value for a field.
fn value(cursor: &mut Cursor<'_>, field: &Field) -> Result<Literal, FilterError> {
    let literal = match field.kind() {
        FieldKind::Name(kind) => Literal::Name(name(cursor, field, kind)?),
        FieldKind::Flag => Literal::Flag(flag(cursor)?),
        FieldKind::Text | FieldKind::List => free(cursor, field)?,
    };
    cursor.advance();
    Ok(literal)
}

/// The text or number at the cursor.
fn free(cursor: &Cursor<'_>, field: &Field) -> Result<Literal, FilterError> {
    match &cursor.peek().kind {
        Kind::Number(number) => Ok(Literal::Number(*number)),
        Kind::Text(text) if text.is_empty() => Err(empty(cursor, field)),
        Kind::Text(text) => Ok(Literal::Text(text.clone())),
        Kind::Word(word) if is_keyword(word) => Err(cursor.unexpected(&format!(
            "a value; in quotes if it is one: `{}`",
            quote(word)
        ))),
        Kind::Word(word) if Field::from_name(word).is_some() => {
            let span = cursor.peek().span.clone();
            let message = format!(
                "{} is a field, and a field is compared with a value",
                cursor.source(&span)
            );
            Err(cursor.fault(span, message).expected(format!(
                "a value; in quotes if it is one: `{}`",
                quote(word)
            )))
        }
        Kind::Word(word) => Ok(Literal::Text((*word).to_owned())),
        _ => Err(cursor.unexpected("a value, as in `\"London\"`")),
    }
}

/// The name at the cursor, written as a name or as DataMiner's code.
fn name(cursor: &Cursor<'_>, field: &Field, kind: NameKind) -> Result<Name, FilterError> {
    let token = cursor.peek();
    let (found, text) = match &token.kind {
        Kind::Word(word) if !is_keyword(word) => (kind.parse(word), *word),
        Kind::Text(text) => (kind.parse(text), text.as_str()),
        Kind::Number(code) => (name_of_code(kind, *code), ""),
        _ => return Err(cursor.unexpected(&format!("a {field}: {}", names(kind)))),
    };
    found.ok_or_else(|| {
        let message = format!("no {field} is called {}", cursor.source(&token.span));
        let error = cursor.fault(token.span.clone(), message);
        let words: Vec<String> = kind.all().into_iter().map(Name::word).collect();
        let text = text.replace([' ', '-'], "_");
        match nearest(&text, words.iter().map(String::as_str)) {
            Some(known) => error.expected(format!("`{known}`")),
            None => error.expected(names(kind)),
        }
    })
}

fn names(kind: NameKind) -> String {
    let words: Vec<String> = kind.all().into_iter().map(Name::word).collect();
    format!("one of {}", words.join(", "))
}

fn name_of_code(kind: NameKind, code: f64) -> Option<Name> {
    // Codes are below 100; the search spares a cast that could cut.
    let code = (0..100u16).find(|known| f64::from(*known) == code)?;
    kind.from_code(code)
}

fn flag(cursor: &Cursor<'_>) -> Result<bool, FilterError> {
    match &cursor.peek().kind {
        Kind::Word(word) if word.eq_ignore_ascii_case("true") => Ok(true),
        Kind::Word(word) if word.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(cursor.unexpected("`true` or `false`")),
    }
}

/// A field whose text is empty is not there, so that nothing can hold of it.
fn empty(cursor: &Cursor<'_>, field: &Field) -> FilterError {
    cursor
        .fault(cursor.peek().span.clone(), "an empty text never compares")
        .expected(format!("`not exists({field})`, or `exists({field})`"))
}
