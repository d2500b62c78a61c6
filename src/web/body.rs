//! Bodies of requests, whole: within their size, in time, and all of them together within bounds.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::router::problem;

/// A body has to be here in this time.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(20);

/// What all bodies that are being read, or are not yet worked off, may hold together.
const ALL_BODIES_BYTES: usize = 32 << 20;

/// When there is no room, in seconds.
const RETRY_AFTER: u64 = 1;

/// The room for bodies of one server. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Room {
    max_body: usize,
    free_bytes: Arc<Semaphore>,
}

impl Room {
    /// A single body has at most `max_body` bytes.
    pub(super) fn new(max_body: usize) -> Self {
        Self {
            max_body,
            free_bytes: Arc::new(Semaphore::new(ALL_BODIES_BYTES.max(max_body))),
        }
    }

    /// The same room, for bodies of at least `max_body` bytes.
    fn at_least(mut self, max_body: usize) -> Self {
        self.max_body = self.max_body.max(max_body);
        self
    }

    /// For a form of one field, which strangers may send.
    pub(super) fn small() -> Self {
        Self {
            max_body: 4 * 1024,
            free_bytes: Arc::new(Semaphore::new(1 << 20)),
        }
    }
}

/// A body that is here. It takes up room until it is dropped.
#[derive(Debug)]
pub(super) struct Whole {
    bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// More than one body may have.
    TooLarge,
    /// Its sender left, or sent what is no body.
    Broken,
    /// It took too long.
    Slow,
    /// Too many others at once.
    NoRoom,
}

impl Whole {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The JSON of it; else the answer that says what is wrong.
    #[expect(
        clippy::result_large_err,
        reason = "the error is the answer, once a request"
    )]
    pub(super) fn json<T: DeserializeOwned>(&self, headers: &HeaderMap) -> Result<T, Response> {
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(problem(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send JSON: Content-Type: application/json",
            ));
        }
        serde_json::from_slice(&self.bytes).map_err(|fault| {
            problem(
                StatusCode::BAD_REQUEST,
                &format!("the body cannot be read: {fault}"),
            )
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = BodyFault;

    async fn from_request(request: Request, _: &S) -> Result<Self, BodyFault> {
        Self::of(request, 0).await
    }
}

impl Whole {
    /// The body of a request whose sender does not send less when it is told to: `max_body` bytes are
    /// taken even if others may send fewer.
    pub(super) async fn of(request: Request, max_body: usize) -> Result<Self, BodyFault> {
        let room = request.extensions().get::<Room>().cloned();
        let room = room.unwrap_or_else(|| Room::new(1 << 20));
        let room = room.at_least(max_body);
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|length| length > room.max_body) {
            return Err(BodyFault::TooLarge);
        }
        match timeout(BODY_TIMEOUT, collect(request.into_body(), &room)).await {
            Ok(read) => read,
            Err(_) => Err(BodyFault::Slow),
        }
    }
}

/// Only what is here takes up room: who announces much and sends little keeps nobody out.
async fn collect(body: Body, room: &Room) -> Result<Whole, BodyFault> {
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyFault::Broken)?;
        if bytes.len().saturating_add(chunk.len()) > room.max_body {
            return Err(BodyFault::TooLarge);
        }
        let length = u32::try_from(chunk.len()).map_err(|_| BodyFault::TooLarge)?;
        let more = Arc::clone(&room.free_bytes).try_acquire_many_owned(length);
        let more = more.map_err(|_| BodyFault::NoRoom)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Whole { bytes, _room: held })
}

impl BodyFault {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::TooLarge => "the body is too large; send it in several requests",
            Self::Broken => "the body did not arrive whole",
            Self::Slow => "the body took too long",
            Self::NoRoom => "too many large requests at once; send it again",
        }
    }

    /// What goes with the status: when to come back, and that the rest of a body is not waited for.
    pub(super) fn mark(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        if self == Self::NoRoom {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
        }
        response
    }
}

impl IntoResponse for BodyFault {
    fn into_response(self) -> Response {
        self.mark(problem(self.status(), self.text()))
    }
}
