//! What the store refuses, and how it says so.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use klaxond::model::{MessageId, MessageState, Position};
use klaxond::store::{Mode, Settings, Store, StoreClass, StoreError, backup};

use crate::support::store::*;

fn refusal(settings: &Settings) -> StoreError {
    Store::open(settings, Mode::Threaded)
        .map(|(store, _)| store.close())
        .unwrap_err()
}

#[tokio::test]
async fn a_second_daemon_on_the_same_database_is_refused_and_told_who_has_it() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    let error = refusal(&folder.settings());
    assert_eq!(error.class(), StoreClass::InUse);
    let told = error.to_string();
    let process = format!("process {}", std::process::id());
    assert!(
        told.contains("klaxond.db is in use") && told.contains(&process),
        "{told}"
    );
    store.close();
    folder.open(Mode::Threaded).0.close();
}

#[tokio::test]
async fn a_store_that_is_dropped_lets_go_of_the_database() {
    let folder = Folder::new();
    let opened = folder.open(Mode::Threaded);
    opened.0.log.append(vec![raise(1, "a")]).await.unwrap();
    drop(opened);
    assert_eq!(folder.open(Mode::Threaded).0.log.head(), Position(1));
}

#[test]
fn a_schema_of_a_later_version_is_refused_and_left_alone() {
    let folder = Folder::new();
    folder.open(Mode::Threaded).0.close();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    drop(database);
    for error in [
        refusal(&folder.settings()),
        backup(&folder.database(), &folder.path("copy")).unwrap_err(),
    ] {
        assert_eq!(error.class(), StoreClass::TooNew);
        assert!(
            error.to_string().contains("(schema 99, this one knows 4)"),
            "{error}"
        );
    }
    assert!(!folder.path("copy").exists());
}

#[test]
fn what_is_not_our_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    let text = "this is a letter, not a database\n".repeat(400);
    fs::write(folder.path("letter"), &text).unwrap();
    let other = rusqlite::Connection::open(folder.path("other.db")).unwrap();
    other
        .execute_batch("CREATE TABLE songs (title TEXT)")
        .unwrap();
    drop(other);
    for name in ["letter", "other.db"] {
        let before = fs::read(folder.path(name)).unwrap();
        let error = refusal(&settings(&folder.path(name)));
        assert_eq!(error.class(), StoreClass::Corrupt, "{error}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(backup(&folder.path(name), &folder.path("copy")).is_err());
        assert_eq!(fs::read(folder.path(name)).unwrap(), before);
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused_at_start() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .log
        .append((0..200).map(|n| raise(1, &n.to_string())).collect())
        .await
        .unwrap();
    store.close();
    // All of it into the file, also when a reader kept the close from doing so.
    let conn = rusqlite::Connection::open(folder.database()).unwrap();
    let moved = "PRAGMA wal_checkpoint(TRUNCATE)";
    conn.query_row(moved, [], |_| Ok(())).unwrap();
    drop(conn);
    let mut bytes = fs::read(folder.database()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0x5a);
    fs::write(folder.database(), &bytes).unwrap();
    let error = refusal(&folder.settings());
    assert_eq!(error.class(), StoreClass::Corrupt);
    assert!(error.to_string().contains("restore a backup"), "{error}");
}

#[test]
fn a_place_that_cannot_hold_a_database_is_named() {
    let folder = Folder::new();
    fs::write(folder.path("file"), "").unwrap();
    let error = refusal(&settings(&folder.path("file").join("klaxond.db")));
    assert!(error.to_string().contains("file"), "{error}");
    fs::create_dir(folder.path("klaxond.db")).unwrap();
    let error = refusal(&folder.settings());
    assert!(error.to_string().contains("klaxond.db"), "{error}");
}

#[tokio::test]
async fn only_the_owner_can_read_what_is_stored() {
    let folder = Folder::new();
    let place = folder.path("new").join("deeper").join("klaxond.db");
    let (store, _tail) = Store::open(&settings(&place), Mode::Threaded).unwrap();
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    backup(&place, &folder.path("copy")).unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path("new")), 0o700);
    assert_eq!(mode(place.parent().unwrap().to_owned()), 0o700);
    for file in fs::read_dir(place.parent().unwrap()).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(file.clone()), 0o600, "{}", file.display());
    }
    assert_eq!(mode(folder.path("copy")), 0o600);
}

