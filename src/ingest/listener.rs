//! The alarm socket: accepts, checks who is there, and serves each connection.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::model::{Answer, Time};
use crate::pipeline::intake::Intake;

use super::answer::write_answers;
use super::connection::{self, Service};
use super::peer::{Access, Peer, REFUSED};
use super::{BindError, Codec, Settings, SocketFile};

/// Tells the time of arrival.
pub type Now = Arc<dyn Fn() -> Time + Send + Sync>;

/// The alarm socket, bound.
#[derive(Debug)]
pub struct Listener {
    socket: StdListener,
    /// The file that is ours to remove; a passed socket has none.
    file: Option<SocketFile>,
    access: Access,
    max_line: usize,
    max_connections: usize,
    idle_timeout: Duration,
}

/// Why the alarm socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket cannot be watched.
    #[error("cannot serve the alarm socket: {0}")]
    Socket(#[from] io::Error),
}

impl Listener {
    /// Binds the socket that `settings` name, or takes the one that was passed by systemd as it is.
    ///
    /// # Errors
    /// [`BindError`] says what is in the way.
    pub fn bind(settings: &Settings, passed: Option<StdListener>) -> Result<Self, BindError> {
        let access = Access::new(&settings.allow_users, &settings.allow_groups)?;
        let (socket, file) = match passed {
            Some(socket) => (socket, None),
            None => {
                let group = settings.group.as_deref();
                let (socket, file) = SocketFile::bind(&settings.socket, settings.mode, group)?;
                (socket, Some(file))
            }
        };
        Ok(Self {
            socket,
            file,
            access,
            max_line: settings.max_line,
            max_connections: settings.max_connections,
            idle_timeout: settings.idle_timeout,
        })
    }

    /// Serves until `cancel`: then nobody is accepted any more, each connection finishes the batch
    /// under way, answers it and closes. Lines are read by the codec that is in force when they come.
    ///
    /// # Errors
    /// The socket cannot be watched.
    pub async fn serve(
        self,
        intake: Intake,
        codec: watch::Receiver<Arc<Codec>>,
        now: Now,
        cancel: CancellationToken,
    ) -> Result<(), ServeError> {
        self.socket.set_nonblocking(true)?;
        let socket = UnixListener::from_std(self.socket)?;
        let service = Service {
            intake,
            codec,
            now,
            max_line: self.max_line,
            idle_timeout: self.idle_timeout,
        };
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = cancel.cancelled() => break,
                Some(ended) = connections.join_next() => {
                    if let Err(fault) = ended {
                        tracing::error!(%fault, "a connection of the alarm socket failed");
                    }
                    continue;
                }
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) if connections.len() >= self.max_connections => {
                    tracing::warn!(
                        max_connections = self.max_connections,
                        "too many connections on the alarm socket: one is turned away"
                    );
                    turn_away(
                        &stream,
                        Answer::Busy {
                            retry_after_ms: TURNED_AWAY_MS,
                        },
                    );
                }
                Ok((stream, _)) => {
                    let access = self.access.clone();
                    let cancel = cancel.clone();
                    connections.spawn(attend(access, service.clone(), stream, cancel));
                }
                Err(fault) => {
                    // Out of file descriptors, most likely: they come back when connections end.
                    tracing::warn!(%fault, "a connection of the alarm socket could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(socket);
        drop(self.file);
        while connections.join_next().await.is_some() {}
        Ok(())
    }
}

const TURNED_AWAY_MS: u64 = 1000;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves one client, if it may hand in alarms.
async fn attend(access: Access, service: Service, stream: UnixStream, cancel: CancellationToken) {
    let peer = match stream.peer_cred() {
        Ok(credentials) => Peer::from(credentials),
        Err(fault) => {
            tracing::warn!(%fault, "a client of the alarm socket cannot be told apart and is refused");
            turn_away(&stream, refused("it cannot be told who it is"));
            return;
        }
    };
    if access.admits(peer).await {
        connection::serve(service, stream, peer.to_string().into(), cancel).await;
    } else {
        tracing::warn!(%peer, "a client of the alarm socket is refused: ingest.allow_users and allow_groups do not list it");
        turn_away(
            &stream,
            refused("ingest.allow_users and allow_groups do not list it"),
        );
    }
}

fn refused(because: &str) -> Answer {
    Answer::Rejected {
        error: format!("{REFUSED}: {because}"),
    }
}

/// Says one line, if it can be said at once.
fn turn_away(stream: &UnixStream, answer: Answer) {
    let mut line = Vec::new();
    write_answers(&[answer], false, &mut line);
    if let Err(fault) = stream.try_write(&line) {
        tracing::debug!(%fault, "a client that is turned away could not be told");
    }
}
