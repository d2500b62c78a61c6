//! One connection of the alarm socket: lines in, answers out, in order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::coop::consume_budget;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::model::Answer;
use crate::pipeline::intake::{Incoming, Intake, MAX_BATCH};

use super::answer::write_answers;
use super::codec::{Codec, Line, rejected};
use super::frames::{Frame, Frames};
use super::listener::Now;

/// What every connection of a listener shares.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) intake: Intake,
    pub(super) codec: watch::Receiver<Arc<Codec>>,
    pub(super) now: Now,
    pub(super) max_line: usize,
    pub(super) idle_timeout: Duration,
}

/// Serves one client until it is done, silent for too long, or `cancel` says to stop: then the batch
/// under way is finished and answered, and what was not answered is the client's to send again.
pub(super) async fn serve(
    service: Service,
    stream: UnixStream,
    origin: Arc<str>,
    cancel: CancellationToken,
) {
    let mut connection = Connection {
        frames: Frames::new(service.max_line),
        answers: Answers::default(),
        heard: Instant::now(),
        busy_until: None,
        ended: false,
        service,
        stream,
        origin,
    };
    connection.run(&cancel).await;
    connection.part().await;
}

struct Connection {
    service: Service,
    stream: UnixStream,
    origin: Arc<str>,
    frames: Frames,
    answers: Answers,
    /// When the client last sent something, or took an answer after its end.
    heard: Instant,
    /// A line was answered `busy`. Those that were already on their way behind it are busy as well: a
    /// clear must not be taken in front of its raise, which the client sends again.
    busy_until: Option<Instant>,
    /// The client has sent its last byte.
    ended: bool,
}

/// Records that go to intake together, and how their lines were made of them.
#[derive(Default)]
struct Batch {
    records: Vec<Incoming>,
    lines: Vec<Shape>,
}

enum Shape {
    One,
    Several(usize),
}

impl Connection {
    async fn run(&mut self, cancel: &CancellationToken) {
        loop {
            self.take_lines(cancel).await;
            self.answers.flush(&self.stream);
            let done = self.ended && self.answers.is_empty();
            if done || cancel.is_cancelled() {
                return;
            }
            // A client that never stops must not keep the others of its thread waiting.
            consume_budget().await;
            let patience = self
                .service
                .idle_timeout
                .saturating_sub(self.heard.elapsed());
            let ready = tokio::select! {
                () = cancel.cancelled() => return,
                ready = timeout(patience, self.stream.ready(self.interest())) => ready,
            };
            match ready {
                Ok(Ok(_)) => self.read(),
                // It says nothing, or after its end takes no answers: a line it began counts.
                Ok(Err(_)) | Err(_) if self.ended => return,
                Ok(Err(_)) | Err(_) => {
                    tracing::debug!(origin = %self.origin, "a silent connection is closed");
                    self.ended = true;
                    self.take_lines(cancel).await;
                    self.answers.flush(&self.stream);
                    return;
                }
            }
        }
    }

    fn interest(&self) -> Interest {
        match (self.ended, self.answers.is_empty()) {
            (true, _) => Interest::WRITABLE,
            (false, true) => Interest::READABLE,
            (false, false) => Interest::READABLE | Interest::WRITABLE,
        }
    }

    fn read(&mut self) {
        if self.ended {
            if self.answers.flush(&self.stream) {
                self.heard = Instant::now();
            }
            return;
        }
        match self.stream.try_read_buf(self.frames.room()) {
            Ok(0) => self.ended = true,
            Ok(_) => self.heard = Instant::now(),
            Err(fault) if would_wait(&fault) => {}
            // A client that left without reading its answers resets the connection; what it had
            // written has been read by then.
            Err(_) => self.ended = true,
        }
    }

    /// Hands in every whole line, at most a batch at a time; after the end, what the stream ended in.
    async fn take_lines(&mut self, cancel: &CancellationToken) {
        let codec = Arc::clone(&self.service.codec.borrow());
        let mut batch = Batch::default();
        loop {
            let mut frame = self.frames.next();
            if frame.is_none() && self.ended {
                frame = self.frames.last();
            }
            let Some(frame) = frame else {
                break;
            };
            let line = match frame {
                Frame::Line(range) => {
                    codec.read_line(&self.frames.bytes()[range], (self.service.now)())
                }
                Frame::TooLong => Line::One(rejected(format!(
                    "the line is longer than {} bytes (ingest.max_line)",
                    self.service.max_line
                ))),
            };
            if batch.is_full_with(&line) {
                self.hand_in(std::mem::take(&mut batch)).await;
                if cancel.is_cancelled() {
                    return;
                }
            }
            batch.push(line);
        }
        self.hand_in(batch).await;
        self.frames.rest();
    }

