//! Listening and serving, within bounds: connections, headers, time.

use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::app::App;
use super::guard::{Caller, Guard};
use super::router::router;

/// The HTTP server, bound.
#[derive(Debug)]
pub struct Server {
    tcp: Option<StdTcpListener>,
    guard: Guard,
    max_body: usize,
}

/// Why the TCP address could not be taken.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} ({key}): {source}")]
pub struct BindError {
    address: SocketAddr,
    /// What asked for it in the config.
    key: &'static str,
    source: io::Error,
}

/// Why the server cannot go on.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve HTTP: {0}")]
pub struct ServeError(#[from] io::Error);

impl Server {
    /// Listens on `http.listen`, when there is one.
    ///
    /// # Errors
    /// The address is in use, or not ours.
    pub fn bind(settings: &Settings) -> Result<Self, BindError> {
        let tcp = settings
            .listen
            .map(|address| bind(address, "http.listen"))
            .transpose()?;
        Ok(Self {
            tcp,
            guard: Guard::new(settings),
            max_body: settings.max_body,
        })
    }

    /// Where it listens; tells the port when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref()?.local_addr().ok()
    }

    /// Serves on TCP and on `control`, a unix socket that is bound with its mode set, until `cancel`;
    /// then requests under way are finished.
    ///
    /// # Errors
    /// A socket cannot be watched.
    pub async fn serve(
        self,
        control: Option<StdUnixListener>,
        app: App,
        cancel: CancellationToken,
    ) -> Result<(), ServeError> {
        let router = router(app, self.guard, self.max_body);
        let tcp = self.tcp.map(watched).transpose()?;
        let control = match control {
            Some(control) => {
                control.set_nonblocking(true)?;
                Some(UnixListener::from_std(control)?)
            }
            None => None,
        };
        tokio::join!(
            accept(tcp, router.clone(), &cancel),
            accept(control, router, &cancel)
        );
        Ok(())
    }
}

/// Takes `address`, which `key` of the config asks for.
pub(super) fn bind(address: SocketAddr, key: &'static str) -> Result<StdTcpListener, BindError> {
    StdTcpListener::bind(address).map_err(|source| BindError {
        address,
        key,
        source,
    })
}

/// The listener under the runtime's watch.
pub(super) fn watched(listener: StdTcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Connections of one socket at once; more wait in the kernel.
const MAX_CONNECTIONS: usize = 64;
/// The head of a request has to be here in this time; so long may a connection rest between two.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// So long may a connection last: what is stuck in any other way ends here.
const MAX_LIFETIME: Duration = Duration::from_secs(300);
/// So long may a request take that is under way when its connection has to end.
const GRACE: Duration = Duration::from_secs(10);
const MAX_HEADER_BYTES: usize = 16 * 1024;
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

/// Serves `router` on the connections of `listener` until `cancel`; then requests under way are
/// finished.
pub(super) async fn accept<A: Accept>(
    listener: Option<A>,
    router: Router,
    cancel: &CancellationToken,
) {
    let Some(listener) = listener else {
        return;
    };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => break,
            Some(ended) = connections.join_next() => {
                if let Err(fault) = ended {
                    tracing::error!(%fault, "an HTTP connection failed");
                }
                continue;
            }
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (listener.accept().await, place)
            } => accepted,
        };
        match accepted {
            (Ok((stream, caller)), place) => {
                let router = router.clone().layer(Extension(caller));
                let cancel = cancel.clone();
                connections.spawn(async move {
                    attend(stream, router, cancel).await;
                    drop(place);
                });
            }
            (Err(fault), _) => {
                tracing::warn!(%fault, "an HTTP connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn attend(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    cancel: CancellationToken,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = cancel.cancelled() => None,
        () = sleep(MAX_LIFETIME) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
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