#[tokio::test]
async fn below_min_free_records_are_refused_and_everything_else_goes_on() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![queued(1, 1, 5)])])
        .await
        .unwrap();
    store.close();

    let full = Settings {
        min_free: u64::MAX / 2,
        ..folder.settings()
    };
    let (store, _tail) = Store::open(&full, Mode::Threaded).unwrap();
    let error = store
        .log
        .append(vec![change(2, "other"), clear(2, "a")])
        .await
        .unwrap_err();
    assert_eq!(error.class(), StoreClass::Full);
    assert!(error.to_string().contains("storage.min_free"), "{error}");
    // Nothing would be stored: there is no need for room.
    assert_eq!(
        store.log.append(vec![change(2, "other")]).await.unwrap(),
        [None]
    );
    store.outbox.claim(vec![claim(1, 6)]).await.unwrap();
    store
        .outbox
        .finish(vec![ending(1, 7, MessageState::Accepted)])
        .await
        .unwrap();
    assert_eq!(store.log.head(), Position(1));
    store.close();

    // With room again the clear is taken: its alarm is still open.
    let (store, _tail) = folder.open(Mode::Threaded);
    assert_eq!(
        store.log.append(vec![clear(3, "a")]).await.unwrap(),
        [Some(Position(2))]
    );
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_told_as_locked_and_taken_up_again() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    let other = rusqlite::Connection::open(folder.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.log.append(vec![raise(1, "a")]).await.unwrap_err();
    assert_eq!(error.class(), StoreClass::Locked);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        store.log.append(vec![raise(1, "a")]).await.unwrap(),
        [Some(Position(1))]
    );
}

#[tokio::test]
async fn a_backup_holds_what_was_committed_when_it_was_made() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![claimed(1, 1, 5)])])
        .await
        .unwrap();
    let copy = folder.path("copy.db");
    backup(&folder.database(), &copy).unwrap();
    store.log.append(vec![raise(2, "b")]).await.unwrap();

    let (old, _old_tail) = Store::open(&settings(&copy), Mode::Threaded).unwrap();
    assert_eq!((old.id(), old.log.head()), (store.id(), Position(1)));
    assert_eq!(
        old.state.load().await.unwrap(),
        store.state.load().await.unwrap()
    );
    let pending = old.outbox.pending(MessageId(0), 9).await.unwrap();
    assert_eq!(
        pending,
        store.outbox.pending(MessageId(0), 9).await.unwrap()
    );
    assert_eq!(
        old.log.append(vec![clear(3, "a")]).await.unwrap(),
        [Some(Position(2))]
    );
    assert_eq!(
        fs::read_dir(folder.path(""))
            .unwrap()
            .filter(|file| {
                file.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .contains("partial")
            })
            .count(),
        0
    );
}

#[test]
fn a_backup_is_made_of_a_store_at_rest_too_and_never_replaces_a_file() {
    let folder = Folder::new();
    let copy = folder.path("copy.db");
    assert!(
        backup(&folder.database(), &copy).is_err(),
        "there is no database yet"
    );
    folder.open(Mode::Threaded).0.close();
    backup(&folder.database(), &copy).unwrap();
    let before = fs::read(&copy).unwrap();
    let error = backup(&folder.database(), &copy).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&copy).unwrap(), before);
    // The daemon starts as before.
    folder.open(Mode::Threaded).0.close();
}

