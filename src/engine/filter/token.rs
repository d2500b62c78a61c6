//! Text to tokens.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use super::ast::Relation;
use super::error::FilterError;
use super::number;

/// The longest text of a filter.
pub(crate) const MAX_TEXT_BYTES: usize = 64 * 1024;

/// One token and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind<'t>,
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind<'t> {
    /// A keyword, a field or a bare value: letters, digits, `_`, `-` and `.`.
    Word(&'t str),
    /// A quoted text, its escapes read.
    Text(String),
    Number(f64),
    /// `@name` or `@"name"`.
    Reference(Cow<'t, str>),
    Relation(Relation),
    /// `~`
    Matches,
    /// `!~`
    NotMatches,
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    /// What other languages write for what is given here.
    Foreign(&'static str),
    End,
}

/// Operators of other languages and what they are called here; longer ones first.
const FOREIGN: [(&str, &str); 19] = [
    ("===", "="),
    ("!==", "!="),
    ("==", "="),
    ("=~", "~"),
    ("=>", ">="),
    ("=<", "<="),
    ("=*", "like"),
    ("~=", "~"),
    ("<>", "!="),
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    ("|", "or"),
    ("≠", "!="),
    ("≤", "<="),
    ("≥", ">="),
    ("¬", "not"),
    ("∧", "and"),
    ("∨", "or"),
];

/// The operators, longer ones first.
const SYMBOLS: [(&str, Kind<'static>); 14] = [
    ("!=", Kind::Relation(Relation::NotEqual)),
    ("<=", Kind::Relation(Relation::AtMost)),
    (">=", Kind::Relation(Relation::AtLeast)),
    ("!~", Kind::NotMatches),
    ("=", Kind::Relation(Relation::Equal)),
    ("<", Kind::Relation(Relation::Below)),
    (">", Kind::Relation(Relation::Above)),
    ("~", Kind::Matches),
    ("!", Kind::Foreign("not")),
    ("(", Kind::Open),
    (")", Kind::Close),
    ("[", Kind::OpenList),
    ("]", Kind::CloseList),
    (",", Kind::Comma),
];

/// Splits a text into tokens; the last is [`Kind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, FilterError> {
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("the text has {} bytes", text.len());
        return Err(FilterError::new(text, 0..0, message).expected(format!(
            "at most {MAX_TEXT_BYTES}; put parts into [filters] and use them as `@name`"
        )));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (kind, length) = token(text, at, c)?;
        let span = at..at + length;
        at = span.end;
        tokens.push(Token { kind, span });
    }
    let span = text.len()..text.len();
    tokens.push(Token {
        kind: Kind::End,
        span,
    });
    Ok(tokens)
}

/// The token at `at`, which begins with `first`, and its length in bytes.
fn token(text: &str, at: usize, first: char) -> Result<(Kind<'_>, usize), FilterError> {
    let rest = &text[at..];
    if let Some((foreign, ours)) = FOREIGN.iter().find(|(word, _)| rest.starts_with(word)) {
        return Ok((Kind::Foreign(ours), foreign.len()));
    }
    if let Some((symbol, kind)) = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
        return Ok((kind.clone(), symbol.len()));
    }
    match first {
        '"' | '\'' => {
            let (value, length) = quoted(text, at, first)?;
            Ok((Kind::Text(value), length))
        }
        '@' => reference(text, at),
        '“' | '”' | '„' | '‘' | '’' | '«' | '»' => Err(FilterError::new(
            text,
            at..at + first.len_utf8(),
            format!("`{first}` is no quotation mark here"),
        )
        .expected("a straight one: `\"` or `'`")),
        _ => {
            let number =
                number::split(rest).map(|(number, rest_of)| (number, rest.len() - rest_of.len()));
            match (number, word_length(rest)) {
                // A word may begin like a number: `10.0.0.7`, `12dB`.
                (Some((number, length)), word) if length >= word => {
                    let more = word_length(&rest[length..]);
                    if more == 0 {
                        Ok((Kind::Number(number), length))
                    } else {
                        Ok((Kind::Word(&rest[..length + more]), length + more))
                    }
                }
                (_, word) if word > 0 => Ok((Kind::Word(&rest[..word]), word)),
                _ => Err(stray(text, at, first)),
            }
        }
    }
}

