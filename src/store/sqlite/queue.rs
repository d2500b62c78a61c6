//! A bounded queue from async callers to a thread.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much may wait, in units of weight (about one row each).
const CAPACITY: u32 = 16_384;

/// A bounded queue: callers wait for room without blocking their thread, jobs leave in the order in
/// which they came.
pub(super) struct Queue<J> {
    inner: Mutex<Inner<J>>,
    arrived: Condvar,
    room: Arc<Semaphore>,
}

struct Inner<J> {
    jobs: VecDeque<(J, OwnedSemaphorePermit)>,
    closed: bool,
}

/// What a wait for jobs ended with.
pub(super) enum Taken<J> {
    /// Jobs, at least one.
    Jobs(Vec<J>),
    /// Nothing came for as long as asked.
    Quiet,
    /// The queue is closed and empty.
    Closed,
}

impl<J> Queue<J> {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                jobs: VecDeque::new(),
                closed: false,
            }),
            arrived: Condvar::new(),
            room: Arc::new(Semaphore::new(CAPACITY as usize)),
        }
    }

    /// Hands a job over; `false` when the queue is closed.
    pub(super) async fn push(&self, job: J, weight: usize) -> bool {
        let weight = u32::try_from(weight).unwrap_or(CAPACITY).clamp(1, CAPACITY);
        let Ok(permit) = Arc::clone(&self.room).acquire_many_owned(weight).await else {
            return false;
        };
        let mut inner = self.lock();
        if inner.closed {
            return false;
        }
        inner.jobs.push_back((job, permit));
        drop(inner);
        self.arrived.notify_one();
        true
    }

    /// Waits for jobs, for at most `patience`; takes no more than `most` of them.
    pub(super) fn take(&self, most: usize, patience: Option<Duration>) -> Taken<J> {
        let mut inner = self.lock();
        while inner.jobs.is_empty() {
            if inner.closed {
                return Taken::Closed;
            }
            inner = match patience {
                None => self
                    .arrived
                    .wait(inner)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (inner, wait) = self
                        .arrived
                        .wait_timeout(inner, patience)
                        .unwrap_or_else(PoisonError::into_inner);
                    if wait.timed_out() && inner.jobs.is_empty() && !inner.closed {
                        return Taken::Quiet;
                    }
                    inner
                }
            };
        }
        let count = inner.jobs.len().min(most);
        Taken::Jobs(inner.jobs.drain(..count).map(|(job, _room)| job).collect())
    }

    /// No more jobs; those that wait are still taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.close();
        self.arrived.notify_all();
    }

    /// No more jobs, and those that wait are dropped: nobody is left to take them.
    pub(super) fn abandon(&self) {
        self.close();
        let jobs = std::mem::take(&mut self.lock().jobs);
        drop(jobs);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<J>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
