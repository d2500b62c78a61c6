//! Copies of a database that somebody works on.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::store::StoreError;

use super::fault::{self, Fault};
use super::lock::beside;
use super::schema::{self, APPLICATION_ID, STEPS};
use super::space::directory;

/// How long to wait for a database that is locked.
const BUSY: Duration = Duration::from_secs(5);

/// Copies `database` to `to`, which must not exist.
pub(in crate::store) fn copy(database: &Path, to: &Path) -> Result<(), StoreError> {
    // SQLite would only say that it cannot open it.
    File::open(database).map_err(|error| fault::io(database, &error))?;
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::Exists {
            path: to.to_owned(),
        });
    }
    let source = open_readonly(database).map_err(|fault| fault.at(database))?;
    check_identity(&source, database)?;
    write_copy(&source, database, to, |from, to| {
        renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(io::Error::from)
    })
}

/// Copies what `conn` is open on to `to`, over what may be there.
pub(super) fn copy_over(conn: &Connection, database: &Path, to: &Path) -> Result<(), StoreError> {
    write_copy(conn, database, to, |from, to| fs::rename(from, to))
}

/// Writes the copy under a name of its own and brings it to disk and checks it before `name` gives
/// it the one asked for.
fn write_copy(
    source: &Connection,
    database: &Path,
    to: &Path,
    name: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<(), StoreError> {
    let partial = beside(to, &format!(".partial-{}", std::process::id()));
    let written = write_partial(source, database, &partial).and_then(|()| {
        name(&partial, to).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                StoreError::Exists {
                    path: to.to_owned(),
                }
            } else {
                fault::io(to, &error)
            }
        })?;
        sync_directory(to)
    });
    if written.is_err() {
        // Gone already when the name was given.
        let _ = fs::remove_file(&partial);
    }
    written
}

fn write_partial(source: &Connection, database: &Path, partial: &Path) -> Result<(), StoreError> {
    let failed = |error: &io::Error| fault::io(partial, error);
    // Left by a process of the same number that died.
    match fs::remove_file(partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&error)),
        Ok(()) | Err(_) => {}
    }
    // SQLite fills an empty file: so nobody else can read it from the first byte on.
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(partial)
        .map_err(|error| failed(&error))?;
    let target = partial.to_str().ok_or_else(|| StoreError::Other {
        path: partial.to_owned(),
        detail: "the name of a copy has to be UTF-8".to_owned(),
    })?;
    source
        .execute("VACUUM INTO ?1", [target])
        .map_err(|error| Fault::from(error).at(database))?;
    file.sync_all().map_err(|error| failed(&error))?;
    let copy = open_readonly(partial).map_err(|fault| fault.at(partial))?;
    check_pages(&copy).map_err(|fault| fault.at(partial))
}

pub(super) fn open_readonly(path: &Path) -> Result<Connection, Fault> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    conn.busy_timeout(BUSY)?;
    Ok(conn)
}

pub(super) fn check_identity(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let (id, found) = conn
        .pragma_query_value(None, "application_id", |row| row.get::<_, i32>(0))
        .map_err(Fault::from)
        .and_then(|id| Ok((id, schema::version(conn)?)))
        .map_err(|fault| fault.at(path))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if id != APPLICATION_ID {
        Err(Fault::Row("it is not a database of klaxond".to_owned()).at(path))
    } else if found > known {
        Err(StoreError::TooNew {
            path: path.to_owned(),
            found,
            known,
        })
    } else {
        Ok(())
    }
}

/// Whether the pages of a database hang together.
pub(super) fn check_pages(conn: &Connection) -> Result<(), Fault> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(Fault::Row(format!(
            "it is damaged ({})",
            found.replace('\n', " ")
        )))
    }
}

/// Brings the name of a file in its folder to disk.
pub(super) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    let directory = directory(path);
    File::open(directory)
        .and_then(|file| file.sync_all())
        .map_err(|error| fault::io(directory, &error))
}
