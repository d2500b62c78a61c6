//! The one that writes: takes what waits, in one transaction, with one sync for all of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, watch};

use crate::model::{LogEntry, Position};
use crate::store::{Fact, StoreClass, StoreError, What};

use super::book::Book;
use super::fault::Fault;
use super::space::Space;
use super::wal::Wal;

/// A job for the writer. It may run more than once: again alone, when it was in a group whose
/// transaction was lost.
pub(super) trait Job: Send {
    /// Does it. On an error everything it wrote is taken back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Result<(), Fault>;
    /// Tells the caller how it ended, after the commit.
    fn answer(self: Box<Self>, end: Result<(), StoreError>);
}

/// The writer: its connection and what belongs to it.
pub(super) struct Writer {
    path: PathBuf,
    conn: Connection,
    book: Book,
    space: Space,
    wal: Wal,
    head: watch::Sender<Position>,
    entries: mpsc::Sender<LogEntry>,
}

impl Writer {
    pub(super) fn new(
        path: &Path,
        conn: Connection,
        book: Book,
        space: Space,
        wal: Wal,
        entries: mpsc::Sender<LogEntry>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            head: watch::Sender::new(book.head),
            conn,
            book,
            space,
            wal,
            entries,
        }
    }

    /// The last entry that is on disk.
    pub(super) fn head(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    /// Runs a group of jobs in one transaction and answers each.
    pub(super) fn run(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        match self.group(&mut jobs) {
            Ok(ends) => {
                for (job, end) in jobs.into_iter().zip(ends) {
                    job.answer(end.end);
                }
            }
            // One job cost the others their transaction: each gets its own. That is rare, so that
            // a savepoint around every job, which would cost two statements each, does not pay.
            Err(error) if jobs.len() > 1 && error.class() != StoreClass::Locked => {
                for job in jobs {
                    self.run(vec![job]);
                }
            }
            Err(error) => {
                for job in jobs {
                    job.answer(Err(error.clone()));
                }
            }
        }
        // After the answers: nobody waits for it.
        self.tell_busy();
        if let Err(error) = self.wal.tend(&self.conn, &self.path) {
            tracing::warn!(%error, "the write-ahead log grows past its bound");
        }
    }

    /// How long to wait for jobs before [`Writer::rest`]; `None` is for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.wal.patience()
    }

    /// What is done when no job waits.
    pub(super) fn rest(&mut self) {
        if let Err(error) = self.wal.rest(&self.conn, &self.path) {
            tracing::warn!(%error, "the write-ahead log stays as it is for now");
        }
    }

    /// Brings everything to disk and closes the database.
    pub(super) fn close(mut self) {
        let synced = self.wal.sync(&self.conn, &self.path);
        let closed = self
            .conn
            .close()
            .map_err(|(_, error)| Fault::from(error).at(&self.path));
        if let Err(error) = synced.and(closed) {
            tracing::warn!(%error, "the store did not close well; the next start mends it");
        }
    }

    /// One end per job, or why the whole transaction is lost.
    fn group(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<End>, StoreError> {
        let start = self.book.mark();
        let mut ends = self.transact(jobs).map_err(|fault| {
            self.book.rewind(start);
            let error = fault.at(&self.path);
            if error.class() == StoreClass::Full {
                self.space.found_full();
            }
            error
        })?;
        let stored = self.book.settle();
        if ends.iter().any(|end| end.stored)
            && let Err(error) = self.wal.sync(&self.conn, &self.path)
        {
            // It is in the log, but not answered as stored; what does not wait for the disk is done.
            let waiting = ends.iter_mut().filter(|end| end.stored && end.end.is_ok());
            waiting.for_each(|end| end.end = Err(error.clone()));
        }
        self.publish(stored);
        Ok(ends)
    }

    /// Writes into the audit trail that records are refused, where there is room for that.
    fn tell_busy(&mut self) {
        let (Some(at), None) = (self.book.refused, self.book.busy) else {
            return;
        };
        let start = self.book.mark();
        let mut tx = Tx {
            conn: &self.conn,
            book: &mut self.book,
            space: &mut self.space,
            begun: false,
            wrote: false,
            lasting: false,
        };
        let told = tx
            .witness(Fact::new(at, What::Busy))
            .and_then(|()| tx.commit());
        drop(tx);
        if told.is_ok() {
            self.book.settle();
            self.book.busy = self.book.refused.take();
            self.wal.committed(&self.conn);
        } else {
            self.book.rewind(start);
        }
    }

    fn transact(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<Vec<End>, Fault> {
        let mut tx = Tx {
            conn: &self.conn,
            book: &mut self.book,
            space: &mut self.space,
            begun: false,
            wrote: false,
            lasting: false,
        };
        let mut ends = Vec::with_capacity(jobs.len());
        for job in jobs {
            let before = tx.book.stored.len();
            let end = tx
                .attempt(job.as_mut())?
                .map_err(|fault| fault.at(&self.path));
            ends.push(End {
                end,
                stored: tx.book.stored.len() > before || std::mem::take(&mut tx.lasting),
            });
        }
        if tx.commit()? {
            self.wal.committed(&self.conn);
        }
        Ok(ends)
    }

    /// Hands what is on disk to the tail; what it has no room for it reads back.
    fn publish(&self, stored: Vec<LogEntry>) {
        let Some(last) = stored.last().map(|entry| entry.position) else {
            return;
        };
        for entry in stored {
            if self.entries.try_send(entry).is_err() {
                break;
            }
        }
        self.head.send_replace(last);
    }
}

/// How a job ended.
struct End {
    end: Result<(), StoreError>,
    /// It put something into the log, or asked for it, so that its answer waits for the disk.
    stored: bool,
}

/// The transaction of a group, as one job sees it. It begins with the first write: a group that
/// writes nothing costs no commit.
pub(in crate::store) struct Tx<'a> {
    conn: &'a Connection,
    pub(super) book: &'a mut Book,
    pub(super) space: &'a mut Space,
    begun: bool,
    /// The job that runs has asked to write.
    wrote: bool,
    /// Its answer waits for the disk, although it puts nothing into the log.
    lasting: bool,
}

