//! A plant that raises alarms: its records, drawn from a fixed seed.

use std::sync::Arc;
use std::time::Duration;

use klaxond::model::{AlarmRecord, Event, LogEntry, Position, Properties, Severity, Status, Time};

/// 2026-11-22, midnight.
const START: Time = Time::from_ms(1_795_305_600_000);

/// What an element raises alarms of.
pub const PARAMETERS: [&str; 5] = [
    "Input status",
    "Bit rate",
    "Packet loss",
    "Temperature",
    "Sync",
];

const BAD: [Severity; 4] = [
    Severity::Warning,
    Severity::Minor,
    Severity::Major,
    Severity::Critical,
];

/// As many alarms as it was made for, each of which is raised, changes, ends and is raised again.
pub struct Plant {
    alarms: u64,
    /// Between two records.
    gap: Duration,
    now: Time,
    position: Position,
    /// Raised for the first time so far.
    raised: u64,
    /// Ended by the last record.
    ended: Option<u64>,
    chance: fastrand::Rng,
}

impl Plant {
    pub fn new(alarms: u64, gap: Duration) -> Self {
        Self {
            alarms,
            gap,
            now: START,
            position: Position::default(),
            raised: 0,
            ended: None,
            chance: fastrand::Rng::with_seed(7),
        }
    }

    fn record(&mut self, n: u64, status: Status) -> AlarmRecord {
        let element = n / PARAMETERS.len() as u64;
        let severity = match status {
            Status::Cleared => Severity::Normal,
            Status::Open | Status::Clearable | Status::Masked => {
                BAD[self.chance.usize(..BAD.len())]
            }
        };
        let mut properties = Properties::default();
        properties.insert("Site", format!("Site {}", element % 100));
        properties.insert("Cabinet", format!("Cabinet {}", element % 1_000));
        AlarmRecord {
            id: format!("{}", 48_000_000 + n),
            element: format!("Encoder {element}"),
            element_id: Some(format!("7/{element}")),
            parameter: PARAMETERS[usize::try_from(n).unwrap() % PARAMETERS.len()].to_owned(),
            parameter_id: Some(format!("{}", 100 + n % 5)),
            index: format!("Slot {}", n % 4),
            value: format!("{}.5 dB", self.chance.u32(..90)),
            severity,
            severity_range: None,
            kind: None,
            status,
            time: self.now,
            owner: "System".to_owned(),
            user_status: None,
            source: "DataMiner System".to_owned(),
            comment: String::new(),
            services: vec![format!("News {}", element % 200)],
            views: vec![format!("Hall {}", element % 50)],
            properties,
            partial: false,
            repeats: false,
            until: None,
        }
    }

    /// The record that comes next: all are raised one after the other; then any of them changes or
    /// ends, and what ended is raised again.
    fn draw(&mut self) -> AlarmRecord {
        if self.raised < self.alarms {
            self.raised += 1;
            return self.record(self.raised - 1, Status::Open);
        }
        if let Some(n) = self.ended.take() {
            return self.record(n, Status::Open);
        }
        let n = self.chance.u64(..self.alarms);
        if self.chance.u8(..3) > 0 {
            return self.record(n, Status::Open);
        }
        self.ended = Some(n);
        self.record(n, Status::Cleared)
    }
}

impl Iterator for Plant {
    type Item = LogEntry;

    fn next(&mut self) -> Option<LogEntry> {
        self.now = self.now + self.gap;
        self.position = self.position.next();
        Some(LogEntry {
            position: self.position,
            at: self.now,
            event: Event::Record(Arc::new(self.draw())),
        })
    }
}

/// The record of an entry.
pub fn record_of(entry: &LogEntry) -> &AlarmRecord {
    let Event::Record(record) = &entry.event else {
        panic!("{entry:?} is no record");
    };
    record
}
