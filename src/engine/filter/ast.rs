//! A filter as read: names resolved, patterns checked, nothing that cannot be compared.

use super::field::Field;
use super::logic::Logic;
use super::name::Name;
use super::pattern::Pattern;

/// A filter as a tree.
pub type Expression = Logic<Statement>;

/// What holds for a record or does not.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// A field compared.
    Comparison(Comparison),
    /// The field is there.
    Exists(Field),
    /// A filter known by name, `@name`.
    Named(String),
}

/// A field and what is asked of it. Does not hold when the field is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What is looked at.
    pub field: Field,
    /// What is asked.
    pub test: Test,
}

/// What is asked of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `=` and `!=` with any value, the other relations with a number or a severity.
    Is(Relation, Literal),
    /// `in`: the field equals one of the values, of which there is at least one.
    In {
        /// `not in`: it equals none.
        negated: bool,
        /// In the order written.
        values: Vec<Literal>,
    },
    /// `like`: the whole text fits, where `*` is any text and `?` one character. Not empty.
    Like {
        /// `not like`.
        negated: bool,
        /// The text with its wildcards.
        pattern: String,
    },
    /// `contains`: the text occurs in it. Not empty.
    Contains {
        /// `not contains`.
        negated: bool,
        /// The text looked for.
        text: String,
    },
    /// `~`: the whole text fits a regular expression.
    Matches {
        /// `!~`.
        negated: bool,
        /// The regular expression.
        pattern: Pattern,
    },
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// What a field is compared with: a text or a number for text, a name or a flag for those fields.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Not empty.
    Text(String),
    /// Finite.
    Number(f64),
    /// Of the field's kind.
    Name(Name),
    /// For `partial`.
    Flag(bool),
}

impl Relation {
    /// Every relation.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Below,
        Self::AtMost,
        Self::Above,
        Self::AtLeast,
    ];

    /// As filters write it.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it asks which is more.
    #[must_use]
    pub const fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Whether `a` stands in this relation to `b`.
    #[must_use]
    pub fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::NotEqual => a != b,
            Self::Below => a < b,
            Self::AtMost => a <= b,
            Self::Above => a > b,
            Self::AtLeast => a >= b,
        }
    }
}
