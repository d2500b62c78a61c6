//! What can go wrong with the store, and what a person does about it.

use std::path::PathBuf;

/// Why the store could not do what was asked. Never holds a phone number or the content of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room: the disk is full, or has less free space than `storage.min_free`.
    #[error("no room on the disk of {}: {detail}; free some space", path.display())]
    Full {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Another process holds the database for longer than we wait.
    #[error("{} is locked by another program; close what has it open", path.display())]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// The disk fails, or refuses more than a quota or limit allows.
    #[error("{} cannot be read or written: {detail}; look after its disk, quota and limits", path.display())]
    Io {
        /// The database.
        path: PathBuf,
        /// In SQLite's words.
        detail: String,
    },
    /// The file is damaged or is something else.
    #[error("{} cannot be used as the database: {detail}; restore a backup or name another file", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// The operating system does not let us.
    #[error("{} cannot be opened: {detail}; let the user that runs klaxond read and write it and its folder", path.display())]
    Permission {
        /// What we are kept from.
        path: PathBuf,
        /// In the system's words.
        detail: String,
    },
    /// A later klaxond wrote it.
    #[error("{} was written by a later klaxond (schema {found}, this one knows {known}); run that version, or restore a backup from before the upgrade", path.display())]
    TooNew {
        /// The database.
        path: PathBuf,
        /// The schema it has.
        found: i64,
        /// The latest schema this klaxond knows.
        known: i64,
    },
    /// Another daemon works on it.
    #[error("{} is in use by another klaxond{}; stop that one first", path.display(), holder.map_or(String::new(), |pid| format!(" (process {pid})")))]
    InUse {
        /// The database.
        path: PathBuf,
        /// The process that holds it, where it is known.
        holder: Option<u32>,
    },
    /// A backup never replaces a file.
    #[error("{} is there already; name a file that is not", path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Anything else.
    #[error("{}: {detail}", path.display())]
    Other {
        /// The database.
        path: PathBuf,
        /// What happened.
        detail: String,
    },
}

/// What kind of error it is, for branching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreClass {
    /// No room; passes when there is some.
    Full,
    /// Another process holds the database; passes when it lets go.
    Locked,
    /// The disk fails or refuses; passes when that is mended.
    Io,
    /// Damaged, or not ours.
    Corrupt,
    /// Not allowed.
    Permission,
    /// A later klaxond wrote it.
    TooNew,
    /// Another daemon works on it.
    InUse,
    /// Closed.
    Closed,
    /// Anything else.
    Other,
}

impl StoreError {
    /// The kind, for branching.
    #[must_use]
    pub const fn class(&self) -> StoreClass {
        match self {
            Self::Full { .. } => StoreClass::Full,
            Self::Locked { .. } => StoreClass::Locked,
            Self::Io { .. } => StoreClass::Io,
            Self::Corrupt { .. } => StoreClass::Corrupt,
            Self::Permission { .. } => StoreClass::Permission,
            Self::TooNew { .. } => StoreClass::TooNew,
            Self::InUse { .. } => StoreClass::InUse,
            Self::Closed => StoreClass::Closed,
            Self::Exists { .. } | Self::Other { .. } => StoreClass::Other,
        }
    }
}

impl StoreClass {
    /// Whether it can pass while the store stays open, so that trying again has a point. What does
    /// not pass is met by starting anew.
    #[must_use]
    pub const fn passes(self) -> bool {
        match self {
            Self::Full | Self::Locked | Self::Io | Self::Permission => true,
            Self::Corrupt | Self::TooNew | Self::InUse | Self::Closed | Self::Other => false,
        }
    }
}
