//! From what SQLite and the system say to [`StoreError`].

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

use crate::store::StoreError;

/// What went wrong inside a job, before it is known which database it was.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    /// SQLite failed.
    Sql(rusqlite::Error),
    /// Below `min_free`; says how much is left.
    NoRoom(String),
    /// A row cannot be read: which, and why; never its content.
    Row(String),
    /// The caller asked for what cannot be.
    Refused(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// The error, for the database at `path`.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Sql(error) => sql(path, &error),
            Self::NoRoom(detail) => StoreError::Full { path, detail },
            Self::Row(detail) => StoreError::Corrupt { path, detail },
            Self::Refused(detail) => StoreError::Other { path, detail },
        }
    }
}

/// Classes as SQLite's result codes (`rescode.html`) tell them.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of rusqlite are open"
)]
fn sql(path: std::path::PathBuf, error: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, message) = error else {
        // Of the other errors only kind and column are told: they may quote a value.
        let detail = match error {
            rusqlite::Error::FromSqlConversionFailure(column, ..)
            | rusqlite::Error::InvalidColumnType(column, ..)
            | rusqlite::Error::IntegralValueOutOfRange(column, _) => {
                format!("column {column} of a row holds something else than klaxond writes")
            }
            _ => "a query does not fit the database".to_owned(),
        };
        return StoreError::Corrupt { path, detail };
    };
    let detail = message.clone().unwrap_or_else(|| code.to_string());
    match code.code {
        ErrorCode::DiskFull => StoreError::Full { path, detail },
        ErrorCode::SystemIoFailure if code.extended_code == SQLITE_IOERR_SHMSIZE => {
            StoreError::Full { path, detail }
        }
        ErrorCode::SystemIoFailure => StoreError::Io { path, detail },
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => StoreError::Locked { path },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Corrupt { path, detail }
        }
        ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen => {
            StoreError::Permission { path, detail }
        }
        _ => StoreError::Other { path, detail },
    }
}

/// An error of the file system.
#[expect(clippy::wildcard_enum_match_arm, reason = "io::ErrorKind is open")]
pub(super) fn io(path: &Path, error: &io::Error) -> StoreError {
    let path = path.to_owned();
    let detail = error.to_string();
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::Permission { path, detail }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full { path, detail }
        }
        _ => StoreError::Other { path, detail },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use rusqlite::ffi;

    use super::io as io_fault;
    use super::*;
    use crate::store::StoreClass;

    #[test]
    fn result_codes_have_the_class_that_says_what_to_do() {
        let table = [
            (ffi::SQLITE_FULL, StoreClass::Full),
            (SQLITE_IOERR_SHMSIZE, StoreClass::Full),
            (ffi::SQLITE_IOERR_WRITE, StoreClass::Io),
            (ffi::SQLITE_BUSY, StoreClass::Locked),
            (ffi::SQLITE_LOCKED, StoreClass::Locked),
            (ffi::SQLITE_PROTOCOL, StoreClass::Locked),
            (ffi::SQLITE_ERROR, StoreClass::Other),
            (ffi::SQLITE_CORRUPT, StoreClass::Corrupt),
            (ffi::SQLITE_NOTADB, StoreClass::Corrupt),
            (ffi::SQLITE_CANTOPEN, StoreClass::Permission),
            (ffi::SQLITE_READONLY, StoreClass::Permission),
            (ffi::SQLITE_PERM, StoreClass::Permission),
        ];
        for (code, class) in table {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert_eq!(
                Fault::from(error).at(Path::new("db")).class(),
                class,
                "code {code}"
            );
        }
    }

    #[test]
    fn what_the_system_refuses_is_told_as_such() {
        let table = [
            (io::ErrorKind::PermissionDenied, StoreClass::Permission),
            (io::ErrorKind::ReadOnlyFilesystem, StoreClass::Permission),
            (io::ErrorKind::StorageFull, StoreClass::Full),
            (io::ErrorKind::NotADirectory, StoreClass::Other),
        ];
        for (kind, class) in table {
            assert_eq!(
                io_fault(Path::new("db"), &kind.into()).class(),
                class,
                "{kind}"
            );
        }
    }
}
