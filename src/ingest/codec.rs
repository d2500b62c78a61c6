//! One line to records: JSON or DataMiner strings.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::{AlarmRecord, Labels, Time};
pub use crate::pipeline::intake::Incoming as Parsed;
use crate::pipeline::intake::MAX_BATCH;

use super::DataMiner;
use super::dataminer::{self, Needs};
use super::draft::Draft;
use super::json::{Object, read_object};
use super::notes::{Notes, clean, quoted};

/// What separates the records of one line: VERTICAL TAB, `vt` in DataMiner's documentation.
const BETWEEN_RECORDS: char = '\u{b}';

/// Reads lines. Pure: what it needs to know is in its settings.
#[derive(Debug, Clone)]
pub struct Codec {
    settings: DataMiner,
    labels: Arc<Labels>,
}

/// What a line holds.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "made one at a time and taken apart at once; a box would cost each record an allocation"
)]
pub enum Line {
    /// Nothing; it gets no answer.
    Blank,
    /// One record, or why it is none.
    One(Parsed),
    /// Several, at most [`MAX_BATCH`], answered together.
    Many(Vec<Parsed>),
}

/// Whether a line holds nothing but white space (with U+000B and a byte order mark): such lines get
/// no answer.
#[must_use]
pub fn is_blank(line: &[u8]) -> bool {
    line.strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(line)
        .iter()
        .all(|byte| byte.is_ascii_whitespace() || *byte == b'\x0b')
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

impl Codec {
    /// A codec that reads what DataMiner leaves open as `settings` say.
    #[must_use]
    pub fn new(settings: DataMiner) -> Self {
        Self {
            settings,
            labels: Arc::default(),
        }
    }

    /// The same codec, with this mapping of the labels of other systems.
    #[must_use]
    pub fn with_labels(mut self, labels: Labels) -> Self {
        self.labels = Arc::new(labels);
        self
    }

    /// What the labels of other systems become.
    #[must_use]
    pub const fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    /// Reads a line, without its line feed. `arrival` is the time of a record that gives none.
    #[must_use]
    pub fn read_line(&self, line: &[u8], arrival: Time) -> Line {
        if is_blank(line) {
            return Line::Blank;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let text = match std::str::from_utf8(line) {
            Ok(text) => text,
            Err(fault) => {
                return Line::One(rejected(format!(
                    "byte {} is not UTF-8; send the line in UTF-8",
                    fault.valid_up_to() + 1
                )));
            }
        };
        if text.trim_start().starts_with(['{', '[']) {
            return Line::One(self.read_json(text, arrival));
        }
        let mut records = text
            .split(BETWEEN_RECORDS)
            .filter(|record| !is_blank(record.as_bytes()));
        let first = records
            .next()
            .map(|record| self.read_string(record, arrival));
        let mut all: Vec<Parsed> = first
            .into_iter()
            .chain(
                records
                    .by_ref()
                    .take(MAX_BATCH - 2)
                    .map(|record| self.read_string(record, arrival)),
            )
            .collect();
        if records.next().is_some() {
            all.push(rejected(format!(
                "the line holds more than {} records; send the rest in lines of their own",
                MAX_BATCH - 1
            )));
        }
        match (all.len(), all.pop()) {
            (1, Some(one)) => Line::One(one),
            (_, Some(last)) => {
                all.push(last);
                Line::Many(all)
            }
            (_, None) => Line::Blank,
        }
    }

    /// Reads one JSON object.
    #[must_use]
    pub fn read_json(&self, value: &str, arrival: Time) -> Parsed {
        let mut notes = Notes::default();
        let record = self.json_record(value, arrival, &mut notes);
        Parsed {
            record,
            notes: notes.into_vec(),
        }
    }

    fn json_record(
        &self,
        value: &str,
        arrival: Time,
        notes: &mut Notes,
    ) -> Result<AlarmRecord, String> {
        if value.trim_start().starts_with('[') {
            return Err(
                "a list; expected one object: {\"element\": …, \"severity\": …}".to_owned(),
            );
        }
        let Object {
            mut draft,
            correlation_alarm_info,
            suspects,
        } = read_object(value, self.settings.severity_codes, notes)?;
        let mut unread = None;
        if let Some(info) = correlation_alarm_info {
            match self.read_info(&info, &draft, notes) {
                Ok(info) => draft.fill_from(info),
                Err(error) => {
                    draft.partial = true;
                    draft
                        .properties
                        .insert("correlation_alarm_info", clean(Cow::Owned(info)));
                    unread = Some(format!("`correlation_alarm_info`: {error}"));
                }
            }
        }
        let missing = |name: &'static str| {
            let mut error = format!("`{name}` is missing");
            if let Some((suspect, _)) = suspects.iter().find(|(_, key)| key.name() == name) {
                error.push_str(&format!("; {suspect} looks like it"));
            }
            match &unread {
                Some(unread) => format!("{error}; {unread}"),
                None => error,
            }
        };
        let record = draft.finish(arrival).map_err(missing)?;
        if let Some(unread) = unread {
            notes.push(unread);
        }
        Ok(record)
    }

    /// Reads the string that came inside a JSON record; names that the record gives itself are not
    /// missed in the config.
    fn read_info(&self, info: &str, given: &Draft, notes: &mut Notes) -> Result<Draft, String> {
        let mut records = info
            .split(BETWEEN_RECORDS)
            .filter(|record| !is_blank(record.as_bytes()));
        let first = records
            .next()
            .ok_or_else(|| format!("{} is empty", quoted(info)))?;
        if records.next().is_some() {
            notes.push(
                "`correlation_alarm_info` holds several records, and the first is read; send each \
                 in a record of its own",
            );
        }
        let needs = Needs {
            element: given.element.is_none(),
            parameter: given.parameter.is_none(),
        };
        dataminer::read(first.trim(), &self.settings, needs, notes)
    }

    fn read_string(&self, text: &str, arrival: Time) -> Parsed {
        let mut notes = Notes::default();
        let needs = Needs {
            element: true,
            parameter: true,
        };
        let record =
            dataminer::read(text.trim(), &self.settings, needs, &mut notes).and_then(|draft| {
                draft
                    .finish(arrival)
                    .map_err(|name| format!("{name} is missing"))
            });
        Parsed {
            record,
            notes: notes.into_vec(),
        }
    }
}

/// A line that holds no record.
pub(super) fn rejected(error: String) -> Parsed {
    Parsed {
        record: Err(error),
        notes: Vec::new(),
    }
}
