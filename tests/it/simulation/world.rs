//! A daemon core on virtual time that lives through a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use klaxond::config::Settings;
use klaxond::daemon::{Core, Parts, Policy};
use klaxond::ingest::{Codec, Line};
use klaxond::model::{
    Answer, Event, MessageId, Notification, NotificationId, Phone, Position, Time,
};
use klaxond::pipeline::Clock;
use klaxond::store::{Trail, Untold};
use klaxond::whatsapp::webhook::Inbound;

use crate::support::house::{START, open_store, read};

use super::meta::{Meta, Post, Taken};
use super::plan::{Deed, Plan};

/// What was left at the end.
pub struct Remains {
    /// Elements that a rule took, of records that were answered "stored".
    pub stored: Vec<String>,
    pub trails: BTreeMap<MessageId, Trail>,
    pub notifications: BTreeMap<NotificationId, Notification>,
    pub untold: Vec<Untold>,
    /// Messages of which the engine heard that their contact did not.
    pub passed_on: BTreeSet<MessageId>,
    pub taken: Vec<Taken>,
    pub posts: Vec<Post>,
    pub crashes: Vec<Time>,
    /// Each time it was started again, in order or not.
    pub starts: Vec<Time>,
    pub settings: Settings,
    /// Messages that were not final when everything had been quiet for long.
    pub waiting: u64,
}

struct World<'p> {
    plan: &'p Plan,
    folder: tempfile::TempDir,
    settings: Settings,
    meta: Meta,
    clock: Clock,
    core: Core,
    stored: Vec<String>,
    crashes: Vec<Time>,
    starts: Vec<Time>,
    written: u32,
}

/// Virtual time from one look to the next.
const STEP: Duration = Duration::from_secs(2);

/// After the last deed everything has its end within this.
const LATE: Duration = Duration::from_hours(3);

/// Lives through the plan, and for as long after it as something is under way.
pub async fn live(plan: &Plan, seed: u64) -> Remains {
    let folder = folder();
    let settings = read(&plan.config, folder.path());
    let clock = Clock::virtual_from(START);
    let meta = Meta::new(clock.clone(), seed, plan.weather);
    let core = open(&settings, &meta, &clock).await;
    let mut world = World {
        plan,
        folder,
        settings,
        meta,
        clock,
        core,
        stored: Vec::new(),
        crashes: Vec::new(),
        starts: Vec::new(),
        written: 0,
    };
    for (pause, deed) in &world.plan.deeds {
        world.pass(Duration::from_millis(*pause)).await;
        world = world.does(deed).await;
    }
    let waiting = world.settle().await;
    world.remains(waiting).await
}

/// In memory where the system has a place for that: thousands of databases are made.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    tempfile::tempdir_in(memory).unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

async fn open(settings: &Settings, meta: &Meta, clock: &Clock) -> Core {
    let (store, tail) = open_store(settings);
    let parts = Parts {
        store,
        tail,
        gateway: Arc::new(meta.clone()),
        clock: clock.clone(),
        alive: Arc::new(|| {}),
    };
    Core::start(Policy::from(settings), parts).await.unwrap()
}

