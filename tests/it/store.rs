//! The store: what it keeps, across reopening and in company.

use klaxond::model::{Event, MessageId, MessageState, Position, Row, RowChange, RowKind, Status};
use klaxond::store::{Mode, NewEntry, Store, StoreClass};

use crate::support::store::*;

fn positions(list: &[i64]) -> Vec<Option<Position>> {
    list.iter()
        .map(|n| (*n > 0).then_some(Position(*n)))
        .collect()
}

async fn waiting(store: &Store) -> Vec<(i64, MessageState)> {
    let pending = store.outbox.pending(MessageId(0), 100).await.unwrap();
    pending
        .iter()
        .map(|pending| (pending.message.id.0, pending.state))
        .collect()
}

#[tokio::test]
async fn a_store_that_was_just_made_is_empty() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    let saved = store.state.load().await.unwrap();
    assert_eq!(
        (saved.position.0, saved.engine_time, saved.rows.len()),
        (0, at(0), 0)
    );
    assert_eq!((saved.next_message.0, saved.next_notification.0), (1, 1));
    assert_eq!(store.log.head(), Position(0));
    assert_eq!(store.id().len(), 32);
}

#[tokio::test]
async fn wanted_records_are_stored_in_order_and_told_where() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    let answer = store
        .log
        .append(vec![raise(1, "a"), change(2, "other"), raise(3, "b")])
        .await
        .unwrap();
    assert_eq!(answer, positions(&[1, 0, 2]));
    assert_eq!(store.log.head(), Position(2));

    let read = store.log.read(Position(0), 10).await.unwrap();
    assert_eq!(
        read.iter()
            .map(|entry| entry.position.0)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert_eq!(read[1].event, raise(3, "b").event);
    assert_eq!(store.log.read(Position(1), 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_record_of_an_open_alarm_is_stored_whether_wanted_or_not() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    // The clear right behind its raise, in one batch.
    let answer = store
        .log
        .append(vec![raise(1, "a"), clear(1, "a"), clear(1, "a")])
        .await
        .unwrap();
    assert_eq!(answer, positions(&[1, 2, 0]));
    // And over batches, and over a restart.
    store.log.append(vec![raise(2, "b")]).await.unwrap();
    store.close();
    let (store, _tail) = folder.open(Mode::Threaded);
    let answer = store
        .log
        .append(vec![
            change(3, "b"),
            change(3, "a"),
            clear(4, "b"),
            change(5, "b"),
        ])
        .await
        .unwrap();
    assert_eq!(answer, positions(&[4, 0, 5, 0]));
}

#[tokio::test]
async fn what_is_not_a_record_is_always_stored() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Inline);
    let jump = NewEntry {
        event: Event::ClockJump { by_ms: 5 },
        wanted: false,
        ..raise(1, "a")
    };
    assert_eq!(
        store.log.append(vec![jump.clone()]).await.unwrap(),
        positions(&[1])
    );
    assert_eq!(
        store.log.read(Position(0), 1).await.unwrap()[0].event,
        jump.event
    );
}

#[tokio::test]
async fn time_in_the_log_never_goes_backwards() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Inline);
    store
        .log
        .append(vec![raise(10, "a"), raise(4, "b")])
        .await
        .unwrap();
    store.close();
    let (store, _tail) = folder.open(Mode::Inline);
    store
        .log
        .append(vec![raise(5, "c"), raise(11, "d")])
        .await
        .unwrap();
    let times: Vec<_> = store
        .log
        .read(Position(0), 9)
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.at)
        .collect();
    assert_eq!(times, [at(10), at(10), at(10), at(11)]);
}

#[tokio::test]
async fn an_alarm_that_is_over_for_the_engine_is_open_no_more_unless_touched_later() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .log
        .append(vec![raise(1, "a"), raise(1, "b"), raise(2, "b")])
        .await
        .unwrap();
    let over = |id| record(id, Status::Open).tree();
    let mut write = step(2, 3);
    write.closed_trees = vec![over("a"), over("b"), over("never there")];
    store.state.commit(vec![write]).await.unwrap();
    let answer = store
        .log
        .append(vec![change(4, "a"), change(4, "b")])
        .await
        .unwrap();
    assert_eq!(
        answer,
        positions(&[0, 4]),
        "b was touched at position 3, behind the step"
    );
}

