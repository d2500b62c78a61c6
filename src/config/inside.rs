//! From a place inside a text to its place in the file that the text was written in.

use std::ops::Range;

/// The bytes of `raw`, a TOML string with its quotes, that became the bytes `span` of its value
/// `text`. `None` when the two do not fit together.
pub(super) fn locate(raw: &str, text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let places = places(raw, text)?;
    let start = *places.get(span.start)?;
    let end = *places.get(span.end)?;
    // The end of the last piece, rather than the start of what follows it: an escape may lie between.
    let end = match span.end.checked_sub(1) {
        Some(last) if span.end > span.start && end > places.get(last)? + 1 => {
            let width = text.get(last..).and_then(|rest| rest.chars().next());
            let plain = width.map_or(1, char::len_utf8);
            let piece = raw.get(*places.get(last)?..end)?;
            if piece.starts_with('\\') {
                end
            } else {
                places.get(last)? + plain
            }
        }
        _ => end,
    };
    Some(start..end.max(start))
}

/// For every byte of `text`, and for its end, where it was written in `raw`.
fn places(raw: &str, text: &str) -> Option<Vec<usize>> {
    let (open, long) = opening(raw)?;
    let quotes = if long { 3 } else { 1 };
    let end = raw.len().checked_sub(quotes).filter(|end| *end >= quotes)?;
    // In a broken file the closing quotes may be missing.
    raw.get(end..)?.chars().all(|c| c == open).then_some(())?;
    let mut at = quotes;
    if long {
        let body = &raw[at..end];
        at += if body.starts_with("\r\n") {
            2
        } else {
            usize::from(body.starts_with('\n'))
        };
    }
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut written = text.chars().peekable();
    while at < end {
        let c = raw[at..end].chars().next()?;
        if c == '\\' && open == '"' {
            let (decoded, width) = escape(&raw[at..end])?;
            if let Some(decoded) = decoded {
                if written.next()? != decoded {
                    return None;
                }
                places.extend(std::iter::repeat_n(at, decoded.len_utf8()));
            }
            at += width;
        } else {
            // A line break of two characters may be read as one.
            if c == '\r' && written.peek() != Some(&'\r') {
                at += 1;
                continue;
            }
            if written.next()? != c {
                return None;
            }
            places.extend((0..c.len_utf8()).map(|offset| at + offset));
            at += c.len_utf8();
        }
    }
    places.push(end);
    written.next().is_none().then_some(places)
}

/// The quote, and whether there are three of it.
fn opening(raw: &str) -> Option<(char, bool)> {
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let three: String = std::iter::repeat_n(quote, 3).collect();
    Some((quote, raw.len() >= 6 && raw.starts_with(&three)))
}

/// What an escape at the start of `rest` stands for (`None`: for nothing, a folded line break), and
/// its width in bytes.
fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let kind = rest[1..].chars().next()?;
    let simple = match kind {
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        '"' => '"',
        '\\' => '\\',
        'x' | 'u' | 'U' => {
            let digits = match kind {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
            return Some((Some(char::from_u32(code)?), 2 + digits));
        }
        _ => {
            let folded = &rest[1..];
            let width = folded.len() - folded.trim_start().len();
            return folded[..width].contains('\n').then_some((None, 1 + width));
        }
    };
    Some((Some(simple), 2))
}
