//! What the server needs of the daemon.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::model::Time;
use crate::pipeline::intake::{Incoming, Intake};

use super::ask::{Ask, Refusal};
use super::{Clients, Health, Live};

/// The records of one body.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// In the order of the body.
    pub records: Vec<Incoming>,
    /// Whether they are answered with a list.
    pub many: bool,
}

/// Reads a body; the error says what was expected instead.
pub type Read = Arc<dyn Fn(&[u8]) -> Result<Records, String> + Send + Sync>;

/// What the server needs of the daemon.
#[derive(Clone)]
pub struct App {
    /// Takes records.
    pub intake: Intake,
    /// Reads them.
    pub read: Read,
    /// Reads what other systems post, and shows them ours.
    pub clients: Clients,
    /// Answers `/-/ready`.
    pub health: Health,
    /// Answers what steers the daemon.
    pub control: Control,
    /// Engine time.
    pub now: Arc<dyn Fn() -> Time + Send + Sync>,
    metrics: Option<Arc<Metrics>>,
    heartbeat: Option<Arc<Heartbeat>>,
}

impl App {
    /// With the time of this machine, without metrics and without heartbeats.
    #[must_use]
    pub fn new(intake: Intake, read: Read, health: Health, control: Control) -> Self {
        Self {
            intake,
            read,
            clients: Clients::default(),
            health,
            control,
            now: Arc::new(|| jiff::Timestamp::now().into()),
            metrics: None,
            heartbeat: None,
        }
    }

    /// `clients` reads what other systems post.
    #[must_use]
    pub fn with_clients(mut self, clients: Clients) -> Self {
        self.clients = clients;
        self
    }

    /// `now()` is engine time.
    #[must_use]
    pub fn with_now(mut self, now: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        self.now = Arc::new(now);
        self
    }

    /// `metrics()` writes what `GET /metrics` answers, and says of what content type that is.
    #[must_use]
    pub fn with_metrics<M, MF>(mut self, metrics: M) -> Self
    where
        M: Fn() -> MF + Send + Sync + 'static,
        MF: Future<Output = (&'static str, String)> + Send + 'static,
    {
        self.metrics = Some(Arc::new(move || Box::pin(metrics())));
        self
    }

    /// `heartbeat(source, origin)` notes that a source was heard.
    #[must_use]
    pub fn with_heartbeat<H, HF>(mut self, heartbeat: H) -> Self
    where
        H: Fn(String, Arc<str>) -> HF + Send + Sync + 'static,
        HF: Future<Output = Result<Value, Refusal>> + Send + 'static,
    {
        self.heartbeat = Some(Arc::new(move |source, origin| {
            Box::pin(heartbeat(source, origin))
        }));
        self
    }

    /// The content type and the text; `None`: this server has no metrics.
    pub(super) async fn metrics(&self) -> Option<(&'static str, String)> {
        match &self.metrics {
            Some(metrics) => Some(metrics().await),
            None => None,
        }
    }

    /// `None`: this server waits for nobody.
    pub(super) async fn heard(
        &self,
        source: String,
        origin: Arc<str>,
    ) -> Option<Result<Value, Refusal>> {
        match &self.heartbeat {
            Some(heartbeat) => Some(heartbeat(source, origin).await),
            None => None,
        }
    }
}

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Metrics = dyn Fn() -> Answer<(&'static str, String)> + Send + Sync;
type Heartbeat = dyn Fn(String, Arc<str>) -> Answer<Result<Value, Refusal>> + Send + Sync;
type Reload = dyn Fn(bool, Arc<str>) -> Answer<Result<Value, Value>> + Send + Sync;
type Status = dyn Fn() -> Answer<Value> + Send + Sync;
type Asking = dyn Fn(Ask) -> Answer<Result<Value, Refusal>> + Send + Sync;
type Clear = dyn Fn(String, Arc<str>) -> Answer<Result<Value, Value>> + Send + Sync;

/// What the daemon does for those who steer it.
#[derive(Clone)]
pub struct Control {
    reload: Arc<Reload>,
    status: Arc<Status>,
    clear: Option<Arc<Clear>>,
    ask: Option<Arc<Asking>>,
    live: Option<Live>,
}

impl Control {
    /// `reload(dry_run, by)` reads the config again and says what changed, or what is wrong with it;
    /// `status()` says how things stand.
    pub fn new<R, RF, S, SF>(reload: R, status: S) -> Self
    where
        R: Fn(bool, Arc<str>) -> RF + Send + Sync + 'static,
        RF: Future<Output = Result<Value, Value>> + Send + 'static,
        S: Fn() -> SF + Send + Sync + 'static,
        SF: Future<Output = Value> + Send + 'static,
    {
        Self {
            reload: Arc::new(move |dry_run, by| Box::pin(reload(dry_run, by))),
            status: Arc::new(move || Box::pin(status())),
            clear: None,
            ask: None,
            live: None,
        }
    }

    /// `ask(what)` tells what became of alarms and messages, and does what a person asks about them.
    #[must_use]
    pub fn with_ask<A, AF>(mut self, ask: A) -> Self
    where
        A: Fn(Ask) -> AF + Send + Sync + 'static,
        AF: Future<Output = Result<Value, Refusal>> + Send + 'static,
    {
        self.ask = Some(Arc::new(move |what| Box::pin(ask(what))));
        self
    }

    /// What the page shows.
    #[must_use]
    pub fn with_live(mut self, live: Live) -> Self {
        self.live = Some(live);
        self
    }

    /// `None`: this server has no page.
    pub(super) fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    /// `None`: this server tells nothing of that.
    pub(super) async fn ask(&self, what: Ask) -> Option<Result<Value, Refusal>> {
        match &self.ask {
            Some(ask) => Some(ask(what).await),
            None => None,
        }
    }

    /// `clear(id, by)` ends the open alarms of that root id and says which they were.
    #[must_use]
    pub fn with_clear<C, CF>(mut self, clear: C) -> Self
    where
        C: Fn(String, Arc<str>) -> CF + Send + Sync + 'static,
        CF: Future<Output = Result<Value, Value>> + Send + 'static,
    {
        self.clear = Some(Arc::new(move |id, by| Box::pin(clear(id, by))));
        self
    }

    /// `None`: this server clears nothing.
    pub(super) async fn clear(&self, id: String, by: Arc<str>) -> Option<Result<Value, Value>> {
        match &self.clear {
            Some(clear) => Some(clear(id, by).await),
            None => None,
        }
    }

    pub(super) async fn reload(&self, dry_run: bool, by: Arc<str>) -> Result<Value, Value> {
        (self.reload)(dry_run, by).await
    }

    pub(super) async fn status(&self) -> Value {
        (self.status)().await
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Control")
    }
}
