//! The statements of a filter: `field operator value`, `exists(field)` and `@name`.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "any other token is a fault, also one that the language gains"
)]

use std::collections::BTreeMap;
use std::ops::Range;

use super::ast::{Comparison, Relation, Statement, Test};
use super::compiled::Filter;
use super::cursor::Cursor;
use super::error::FilterError;
use super::field::{Field, FieldKind, PROPERTY_PREFIX};
use super::name::NameKind;
use super::named::Named;
use super::nearest::nearest;
use super::operand::{self, MAX_PATTERNS};
use super::parse::Grammar;
use super::pattern::Pattern;
use super::token::{Kind, quote};

/// Reads statements of filters.
pub(crate) struct Filters<'n> {
    named: &'n Named,
    /// The named filters that were used.
    pub(crate) used: BTreeMap<String, Filter>,
    patterns: usize,
}

/// An operator as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is(Relation),
    In { negated: bool },
    Like { negated: bool },
    Contains { negated: bool },
    Matches { negated: bool },
}

const OPERATORS: &str = "`=`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `like`, `contains`, `~` or `not` before one of the words";

/// Words that stand for operators elsewhere.
const FOREIGN_WORDS: [(&str, &str); 18] = [
    ("is", "="),
    ("equal", "="),
    ("equals", "="),
    ("eq", "="),
    ("ne", "!="),
    ("gt", ">"),
    ("ge", ">="),
    ("gte", ">="),
    ("lt", "<"),
    ("le", "<="),
    ("lte", "<="),
    ("matches", "~"),
    ("regex", "~"),
    ("regexp", "~"),
    ("ilike", "like"),
    ("has", "contains"),
    ("startswith", "like \"…*\""),
    ("endswith", "like \"*…\""),
];

/// What stands here for a word that is an operator elsewhere.
pub(crate) fn foreign_word(word: &str) -> Option<&'static str> {
    FOREIGN_WORDS
        .iter()
        .find(|(foreign, _)| word.eq_ignore_ascii_case(foreign))
        .map(|(_, ours)| *ours)
}

impl<'n> Filters<'n> {
    pub(crate) fn new(named: &'n Named) -> Self {
        Self {
            named,
            used: BTreeMap::new(),
            patterns: 0,
        }
    }

    fn reference(&mut self, cursor: &mut Cursor<'_>, name: &str) -> Result<Statement, FilterError> {
        let span = cursor.advance().span;
        let Some(filter) = self.named.get(name) else {
            let error = cursor.fault(
                span,
                format!("no filter is named `{}`", quote(name).trim_matches('"')),
            );
            return Err(match nearest(name, self.named.names()) {
                Some(known) => error.expected(format!("`{}`", Statement::Named(known.to_owned()))),
                None => error.expected("a name under [filters]"),
            });
        };
        self.used.insert(name.to_owned(), filter.clone());
        Ok(Statement::Named(name.to_owned()))
    }

    fn pattern(
        &mut self,
        cursor: &Cursor<'_>,
        source: &str,
        span: Range<usize>,
    ) -> Result<Pattern, FilterError> {
        self.patterns += 1;
        if self.patterns > MAX_PATTERNS {
            return Err(cursor
                .fault(span, "there are too many regular expressions")
                .expected(format!("at most {MAX_PATTERNS}; join some with `|`")));
        }
        Pattern::compile(source).map_err(|fault| {
            let error = cursor.fault(span, fault.message);
            match fault.expected {
                Some(expected) => error.expected(expected),
                None => error,
            }
        })
    }

    /// Reads what is asked of `field`.
    pub(crate) fn test(
        &mut self,
        cursor: &mut Cursor<'_>,
        field: &Field,
    ) -> Result<Test, FilterError> {
        let (operator, at) = operator(cursor, field)?;
        Ok(match operator {
            Operator::Is(relation) => {
                check_relation(cursor, field, relation, &at)?;
                Test::Is(relation, operand::literal(cursor, field, relation)?)
            }
            Operator::In { .. } if field.kind() == FieldKind::Flag => {
                return Err(flag_operator(cursor, at));
            }
            Operator::In { negated } => Test::In {
                negated,
                values: operand::list(cursor, field)?,
            },
            Operator::Like { .. } | Operator::Contains { .. } | Operator::Matches { .. }
                if field.kind() == FieldKind::Flag =>
            {
                return Err(flag_operator(cursor, at));
            }
            Operator::Like { negated } => Test::Like {
                negated,
                pattern: operand::text(cursor, field, "like")?.0,
            },
            Operator::Contains { negated } => Test::Contains {
                negated,
                text: operand::text(cursor, field, "contains")?.0,
            },
            Operator::Matches { negated } => {
                let (source, span) = operand::text(cursor, field, "~")?;
                Test::Matches {
                    negated,
                    pattern: self.pattern(cursor, &source, span)?,
                }
            }
        })
    }
}

