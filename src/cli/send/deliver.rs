//! Handing in: lines out, answers in, over as many connections as it takes.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use crate::ingest::REFUSED;

use super::input::{Chunk, InputLine, MAX_LINE_BYTES};
use super::reply::{Garbled, Replies, Reply, Status};
use super::window::{Line, Window};

/// Where to, and how patiently.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) socket: PathBuf,
    /// So long without a record being taken is the end.
    pub(super) wait: Duration,
}

/// What came of the records so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    pub(super) stored: u64,
    pub(super) ignored: u64,
    pub(super) rejected: u64,
    /// Lines that were read and not taken.
    pub(super) unanswered: u64,
}

/// Something to show.
#[derive(Debug)]
pub(super) enum Remark<'a> {
    Rejected { line: u64, error: &'a str },
    Notes { line: u64, notes: &'a [String] },
    Waiting(&'a str),
    Progress,
}

/// Why not every line was taken or rejected.
#[derive(Debug, thiserror::Error)]
pub(super) enum GaveUp {
    #[error(
        "{lines} {} not taken, the first is line {first}: {reason}; send again what was not taken",
        if *lines == 1 { "line was" } else { "lines were" }
    )]
    OutOfTime {
        lines: usize,
        first: u64,
        reason: String,
    },
    #[error("{0}")]
    Refused(String),
    #[error("you may not use the socket {}: ask for membership of its group, or name another with --socket", .0.display())]
    NotAllowed(PathBuf),
    #[error("cannot read the input: {0}")]
    Input(io::Error),
    #[error("cannot make sense of what answers on the socket: {0}")]
    Garbled(#[from] Garbled),
}

/// Hands in every line; `show` is told what happens. Returns what came of it, and why it ended.
pub(super) async fn deliver(
    input: mpsc::Receiver<Chunk>,
    plan: &Plan,
    show: &mut (dyn FnMut(Remark<'_>, &Tally) + '_),
) -> (Tally, Result<(), GaveUp>) {
    let mut delivery = Delivery {
        plan,
        show,
        input: Some(input),
        window: Window::default(),
        tally: Tally::default(),
        progress: Instant::now(),
        reason: "the daemon did not answer".to_owned(),
    };
    let ended = delivery.run().await;
    delivery.tally.unanswered = delivery.window.len() as u64;
    (delivery.tally, ended)
}

struct Delivery<'a> {
    plan: &'a Plan,
    show: &'a mut (dyn FnMut(Remark<'_>, &Tally) + 'a),
    /// `None` at its end.
    input: Option<mpsc::Receiver<Chunk>>,
    window: Window,
    tally: Tally,
    /// When a record was last taken, or the first of those at hand was read.
    progress: Instant,
    /// What keeps records from being taken.
    reason: String,
}

/// How a connection ended.
enum Ended {
    /// Every line was answered for good.
    Done,
    /// The daemon closed it, or asked for a pause.
    Again { pause: Duration },
}