impl<'a> Tx<'a> {
    /// The connection, to write.
    pub(super) fn write(&mut self) -> Result<&'a Connection, Fault> {
        if !self.begun {
            self.statement("BEGIN IMMEDIATE")?;
            self.begun = true;
        }
        self.wrote = true;
        Ok(self.conn)
    }

    /// The job that runs is answered after what it wrote is on disk.
    pub(super) fn wait_for_disk(&mut self) {
        self.lasting = true;
    }

    /// The connection, to look.
    pub(super) fn look(&self) -> &'a Connection {
        self.conn
    }

    /// The end of one job; the outer error means that the transaction is lost, because the job
    /// failed after it had written.
    fn attempt(&mut self, job: &mut dyn Job) -> Result<Result<(), Fault>, Fault> {
        let mark = self.book.mark();
        self.wrote = false;
        self.lasting = false;
        let end = job.run(self);
        if end.is_err() {
            self.book.rewind(mark);
        }
        if self.wrote { end.map(Ok) } else { Ok(end) }
    }

    /// Whether there was something to commit.
    fn commit(&mut self) -> Result<bool, Fault> {
        if !self.begun {
            return Ok(false);
        }
        self.book.heard.write(self.conn)?;
        self.book.said.write(self.conn)?;
        self.statement("COMMIT")?;
        self.begun = false;
        Ok(true)
    }

    fn statement(&self, sql: &str) -> Result<(), Fault> {
        self.conn.prepare_cached(sql)?.execute([])?;
        Ok(())
    }
}

impl Drop for Tx<'_> {
    fn drop(&mut self) {
        if self.begun && !self.conn.is_autocommit() {
            // A failed rollback leaves the transaction open: the next BEGIN says so.
            let _ = self.statement("ROLLBACK");
        }
    }
}

#[cfg(test)]
mod tests;