    async fn hand_in(&mut self, batch: Batch) {
        if batch.records.is_empty() {
            return;
        }
        let wait = self
            .busy_until
            .map(|until| until.saturating_duration_since(Instant::now()));
        let answers = match wait.filter(|wait| !wait.is_zero()) {
            Some(wait) => {
                let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
                vec![Answer::Busy { retry_after_ms }; batch.records.len()]
            }
            None => self.take(batch.records).await,
        };
        let mut rest = answers.as_slice();
        for line in batch.lines {
            let (length, several) = match line {
                Shape::One => (1, false),
                Shape::Several(length) => (length, true),
            };
            let (these, others) = rest.split_at(length.min(rest.len()));
            rest = others;
            self.answers.push(these, several, &self.origin);
        }
    }

    async fn take(&mut self, records: Vec<Incoming>) -> Vec<Answer> {
        let intake = &self.service.intake;
        let answers = intake.take(records, Arc::clone(&self.origin)).await;
        // A slow disk is no silence of the client.
        self.heard = Instant::now();
        let wait = answers.iter().filter_map(|answer| match answer {
            Answer::Busy { retry_after_ms } => Some(*retry_after_ms),
            Answer::Stored { .. } | Answer::Ignored { .. } | Answer::Rejected { .. } => None,
        });
        self.busy_until = wait
            .max()
            .and_then(|wait| self.heard.checked_add(Duration::from_millis(wait)));
        answers
    }

    /// Gives the client a moment to take its last answers.
    async fn part(mut self) {
        const MOMENT: Duration = Duration::from_secs(1);
        let taken = timeout(MOMENT, async {
            while !self.answers.is_empty() {
                if self.stream.writable().await.is_err() {
                    return;
                }
                self.answers.flush(&self.stream);
            }
        });
        if taken.await.is_err() {
            tracing::debug!(origin = %self.origin, "a client left answers unread");
        }
    }
}

impl Batch {
    fn is_full_with(&self, line: &Line) -> bool {
        let more = match line {
            Line::Blank => 0,
            Line::One(_) => 1,
            Line::Many(records) => records.len(),
        };
        self.records.len() + more > MAX_BATCH
    }

    fn push(&mut self, line: Line) {
        match line {
            Line::Blank => {}
            Line::One(record) => {
                self.records.push(record);
                self.lines.push(Shape::One);
            }
            Line::Many(records) => {
                self.lines.push(Shape::Several(records.len()));
                self.records.extend(records);
            }
        }
    }
}

/// Answers on their way to the client.
///
/// When more than a bound of them is unread, that and every later answer is dropped: the client has
/// the first answers whole and in order, and cannot take an answer for one of another line.
#[derive(Default)]
struct Answers {
    buffer: Vec<u8>,
    written: usize,
    state: Reading,
}

#[derive(Default, PartialEq, Eq)]
enum Reading {
    /// The client takes its answers.
    #[default]
    Yes,
    /// It left too many unread; those in the buffer still go.
    TooSlow,
    /// It cannot be written to.
    Gone,
}

impl Answers {
    const MAX_UNREAD_BYTES: usize = 1024 * 1024;

    fn push(&mut self, answers: &[Answer], several: bool, origin: &str) {
        if self.state != Reading::Yes {
            return;
        }
        if self.buffer.len() - self.written > Self::MAX_UNREAD_BYTES {
            self.state = Reading::TooSlow;
            tracing::warn!(
                origin,
                "a client does not read its answers: the rest are dropped; its alarms are taken"
            );
            return;
        }
        write_answers(answers, several, &mut self.buffer);
    }

    fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Writes what the socket takes; whether it took anything.
    fn flush(&mut self, stream: &UnixStream) -> bool {
        let before = self.written;
        while self.written < self.buffer.len() {
            match stream.try_write(&self.buffer[self.written..]) {
                Ok(count) => self.written += count,
                Err(fault) if would_wait(&fault) => break,
                Err(_) => {
                    self.state = Reading::Gone;
                    self.written = self.buffer.len();
                }
            }
        }
        let progress = self.written > before;
        if self.written == self.buffer.len() {
            self.buffer = Vec::new();
            self.written = 0;
        } else if self.written > Self::MAX_UNREAD_BYTES / 4 {
            self.buffer.drain(..self.written);
            self.written = 0;
        }
        progress
    }
}

fn would_wait(fault: &io::Error) -> bool {
    matches!(
        fault.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}
