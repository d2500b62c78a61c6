//! The path from intake to sender, without the listeners: what tests run on virtual time.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::delivery::{self, Dispatcher};
use crate::engine::{Engine, Resume, ResumeError, Ruleset};
use crate::pipeline::fallback::{self, fallback};
use crate::pipeline::heartbeat::{Expectation, Heartbeats};
use crate::pipeline::intake::{Gate, Intake};
use crate::pipeline::receipts::{Reader, Receipts};
use crate::pipeline::{
    Clock, Correlator, Decided, Desk, Foresight, Gateway, Meters, Outfit, Reloads, ReplyWords,
    Sender, Standing, hook,
};
use crate::store::{Act, Saved, Store, StoreError, Tail};

use super::controls::Controls;
use super::heartbeats;
use super::tasks::Tasks;

/// Attempts older than this have no bearing on any limit.
const LIMIT_WINDOW: Duration = Duration::from_secs(3_600);

/// What a reload replaces.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Rules and contacts.
    pub ruleset: Arc<Ruleset>,
    /// Whether records that no rule wants are kept.
    pub keep_all: bool,
    /// Limits.
    pub delivery: delivery::Settings,
    /// People, templates, formats.
    pub outfit: Arc<Outfit>,
    /// Who is told when WhatsApp cannot.
    pub fallback: Option<fallback::Settings>,
    /// What hears of acknowledgements.
    pub on_ack: Option<fallback::Settings>,
    /// What replies mean.
    pub words: Arc<ReplyWords>,
    /// Sources that must be heard of.
    pub expect: Arc<[Expectation]>,
}

/// What a core is built around.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The log as it grows.
    pub tail: Tail,
    /// Where messages go.
    pub gateway: Arc<dyn Gateway>,
    /// Engine time.
    pub clock: Clock,
    /// Told each time the sender's loop comes round.
    pub alive: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

/// Why a core does not start or stops by itself.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its rows.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// A task panicked.
    #[error("the {task} died ({reason}); this is a fault in klaxond, please report it")]
    Died {
        /// Which one.
        task: &'static str,
        /// What it said.
        reason: String,
    },
    /// A task ended that should not.
    #[error("the {0} ended by itself; this is a fault in klaxond, please report it")]
    Ended(&'static str),
}

/// Intake, correlator and sender of one database, running.
pub struct Core {
    store: Store,
    gate: Arc<Gate>,
    heartbeats: Heartbeats,
    desk: Arc<Desk>,
    reloads: Reloads,
    clock: Clock,
    decided: Decided,
    foresight: Foresight,
    standing: Standing,
    meters: Meters,
    outfit: watch::Sender<Arc<Outfit>>,
    fallback: watch::Sender<Option<fallback::Settings>>,
    on_ack: watch::Sender<Option<fallback::Settings>>,
    words: watch::Sender<Arc<ReplyWords>>,
    receipts: Receipts,
    tasks: Tasks,
}

impl Core {
    /// Loads what the database holds and starts the tasks.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn start(policy: Policy, parts: Parts) -> Result<Self, CoreError> {
        let Parts {
            store,
            tail,
            gateway,
            clock,
            alive,
        } = parts;
        let saved = store.state.load().await?;
        clock.resume(saved.engine_time);
        let now = clock.now();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        // Not worth a start that fails: a disk without room still sends what is queued.
        if let Err(error) = store.archive.note(now, Act::Started(version)).await {
            tracing::warn!(%error, "the audit trail does not tell of this start");
        }

        let lanes = policy.outfit.lanes();
        let mut dispatcher = Dispatcher::new(now, policy.delivery.clone(), &lanes);
        dispatcher.keep_quiet(now, &policy.outfit.quiet());
        for mark in store.outbox.attempts_since(now - LIMIT_WINDOW).await? {
            dispatcher.restore_attempt(&mark.phone, mark.at);
        }
        let desk = Arc::new(Desk::new(dispatcher, lanes));
        saved.rows.iter().for_each(|row| desk.know(row));
        let heartbeats = Heartbeats::default();
        heartbeats.expect(now, &policy.expect);
        heartbeats.resume(&heartbeats::open(&store.log).await?);
        let meters = Meters::default();
        let gate = Gate::new(
            store.log.clone(),
            clock.clone(),
            heartbeats.clone(),
            Arc::clone(&policy.ruleset),
            policy.keep_all,
            meters.clone(),
        );
        let reloads = Reloads::default();
        let decided = Decided::default();
        let (foresight, questions) = Foresight::channel();
        let standing = Standing::default();
        let (outfit, outfit_seen) = watch::channel(Arc::clone(&policy.outfit));
        let (fallback_settings, fallback_seen) = watch::channel(policy.fallback.clone());
        let (told, runner) = fallback(
            fallback_seen,
            fallback::Parts {
                outbox: store.outbox.clone(),
                log: store.log.clone(),
                outfit: outfit_seen.clone(),
                clock: clock.clone(),
            },
        );
        let (on_ack, on_ack_seen) = watch::channel(policy.on_ack.clone());
        let (hook, hook_runner) = hook(on_ack_seen, store.outbox.clone());
        let (words, words_seen) = watch::channel(Arc::clone(&policy.words));
        let reader = Reader {
            inbox: store.inbox.clone(),
            clock: clock.clone(),
            outfit: outfit_seen.clone(),
            words: words_seen,
            desk: Arc::clone(&desk),
            store_id: store.id().to_owned(),
            meters: meters.clone(),
        };

