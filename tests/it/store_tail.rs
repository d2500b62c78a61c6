//! The tail: whoever decides sees every entry of the log, once and in order.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use klaxond::model::Position;
use klaxond::store::{Mode, StoreClass, Tail};

use crate::support::store::*;

/// More than the channel between writer and tail holds.
const FLOOD: i64 = 5_000;

/// Reads until `last` at least, `limit` at a time; panics on a hole or a repetition. Returns the
/// last one that was read.
async fn follow(tail: &mut Tail, after: i64, last: i64, limit: usize) -> i64 {
    let mut after = after;
    while after < last {
        let entries = tail.next(Position(after), limit).await.unwrap();
        assert!((1..=limit).contains(&entries.len()));
        for entry in entries {
            assert_eq!(entry.position, Position(after + 1));
            assert_eq!(entry.event, raise(1, &entry.position.to_string()).event);
            after += 1;
        }
    }
    after
}

async fn append(log: &klaxond::store::Log, numbers: std::ops::RangeInclusive<i64>) {
    let numbers: Vec<_> = numbers.collect();
    for chunk in numbers.chunks(500) {
        log.append(chunk.iter().map(|n| raise(1, &n.to_string())).collect())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_full_channel_loses_nothing() {
    let folder = Folder::new();
    for mode in [Mode::Threaded, Mode::Inline] {
        let (store, mut tail) = folder.open(mode);
        let before = store.log.head().0;
        append(&store.log, before + 1..=before + FLOOD).await;
        // The channel holds the first ones; the others are read back; then the channel again.
        let read = follow(&mut tail, before, before + 100, 7).await;
        append(&store.log, before + FLOOD + 1..=before + FLOOD + 10).await;
        follow(&mut tail, read, before + FLOOD + 10, 300).await;
        store.close();
    }
}

#[tokio::test]
async fn what_a_restart_left_undecided_comes_first() {
    let folder = Folder::new();
    let (store, tail) = folder.open(Mode::Threaded);
    append(&store.log, 1..=20).await;
    drop(tail);
    store.close();
    let (store, mut tail) = folder.open(Mode::Threaded);
    append(&store.log, 21..=30).await;
    follow(&mut tail, 12, 30, 4).await;
}

#[tokio::test]
async fn entries_come_while_others_are_appended() {
    let folder = Folder::new();
    let (store, mut tail) = folder.open(Mode::Threaded);
    let log = store.log.clone();
    let writing = tokio::spawn(async move { append(&log, 1..=FLOOD).await });
    follow(&mut tail, 0, FLOOD, 64).await;
    writing.await.unwrap();
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let folder = Folder::new();
    let (store, mut tail) = folder.open(Mode::Inline);
    for n in 1..=50 {
        // Polled once, then dropped: before there is anything, and while there is.
        poll_once(tail.next(Position(n - 1), 9));
        append(&store.log, n..=n).await;
        follow(&mut tail, n - 1, n, 9).await;
    }
}

#[tokio::test]
async fn reading_back_that_is_given_up_loses_nothing() {
    let folder = Folder::new();
    let (store, mut tail) = folder.open(Mode::Threaded);
    append(&store.log, 1..=FLOOD).await;
    let read = follow(&mut tail, 0, 1_000, 100).await;
    for _ in 0..50 {
        poll_once(tail.next(Position(read), 2_000));
    }
    follow(&mut tail, read, FLOOD, 2_000).await;
}

#[tokio::test]
async fn a_hole_in_the_log_is_damage_and_not_skipped() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    append(&store.log, 1..=5).await;
    store.close();
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    database
        .execute_batch("DROP TRIGGER log_is_kept; DELETE FROM log WHERE position = 3")
        .unwrap();
    drop(database);
    let (_store, mut tail) = folder.open(Mode::Threaded);
    let error = tail.next(Position(2), 9).await.unwrap_err();
    assert_eq!(error.class(), StoreClass::Corrupt);
    assert!(
        error.to_string().contains("entry 3 of the log is missing"),
        "{error}"
    );
}

fn poll_once<F: Future>(future: F) {
    let mut future = pin!(future);
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    // Ready is as good: the next call has to hand the same out again.
    let _: Poll<F::Output> = polled;
}
