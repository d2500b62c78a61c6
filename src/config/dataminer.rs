//! `[dataminer]`: how DataMiner's strings are read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ingest::{DataMiner, SeverityCodes};

use super::fault::Fault;
use super::keys;
use super::page::Problem;
use super::reader::Table;
use super::top;

const MAX_NAMES: usize = 100_000;
const MAX_FORMATS: usize = 32;

/// `timezone` is that of the top of the file.
pub(super) fn read(file: &Table<'_>, timezone: &TimeZone) -> DataMiner {
    let table = file.table("dataminer", &keys::DATAMINER);
    let formats = table.texts("time_formats").unwrap_or_default();
    if formats.len() > MAX_FORMATS {
        let problem = Problem::new(format!("more than {MAX_FORMATS} `time_formats`"));
        table.fault("time_formats", problem.help("keep those that occur"));
    }
    DataMiner {
        names: names(&table),
        timezone: table
            .read("timezone", top::timezone)
            .unwrap_or_else(|| timezone.clone()),
        time_formats: formats
            .iter()
            .take(MAX_FORMATS)
            .filter_map(|text| table.parse(text, time_format))
            .collect(),
        day_first: table.flag("day_first", false),
        severity_codes: table.word(
            "severity_codes",
            &[
                ("slenum", SeverityCodes::SlEnum),
                ("alarm_level", SeverityCodes::AlarmLevel),
            ],
            SeverityCodes::SlEnum,
        ),
    }
}

fn names(table: &Table<'_>) -> BTreeMap<String, String> {
    let entries = table.entries("names");
    if entries.len() > MAX_NAMES {
        let problem = Problem::new(format!("more than {MAX_NAMES} names"));
        table.fault(
            "names",
            problem.help("keep those of elements that raise alarms"),
        );
    }
    let mut names = BTreeMap::new();
    for (key, value) in entries.into_iter().take(MAX_NAMES) {
        if !is_dataminer_id(key.text) {
            let message = format!(
                "\"{}\" is not the id of an element or a parameter",
                key.text
            );
            let help =
                "write \"7/59\" for element 59 of agent 7, \"7/59/350\" for its parameter 350";
            table.page.fault(Fault::at(key.span, message).help(help));
        } else if let Some(name) = table.as_text(key.text, value) {
            if name.text.trim().is_empty() {
                let fault =
                    Fault::at(name.span, "the name is empty").help("write what people call it");
                table.page.fault(fault);
            } else {
                names.insert(key.text.to_owned(), name.text.to_owned());
            }
        }
    }
    names
}

/// `agent/element` or `agent/element/parameter`.
fn is_dataminer_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let number =
        |part: &&str| (1..=10).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(number)
}

fn time_format(text: &str) -> Result<String, Problem> {
    let example = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let good = text.contains('%') && jiff::fmt::strtime::format(text, &example).is_ok();
    good.then(|| text.to_owned()).ok_or_else(|| {
        Problem::new(format!("\"{text}\" is not a time format"))
            .help("write it with strptime's signs, such as \"%d/%m/%Y %H:%M:%S\"")
    })
}
