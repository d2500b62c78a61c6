//! `like`: `*` stands for any text, also none, and `?` for one character.

use super::fold::{self, fold_char};

/// A pattern of `like`, in its cheapest form. There is no escape: for a `*` in the text use `~`.
#[derive(Debug, Clone)]
pub(super) enum Wildcard {
    Any,
    Equals(String),
    Begins(String),
    Ends(String),
    Contains(String),
    General(Vec<Piece>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// `*`, never two in a row.
    Many,
    /// `?`
    One,
    /// A folded character.
    Char(char),
}

impl Wildcard {
    pub(super) fn new(pattern: &str) -> Self {
        let mut pieces: Vec<Piece> = pattern.chars().map(Piece::of).collect();
        pieces.dedup_by(|a, b| *a == Piece::Many && *b == Piece::Many);
        let starts = pieces.first() == Some(&Piece::Many);
        let ends = pieces.len() > 1 && pieces.last() == Some(&Piece::Many);
        let middle = &pieces[usize::from(starts)..pieces.len() - usize::from(ends)];
        let Some(literal) = middle.iter().map(|piece| piece.literal()).collect() else {
            return Self::General(pieces);
        };
        match (starts, ends) {
            (true, false) if middle.is_empty() => Self::Any,
            (false, false) => Self::Equals(literal),
            (false, true) => Self::Begins(literal),
            (true, false) => Self::Ends(literal),
            (true, true) => Self::Contains(literal),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Equals(literal) => fold::equals(text, literal),
            Self::Begins(literal) => fold::begins(text, literal),
            Self::Ends(literal) => fold::ends(text, literal),
            Self::Contains(literal) => fold::contains(text, literal),
            Self::General(pieces) => walk(pieces, text),
        }
    }
}

impl Piece {
    fn of(c: char) -> Self {
        match c {
            '*' => Self::Many,
            '?' => Self::One,
            c => Self::Char(fold_char(c)),
        }
    }

    fn literal(self) -> Option<char> {
        match self {
            Self::Char(c) => Some(c),
            Self::Many | Self::One => None,
        }
    }
}

/// Greedy walk that only ever goes back to the last `*`: what an earlier one took need not change, so
/// the work is at most the length of the text times that of the pattern, whatever both are.
fn walk(pieces: &[Piece], text: &str) -> bool {
    let (mut piece, mut at) = (0, 0);
    let mut last_many: Option<(usize, usize)> = None;
    loop {
        let next = text[at..].chars().next();
        match (pieces.get(piece), next) {
            (None, None) => return true,
            (Some(Piece::Many), _) => {
                piece += 1;
                last_many = Some((piece, at));
            }
            // What is left of the pattern needs more text, and going back leaves it less.
            (Some(_), None) => return false,
            (Some(Piece::One), Some(c)) => {
                piece += 1;
                at += c.len_utf8();
            }
            (Some(Piece::Char(wanted)), Some(c)) if *wanted == fold_char(c) => {
                piece += 1;
                at += c.len_utf8();
            }
            (Some(Piece::Char(_)) | None, Some(_)) => {
                let Some((after, from)) = last_many else {
                    return false;
                };
                let Some(skipped) = text[from..].chars().next() else {
                    return false;
                };
                at = from + skipped.len_utf8();
                piece = after;
                last_many = Some((after, at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Wildcard;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("London*", "london west", true),
            ("London*", "Lond", false),
            ("London*", "New London", false),
            ("*west", "London WEST", true),
            ("*west", "est", false),
            ("*n w*", "London West", true),
            ("london", "LONDON", true),
            ("*", "x", true),
            ("***", "x", true),
            ("?", "é", true),
            ("?", "ab", false),
            ("a?c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-c-", false),
            ("*a?", "aab", true),
            ("**x**", "axb", true),
            ("ÖST*", "östersund", true),
            ("*strasse äö", "Die STRASSE ÄÖ", true),
            ("*STRASSE ä", "strasse äö", false),
            ("*ß Ä*", "Große Straß ÄÖ", true),
        ] {
            assert_eq!(
                Wildcard::new(pattern).matches(text),
                expected,
                "{pattern:?} on {text:?}"
            );
        }
    }

    #[test]
    fn many_stars_do_not_multiply_the_work() {
        let pattern = Wildcard::new(&format!("{}b?", "*a".repeat(500)));
        assert!(!pattern.matches(&"a".repeat(60_000)));
    }
}
