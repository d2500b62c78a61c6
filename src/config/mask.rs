//! Blots secrets out of the text of a config file before any of it is shown.
//!
//! A fault may stand on the line of a secret, and a misspelt key or a lost quote must not uncover
//! it. So secrets are sought in four ways that do not rely on each other: what the parser found under
//! a key that is, or is nearly, one of a secret; what follows such a key in the bare text; whatever
//! stands in a section of secrets under no plain key; and what looks like an access token.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys;

/// Keys whose values nobody may see.
const SECRET_KEYS: [&str; 3] = ["token", "app_secret", "verify_token"];

/// What names a secret when it is part of a key.
const SECRET_WORDS: [&str; 4] = ["token", "secret", "passw", "bearer"];

/// Shorter texts are not sought elsewhere in the file: they would blot out innocent words.
const SHORTEST_SOUGHT: usize = 6;

/// A file has a few secrets; of a broken one, the first so many are sought elsewhere in it.
const MAX_SOUGHT: usize = 64;

/// What is to be blotted out of one file.
#[derive(Default)]
pub(super) struct Mask {
    spans: Vec<Range<usize>>,
    values: Vec<String>,
}

impl Mask {
    /// Finds the secrets of a file: `text`, and what the parser made of it.
    pub(super) fn find(text: &str, document: &DeTable<'_>) -> Self {
        let mut mask = Self::default();
        mask.walk(document, "");
        // What is no text in quotes may still be meant as a secret, and a message may quote it.
        let bare = mask.spans.iter().filter_map(|span| text.get(span.clone()));
        let bare = bare.filter(|value| value.len() >= SHORTEST_SOUGHT);
        mask.values.extend(bare.map(str::to_owned));
        mask.values.truncate(MAX_SOUGHT);
        mask.scan(text);
        mask.values
            .sort_by_key(|value| std::cmp::Reverse(value.len()));
        mask.values.dedup();
        mask
    }

    /// `text` with every byte of a secret turned into `*`; line breaks stay.
    pub(super) fn cover(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        let mut blot = |span: Range<usize>| {
            let start = text.floor_char_boundary(span.start);
            let end = text.ceil_char_boundary(span.end);
            for byte in bytes.get_mut(start..end).unwrap_or_default() {
                if !matches!(*byte, b'\n' | b'\r') {
                    *byte = b'*';
                }
            }
        };
        for span in &self.spans {
            blot(span.clone());
        }
        for value in &self.values {
            for (at, found) in text.match_indices(value.as_str()) {
                blot(at..at + found.len());
            }
        }
        for span in token_like(text) {
            blot(span);
        }
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// A message without the secrets that it may quote.
    pub(super) fn clean(&self, message: &str) -> String {
        let mut clean = message.to_owned();
        for value in &self.values {
            if clean.contains(value.as_str()) {
                clean = clean.replace(value.as_str(), "***");
            }
        }
        for span in token_like(&clean).into_iter().rev() {
            clean.replace_range(span, "***");
        }
        clean
    }

    fn walk(&mut self, table: &DeTable<'_>, section: &str) {
        for (key, value) in table.iter() {
            let name: &str = key.get_ref();
            if is_secret_key(name, section) {
                self.take(value);
            } else {
                let section = if section.is_empty() { name } else { section };
                match value.get_ref() {
                    DeValue::Table(inner) => self.walk(inner, section),
                    DeValue::Array(items) => {
                        for item in items.iter() {
                            if let DeValue::Table(inner) = item.get_ref() {
                                self.walk(inner, section);
                            }
                        }
                    }
                    DeValue::String(text) if carries_password(text) => self.take(value),
                    DeValue::String(_)
                    | DeValue::Integer(_)
                    | DeValue::Float(_)
                    | DeValue::Boolean(_)
                    | DeValue::Datetime(_) => {}
                }
            }
        }
    }

    fn take(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            // A table of this name has a header for its span, and its secrets inside.
            DeValue::Table(inner) => {
                for (_, value) in inner.iter() {
                    self.take(value);
                }
            }
            DeValue::Array(items) => {
                for item in items.iter() {
                    self.take(item);
                }
            }
            DeValue::String(text) => {
                self.spans.push(value.span());
                for line in text.lines().map(str::trim) {
                    if line.len() >= SHORTEST_SOUGHT {
                        self.values.push(line.to_owned());
                    }
                }
            }
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => self.spans.push(value.span()),
        }
    }

