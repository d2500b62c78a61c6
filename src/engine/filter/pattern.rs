//! `~`: regular expressions that must fit the whole text, in any case, in linear time.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// A regular expression of `~`.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

/// Why a text cannot be a pattern: what is wrong, and what to write where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatternFault {
    pub(super) message: String,
    pub(super) expected: Option<&'static str>,
}

impl Pattern {
    /// What one compiled expression may take.
    const MAX_BYTES: usize = 1024 * 1024;
    /// How deep groups may nest.
    const MAX_NESTING: u32 = 64;

    /// Reads a regular expression; `None` if it is none, or too large once compiled.
    #[must_use]
    pub fn new(source: &str) -> Option<Self> {
        Self::compile(source).ok()
    }

    pub(super) fn compile(source: &str) -> Result<Self, PatternFault> {
        // On its own first: `a)|(b` must not pass by the help of the group around it.
        let build = |text: &str| {
            RegexBuilder::new(text)
                .case_insensitive(true)
                .size_limit(Self::MAX_BYTES)
                .dfa_size_limit(Self::MAX_BYTES)
                .nest_limit(Self::MAX_NESTING)
                .build()
        };
        build(source).map_err(|error| fault(source, &error))?;
        // `\A` and `\z`: `^` and `$` mean lines under `(?m)`. The line break ends a comment of `(?x)`.
        let regex = match build(&format!(r"\A(?:{source})\z")) {
            Err(regex::Error::Syntax(_)) => build(&format!("\\A(?:{source}\n)\\z")),
            other => other,
        }
        .map_err(|error| fault(source, &error))?;
        Ok(Self {
            source: source.to_owned(),
            regex,
        })
    }

    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The expression that fits the whole of a text or nothing.
    pub(super) fn regex(&self) -> &Regex {
        &self.regex
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

fn fault(source: &str, error: &regex::Error) -> PatternFault {
    const LOOK_AROUND: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];

    let (message, expected) = match error {
        regex::Error::CompiledTooBig(_) => (
            "the regular expression becomes too large".to_owned(),
            Some("fewer or smaller repetitions"),
        ),
        _ if LOOK_AROUND.iter().any(|group| source.contains(group)) => (
            "regular expressions here have no look-around (`(?=`, `(?!`, `(?<=`, `(?<!`)"
                .to_owned(),
            Some("two comparisons joined by `and` or `and not`"),
        ),
        regex::Error::Syntax(text) => {
            let last = text.lines().next_back().unwrap_or_default();
            let reason = last.strip_prefix("error: ").unwrap_or(last);
            if has_back_reference(source) {
                (
                    "regular expressions here have no back-references (`\\1`)".to_owned(),
                    Some("a pattern without them"),
                )
            } else {
                (format!("not a regular expression: {reason}"), None)
            }
        }
        _ => ("not a regular expression".to_owned(), None),
    };
    PatternFault { message, expected }
}

fn has_back_reference(source: &str) -> bool {
    let mut escaped = false;
    source.chars().any(|c| {
        let found = escaped && matches!(c, '1'..='9');
        escaped = c == '\\' && !escaped;
        found
    })
}
