//! What these routes need of the daemon.

use std::fmt;
use std::sync::Arc;

use crate::model::{Labels, Time};

use super::super::app::Records;

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// What Prometheus posts to `/api/v2/alerts`.
    Alerts,
    /// Alertmanager's webhook.
    Alertmanager,
    /// Grafana's webhook.
    Grafana,
}

impl Dialect {
    /// What its alerts have as source when nothing else says.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Alerts => "prometheus",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
        }
    }
}

type Read = dyn Fn(Dialect, &[u8]) -> Result<Records, String> + Send + Sync;
type Mapping = dyn Fn() -> Arc<Labels> + Send + Sync;

/// Codecs of other systems' bodies, and what their labels are called here.
#[derive(Clone)]
pub struct Clients {
    read: Arc<Read>,
    labels: Arc<Mapping>,
    started: Time,
}

impl Clients {
    /// `read` reads a body, its error says what was expected instead; `labels` gives the mapping in
    /// force; `started` is shown as the time of the start.
    pub fn new<R, L>(read: R, labels: L, started: Time) -> Self
    where
        R: Fn(Dialect, &[u8]) -> Result<Records, String> + Send + Sync + 'static,
        L: Fn() -> Arc<Labels> + Send + Sync + 'static,
    {
        Self {
            read: Arc::new(read),
            labels: Arc::new(labels),
            started,
        }
    }

    pub(super) fn read(&self, dialect: Dialect, body: &[u8]) -> Result<Records, String> {
        (self.read)(dialect, body)
    }

    pub(super) fn labels(&self) -> Arc<Labels> {
        (self.labels)()
    }

    pub(super) const fn started(&self) -> Time {
        self.started
    }
}

impl Default for Clients {
    /// Takes nothing from other systems.
    fn default() -> Self {
        let read = |_, _: &[u8]| Err("nothing of other systems is taken here".to_owned());
        Self::new(read, Arc::default, Time::default())
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clients")
    }
}
