//! Where the parser stands in its tokens, and what it has used up of its bounds.

use std::ops::Range;

use super::error::FilterError;
use super::token::{Kind, Token, tokens};

/// How deep parentheses and `not` may nest.
pub(crate) const MAX_NESTING: usize = 64;
/// How many statements one text may hold.
pub(crate) const MAX_STATEMENTS: usize = 2048;

pub(crate) struct Cursor<'t> {
    text: &'t str,
    /// What the text is called in messages.
    noun: &'static str,
    tokens: Vec<Token<'t>>,
    at: usize,
    nesting: usize,
    statements: usize,
}

impl<'t> Cursor<'t> {
    pub(crate) fn new(text: &'t str, noun: &'static str) -> Result<Self, FilterError> {
        Ok(Self {
            text,
            noun,
            tokens: tokens(text)?,
            at: 0,
            nesting: 0,
            statements: 0,
        })
    }

    /// The token to be read next.
    pub(crate) fn peek(&self) -> &Token<'t> {
        // The last token is the end, and `advance` stays on it.
        &self.tokens[self.at]
    }

    /// The kind of the token after that.
    pub(crate) fn peek_second(&self) -> &Kind<'t> {
        &self.ahead(1).kind
    }

    /// Where the second token after the next one stands: what is in the parentheses of a function.
    pub(crate) fn inner_span(&self) -> Range<usize> {
        self.ahead(2).span.clone()
    }

    /// The kind of that token.
    pub(crate) fn inner(&self) -> &Kind<'t> {
        &self.ahead(2).kind
    }

    fn ahead(&self, by: usize) -> &Token<'t> {
        &self.tokens[(self.at + by).min(self.tokens.len() - 1)]
    }

    /// The kind of the token that was read last.
    pub(crate) fn previous(&self) -> Option<&Kind<'t>> {
        let at = self.at.checked_sub(1)?;
        Some(&self.tokens[at].kind)
    }

    pub(crate) fn advance(&mut self) -> Token<'t> {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Takes the next token if it is of this kind.
    pub(crate) fn take(&mut self, kind: &Kind<'_>) -> Option<Range<usize>> {
        (self.peek().kind == *kind).then(|| self.advance().span)
    }

    /// Takes the next token if it is this word, in any case.
    pub(crate) fn take_word(&mut self, word: &str) -> Option<Range<usize>> {
        self.is_word(word).then(|| self.advance().span)
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek().kind, Kind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    /// One level deeper; to be paired with [`Self::leave`].
    pub(crate) fn enter(&mut self, span: &Range<usize>) -> Result<(), FilterError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self
                .fault(span.clone(), "this nests too deep")
                .expected(format!("at most {MAX_NESTING} levels of `(` and `not`")));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.nesting -= 1;
    }

    /// Counts a statement that begins here.
    pub(crate) fn count_statement(&mut self) -> Result<(), FilterError> {
        self.statements += 1;
        if self.statements > MAX_STATEMENTS {
            return Err(self
                .fault(self.peek().span.clone(), "there are too many comparisons")
                .expected(format!(
                    "at most {MAX_STATEMENTS}; `in [a, b]` takes many values at once"
                )));
        }
        Ok(())
    }

    pub(crate) fn fault(&self, span: Range<usize>, message: impl Into<String>) -> FilterError {
        FilterError::new(self.text, span, message)
    }

    /// A fault at the next token, said to be unexpected unless it explains itself.
    pub(crate) fn unexpected(&self, expected: &str) -> FilterError {
        let Token { kind, span } = self.peek();
        let error = |message: String| self.fault(span.clone(), message);
        match kind {
            Kind::End => error(format!("the {} ends here", self.noun)).expected(expected),
            Kind::Foreign(ours) => error(format!("{} is not known here", self.source(span)))
                .expected(format!("`{ours}`")),
            Kind::Word(_)
            | Kind::Text(_)
            | Kind::Number(_)
            | Kind::Reference(_)
            | Kind::Relation(_)
            | Kind::Matches
            | Kind::NotMatches
            | Kind::Open
            | Kind::Close
            | Kind::OpenList
            | Kind::CloseList
            | Kind::Comma => {
                error(format!("{} does not fit here", self.source(span))).expected(expected)
            }
        }
    }

    /// The text of a span as it was written.
    pub(crate) fn written(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    /// The text of a span in backticks, shortened where it is long.
    pub(crate) fn source(&self, span: &Range<usize>) -> String {
        const MAX_CHARS: usize = 40;

        let text = self.written(span);
        let mut short: String = text.chars().take(MAX_CHARS).flat_map(shown).collect();
        if text.chars().nth(MAX_CHARS).is_some() {
            short.push('…');
        }
        format!("`{short}`")
    }
}

/// A character as a message shows it: nothing that moves a terminal's cursor.
fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = (!c.is_control()).then_some(c);
    escaped.into_iter().flatten().chain(plain)
}
