//! What the writer keeps in memory beside the tables, and takes back when a transaction fails.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use rusqlite::Connection;

use crate::model::{LogEntry, NotificationId, Position, Time};
use crate::store::Seq;

use super::signs::{self, Signs};

/// The end of the log, and the open trees by hash.
pub(super) struct Book {
    /// The last entry.
    pub(super) head: Position,
    /// Its time.
    pub(super) last_at: Time,
    /// Stored in this transaction, for the tail.
    pub(super) stored: Vec<LogEntry>,
    /// Facts of the audit trail that were written after the last entry.
    pub(super) written: i64,
    /// What the last entries of the log speak of.
    pub(super) heard: Signs,
    /// What the last notifications speak of.
    pub(super) said: Signs,
    /// When the first record was refused for want of room, until the trail tells of it.
    pub(super) refused: Option<Time>,
    /// Since when records are refused, as the trail tells.
    pub(super) busy: Option<Time>,
    /// This transaction tells that they are taken again.
    pub(super) over: bool,
    hasher: RandomState,
    /// How many open trees have this hash: a hash that is not here is a tree that is not open.
    open: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    /// Changes of `open` since the transaction began.
    undo: Vec<Change>,
}

enum Change {
    Opened(u64),
    Closed(u64),
}

/// Where to go back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    head: Position,
    last_at: Time,
    stored: usize,
    written: i64,
    heard: usize,
    said: usize,
    over: bool,
    undo: usize,
}

impl Book {
    /// Reads it from the tables.
    pub(super) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        // The newest entry is never deleted, so that both are always there once there was one.
        let (head, last_at) = conn.query_row(
            "SELECT coalesce(max(position), 0), coalesce((SELECT at FROM log ORDER BY position DESC LIMIT 1), 0) FROM log",
            [],
            |row| Ok((Position(row.get(0)?), Time::from_ms(row.get(1)?))),
        )?;
        let last: Option<i64> =
            conn.query_row("SELECT max(seq) FROM audit", [], |row| row.get(0))?;
        let last = last.map(Seq).filter(|last| last.position() == head);
        let said: i64 = conn.query_row(
            "SELECT coalesce(max(id), 0) FROM notifications WHERE id <= ?1",
            [NotificationId::DIGESTS],
            |row| row.get(0),
        )?;
        let mut book = Self {
            head,
            last_at,
            stored: Vec::new(),
            written: last.and_then(Seq::count).unwrap_or(0),
            heard: Signs::after(signs::LOG, head.0),
            said: Signs::after(signs::SAID, said),
            refused: None,
            busy: None,
            over: false,
            hasher: RandomState::new(),
            open: HashMap::default(),
            undo: Vec::new(),
        };
        let mut trees = conn.prepare("SELECT tree FROM open_trees")?;
        let mut rows = trees.query([])?;
        while let Some(row) = rows.next()? {
            let hash = book.hash(row.get_ref(0)?.as_str()?);
            *book.open.entry(hash).or_default() += 1;
        }
        Ok(book)
    }

    /// The hash by which trees are known here: of the key's text.
    pub(super) fn hasher(&self) -> RandomState {
        self.hasher.clone()
    }

    /// The hash of a tree's key.
    pub(super) fn hash(&self, tree: &str) -> u64 {
        self.hasher.hash_one(tree)
    }

    /// Whether a tree of this hash may be open.
    pub(super) fn may_be_open(&self, hash: u64) -> bool {
        self.open.contains_key(&hash)
    }

    /// A tree of this hash was added to the open ones.
    pub(super) fn opened(&mut self, hash: u64) {
        self.add(hash);
        self.undo.push(Change::Opened(hash));
    }

    /// A tree of this hash was taken from the open ones.
    pub(super) fn closed(&mut self, hash: u64) {
        self.remove(hash);
        self.undo.push(Change::Closed(hash));
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            head: self.head,
            last_at: self.last_at,
            stored: self.stored.len(),
            written: self.written,
            heard: self.heard.mark(),
            said: self.said.mark(),
            over: self.over,
            undo: self.undo.len(),
        }
    }

    /// Takes back everything since `mark`.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.head = mark.head;
        self.last_at = mark.last_at;
        self.stored.truncate(mark.stored);
        self.written = mark.written;
        self.heard.rewind(mark.heard);
        self.said.rewind(mark.said);
        self.over = mark.over;
        for change in self.undo.split_off(mark.undo).into_iter().rev() {
            match change {
                Change::Opened(hash) => self.remove(hash),
                Change::Closed(hash) => self.add(hash),
            }
        }
    }

    /// The transaction is committed: nothing is taken back any more. Returns what was stored.
    pub(super) fn settle(&mut self) -> Vec<LogEntry> {
        self.undo.clear();
        self.heard.settle();
        self.said.settle();
        if std::mem::take(&mut self.over) {
            self.busy = None;
        }
        std::mem::take(&mut self.stored)
    }

    fn add(&mut self, hash: u64) {
        *self.open.entry(hash).or_default() += 1;
    }

    fn remove(&mut self, hash: u64) {
        if let Some(count) = self.open.get_mut(&hash) {
            *count -= 1;
            if *count == 0 {
                self.open.remove(&hash);
            }
        }
    }
}

/// The keys are hashes already.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only u64 keys are used; other input still has to end up in the state.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
