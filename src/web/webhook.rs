//! `/webhooks/whatsapp`, on a port of its own: the only one that is meant for the outside.
//!
//! GET is Meta's handshake when the address is entered in its dashboard. POST brings updates: 200 when
//! they are on disk, 503 with `Retry-After` when they cannot be stored, and then Meta sends them again.
//! Nothing but the status says why a request is refused, and there is nothing else on this port.

use std::fmt;
use std::future::Future;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Extension, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use secrecy::ExposeSecret;
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::pipeline::Meters;
use crate::whatsapp::webhook::{Inbound, WebhookFault, read, signature_holds};

use super::WebhookSettings;
use super::body::BODY_TIMEOUT;
use super::caller::Caller;
use super::connections::{self, accept};
use super::server::{BindError, ServeError, bind, watched};

/// What Meta's dashboard is given behind the host.
const PATH: &str = "/webhooks/whatsapp";
/// Meta sends 3 MB at most.
const MAX_BODY_BYTES: usize = 3 << 20;
/// Larger bodies, and those of unknown length, wait for one of few places: strangers fill no memory.
const SMALL_BODY_BYTES: u64 = 64 * 1024;
const LARGE_BODIES: usize = 4;
/// What is not on disk by then may be sent again.
const TAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// When Meta should come back, in seconds.
const RETRY_AFTER: u64 = 5;
/// At once; of more, those go that do nothing.
const MAX_CONNECTIONS: usize = 512;
/// Meta's challenges are short numbers.
const MAX_CHALLENGE: usize = 256;

type Taking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Takes the updates of one body; returns when they are on disk.
#[derive(Clone)]
pub struct Take {
    take: Arc<dyn Fn(Vec<Inbound>, Arc<str>) -> Taking + Send + Sync>,
    meters: Meters,
}

impl Take {
    /// `take(updates, origin)` puts the updates on disk; `origin` is for the audit trail ("webhook
    /// 10.0.0.7"). What is sent twice is handed over twice.
    pub fn new<T, F, E>(take: T) -> Self
    where
        T: Fn(Vec<Inbound>, Arc<str>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display,
    {
        let take = Arc::new(move |updates, origin| {
            let taking = take(updates, origin);
            let taking: Taking =
                Box::pin(async move { taking.await.map_err(|error| error.to_string()) });
            taking
        });
        Self {
            take,
            meters: Meters::default(),
        }
    }

    /// Who does not know the secrets is counted there.
    #[must_use]
    pub fn with_meters(mut self, meters: Meters) -> Self {
        self.meters = meters;
        self
    }
}

impl fmt::Debug for Take {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Take")
    }
}

/// The port that Meta posts to, bound.
#[derive(Debug)]
pub struct Webhook {
    tcp: StdTcpListener,
    settings: WebhookSettings,
}

impl Webhook {
    /// Listens on `webhook.listen`.
    ///
    /// # Errors
    /// The address is in use, or not ours.
    pub fn bind(settings: &WebhookSettings) -> Result<Self, BindError> {
        Ok(Self {
            tcp: bind(settings.listen, "webhook.listen")?,
            settings: settings.clone(),
        })
    }

    /// Where it listens; tells the port when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.tcp.local_addr().ok()
    }

    /// Serves until `cancel`; then requests under way are finished.
    ///
    /// # Errors
    /// The socket cannot be watched.
    pub async fn serve(self, take: Take, cancel: CancellationToken) -> Result<(), ServeError> {
        let door = Arc::new(Door {
            settings: self.settings,
            take,
            large: Semaphore::new(LARGE_BODIES),
            strangers: AtomicU64::new(0),
            refused: AtomicBool::new(false),
        });
        let router = Router::new()
            .route(PATH, get(handshake).post(updates))
            .fallback(async || StatusCode::NOT_FOUND)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(door);
        let door = connections::Door::new(router, MAX_CONNECTIONS);
        accept(Some(watched(self.tcp)?), door, &cancel).await;
        Ok(())
    }
}

struct Door {
    settings: WebhookSettings,
    take: Take,
    large: Semaphore,
    /// Requests that do not know our secrets.
    strangers: AtomicU64,
    /// Nothing could be stored the last time; that was logged.
    refused: AtomicBool,
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: String,
    #[serde(rename = "hub.verify_token")]
    verify_token: String,
    #[serde(rename = "hub.challenge")]
    challenge: String,
}

