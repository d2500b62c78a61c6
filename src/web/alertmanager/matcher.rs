//! One matcher: `severity=~"critical|warning"`.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// What a label has to be. A label that is not there is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Matcher {
    pub(super) name: String,
    pub(super) value: String,
    #[serde(default)]
    pub(super) is_regex: bool,
    #[serde(default = "yes")]
    pub(super) is_equal: bool,
}

const fn yes() -> bool {
    true
}

impl Matcher {
    /// Reads `name="value"`, quotes may be missing (`labels.ParseMatcher`).
    ///
    /// # Errors
    /// It does not read so, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("bad matcher format: {text}");
        let text = text.trim();
        let end = text
            .find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | ':'))
            .ok_or_else(bad)?;
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let operators = [
            ("=~", true, true),
            ("!~", true, false),
            ("!=", false, false),
            ("=", false, true),
        ];
        let (value, is_regex, is_equal) = operators
            .into_iter()
            .find_map(|(sign, is_regex, is_equal)| {
                Some((rest.strip_prefix(sign)?, is_regex, is_equal))
            })
            .ok_or_else(bad)?;
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(bad());
        }
        Ok(Self {
            name: name.to_owned(),
            value: unquoted(value.trim()).ok_or_else(bad)?,
            is_regex,
            is_equal,
        })
    }

    /// A check that is ready to run.
    ///
    /// # Errors
    /// Its regular expression is none.
    pub(super) fn check(&self) -> Result<Check, String> {
        let pattern = self
            .is_regex
            .then(|| {
                RegexBuilder::new(&format!("^(?:{})$", self.value))
                    .size_limit(MAX_BYTES)
                    .build()
                    .map_err(|error| format!("bad matcher {self}: {error}"))
            })
            .transpose()?;
        Ok(Check {
            matcher: self.clone(),
            pattern,
        })
    }
}

/// What one compiled expression may take.
const MAX_BYTES: usize = 1 << 20;

/// A matcher, ready to run.
#[derive(Debug)]
pub(super) struct Check {
    matcher: Matcher,
    pattern: Option<Regex>,
}

impl Check {
    /// Whether it takes these labels.
    pub(super) fn takes(&self, labels: &[(String, String)]) -> bool {
        let found = labels.iter().find(|(name, _)| *name == self.matcher.name);
        self.holds(found.map_or("", |(_, value)| value))
    }

    /// Whether it takes this value of its label.
    pub(super) fn holds(&self, value: &str) -> bool {
        let is_like = match &self.pattern {
            Some(pattern) => pattern.is_match(value),
            None => self.matcher.value == value,
        };
        is_like == self.matcher.is_equal
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.is_regex, self.is_equal) {
            (false, true) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (true, false) => "!~",
        };
        write!(f, "{}{sign}{:?}", self.name, self.value)
    }
}

/// The text between quotes, `\"`, `\\` and `\n` read; all of it when there are none.
fn unquoted(text: &str) -> Option<String> {
    let Some(inner) = text.strip_prefix('"') else {
        return (!text.contains('"')).then(|| text.to_owned());
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return chars.as_str().is_empty().then_some(out),
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                quoted @ ('"' | '\\') => out.push(quoted),
                other => out.extend(['\\', other]),
            },
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn matchers_read_as_amtool_writes_them_and_hold_as_alertmanager_says() {
        let labels = [("a".to_owned(), "one".to_owned())];
        for (text, holds) in [
            ("a=\"one\"", true),
            ("a=one", true),
            (" a =~ \"o.*\" ", true),
            ("a=~\"n\"", false),
            ("a!=\"one\"", false),
            ("a!~\"t.*|o\"", true),
            ("b=\"\"", true),
            ("b!=\"x\"", true),
            ("b=~\".+\"", false),
        ] {
            let check = Matcher::parse(text).unwrap().check().unwrap();
            assert_eq!(check.takes(&labels), holds, "{text}");
        }
        assert_eq!(Matcher::parse(r#"a="x\"\\\n""#).unwrap().value, "x\"\\\n");
        for wrong in ["a", "=x", "1=x", "a=\"x", "a=\"x\"y", "a=x\"", "a-b=c", ""] {
            assert!(Matcher::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Matcher::parse("a=~\"(\"").unwrap().check().is_err());
    }
}