impl Grammar for Filters<'_> {
    type Statement = Statement;
    const NOUN: &'static str = "filter";

    fn statement(&mut self, cursor: &mut Cursor<'_>) -> Result<Statement, FilterError> {
        match &cursor.peek().kind {
            Kind::Reference(name) => {
                let name = name.clone().into_owned();
                self.reference(cursor, &name)
            }
            Kind::Word(word) if word.eq_ignore_ascii_case("exists") => exists(cursor),
            Kind::Word(word) if *cursor.peek_second() == Kind::Open && !is_keyword(word) => {
                let span = cursor.peek().span.clone();
                let message = format!("a filter knows no function {}", cursor.source(&span));
                Err(cursor.fault(span, message).expected(
                    "a field, or `exists(field)`; `condition` of a rule counts and averages",
                ))
            }
            Kind::Word(_) => {
                let field = field(cursor)?;
                let test = self.test(cursor, &field)?;
                Ok(Statement::Comparison(Comparison { field, test }))
            }
            Kind::End | Kind::Close => {
                Err(cursor.unexpected("a comparison, as in `severity >= major`"))
            }
            _ => Err(cursor.unexpected("a field, as in `severity >= major`")),
        }
    }
}

impl Field {
    /// Reads the name of a field that stands by itself: `element`, `property.Cabinet name`.
    ///
    /// # Errors
    /// [`FilterError`] points at what is no field and says what to write.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let prefix = text.get(..PROPERTY_PREFIX.len());
        if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PROPERTY_PREFIX)) {
            let name = &text[PROPERTY_PREFIX.len()..];
            if !name.is_empty() && !name.starts_with(['"', '\'']) {
                return Ok(Self::Property(name.to_owned()));
            }
        }
        let mut cursor = Cursor::new(text, "field")?;
        if !matches!(cursor.peek().kind, Kind::Word(_)) {
            return Err(cursor.unexpected("a field, such as `element` or `property.Site`"));
        }
        let read = field(&mut cursor)?;
        match cursor.peek().kind {
            Kind::End => Ok(read),
            _ => Err(cursor.unexpected("the field by itself")),
        }
    }
}

/// Words that cannot stand for a field or a bare value.
pub(super) fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in", "like", "contains", "exists"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

fn exists(cursor: &mut Cursor<'_>) -> Result<Statement, FilterError> {
    cursor.advance();
    if cursor.take(&Kind::Open).is_none() {
        return Err(cursor.unexpected("`(`, as in `exists(property.Site)`"));
    }
    if !matches!(cursor.peek().kind, Kind::Word(_)) {
        return Err(cursor.unexpected("a field, as in `exists(property.Site)`"));
    }
    let field = field(cursor)?;
    match cursor.take(&Kind::Close) {
        Some(_) => Ok(Statement::Exists(field)),
        None => Err(cursor.unexpected("`)` behind the field")),
    }
}

/// Reads the field at the cursor, which stands at a word.
pub(crate) fn field(cursor: &mut Cursor<'_>) -> Result<Field, FilterError> {
    let Kind::Word(word) = cursor.peek().kind else {
        return Err(cursor.unexpected("a field, as in `severity >= major`"));
    };
    if is_keyword(word) {
        return Err(cursor.unexpected("a field before it, as in `severity >= major`"));
    }
    let span = cursor.advance().span;
    if let Some(known) = Field::from_name(word) {
        return Ok(known);
    }
    let prefix = word.get(..PROPERTY_PREFIX.len());
    if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(PROPERTY_PREFIX)) {
        return property(cursor, &word[PROPERTY_PREFIX.len()..], span);
    }
    let error = cursor.fault(
        span.clone(),
        format!("unknown field {}", cursor.source(&span)),
    );
    let bare = word.rsplit('.').next().unwrap_or(word);
    Err(if word.eq_ignore_ascii_case("time") {
        cursor
            .fault(span, "a filter does not look at `time`")
            .expected("another field; `active` of a rule says when it speaks")
    } else if word.eq_ignore_ascii_case("property") {
        error.expected("the name of the property behind a point, as in `property.Site`")
    } else if let Some(known) = nearest(bare, Field::ALL.iter().map(Field::name)) {
        error.expected(format!("`{known}`"))
    } else {
        let names: Vec<&str> = Field::ALL.iter().map(Field::name).collect();
        error.expected(format!("one of {}, or `property.NAME`", names.join(", ")))
    })
}

