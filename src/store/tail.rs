//! What was appended, handed on to the one that decides.

use std::collections::VecDeque;

use tokio::sync::{mpsc, watch};

use crate::model::{LogEntry, Position};

use super::{Log, StoreError};

/// What was appended, in log order: from a bounded channel, else read back from the log.
#[derive(Debug)]
pub struct Tail {
    log: Log,
    head: watch::Receiver<Position>,
    entries: mpsc::Receiver<LogEntry>,
    /// Taken from the channel, not handed out yet.
    waiting: VecDeque<LogEntry>,
}

impl Tail {
    pub(super) fn new(log: Log, entries: mpsc::Receiver<LogEntry>) -> Self {
        Self {
            head: log.head.clone(),
            log,
            entries,
            waiting: VecDeque::new(),
        }
    }

    /// Waits for at least one entry behind `after`; returns at most `limit`, without a hole from
    /// `after + 1` on. Cancel-safe: what was not returned comes with the next call.
    ///
    /// # Errors
    /// The log cannot be read, or the store was closed and everything was handed out.
    pub async fn next(
        &mut self,
        after: Position,
        limit: usize,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let limit = limit.max(1);
        loop {
            // What the channel dropped is below the head already: it is looked at first.
            let head = *self.head.borrow_and_update();
            let ready = self.take_ready(after, limit);
            if !ready.is_empty() {
                return Ok(ready);
            }
            if head > after {
                return self.read_back(after, limit).await;
            }
            if self.head.changed().await.is_err() {
                return Err(StoreError::Closed);
            }
        }
    }

    /// What the channel holds directly behind `after`.
    fn take_ready(&mut self, after: Position, limit: usize) -> Vec<LogEntry> {
        let mut ready = Vec::new();
        let mut last = after;
        while ready.len() < limit {
            let Some(entry) = self
                .waiting
                .pop_front()
                .or_else(|| self.entries.try_recv().ok())
            else {
                break;
            };
            if entry.position == last.next() {
                last = entry.position;
                ready.push(entry);
            } else if entry.position > last {
                self.waiting.push_front(entry);
                break;
            }
        }
        ready
    }

    async fn read_back(&self, after: Position, limit: usize) -> Result<Vec<LogEntry>, StoreError> {
        let missing = self.waiting.front().map_or(limit, |entry| {
            usize::try_from(entry.position.0 - after.0 - 1).unwrap_or(limit)
        });
        let entries = self.log.read(after, limit.min(missing)).await?;
        if entries.first().map(|entry| entry.position) == Some(after.next()) {
            Ok(entries)
        } else {
            Err(self
                .log
                .access
                .damaged(format!("entry {} of the log is missing", after.next())))
        }
    }
}
