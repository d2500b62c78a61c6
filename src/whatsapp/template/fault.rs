//! What is wrong with a template as written.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong with a [`Definition`](super::Definition).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFault {
    /// Which text of the definition.
    pub place: Place,
    /// Where in that text, in bytes.
    pub span: Option<Range<usize>>,
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// What to write instead.
    pub expected: Option<String>,
    /// Whether the template cannot be used. What is not fatal is what Meta refuses or dislikes when
    /// a template is handed in: one that is approved works all the same.
    pub fatal: bool,
}

/// A text of a definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `name`.
    Name,
    /// `language`.
    Language,
    /// The text of the header.
    Header,
    /// What fills the header's variable.
    HeaderParameter,
    /// `text`, the body.
    Text,
    /// `footer`.
    Footer,
    /// What fills a variable of the body: the n-th of `parameters`, from 0.
    Parameter(usize),
    /// The n-th button, from 0: its label, address, payload or parameter.
    Button(usize),
}

impl TemplateFault {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            span: None,
            message: message.into(),
            expected: None,
            fatal: true,
        }
    }

    pub(super) fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    pub(super) fn expect(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(super) fn warning(mut self) -> Self {
        self.fatal = false;
        self
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        match &self.expected {
            Some(expected) => write!(f, "; {expected}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TemplateFault {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Language => f.write_str("language"),
            Self::Header => f.write_str("header"),
            Self::HeaderParameter => f.write_str("parameter of the header"),
            Self::Text => f.write_str("text"),
            Self::Footer => f.write_str("footer"),
            Self::Parameter(n) => write!(f, "parameter {}", n + 1),
            Self::Button(n) => write!(f, "button {}", n + 1),
        }
    }
}
