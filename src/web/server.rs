//! Listening on TCP and on the control socket.

use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::net::UnixListener as StdUnixListener;

use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::app::App;
use super::connections::{Door, accept};
use super::guard::Guard;
use super::router::router;

/// Connections over TCP at once; of more, those go that do nothing.
const MAX_CONNECTIONS: usize = 2_048;

/// Connections of the control socket at once.
const MAX_CONTROL_CONNECTIONS: usize = 256;

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
            accept(tcp, Door::new(router.clone(), MAX_CONNECTIONS), &cancel),
            accept(control, Door::new(router, MAX_CONTROL_CONNECTIONS), &cancel)
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
