//! Words as the audit trail keeps them: short, and without what nobody may read there.

/// The longest text of a fact, in characters.
const MAX_TEXT: usize = 300;

/// From so many digits on, a run of them may be somebody's number: `Phone` takes no shorter one.
const NUMBER: usize = 8;

/// From so many letters and digits on, a run of them may be a secret.
const SECRET: usize = 40;

/// How Meta's ids begin, in which the number is.
const WAMID: &str = "wamid.";

/// What is told in place of what is not.
const VEIL: char = '…';

/// A text cut to its bound, without long numbers, without Meta's ids, without what looks like a secret.
pub(in crate::store::sqlite) fn veil(text: &str) -> String {
    let mut kept = String::with_capacity(text.len().min(MAX_TEXT));
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = |inside: fn(char) -> bool| rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let (taken, hidden) = if rest.starts_with(WAMID) {
            let inside = |c: char| c.is_ascii_alphanumeric() || ".+/=-_".contains(c);
            (end(inside), true)
        } else if first.is_alphanumeric() {
            let word = end(char::is_alphanumeric);
            (word, is_hidden(&rest[..word]))
        } else {
            (first.len_utf8(), false)
        };
        let (word, behind) = rest.split_at(taken);
        if hidden {
            kept.push(VEIL);
        } else {
            kept.push_str(word);
        }
        rest = behind;
    }
    match kept.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}{VEIL}", &kept[..end]),
        None => kept,
    }
}

fn is_hidden(word: &str) -> bool {
    let mut run = 0;
    word.len() >= SECRET
        || word.chars().any(|c| {
            run = if c.is_ascii_digit() { run + 1 } else { 0 };
            run >= NUMBER
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_ids_and_secrets_are_not_kept() {
        let told = |text: &str| veil(text);
        assert_eq!(told("to +34600111222 at 10:00"), "to +… at 10:00");
        assert_eq!(told("x34600111222y 1234567"), "… 1234567");
        assert_eq!(told("wamid.HBgLMzQ2MDA=: (131026)"), "…: (131026)");
        assert_eq!(told(&"E".repeat(60)), "…");
        assert_eq!(told("by Ana: “obras”"), "by Ana: “obras”");
        assert_eq!(told(&"ab ".repeat(200)).chars().count(), MAX_TEXT + 1);
        assert_eq!(told(""), "");
    }
}
