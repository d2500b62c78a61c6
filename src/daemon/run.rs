//! The whole daemon: built, run until it is told to stop, drained in the order of the flow.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::{Environment, Loaded};
use crate::ingest::{self, Listener, SocketFile};
use crate::pipeline::{Clock, Gateway};
use crate::store::{Mode, Store, StoreClass, StoreError, Tally};
use crate::web;
use crate::whatsapp::{Client, ClientError};

use super::core::{Core, CoreError, Parts, Policy};
use super::descriptors;
use super::housekeeping::{self, Kept};
use super::line::Line;
use super::metrics::Metrics;
use super::overview::{Ground, Overlook, Pulse};
use super::reload::{Reloader, codec_of};
use super::signals::{Asked, Signals};
use super::systemd::{Notifier, passed_socket};
use super::telemetry;
use super::watch::Watch;

/// Threads of the runtime: intake and sender wait, they hardly compute.
const WORKERS: usize = 2;

/// The control socket changes how alarms are told: its owner and group only.
const CONTROL_MODE: u32 = 0o660;

/// Why the daemon does not start, or ends.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The runtime or a signal handler.
    #[error("the system refuses what the daemon needs: {0}")]
    System(#[from] std::io::Error),
    /// The client of the Cloud API.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The alarm socket.
    #[error(transparent)]
    Ingest(#[from] ingest::BindError),
    /// The HTTP server, the port of the webhook or the control socket.
    #[error(transparent)]
    Web(#[from] web::BindError),
    /// A task that must not end.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// A listener that must not end.
    #[error("a listener ended: {0}")]
    Listener(String),
}

impl RunError {
    /// Whether it may work on another try without anybody doing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Store(error) | Self::Core(CoreError::Store(error)) => {
                matches!(
                    error.class(),
                    StoreClass::Locked | StoreClass::InUse | StoreClass::Full
                )
            }
            Self::System(_)
            | Self::Client(_)
            | Self::Ingest(_)
            | Self::Web(_)
            | Self::Core(_)
            | Self::Listener(_) => false,
        }
    }
}

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
/// It cannot start, or a part of it died.
pub fn run(path: PathBuf, environment: Environment, loaded: Loaded) -> Result<(), RunError> {
    telemetry::init(loaded.settings.log);
    descriptors::allow();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let daemon = Daemon::start(path, environment, loaded).await?;
        daemon.serve(&mut signals).await
    })
}

/// A running daemon.
pub struct Daemon {
    pub(super) core: Core,
    pub(super) reloader: Reloader,
    notifier: Notifier,
    drain_timeout: Duration,
    pub(super) listeners: JoinSet<Result<(), String>>,
    pub(super) stop_listeners: CancellationToken,
    pub(super) chores: JoinSet<()>,
    stop_chores: CancellationToken,
    pub(super) health: web::Health,
    pub(super) watch: Watch,
    pub(super) overlook: Overlook,
    http: Option<SocketAddr>,
    pub(super) webhook: Option<SocketAddr>,
    pub(super) database: PathBuf,
    /// Whether receipts come in.
    pub(super) receipts: bool,
    pub(super) metrics: Metrics,
}

