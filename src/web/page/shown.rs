//! Words and signs of the templates: times, ticks, severities, plots, filters.

use std::fmt::Write;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::value::Value;
use minijinja::{Environment, State};

use crate::model::{Kind, MessageState, Severity};

use super::plot::plot;
use super::tick::Tick;

/// Gives the templates what they use.
pub(super) fn equip(environment: &mut Environment<'_>) {
    environment.add_filter("ago", ago);
    environment.add_filter("clock", clock);
    environment.add_filter("tick", |state: &Value| safe(of(state).html(false)));
    environment.add_filter("tick_words", |state: &Value| safe(of(state).html(true)));
    environment.add_filter("severity", severity);
    environment.add_filter("rank", rank);
    environment.add_filter("kind", kind);
    environment.add_filter("span", |seconds: u64| span(seconds));
    environment.add_filter("count", count);
    environment.add_filter("urlencode", |text: &str| encoded(text));
    environment.add_filter("quoted", |text: &str| quoted(text));
    environment.add_function("plot", |name: &str, minutes: &Value| {
        safe(plot(name, &numbers(minutes)))
    });
    environment.add_function("sum", |minutes: &Value| -> u64 {
        numbers(minutes).iter().copied().map(u64::from).sum()
    });
}

fn safe(html: String) -> Value {
    Value::from_safe_string(html)
}

fn of(state: &Value) -> Tick {
    Tick::of(state.as_str().and_then(MessageState::from_name))
}

fn numbers(list: &Value) -> Vec<u32> {
    let items = list.try_iter().into_iter().flatten();
    items.filter_map(|item| u32::try_from(item).ok()).collect()
}

/// The chip of a severity, from the word in which it is written.
fn severity(name: &str) -> Value {
    let (class, words) = match Severity::from_name(name) {
        Some(known) => (class(known), known.name()),
        None => ("calm", "Undefined"),
    };
    safe(format!("<span class=\"chip {class}\">{words}</span>"))
}

/// The class of a severity's colour.
fn rank(name: &str) -> &'static str {
    Severity::from_name(name).map_or("calm", class)
}

fn class(severity: Severity) -> &'static str {
    match severity {
        Severity::Error | Severity::Timeout => "gone-dark",
        Severity::Critical => "critical",
        Severity::Major => "major",
        Severity::Minor => "minor",
        Severity::Warning => "warning",
        Severity::Undefined
        | Severity::Initial
        | Severity::Information
        | Severity::Notice
        | Severity::Normal
        | Severity::Masked => "calm",
    }
}

fn kind(name: &str) -> &'static str {
    Kind::from_name(name).map_or("", |kind| match kind {
        Kind::Raised => "raised",
        Kind::Updated => "changed",
        Kind::Cleared => "cleared",
        Kind::Reminder => "still there",
        Kind::Escalated => "escalated",
        Kind::Acknowledged => "taken",
        Kind::Answer => "answer",
        Kind::Notice => "notice",
        Kind::Digest => "digest",
    })
}

/// How long ago, or ahead, with the whole time behind it.
fn ago(state: &State<'_, '_>, at: &str) -> Value {
    let Ok(at) = Timestamp::from_str(at) else {
        return Value::from(at);
    };
    let now = moment(state, "now").unwrap_or(at);
    let seconds = now.as_second().saturating_sub(at.as_second());
    element(state, at, " data-ago", &span(seconds.unsigned_abs()))
}

/// `18:03`, with the day when it is another one than today's.
fn clock(state: &State<'_, '_>, at: &str) -> Value {
    let Ok(at) = Timestamp::from_str(at) else {
        return Value::from(at);
    };
    let local = at.to_zoned(zone(state));
    let today = moment(state, "now").map(|now| now.to_zoned(zone(state)).date());
    let format = match today == Some(local.date()) {
        true => "%H:%M:%S",
        false => "%-d %b %H:%M",
    };
    element(state, at, "", &local.strftime(format).to_string())
}

fn element(state: &State<'_, '_>, at: Timestamp, attribute: &str, text: &str) -> Value {
    let whole = at.to_zoned(zone(state));
    let whole = whole.strftime("%Y-%m-%d %H:%M:%S %Z");
    safe(format!(
        "<time datetime=\"{at}\" title=\"{whole}\"{attribute}>{text}</time>"
    ))
}

fn moment(state: &State<'_, '_>, name: &str) -> Option<Timestamp> {
    Timestamp::from_str(state.lookup(name)?.as_str()?).ok()
}

fn zone(state: &State<'_, '_>) -> TimeZone {
    let name = state.lookup("zone");
    let name = name.as_ref().and_then(Value::as_str).unwrap_or("UTC");
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// `40 s`, `12 min`, `3 h 05`, `6 d`.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {:02}", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `12 345`: digits in groups.
fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A text as the value of a query.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => {
                // Writing into a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// A text as filters write it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_control() => {
                quoted.extend(letter.escape_unicode());
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::engine::filter::{Filter, Named};

    use super::*;

    #[test]
    fn spans_and_numbers_are_short() {
        let spans = [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3_599, "59 min")];
        let longer = [(3_600, "1 h 00"), (11_100, "3 h 05"), (172_800, "2 d")];
        for (seconds, text) in spans.into_iter().chain(longer) {
            assert_eq!(span(seconds), text);
        }
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(999), "999");
    }

    #[test]
    fn what_is_quoted_reads_as_a_filter() {
        for text in ["Encoder 7", "a \"b\" \\ c", "tab\tand\u{7f}", "é ✓"] {
            let filter = format!("element = {}", quoted(text));
            let read = Filter::parse(&filter, &Named::default()).unwrap();
            let json = serde_json::json!({"element": text}).to_string();
            assert!(!json.is_empty() && !read.to_string().is_empty());
        }
    }
}