/// A character that means nothing outside quotes, in the piece of text that it stands in.
fn stray(text: &str, at: usize, c: char) -> FilterError {
    let ends = |c: char| c.is_whitespace() || "()[],\"'=<>!~".contains(c);
    let start = text[..at].rfind(ends).map_or(0, |before| {
        before + text[before..].chars().next().map_or(0, char::len_utf8)
    });
    let end = text[at..].find(ends).map_or(text.len(), |after| at + after);
    let error = FilterError::new(
        text,
        at..at + c.len_utf8(),
        format!("`{}` means nothing outside quotes", c.escape_debug()),
    );
    match &text[start..end] {
        piece if piece.len() > 60 => error.expected("the text in quotes"),
        piece => error.expected(format!("the text in quotes: `{}`", quote(piece))),
    }
}

/// How many bytes of the front are a word. A word does not begin with `-` or `.`.
fn word_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))
        .unwrap_or(text.len())
        .min(if text.starts_with(['-', '.']) {
            0
        } else {
            usize::MAX
        })
}

/// Whether a text can stand as one word.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && word_length(text) == text.len()
}

fn reference(text: &str, at: usize) -> Result<(Kind<'_>, usize), FilterError> {
    let rest = &text[at + 1..];
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let (name, length) = quoted(text, at + 1, quote)?;
            Ok((Kind::Reference(Cow::Owned(name)), length + 1))
        }
        _ => match word_length(rest) {
            0 => Err(FilterError::new(text, at..at + 1, "`@` names no filter")
                .expected("the name of a filter right behind it, as in `@london`")),
            length => Ok((Kind::Reference(Cow::Borrowed(&rest[..length])), length + 1)),
        },
    }
}

/// Reads a quoted text that begins at `at`; also tells its length with both quotes.
///
/// `\\`, `\"`, `\'`, `\n`, `\r`, `\t` and `\u{1f}` are escapes; before anything else a backslash stands
/// for itself, so that a regular expression reads as it is meant (`"\d+"`).
fn quoted(text: &str, at: usize, quote: char) -> Result<(String, usize), FilterError> {
    let body = &text[at + 1..];
    let mut value = String::new();
    let mut chars = body.char_indices();
    while let Some((place, c)) = chars.next() {
        match c {
            '\n' | '\r' => break,
            '\\' => {
                let after = &body[place + 1..];
                let (read, length) = escape(after).ok_or_else(|| {
                    let span = at + 1 + place..at + 1 + place + 2;
                    FilterError::new(text, span, "`\\u{…}` names no character")
                        .expected("a character's number in hexadecimal, as in `\\u{e9}`")
                })?;
                value.push(read);
                for _ in after[..length].chars() {
                    chars.next();
                }
            }
            c if c == quote => return Ok((value, place + 2)),
            c => value.push(c),
        }
    }
    let end = body
        .find(['\n', '\r'])
        .map_or(text.len(), |end| at + 1 + end);
    Err(
        FilterError::new(text, at..end, "the quotes are not closed").expected(format!(
            "`{quote}` at the end of the text, on the same line"
        )),
    )
}

/// What a backslash and the text behind it stand for, and how much of that text belongs to it; `None`
/// if it begins `u{` and names no character.
fn escape(after: &str) -> Option<(char, usize)> {
    let read = match after.chars().next() {
        Some(c @ ('\\' | '"' | '\'')) => (c, 1),
        Some('n') => ('\n', 1),
        Some('r') => ('\r', 1),
        Some('t') => ('\t', 1),
        Some('u') if after.starts_with("u{") => {
            let digits = after[2..].split('}').next()?;
            let digits = Some(digits).filter(|digits| !digits.starts_with('+'))?;
            let code = u32::from_str_radix(digits, 16).ok()?;
            let c = char::from_u32(code)?;
            let length = 2 + digits.len() + 1;
            (length <= after.len()).then_some((c, length))?
        }
        _ => ('\\', 0),
    };
    Some(read)
}

/// A text in double quotes, with escapes where they are needed.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