    /// Seeks secrets in the bare text, for what a broken file hides from the parser.
    fn scan(&mut self, text: &str) {
        let mut in_section = false;
        let mut continues = false;
        let mut until = 0;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            let bare = line.trim();
            if start < until {
                // Inside a secret of several lines.
            } else if let Some(at) = secret_value(line) {
                self.spans.push(start + at..end);
                continues = true;
                until = close_of_long(text, start + at);
                if until > end {
                    self.spans.push(start + at..until);
                }
            } else if is_header(bare) {
                in_section = ["whatsapp", "http", "webhook"]
                    .iter()
                    .any(|name| bare.contains(name));
                continues = false;
            } else if bare.is_empty() || bare.starts_with('#') {
            } else if let Some((key, value)) = key_of(line) {
                continues = false;
                if in_section && !(is_plain_key(key) && is_one_value(value)) {
                    self.spans.push(start..end);
                }
            } else if continues || in_section {
                self.spans.push(start..end);
            }
            start = end;
        }
    }
}

fn is_secret_key(key: &str, section: &str) -> bool {
    if is_plain_key(key) {
        return false;
    }
    let of_secrets = matches!(section, "whatsapp" | "http" | "webhook");
    of_secrets
        || keys::nearest(key, SECRET_KEYS).is_some()
        || (names_secret(key) && keys::homes(key).next().is_none())
}

/// Whether a key of this name is, or seems meant to be, one of a secret.
pub(super) fn names_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// Whether the value of `key` may be shown in a section that holds secrets too.
fn is_plain_key(key: &str) -> bool {
    !SECRET_KEYS.contains(&key) && keys::homes(key).next().is_some()
}

/// An address with a user or password in it.
fn carries_password(text: &str) -> bool {
    text.split_once("://")
        .is_some_and(|(_, rest)| rest.split('/').next().unwrap_or("").contains('@'))
}

/// Where the value begins in a line that gives a secret, or seems meant to.
fn secret_value(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    for word in SECRET_WORDS {
        for (at, _) in lower.match_indices(word) {
            let rest = &lower[at..];
            let key_end = at + rest.find(|c: char| !is_key_char(c)).unwrap_or(rest.len());
            let key_start = lower[..at]
                .rfind(|c: char| !is_key_char(c))
                .map_or(0, |before| lower.ceil_char_boundary(before + 1));
            if is_plain_key(&lower[key_start..key_end]) {
                continue;
            }
            let after = lower[key_end..].trim_start_matches(['"', '\'', ' ', '\t']);
            let gap = lower.len() - key_end - after.len();
            let first_word = lower[..key_start]
                .trim_start_matches(['#', ' ', '\t', '"', '\''])
                .is_empty();
            let commented = lower.trim_start().starts_with('#');
            if after.starts_with(['=', ':']) {
                let value = lower.len() - after.len() + 1;
                let blank = lower[value..].len() - lower[value..].trim_start().len();
                return Some((value + blank).min(lower.trim_end().len()));
            } else if first_word && !commented && (gap > 0 || after.is_empty()) {
                return Some(at + word.len());
            }
        }
    }
    None
}

/// Where a string of several lines that opens at `at` is closed; `at` when none opens there.
fn close_of_long(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or("");
    for quote in ["\"\"\"", "'''"] {
        if let Some(inner) = rest.strip_prefix(quote) {
            return inner.find(quote).map_or(text.len(), |end| at + 3 + end + 3);
        }
    }
    at
}

/// Whether a line opens a section, or seems meant to.
fn is_header(bare: &str) -> bool {
    let name = bare.split(']').next().unwrap_or(bare);
    name.starts_with('[') && !name.contains('=')
}

/// The key of a line of the form `key = …`.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().trim_matches(['"', '\'']);
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| is_key_char(c) || matches!(c, '.' | ' '));
    plain.then(|| (key.rsplit('.').next().unwrap_or(key).trim(), value))
}

/// Whether nothing follows the value of a line that could belong to another one.
fn is_one_value(value: &str) -> bool {
    let value = value.trim_start();
    let quotes = value.bytes().filter(|b| matches!(b, b'"' | b'\'')).count();
    value.starts_with('[') || (quotes <= 2 && !value.contains('='))
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether `text` looks like an access token rather than a name or a path.
pub(super) fn looks_like_token(text: &str) -> bool {
    let text = text.trim();
    token_like(text)
        .first()
        .is_some_and(|span| span.len() == text.len())
}

/// Runs of letters and digits that look like an access token: Meta's begin with `EAA`, and any is
/// long and mixes digits with letters of both cases.
fn token_like(text: &str) -> Vec<Range<usize>> {
    const LONG: usize = 28;
    const META: usize = 12;
    let mut found = Vec::new();
    let mut start = 0;
    for run in text.split_inclusive(|c: char| !is_key_char(c)) {
        let word = run.trim_end_matches(|c: char| !is_key_char(c));
        let mixed = word.bytes().any(|b| b.is_ascii_digit())
            && word.bytes().any(|b| b.is_ascii_uppercase())
            && word.bytes().any(|b| b.is_ascii_lowercase());
        if (mixed && word.len() >= LONG) || (word.starts_with("EAA") && word.len() >= META) {
            found.push(start..start + word.len());
        }
        start += run.len();
    }
    found
}
