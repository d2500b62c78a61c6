//! Sources that must be heard of: a dead source looks like a quiet night.
//!
//! Intake notes who was heard ([`Heartbeats::hear`]), cheaply; what falls silent or is back is decided by
//! [`Heartbeats::due`], a function of the time and of what was heard.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;

use crate::model::{AlarmRecord, AlarmType, Properties, Severity, Status, Time};

use super::intake::Incoming;

/// What the alarms of heartbeats come from.
pub const SOURCE: &str = "klaxond";

/// Root id and parameter of such an alarm.
pub const ID: &str = "heartbeat";

/// What `[[expect]]` says of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// `source` of its records, in any case.
    pub source: String,
    /// For people.
    pub name: String,
    /// It is silent when nothing of it came for so long.
    pub within: Duration,
    /// Of the alarm.
    pub severity: Severity,
    /// Of the alarm.
    pub element: String,
}

/// An expected source as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// As the config writes it.
    pub source: String,
    /// For people.
    pub name: String,
    /// It is silent when nothing of it came for so long.
    pub within: Duration,
    /// When it was heard last, since the start.
    pub heard: Option<Time>,
    /// Whether its alarm stands.
    pub silent: bool,
}

/// Something to hand in, and what to note when it is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    /// The alarm, or its end.
    pub record: AlarmRecord,
    /// Whether the source is silent.
    pub silent: bool,
}

/// The expected sources, shared by intake, which hears, and by what watches them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Heartbeats(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// Nothing else is looked at while nobody is expected.
    any: AtomicBool,
    /// Written by a reload only.
    ears: RwLock<Arc<[Ear]>>,
    /// Alarms of sources that are expected no more.
    gone: RwLock<Vec<String>>,
    /// There is something to look at again.
    news: Notify,
}

/// Never heard.
const NEVER: i64 = i64::MIN;

struct Ear {
    expectation: Expectation,
    /// The silence counts from here: the start, or the last reload.
    since_ms: AtomicI64,
    heard_ms: AtomicI64,
    /// Its alarm was handed in.
    silent: AtomicBool,
    /// No rule wanted that alarm: other rules may.
    unwanted: AtomicBool,
}

impl Heartbeats {
    /// Expects these from `now` on, with a full `within` of grace; what is known of those that were
    /// expected before stays.
    pub fn expect(&self, now: Time, expectations: &[Expectation]) {
        let before = self.ears();
        let ears = expectations.iter().map(|expectation| {
            let old = before.iter().find(|ear| {
                ear.expectation.element == expectation.element
                    && ear.listens_to(&expectation.source)
            });
            Ear {
                expectation: expectation.clone(),
                since_ms: AtomicI64::new(now.as_ms()),
                heard_ms: AtomicI64::new(
                    old.map_or(NEVER, |ear| ear.heard_ms.load(Ordering::Relaxed)),
                ),
                silent: AtomicBool::new(old.is_some_and(Ear::has_alarm)),
                unwanted: AtomicBool::new(false),
            }
        });
        let ears: Arc<[Ear]> = ears.collect();
        let stays = |ear: &&Ear| {
            ears.iter().any(|other| {
                other.is_silent() && other.expectation.element == ear.expectation.element
            })
        };
        let gone = before.iter().filter(|ear| ear.has_alarm() && !stays(ear));
        let gone: Vec<String> = gone.map(|ear| ear.expectation.element.clone()).collect();
        write(&self.0.gone, |list| list.extend(gone));
        let any = !ears.is_empty();
        write(&self.0.ears, |place| *place = ears);
        self.0.any.store(any, Ordering::Relaxed);
        self.0.news.notify_one();
    }

    /// The alarms of these elements stand, from before the start.
    pub fn resume(&self, elements: &[String]) {
        let ears = self.ears();
        for element in elements {
            match ears.iter().find(|ear| ear.expectation.element == *element) {
                Some(ear) => ear.silent.store(true, Ordering::Relaxed),
                None => write(&self.0.gone, |list| list.push(element.clone())),
            }
        }
        self.0.news.notify_one();
    }

