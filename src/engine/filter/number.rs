//! Numbers as filters and alarm values write them.

/// Reads the number at the front of a text, after white space: `12.5 dB` is 12.5, `-3` is -3,
/// `1.2E-9` is 0.0000000012 (bit error rates are written so).
///
/// A sign, digits, a point with digits after it, and an exponent that has digits; no decimal comma,
/// no group separators, no `inf`, no `nan`. What does not fit into a float is no number.
pub(super) fn front(text: &str) -> Option<f64> {
    split(text.trim_start()).map(|(number, _)| number)
}

/// Reads a text that is a number and nothing else but white space.
pub(super) fn whole(text: &str) -> Option<f64> {
    let (number, rest) = split(text.trim_start())?;
    rest.trim_end().is_empty().then_some(number)
}

/// The number that a text begins with, and the text behind it.
pub(crate) fn split(text: &str) -> Option<(f64, &str)> {
    let end = length(text.as_bytes())?;
    let (digits, rest) = text.split_at(end);
    let number: f64 = digits.parse().ok()?;
    number.is_finite().then_some((number, rest))
}

/// How many bytes of the front are a number.
fn length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        text[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let mut at = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let before = digits(at);
    at += before;
    let after = match text.get(at) {
        Some(b'.') => digits(at + 1),
        _ => 0,
    };
    if after > 0 {
        at += 1 + after;
    }
    if before == 0 && after == 0 {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        // Without the bound `digits` would slice behind the end.
        let power = if at + 1 + sign <= text.len() {
            digits(at + 1 + sign)
        } else {
            0
        };
        if power > 0 {
            at += 1 + sign + power;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::{front, whole};

    #[test]
    fn a_number_is_read_from_the_front() {
        for (text, expected) in [
            ("12.5 dB", Some(12.5)),
            ("12.5dB", Some(12.5)),
            ("  7", Some(7.0)),
            ("-3", Some(-3.0)),
            ("+1e3", Some(1000.0)),
            ("1.2E-9", Some(1.2e-9)),
            ("5e", Some(5.0)),
            ("5e+", Some(5.0)),
            ("5 east", Some(5.0)),
            (".5", Some(0.5)),
            ("12.", Some(12.0)),
            ("12,5", Some(12.0)),
            ("7/59", Some(7.0)),
            ("85%", Some(85.0)),
            ("", None),
            ("-", None),
            (".", None),
            ("Lost", None),
            ("inf", None),
            ("nan", None),
            ("1e999", None),
            ("é5", None),
        ] {
            assert_eq!(front(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_whole_number_has_nothing_behind_it() {
        assert_eq!(whole(" 102 "), Some(102.0));
        assert_eq!(whole("7/59"), None);
        assert_eq!(whole("12 dB"), None);
    }
}
