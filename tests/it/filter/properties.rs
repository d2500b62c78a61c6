//! What holds for every filter.

use klaxond::engine::filter::{Filter, FilterError, Named};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::reference;

fn named() -> Named {
    let mut named = Named::default();
    for (name, expression) in reference::named() {
        let filter = Filter::parse(&expression.to_string(), &Named::default()).unwrap();
        named.insert(name, filter);
    }
    named
}

/// Whatever a text is, it is a filter that prints as itself or an error that points into it.
fn assert_sound(text: &str) -> Result<(), TestCaseError> {
    let named = named();
    match Filter::parse(text, &named) {
        Ok(filter) => {
            let printed = filter.to_string();
            prop_assert_eq!(&Filter::parse(&printed, &named).unwrap(), &filter);
            prop_assert_eq!(
                Filter::parse(&printed, &named).unwrap().to_string(),
                printed
            );
        }
        Err(error) => {
            let FilterError {
                span,
                line,
                column,
                message,
                ..
            } = &error;
            prop_assert!(text.get(span.clone()).is_some(), "{:?} in {:?}", span, text);
            prop_assert!(!message.is_empty());
            let place = format!("{line}:{column}: ");
            prop_assert!(error.to_string().starts_with(&place));
        }
    }
    Ok(())
}

const PIECES: [&str; 52] = [
    "severity",
    "element",
    "type",
    "partial",
    "value",
    "view",
    "property.",
    "property.Site",
    "critical",
    "new_alarm",
    "true",
    "and",
    "or",
    "not",
    "in",
    "like",
    "contains",
    "exists",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "~",
    "!~",
    "==",
    "&&",
    "!",
    "(",
    ")",
    "[",
    "]",
    ",",
    "\"x*\"",
    "'y'",
    "\"",
    "'",
    "\\",
    "12.5",
    "-3",
    "1e9",
    "@london",
    "@",
    "@\"two words\"",
    " ",
    "\n",
    "é",
    "“",
    "\u{0}",
    "count(",
    "\"\\u{d800}\"",
];

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_same_filter(expression in reference::expression()) {
        let text = expression.to_string();
        let filter = Filter::parse(&text, &named()).unwrap_or_else(|error| panic!("{text}: {error}"));
        prop_assert_eq!(filter.expression(), &expression, "{}", text);
        prop_assert_eq!(filter.to_string(), text);
    }

    #[test]
    fn what_runs_agrees_with_the_plain_meaning(
        expression in reference::expression(),
        records in proptest::collection::vec(reference::record(), 1..8),
    ) {
        let text = expression.to_string();
        let filter = Filter::parse(&text, &named()).unwrap();
        for record in records {
            let expected = reference::holds(&expression, &record);
            prop_assert_eq!(filter.matches(&record), expected, "{} on {:?}", text, record);
            prop_assert_eq!(filter.explain(&record).matched, expected, "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        assert_sound(&text)?;
    }

    #[test]
    fn no_order_of_tokens_panics(
        pieces in proptest::collection::vec(select(&PIECES[..]), 0..24),
        spaced in any::<bool>(),
    ) {
        assert_sound(&pieces.join(if spaced { " " } else { "" }))?;
    }

    #[test]
    fn no_damaged_filter_panics(
        expression in reference::expression(),
        damage in proptest::collection::vec((any::<Index>(), 0..4usize, select(&PIECES[..])), 1..4),
    ) {
        let mut chars: Vec<char> = expression.to_string().chars().collect();
        for (at, taken, put) in damage {
            let start = at.index(chars.len() + 1);
            let end = (start + taken).min(chars.len());
            chars.splice(start..end, put.chars());
        }
        assert_sound(&String::from_iter(chars))?;
    }
}