#[tokio::test]
async fn a_step_is_loaded_as_it_was_written() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .log
        .append(vec![raise(1, "a"), raise(2, "b")])
        .await
        .unwrap();
    let row = |kind, key: &str, value: &str| Row {
        kind,
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let mut first = telling(1, 5, vec![queued(1, 1, 5)]);
    first.rows = vec![
        RowChange::Put(row(RowKind::Tree, "t", "1")),
        RowChange::Put(row(RowKind::Bucket, "t", "2")),
        RowChange::Put(row(RowKind::Timer, "t", "3")),
    ];
    let mut second = telling(2, 6, vec![claimed(2, 2, 6)]);
    second.rows = vec![
        RowChange::Put(row(RowKind::Tree, "t", "4")),
        RowChange::Delete {
            kind: RowKind::Timer,
            key: "t".to_owned(),
        },
        RowChange::Delete {
            kind: RowKind::Timer,
            key: "never there".to_owned(),
        },
    ];
    store.state.commit(vec![first, second]).await.unwrap();
    let id = store.id().to_owned();
    store.close();

    let (store, _tail) = folder.open(Mode::Threaded);
    let saved = store.state.load().await.unwrap();
    assert_eq!((saved.position.0, saved.engine_time), (2, at(6)));
    assert_eq!((saved.next_message.0, saved.next_notification.0), (3, 3));
    assert_eq!(
        saved.rows,
        [row(RowKind::Bucket, "t", "2"), row(RowKind::Tree, "t", "4")]
    );
    assert_eq!(
        waiting(&store).await,
        [(1, MessageState::Queued), (2, MessageState::Sending)]
    );
    assert_eq!(store.id(), id, "a store keeps its name");
}

#[tokio::test]
async fn a_step_that_cannot_be_written_leaves_nothing_of_itself() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store
        .log
        .append(vec![raise(1, "a"), raise(2, "b")])
        .await
        .unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![queued(1, 1, 5)])])
        .await
        .unwrap();
    let before = store.state.load().await.unwrap();

    let same_number = telling(2, 6, vec![queued(2, 2, 6), queued(2, 3, 6)]);
    store.state.commit(vec![same_number]).await.unwrap_err();
    let backwards = StoreClass::Other;
    assert_eq!(
        store
            .state
            .commit(vec![step(0, 7)])
            .await
            .unwrap_err()
            .class(),
        backwards
    );
    let beyond = step(9, 7);
    store.state.commit(vec![beyond]).await.unwrap_err();
    assert_eq!(store.state.load().await.unwrap(), before);
    assert_eq!(waiting(&store).await, [(1, MessageState::Queued)]);
}

#[tokio::test]
async fn a_message_goes_from_queue_to_its_end() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![queued(1, 1, 5)])])
        .await
        .unwrap();

    store.outbox.claim(vec![claim(1, 6)]).await.unwrap();
    let mut lost = ending(1, 7, MessageState::Unknown);
    lost.retry_at = Some(at(12));
    store.outbox.finish(vec![lost]).await.unwrap();
    let pending = &store.outbox.pending(MessageId(0), 1).await.unwrap()[0];
    assert_eq!(pending.message, message(1, 1, 5));
    assert_eq!(
        (pending.state, pending.attempts, pending.unknowns),
        (MessageState::Unknown, 1, 1)
    );
    assert_eq!(
        (pending.retry_at, pending.attempted),
        (Some(at(12)), Some(at(6)))
    );

    store.outbox.claim(vec![claim(1, 13)]).await.unwrap();
    let mut done = ending(1, 14, MessageState::Accepted);
    done.attempt = Some(accepted());
    store.outbox.finish(vec![done]).await.unwrap();
    assert_eq!(waiting(&store).await, []);

    let trail = store.outbox.trail(MessageId(1)).await.unwrap().unwrap();
    assert_eq!(
        (trail.state, trail.reason.as_str()),
        (MessageState::Accepted, "is accepted")
    );
    assert_eq!(trail.ended, Some(at(14)));
    let attempts: Vec<_> = trail
        .attempts
        .into_iter()
        .map(|attempt| (attempt.n, attempt.at, attempt.end))
        .collect();
    assert_eq!(attempts, [(1, at(6), None), (2, at(13), Some(accepted()))]);
    assert_eq!(store.outbox.trail(MessageId(2)).await.unwrap(), None);
}

