//! Records in, answers out: on disk before "stored".

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::RwLock;

use crate::engine::Ruleset;
use crate::model::{AlarmRecord, Answer, Event, Position, RuleId, Time};
use crate::store::{Log, NewEntry, StoreError};

use super::clock::Clock;
use super::heartbeat::Heartbeats;
use super::meters::Meters;

/// The most records that a front end hands in at once.
pub const MAX_BATCH: usize = 1024;

/// When a client that was answered busy should come back.
const RETRY_AFTER_MS: u64 = 500;

/// One record as a codec read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The record, or where it is wrong and what was expected.
    pub record: Result<AlarmRecord, String>,
    /// Remarks on what looks like a mistake.
    pub notes: Vec<String>,
}

type Answers = Pin<Box<dyn Future<Output = Vec<Answer>> + Send>>;

/// Takes records for the daemon. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    take: Arc<dyn Fn(Vec<Incoming>, Arc<str>) -> Answers + Send + Sync>,
}

impl Intake {
    /// An intake that is served by `take`: one answer per record, in order.
    pub fn from_fn<F, A>(take: F) -> Self
    where
        F: Fn(Vec<Incoming>, Arc<str>) -> A + Send + Sync + 'static,
        A: Future<Output = Vec<Answer>> + Send + 'static,
    {
        Self {
            take: Arc::new(move |records, origin| Box::pin(take(records, origin))),
        }
    }

    /// Takes at most [`MAX_BATCH`] records from `origin` ("unix uid=1000 pid=4711"); returns one
    /// answer per record, in order, when what was stored is on disk.
    pub async fn take(&self, records: Vec<Incoming>, origin: Arc<str>) -> Vec<Answer> {
        (self.take)(records, origin).await
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Intake")
    }
}

/// The intake of a running daemon: the log, and the rules that say what is wanted.
pub struct Gate {
    log: Log,
    clock: Clock,
    heartbeats: Heartbeats,
    /// Held for reading over each append, so that every record in front of a reload in the log was
    /// judged by the rules that were in force there.
    wanted: RwLock<Wanted>,
    /// The log took nothing the last time; that was logged.
    refused: AtomicBool,
    meters: Meters,
}

#[derive(Debug, Clone)]
struct Wanted {
    ruleset: Arc<Ruleset>,
    keep_all: bool,
}

impl Gate {
    /// A gate in front of `log`; `heartbeats` hear every record that comes.
    #[must_use]
    pub fn new(
        log: Log,
        clock: Clock,
        heartbeats: Heartbeats,
        ruleset: Arc<Ruleset>,
        keep_all: bool,
        meters: Meters,
    ) -> Arc<Self> {
        Arc::new(Self {
            log,
            clock,
            heartbeats,
            wanted: RwLock::new(Wanted { ruleset, keep_all }),
            refused: AtomicBool::new(false),
            meters,
        })
    }

    /// The handle that front ends hold.
    #[must_use]
    pub fn intake(self: &Arc<Self>) -> Intake {
        let gate = Arc::clone(self);
        Intake::from_fn(move |records, origin| {
            let gate = Arc::clone(&gate);
            async move { gate.take(records, origin).await }
        })
    }

    /// The rules in force.
    pub async fn ruleset(&self) -> Arc<Ruleset> {
        Arc::clone(&self.wanted.read().await.ruleset)
    }

    /// Puts other rules in force from the place in the log where `event` goes. `along` is run
    /// there too: no record is taken until it is through.
    ///
    /// # Errors
    /// The event could not be written; the rules stay as they were and `along` is not run.
    pub async fn replace(
        &self,
        (event, by): (Event, Arc<str>),
        ruleset: Arc<Ruleset>,
        keep_all: bool,
        along: impl FnOnce(),
    ) -> Result<(), StoreError> {
        let mut wanted = self.wanted.write().await;
        self.note_by(event, by).await?;
        *wanted = Wanted { ruleset, keep_all };
        along();
        Ok(())
    }

