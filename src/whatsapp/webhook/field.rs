//! Fields read with tolerance, and words without numbers of people.

use serde_json::Value;

use crate::model::Time;
use crate::whatsapp::template::sanitise::{collapse, shorten};

/// The longest id, in bytes; a wamid has about 60, what we send along at most 512.
const MAX_ID_BYTES: usize = 512;
/// The longest text that is told of a failure or a change, in UTF-16 units.
const MAX_WORDS: usize = 300;
/// The longest name of a kind, in UTF-16 units.
const MAX_KIND: usize = 60;
/// So many digits in a row may be a phone number; Graph's codes have seven at most.
const PHONE_DIGITS: usize = 8;

/// The text at `path`; a number counts as its digits.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text at `path`, when it has a length that an id may have.
pub(super) fn id(value: &Value, path: &[&str]) -> Option<String> {
    text(value, path).filter(|id| !id.is_empty() && id.len() <= MAX_ID_BYTES)
}

/// The items of the list at `path`; none when it is no list.
pub(super) fn list<'v>(value: &'v Value, path: &[&str]) -> &'v [Value] {
    at(value, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The number at `path`, also as text.
pub(super) fn number(value: &Value, path: &[&str]) -> Option<u32> {
    text(value, path)?.trim().parse().ok()
}

/// Seconds since the epoch at `timestamp`, as text in Meta's bodies.
pub(super) fn timestamp(value: &Value) -> Time {
    let seconds = text(value, &["timestamp"]).and_then(|text| text.trim().parse::<i64>().ok());
    Time::from_ms(seconds.unwrap_or(0).saturating_mul(1000))
}

pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter()
        .try_fold(value, |value, key| value.as_object()?.get(*key))
}

/// A kind or an event of Meta's, for people: one short line.
pub(super) fn kind(text: &str) -> String {
    shorten(&nameless(text), MAX_KIND)
}

/// Words of Meta's, for people: one line, without numbers of people.
pub(super) fn words(text: &str) -> String {
    shorten(&nameless(text), MAX_WORDS)
}

/// `DISABLED_UPDATE` as `disabled update`.
pub(super) fn spoken(constant: &str) -> String {
    kind(&constant.replace('_', " ").to_lowercase())
}

/// `text` on one line, with what may be a phone number cut to its last two digits, and without ids
/// of messages, in which numbers are hidden.
fn nameless(text: &str) -> String {
    let text = collapse(text);
    let mut clean = String::with_capacity(text.len());
    for (n, word) in text.split(' ').enumerate() {
        if n > 0 {
            clean.push(' ');
        }
        match word.find("wamid.") {
            Some(start) => {
                clean.push_str(&word[..start]);
                clean.push_str("wamid.…");
            }
            None => clean.push_str(word),
        }
    }
    without_numbers(&clean)
}

/// Digits count together over what people write between them.
fn without_numbers(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, run) = rest.split_at(start);
        if let Some(date) = run.get(..10).filter(|run| is_date(run)) {
            clean.push_str(before);
            clean.push_str(date);
            rest = &run[date.len()..];
            continue;
        }
        let is_inside =
            |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '/');
        let end = run.find(|c| !is_inside(c)).unwrap_or(run.len());
        let run = run[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
        let digits: Vec<char> = run.chars().filter(char::is_ascii_digit).collect();
        clean.push_str(before);
        match digits
            .len()
            .checked_sub(2)
            .filter(|_| digits.len() >= PHONE_DIGITS)
        {
            Some(cut) => {
                clean.push('…');
                clean.extend(&digits[cut..]);
            }
            None => clean.push_str(run),
        }
        rest = &rest[start + run.len()..];
    }
    clean.push_str(rest);
    clean
}

/// `2026-11-22`
fn is_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(n, byte)| match n {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_no_numbers_of_people() {
        for (given, told) in [
            ("to +34 600-111-222 failed", "to +…22 failed"),
            ("34600111222", "…22"),
            (
                "(#131026) Message undeliverable",
                "(#131026) Message undeliverable",
            ),
            ("subcode 2388293, try", "subcode 2388293, try"),
            ("(415) 555.0132 and 5551", "(…32 and 5551"),
            ("id wamid.HBgLMzQ2MDA= is\nold", "id wamid.… is old"),
            ("on 2026-12-01 10:00", "on 2026-12-01 10:00"),
            ("", ""),
        ] {
            assert_eq!(words(given), told, "{given}");
        }
    }
}
