//! Making the file of a socket: what is replaced, what is refused.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};

use klaxond::ingest::{BindError, Listener, SocketFile};

use super::support::alarm_socket::settings;

#[test]
fn mode_and_group_are_set_and_the_file_goes_with_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    let group = uzers::get_current_gid();
    let (listener, file) = SocketFile::bind(&path, 0o640, Some(&group.to_string())).unwrap();
    let about = std::fs::metadata(&path).unwrap();
    assert_eq!(about.permissions().mode() & 0o7777, 0o640);
    assert_eq!(about.gid(), group);
    UnixStream::connect(&path).unwrap();
    drop((listener, file));
    assert!(!path.exists());
}

#[test]
fn a_stale_socket_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let (_listener, _file) = SocketFile::bind(&path, 0o660, None).unwrap();
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_live_socket_is_refused_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    let (_listener, _file) = SocketFile::bind(&path, 0o660, None).unwrap();
    let fault = SocketFile::bind(&path, 0o660, None).unwrap_err();
    assert!(matches!(fault, BindError::InUse(_)));
    assert!(
        fault.to_string().starts_with("another klaxond listens on "),
        "{fault}"
    );
    UnixStream::connect(&path).unwrap();
}

#[test]
fn a_live_socket_that_accepts_nobody_is_refused_without_waiting_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    let stuck = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&stuck, 0).unwrap();
    let _queued = UnixStream::connect(&path).unwrap();
    assert!(matches!(
        SocketFile::bind(&path, 0o660, None),
        Err(BindError::InUse(_))
    ));
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(
        SocketFile::bind(&path, 0o660, None),
        Err(BindError::NotASocket(_))
    ));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing").join("s.sock");
    let fault = SocketFile::bind(&path, 0o660, None).unwrap_err();
    assert!(matches!(fault, BindError::NoDirectory(_)));
}

#[test]
fn a_path_that_no_address_holds_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x".repeat(120));
    assert!(matches!(
        SocketFile::bind(&path, 0o660, None),
        Err(BindError::PathTooLong(_))
    ));
}

#[test]
fn names_that_nobody_has_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    let fault = SocketFile::bind(&path, 0o660, Some("no such group")).unwrap_err();
    assert!(matches!(fault, BindError::NoGroup(_)));
    assert!(!path.exists());

    let mut settings = settings(directory.path());
    settings.allow_users = vec!["no such user".to_owned()];
    let fault = Listener::bind(&settings, None).unwrap_err();
    assert!(
        fault.to_string().contains("allow_users names no such user"),
        "{fault}"
    );
    settings.allow_users.clear();
    settings.allow_groups = vec!["no such group".to_owned()];
    let fault = Listener::bind(&settings, None).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("allow_groups names no such group"),
        "{fault}"
    );
}

#[test]
fn a_file_that_another_has_put_in_its_place_is_not_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.sock");
    let (listener, file) = SocketFile::bind(&path, 0o660, None).unwrap();
    std::fs::remove_file(&path).unwrap();
    let (_other, _others) = SocketFile::bind(&path, 0o660, None).unwrap();
    drop((listener, file));
    UnixStream::connect(&path).unwrap();
}
