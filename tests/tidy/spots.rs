//! Where a pattern stands.

use regex::Regex;

use super::Fault;

/// Each place in `view` where `pattern` stands.
pub fn spots(view: &str, pattern: &Regex) -> Vec<Fault> {
    pattern
        .find_iter(view)
        .map(|found| {
            (
                line_of(view, found.start()),
                found.as_str().trim().to_owned(),
            )
        })
        .collect()
}

/// The line, from 1, of the byte `at`.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Whether the line, or the one above it, carries a comment.
pub fn has_reason(comments: &str, line: usize) -> bool {
    let commented = |n: usize| {
        let text = comments.lines().nth(n).unwrap_or_default();
        // A bare `//` is no reason.
        text.chars().filter(|c| c.is_alphabetic()).count() >= 8
    };
    commented(line - 1) || line >= 2 && commented(line - 2)
}

/// A pattern that is known to compile.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}