    /// Appends `event` between records: those behind it in the log are stamped after `along` was run.
    ///
    /// # Errors
    /// It could not be written; `along` is not run.
    pub async fn between(&self, event: Event, along: impl FnOnce()) -> Result<(), StoreError> {
        let _nobody_stamps = self.wanted.write().await;
        self.note(event).await?;
        along();
        Ok(())
    }

    /// Whether the log took nothing the last time.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Logs the first of many refusals and the end of them: clients come back twice a second.
    fn tell(&self, error: Option<&StoreError>) {
        let before = self.refused.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !before => {
                tracing::error!(%error, "records are answered busy: the log cannot take them");
            }
            None if before => tracing::info!("records are taken again"),
            Some(_) | None => {}
        }
    }

    /// Appends an event that is not a record; returns its place when it is on disk.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn note(&self, event: Event) -> Result<Position, StoreError> {
        self.note_by(event, Arc::from("klaxond")).await
    }

    /// The same, of what somebody asked for: `origin` is for the audit trail.
    ///
    /// # Errors
    /// It could not be written.
    pub async fn note_by(&self, event: Event, origin: Arc<str>) -> Result<Position, StoreError> {
        let entry = NewEntry {
            at: self.clock.now(),
            event,
            wanted: true,
            origin,
        };
        let places = self.log.append(vec![entry]).await?;
        // What is wanted always has a place.
        Ok(places.into_iter().flatten().next().unwrap_or_default())
    }

    async fn take(&self, records: Vec<Incoming>, origin: Arc<str>) -> Vec<Answer> {
        let wanted = self.wanted.read().await;
        let at = self.clock.now();
        self.heartbeats.hear(at, &records);
        let mut entries = Vec::with_capacity(records.len());
        let judged: Vec<Judged> = records
            .into_iter()
            .map(|incoming| wanted.judge(incoming, at, &origin, &mut entries))
            .collect();
        let stored = if entries.is_empty() {
            Ok(Vec::new())
        } else {
            let stored = self.log.append(entries).await;
            self.tell(stored.as_ref().err());
            stored
        };
        drop(wanted);
        let mut positions = stored.map(Vec::into_iter);
        let answers: Vec<Answer> = judged
            .into_iter()
            .map(|judged| judged.answer(&mut positions))
            .collect();
        self.meters.answered(&origin, &answers);
        answers
    }
}

/// A record between judgement and answer.
enum Judged {
    Bad(String),
    Good {
        id: String,
        rules: Vec<RuleId>,
        notes: Vec<String>,
    },
}

impl Wanted {
    fn judge(
        &self,
        incoming: Incoming,
        at: Time,
        origin: &Arc<str>,
        entries: &mut Vec<NewEntry>,
    ) -> Judged {
        let record = match incoming.record {
            Ok(record) => record,
            Err(error) => return Judged::Bad(error),
        };
        let rules = self.ruleset.candidates(&record);
        // Whoever repeats alarms repeats their ends too: the end of what is not open is none.
        let is_echo = record.repeats && record.ends();
        let is_wanted = !rules.is_empty() || self.ruleset.wants(&record);
        let wanted = self.keep_all || (is_wanted && !is_echo);
        let id = record.id.clone();
        entries.push(NewEntry {
            at,
            event: Event::Record(Arc::new(record)),
            wanted,
            origin: Arc::clone(origin),
        });
        Judged::Good {
            id,
            rules,
            notes: incoming.notes,
        }
    }
}

impl Judged {
    fn answer(
        self,
        positions: &mut Result<std::vec::IntoIter<Option<Position>>, StoreError>,
    ) -> Answer {
        match self {
            Self::Bad(error) => Answer::Rejected { error },
            Self::Good { id, rules, notes } => match positions.as_mut().map(Iterator::next) {
                Ok(Some(Some(_))) => Answer::Stored { id, rules, notes },
                Ok(Some(None)) => Answer::Ignored {
                    reason: "no enabled rule matches and the alarm is not open".to_owned(),
                    notes,
                },
                Ok(None) | Err(_) => Answer::Busy {
                    retry_after_ms: RETRY_AFTER_MS,
                },
            },
        }
    }
}