impl Delivery<'_> {
    /// Between two tries to connect.
    const RETRY: Duration = Duration::from_millis(100);
    /// A daemon that has a connection is given this long for an answer, however short `wait` is: its
    /// disk may be slow.
    const ANSWER: Duration = Duration::from_secs(10);

    async fn run(&mut self) -> Result<(), GaveUp> {
        loop {
            // A connection that has nothing to say would only be closed as idle.
            if self.window.is_empty() && !self.read_first().await? {
                return Ok(());
            }
            let Some(stream) = self.connect().await? else {
                self.wait_for("no daemon listens", Self::RETRY).await?;
                continue;
            };
            let ended = self.converse(&stream).await?;
            self.window.rewind();
            match ended {
                Ended::Done => return Ok(()),
                Ended::Again { .. } if self.window.is_empty() => {}
                Ended::Again { pause } => {
                    let reason = std::mem::take(&mut self.reason);
                    self.wait_for(&reason, pause).await?;
                }
            }
        }
    }

    /// Waits for a line; false at the end of the input.
    async fn read_first(&mut self) -> Result<bool, GaveUp> {
        while self.window.is_empty() {
            let Some(input) = &mut self.input else {
                return Ok(false);
            };
            let chunk = input.recv().await;
            self.take(chunk)?;
        }
        Ok(true)
    }

    async fn connect(&mut self) -> Result<Option<UnixStream>, GaveUp> {
        // The backlog of a daemon that hangs may be full: then connecting waits.
        match timeout(self.patience(), UnixStream::connect(&self.plan.socket)).await {
            Ok(Ok(stream)) => Ok(Some(stream)),
            Ok(Err(fault)) if fault.kind() == io::ErrorKind::PermissionDenied => {
                Err(GaveUp::NotAllowed(self.plan.socket.clone()))
            }
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }

    fn patience(&self) -> Duration {
        self.plan.wait.saturating_sub(self.progress.elapsed())
    }

    /// Pauses, unless patience is at its end.
    async fn wait_for(&mut self, reason: &str, pause: Duration) -> Result<(), GaveUp> {
        (self.show)(Remark::Waiting(reason), &self.tally);
        let patience = self.patience();
        if patience.is_zero() {
            return Err(self.out_of_time(reason));
        }
        sleep(pause.min(patience)).await;
        Ok(())
    }

    fn out_of_time(&self, reason: &str) -> GaveUp {
        let socket = self.plan.socket.display();
        GaveUp::OutOfTime {
            lines: self.window.len(),
            first: self.window.first_number().unwrap_or_default(),
            reason: format!("{reason} on {socket}"),
        }
    }

    /// Talks over one connection until it ends.
    async fn converse(&mut self, stream: &UnixStream) -> Result<Ended, GaveUp> {
        let mut out = Outgoing::default();
        let mut replies = Replies::default();
        let mut pause = Duration::ZERO;
        let connected = Instant::now();
        loop {
            if self.input.is_none() && self.window.is_empty() {
                return Ok(Ended::Done);
            }
            if self.window.has_to_pause() {
                return Ok(Ended::Again { pause });
            }
            out.fill(&mut self.window);
            let interest = if out.is_empty() {
                Interest::READABLE
            } else {
                Interest::READABLE | Interest::WRITABLE
            };
            let may_read = self.window.has_room();
            let has_lines = !self.window.is_empty();
            let silence = self.progress.max(connected).elapsed();
            let patience = self.patience().max(Self::ANSWER.saturating_sub(silence));
            let event = tokio::select! {
                chunk = next_chunk(&mut self.input), if may_read => Event::Input(chunk),
                ready = stream.ready(interest) => Event::Ready(ready.is_ok()),
                () = sleep(patience), if has_lines => Event::OutOfTime,
            };
            match event {
                Event::Input(chunk) => self.take(chunk)?,
                Event::OutOfTime => return Err(self.out_of_time("nothing was taken")),
                Event::Ready(is_well) => {
                    let is_written = is_well && out.write(stream);
                    // Answers may lie in front of the end of a connection that broke.
                    let is_read = read(stream, &mut replies);
                    for reply in replies.take()? {
                        pause = pause.max(self.settle(reply)?);
                    }
                    if !(is_written && is_read) {
                        if pause.is_zero() {
                            "the daemon closed the connection".clone_into(&mut self.reason);
                        }
                        return Ok(Ended::Again {
                            pause: pause.max(Self::RETRY),
                        });
                    }
                }
            }
        }
    }

    fn take(&mut self, chunk: Option<Chunk>) -> Result<(), GaveUp> {
        let Some(chunk) = chunk else {
            self.input = None;
            return Ok(());
        };
        if self.window.is_empty() {
            self.progress = Instant::now();
        }
        for InputLine { number, bytes } in chunk.map_err(GaveUp::Input)? {
            if let Some(bytes) = bytes {
                self.window.push(Line { number, bytes });
            } else {
                self.tally.rejected += 1;
                let error = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                let rejected = Remark::Rejected {
                    line: number,
                    error: &error,
                };
                (self.show)(rejected, &self.tally);
            }
        }
        Ok(())
    }

    /// Takes the answer to the oldest line under way; returns how long the daemon asks to wait.
    fn settle(&mut self, reply: Reply) -> Result<Duration, GaveUp> {
        if reply.status == Status::Rejected && reply.error.starts_with(REFUSED) {
            return Err(GaveUp::Refused(reply.error));
        }
        if reply.status == Status::Busy {
            "the daemon is busy".clone_into(&mut self.reason);
            // A connection that is turned away is told so before it says anything.
            if let Some(line) = self.window.answered() {
                self.window.keep(line);
            }
            return Ok(Duration::from_millis(reply.retry_after_ms.clamp(1, 10_000)));
        }
        if let Some(Line { number, .. }) = self.window.answered() {
            self.progress = Instant::now();
            if reply.records.is_empty() {
                self.count(number, &reply);
            }
            for record in &reply.records {
                self.count(number, record);
            }
            (self.show)(Remark::Progress, &self.tally);
        }
        Ok(Duration::ZERO)
    }

    fn count(&mut self, line: u64, reply: &Reply) {
        match reply.status {
            Status::Stored => self.tally.stored += 1,
            Status::Ignored => self.tally.ignored += 1,
            Status::Busy => {}
            Status::Rejected => {
                self.tally.rejected += 1;
                let error = reply.error.as_str();
                (self.show)(Remark::Rejected { line, error }, &self.tally);
            }
        }
        if !reply.notes.is_empty() {
            let notes = reply.notes.as_slice();
            (self.show)(Remark::Notes { line, notes }, &self.tally);
        }
    }
}

enum Event {
    Input(Option<Chunk>),
    Ready(bool),
    OutOfTime,
}

/// The next lines; pending for good after the end.
async fn next_chunk(input: &mut Option<mpsc::Receiver<Chunk>>) -> Option<Chunk> {
    match input {
        Some(input) => input.recv().await,
        None => std::future::pending().await,
    }
}

/// Reads what is there; false when nothing more will come.
fn read(stream: &UnixStream, replies: &mut Replies) -> bool {
    loop {
        match stream.try_read_buf(replies.room()) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(fault) => return would_wait(&fault),
        }
    }
}

/// Bytes on their way to the daemon.
#[derive(Default)]
struct Outgoing {
    buffer: Vec<u8>,
    written: usize,
}

impl Outgoing {
    const FULL_BYTES: usize = 64 * 1024;

    fn fill(&mut self, window: &mut Window) {
        while self.buffer.len() < Self::FULL_BYTES
            && let Some(line) = window.send_next()
        {
            self.buffer.extend_from_slice(line);
        }
    }

    fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Writes what the socket takes; false when it takes nothing more for good.
    fn write(&mut self, stream: &UnixStream) -> bool {
        while self.written < self.buffer.len() {
            match stream.try_write(&self.buffer[self.written..]) {
                Ok(count) => self.written += count,
                Err(fault) => return would_wait(&fault),
            }
        }
        self.buffer.clear();
        self.written = 0;
        true
    }
}

fn would_wait(fault: &io::Error) -> bool {
    matches!(
        fault.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} stored, {} ignored, {} rejected",
            self.stored, self.ignored, self.rejected
        )?;
        if self.unanswered > 0 {
            write!(f, ", {} not taken", self.unanswered)?;
        }
        Ok(())
    }
}
