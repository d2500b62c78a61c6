//! How the handles reach the writer and the reader.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::StoreError;

use super::fault::{self, Fault};
use super::lock::Lock;
use super::queue::{Queue, Taken};
use super::writer::{Job, Tx, Writer};

/// The most jobs in one transaction.
const GROUP: usize = 1_024;

type Read = Box<dyn FnOnce(&Connection) + Send>;

/// The way to the database. Cheap to clone; the last one that is dropped closes it.
#[derive(Clone)]
pub(in crate::store) struct Access {
    path: Arc<Path>,
    inner: Arc<Inner>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.path).finish()
    }
}

enum Inner {
    Threaded {
        writes: Arc<Queue<Box<dyn Job>>>,
        reads: Arc<Queue<Read>>,
        threads: Mutex<Option<Threads>>,
    },
    Inline(Box<Mutex<Option<Core>>>),
}

struct Threads {
    writer: JoinHandle<()>,
    reader: JoinHandle<()>,
    lock: Lock,
}

/// What works on the database.
pub(super) struct Core {
    pub(super) writer: Writer,
    pub(super) reader: Connection,
    pub(super) lock: Lock,
}

impl Access {
    /// Runs every job on the caller's thread.
    pub(super) fn inline(path: &Path, core: Core) -> Self {
        Self {
            path: Arc::from(path),
            inner: Arc::new(Inner::Inline(Box::new(Mutex::new(Some(core))))),
        }
    }

    /// Starts a thread that writes and one that reads.
    pub(super) fn threaded(path: &Path, core: Core) -> Result<Self, StoreError> {
        let Core {
            writer,
            reader,
            lock,
        } = core;
        let writes = Arc::new(Queue::new());
        let reads = Arc::new(Queue::new());
        let failed = |error| fault::io(path, &error);
        let reader = thread::Builder::new()
            .name("store-reader".to_owned())
            .spawn({
                let reads = Until(Arc::clone(&reads));
                move || serve_reads(&reads.0, &reader)
            })
            .map_err(failed)?;
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let writes = Until(Arc::clone(&writes));
                move || serve_writes(&writes.0, writer)
            })
            .map_err(|error| {
                reads.close();
                failed(error)
            })?;
        let threads = Mutex::new(Some(Threads {
            writer,
            reader,
            lock,
        }));
        Ok(Self {
            path: Arc::from(path),
            inner: Arc::new(Inner::Threaded {
                writes,
                reads,
                threads,
            }),
        })
    }

    /// Runs `work` in a transaction of the writer; returns after the commit. `weight` is about how
    /// many rows it writes.
    pub(in crate::store) async fn write<T, F>(
        &self,
        weight: usize,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Task {
            work,
            value: None,
            reply,
        });
        match &*self.inner {
            Inner::Threaded { writes, .. } => {
                if !writes.push(job, weight).await {
                    return Err(StoreError::Closed);
                }
            }
            Inner::Inline(core) => match lock(core).as_mut() {
                Some(core) => {
                    core.writer.run(vec![job]);
                    if core.writer.patience().is_some() {
                        core.writer.rest();
                    }
                }
                None => return Err(StoreError::Closed),
            },
        }
        let (answer, spent) = answer.await.map_err(|_| StoreError::Closed)?;
        drop(spent);
        answer
    }

    /// Runs `look` on the reader: it sees everything that is committed.
    pub(in crate::store) async fn read<T, F>(&self, look: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let path = self.path();
        let read = move |conn: &Connection| {
            // Nobody waits for it any more: not an error.
            let _ = reply.send(look(conn).map_err(|fault| fault.at(&path)));
        };
        match &*self.inner {
            Inner::Threaded { reads, .. } => {
                if !reads.push(Box::new(read), 1).await {
                    return Err(StoreError::Closed);
                }
            }
            Inner::Inline(core) => match lock(core).as_ref() {
                Some(core) => read(&core.reader),
                None => return Err(StoreError::Closed),
            },
        }
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// The database.
    pub(in crate::store) fn path(&self) -> Arc<Path> {
        Arc::clone(&self.path)
    }

    /// An error that says that the database is damaged.
    pub(in crate::store) fn damaged(&self, detail: String) -> StoreError {
        Fault::Row(detail).at(&self.path)
    }

    /// Does what is queued, then lets go of the database. Blocks until then.
    pub(in crate::store) fn close(&self) {
        self.inner.close();
    }
}

impl Inner {
    fn close(&self) {
        match self {
            Self::Threaded {
                writes,
                reads,
                threads,
            } => {
                reads.close();
                writes.close();
                let Some(threads) = lock(threads).take() else {
                    return;
                };
                // The reader first: the last connection that closes folds the log in.
                let joined = [threads.reader.join(), threads.writer.join()];
                if joined.iter().any(Result::is_err) {
                    tracing::error!(
                        "a thread of the store died; the next start mends the database"
                    );
                }
                drop(threads.lock);
            }
            Self::Inline(core) => {
                if let Some(Core {
                    writer,
                    reader,
                    lock,
                }) = lock(core).take()
                {
                    drop(reader);
                    writer.close();
                    drop(lock);
                }
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shuts a queue when its thread ends, however it ends, so that nobody waits for an answer.
struct Until<J>(Arc<Queue<J>>);

impl<J> Drop for Until<J> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn serve_writes(writes: &Queue<Box<dyn Job>>, mut writer: Writer) {
    loop {
        match writes.take(GROUP, writer.patience()) {
            Taken::Jobs(jobs) => writer.run(jobs),
            Taken::Quiet => writer.rest(),
            Taken::Closed => return writer.close(),
        }
    }
}

fn serve_reads(reads: &Queue<Read>, reader: &Connection) {
    while let Taken::Jobs(jobs) = reads.take(1, None) {
        for read in jobs {
            read(reader);
        }
    }
}

/// A closure as a job.
struct Task<T, F> {
    work: F,
    value: Option<T>,
    reply: oneshot::Sender<Answer<T, F>>,
}

/// The work goes back with its result: freeing a thousand records takes the writer longer than
/// writing some.
type Answer<T, F> = (Result<T, StoreError>, F);

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, Fault> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        self.value = Some((self.work)(tx)?);
        Ok(())
    }

    fn answer(self: Box<Self>, end: Result<(), StoreError>) {
        let Self { work, value, reply } = *self;
        // Nobody waits for it any more: it is done all the same.
        let _ = reply.send((end.and_then(|()| value.ok_or(StoreError::Closed)), work));
    }
}
