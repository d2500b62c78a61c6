//! Free text made into what Meta takes as the value of a variable.
//!
//! Meta refuses a whole message for one newline, tab, run of more than four spaces, or empty value
//! (whatsapp-cloud-api.md section 2). Its lengths are counted here in UTF-16 units, the largest of
//! the readings that its pages allow.

/// What stands for a value that is empty.
pub(in crate::whatsapp) const EMPTY: &str = "-";

/// `text` on one line: white space, control and direction characters are one space, what does not
/// print is gone, an empty text is `-`.
pub(super) fn one_line(text: &str) -> String {
    let line = collapse(text);
    if line.is_empty() {
        EMPTY.to_owned()
    } else {
        line
    }
}

/// Like [`one_line`], but an empty text stays empty.
pub(in crate::whatsapp) fn collapse(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if is_gap(c) {
            gap = true;
        } else if !is_invisible(c) {
            if gap && !line.is_empty() {
                line.push(' ');
            }
            gap = false;
            line.push(c);
        }
    }
    line
}

fn is_gap(c: char) -> bool {
    let direction = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_whitespace() || c.is_control() || direction
}

/// Marks without width that are not part of a word or an emoji; U+200C and U+200D are.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

/// Length in UTF-16 units.
pub(in crate::whatsapp) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// `text` in at most `max` units (at least one): cut at a word where that loses less than half, and
/// marked with `…`.
pub(in crate::whatsapp) fn shorten(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(1);
    let cut = prefix(text, room, char::len_utf16);
    let at_word = match text[cut.len()..].chars().next() {
        Some(' ') | None => Some(cut.len()),
        Some(_) => cut.rfind(' '),
    };
    let kept = match at_word {
        Some(end) if end * 2 >= cut.len() => &cut[..end],
        Some(_) | None => cut,
    };
    format!("{}…", kept.trim_end())
}

/// The longest beginning of `text` whose characters together measure at most `max`.
pub(super) fn prefix(text: &str, max: usize, measure: impl Fn(char) -> usize) -> &str {
    let mut sum = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            sum += measure(*c);
            sum > max
        })
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// Shortens `values` until they fit `budget` units together, the longest first: every value up to a
/// common length stays whole. `weights` says how often each value stands in the text.
pub(super) fn fit(values: &mut [String], weights: &[usize], budget: usize) {
    let lengths: Vec<usize> = values.iter().map(|value| units(value)).collect();
    let total = |cap: usize| -> usize {
        let used = lengths.iter().zip(weights);
        used.map(|(length, weight)| (*length).min(cap).saturating_mul(*weight))
            .sum()
    };
    let (mut low, mut high) = (1, lengths.iter().copied().max().unwrap_or(1).max(1));
    while low < high {
        let middle = (low + high).div_ceil(2);
        if total(middle) <= budget {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    for value in values {
        *value = shorten(value, low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_line_and_never_empty() {
        assert_eq!(one_line(" a\r\n\tb     c\u{a0}\u{2028}d "), "a b c d");
        assert_eq!(one_line("\u{0}\u{200b}\u{feff} \n"), "-");
        assert_eq!(one_line("x\u{202e}y\u{200f}z"), "x yz");
        assert_eq!(one_line("👩‍🚒 ok"), "👩‍🚒 ok");
    }

    #[test]
    fn a_long_text_is_cut_at_a_word() {
        assert_eq!(shorten("disk nearly full", 16), "disk nearly full");
        assert_eq!(shorten("disk nearly full", 15), "disk nearly…");
        assert_eq!(shorten("disk nearly full", 12), "disk nearly…");
        assert_eq!(shorten("disk nearly full", 11), "disk nearl…");
        assert_eq!(shorten("x aaaaaaaaaaaaaaaa", 10), "x aaaaaaa…");
        assert_eq!(shorten("👍👍👍", 4), "👍…");
        assert_eq!(shorten("ab", 1), "…");
    }

    #[test]
    fn only_the_longest_values_give_way() {
        let mut values = ["a".repeat(5), "b".repeat(100), "c".repeat(50)];
        fit(&mut values, &[1, 1, 1], 100);
        assert_eq!(values.each_ref().map(|value| units(value)), [5, 47, 47]);
        fit(&mut values, &[1, 1, 1], 100);
        assert_eq!(values[0], "aaaaa");
    }

    #[test]
    fn a_value_that_stands_twice_counts_twice() {
        let mut values = ["a".repeat(30), "b".repeat(30)];
        fit(&mut values, &[2, 1], 60);
        assert!(units(&values[0]) * 2 + units(&values[1]) <= 60);
        assert_eq!(units(&values[0]), 20);
    }
}
