//! Codecs, and intakes that remember what they were handed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use klaxond::ingest::{Codec, DataMiner, Line, SeverityCodes};
use klaxond::model::{AlarmRecord, Answer, Time};
use klaxond::pipeline::intake::{Incoming, Intake};

/// The instant at which every record of a test arrives.
pub const ARRIVAL: &str = "2026-11-22T12:00:00Z";

pub fn arrival() -> Time {
    ARRIVAL.parse::<jiff::Timestamp>().unwrap().into()
}

pub fn settings() -> DataMiner {
    DataMiner {
        names: BTreeMap::from([
            ("7/59".to_owned(), "Broadpeak BKS350".to_owned()),
            ("7/59/350".to_owned(), "CPU load".to_owned()),
        ]),
        timezone: TimeZone::UTC,
        time_formats: Vec::new(),
        day_first: true,
        severity_codes: SeverityCodes::SlEnum,
    }
}

pub fn codec() -> Codec {
    Codec::new(settings())
}

/// Reads a line that holds one record.
pub fn one(line: impl AsRef<[u8]>) -> Incoming {
    match codec().read_line(line.as_ref(), arrival()) {
        Line::One(parsed) => parsed,
        other @ (Line::Blank | Line::Many(_)) => panic!("expected one record, got {other:?}"),
    }
}

/// The record of a line that is taken.
pub fn record(line: impl AsRef<[u8]>) -> AlarmRecord {
    one(line).record.unwrap()
}

/// Why a line is not taken.
pub fn refusal(line: impl AsRef<[u8]>) -> String {
    one(line).record.unwrap_err()
}

/// An intake that stores every record that reads, and what it was handed.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Vec<(Incoming, String)>>>);

impl Ledger {
    pub fn intake(&self) -> Intake {
        let ledger = self.clone();
        Intake::from_fn(move |records, origin| {
            let answers = ledger.enter(records, &origin);
            async move { answers }
        })
    }

    /// Notes the records and answers each.
    pub fn enter(&self, records: Vec<Incoming>, origin: &str) -> Vec<Answer> {
        let answers = records.iter().map(stored).collect();
        let entries = records.into_iter().map(|one| (one, origin.to_owned()));
        self.0.lock().unwrap().extend(entries);
        answers
    }

    /// Elements of the records that read, in the order of arrival.
    pub fn elements(&self) -> Vec<String> {
        let entries = self.0.lock().unwrap();
        entries
            .iter()
            .filter_map(|(one, _)| one.record.as_ref().ok())
            .map(|record| record.element.clone())
            .collect()
    }

    /// The records that read, in the order of arrival.
    pub fn records(&self) -> Vec<AlarmRecord> {
        let entries = self.0.lock().unwrap();
        let records = entries
            .iter()
            .filter_map(|(one, _)| one.record.clone().ok());
        records.collect()
    }

    pub fn origins(&self) -> Vec<String> {
        let entries = self.0.lock().unwrap();
        entries.iter().map(|(_, origin)| origin.clone()).collect()
    }
}

/// The answer of an intake that takes everything that reads.
pub fn stored(one: &Incoming) -> Answer {
    match &one.record {
        Ok(record) => Answer::Stored {
            id: record.id.clone(),
            rules: Vec::new(),
            notes: one.notes.clone(),
        },
        Err(error) => Answer::Rejected {
            error: error.clone(),
        },
    }
}
