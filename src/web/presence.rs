//! What is known of a connection while it lasts, and who has to go when there are too many.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::{AbortHandle, Id};
use tokio::time::{Instant, Sleep, sleep};

/// Who takes nothing of an answer for so long is let go.
const WRITE_STALL: Duration = Duration::from_secs(30);

/// No request is being answered.
const IDLE: u8 = 0;
/// One is.
const BUSY: u8 = 1;
/// It is told events for as long as it listens.
const STREAM: u8 = 2;

/// One connection.
#[derive(Debug)]
pub(super) struct Presence {
    begun: Instant,
    /// Milliseconds from `begun` to the last byte in or out.
    moved_ms: AtomicU64,
    state: AtomicU8,
    /// Its place among the streams.
    stream: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Presence {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            moved_ms: AtomicU64::new(0),
            state: AtomicU8::new(IDLE),
            stream: Mutex::new(None),
        })
    }

    /// A request has come, whole but for its body.
    pub(super) fn begin(&self) {
        self.state.store(BUSY, Ordering::Relaxed);
    }

    /// It has its answer.
    pub(super) fn answered(&self) {
        self.state.store(IDLE, Ordering::Relaxed);
    }

    /// Its answer goes on for as long as it listens.
    pub(super) fn streams(&self, place: OwnedSemaphorePermit) {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        *stream = Some(place);
        self.state.store(STREAM, Ordering::Relaxed);
    }

    pub(super) fn is_stream(&self) -> bool {
        self.state.load(Ordering::Relaxed) == STREAM
    }

    fn moved(&self) {
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved_ms.store(ms, Ordering::Relaxed);
    }

    /// Who goes first has the least of this.
    fn rank(&self) -> (u8, Instant) {
        let moved = Duration::from_millis(self.moved_ms.load(Ordering::Relaxed));
        (self.state.load(Ordering::Relaxed), self.begun + moved)
    }
}

/// The connections of one listener.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    present: HashMap<Id, (Arc<Presence>, AbortHandle)>,
}

impl Crowd {
    /// At most so many at once.
    pub(super) fn of(most: usize) -> Self {
        Self {
            most,
            present: HashMap::new(),
        }
    }

    /// One more; when there are too many, the one that has done nothing for longest goes: first of
    /// those without a request, then of those with one, and streams last.
    pub(super) fn admit(&mut self, presence: Arc<Presence>, task: AbortHandle) {
        if self.present.len() >= self.most {
            self.shrink();
        }
        self.present.insert(task.id(), (presence, task));
    }

    /// One goes.
    pub(super) fn shrink(&mut self) {
        let idlest = self
            .present
            .iter()
            .min_by_key(|(_, (presence, _))| presence.rank())
            .map(|(id, _)| *id);
        if let Some((_, task)) = idlest.and_then(|id| self.present.remove(&id)) {
            task.abort();
        }
    }

    pub(super) fn left(&mut self, id: Id) {
        self.present.remove(&id);
    }
}

/// A stream that notes when bytes move, and ends when nobody takes what is written.
pub(super) struct Watched<Io> {
    io: Io,
    presence: Arc<Presence>,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<Io> Watched<Io> {
    pub(super) const fn new(io: Io, presence: Arc<Presence>) -> Self {
        Self {
            io,
            presence,
            stalled: None,
        }
    }

    fn written(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            self.presence.moved();
            return written;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(WRITE_STALL)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Watched<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if read.is_ready() {
            self.presence.moved();
        }
        read
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Watched<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.written(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
