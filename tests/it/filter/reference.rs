//! Random filters and records, and the meaning of a filter in the plainest words.

use std::collections::BTreeMap;

use klaxond::engine::filter::ast::{Comparison, Expression, Literal, Relation, Statement, Test};
use klaxond::engine::filter::{Field, FieldKind, Logic, Name, NameKind, Pattern};
use klaxond::model::{
    AlarmRecord, AlarmType, Properties, Severity, SeverityRange, Status, Time, UserStatus,
};
use proptest::prelude::*;
use proptest::sample::select;

/// What `@name` stands for in random filters.
pub fn named() -> BTreeMap<String, Expression> {
    let comparison = |field, test| Logic::Leaf(Statement::Comparison(Comparison { field, test }));
    let pattern = "l*".to_owned();
    let london = comparison(
        Field::Element,
        Test::Like {
            negated: false,
            pattern,
        },
    );
    let severe = Literal::Name(Name::Severity(Severity::Major));
    let severe = comparison(Field::Severity, Test::Is(Relation::AtLeast, severe));
    BTreeMap::from([
        ("london".to_owned(), london),
        ("two words".to_owned(), severe.negated()),
    ])
}

const TEXTS: [&str; 22] = [
    "",
    "London",
    "london west",
    "LONDON",
    "Östersund",
    "östersund ÄÖ",
    "12.5 dB",
    "12.5",
    "-3",
    "+1e3",
    "1000",
    "7/59",
    "7",
    "0",
    "12.",
    "1.2E-9",
    "Lost",
    "a",
    "aab",
    "a*b",
    "a\nb",
    " 5 ",
];

/// Texts that often meet.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&TEXTS[..]).prop_map(str::to_owned),
        1 => "[aAbBäÄ0-9 .*?-]{1,6}",
    ]
}

/// Texts that a filter may hold, also hostile ones.
fn written() -> impl Strategy<Value = String> {
    let filled = |text: &String| !text.is_empty();
    prop_oneof![
        text().prop_filter("not empty", filled),
        "[a\"'\\\\n\\n\\t u{}é.-]{1,8}",
        proptest::collection::vec(any::<char>(), 1..4).prop_map(String::from_iter),
    ]
}

fn record_kind() -> impl Strategy<Value = Option<AlarmType>> {
    proptest::option::of(select(AlarmType::ALL))
}

prop_compose! {
    pub fn record()(
        texts in proptest::collection::vec(text(), 9),
        ids in proptest::collection::vec(proptest::option::of(text()), 2),
        severity in select(&Severity::ALL[..]),
        severity_range in proptest::option::of(select(&SeverityRange::ALL[..])),
        kind in record_kind(),
        status in select(&Status::ALL[..]),
        user_status in proptest::option::of(select(&UserStatus::ALL[..])),
        services in proptest::collection::vec(text(), 0..3),
        views in proptest::collection::vec(text(), 0..3),
        named in proptest::collection::vec((select(&PROPERTIES[..]), text()), 0..3),
        partial in any::<bool>(),
    ) -> AlarmRecord {
        let mut properties = Properties::default();
        for (name, value) in named {
            properties.insert(name, value);
        }
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap();
        AlarmRecord {
            id: next(), element: next(), parameter: next(), index: next(), value: next(),
            owner: next(), source: next(), comment: next(),
            element_id: ids[0].clone(), parameter_id: ids[1].clone(),
            severity, severity_range, kind, status, user_status, services, views, properties, partial,
            repeats: false, until: None,
            time: Time::from_ms(0),
        }
    }
}

const PROPERTIES: [&str; 9] = [
    "Site",
    "Cabinet name",
    "element.Site",
    "5G",
    "a\"b",
    "x.",
    ".x",
    "not",
    "Größe",
];

fn field() -> impl Strategy<Value = Field> {
    let property = prop_oneof![select(&PROPERTIES[..]).prop_map(str::to_owned), written()];
    prop_oneof![4 => select(&Field::ALL[..]), 1 => property.prop_map(Field::Property)]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        select(&[12.5, -3.0, 1000.0, 7.0, 0.0, 5.0, 12.0, 1.2e-9][..]),
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL,
    ]
}

