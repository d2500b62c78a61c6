//! The words for what happened and what follows.

use std::time::Duration;

use crate::model::{Failure, Scope};

/// The longest piece of Meta's words that a reason carries, in characters.
const MAX_QUOTE: usize = 200;

/// What went wrong: `error 190 from Meta (Session has expired)`.
pub(super) fn cause(failure: &Failure) -> String {
    let who = match (failure.code, failure.status) {
        (Some(code), _) => format!("error {code} from Meta"),
        (None, Some(status)) => format!("HTTP status {status}"),
        (None, None) => String::new(),
    };
    let text = quote(&failure.text);
    match (who.is_empty(), text.is_empty()) {
        (false, false) => format!("{who} ({text})"),
        (false, true) => who,
        (true, false) => text,
        (true, true) => "no reason given".into(),
    }
}

/// The pair limit: `Meta's limit for this contact (131056)`.
pub(super) fn pair_limit(failure: &Failure) -> String {
    match failure.code {
        Some(code) => format!("Meta's limit for this contact ({code})"),
        None => "Meta's limit for this contact".into(),
    }
}

/// `…; the number pauses, next try in 4s`.
pub(super) fn retry(cause: &str, scope: Scope, wait: Duration) -> String {
    let wait = span(wait);
    match scope {
        Scope::Message => format!("{cause}; next try in {wait}"),
        Scope::Contact | Scope::Template | Scope::Number | Scope::Account => {
            format!("{cause}; {} pauses, next try in {wait}", name(scope))
        }
    }
}

/// `…; the account is held until that is mended`.
pub(super) fn held(cause: &str, scope: Scope) -> String {
    format!("{cause}; {} is held until that is mended", name(scope))
}

/// Text from outside, on one line and bounded, without the code that Meta puts in front.
pub(super) fn quote(text: &str) -> String {
    let mut words = String::new();
    let bare = match text
        .strip_prefix("(#")
        .and_then(|rest| rest.split_once(')'))
    {
        Some((code, rest)) if code.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => text,
    };
    for word in bare.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
        }
    }
    match words.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

/// A span as people say it, rounded up to what matters: `350ms`, `16s`, `2m 5s`, `1h`.
pub(super) fn span(wait: Duration) -> String {
    if wait < Duration::from_secs(1) {
        return format!("{}ms", wait.as_millis());
    }
    let seconds = wait.as_millis().div_ceil(1_000);
    let (h, m, s) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let parts: Vec<String> = [(h, 'h'), (m, 'm'), (s, 's')]
        .into_iter()
        .filter(|(amount, _)| *amount > 0)
        .map(|(amount, unit)| format!("{amount}{unit}"))
        .collect();
    parts.join(" ")
}

fn name(scope: Scope) -> &'static str {
    match scope {
        Scope::Message => "the message",
        Scope::Contact => "the contact",
        Scope::Template => "the template",
        Scope::Number => "the number",
        Scope::Account => "the account",
    }
}
