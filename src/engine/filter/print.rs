//! A filter as canonical text: reading it again gives the same filter.

use std::fmt;

use super::ast::{Comparison, Literal, Relation, Statement, Test};
use super::logic::Logic;
use super::token::{is_word, quote};

impl<L: fmt::Display> fmt::Display for Logic<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(leaf) => leaf.fmt(f),
            Self::Not(inner) => {
                let loose = matches!(**inner, Self::And(_) | Self::Or(_));
                f.write_str("not ")?;
                operand(inner, loose, f)
            }
            Self::And(parts) => joined(parts, " and ", f),
            Self::Or(parts) => joined(parts, " or ", f),
        }
    }
}

/// Parts of an `and` or `or`. Only an `or` inside an `and` needs parentheses; trees that were not
/// built by the parser may also hold an `and` in an `and`, where they change nothing.
fn joined<L: fmt::Display>(
    parts: &[Logic<L>],
    word: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            f.write_str(word)?;
        }
        operand(part, word == " and " && matches!(part, Logic::Or(_)), f)?;
    }
    Ok(())
}

fn operand<L: fmt::Display>(
    part: &Logic<L>,
    parentheses: bool,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    if parentheses {
        write!(f, "({part})")
    } else {
        fmt::Display::fmt(part, f)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Comparison(comparison) => comparison.fmt(f),
            Self::Exists(field) => write!(f, "exists({field})"),
            Self::Named(name) if is_word(name) => write!(f, "@{name}"),
            Self::Named(name) => write!(f, "@{}", quote(name)),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.test)
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| if *negated { "not " } else { "" };
        match self {
            Self::Is(relation, literal) => write!(f, "{relation} {literal}"),
            Self::In { negated, values } => {
                write!(f, "{}in [", not(negated))?;
                for (n, value) in values.iter().enumerate() {
                    let comma = if n > 0 { ", " } else { "" };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
            Self::Like { negated, pattern } => {
                write!(f, "{}like {}", not(negated), quote(pattern))
            }
            Self::Contains { negated, text } => {
                write!(f, "{}contains {}", not(negated), quote(text))
            }
            Self::Matches { negated, pattern } => {
                let operator = if *negated { "!~" } else { "~" };
                write!(f, "{operator} {}", quote(pattern.source()))
            }
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.symbol())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&quote(text)),
            // Floats print all their digits; very long ones are read more easily with an exponent.
            Self::Number(number) if *number == 0.0 || (1e-6..1e15).contains(&number.abs()) => {
                number.fmt(f)
            }
            Self::Number(number) => write!(f, "{number:e}"),
            Self::Name(name) => f.write_str(&name.word()),
            Self::Flag(flag) => flag.fmt(f),
        }
    }
}
