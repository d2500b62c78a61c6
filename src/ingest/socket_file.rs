//! A unix socket in the file system: made so that nobody reaches it before its mode is set, and
//! taken away by who made it.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// The file of a socket that listens; dropping it removes the file, if it is still the same one.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Why a socket could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Its directory is not there.
    #[error(
        "the directory of the socket {0} does not exist; make it, or let systemd make it with RuntimeDirectory="
    )]
    NoDirectory(PathBuf),
    /// Another process listens on it.
    #[error("another klaxond listens on {0}; stop it first, or name another socket")]
    InUse(PathBuf),
    /// Something that is no socket has its name.
    #[error("{0} exists and is no socket; remove it, or name another path")]
    NotASocket(PathBuf),
    /// The path does not fit into an address.
    #[error("the path of the socket {0} is too long; at most 107 bytes")]
    PathTooLong(PathBuf),
    /// The group is not known here.
    #[error("there is no group {0}; create it, or leave ingest.group out")]
    NoGroup(String),
    /// A user or a group who may connect is not known here.
    #[error(transparent)]
    Access(#[from] super::AccessError),
    /// The system refused a step.
    #[error("cannot {step} the socket {path}: {source}")]
    System {
        /// What was tried: `make`, `set the group of`.
        step: &'static str,
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl SocketFile {
    /// Connections that wait to be accepted; the kernel caps it at `net.core.somaxconn`.
    const BACKLOG: i32 = 4096;

    /// Makes a socket at `path` that listens, with `mode` (`0o660`) and, where given, the group of
    /// that name or number.
    ///
    /// A file that a dead process left behind is replaced. A socket that is bound refuses
    /// connections until it listens, and it listens only when mode and group are set.
    ///
    /// # Errors
    /// [`BindError`] says what is in the way.
    pub fn bind(
        path: &Path,
        mode: u32,
        group: Option<&str>,
    ) -> Result<(UnixListener, Self), BindError> {
        let failed = |step| {
            move |source: io::Error| BindError::System {
                step,
                path: path.to_owned(),
                source,
            }
        };
        let group = group.map(group_id).transpose()?;
        let address = SocketAddrUnix::new(path).map_err(|fault| match fault {
            Errno::NAMETOOLONG => BindError::PathTooLong(path.to_owned()),
            other => failed("name")(other.into()),
        })?;
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        if directory.is_some_and(|directory| !directory.is_dir()) {
            return Err(BindError::NoDirectory(path.to_owned()));
        }
        clear_the_way(path, &address)?;
        let socket = new_socket().map_err(failed("make"))?;
        rustix::net::bind(&socket, &address).map_err(|fault| match fault {
            // Somebody was quicker between the check and here.
            Errno::ADDRINUSE => BindError::InUse(path.to_owned()),
            other => failed("make")(other.into()),
        })?;
        let file = Self::of(path).map_err(failed("look at"))?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
            .map_err(failed("set the mode of"))?;
        if let Some(group) = group {
            std::os::unix::fs::chown(path, None, Some(group))
                .map_err(failed("set the group of"))?;
        }
        rustix::net::listen(&socket, Self::BACKLOG)
            .map_err(|fault| failed("listen on")(fault.into()))?;
        Ok((UnixListener::from(socket), file))
    }

    fn of(path: &Path) -> io::Result<Self> {
        let about = std::fs::symlink_metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            device: about.dev(),
            inode: about.ino(),
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|about| (about.dev(), about.ino()) == (self.device, self.inode));
        if is_ours && let Err(fault) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %fault, "the socket file could not be removed");
        }
    }
}

/// Removes a stale socket at `path`; leaves a live one, and what is no socket, alone.
fn clear_the_way(path: &Path, address: &SocketAddrUnix) -> Result<(), BindError> {
    let failed = |step, source| BindError::System {
        step,
        path: path.to_owned(),
        source,
    };
    match std::fs::symlink_metadata(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(fault) => return Err(failed("look at", fault)),
        Ok(about) if !about.file_type().is_socket() => {
            return Err(BindError::NotASocket(path.to_owned()));
        }
        Ok(_) => {}
    }
    let probe = new_socket().map_err(|fault| failed("try", fault))?;
    match rustix::net::connect(&probe, address) {
        // Without blocking: EAGAIN is a live listener whose backlog is full.
        Ok(()) | Err(Errno::AGAIN | Errno::INPROGRESS) => Err(BindError::InUse(path.to_owned())),
        Err(Errno::CONNREFUSED) => match std::fs::remove_file(path) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(failed("replace", fault)),
            _ => Ok(()),
        },
        Err(Errno::NOENT) => Ok(()),
        Err(other) => Err(failed("try", other.into())),
    }
}

fn new_socket() -> io::Result<std::os::fd::OwnedFd> {
    Ok(rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )?)
}

fn group_id(group: &str) -> Result<u32, BindError> {
    uzers::get_group_by_name(group)
        .map(|group| group.gid())
        .or_else(|| group.parse().ok())
        .ok_or_else(|| BindError::NoGroup(group.to_owned()))
}
