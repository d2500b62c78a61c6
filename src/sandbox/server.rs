//! Binds, routes, stops.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::catalogue::Catalogue;
use super::fault::{Fault, Faults};
use super::ledger::{Accepted, Ledger, Shown, Tally};
use super::limit::{PairLimit, Throughput};
use super::line::{Cutter, Lines};
use super::{Settings, TemplateStatus, control, endpoints};
use crate::model::Time;

/// Largest body of a request in bytes; a template message is far smaller.
const MAX_BODY: usize = 256 * 1024;
/// What waits to be shown; more is not shown, only counted and remembered.
const SHOWN_QUEUE: usize = 1024;
/// How long answers under way may take when it stops.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// A stand-in for the Cloud API that runs until it is stopped or dropped.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: Option<JoinHandle<()>>,
}

/// What the handlers share.
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) phone_number_id: Option<String>,
    pub(super) business_account_id: Option<String>,
    /// Ends what waits on purpose.
    pub(super) stop: CancellationToken,
    shown: mpsc::Sender<Shown>,
    started: Instant,
    started_at: Time,
}

/// What changes while it runs.
pub(super) struct State {
    pub(super) token: Option<String>,
    pub(super) expired_token: Option<String>,
    pub(super) catalogue: Catalogue,
    pub(super) faults: Faults,
    pub(super) pair: Option<PairLimit>,
    pub(super) throughput: Option<Throughput>,
    pub(super) ledger: Ledger,
}

impl Shared {
    /// The state, locked. Nothing awaits while it holds it.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is: the wall clock at the start, moved by tokio's clock, so that paused time
    /// counts.
    pub(super) fn at(&self) -> Time {
        self.started_at + self.started.elapsed()
    }

    /// Hands on something to show, if there is room and someone looks.
    pub(super) fn show(&self, shown: Shown) {
        let _ = self.shown.try_send(shown);
    }
}

impl Sandbox {
    /// Starts it. What it has to show comes through the receiver, as long as that is emptied; it
    /// may be dropped.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(settings: Settings) -> io::Result<(Self, mpsc::Receiver<Shown>)> {
        let tcp = TcpListener::bind(settings.listen).await?;
        let address = tcp.local_addr()?;
        let (shown, receiver) = mpsc::channel(SHOWN_QUEUE);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                token: settings.token,
                expired_token: settings.expired_token,
                catalogue: Catalogue::new(settings.templates, settings.accept_unknown_templates),
                faults: Faults::new(settings.faults),
                pair: settings.pair_limit.then(PairLimit::default),
                throughput: settings.throughput.map(Throughput::new),
                ledger: Ledger::new(settings.keep),
            }),
            phone_number_id: settings.phone_number_id,
            business_account_id: settings.business_account_id,
            stop: CancellationToken::new(),
            shown,
            started: Instant::now(),
            started_at: Timestamp::now().into(),
        });
        let service = routes(Arc::clone(&shared)).into_make_service_with_connect_info::<Cutter>();
        let stop = shared.stop.clone();
        let server = tokio::spawn(async move {
            // Infallible: axum retries what can fail.
            let _ = axum::serve(Lines::new(tcp), service)
                .with_graceful_shutdown(stop.cancelled_owned())
                .await;
        });
        let sandbox = Self {
            address,
            shared,
            server: Some(server),
        };
        Ok((sandbox, receiver))
    }

    /// Where it listens; `http://` and this is the base address of the API.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The messages that it accepted, oldest first: the last [`Settings::keep`].
    #[must_use]
    pub fn messages(&self) -> Vec<Arc<Accepted>> {
        self.shared.state().ledger.messages()
    }

    /// How much there was of everything.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.shared.state().ledger.tally()
    }

    /// Replaces the faults; their counts begin anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.shared.state().faults = Faults::new(faults);
    }

    /// Replaces the only token it takes; `None` takes any.
    pub fn set_token(&self, token: Option<String>) {
        self.shared.state().token = token;
    }

    /// Changes where the template stands, in every language. Whether it is known.
    pub fn set_template_status(&self, name: &str, status: TemplateStatus) -> bool {
        self.shared.state().catalogue.set_status(name, status)
    }

    /// Stops listening, lets answers under way end for 2 s at most, and closes every connection
    /// that waits for nothing.
    pub async fn stop(mut self) {
        self.shared.stop.cancel();
        if let Some(mut server) = self.server.take()
            && tokio::time::timeout(STOP_GRACE, &mut server).await.is_err()
        {
            server.abort();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/sandbox/faults", post(control::set_faults))
        .route("/sandbox/messages", get(control::messages))
        .route("/debug_token", get(endpoints::debug_token))
        .route("/{version}/debug_token", get(endpoints::debug_token))
        .route("/{version}/{id}", get(endpoints::number))
        .route("/{version}/{id}/messages", post(endpoints::send))
        .route(
            "/{version}/{id}/message_templates",
            get(endpoints::templates),
        )
        .fallback(endpoints::no_path)
        .method_not_allowed_fallback(endpoints::no_path)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}
