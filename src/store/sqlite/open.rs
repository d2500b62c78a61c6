//! Opening the database: files, locks, settings of the connections, schema.

use std::fs::{DirBuilder, OpenOptions};
use std::hash::RandomState;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use crate::model::{LogEntry, Position};
use crate::store::{Settings, StoreError};

use super::access::{Access, Core};
use super::backup::{check_pages, sync_directory};
use super::book::Book;
use super::fault::{self, Fault};
use super::lock::Lock;
use super::schema::{self, APPLICATION_ID, STEPS};
use super::space::{Space, directory};
use super::wal::{Syncs, Wal};
use super::writer::Writer;

/// How long a statement waits for another process that holds the database.
const BUSY: Duration = Duration::from_secs(2);

/// Statements that each connection keeps prepared.
const STATEMENTS: usize = 64;

/// Entries that wait for the tail in memory; what does not fit is read back.
const TAIL: usize = 1_024;

/// Up to this size the whole database is checked at start; it takes some milliseconds.
const CHECKED_BYTES: u64 = 8 << 20;

/// An open database.
pub(in crate::store) struct Opened {
    pub(in crate::store) access: Access,
    pub(in crate::store) hasher: RandomState,
    pub(in crate::store) head: watch::Receiver<Position>,
    pub(in crate::store) entries: mpsc::Receiver<LogEntry>,
    pub(in crate::store) id: Arc<str>,
    pub(in crate::store) syncs: Syncs,
}

/// Opens the database, making or migrating it where needed.
pub(in crate::store) fn open(settings: &Settings, threaded: bool) -> Result<Opened, StoreError> {
    let path = &*settings.path;
    make_directory(path)?;
    let lock = Lock::take(path)?;
    let bytes = make_file(path)?;
    let mut conn = connect(path).map_err(|fault| fault.at(path))?;
    prepare(&mut conn, path)?;
    if bytes <= CHECKED_BYTES {
        check_pages(&conn).map_err(|fault| fault.at(path))?;
    }
    let (id, book) = read_in(&conn).map_err(|fault| fault.at(path))?;
    let syncs = Syncs::default();
    let wal = Wal::open(path, syncs.clone())?;
    sync_directory(path)?;
    let reader = connect(path)
        .and_then(|reader| {
            reader.pragma_update(None, "query_only", true)?;
            Ok(reader)
        })
        .map_err(|fault| fault.at(path))?;

    let (sender, entries) = mpsc::channel(TAIL);
    let hasher = book.hasher();
    let writer = Writer::new(
        path,
        conn,
        book,
        Space::new(path, settings.min_free),
        wal,
        sender,
    );
    let head = writer.head();
    let core = Core {
        writer,
        reader,
        lock,
    };
    let access = if threaded {
        Access::threaded(path, core)?
    } else {
        Access::inline(path, core)
    };
    Ok(Opened {
        access,
        hasher,
        head,
        entries,
        id,
        syncs,
    })
}

fn make_directory(path: &Path) -> Result<(), StoreError> {
    let directory = directory(path);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| fault::io(directory, &error))
}

/// Makes the file where it is not there, for nobody else to read; the files that SQLite puts beside
/// it get the same mode. Returns its size in bytes.
fn make_file(path: &Path) -> Result<u64, StoreError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    file.and_then(|file| file.metadata())
        .map(|file| file.len())
        .map_err(|error| fault::io(path, &error))
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; \
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(conn)
}

/// From a file of unknown content to a database of the latest schema.
fn prepare(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    identify(conn).map_err(|fault| fault.at(path))?;
    let mode: String = conn
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|error| Fault::from(error).at(path))?;
    if mode != "wal" {
        let detail =
            "its file system cannot hold a write-ahead log; put it on a local disk".to_owned();
        return Err(StoreError::Other {
            path: path.to_owned(),
            detail,
        });
    }
    schema::migrate(conn, path, STEPS)
}

/// Refuses what is neither ours nor empty.
fn identify(conn: &Connection) -> Result<(), Fault> {
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id == APPLICATION_ID || (id == 0 && tables == 0) {
        Ok(())
    } else {
        Err(Fault::Row("it is a database of another program".to_owned()))
    }
}

fn read_in(conn: &Connection) -> Result<(Arc<str>, Book), Fault> {
    conn.execute(
        "INSERT OR IGNORE INTO meta (id, uuid) VALUES (1, ?1)",
        [Uuid::now_v7().simple().to_string()],
    )?;
    let id: String = conn.query_row("SELECT uuid FROM meta", [], |row| row.get(0))?;
    Ok((Arc::from(id), Book::load(conn)?))
}
