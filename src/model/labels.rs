//! What the labels of Prometheus and its relatives are called here.

use std::time::Duration;

use super::{AlarmRecord, Severity};

/// Which labels become which fields; every other label becomes a property of its name, every other
/// annotation one with [`Labels::ANNOTATION`] in front.
///
/// A list names labels, the first that an alert has is taken. A field is written back as the first
/// label of its list. So that nothing is lost on the way, a label that is not the first of its list,
/// and a severity that has another word here, is kept as a property too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// What has the alarm.
    pub element: Vec<String>,
    /// What is wrong with it.
    pub parameter: Vec<String>,
    /// Which one of several.
    pub index: Vec<String>,
    /// The text; annotations as `annotation.NAME`.
    pub value: Vec<String>,
    /// How bad it is.
    pub severity: Vec<String>,
    /// Who reports it; else the name of the system.
    pub source: Vec<String>,
    /// What words for severities mean, in lower case.
    pub severities: Vec<(String, Severity)>,
    /// What an alert is without a severity, or with a word that is not known.
    pub default_severity: Severity,
    /// An alert that does not say when it ends is over after so long, unless it is repeated.
    pub resolve_timeout: Duration,
}

impl Labels {
    /// In front of the name of an annotation that became a property.
    pub const ANNOTATION: &'static str = "annotation.";
    /// The property that holds where an alert comes from: a link.
    pub const GENERATOR: &'static str = "generatorURL";

    /// The severity that a word stands for, in any case; `None` for a word that is not known.
    #[must_use]
    pub fn severity_of(&self, word: &str) -> Option<Severity> {
        let word = word.trim();
        self.severities
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(word))
            .map(|(_, severity)| *severity)
            .or_else(|| Severity::from_name(word))
    }

    /// The word for a severity where an alert does not bring its own.
    #[must_use]
    pub fn word_of(severity: Severity) -> String {
        severity.name().to_ascii_lowercase()
    }

    /// The labels of a record, as they came where they came from a system with labels: sorted by name.
    #[must_use]
    pub fn labels_of(&self, record: &AlarmRecord) -> Vec<(String, String)> {
        let mut labels: Vec<(String, String)> = record
            .properties
            .iter()
            .filter(|(name, _)| !name.starts_with(Self::ANNOTATION) && *name != Self::GENERATOR)
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let fields = [
            (&self.element, "element", record.element.as_str()),
            (&self.parameter, "parameter", record.parameter.as_str()),
            (&self.index, "index", record.index.as_str()),
        ];
        for (list, field, value) in fields {
            let is_there = list.iter().any(|name| {
                record
                    .properties
                    .iter()
                    .any(|(known, kept)| known == name && kept == value)
            });
            if !value.is_empty() && !is_there {
                put(&mut labels, first(list, field), value.to_owned());
            }
        }
        let severity = first(&self.severity, "severity");
        if !labels.iter().any(|(name, _)| name == severity) {
            labels.push((severity.to_owned(), Self::word_of(record.severity)));
        }
        labels.sort();
        labels
    }

    /// The annotations of a record, sorted by name.
    #[must_use]
    pub fn annotations_of(&self, record: &AlarmRecord) -> Vec<(String, String)> {
        let own = |name: &'_ str| name.strip_prefix(Self::ANNOTATION).map(str::to_owned);
        let mut annotations: Vec<(String, String)> = record
            .properties
            .iter()
            .filter_map(|(name, value)| Some((own(name)?, value.to_owned())))
            .collect();
        let is_own = |name: &String| {
            self.value
                .iter()
                .any(|known| own(known).as_ref() == Some(name))
        };
        let is_there = annotations
            .iter()
            .any(|(name, value)| *value == record.value && is_own(name));
        if !record.value.is_empty() && !is_there {
            let name = self.value.iter().find_map(|name| own(name));
            let name = name.as_deref().unwrap_or("summary");
            put(&mut annotations, name, record.value.clone());
        }
        annotations.sort();
        annotations
    }
}

impl Default for Labels {
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let word = |(word, severity): (&str, Severity)| (word.to_owned(), severity);
        Self {
            element: list(&["instance", "host", "node", "job"]),
            parameter: list(&["alertname"]),
            index: list(&[]),
            value: list(&["annotation.summary", "annotation.description"]),
            severity: list(&["severity"]),
            source: list(&[]),
            severities: [
                ("critical", Severity::Critical),
                ("page", Severity::Critical),
                ("emergency", Severity::Critical),
                ("disaster", Severity::Critical),
                ("error", Severity::Major),
                ("high", Severity::Major),
                ("major", Severity::Major),
                ("average", Severity::Minor),
                ("minor", Severity::Minor),
                ("warning", Severity::Warning),
                ("warn", Severity::Warning),
                ("info", Severity::Information),
                ("none", Severity::Information),
            ]
            .map(word)
            .to_vec(),
            default_severity: Severity::Major,
            resolve_timeout: Duration::from_secs(300),
        }
    }
}

/// The label that a field is written back as.
fn first<'a>(list: &'a [String], field: &'a str) -> &'a str {
    list.first().map_or(field, String::as_str)
}

fn put(pairs: &mut Vec<(String, String)>, name: &str, value: String) {
    match pairs.iter_mut().find(|(known, _)| known == name) {
        Some(known) => known.1 = value,
        None => pairs.push((name.to_owned(), value)),
    }
}