        let mut tasks = Tasks::default();
        let correlator = Correlator {
            engine: Engine::new(policy.ruleset, resume(saved))?,
            tail,
            log: store.log.clone(),
            state: store.state.clone(),
            desk: Arc::clone(&desk),
            reloads: reloads.clone(),
            fallback: told.clone(),
            hook,
            clock: clock.clone(),
            decided: decided.clone(),
            questions,
            standing: standing.clone(),
            meters: meters.clone(),
        };
        tasks.spawn(
            "correlator",
            |stop| async move { correlator.run(stop).await },
        );
        let sender = Sender {
            desk: Arc::clone(&desk),
            outbox: store.outbox.clone(),
            log: store.log.clone(),
            gateway,
            outfit: outfit_seen,
            fallback: told,
            clock: clock.clone(),
            store_id: store.id().to_owned(),
            alive,
            meters: meters.clone(),
        };
        tasks.spawn("sender", |stop| async move { sender.run(stop).await });
        let watched = heartbeats::watch(heartbeats.clone(), gate.intake(), clock.clone());
        tasks.spawn("heartbeats", watched);
        tasks.spawn("fallback", |stop| async move { runner.run(stop).await });
        tasks.spawn(
            "on_ack hook",
            |stop| async move { hook_runner.run(stop).await },
        );
        Ok(Self {
            store,
            gate,
            heartbeats,
            desk,
            reloads,
            clock,
            decided,
            foresight,
            standing,
            meters,
            outfit,
            fallback: fallback_settings,
            on_ack,
            words,
            receipts: reader.receipts(),
            tasks,
        })
    }

    /// The handle for what Meta sends.
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        self.receipts.clone()
    }

    /// The handle for front ends.
    #[must_use]
    pub fn intake(&self) -> Intake {
        self.gate.intake()
    }

    /// What a reload works on.
    #[must_use]
    pub fn controls(&self) -> Controls {
        Controls {
            gate: Arc::clone(&self.gate),
            heartbeats: self.heartbeats.clone(),
            log: self.store.log.clone(),
            decided: self.decided.clone(),
            desk: Arc::clone(&self.desk),
            reloads: self.reloads.clone(),
            foresight: self.foresight.clone(),
            standing: self.standing.clone(),
            meters: self.meters.clone(),
            clock: self.clock.clone(),
            outfit: self.outfit.clone(),
            fallback: self.fallback.clone(),
            on_ack: self.on_ack.clone(),
            words: self.words.clone(),
        }
    }

    /// What is counted.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whether the log holds entries that are not decided yet.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.decided.position() < self.store.log.head()
    }

    /// The dispatcher.
    #[must_use]
    pub fn desk(&self) -> &Arc<Desk> {
        &self.desk
    }

    /// Resolves when a task ends by itself: the process must not go on without it.
    pub async fn broken(&mut self) -> CoreError {
        self.tasks.broken().await
    }

    /// Stops at once, as if the process died: nothing is finished, nothing is closed in order.
    pub async fn kill(mut self) {
        self.tasks.abort().await;
    }

    /// Stops in the order of the flow: the correlator decides what is in the log, the sender
    /// finishes what is under way, both within `timeout`; then the database is closed.
    pub async fn drain(mut self, timeout: Duration) {
        let late = tokio::time::Instant::now() + timeout;
        for task in [
            "heartbeats",
            "correlator",
            "sender",
            "fallback",
            "on_ack hook",
        ] {
            if tokio::time::timeout_at(late, self.tasks.stop(task))
                .await
                .is_err()
            {
                tracing::warn!(
                    task,
                    "did not finish in time; what it did not finish goes on at the next start"
                );
            }
        }
        self.tasks.abort().await;
        if let Err(error) = self
            .store
            .archive
            .note(self.clock.now(), Act::Stopped)
            .await
        {
            tracing::warn!(%error, "the audit trail does not tell of this stop");
        }
        self.store.close();
    }
}

fn resume(saved: Saved) -> Resume {
    Resume {
        position: saved.position,
        engine_time: saved.engine_time,
        next_message: saved.next_message,
        next_notification: saved.next_notification,
        rows: saved.rows,
    }
}
