#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::Arc;
use std::sync::mpsc as gate;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::model::{AlarmRecord, Event, MessageId, Properties, Severity, Status, Time};
use crate::store::{Claim, ClaimMark, Mode, NewEntry, Settings, StepWrite, Store, StoreClass};

use super::*;

struct Fixture {
    _folder: tempfile::TempDir,
    store: Store,
    _tail: crate::store::Tail,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        path: folder.path().join("klaxond.db"),
        min_free: 0,
        retention: Duration::from_secs(1),
        audit_retention: Duration::from_secs(1),
    };
    let (store, tail) = Store::open(&settings, Mode::Threaded).unwrap();
    Fixture {
        _folder: folder,
        store,
        _tail: tail,
    }
}

fn entry(id: &str, status: Status, wanted: bool, comment: &str) -> NewEntry {
    let record = AlarmRecord {
        id: id.to_owned(),
        element: "Encoder 7".to_owned(),
        element_id: None,
        parameter: String::new(),
        parameter_id: None,
        index: String::new(),
        value: String::new(),
        severity: Severity::Critical,
        severity_range: None,
        kind: None,
        status,
        time: Time::default(),
        owner: String::new(),
        user_status: None,
        source: String::new(),
        comment: comment.to_owned(),
        services: Vec::new(),
        views: Vec::new(),
        properties: Properties::default(),
        partial: false,
        repeats: false,
        until: None,
    };
    NewEntry {
        at: Time::default(),
        event: Event::Record(Arc::new(record)),
        wanted,
        origin: Arc::from("test"),
    }
}

fn claim(id: i64) -> Claim {
    let phone = crate::model::Phone::parse("34600111222").unwrap();
    Claim {
        message: MessageId(id),
        mark: ClaimMark {
            at: Time::default(),
            phone,
        },
    }
}

fn step(position: i64) -> StepWrite {
    StepWrite {
        position: Position(position),
        engine_time: Time::default(),
        next_message: MessageId(1),
        next_notification: crate::model::NotificationId(1),
        notifications: Vec::new(),
        messages: Vec::new(),
        rows: Vec::new(),
        receipts: Vec::new(),
        acks: Vec::new(),
        alone: Vec::new(),
        closed_trees: Vec::new(),
    }
}

/// Keeps the writer busy until the returned sender is dropped, so that what is handed in meanwhile
/// becomes one group.
async fn hold(store: &Store) -> gate::Sender<()> {
    let (open, wait) = gate::channel::<()>();
    let (begun, running) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let access = store.state.access.clone();
    tokio::spawn(async move {
        let held = access.write(1, move |_| {
            begun.take().map(|begun| begun.send(()));
            let _ = wait.recv();
            Ok(())
        });
        held.await
    });
    running.await.unwrap();
    open
}

/// Starts `job` and lets it get into the queue.
async fn start<T: Send + 'static>(job: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let job = tokio::spawn(job);
    tokio::task::yield_now().await;
    job
}

async fn append(
    store: &Store,
    batch: Vec<NewEntry>,
) -> JoinHandle<Result<Vec<Option<Position>>, StoreError>> {
    let log = store.log.clone();
    start(async move { log.append(batch).await }).await
}

#[tokio::test]
async fn a_job_that_fails_leaves_its_neighbours_in_the_group_alone() {
    let Fixture {
        store,
        _folder,
        _tail,
    } = fixture();
    let open = hold(&store).await;
    let first = append(&store, vec![entry("a", Status::Open, true, "")]).await;
    let outbox = store.outbox.clone();
    let bad = start(async move { outbox.claim(vec![claim(7)]).await }).await;
    let second = append(&store, vec![entry("a", Status::Cleared, false, "")]).await;
    let state = store.state.clone();
    let good = start(async move { state.commit(vec![step(2)]).await }).await;
    drop(open);
    assert_eq!(first.await.unwrap().unwrap(), [Some(Position(1))]);
    assert_eq!(bad.await.unwrap().unwrap_err().class(), StoreClass::Other);
    assert_eq!(second.await.unwrap().unwrap(), [Some(Position(2))]);
    good.await.unwrap().unwrap();
    assert_eq!(store.state.load().await.unwrap().position, Position(2));
}

