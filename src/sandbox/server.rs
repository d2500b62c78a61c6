//! Binds, routes, stops.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::catalogue::{Catalogue, TemplateChange};
use super::fault::Fault;
use super::faults::Faults;
use super::ledger::{Accepted, Ledger, Shown, Tally};
use super::limit::{PairLimit, Throughput};
use super::line::{Cutter, Lines};
use super::phones::{self, PhoneError, Phones};
use super::settings::{TemplateStatus, Webhook};
use super::shared::{Shared, State};
use super::token::{TokenChange, Tokens};
use super::{Settings, control, endpoints, page};

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

impl Sandbox {
    /// Starts it. What it has to show comes through the receiver, as long as that is emptied; it
    /// may be dropped.
    ///
    /// # Errors
    /// The address cannot be bound, or no client for the webhook can be made.
    pub async fn start(settings: Settings) -> io::Result<(Self, mpsc::Receiver<Shown>)> {
        let tcp = TcpListener::bind(settings.listen).await?;
        let address = tcp.local_addr()?;
        let (shown, receiver) = mpsc::channel(SHOWN_QUEUE);
        let seed = settings.seed.unwrap_or_else(|| fastrand::u64(..));
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                tokens: Tokens {
                    only: settings.token,
                    expired: settings.expired_token,
                    end: None,
                },
                catalogue: Catalogue::new(settings.templates, settings.accept_unknown_templates),
                faults: Faults::new(settings.faults, seed),
                pair: settings.pair_limit.then(PairLimit::default),
                throughput: settings.throughput.map(Throughput::new),
                ledger: Ledger::new(settings.keep),
                phones: Phones::default(),
                outgoing: None,
            }),
            phone_number_id: settings.phone_number_id,
            business_account_id: settings.business_account_id,
            review: settings.review,
            seed,
            stop: CancellationToken::new(),
            planned: Notify::new(),
            shown,
            started: Instant::now(),
            started_at: Timestamp::now().into(),
        });
        if let Some(webhook) = settings.webhook {
            shared.connect(webhook)?;
        }
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
        self.shared.tally()
    }

    /// Replaces the faults; their counts begin anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.shared.state().faults.replace(faults);
    }

    /// Replaces the only token it takes; `None` takes any.
    pub fn set_token(&self, token: Option<String>) {
        self.shared.state().tokens.only = token;
    }

    /// Ends all tokens, or makes them good again.
    pub fn change_tokens(&self, change: TokenChange) {
        self.shared.state().tokens.change(self.shared.at(), change);
    }

    /// Changes where the template stands, in every language. Whether it is known.
    pub fn set_template_status(&self, name: &str, status: TemplateStatus) -> bool {
        self.change_template(name, TemplateChange::Status(status))
    }

    /// Changes a template in every language. Whether it is known.
    pub fn change_template(&self, name: &str, change: TemplateChange) -> bool {
        self.shared.change_template(name, None, change)
    }

    /// Taps the button `label` of the last message to `who` that has it; `who` is a number, or the
    /// last digits of one that got a message.
    ///
    /// # Errors
    /// There is no such phone, or no such button on it.
    pub fn tap(&self, who: &str, label: &str) -> Result<(), PhoneError> {
        phones::tap(&self.shared, who, label).map(|_| ())
    }

    /// `who` writes `text`, as an answer to the last message there with `quote`.
    ///
    /// # Errors
    /// There is no such phone, nothing to quote, or the text is too long.
    pub fn reply(&self, who: &str, text: &str, quote: bool) -> Result<(), PhoneError> {
        phones::reply(&self.shared, who, text, quote).map(|_| ())
    }

    /// Posts to `webhook` from now on, and nowhere else.
    ///
    /// # Errors
    /// No client can be made.
    pub fn connect(&self, webhook: Webhook) -> io::Result<()> {
        self.shared.connect(webhook)
    }

    /// Decides what is left to chance.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.shared.seed
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
    let control = Router::new()
        .route("/sandbox/faults", post(control::set_faults))
        .route("/sandbox/messages", get(control::messages))
        .route("/sandbox/phones", get(control::phones))
        .route("/sandbox/taps", post(control::tap))
        .route("/sandbox/replies", post(control::reply))
        .route("/sandbox/templates/{name}", post(control::template))
        .route("/sandbox/token", post(control::token));
    Router::new()
        .merge(page::routes(control))
        .route("/debug_token", get(endpoints::debug_token))
        .route("/{version}/debug_token", get(endpoints::debug_token))
        .route(
            "/{version}/{id}",
            get(endpoints::number).post(endpoints::edit_template),
        )
        .route("/{version}/{id}/messages", post(endpoints::send))
        .route(
            "/{version}/{id}/message_templates",
            get(endpoints::templates).post(endpoints::create_template),
        )
        .fallback(endpoints::no_path)
        .method_not_allowed_fallback(endpoints::no_path)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}
