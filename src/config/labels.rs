//! `[labels]`: what the labels of Prometheus and its relatives become.

use std::time::Duration;

use crate::model::{Labels, Severity};

use super::fault::Fault;
use super::keys;
use super::page::Problem;
use super::reader::Table;

/// The most names of one list, and words of the table.
const MAX_NAMES: usize = 64;

pub(super) fn read(file: &Table<'_>) -> Labels {
    let table = file.table("labels", &keys::LABELS);
    let usual = Labels::default();
    let mut severities = words(&table);
    // What the file says of a word goes before what is usual.
    severities.extend(usual.severities);
    Labels {
        element: names(&table, "element", usual.element),
        parameter: names(&table, "parameter", usual.parameter),
        index: names(&table, "index", usual.index),
        value: names(&table, "value", usual.value),
        severity: names(&table, "severity", usual.severity),
        source: names(&table, "source", usual.source),
        severities,
        default_severity: table
            .read("default_severity", severity)
            .unwrap_or(usual.default_severity),
        resolve_timeout: table.duration(
            "resolve_timeout",
            Duration::from_secs(1)..=Duration::from_secs(7 * 86_400),
            usual.resolve_timeout,
        ),
    }
}

/// Names of labels, or of annotations.
fn names(table: &Table<'_>, key: &str, usual: Vec<String>) -> Vec<String> {
    let Some(texts) = table.texts(key) else {
        return usual;
    };
    if texts.len() > MAX_NAMES {
        let problem = Problem::new(format!("more than {MAX_NAMES} names in `{key}`"));
        table.fault(key, problem.help("keep those that occur"));
    }
    let read = texts.iter().take(MAX_NAMES);
    read.filter_map(|text| table.parse(text, name)).collect()
}

fn name(text: &str) -> Result<String, Problem> {
    let label = text.strip_prefix(Labels::ANNOTATION).unwrap_or(text);
    if label.is_empty() || label.len() > 256 || label.contains(char::is_whitespace) {
        return Err(
            Problem::new(format!("\"{text}\" is not the name of a label")).help(
                "write a label such as \"instance\", or an annotation such as \"annotation.summary\"",
            ),
        );
    }
    Ok(text.to_owned())
}

fn words(table: &Table<'_>) -> Vec<(String, Severity)> {
    let entries = table.entries("severities");
    if entries.len() > MAX_NAMES {
        let problem = Problem::new(format!("more than {MAX_NAMES} words for severities"));
        table.fault("severities", problem.help("keep those that occur"));
    }
    let mut words = Vec::new();
    for (word, value) in entries.into_iter().take(MAX_NAMES) {
        if word.text.trim().is_empty() {
            let fault = Fault::at(word.span, "the word is empty");
            table
                .page
                .fault(fault.help("write the word that the label has"));
        } else if let Some(text) = table.as_text(word.text, value)
            && let Some(severity) = table.parse(&text, severity)
        {
            words.push((word.text.to_lowercase(), severity));
        }
    }
    words
}

fn severity(text: &str) -> Result<Severity, Problem> {
    Severity::from_name(text).ok_or_else(|| {
        let names: Vec<String> = Severity::ALL
            .iter()
            .rev()
            .map(|severity| severity.name().to_lowercase())
            .collect();
        let known = names.iter().map(String::as_str);
        let help = match keys::nearest(text, known) {
            Some(near) => format!("write \"{near}\""),
            None => format!("write one of {}", names.join(", ")),
        };
        Problem::new(format!("\"{text}\" is not a severity")).help(help)
    })
}