fn literal(kind: FieldKind) -> BoxedStrategy<Literal> {
    match kind {
        FieldKind::Text | FieldKind::List => prop_oneof![
            written().prop_map(Literal::Text),
            number().prop_map(Literal::Number)
        ]
        .boxed(),
        FieldKind::Name(kind) => select(kind.all()).prop_map(Literal::Name).boxed(),
        FieldKind::Flag => any::<bool>().prop_map(Literal::Flag).boxed(),
    }
}

fn test(kind: FieldKind) -> BoxedStrategy<Test> {
    let equality = select(&[Relation::Equal, Relation::NotEqual][..]);
    let is = (equality, literal(kind)).prop_map(|(relation, literal)| Test::Is(relation, literal));
    if kind == FieldKind::Flag {
        return is.boxed();
    }
    let relation = select(&Relation::ALL[2..]);
    let ordering = match kind {
        FieldKind::Name(NameKind::Severity) => (relation, literal(kind)).boxed(),
        FieldKind::Name(_) => (Just(Relation::Equal), literal(kind)).boxed(),
        FieldKind::Text | FieldKind::List | FieldKind::Flag => {
            (relation, number().prop_map(Literal::Number)).boxed()
        }
    };
    let negated = any::<bool>;
    let patterns = &[
        "lo.*",
        "a|aab",
        r"\d+(\.\d+)?",
        "[^a]+",
        "(?m)^london$",
        "x\"\\\\",
        "new .*",
        "é*",
    ];
    prop_oneof![
        is,
        ordering.prop_map(|(relation, literal)| Test::Is(relation, literal)),
        (negated(), proptest::collection::vec(literal(kind), 1..4))
            .prop_map(|(negated, values)| Test::In { negated, values }),
        (
            negated(),
            prop_oneof![
                written(),
                "[aAbB*?]{1,6}",
                "[lLoO*?]{1,3}\\*",
                select(&LIKE[..]).prop_map(str::to_owned)
            ]
        )
            .prop_map(|(negated, pattern)| Test::Like { negated, pattern }),
        (negated(), written()).prop_map(|(negated, text)| Test::Contains { negated, text }),
        (negated(), select(&patterns[..])).prop_map(|(negated, pattern)| {
            let pattern = Pattern::new(pattern).unwrap();
            Test::Matches { negated, pattern }
        }),
    ]
    .boxed()
}

const LIKE: [&str; 6] = ["*äö", "ÖST*", "*UND ä*", "östersund", "*don", "?ö*"];

fn statement() -> impl Strategy<Value = Statement> {
    let comparison = field().prop_flat_map(|field| {
        test(field.kind()).prop_map(move |test| {
            let field = field.clone();
            Statement::Comparison(Comparison { field, test })
        })
    });
    let names: Vec<String> = named().into_keys().collect();
    prop_oneof![
        8 => comparison,
        1 => field().prop_map(Statement::Exists),
        1 => select(names).prop_map(Statement::Named),
    ]
}

/// Any filter that a text can say.
pub fn expression() -> impl Strategy<Value = Expression> {
    statement()
        .prop_map(Logic::Leaf)
        .prop_recursive(5, 24, 4, |inner| {
            let parts = || proptest::collection::vec(inner.clone(), 2..4);
            prop_oneof![
                inner.clone().prop_map(Logic::negated),
                parts().prop_map(|parts| Logic::all(parts).unwrap()),
                parts().prop_map(|parts| Logic::any(parts).unwrap()),
            ]
        })
}

/// Whether the filter takes the record, word for word as the language is described.
pub fn holds(expression: &Expression, record: &AlarmRecord) -> bool {
    match expression {
        Logic::Not(inner) => !holds(inner, record),
        Logic::And(parts) => parts.iter().all(|part| holds(part, record)),
        Logic::Or(parts) => parts.iter().any(|part| holds(part, record)),
        Logic::Leaf(Statement::Named(name)) => holds(&named()[name], record),
        Logic::Leaf(Statement::Exists(field)) => !values(field, record).is_empty(),
        Logic::Leaf(Statement::Comparison(Comparison { field, test })) => values(field, record)
            .iter()
            .any(|value| passes(field, value, test)),
    }
}

