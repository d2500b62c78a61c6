//! What the TOML parser refuses, in our words and with a second place where it helps.

use std::ops::Range;

use toml::de::Error;

use super::fault::Fault;

/// A fault for everything that the parser refused.
pub(super) fn faults(text: &str, errors: &[Error]) -> Vec<Fault> {
    let on_header = |error: &Error| {
        let at = error.span().map_or(0, |span| span.start);
        line_at(text, at).trim_start().starts_with('[')
    };
    let section_twice = errors
        .iter()
        .any(|error| is_twice(error) && on_header(error));
    errors
        .iter()
        .map(|error| (error, fault(text, error)))
        // The keys of a section that is given twice are not mistakes of their own.
        .filter(|(error, fault)| {
            let key_twice = is_twice(error) && !on_header(error);
            !(section_twice && key_twice && fault.other.is_none())
        })
        .map(|(_, fault)| fault)
        .collect()
}

fn is_twice(error: &Error) -> bool {
    error.message() == "duplicate key"
}

fn fault(text: &str, error: &Error) -> Fault {
    let Some(span) = error.span().map(|span| widen(text, span)) else {
        return Fault::maybe_at(None, error.message());
    };
    if is_twice(error) {
        let name = text.get(span.clone()).unwrap_or("");
        let first = first_of(text, &span);
        let message = format!("`{name}` is given twice");
        let fault = Fault::at(span, message).help("keep one of the two");
        return match first {
            Some(first) => fault.other(first, "first given here"),
            None => fault,
        };
    }
    let (message, help) = in_words(line_at(text, span.start), error.message());
    Fault::at(span, message).maybe_help(help)
}

/// An empty span is hard to see: the rest of the word, if there is one.
fn widen(text: &str, span: Range<usize>) -> Range<usize> {
    if !span.is_empty() {
        return span;
    }
    let rest = text.get(span.start..).unwrap_or("");
    let width = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '=' | ',' | ']' | '}' | '#'))
        .unwrap_or(rest.len());
    span.start..span.start + width
}

/// What the parser said of `line`, for people, and what to write instead.
fn in_words(line: &str, said: &str) -> (String, Option<String>) {
    let value = line.split_once('=').map(|(_, value)| value.trim());
    let is_text = said.contains("string");
    let (message, help) = if is_text && value == Some("") {
        ("the value is missing", "write it behind the =")
    } else if said.contains("must be quoted") {
        ("text must stand in quotes", "write key = \"value\"")
    } else if (is_text || said.contains("escape")) && line.contains('\\') {
        (said, "write a backslash twice, or use '…' instead of \"…\"")
    } else if is_text && said.starts_with("invalid") {
        (said, "close the text with the quote it began with")
    } else if value.is_none() && !line.trim_start().starts_with('[') {
        (
            said,
            "a line is `key = value`, `[section]`, `[[list]]` or `# comment`",
        )
    } else {
        return (said.to_owned(), None);
    };
    (message.to_owned(), Some(help.to_owned()))
}

/// The line on which the byte `at` stands.
fn line_at(text: &str, at: usize) -> &str {
    let start = text[..text.floor_char_boundary(at)]
        .rfind('\n')
        .map_or(0, |at| at + 1);
    text[start..].lines().next().unwrap_or("")
}

/// Where the key or header at `span` was given before.
fn first_of(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next()?.trim();
    let key = text.get(span.clone())?;
    let is_header = line.starts_with('[');
    let mut end = start;
    for earlier in text[..start].split_inclusive('\n').rev() {
        let begin = end - earlier.len();
        end = begin;
        let bare = earlier.trim();
        let blank = earlier.len() - earlier.trim_start().len();
        let found = if is_header {
            bare.split('#').next().map(str::trim) == line.split('#').next().map(str::trim)
        } else {
            bare.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        if found {
            let width = if is_header { bare.len() } else { key.len() };
            return Some(begin + blank..begin + blank + width);
        }
        if !is_header && bare.starts_with('[') {
            return None;
        }
    }
    None
}