    /// Records came in at `now`.
    pub fn hear(&self, now: Time, records: &[Incoming]) {
        if !self.0.any.load(Ordering::Relaxed) {
            return;
        }
        let ears = self.ears();
        for record in records.iter().filter_map(|one| one.record.as_ref().ok()) {
            if !record.source.is_empty() {
                self.note(&ears, now, &record.source);
            }
        }
    }

    /// A source was heard at `now`; whether it is expected.
    pub fn heard(&self, now: Time, source: &str) -> bool {
        self.note(&self.ears(), now, source)
    }

    fn note(&self, ears: &[Ear], now: Time, source: &str) -> bool {
        let Some(ear) = ears.iter().find(|ear| ear.listens_to(source)) else {
            return false;
        };
        // Many records of one source come in the same millisecond: no writing over and over.
        if ear.heard_ms.load(Ordering::Relaxed) < now.as_ms() {
            ear.heard_ms.fetch_max(now.as_ms(), Ordering::Relaxed);
        }
        if ear.is_silent() {
            self.0.news.notify_one();
        }
        true
    }

    /// The wall clock jumped forward; waits move with it.
    pub fn rebase(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        for ear in self.ears().iter() {
            for time in [&ear.since_ms, &ear.heard_ms] {
                let moved = |ms: i64| (ms != NEVER).then(|| ms.saturating_add(by_ms));
                // It stays as it is when it was never heard.
                let _ = time.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved);
            }
        }
        self.0.news.notify_one();
    }

    /// What has to be handed in at `now`; of a source in order of the config. The same comes again
    /// until [`Heartbeats::taken`] says that it was taken.
    #[must_use]
    pub fn due(&self, now: Time) -> Vec<Beat> {
        let gone = self.0.gone.read().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<Beat> = gone
            .iter()
            .map(|element| Beat {
                record: record(
                    element,
                    now,
                    Severity::Normal,
                    "no longer expected",
                    String::new(),
                ),
                silent: false,
            })
            .collect();
        let ears = self.ears();
        let turned = ears.iter().filter_map(|ear| ear.due(now));
        gone.into_iter().chain(turned).collect()
    }

    /// `beat` was handed in; `stored` unless no rule wants it.
    pub fn taken(&self, beat: &Beat, stored: bool) {
        let element = &beat.record.element;
        match self
            .ears()
            .iter()
            .find(|ear| ear.expectation.element == *element)
        {
            Some(ear) => {
                ear.silent.store(beat.silent, Ordering::Relaxed);
                ear.unwanted.store(!stored, Ordering::Relaxed);
            }
            None => write(&self.0.gone, |list| list.retain(|gone| gone != element)),
        }
    }

    /// When a source falls silent next if nothing of it comes.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let ears = self.ears();
        let waiting = ears.iter().filter(|ear| !ear.is_silent());
        waiting.map(|ear| ear.last() + ear.expectation.within).min()
    }

    /// Resolves when something changed that [`Heartbeats::next_deadline`] does not tell: a silent
    /// source is back, others are expected.
    pub async fn news(&self) {
        self.0.news.notified().await;
    }

    /// The expected sources as they stand, in the order of the config.
    #[must_use]
    pub fn expected(&self) -> Vec<Expected> {
        let ears = self.ears();
        let expected = ears.iter().map(|ear| Expected {
            source: ear.expectation.source.clone(),
            name: ear.expectation.name.clone(),
            within: ear.expectation.within,
            heard: ear.heard(),
            silent: ear.is_silent(),
        });
        expected.collect()
    }

    fn ears(&self) -> Arc<[Ear]> {
        Arc::clone(&self.0.ears.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn write<T>(lock: &RwLock<T>, change: impl FnOnce(&mut T)) {
    change(&mut lock.write().unwrap_or_else(PoisonError::into_inner));
}

impl fmt::Debug for Heartbeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.expected()).finish()
    }
}