impl World<'_> {
    /// Lets time pass, in which Meta tells of what became of the messages.
    async fn pass(&self, span: Duration) {
        let end = tokio::time::Instant::now() + span;
        loop {
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            tokio::time::sleep(left.min(STEP)).await; // paused time
            self.tell().await;
            if left <= STEP {
                return;
            }
        }
    }

    async fn tell(&self) {
        let due = self.meta.due();
        if !due.is_empty() {
            self.take(due).await;
        }
    }

    async fn take(&self, inbound: Vec<Inbound>) {
        let receipts = self.core.receipts();
        receipts.take(inbound, Arc::from("webhook")).await.unwrap();
    }

    async fn does(mut self, deed: &Deed) -> Self {
        match deed {
            Deed::Record { element, severity } => self.record(element, severity).await,
            Deed::Crash { steps } => {
                for _ in 0..*steps {
                    tokio::task::yield_now().await;
                }
                self.crashes.push(self.clock.now());
                return self.start_again(true).await;
            }
            Deed::Restart => return self.start_again(false).await,
            Deed::Outage(outage) => self.meta.outage(*outage),
            Deed::Write {
                phone,
                text,
                quotes,
            } => {
                self.written += 1;
                let inbound = Inbound::Message {
                    id: format!("wamid.in.{}", self.written),
                    from: Some(Phone::parse(phone).unwrap()),
                    quoted: quotes.then(|| self.meta.last_to(phone)).flatten(),
                    payload: None,
                    text: (*text).to_owned(),
                    at: self.clock.now(),
                };
                self.take(vec![inbound]).await;
            }
        }
        self
    }

    async fn record(&mut self, element: &str, severity: &str) {
        let line = format!(r#"{{"element":"{element}","severity":"{severity}"}}"#);
        let codec = Codec::new(self.settings.dataminer.clone());
        let Line::One(parsed) = codec.read_line(line.as_bytes(), self.clock.now()) else {
            panic!("one record: {line}");
        };
        let intake = self.core.intake();
        let answers = intake.take(vec![parsed], Arc::from("test"));
        match answers.await.as_slice() {
            [Answer::Stored { rules, .. }] if !rules.is_empty() => {
                self.stored.push(element.to_owned());
            }
            [Answer::Stored { .. } | Answer::Ignored { .. }] => {}
            other => panic!("{line} is answered {other:?}"),
        }
    }

    async fn start_again(mut self, crash: bool) -> Self {
        if crash {
            self.core.kill().await;
        } else {
            self.core.drain(Duration::from_secs(20)).await;
        }
        self.starts.push(self.clock.now());
        let core = open(&self.settings, &self.meta, &self.clock).await;
        Self { core, ..self }
    }

    /// Lets time pass until nothing is under way; says how much still is when that takes too long.
    async fn settle(&self) -> u64 {
        self.meta.outage(false);
        let late = self.clock.now() + LATE;
        let mut quiet = 0;
        loop {
            self.pass(STEP * 5).await;
            let pending = self.core.store().outbox.tally().await.unwrap().pending();
            let awaited = self.core.store().outbox.pending(MessageId(0), 100);
            let under_way = pending.max(awaited.await.unwrap().len() as u64);
            let is_quiet = under_way == 0 && !self.meta.owes();
            quiet = if is_quiet { quiet + 1 } else { 0 };
            // What is told to somebody else goes through the log first.
            if quiet > 2 || self.clock.now() > late {
                return under_way;
            }
        }
    }

    async fn remains(self, waiting: u64) -> Remains {
        let outbox = self.core.store().outbox.clone();
        let mut trails = BTreeMap::new();
        for base in [0, MessageId::DIGESTS] {
            let mut id = MessageId(base + 1);
            while let Some(trail) = outbox.trail(id).await.unwrap() {
                trails.insert(id, trail);
                id = id.next();
            }
        }
        let ids = trails
            .values()
            .map(|trail: &Trail| trail.message.notification);
        let notifications = outbox.notifications(ids.collect()).await.unwrap();
        let notifications = notifications.into_iter().map(|one| (one.id, one)).collect();
        let untold = outbox.untold(MessageId(0), 10_000).await.unwrap();
        let log = self.core.store().log.read(Position(0), 100_000).await;
        let passed_on = log
            .unwrap()
            .into_iter()
            .filter_map(|entry| match entry.event {
                Event::Undelivered(lost) => Some(lost.message),
                _ => None,
            });
        let remains = Remains {
            passed_on: passed_on.collect(),
            stored: self.stored,
            trails,
            notifications,
            untold,
            taken: self.meta.taken(),
            posts: self.meta.posts(),
            crashes: self.crashes,
            starts: self.starts,
            settings: self.settings,
            waiting,
        };
        self.core.kill().await;
        drop(self.folder);
        remains
    }
}

impl fmt::Display for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = |at: Time| at.since(START).as_secs_f64();
        for Trail {
            message,
            state,
            reason,
            digest,
            successor,
            attempts,
            ended,
            ..
        } in self.trails.values()
        {
            writeln!(
                f,
                "{:>9.3} {} {} of {} to {}, closes {:?}, instead of {:?}: {} {reason:?} at {:?}, digest {digest:?}, successor {successor:?}",
                after(message.created),
                message.kind,
                message.id,
                message.bucket,
                message.contact,
                message.closes,
                message.instead_of,
                state.name(),
                ended.map(after),
            )?;
            for attempt in attempts {
                let end = attempt.end.as_ref();
                let end = end.map(|end| (&end.outcome, end.code, &end.wamid));
                writeln!(f, "          at {:.3}: {end:?}", after(attempt.at))?;
            }
        }
        for taken in &self.taken {
            writeln!(
                f,
                "{:>9.3} {} to {}, {}: answered {:?}, failed {}, confirmed {:?}, {:?}",
                after(taken.at),
                taken.message,
                taken.phone,
                taken.wamid,
                taken.answered.map(after),
                taken.failed,
                taken.confirmed.map(after),
                taken.text
            )?;
        }
        let untold: Vec<_> = (self.untold.iter())
            .map(|untold| untold.envelope.message.id)
            .collect();
        let crashes: Vec<_> = self.crashes.iter().map(|at| after(*at)).collect();
        writeln!(f, "untold {untold:?}, crashes {crashes:?}")
    }
}
