//! What the server needs of the daemon.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::model::{SilenceId, SilenceOrder};
use crate::pipeline::intake::{Incoming, Intake};

use super::Health;

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
    /// Answers `/-/ready`.
    pub health: Health,
    /// Answers what steers the daemon.
    pub control: Control,
}

/// What a person asks of what was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Messages, the newest first.
    Messages {
        /// Of this contact.
        contact: Option<String>,
        /// In the state of this name.
        state: Option<String>,
        /// Decided at this time or later, in milliseconds since the epoch.
        since: Option<i64>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// The whole trail of an alarm or a message.
    Why(String),
    /// Send a message again that was given up.
    Retry(String),
    /// Somebody has an alarm.
    Ack {
        /// Its root id.
        id: String,
        /// Who, for people: the others may be told.
        by: String,
        /// Who called.
        origin: Arc<str>,
    },
    /// Who is told, and who is not.
    Contacts,
    /// Erase what is kept of a contact.
    Forget(String),
    /// Open alarms, the worst first.
    Alarms {
        /// In the filter language.
        filter: Option<String>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// The rules in force, in numbers.
    Rules,
    /// Silences that hold or are to come; ended ones too.
    Silences {
        /// Those that ended as well.
        expired: bool,
    },
    /// Tell nothing of certain alarms for a while.
    Silence {
        /// What.
        order: SilenceOrder,
        /// Who called.
        origin: Arc<str>,
    },
    /// End a silence before its time.
    Unsilence {
        /// Which one.
        id: SilenceId,
        /// Who, for people.
        by: String,
        /// Who called.
        origin: Arc<str>,
    },
}

/// Why that is not done, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing of that name or number.
    Unknown(String),
    /// It cannot be.
    Refused(String),
    /// It may work later.
    Later(String),
}

type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;
type Reload = dyn Fn(bool) -> Answer<Result<Value, Value>> + Send + Sync;
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
}

impl Control {
    /// `reload(dry_run)` reads the config again and says what changed, or what is wrong with it;
    /// `status()` says how things stand.
    pub fn new<R, RF, S, SF>(reload: R, status: S) -> Self
    where
        R: Fn(bool) -> RF + Send + Sync + 'static,
        RF: Future<Output = Result<Value, Value>> + Send + 'static,
        S: Fn() -> SF + Send + Sync + 'static,
        SF: Future<Output = Value> + Send + 'static,
    {
        Self {
            reload: Arc::new(move |dry_run| Box::pin(reload(dry_run))),
            status: Arc::new(move || Box::pin(status())),
            clear: None,
            ask: None,
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

    pub(super) async fn reload(&self, dry_run: bool) -> Result<Value, Value> {
        (self.reload)(dry_run).await
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
