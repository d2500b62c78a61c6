//! What holds for every condition.

use klaxond::engine::condition::Condition;
use klaxond::engine::filter::{Filter, FilterError};
use klaxond::model::{AlarmRecord, Severity};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{critical, named};

/// A condition in the plainest form: what is asked, and how it reads.
#[derive(Debug, Clone)]
enum Plain {
    Compared(Number, Option<u32>, &'static str, i64),
    Latest(&'static str, &'static str),
    Any(&'static str),
    All(&'static str),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

#[derive(Debug, Clone, Copy)]
enum Number {
    Count,
    CountOf(&'static str),
    Distinct,
    Least,
    Greatest,
    Mean,
    Sum,
    Latest,
}

/// Values and the number at their front, in thousandths.
const VALUES: [(&str, Option<i64>); 10] = [
    ("12.5 dB", Some(12_500)),
    ("12.5", Some(12_500)),
    ("-3", Some(-3_000)),
    ("0.001 V", Some(1)),
    ("1e3", Some(1_000_000)),
    ("7 up", Some(7_000)),
    ("2", Some(2_000)),
    ("Lost", None),
    ("lost", None),
    ("", None),
];

const FILTERS: [&str; 5] = [
    "severity = critical",
    "element like \"l*\"",
    "value > 3 or severity = minor",
    "@london",
    "not element = \"Madrid\"",
];

const RELATIONS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

prop_compose! {
    fn record()(
        element in select(&["London", "london west", "Madrid", "Paris"][..]),
        value in select(&VALUES[..]),
        severity in select(&[Severity::Minor, Severity::Critical][..]),
    ) -> AlarmRecord {
        AlarmRecord { severity, ..critical(element, value.0) }
    }
}

fn number() -> impl Strategy<Value = (Number, Option<u32>)> {
    let filter = select(&FILTERS[..]);
    let reckoned = select(&[Number::Least, Number::Greatest, Number::Mean, Number::Sum][..]);
    prop_oneof![
        Just((Number::Count, None)),
        filter.prop_map(|filter| (Number::CountOf(filter), None)),
        Just((Number::Distinct, None)),
        (reckoned, proptest::option::of(0u32..=9)),
        // Without `round` the latest is asked as a filter asks: `!=` then takes text too.
        (Just(Number::Latest), (0u32..=9).prop_map(Some)),
    ]
}

fn plain() -> impl Strategy<Value = Plain> {
    let thousandths = select(
        &[
            0, 1_000, 2_000, 3_000, 4_000, 500, 12_500, -3_000, 7_000, 1, 9_501, 13_000,
        ][..],
    );
    let leaf = prop_oneof![
        6 => (number(), select(&RELATIONS[..]), thousandths).prop_map(
            |((number, decimals), relation, with)| Plain::Compared(number, decimals, relation, with)
        ),
        1 => (
            select(&["value", "element"][..]),
            select(&["= \"Lost\"", "!= \"Lost\"", "like \"l*\"", "> 3", "in [\"2\", \"London\"]"][..])
        )
            .prop_map(|(field, test)| Plain::Latest(field, test)),
        1 => select(&FILTERS[..]).prop_map(Plain::Any),
        1 => select(&FILTERS[..]).prop_map(Plain::All),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let parts = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|inner| Plain::Not(Box::new(inner))),
            parts().prop_map(Plain::And),
            parts().prop_map(Plain::Or),
        ]
    })
}

fn text(plain: &Plain) -> String {
    let joined = |parts: &[Plain], word: &str| {
        let parts: Vec<String> = parts.iter().map(text).collect();
        format!("({})", parts.join(word))
    };
    match plain {
        Plain::Compared(number, decimals, relation, with) => {
            let number = match number {
                Number::Count => "count()".to_owned(),
                Number::CountOf(filter) => format!("count({filter})"),
                Number::Distinct => "distinct(element)".to_owned(),
                Number::Least => "min(value)".to_owned(),
                Number::Greatest => "max(value)".to_owned(),
                Number::Mean => "avg(value)".to_owned(),
                Number::Sum => "sum(value)".to_owned(),
                Number::Latest => "last(value)".to_owned(),
            };
            let number = match decimals {
                Some(decimals) => format!("round({number}, {decimals})"),
                None => number,
            };
            let sign = if *with < 0 { "-" } else { "" };
            let size = with.abs();
            format!(
                "{number} {relation} {sign}{}.{:03}",
                size / 1_000,
                size % 1_000
            )
        }
        Plain::Latest(field, test) => format!("last({field}) {test}"),
        Plain::Any(filter) => format!("any({filter})"),
        Plain::All(filter) => format!("all({filter})"),
        Plain::Not(inner) => format!("not {}", text(inner)),
        Plain::And(parts) => joined(parts, " and "),
        Plain::Or(parts) => joined(parts, " or "),
    }
}

/// What a condition means, word for word as the language is described.
fn holds(plain: &Plain, records: &[AlarmRecord]) -> bool {
    let takes = |filter: &str, record: &AlarmRecord| {
        Filter::parse(filter, &named()).unwrap().matches(record)
    };
    match plain {
        Plain::Compared(number, decimals, relation, with) => {
            let Some(found) = billionths(*number, records, &takes) else {
                return false;
            };
            let found = match decimals {
                Some(decimals) => {
                    let unit = 10i128.pow(9 - decimals);
                    nearest(found, unit) * unit
                }
                None => found,
            };
            let with = i128::from(*with) * 1_000_000;
            match *relation {
                "=" => found == with,
                "!=" => found != with,
                "<" => found < with,
                "<=" => found <= with,
                ">" => found > with,
                _ => found >= with,
            }
        }
        Plain::Latest(field, test) => records
            .last()
            .is_some_and(|record| takes(&format!("{field} {test}"), record)),
        Plain::Any(filter) => records.iter().any(|record| takes(filter, record)),
        Plain::All(filter) => {
            let all = records.iter().all(|record| takes(filter, record));
            all && !records.is_empty()
        }
        Plain::Not(inner) => !holds(inner, records),
        Plain::And(parts) => parts.iter().all(|part| holds(part, records)),
        Plain::Or(parts) => parts.iter().any(|part| holds(part, records)),
    }
}

fn billionths(
    number: Number,
    records: &[AlarmRecord],
    takes: &impl Fn(&str, &AlarmRecord) -> bool,
) -> Option<i128> {
    let of = |record: &AlarmRecord| {
        let (_, number) = VALUES.iter().find(|(text, _)| *text == record.value)?;
        number.map(|thousandths| i128::from(thousandths) * 1_000_000)
    };
    let numbers: Vec<i128> = records.iter().filter_map(of).collect();
    let whole = |count: usize| i128::try_from(count).unwrap() * 1_000_000_000;
    match number {
        Number::Count => Some(whole(records.len())),
        Number::CountOf(filter) => {
            let taken = records.iter().filter(|record| takes(filter, record));
            Some(whole(taken.count()))
        }
        Number::Distinct => {
            let mut names: Vec<String> = records.iter().map(|r| r.element.to_lowercase()).collect();
            names.sort();
            names.dedup();
            Some(whole(names.len()))
        }
        Number::Least => numbers.into_iter().min(),
        Number::Greatest => numbers.into_iter().max(),
        Number::Sum if numbers.is_empty() => None,
        Number::Sum => Some(numbers.iter().sum()),
        Number::Mean if numbers.is_empty() => None,
        Number::Mean => Some(nearest(
            numbers.iter().sum(),
            i128::try_from(numbers.len()).unwrap(),
        )),
        Number::Latest => of(records.last()?),
    }
}

/// The whole number nearest to a fraction, halves away from zero.
fn nearest(over: i128, under: i128) -> i128 {
    let size = (over.abs() * 2 + under) / (under * 2);
    size * over.signum()
}

/// Whatever a text is, it is a condition that prints as itself or an error that points into it.
fn assert_sound(text: &str) -> Result<(), TestCaseError> {
    let named = named();
    match Condition::parse(text, &named) {
        Ok(condition) => {
            let printed = condition.to_string();
            let again = Condition::parse(&printed, &named).unwrap();
            prop_assert_eq!(&again, &condition);
            prop_assert_eq!(again.to_string(), printed);
        }
        Err(FilterError { span, message, .. }) => {
            prop_assert!(text.get(span.clone()).is_some(), "{:?} in {:?}", span, text);
            prop_assert!(!message.is_empty());
        }
    }
    Ok(())
}

const PIECES: [&str; 44] = [
    "count",
    "count()",
    "distinct",
    "min",
    "max",
    "avg",
    "sum",
    "last",
    "round",
    "any",
    "all",
    "value",
    "severity",
    "view",
    "property.Site",
    "property.",
    "critical",
    "and",
    "or",
    "not",
    "in",
    "like",
    "contains",
    "~",
    "=",
    "!=",
    "<",
    ">=",
    "==",
    "(",
    ")",
    "[",
    "]",
    ",",
    "5",
    "-1.5",
    "1e-12",
    "9",
    "\"x\"",
    "@london",
    "@",
    "*",
    " ",
    "é",
];

proptest! {
    #[test]
    fn reading_what_was_printed_gives_the_same_condition(plain in plain()) {
        let text = text(&plain);
        let condition = Condition::parse(&text, &named())
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        let printed = condition.to_string();
        let again = Condition::parse(&printed, &named()).unwrap();
        prop_assert_eq!(&again, &condition, "{}", printed);
        prop_assert_eq!(again.to_string(), printed);
    }

    #[test]
    fn tallies_agree_with_the_plain_meaning_as_alarms_come_and_go(
        plain in plain(),
        changes in proptest::collection::vec((record(), any::<Index>(), 0u8..3), 1..24),
    ) {
        let text = text(&plain);
        let condition = Condition::parse(&text, &named()).unwrap();
        let mut tallies = condition.tallies();
        let mut bucket: Vec<(u64, AlarmRecord)> = Vec::new();
        for (order, (record, which, action)) in (0u64..).zip(changes) {
            if action == 0 && !bucket.is_empty() {
                let (order, record) = bucket.remove(which.index(bucket.len()));
                tallies.remove(order, &record);
            } else {
                tallies.add(order, &record);
                bucket.push((order, record));
            }
            let records: Vec<AlarmRecord> = bucket.iter().map(|(_, r)| r.clone()).collect();
            let expected = holds(&plain, &records);
            let by_reference: Vec<&AlarmRecord> = records.iter().collect();
            prop_assert_eq!(condition.holds_over(&by_reference), expected, "{}", text);
            prop_assert_eq!(condition.holds(&tallies), expected, "{}, tallied", text);
            prop_assert_eq!(condition.explain(&by_reference).matched, expected, "{}", text);
            prop_assert_eq!(tallies.len(), records.len());
            if expected && !records.is_empty() {
                prop_assert!(condition.can_hold_of(1..=records.len(), &[]), "{}", text);
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        assert_sound(&text)?;
    }

    #[test]
    fn no_order_of_tokens_panics(
        pieces in proptest::collection::vec(select(&PIECES[..]), 0..20),
        spaced in any::<bool>(),
    ) {
        assert_sound(&pieces.join(if spaced { " " } else { "" }))?;
    }

    #[test]
    fn no_damaged_condition_panics(plain in plain(), at in any::<Index>(), put in any::<char>()) {
        let text = text(&plain);
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        chars[at] = put;
        assert_sound(&chars.iter().collect::<String>())?;
        assert_sound(&chars[..at].iter().collect::<String>())?;
    }
}