#[tokio::test]
async fn what_has_ended_is_not_claimed_and_claims_are_all_or_none() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![queued(1, 1, 5), queued(2, 2, 5)])])
        .await
        .unwrap();
    store
        .outbox
        .finish(vec![ending(2, 6, MessageState::Expired)])
        .await
        .unwrap();
    let error = store
        .outbox
        .claim(vec![claim(1, 7), claim(9, 7)])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("message 9"), "{error}");
    assert_eq!(waiting(&store).await, [(1, MessageState::Queued)]);
    assert_eq!(store.outbox.attempts_since(at(0)).await.unwrap(), []);
    let claims = vec![claim(1, 7), claim(2, 7)];
    assert_eq!(store.outbox.claim(claims).await.unwrap(), [MessageId(2)]);
    assert_eq!(waiting(&store).await, [(1, MessageState::Sending)]);
}

#[tokio::test]
async fn pending_messages_come_in_the_order_of_their_numbers_page_by_page() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    let all = (1..=9).map(|n| queued(n, n, 5)).collect();
    store.state.commit(vec![telling(1, 5, all)]).await.unwrap();
    store.outbox.claim(vec![claim(8, 6)]).await.unwrap();
    store
        .outbox
        .finish(vec![
            ending(3, 6, MessageState::Failed),
            ending(6, 6, MessageState::Held),
        ])
        .await
        .unwrap();

    let mut pages = Vec::new();
    let mut after = MessageId(0);
    loop {
        let page = store.outbox.pending(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.message.id;
        pages.push(
            page.iter()
                .map(|pending| pending.message.id.0)
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(pages, [vec![1, 2, 4], vec![5, 6, 7], vec![8, 9]]);

    let tally = store.outbox.tally().await.unwrap();
    assert_eq!((tally.pending(), tally.oldest_pending), (8, Some(at(5))));
    assert_eq!(tally.count(MessageState::Failed), 1);
    assert_eq!(tally.count(MessageState::Queued), 6);
}

#[tokio::test]
async fn messages_and_notifications_are_found_by_number() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![queued(1, 1, 5), queued(2, 2, 5)])])
        .await
        .unwrap();
    let envelopes = store
        .outbox
        .envelopes(vec![MessageId(2), MessageId(7), MessageId(1)])
        .await
        .unwrap();
    let found: Vec<_> = envelopes
        .iter()
        .map(|e| (e.message.id.0, e.notification.id.0))
        .collect();
    assert_eq!(found, [(2, 2), (1, 1)]);
    let ids = vec![notification(2, 5).id, notification(9, 5).id];
    assert_eq!(
        store.outbox.notifications(ids).await.unwrap(),
        [notification(2, 5)]
    );
}

#[tokio::test]
async fn attempts_of_a_number_are_known_after_a_restart() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(
            1,
            5,
            vec![claimed(1, 1, 5), queued(2, 2, 5), queued(3, 3, 5)],
        )])
        .await
        .unwrap();
    let mut other = claim(2, 4);
    other.mark.phone = phone(33);
    store.outbox.claim(vec![other, claim(3, 8)]).await.unwrap();
    store.close();
    let (store, _tail) = folder.open(Mode::Threaded);
    let since = |second| {
        let outbox = store.outbox.clone();
        async move {
            let marks = outbox.attempts_since(at(second)).await.unwrap();
            marks
                .into_iter()
                .map(|mark| (mark.phone, mark.at))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(
        since(0).await,
        [(phone(33), at(4)), (phone(22), at(5)), (phone(22), at(8))]
    );
    assert_eq!(since(5).await, [(phone(22), at(5)), (phone(22), at(8))]);
}

#[tokio::test]
async fn a_shadow_message_keeps_its_text_without_a_number() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 5, vec![queued(3, 3, 5)])])
        .await
        .unwrap();
    let mut done = ending(3, 6, MessageState::Shadow);
    done.attempt = Some(accepted());
    store.outbox.finish(vec![done]).await.unwrap();
    let trail = store.outbox.trail(MessageId(3)).await.unwrap().unwrap();
    assert_eq!(trail.attempts[0].end, Some(accepted()));
    assert_eq!(
        store.outbox.attempts_since(at(0)).await.unwrap(),
        [],
        "nothing went to a number"
    );
}

#[tokio::test]
async fn handles_of_a_closed_store_say_so() {
    let folder = Folder::new();
    for mode in [Mode::Threaded, Mode::Inline] {
        let (store, mut tail) = folder.open(mode);
        let (log, outbox) = (store.log.clone(), store.outbox.clone());
        store.close();
        assert_eq!(
            log.append(vec![raise(1, "a")]).await.unwrap_err().class(),
            StoreClass::Closed
        );
        assert_eq!(
            outbox.tally().await.unwrap_err().class(),
            StoreClass::Closed
        );
        assert_eq!(
            tail.next(Position(0), 9).await.unwrap_err().class(),
            StoreClass::Closed
        );
    }
}