/// What the record has in a field; nothing when it is not there.
fn values(field: &Field, record: &AlarmRecord) -> Vec<Literal> {
    let texts = match field {
        Field::Id => vec![record.id.clone()],
        Field::Element => vec![record.element.clone()],
        Field::ElementId => record.element_id.clone().into_iter().collect(),
        Field::Parameter => vec![record.parameter.clone()],
        Field::ParameterId => record.parameter_id.clone().into_iter().collect(),
        Field::Index => vec![record.index.clone()],
        Field::Value => vec![record.value.clone()],
        Field::Owner => vec![record.owner.clone()],
        Field::Source => vec![record.source.clone()],
        Field::Comment => vec![record.comment.clone()],
        Field::Service => record.services.clone(),
        Field::View => record.views.clone(),
        Field::Property(name) => record
            .properties
            .get(name)
            .map(str::to_owned)
            .into_iter()
            .collect(),
        Field::Partial => return vec![Literal::Flag(record.partial)],
        Field::Severity => return vec![Literal::Name(Name::Severity(record.severity))],
        Field::Status => return vec![Literal::Name(Name::Status(record.status))],
        Field::Type => {
            return record
                .kind
                .map(|n| Literal::Name(Name::Type(n)))
                .into_iter()
                .collect();
        }
        Field::SeverityRange => {
            return record
                .severity_range
                .map(|n| Literal::Name(Name::SeverityRange(n)))
                .into_iter()
                .collect();
        }
        Field::UserStatus => {
            return record
                .user_status
                .map(|n| Literal::Name(Name::UserStatus(n)))
                .into_iter()
                .collect();
        }
    };
    texts
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(Literal::Text)
        .collect()
}

fn passes(field: &Field, value: &Literal, test: &Test) -> bool {
    let text = match value {
        Literal::Text(text) => text.clone(),
        Literal::Name(name) => name.text().to_owned(),
        Literal::Flag(_) | Literal::Number(_) => String::new(),
    };
    match test {
        Test::Is(Relation::Equal, wanted) => equals(field, value, wanted),
        Test::Is(Relation::NotEqual, wanted) => !equals(field, value, wanted),
        Test::Is(relation, Literal::Name(Name::Severity(wanted))) => {
            let Literal::Name(Name::Severity(found)) = value else {
                return false;
            };
            ordered(*relation, found, wanted)
        }
        Test::Is(relation, Literal::Number(wanted)) => {
            front(&text).is_some_and(|(found, _)| ordered(*relation, &found, wanted))
        }
        Test::Is(..) => false,
        Test::In { negated, values } => {
            values.iter().any(|wanted| equals(field, value, wanted)) != *negated
        }
        Test::Like { negated, pattern } => {
            let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
            let text: Vec<char> = text.to_lowercase().chars().collect();
            like(&pattern, &text) != *negated
        }
        Test::Contains {
            negated,
            text: wanted,
        } => text.to_lowercase().contains(&wanted.to_lowercase()) != *negated,
        Test::Matches { negated, pattern } => {
            let regex = regex::Regex::new(&format!("(?i)^(?:{})$", pattern.source())).unwrap();
            regex.is_match(&text) != *negated
        }
    }
}

fn equals(field: &Field, value: &Literal, wanted: &Literal) -> bool {
    match (value, wanted) {
        (Literal::Text(text), Literal::Text(wanted)) => {
            text.to_lowercase() == wanted.to_lowercase()
        }
        (Literal::Text(text), Literal::Number(wanted)) => {
            let measured = matches!(field, Field::Value | Field::Property(_));
            front(text).is_some_and(|(found, rest)| {
                found == *wanted && (measured || rest.trim().is_empty())
            })
        }
        (value, wanted) => value == wanted,
    }
}

fn ordered<T: PartialOrd>(relation: Relation, a: &T, b: &T) -> bool {
    match relation {
        Relation::Below => a < b,
        Relation::AtMost => a <= b,
        Relation::Above => a > b,
        Relation::AtLeast => a >= b,
        Relation::Equal | Relation::NotEqual => false,
    }
}

/// The longest front of a text that is a number ending in a digit, and what follows it.
fn front(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let digits = text
        .bytes()
        .take_while(|b| b"+-.eE0123456789".contains(b))
        .count();
    (1..=digits)
        .rev()
        .filter(|end| text.as_bytes()[end - 1].is_ascii_digit())
        .find_map(|end| {
            text[..end]
                .parse()
                .ok()
                .map(|number: f64| (number, &text[end..]))
        })
}

/// `*` and `?`, tried every way.
fn like(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => (0..=text.len()).any(|skip| like(rest, &text[skip..])),
        (Some(('?', rest)), Some((_, text))) => like(rest, text),
        (Some((c, rest)), Some((d, text))) if c == d => like(rest, text),
        _ => false,
    }
}