#[tokio::test]
async fn an_append_that_fails_leaves_no_hole_and_no_open_tree() {
    let Fixture {
        store,
        _folder,
        _tail,
    } = fixture();
    store
        .log
        .append(vec![entry("old", Status::Open, true, "")])
        .await
        .unwrap();
    let open = hold(&store).await;
    let entries = [
        entry("new", Status::Open, true, ""),
        entry("old", Status::Cleared, true, ""),
    ];
    let hasher = store.log.hasher.clone();
    let access = store.state.access.clone();
    let failing = start(async move {
        let entries: Vec<_> = entries
            .map(|entry| crate::store::sqlite::Prepared::new(entry, &hasher))
            .into();
        let append = move |tx: &mut Tx<'_>| {
            crate::store::sqlite::log::append(tx, &entries)?;
            Err::<(), _>(Fault::Refused("on purpose".to_owned()))
        };
        access.write(2, append).await
    })
    .await;
    // In the same group: the tree of the failed job is not open, the one it closed still is.
    let next = [
        entry("new", Status::Cleared, false, ""),
        entry("old", Status::Cleared, false, ""),
    ];
    let next = append(&store, next.into()).await;
    drop(open);
    failing.await.unwrap().unwrap_err();
    assert_eq!(next.await.unwrap().unwrap(), [None, Some(Position(2))]);
    assert_eq!(store.log.read(Position(0), 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_disk_that_fills_up_costs_the_records_that_do_not_fit_and_nothing_else() {
    let Fixture {
        store,
        _folder,
        _tail,
    } = fixture();
    store
        .log
        .append(vec![entry("a", Status::Open, true, "")])
        .await
        .unwrap();
    // SQLite reports the same as it does for a full disk when the database may not grow.
    let limit = |pages: &'static str| {
        let access = store.state.access.clone();
        async move {
            let set = move |tx: &mut Tx<'_>| {
                let page_count: i64 = tx
                    .look()
                    .pragma_query_value(None, "page_count", |row| row.get(0))?;
                let most = pages.parse().unwrap_or(page_count);
                Ok(tx
                    .look()
                    .pragma_update_and_check(None, "max_page_count", most, |_| Ok(()))?)
            };
            access.write(1, set).await
        }
    };
    limit("as it is").await.unwrap();

    let open = hold(&store).await;
    let large = append(
        &store,
        vec![entry("b", Status::Open, true, &"x".repeat(60_000))],
    )
    .await;
    let state = store.state.clone();
    let small = start(async move { state.commit(vec![step(1)]).await }).await;
    drop(open);
    assert_eq!(large.await.unwrap().unwrap_err().class(), StoreClass::Full);
    small.await.unwrap().unwrap();
    assert_eq!(store.log.head(), Position(1));
    let error = store
        .log
        .append(vec![entry("c", Status::Open, true, "")])
        .await
        .unwrap_err();
    assert_eq!(error.class(), StoreClass::Full, "no records for a moment");

    // Room again: it is taken up without a restart, and without a hole.
    limit("1000000").await.unwrap();
    let late = Instant::now() + Duration::from_secs(30);
    let answer = loop {
        match store
            .log
            .append(vec![entry("c", Status::Open, true, "")])
            .await
        {
            Err(error) if error.class() == StoreClass::Full && Instant::now() < late => {
                // Asked again until the writer has looked at the disk: nothing tells when.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            answer => break answer.unwrap(),
        }
    };
    assert_eq!(answer, [Some(Position(2))]);
    assert_eq!(
        store
            .log
            .append(vec![entry("b", Status::Cleared, false, "")])
            .await
            .unwrap(),
        [None]
    );
}

#[tokio::test]
async fn a_thread_that_dies_leaves_nobody_waiting() {
    let Fixture {
        store,
        _folder,
        _tail,
    } = fixture();
    let access = store.state.access.clone();
    let dead = access
        .write(1, |_| -> Result<(), Fault> { panic!("on purpose") })
        .await;
    assert_eq!(dead.unwrap_err().class(), StoreClass::Closed);
    // Refused whether it comes before or after the queue is shut.
    let next = store
        .log
        .append(vec![entry("a", Status::Open, true, "")])
        .await;
    assert_eq!(next.unwrap_err().class(), StoreClass::Closed);
}

#[tokio::test]
async fn more_than_the_queue_holds_waits_for_room() {
    let Fixture {
        store,
        _folder,
        _tail,
    } = fixture();
    let open = hold(&store).await;
    let mut batches = Vec::new();
    for batch in 0..40 {
        let entries = (0..1_000)
            .map(|n| entry(&format!("{batch}/{n}"), Status::Open, true, ""))
            .collect();
        batches.push(append(&store, entries).await);
    }
    assert!(batches.iter().all(|batch| !batch.is_finished()));
    drop(open);
    for batch in batches {
        assert_eq!(batch.await.unwrap().unwrap().len(), 1_000);
    }
    assert_eq!(store.log.head(), Position(40_000));
}