/// A property, of whose name `written` stands in the word; it may go on in quotes.
fn property(
    cursor: &mut Cursor<'_>,
    written: &str,
    span: Range<usize>,
) -> Result<Field, FilterError> {
    let mut name = written.to_owned();
    if name.is_empty() || name.ends_with('.') {
        match &cursor.peek().kind {
            Kind::Text(quoted) if cursor.peek().span.start == span.end && !quoted.is_empty() => {
                name.push_str(quoted);
                cursor.advance();
            }
            _ => {
                return Err(cursor
                    .fault(span, "the name of the property is missing")
                    .expected(
                        "it right behind the point: `property.Site` or `property.\"Cabinet name\"`",
                    ));
            }
        }
    } else if let Kind::Word(next) = cursor.peek().kind
        && !is_keyword(next)
        && foreign_word(next).is_none()
    {
        let both = format!("{name} {next}");
        return Err(cursor
            .fault(
                cursor.peek().span.clone(),
                "the name of the property ends before this",
            )
            .expected(format!(
                "an operator, or the whole name in quotes: `property.{}`",
                quote(&both)
            )));
    }
    Ok(Field::Property(name))
}

fn operator(
    cursor: &mut Cursor<'_>,
    field: &Field,
) -> Result<(Operator, Range<usize>), FilterError> {
    let not = cursor.take_word("not");
    let negated = not.is_some();
    let operator = match &cursor.peek().kind {
        Kind::Word(word) if word.eq_ignore_ascii_case("in") => Operator::In { negated },
        Kind::Word(word) if word.eq_ignore_ascii_case("like") => Operator::Like { negated },
        Kind::Word(word) if word.eq_ignore_ascii_case("contains") => Operator::Contains { negated },
        Kind::Relation(Relation::Equal) if negated => return Err(cursor.unexpected("`!=`")),
        Kind::Matches if negated => return Err(cursor.unexpected("`!~`")),
        _ if negated => {
            return Err(cursor.unexpected(&format!(
                "`in`, `like` or `contains` behind `not`, or `not` before `{field}`"
            )));
        }
        Kind::Relation(relation) => Operator::Is(*relation),
        Kind::Matches => Operator::Matches { negated: false },
        Kind::NotMatches => Operator::Matches { negated: true },
        Kind::Word(word) => {
            return Err(match foreign_word(word) {
                Some(ours) => cursor.unexpected(&format!("`{ours}`")),
                None => cursor.unexpected(OPERATORS),
            });
        }
        Kind::End | Kind::Close if field.kind() == FieldKind::Flag => {
            return Err(cursor.unexpected(&format!("`{field} = true`")));
        }
        _ => return Err(cursor.unexpected(OPERATORS)),
    };
    let at = cursor.advance().span;
    let start = not.map_or(at.start, |not| not.start);
    Ok((operator, start..at.end))
}

fn check_relation(
    cursor: &Cursor<'_>,
    field: &Field,
    relation: Relation,
    at: &Range<usize>,
) -> Result<(), FilterError> {
    if !relation.is_ordering() {
        return Ok(());
    }
    match field.kind() {
        FieldKind::Text | FieldKind::List | FieldKind::Name(NameKind::Severity) => Ok(()),
        FieldKind::Name(_) => Err(cursor
            .fault(at.clone(), format!("`{field}` has no order"))
            .expected("`=`, `!=` or `in [a, b]`")),
        FieldKind::Flag => Err(flag_operator(cursor, at.clone())),
    }
}

fn flag_operator(cursor: &Cursor<'_>, at: Range<usize>) -> FilterError {
    cursor
        .fault(at, "`partial` is true or false")
        .expected("`=`, as in `partial = true`")
}