#[tokio::test]
async fn phone_numbers_are_in_no_error_and_no_debug_text() {
    let folder = Folder::new();
    let (store, tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    let twice = telling(1, 5, vec![claimed(1, 1, 5), claimed(1, 1, 5)]);
    let debug = format!("{twice:?} {:?} {store:?} {tail:?}", claim(1, 6));
    let error = store.state.commit(vec![twice]).await.unwrap_err();
    let refused = store.outbox.claim(vec![claim(8, 6)]).await.unwrap_err();
    let texts = format!("{debug} {error} {error:?} {refused} {refused:?}");
    assert!(!texts.contains(&phone(22).digits()[2..9]), "{texts}");
}

#[tokio::test]
async fn retention_deletes_what_is_final_and_nothing_else() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .log
        .append((1..=10).map(|n| raise(n, &n.to_string())).collect())
        .await
        .unwrap();
    let told = (1..=6).map(|n| claimed(n, n, n)).collect();
    let mut write = telling(8, 9, told);
    write.rows = vec![klaxond::model::RowChange::Put(klaxond::model::Row {
        kind: klaxond::model::RowKind::Tree,
        key: "k".to_owned(),
        value: "{}".to_owned(),
    })];
    store.state.commit(vec![write]).await.unwrap();
    // 1 to 4 are final, 4 only lately; 5 and 6 are under way.
    let endings = [(1, 11), (2, 12), (3, 13), (4, 50)];
    let endings = endings.map(|(id, second)| ending(id, second, MessageState::Accepted));
    store.outbox.finish(endings.to_vec()).await.unwrap();
    let saved = store.state.load().await.unwrap();

    let mut chunks = Vec::new();
    loop {
        let gone = store.archive.prune(at(40), 2).await.unwrap();
        if gone == 0 {
            break;
        }
        chunks.push(gone);
    }
    // Three messages with an attempt and a notification each, and eight entries of the log.
    assert_eq!(chunks.iter().sum::<usize>(), 3 * 3 + 8);
    assert!(
        chunks.iter().all(|gone| *gone <= 4 * 2),
        "in chunks: {chunks:?}"
    );

    assert_eq!(store.state.load().await.unwrap(), saved);
    let left = store.log.read(Position(0), 20).await.unwrap();
    assert_eq!(
        left.iter()
            .map(|entry| entry.position.0)
            .collect::<Vec<_>>(),
        [9, 10]
    );
    for (id, kept) in [(1, false), (3, false), (4, true), (5, true), (6, true)] {
        assert_eq!(
            store.outbox.trail(MessageId(id)).await.unwrap().is_some(),
            kept,
            "message {id}"
        );
    }
    let kept = (1..=6).map(|n| notification(n, 9).id).collect();
    assert_eq!(store.outbox.notifications(kept).await.unwrap().len(), 3);
    // The alarms are still open, and the number is kept as long as an attempt names it.
    assert_eq!(
        store.log.append(vec![clear(60, "1")]).await.unwrap(),
        [Some(Position(11))]
    );
    assert_eq!(store.outbox.attempts_since(at(0)).await.unwrap().len(), 3);
}

#[tokio::test]
async fn positions_go_on_after_everything_was_deleted() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Inline);
    store
        .log
        .append(vec![raise(1, "a"), raise(2, "b")])
        .await
        .unwrap();
    store
        .state
        .commit(vec![telling(2, 3, vec![claimed(1, 1, 3)])])
        .await
        .unwrap();
    store
        .outbox
        .finish(vec![ending(1, 4, MessageState::Failed)])
        .await
        .unwrap();
    while store.archive.prune(at(99), 10).await.unwrap() > 0 {}
    assert_eq!(store.outbox.attempts_since(at(0)).await.unwrap(), []);
    store.close();
    let (store, _tail) = folder.open(Mode::Inline);
    assert_eq!(
        store.log.append(vec![raise(1, "c")]).await.unwrap(),
        [Some(Position(3))]
    );
    assert_eq!(store.log.read(Position(2), 1).await.unwrap()[0].at, at(2));
}

#[tokio::test]
async fn sizes_are_told() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .log
        .append((0..500).map(|n| raise(1, &n.to_string())).collect())
        .await
        .unwrap();
    let sizes = store.archive.sizes().await.unwrap();
    assert!(sizes.database_bytes > 100_000, "{sizes:?}");
    assert!(sizes.wal_bytes > 100_000, "{sizes:?}");
    assert!(
        sizes.free_bytes > 0 && sizes.unused_bytes < sizes.database_bytes,
        "{sizes:?}"
    );
}
