//! A connection that can be cut from inside a handler, which HTTP servers have no words for.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Connections at once; more wait in the kernel.
const MAX_CONNECTIONS: usize = 1024;

/// Listens for connections that can be cut.
pub(super) struct Lines {
    tcp: TcpListener,
    permits: Arc<Semaphore>,
}

impl Lines {
    pub(super) fn new(tcp: TcpListener) -> Self {
        Self {
            tcp,
            permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        // Never closed, so there always is one; without it the line is merely not counted.
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.tcp).await;
        // Answers are small and awaited.
        let _ = stream.set_nodelay(true);
        let cutter = Cutter::default();
        let line = Line {
            stream,
            cut: Box::pin(cutter.cut.clone().cancelled_owned()),
            cutter,
            _permit: permit,
        };
        (line, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// One connection.
pub(super) struct Line {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    cutter: Cutter,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Cuts a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Cutter {
    cut: CancellationToken,
    halve: Arc<AtomicBool>,
}

impl Cutter {
    /// Closes the connection; what was not written never is.
    pub(super) fn cut(&self) {
        self.cut.cancel();
    }

    /// Closes it in the middle of the body that is written next.
    pub(super) fn halve_next(&self) {
        self.halve.store(true, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Cutter {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().cutter.clone()
    }
}

fn closed<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

/// How many bytes of an answer are written when its body is halved; `None` where no body begins.
fn half(answer: &[u8]) -> Option<usize> {
    let head = answer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let body = answer.len() - head;
    (body > 1).then_some(head + body / 2)
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A finished future must not be polled again.
        if self.cutter.cut.is_cancelled() || self.cut.as_mut().poll(cx).is_ready() {
            return closed();
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.cutter.cut.is_cancelled() {
            return closed();
        }
        let halving = self.cutter.halve.load(Ordering::Acquire);
        let end = if halving { half(bytes) } else { None };
        let written =
            Pin::new(&mut self.stream).poll_write(cx, &bytes[..end.unwrap_or(bytes.len())]);
        if end.is_some() && matches!(written, Poll::Ready(Ok(_))) {
            self.cutter.cut();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
