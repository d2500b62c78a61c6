//! Why a condition holds of a bucket or not, in words.

use std::collections::BTreeSet;

use crate::engine::filter::{Explanation, Filter, Logic, MAX_PARTS, quote, seen, shortened};
use crate::model::AlarmRecord;

use super::clause::{Clause, Measure};
use super::plain;

/// How many of the texts that are no numbers are shown.
const MAX_LEFT_OUT: usize = 3;

/// The statements that decided.
struct Reasons {
    held: bool,
    parts: Vec<String>,
}

pub(super) fn explain(logic: &Logic<Clause>, records: &[&AlarmRecord]) -> Explanation {
    let Reasons { held, mut parts } = reasons(logic, records);
    let more = parts.len().saturating_sub(MAX_PARTS);
    parts.truncate(MAX_PARTS);
    if more > 0 {
        parts.push(format!("and {more} more"));
    }
    Explanation {
        matched: held,
        because: parts.join("; "),
    }
}

fn reasons(logic: &Logic<Clause>, records: &[&AlarmRecord]) -> Reasons {
    match logic {
        Logic::Leaf(clause) => of_clause(clause, "", records),
        Logic::Not(inner) => {
            let mut reasons = match &**inner {
                Logic::Leaf(clause) => of_clause(clause, "not ", records),
                deeper @ (Logic::Not(_) | Logic::And(_) | Logic::Or(_)) => reasons(deeper, records),
            };
            reasons.held = !reasons.held;
            reasons
        }
        // The first that fails decides an `and`, the first that holds an `or`; else all of them do.
        Logic::And(parts) => until(parts, false, records),
        Logic::Or(parts) => until(parts, true, records),
    }
}

fn until(parts: &[Logic<Clause>], decides: bool, records: &[&AlarmRecord]) -> Reasons {
    let mut all = Vec::new();
    for part in parts {
        let one = reasons(part, records);
        if one.held == decides {
            return one;
        }
        all.extend(one.parts);
    }
    Reasons {
        held: !decides,
        parts: all,
    }
}

fn of_clause(clause: &Clause, prefix: &str, records: &[&AlarmRecord]) -> Reasons {
    let found = match clause {
        Clause::Compared { measure, .. } => number(measure, records),
        Clause::Latest { comparison, .. } => match records.last() {
            Some(latest) => seen(&comparison.field, Some(comparison), latest),
            None => "there is no alarm".to_owned(),
        },
        Clause::Any(filter) | Clause::All(filter) => taken(filter, records),
    };
    let text = shortened(&clause.to_string());
    Reasons {
        held: plain::clause_holds(clause, records),
        parts: vec![format!("{prefix}{text}: {found}")],
    }
}

fn number(measure: &Measure, records: &[&AlarmRecord]) -> String {
    let mut text = match plain::measured(measure, records) {
        Some(number) => format!("it is {number}"),
        None => "there is no number".to_owned(),
    };
    let Some(field) = measure.quantity.numbers_of() else {
        return text;
    };
    let without: Vec<&str> = records
        .iter()
        .filter(|record| plain::number(field, record).is_none())
        .map(|record| field.text(record))
        .collect();
    if without.is_empty() {
        return text;
    }
    let texts: BTreeSet<&str> = without.iter().copied().filter(|t| !t.is_empty()).collect();
    let mut shown: Vec<String> = texts
        .iter()
        .take(MAX_LEFT_OUT)
        .map(|text| quote(&shortened(text)))
        .collect();
    if texts.len() > MAX_LEFT_OUT {
        shown.push("…".to_owned());
    }
    if without.iter().any(|text| text.is_empty()) {
        shown.push(format!("no {field}"));
    }
    text.push_str(&format!(
        "; left out of it, for want of a number: {} of {} ({})",
        without.len(),
        alarms(records.len()),
        shown.join(", ")
    ));
    text
}

/// How many alarms a filter takes, and one that shows it.
fn taken(filter: &Filter, records: &[&AlarmRecord]) -> String {
    let takes = |record: &&&AlarmRecord| filter.matches(record);
    let count = records.iter().filter(takes).count();
    let shown = match (count, records.len()) {
        (_, 0) => return "there is no alarm".to_owned(),
        (0, 1) | (1, 1) => records.first(),
        (0, all) => return format!("none of {}", alarms(all)),
        (count, all) if count == all => return format!("each of {}", alarms(all)),
        (count, all) if count * 2 > all => records.iter().find(|record| !filter.matches(record)),
        _ => records.iter().find(takes),
    };
    let mut text = format!("{count} of {}", alarms(records.len()));
    if let Some(record) = shown {
        let takes = if filter.matches(record) { "" } else { "not " };
        text.push_str(&format!(
            ", {takes}{}: {}",
            alarm(record),
            filter.explain(record).because
        ));
    }
    text
}

fn alarms(count: usize) -> String {
    match count {
        1 => "1 alarm".to_owned(),
        count => format!("{count} alarms"),
    }
}

fn alarm(record: &AlarmRecord) -> String {
    let name = format!("{} {}", record.element, record.parameter);
    quote(&shortened(name.trim_end()))
}
