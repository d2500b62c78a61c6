//! `[[expect]]`: sources that must be heard of.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::engine::Ruleset;
use crate::model::{Severity, Time};
use crate::pipeline::heartbeat::{Expectation, SOURCE};

use super::fault::Fault;
use super::keys;
use super::page::Problem;
use super::quiet;
use super::reader::Table;

const MAX_EXPECTED: usize = 100;

const EXAMPLE: &str = "write [[expect]] with source = \"prometheus\" and within = \"5m\"";

/// The sources that are expected, in the order of the file, with where each stands.
pub(super) fn read(file: &Table<'_>) -> Vec<(Expectation, Option<Range<usize>>)> {
    let tables = file.tables("expect", &keys::EXPECT);
    if tables.len() > MAX_EXPECTED {
        let message = format!("more than {MAX_EXPECTED} sources are expected");
        let fault = Fault::maybe_at(file.span_of("expect"), message);
        file.page.fault(fault.help("remove some"));
    }
    let mut sources: BTreeMap<String, Range<usize>> = BTreeMap::new();
    let mut elements: BTreeMap<String, Range<usize>> = BTreeMap::new();
    let mut found = Vec::new();
    for table in tables.iter().take(MAX_EXPECTED) {
        let source = table.required("source", EXAMPLE);
        let name = table.text("name");
        let element = table.text("element");
        let severity = match table.get("severity") {
            Some(_) => table.read("severity", |text| {
                let severity = quiet::severity(text)?;
                if severity == Severity::Normal {
                    let problem = Problem::new("`severity` cannot be normal: that ends an alarm");
                    return Err(problem.help("write \"critical\", for example"));
                }
                Ok(severity)
            }),
            None => Some(Severity::Critical),
        };
        if table.get("within").is_none() {
            table.missing("`within`", EXAMPLE);
        }
        let bounds = Duration::from_secs(5)..=Duration::from_secs(31 * 86_400);
        let within = table.duration("within", bounds, Duration::from_secs(300));
        let (Some(source), Some(severity)) = (source, severity) else {
            continue;
        };
        let own = source.text.trim();
        if own.eq_ignore_ascii_case(SOURCE) {
            let problem = Problem::new("klaxond cannot expect itself");
            table.fault("source", problem.help("name the source of others' records"));
            continue;
        }
        // What alarms of heartbeats are known by.
        let shown = element.as_ref().unwrap_or(&source);
        let twice = [
            (&source, &mut sources, "source", "is expected twice"),
            (shown, &mut elements, "element", "stands for two sources"),
        ];
        let mut good = true;
        for (text, seen, what, how) in twice {
            if !good {
                break;
            }
            let word = text.text.trim();
            if let Some(first) = seen.get(&word.to_lowercase()) {
                let message = format!("the {what} \"{word}\" {how}");
                let fault = Fault::at(text.span.clone(), message)
                    .help("take one of them out, or rename it");
                file.page
                    .fault(fault.other(first.clone(), "first given here"));
                good = false;
            } else {
                seen.insert(word.to_lowercase(), text.span.clone());
            }
        }
        let text = |text: &str| text.trim().to_owned();
        found.push((
            Expectation {
                source: text(own),
                name: text(name.as_ref().map_or(own, |name| name.text)),
                within,
                severity,
                element: text(shown.text),
            },
            Some(source.span.clone()),
        ));
    }
    found
}

/// An alarm that no rule takes is told to nobody.
pub(super) fn warn(
    file: &Table<'_>,
    expected: &[(Expectation, Option<Range<usize>>)],
    rules: &Ruleset,
    now: Time,
) {
    for (expectation, place) in expected {
        if !rules.wants(&expectation.silent(now, None)) {
            let message = format!(
                "nobody is told when \"{}\" falls silent: no rule takes that alarm",
                expectation.source
            );
            let fault = Fault::maybe_at(place.clone(), message);
            file.page.warn(fault.help(format!(
                "let a rule take it: its source is \"{SOURCE}\", its parameter \"heartbeat\", its severity {}",
                expectation.severity.name().to_lowercase()
            )));
        }
    }
}
