//! What stands behind a number: an operator and another number.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "any other token is a fault, also one that the language gains"
)]

use crate::engine::filter::ast::Relation;
use crate::engine::filter::{Cursor, FilterError, Kind, foreign_word, quote};

use super::clause::{Clause, Measure};
use super::fixed::Fixed;
use super::parse::FUNCTIONS;

const RELATIONS: &str = "`=`, `!=`, `<`, `<=`, `>` or `>=`";

/// Reads the operator and the number behind a measure.
pub(super) fn compared(cursor: &mut Cursor<'_>, measure: Measure) -> Result<Clause, FilterError> {
    let relation = match &cursor.peek().kind {
        Kind::Relation(relation) => *relation,
        Kind::Word(word) => {
            return Err(match foreign_word(word) {
                Some(ours) if Relation::ALL.iter().any(|known| known.symbol() == ours) => {
                    cursor.unexpected(&format!("`{ours}`"))
                }
                _ => cursor.unexpected(&format!("{RELATIONS} behind a number")),
            });
        }
        _ => return Err(cursor.unexpected(RELATIONS)),
    };
    cursor.advance();
    let number = number(cursor, relation)?;
    Ok(Clause::Compared {
        measure,
        relation,
        number,
    })
}

fn number(cursor: &mut Cursor<'_>, relation: Relation) -> Result<Fixed, FilterError> {
    let span = cursor.peek().span.clone();
    let written = cursor.written(&span);
    let error = |message: String| cursor.fault(span.clone(), message);
    let number = match &cursor.peek().kind {
        Kind::Number(_) => match Fixed::exact(written) {
            Some(number) => number,
            None => {
                let message = "numbers here have nine decimals and go up to 1e20".to_owned();
                let near = Fixed::front(written).unwrap_or_default();
                return Err(error(message).expected(format!("`{near}`, or another measure")));
            }
        },
        Kind::Word(word) if FUNCTIONS.contains(&word.to_ascii_lowercase().as_str()) => {
            return Err(error(format!(
                "{} stands behind the operator",
                cursor.source(&span)
            ))
            .expected(format!(
                "a number behind `{relation}`, as in `count() {relation} 5`"
            )));
        }
        Kind::Word(text) => {
            let message = format!("{} is no number", cursor.source(&span));
            return Err(match Fixed::front(text) {
                Some(number) => error(message).expected(format!("it without the unit: `{number}`")),
                None => error(message).expected(format!("a number behind `{relation}`")),
            });
        }
        Kind::Text(text) => {
            let message = format!("{} is a text", cursor.source(&span));
            return Err(match Fixed::front(text) {
                Some(number) => error(message).expected(format!("the number: `{number}`")),
                None => error(message).expected(format!(
                    "a number behind `{relation}`; `last(value) = {}` compares text",
                    quote(text)
                )),
            });
        }
        _ => return Err(cursor.unexpected(&format!("a number behind `{relation}`"))),
    };
    cursor.advance();
    Ok(number)
}

/// Reads how many decimals `round` leaves.
pub(super) fn decimals(cursor: &mut Cursor<'_>) -> Result<u8, FilterError> {
    let span = cursor.peek().span.clone();
    let read = match cursor.peek().kind {
        Kind::Number(_) => cursor.written(&span).parse().ok(),
        _ => None,
    };
    let decimals = read.filter(|decimals| u32::from(*decimals) <= Fixed::DECIMALS);
    match decimals {
        Some(decimals) => {
            cursor.advance();
            Ok(decimals)
        }
        None => Err(cursor.unexpected("how many decimals: 0 to 9")),
    }
}