impl Daemon {
    /// Opens the database, starts the core, then the listeners: nothing is taken before it can be
    /// stored.
    ///
    /// # Errors
    /// Something that is needed is not there.
    pub async fn start(
        path: PathBuf,
        environment: Environment,
        loaded: Loaded,
    ) -> Result<Self, RunError> {
        let settings = loaded.settings;
        let notifier = Notifier::from_environment();
        let clock = Clock::system();
        let line = Arc::new(Line::new(Client::new(&settings.whatsapp)?));
        let listener = Listener::bind(&settings.ingest, passed_socket())?;
        let control = SocketFile::bind(&settings.http.control, CONTROL_MODE, None)?;
        let server = web::Server::bind(&settings.http)?;
        let webhook = settings.webhook.as_ref().map(web::Webhook::bind);
        let webhook = webhook.transpose()?;
        let (store, tail) = Store::open(&settings.storage, Mode::Threaded)?;
        let alive = notifier.clone();
        let parts = Parts {
            store,
            tail,
            gateway: Arc::clone(&line) as Arc<dyn Gateway>,
            clock: clock.clone(),
            alive: Arc::new(move || alive.alive()),
        };
        let core = Core::start(Policy::from(&settings), parts).await?;

        let (codec, codec_seen) = watch::channel(codec_of(&settings));
        let drain_timeout = settings.drain_timeout;
        let kept = Kept {
            all: settings.storage.retention,
            audit: settings.storage.audit_retention,
        };
        let database = settings.storage.path.clone();
        let min_free = settings.storage.min_free;
        let receipts = settings.webhook.is_some();
        let meta = Arc::clone(&line);
        let metrics = Metrics::new(&core, settings.storage.min_free, receipts);
        let reloader = Reloader::new(path, environment, settings, core.controls(), line, codec);
        let watch = Watch::default();
        let overlook = Overlook::new(Ground {
            controls: core.controls(),
            outbox: core.store().outbox.clone(),
            watch: watch.clone(),
            pulse: Pulse::new(core.meters().clone(), clock.clone()),
            reloader: reloader.clone(),
            database: database.clone(),
            min_free,
            since: jiff::Timestamp::now(),
        });
        let mut daemon = Self {
            core,
            reloader,
            notifier,
            drain_timeout,
            listeners: JoinSet::new(),
            stop_listeners: CancellationToken::new(),
            chores: JoinSet::new(),
            stop_chores: CancellationToken::new(),
            health: web::Health::default(),
            watch,
            overlook,
            http: server.address(),
            webhook: None,
            database,
            receipts,
            metrics,
        };
        daemon.listen(listener, &codec_seen, &clock);
        daemon.serve_http(server, control, codec_seen, clock);
        if let Some(webhook) = webhook {
            daemon.serve_webhook(webhook);
        }
        daemon.start_chores(kept, meta);
        daemon.health.set_ready("takes alarms");
        daemon.notifier.ready("takes alarms");
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "takes alarms");
        Ok(daemon)
    }

    /// Goes on until a signal stops it or a part of it dies; then drains.
    ///
    /// # Errors
    /// A part of it died.
    async fn serve(mut self, signals: &mut Signals) -> Result<(), RunError> {
        let outcome = loop {
            tokio::select! {
                asked = signals.next() => match asked {
                    Asked::Stop => break Ok(()),
                    Asked::Reload => {
                        self.notifier.reloading();
                        self.reloader.reload_and_log().await;
                        self.notifier.ready("takes alarms");
                    }
                },
                error = self.core.broken() => break Err(RunError::Core(error)),
                Some(ended) = self.listeners.join_next() => {
                    let reason = match ended {
                        Ok(Ok(())) => "it stopped by itself".to_owned(),
                        Ok(Err(reason)) => reason,
                        Err(error) => error.to_string(),
                    };
                    break Err(RunError::Listener(reason));
                }
            }
        };
        if let Err(error) = &outcome {
            tracing::error!(%error, "the daemon ends");
        }
        self.drain().await;
        outcome
    }

    /// Stops in the order of the flow: listeners, correlator, sender, database.
    pub async fn drain(mut self) {
        tracing::info!(timeout = ?self.drain_timeout, "finishing what is under way");
        self.notifier.stopping();
        self.health.set_unready("stopping");
        self.stop_listeners.cancel();
        let begin = tokio::time::Instant::now();
        let late = tokio::time::sleep(self.drain_timeout / 2);
        tokio::select! {
            () = async { while self.listeners.join_next().await.is_some() {} } => {}
            () = late => tracing::warn!("connections did not close in time"),
        }
        self.listeners.shutdown().await;
        self.stop_chores.cancel();
        self.chores.shutdown().await;
        let left = self.drain_timeout.saturating_sub(begin.elapsed());
        self.core.drain(left).await;
        tracing::info!("stopped");
    }

    /// Waits until no message is pending, for `patience` at most; how many still are.
    pub async fn settled(&self, patience: Duration) -> Option<u64> {
        const LOOK: Duration = Duration::from_millis(20);
        let late = tokio::time::Instant::now() + patience;
        loop {
            let store = self.core.store();
            let undecided = self.core.is_behind();
            let pending = store.outbox.tally().await.ok()?.pending();
            if (pending == 0 && !undecided) || tokio::time::Instant::now() > late {
                return Some(pending);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Where the page and the API are, if they are on TCP.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// Where it listens for receipts and replies, if it does.
    #[must_use]
    pub fn webhook_address(&self) -> Option<SocketAddr> {
        self.webhook
    }

    /// Messages by state.
    pub async fn tally(&self) -> Option<Tally> {
        self.core.store().outbox.tally().await.ok()
    }

    fn start_chores(&mut self, kept: Kept, line: Arc<Line>) {
        let controls = self.core.controls();
        let stop = self.stop_chores.clone();
        let archive = self.core.store().archive.clone();
        self.chores.spawn(housekeeping::prune(
            archive,
            controls.clone(),
            kept,
            stop.clone(),
        ));
        self.chores
            .spawn(housekeeping::watch_clock(controls.clone(), stop.clone()));
        let (seen, receipts) = (self.watch.clone(), self.core.receipts());
        self.chores
            .spawn(seen.keep(line, controls.clone(), receipts, stop.clone()));
        let metrics = self.metrics.clone();
        self.chores
            .spawn(metrics.keep(self.watch.clone(), stop.clone()));
        self.chores
            .spawn(housekeeping::report(controls, self.notifier.clone(), stop));
    }
}
