//! The filters and conditions that random rules are made of; conditions with a plain evaluation.

use klaxond::model::{AlarmRecord, Severity};

/// Filters of rules; the empty text is no filter.
pub const FILTERS: [&str; 12] = [
    "",
    "severity >= minor",
    "severity >= major",
    "severity = critical",
    "element = E1",
    "element in [E1, E2]",
    "parameter = P1",
    "view = V1",
    "type = new_alarm",
    "value >= 5",
    "not status = clearable",
    "exists(service) or severity = critical",
];

/// A condition as the config has it, and what it means over the records of a bucket in the order in
/// which they came.
pub struct Phrase {
    pub text: &'static str,
    pub holds: fn(&[&AlarmRecord]) -> bool,
}

/// Conditions of rules.
pub const CONDITIONS: [Phrase; 16] = [
    Phrase {
        text: "count() >= 2",
        holds: |all| all.len() >= 2,
    },
    Phrase {
        text: "count() < 3",
        holds: |all| all.len() < 3,
    },
    Phrase {
        text: "count(severity = critical) >= 1",
        holds: |all| all.iter().any(|r| r.severity == Severity::Critical),
    },
    Phrase {
        text: "round(min(value), 0) = 8",
        // 7.5 is the only value that rounds to it.
        holds: |all| numbers(all).into_iter().reduce(f64::min) == Some(7.5),
    },
    Phrase {
        text: "distinct(element) >= 2",
        holds: |all| distinct(all.iter().map(|r| r.element.as_str())) >= 2,
    },
    Phrase {
        text: "any(severity >= major)",
        holds: |all| all.iter().any(|r| r.severity >= Severity::Major),
    },
    Phrase {
        text: "all(severity >= minor)",
        holds: |all| all.iter().all(|r| r.severity >= Severity::Minor),
    },
    Phrase {
        text: "any(severity = critical) and not any(element = E2)",
        holds: |all| {
            all.iter().any(|r| r.severity == Severity::Critical)
                && !all.iter().any(|r| r.element == "E2")
        },
    },
    Phrase {
        text: "any(severity = critical and element = E1)",
        holds: |all| {
            all.iter()
                .any(|r| r.severity == Severity::Critical && r.element == "E1")
        },
    },
    Phrase {
        text: "not all(parameter = P1)",
        holds: |all| !all.iter().all(|r| r.parameter == "P1"),
    },
    Phrase {
        text: "avg(value) > 5",
        holds: |all| {
            let n = numbers(all);
            !n.is_empty() && n.iter().sum::<f64>() / count(&n) > 5.0
        },
    },
    Phrase {
        text: "max(value) >= 10",
        holds: |all| numbers(all).iter().any(|n| *n >= 10.0),
    },
    Phrase {
        text: "min(value) < 5",
        holds: |all| numbers(all).iter().any(|n| *n < 5.0),
    },
    Phrase {
        text: "sum(value) > 12",
        holds: |all| {
            let n = numbers(all);
            !n.is_empty() && n.iter().sum::<f64>() > 12.0
        },
    },
    Phrase {
        text: "last(severity) = critical",
        holds: |all| all.last().is_some_and(|r| r.severity == Severity::Critical),
    },
    Phrase {
        text: "count() > 1 or last(value) = lost",
        holds: |all| all.len() > 1 || all.last().is_some_and(|r| r.value == "lost"),
    },
];

/// Values of records: numbers with and without a unit, a text, nothing.
pub const VALUES: [&str; 5] = ["3", "7.5 dB", "10", "lost", ""];

fn numbers(all: &[&AlarmRecord]) -> Vec<f64> {
    all.iter()
        .filter_map(|record| match record.value.as_str() {
            "3" => Some(3.0),
            "7.5 dB" => Some(7.5),
            "10" => Some(10.0),
            _ => None,
        })
        .collect()
}

fn count(all: &[f64]) -> f64 {
    f64::from(u32::try_from(all.len()).unwrap())
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.collect::<std::collections::BTreeSet<_>>().len()
}
