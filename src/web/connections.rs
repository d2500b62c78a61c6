//! Connections, within bounds: how many, how slow, how long.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::caller::Caller;
use super::presence::{Crowd, Presence, Watched};
use super::router::problem;

/// The head of a request has to be here in this time; so long may a connection rest between two.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// So long may a connection last: what is stuck in any other way ends here. Streams of events last
/// longer.
const MAX_LIFETIME: Duration = Duration::from_secs(300);
/// So long may a request take that is under way when its connection has to end.
const GRACE: Duration = Duration::from_secs(10);
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Pages that are told events, at once.
const MAX_STREAMS: usize = 64;
/// When there is a place again, in seconds.
const RETRY_AFTER: u64 = 30;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub(super) trait Accept {
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    async fn accept(&self) -> io::Result<(Self::Io, Caller)>;
}

impl Accept for TcpListener {
    type Io = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Caller)> {
        let (stream, peer) = Self::accept(self).await?;
        if let Err(fault) = stream.set_nodelay(true) {
            tracing::debug!(%fault, "a connection stays without TCP_NODELAY");
        }
        Ok((stream, Caller::Tcp(peer.ip().to_canonical())))
    }
}

impl Accept for UnixListener {
    type Io = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Caller)> {
        let (stream, _) = Self::accept(self).await?;
        let who = stream.peer_cred().ok();
        let who = who.map(|who| (who.uid(), who.pid()));
        Ok((stream, Caller::Control(who)))
    }
}

/// What the connections of one listener are served with.
#[derive(Clone)]
pub(super) struct Door {
    router: Router,
    most: usize,
    streams: Arc<Semaphore>,
}

impl Door {
    /// At most `most` connections at once; of more, the longest idle goes.
    pub(super) fn new(router: Router, most: usize) -> Self {
        Self {
            router,
            most,
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
        }
    }
}

/// Serves on the connections of `listener` until `cancel`; then requests under way are finished.
pub(super) async fn accept<A: Accept>(listener: Option<A>, door: Door, cancel: &CancellationToken) {
    let Some(listener) = listener else {
        return;
    };
    let mut crowd = Crowd::of(door.most);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => break,
            Some(ended) = connections.join_next_with_id() => {
                match ended {
                    Ok((id, ())) => crowd.left(id),
                    Err(fault) => {
                        crowd.left(fault.id());
                        if fault.is_panic() {
                            tracing::error!(%fault, "an HTTP connection failed");
                        }
                    }
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, caller)) => {
                let presence = Presence::new();
                let attendant = Attendant {
                    router: TowerToHyperService::new(door.router.clone()),
                    caller,
                    presence: Arc::clone(&presence),
                    streams: Arc::clone(&door.streams),
                };
                let task = connections.spawn(attend(stream, attendant, cancel.clone()));
                crowd.admit(presence, task);
            }
            Err(fault) => {
                tracing::warn!(%fault, "an HTTP connection could not be accepted");
                // It may be for want of a descriptor.
                crowd.shrink();
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Serves one connection.
struct Attendant {
    router: TowerToHyperService<Router>,
    caller: Caller,
    presence: Arc<Presence>,
    streams: Arc<Semaphore>,
}

impl Service<Request<Incoming>> for Attendant {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.caller);
        self.presence.begin();
        let answered = self.router.call(request);
        let (presence, streams) = (Arc::clone(&self.presence), Arc::clone(&self.streams));
        Box::pin(async move {
            let response = answered.await?;
            if !is_stream(&response) {
                presence.answered();
                return Ok(response);
            }
            Ok(match streams.try_acquire_owned() {
                Ok(place) => {
                    presence.streams(place);
                    response
                }
                Err(_) => {
                    presence.answered();
                    no_place()
                }
            })
        })
    }
}

fn is_stream(response: &Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

fn no_place() -> Response<Body> {
    let told = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "too many pages listen; look again without events",
    );
    ([(header::RETRY_AFTER, RETRY_AFTER.to_string())], told).into_response()
}

async fn attend(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    attendant: Attendant,
    cancel: CancellationToken,
) {
    let presence = Arc::clone(&attendant.presence);
    let stream = Watched::new(stream, Arc::clone(&presence));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), attendant);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = cancel.cancelled() => None,
        () = overstayed(&presence) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        // It would go on for ever.
        None if presence.is_stream() => return,
        None => {
            connection.as_mut().graceful_shutdown();
            match timeout(GRACE, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(fault) = ended {
        // Clients that leave, or send what is no HTTP: their affair.
        tracing::debug!(%fault, "an HTTP connection ended early");
    }
}

async fn overstayed(presence: &Presence) {
    loop {
        sleep(MAX_LIFETIME).await;
        if !presence.is_stream() {
            return;
        }
    }
}
