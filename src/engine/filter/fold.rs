//! Text compared without case.
//!
//! Letters are compared by their lowercase, one character for one, so that `?` in a pattern counts the
//! same characters as a person does. Literals are folded once; a text is folded as it is read, and ASCII
//! needs no folding at all.

use std::cmp::Ordering;

/// The character that stands for all its cases. The one letter whose lowercase is two characters (İ)
/// stands for itself, and both small sigmas are one.
pub(super) fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some('ς'), None) => 'σ',
        (Some(only), None) => only,
        _ => c,
    }
}

/// A text with every character folded.
pub(crate) fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

/// Whether `text` is `folded`.
pub(super) fn equals(text: &str, folded: &str) -> bool {
    text.eq_ignore_ascii_case(folded)
        || (!text.is_ascii() && text.chars().map(fold_char).eq(folded.chars()))
}

/// Whether `text` begins with `folded`.
pub(super) fn begins(text: &str, folded: &str) -> bool {
    let head = text.as_bytes().get(..folded.len());
    if head.is_some_and(|head| head.eq_ignore_ascii_case(folded.as_bytes())) {
        return true;
    }
    if text.is_ascii() {
        return false;
    }
    let mut chars = text.chars().map(fold_char);
    folded.chars().all(|c| chars.next() == Some(c))
}

/// Whether `text` ends with `folded`.
pub(super) fn ends(text: &str, folded: &str) -> bool {
    if text.is_ascii() {
        let tail = text.len().checked_sub(folded.len());
        return tail
            .is_some_and(|at| text.as_bytes()[at..].eq_ignore_ascii_case(folded.as_bytes()));
    }
    let mut chars = text.chars().rev().map(fold_char);
    folded.chars().rev().all(|c| chars.next() == Some(c))
}

/// Whether `folded`, which is not empty, occurs in `text`.
pub(super) fn contains(text: &str, folded: &str) -> bool {
    /// Up to here the plain search is fastest; beyond, one that is linear in every case.
    const SHORT_BYTES: usize = 256;

    if text.len() > SHORT_BYTES || !text.is_ascii() {
        return fold(text).contains(folded);
    }
    let (text, folded) = (text.as_bytes(), folded.as_bytes());
    let Some(first) = folded.first() else {
        return true;
    };
    text.windows(folded.len()).any(|window| {
        window[0].to_ascii_lowercase() == *first && window.eq_ignore_ascii_case(folded)
    })
}

/// The order of `text`, folded, and `folded`: for a binary search in sorted folded texts.
pub(super) fn compare(text: &str, folded: &str) -> Ordering {
    text.chars().map(fold_char).cmp(folded.chars())
}
