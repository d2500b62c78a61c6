//! One alert of a system with labels to a record, by the mapping of [`Labels`].

use std::borrow::Cow;

use crate::model::{AlarmRecord, AlarmType, Labels, Properties, Severity, Status, Time};

use super::notes::clean;
use super::pairs::Pairs;

/// An alert as it was sent.
#[derive(Debug)]
pub(super) struct Alert<'a> {
    /// What it is known by.
    pub(super) labels: Pairs<'a>,
    pub(super) annotations: Pairs<'a>,
    /// Since when; the arrival when not given.
    pub(super) starts: Option<Time>,
    /// Whether it has ended.
    pub(super) is_over: bool,
    /// When it ends, or has ended.
    pub(super) ends: Option<Time>,
    /// Where it comes from: a link.
    pub(super) generator: Option<Cow<'a, str>>,
}

impl Alert<'_> {
    /// The record of it; `system` is who sent it, for alerts that do not say.
    ///
    /// # Errors
    /// It has no labels, so nothing to be known by.
    pub(super) fn record(
        mut self,
        mapping: &Labels,
        system: &str,
        arrival: Time,
    ) -> Result<AlarmRecord, String> {
        self.labels.sort();
        if self.labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        let mut reader = Reader {
            alert: &self,
            taken: Vec::with_capacity(8),
            properties: Properties::default(),
        };
        let source = reader.field(&mapping.source);
        let source = source.unwrap_or_else(|| system.to_owned());
        let element = reader.field(&mapping.element);
        let parameter = reader.field(&mapping.parameter).unwrap_or_default();
        let index = reader.field(&mapping.index).unwrap_or_default();
        let severity = reader.severity(mapping);
        let value = reader.field(&mapping.value).unwrap_or_default();
        let properties = reader.rest();
        let status = if self.is_over {
            Status::Cleared
        } else {
            Status::Open
        };
        let ended = self.ends.filter(|_| self.is_over);
        Ok(AlarmRecord {
            id: fingerprint(&self.labels),
            element: element.unwrap_or_else(|| source.clone()),
            element_id: None,
            parameter,
            parameter_id: None,
            index,
            value,
            severity,
            severity_range: None,
            kind: self.is_over.then_some(AlarmType::Cleared),
            status,
            time: ended.or(self.starts).unwrap_or(arrival),
            owner: String::new(),
            user_status: None,
            source,
            comment: String::new(),
            services: Vec::new(),
            views: Vec::new(),
            properties,
            partial: false,
            repeats: true,
            until: self.ends.filter(|_| !self.is_over),
        })
    }
}

/// Takes labels and annotations one by one; what nobody took becomes a property.
struct Reader<'a> {
    alert: &'a Alert<'a>,
    /// Names in the mapping's writing.
    taken: Vec<&'a str>,
    properties: Properties,
}

impl<'a> Reader<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        match name.strip_prefix(Labels::ANNOTATION) {
            Some(name) => self.alert.annotations.get(name),
            None => self.alert.labels.get(name),
        }
    }

    /// The first of `names` that is there. It is no property besides, unless its name could not be
    /// told from the field alone.
    fn field(&mut self, names: &'a [String]) -> Option<String> {
        let (place, value) = names
            .iter()
            .enumerate()
            .find_map(|(place, name)| Some((place, self.get(name)?)))?;
        let is_plain = place == 0
            && !names[1..]
                .iter()
                .any(|other| self.get(other) == Some(value));
        if is_plain {
            self.taken.push(&names[place]);
        }
        Some(clean(Cow::Borrowed(value)))
    }

    fn severity(&mut self, mapping: &'a Labels) -> Severity {
        let given = mapping
            .severity
            .iter()
            .enumerate()
            .find_map(|(place, name)| Some((place, name, self.get(name)?)));
        let Some((place, name, word)) = given else {
            return mapping.default_severity;
        };
        let known = mapping.severity_of(word);
        let severity = known.unwrap_or(mapping.default_severity);
        if place == 0 && Labels::word_of(severity) == word {
            self.taken.push(name);
        }
        severity
    }

    fn rest(mut self) -> Properties {
        for (name, value) in self.alert.labels.iter() {
            if !self.taken.contains(&name) {
                self.properties
                    .insert(clean(name.into()), clean(value.into()));
            }
        }
        for (name, value) in self.alert.annotations.iter() {
            let is_own = |taken: &&str| taken.strip_prefix(Labels::ANNOTATION) == Some(name);
            if !self.taken.iter().any(is_own) {
                let name = format!("{}{}", Labels::ANNOTATION, clean(name.into()));
                self.properties.insert(name, clean(value.into()));
            }
        }
        if let Some(link) = self
            .alert
            .generator
            .as_deref()
            .filter(|link| !link.is_empty())
        {
            self.properties
                .insert(Labels::GENERATOR, clean(link.into()));
        }
        self.properties
    }
}

/// What Prometheus and Alertmanager know an alert by (`model.LabelSet.Fingerprint`): FNV-1a over its
/// labels, sorted, each name and value closed by a byte that is in no text.
fn fingerprint(labels: &Pairs<'_>) -> String {
    const OFFSET: u64 = 14_695_981_039_346_656_037;
    const PRIME: u64 = 1_099_511_628_211;
    const SEPARATOR: u8 = 0xff;
    let add = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(PRIME);
    let add_text = |sum: u64, text: &str| add(text.bytes().fold(sum, add), SEPARATOR);
    let sum = labels.iter().fold(OFFSET, |sum, (name, value)| {
        add_text(add_text(sum, name), value)
    });
    format!("{sum:016x}")
}