/// Meta asks whether this address knows the verify token, and gets its challenge back.
async fn handshake(
    State(door): State<Arc<Door>>,
    query: Result<Query<Handshake>, QueryRejection>,
) -> Response {
    let Ok(Query(asked)) = query else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let is_challenge = (1..=MAX_CHALLENGE).contains(&asked.challenge.len())
        && asked.challenge.bytes().all(|b| b.is_ascii_graphic());
    if asked.mode != "subscribe" || !is_challenge {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let own = door.settings.verify_token.expose_secret().as_bytes();
    if !bool::from(asked.verify_token.as_bytes().ct_eq(own)) {
        door.stranger(
            "a webhook handshake is refused: compare whatsapp.verify_token with Meta's dashboard",
        );
        return StatusCode::FORBIDDEN.into_response();
    }
    tracing::info!("the webhook address was verified");
    asked.challenge.into_response()
}

async fn updates(
    State(door): State<Arc<Door>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    match door.admit(caller, &headers, request).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(StatusCode::SERVICE_UNAVAILABLE) => {
            let wait = [(header::RETRY_AFTER, RETRY_AFTER.to_string())];
            (StatusCode::SERVICE_UNAVAILABLE, wait).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

impl Door {
    async fn admit(
        &self,
        caller: Caller,
        headers: &HeaderMap,
        request: Request,
    ) -> Result<(), StatusCode> {
        let signature = headers
            .get("x-hub-signature-256")
            .and_then(|signature| signature.to_str().ok())
            .ok_or(StatusCode::UNAUTHORIZED)?;
        let length = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let is_small = length.is_some_and(|length| length <= SMALL_BODY_BYTES);
        let updates = timeout(BODY_TIMEOUT, async {
            let _place = match is_small {
                true => None,
                false => Some(self.large.acquire().await),
            };
            let body = Bytes::from_request(request, &())
                .await
                .map_err(|rejection| rejection.status())?;
            self.read(&body, signature)
        });
        let updates = updates.await.map_err(|_| StatusCode::REQUEST_TIMEOUT)??;
        self.hand_over(updates, caller).await
    }

    fn read(&self, body: &[u8], signature: &str) -> Result<Vec<Inbound>, StatusCode> {
        if !signature_holds(&self.settings.app_secret, body, Some(signature)) {
            self.stranger(
                "an update with a wrong signature is refused: is whatsapp.app_secret that of the app?",
            );
            return Err(StatusCode::UNAUTHORIZED);
        }
        read(body, &self.settings.phone_number_id).map_err(|fault| {
            tracing::warn!(%fault, "an update with Meta's signature cannot be read");
            match fault {
                WebhookFault::NotJson => StatusCode::BAD_REQUEST,
                WebhookFault::TooMany => StatusCode::PAYLOAD_TOO_LARGE,
            }
        })
    }

    async fn hand_over(&self, updates: Vec<Inbound>, caller: Caller) -> Result<(), StatusCode> {
        let origin = match caller {
            Caller::Tcp(address) => format!("webhook {address}"),
            Caller::Control(_) => format!("webhook {caller}"),
        };
        let stored = match timeout(TAKE_TIMEOUT, (self.take.take)(updates, origin.into())).await {
            Ok(stored) => stored,
            Err(_) => Err(format!("not on disk within {TAKE_TIMEOUT:?}")),
        };
        self.tell(stored.as_ref().err());
        stored.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Logs ever fewer of them: anybody can knock.
    fn stranger(&self, what: &'static str) {
        self.take.meters.stranger();
        let strangers = self
            .strangers
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1);
        if strangers.is_power_of_two() {
            tracing::warn!(strangers, "{what}");
        }
    }

    /// Logs the first of many refusals and the end of them: Meta sends again for days.
    fn tell(&self, error: Option<&String>) {
        let before = self.refused.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) if !before => {
                tracing::error!(%error, "receipts and replies cannot be stored; Meta sends them again");
            }
            None if before => tracing::info!("receipts and replies are stored again"),
            Some(_) | None => {}
        }
    }
}
