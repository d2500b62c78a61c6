//! `[filters]`, and the filter and the condition of a rule.

use crate::engine::condition::Condition;
use crate::engine::filter::{Filter, FilterError, Named};

use super::fault::Fault;
use super::page::{Problem, Told};
use super::reader::Table;

const MAX_FILTERS: usize = 1_000;

/// Longer filters are not written by people.
const MAX_FILTER_BYTES: usize = 64 * 1024;

/// The named filters. One may use those before it.
pub(super) fn named(file: &Table<'_>) -> Named {
    let entries = file.entries("filters");
    if entries.len() > MAX_FILTERS {
        let message = format!("there are more than {MAX_FILTERS} named filters");
        file.fault("filters", Problem::new(message).help("remove some"));
    }
    let mut named = Named::default();
    for (name, value) in entries.into_iter().take(MAX_FILTERS) {
        if !is_name(name.text) {
            let message = format!("\"{}\" cannot be the name of a filter", name.text);
            let help = "write letters, digits, - and _, so that @name can stand in a filter";
            file.page.fault(Fault::at(name.span, message).help(help));
            continue;
        }
        let filter = file
            .as_text(name.text, value)
            .and_then(|text| file.parse(&text, |text| parse(text, &named)));
        if let Some(filter) = filter {
            named.insert(name.text, filter);
        }
    }
    named
}

/// The `filter` of a rule or of a part of one; `None` when it has none, `Err` when it is wrong.
pub(super) fn filter(table: &Table<'_>, named: &Named) -> Result<Option<Filter>, Told> {
    match table.get("filter") {
        Some(_) => table
            .read("filter", |text| parse(text, named))
            .map(Some)
            .ok_or(Told),
        None => Ok(None),
    }
}

/// The condition of a rule; `None` when it has none, `Err` when it is wrong.
pub(super) fn condition(rule: &Table<'_>, named: &Named) -> Result<Option<Condition>, Told> {
    let parse =
        |text: &str| Condition::parse(text, named).map_err(|error| problem("condition", error));
    match rule.get("condition") {
        Some(_) => rule.read("condition", parse).map(Some).ok_or(Told),
        None => Ok(None),
    }
}

/// What is wrong with a text in one of the engine's languages.
pub(super) fn problem(key: &str, error: FilterError) -> Problem {
    Problem::new(format!("{key}: {}", error.message))
        .maybe_help(error.expected.map(|expected| format!("write {expected}")))
        .inside(error.span)
}

fn parse(text: &str, named: &Named) -> Result<Filter, Problem> {
    if text.len() > MAX_FILTER_BYTES {
        let message = format!("the filter is longer than {} KiB", MAX_FILTER_BYTES / 1024);
        return Err(Problem::new(message).help("split it over several rules or [filters]"));
    }
    Filter::parse(text, named).map_err(|error| problem("filter", error))
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=64).contains(&text.len())
        && text.chars().all(plain)
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
