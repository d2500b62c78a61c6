//! `not`, then `and`, then `or`, and parentheses, over the statements of any language.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "any other token is a fault, also one that the language gains"
)]

use super::cursor::Cursor;
use super::error::FilterError;
use super::logic::Logic;
use super::token::Kind;

/// Reads the statements of a language.
pub(crate) trait Grammar {
    type Statement;
    /// What a text of this language is called in messages.
    const NOUN: &'static str;

    /// Reads the statement at the cursor.
    fn statement(&mut self, cursor: &mut Cursor<'_>) -> Result<Self::Statement, FilterError>;
}

/// Reads a text that is one expression and nothing else.
pub(crate) fn whole<G: Grammar>(
    text: &str,
    grammar: &mut G,
) -> Result<Logic<G::Statement>, FilterError> {
    let mut cursor = Cursor::new(text, G::NOUN)?;
    let read = expression(&mut cursor, grammar)?;
    match cursor.peek().kind {
        Kind::End => Ok(read),
        Kind::Close => Err(cursor
            .fault(cursor.peek().span.clone(), "no `(` is open here")
            .expected("`and`, `or` or the end")),
        Kind::Word(_)
            if matches!(cursor.previous(), Some(Kind::Number(_)))
                && *cursor.peek_second() != Kind::Open =>
        {
            Err(cursor.unexpected("`and`, `or` or the end; a number is written without its unit"))
        }
        Kind::Word(_) | Kind::Number(_)
            if matches!(cursor.previous(), Some(Kind::Word(_)))
                && !is_operator(cursor.peek_second()) =>
        {
            Err(cursor.unexpected("`and`, `or` or the end; a text of several words goes in quotes"))
        }
        _ => Err(cursor.unexpected("`and`, `or` or the end")),
    }
}

/// Whether a comparison goes on here, so that the word before it was meant as a field.
fn is_operator(kind: &Kind<'_>) -> bool {
    matches!(kind, Kind::Relation(_) | Kind::Matches | Kind::NotMatches)
}

/// Reads an expression up to where it can go on no further.
pub(crate) fn expression<G: Grammar>(
    cursor: &mut Cursor<'_>,
    grammar: &mut G,
) -> Result<Logic<G::Statement>, FilterError> {
    let first = conjunction(cursor, grammar)?;
    if !cursor.is_word("or") {
        return Ok(first);
    }
    let mut parts = vec![first];
    while cursor.take_word("or").is_some() {
        parts.push(conjunction(cursor, grammar)?);
    }
    joined(cursor, Logic::any(parts))
}

fn conjunction<G: Grammar>(
    cursor: &mut Cursor<'_>,
    grammar: &mut G,
) -> Result<Logic<G::Statement>, FilterError> {
    let first = unary(cursor, grammar)?;
    if !cursor.is_word("and") {
        return Ok(first);
    }
    let mut parts = vec![first];
    while cursor.take_word("and").is_some() {
        parts.push(unary(cursor, grammar)?);
    }
    joined(cursor, Logic::all(parts))
}

fn joined<L>(cursor: &Cursor<'_>, parts: Option<Logic<L>>) -> Result<Logic<L>, FilterError> {
    parts.ok_or_else(|| cursor.unexpected("a comparison"))
}

fn unary<G: Grammar>(
    cursor: &mut Cursor<'_>,
    grammar: &mut G,
) -> Result<Logic<G::Statement>, FilterError> {
    if let Some(span) = cursor.take_word("not") {
        cursor.enter(&span)?;
        let inner = unary(cursor, grammar)?;
        cursor.leave();
        return Ok(inner.negated());
    }
    if let Some(open) = cursor.take(&Kind::Open) {
        cursor.enter(&open)?;
        let inner = expression(cursor, grammar)?;
        if cursor.take(&Kind::Close).is_none() {
            return Err(match cursor.peek().kind {
                Kind::End => cursor
                    .fault(open, "this `(` is not closed")
                    .expected("`)` behind what belongs together"),
                _ => cursor.unexpected("`and`, `or` or `)`"),
            });
        }
        cursor.leave();
        return Ok(inner);
    }
    cursor.count_statement()?;
    grammar.statement(cursor).map(Logic::Leaf)
}
