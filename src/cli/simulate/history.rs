//! Where a history comes from: a file of records, or the log of the daemon.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::Settings;
use crate::ingest::{Codec, Line};
use crate::model::{AlarmRecord, Event, Time};
use crate::store;

use super::super::Exit;
use super::super::send::input::next_line;

/// Remarks of one kind that are printed; the rest is counted.
const MAX_TOLD: u64 = 10;

/// Where a history comes from.
pub(in crate::cli) enum Source {
    /// Lines as on the socket; `-` is standard input.
    File(PathBuf),
    /// The last so long of the daemon's log.
    Store(Duration),
}

/// One thing that happened.
pub(in crate::cli) struct Entry {
    /// When it arrives.
    pub(in crate::cli) at: Time,
    pub(in crate::cli) event: Event,
}

/// A history, read as it is played.
pub(in crate::cli) struct History {
    tape: Tape,
    records: u64,
    rejected: Remarks,
    late: Remarks,
}

enum Tape {
    Lines(Lines),
    Log(store::History),
}

struct Lines {
    input: Box<dyn BufRead>,
    codec: Codec,
    max_line: usize,
    /// Of the line that was read last, from 1.
    number: u64,
    /// The time of the record that was read last.
    last: Option<Time>,
    /// The latest time so far.
    latest: Option<Time>,
    /// Records of the line that was read last.
    waiting: std::vec::IntoIter<AlarmRecord>,
}

impl History {
    pub(in crate::cli) fn open(source: &Source, settings: &Settings) -> Result<Self, Exit> {
        let tape = match source {
            Source::File(path) => Tape::Lines(Lines {
                input: open(path)?,
                codec: Codec::new(settings.dataminer.clone()),
                max_line: settings.ingest.max_line,
                number: 0,
                last: None,
                latest: None,
                waiting: Vec::new().into_iter(),
            }),
            Source::Store(span) => Tape::Log(log(*span, settings)?),
        };
        Ok(Self {
            tape,
            records: 0,
            rejected: Remarks::default(),
            late: Remarks::default(),
        })
    }

    /// The next thing that happened.
    pub(in crate::cli) fn next(&mut self) -> Result<Option<Entry>, Exit> {
        let entry = match &mut self.tape {
            Tape::Lines(lines) => lines.next(&mut self.rejected, &mut self.late)?,
            Tape::Log(log) => from_log(log)?,
        };
        if let Some(Entry {
            event: Event::Record(_),
            ..
        }) = entry
        {
            self.records += 1;
        }
        Ok(entry)
    }

    /// Records so far.
    pub(in crate::cli) fn records(&self) -> u64 {
        self.records
    }

    /// How the command ends.
    pub(in crate::cli) fn exit(&self) -> Exit {
        if self.rejected.count > 0 {
            Exit::Data
        } else {
            Exit::Ok
        }
    }

    /// What was read, in words.
    pub(in crate::cli) fn summary(&self, ignored: u64) -> String {
        let mut parts = vec![format!("{} records", self.records)];
        let mut add = |count: u64, what: &str| {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        };
        add(ignored, "that no rule wanted");
        add(self.late.count, "out of order");
        add(self.rejected.count, "lines rejected");
        parts.join(", ")
    }
}

/// Remarks on lines: the first are printed, the rest counted.
#[derive(Default)]
struct Remarks {
    count: u64,
}

impl Remarks {
    fn tell(&mut self, line: u64, what: &str) {
        self.count += 1;
        if self.count <= MAX_TOLD {
            eprintln!("line {line}: {what}");
        } else if self.count == MAX_TOLD + 1 {
            eprintln!("line {line} and later: more of the same, counted at the end");
        }
    }
}

impl Lines {
    fn next(&mut self, rejected: &mut Remarks, late: &mut Remarks) -> Result<Option<Entry>, Exit> {
        loop {
            if let Some(record) = self.waiting.next() {
                return Ok(Some(self.place(record, late)));
            }
            let line = next_line(&mut self.input).map_err(|error| {
                eprintln!("klaxond: the history cannot be read: {error}");
                Exit::Unavailable
            })?;
            let Some(mut line) = line else {
                return Ok(None);
            };
            self.number += 1;
            if line.last() == Some(&b'\n') {
                line.pop();
            }
            if line.len() > self.max_line {
                let what = format!("rejected: longer than ingest.max_line, {}", self.max_line);
                rejected.tell(self.number, &what);
                continue;
            }
            self.read(&line, rejected);
        }
    }

    fn read(&mut self, line: &[u8], rejected: &mut Remarks) {
        let arrival = self.last.unwrap_or_else(|| Time::from(Timestamp::now()));
        let parsed = match self.codec.read_line(line, arrival) {
            Line::Blank => return,
            Line::One(parsed) => vec![parsed],
            Line::Many(parsed) => parsed,
        };
        let mut records = Vec::with_capacity(parsed.len());
        for parsed in parsed {
            match parsed.record {
                Ok(record) => records.push(record),
                Err(error) => rejected.tell(self.number, &format!("rejected: {error}")),
            }
        }
        self.waiting = records.into_iter();
    }

    fn place(&mut self, record: AlarmRecord, late: &mut Remarks) -> Entry {
        self.last = Some(record.time);
        let latest = self
            .latest
            .map_or(record.time, |time| time.max(record.time));
        if record.time < latest {
            late.tell(
                self.number,
                &format!("{} is out of order; taken at {latest}", record.time),
            );
        }
        self.latest = Some(latest);
        Entry {
            at: latest,
            event: Event::Record(Arc::new(record)),
        }
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Exit> {
    const BUFFER: usize = 256 * 1024;
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::with_capacity(BUFFER, io::stdin())));
    }
    match File::open(path) {
        Ok(file) => Ok(Box::new(BufReader::with_capacity(BUFFER, file))),
        Err(error) => {
            eprintln!("klaxond: {} cannot be read: {error}", path.display());
            Err(Exit::Unavailable)
        }
    }
}

fn log(span: Duration, settings: &Settings) -> Result<store::History, Exit> {
    if !settings.keep_all {
        eprintln!(
            "note: storage.keep is not \"all\": records that no rule wanted when they came were not \
             kept, and rules that would want them see less than there was"
        );
    }
    let since = Time::from(Timestamp::now()) - span;
    store::history(&settings.storage.path, since).map_err(|error| failed(&error))
}

/// The rules are those of the config throughout: what was reloaded meanwhile is passed over.
fn from_log(log: &mut store::History) -> Result<Option<Entry>, Exit> {
    for entry in log {
        let entry = entry.map_err(|error| failed(&error))?;
        if !matches!(entry.event, Event::Reloaded { .. }) {
            return Ok(Some(Entry {
                at: entry.at,
                event: entry.event,
            }));
        }
    }
    Ok(None)
}

fn failed(error: &store::StoreError) -> Exit {
    eprintln!("klaxond: the history cannot be read: {error}");
    super::super::backup::exit(error.class())
}