impl Ear {
    fn listens_to(&self, source: &str) -> bool {
        let own = &self.expectation.source;
        let lower = |text: &str, other: &str| {
            let lower = text.chars().flat_map(char::to_lowercase);
            lower.eq(other.chars().flat_map(char::to_lowercase))
        };
        own.eq_ignore_ascii_case(source)
            || (!own.is_ascii() && !source.is_ascii() && lower(own, source))
    }

    fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    /// Whether its alarm stands.
    fn has_alarm(&self) -> bool {
        self.is_silent() && !self.unwanted.load(Ordering::Relaxed)
    }

    fn heard(&self) -> Option<Time> {
        let heard_ms = self.heard_ms.load(Ordering::Relaxed);
        (heard_ms != NEVER).then(|| Time::from_ms(heard_ms))
    }

    fn since(&self) -> Time {
        Time::from_ms(self.since_ms.load(Ordering::Relaxed))
    }

    /// From when on silence counts.
    fn last(&self) -> Time {
        self.heard()
            .map_or(self.since(), |heard| heard.max(self.since()))
    }

    fn due(&self, now: Time) -> Option<Beat> {
        let expectation = &self.expectation;
        if self.is_silent() {
            // An alarm from before the start ends when something comes after it.
            let heard = self.heard()?;
            let back = now.since(heard) < expectation.within;
            return back.then(|| Beat {
                record: expectation.back(now),
                silent: false,
            });
        }
        (self.last() + expectation.within <= now).then(|| Beat {
            record: expectation.silent(now, self.heard()),
            silent: true,
        })
    }
}

impl Expectation {
    /// The alarm of its silence at `now`, heard last at `heard`.
    #[must_use]
    pub fn silent(&self, now: Time, heard: Option<Time>) -> AlarmRecord {
        let value = format!("silent for {}", in_words(self.within));
        let comment = match heard {
            Some(heard) => format!("{}: last heard {heard}", self.name),
            None => format!("{}: not heard since the start", self.name),
        };
        record(&self.element, now, self.severity, &value, comment)
    }

    /// The end of that alarm.
    fn back(&self, now: Time) -> AlarmRecord {
        let comment = format!("{}: heard again", self.name);
        record(&self.element, now, Severity::Normal, "heard again", comment)
    }
}

/// An alarm of a heartbeat; of severity normal, its end.
fn record(
    element: &str,
    now: Time,
    severity: Severity,
    value: &str,
    comment: String,
) -> AlarmRecord {
    let ends = severity == Severity::Normal;
    AlarmRecord {
        id: ID.to_owned(),
        element: element.to_owned(),
        element_id: None,
        parameter: ID.to_owned(),
        parameter_id: None,
        index: String::new(),
        value: value.to_owned(),
        severity,
        severity_range: None,
        kind: Some(if ends {
            AlarmType::Cleared
        } else {
            AlarmType::NewAlarm
        }),
        status: if ends { Status::Cleared } else { Status::Open },
        time: now,
        owner: String::new(),
        user_status: None,
        source: SOURCE.to_owned(),
        comment,
        services: Vec::new(),
        views: Vec::new(),
        properties: Properties::default(),
        partial: false,
        repeats: false,
        until: None,
    }
}

/// `5 minutes`, `1 hour 30 minutes`.
fn in_words(span: Duration) -> String {
    let mut left_s = span.as_secs();
    let mut words = Vec::new();
    for (unit, unit_s) in [
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ] {
        let count = left_s / unit_s;
        left_s %= unit_s;
        if count > 0 {
            words.push(format!(
                "{count} {unit}{}",
                if count == 1 { "" } else { "s" }
            ));
        }
    }
    words.join(" ")
}
