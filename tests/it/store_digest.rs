//! Digests in the outbox: written whole or not at all, undone when they fail for a reason of their own.

use klaxond::model::{
    BucketView, Closes, DigestView, Kind, Message, MessageId, MessageState, Notification,
    NotificationId,
};
use klaxond::store::{DigestPart, DigestWrite, Ending, Mode, Store};

use crate::support::store::*;

const FIRST: MessageId = MessageId(MessageId::DIGESTS + 1);
const SECOND: MessageId = MessageId(MessageId::DIGESTS + 2);

/// A store in which messages 1 to `count` wait; each even one expires.
async fn waiting(folder: &Folder, count: i64) -> Store {
    let (store, _tail) = folder.open(Mode::Inline);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    let messages = (1..=count).map(|id| queued(id, id, 1)).collect();
    store
        .state
        .commit(vec![telling(1, 1, messages)])
        .await
        .unwrap();
    store
}

fn part(members: &[i64]) -> DigestPart {
    DigestPart {
        message: Message {
            id: MessageId(0),
            notification: NotificationId(0),
            kind: Kind::Digest,
            shadow: false,
            ..message(1, 1, 2)
        },
        notification: Notification {
            kind: Kind::Digest,
            digest: Some(DigestView {
                count: members.len(),
                list: "Critical: …".to_owned(),
                ..DigestView::default()
            }),
            ..notification(0, 2)
        },
        members: members.iter().copied().map(MessageId).collect(),
    }
}

fn write(parts: &[&[i64]]) -> DigestWrite {
    DigestWrite {
        at: at(2),
        reason: "more than 10 messages in 2m".to_owned(),
        parts: parts.iter().map(|members| part(members)).collect(),
        mark: mark(2),
    }
}

async fn state(store: &Store, id: MessageId) -> (MessageState, String) {
    let trail = store.outbox.trail(id).await.unwrap().unwrap();
    (trail.state, trail.reason)
}

async fn pending(store: &Store) -> Vec<(MessageId, MessageState, u32)> {
    let pending = store.outbox.pending(MessageId(0), 100).await.unwrap();
    let rows = pending.iter();
    rows.map(|row| (row.message.id, row.state, row.attempts))
        .collect()
}

#[tokio::test]
async fn parts_take_the_place_of_what_they_tell() {
    let folder = Folder::new();
    let store = waiting(&folder, 5).await;
    let parts = store
        .outbox
        .digest(write(&[&[1, 2], &[4, 5]]))
        .await
        .unwrap();
    let ids: Vec<MessageId> = parts.iter().map(|(message, _)| message.id).collect();
    assert_eq!(ids, [FIRST, SECOND]);
    assert_eq!(FIRST.to_string(), "d1");
    for (message, notification) in &parts {
        assert_eq!(message.notification, notification.id);
        assert_eq!(notification.id.0, message.id.0);
        assert_eq!(&*message.bucket, "digest d1");
    }
    assert_eq!(
        pending(&store).await,
        [
            (MessageId(3), MessageState::Queued, 0),
            (FIRST, MessageState::Sending, 1),
            (SECOND, MessageState::Queued, 0),
        ]
    );
    let reason = "more than 10 messages in 2m".to_owned();
    assert_eq!(
        state(&store, MessageId(1)).await,
        (MessageState::Digested, reason)
    );
    let trail = store.outbox.trail(MessageId(1)).await.unwrap().unwrap();
    assert_eq!(trail.ended, Some(at(2)));
    let attempts = store.outbox.attempts_since(at(0)).await.unwrap();
    assert_eq!(attempts.len(), 1);
    let envelopes = store.outbox.envelopes(vec![SECOND]).await.unwrap();
    assert_eq!(envelopes[0].notification, parts[1].1);
    assert_eq!(parts[1].1.digest.as_ref().unwrap().count, 2);

    // Another one goes on with the numbers, across a restart.
    store.close();
    let (store, _tail) = folder.open(Mode::Inline);
    let parts = store.outbox.digest(write(&[&[3]])).await.unwrap();
    assert_eq!(parts[0].0.id.to_string(), "d3");
}

#[tokio::test]
async fn what_a_digest_tells_of_messages_is_read_without_the_rest() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Inline);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    let mut clear = queued(3, 3, 1);
    clear.message.kind = Kind::Cleared;
    clear.message.closes = Some(Closes::Only(MessageId(1)));
    let mut step = telling(1, 1, vec![queued(1, 1, 1), queued(2, 2, 1), clear]);
    let mut long = notification(2, 1);
    long.alarm.value = "long ".repeat(10_000);
    long.view = BucketView {
        key: "London".to_owned(),
        count: 7,
        ..BucketView::default()
    };
    step.notifications[1] = std::sync::Arc::new(long);
    store.state.commit(vec![step]).await.unwrap();
    let ids = || vec![MessageId(3), MessageId(2), MessageId(9), MessageId(1)];
    let read = store.outbox.to_digest(ids()).await.unwrap();
    let found: Vec<i64> = read.iter().map(|member| member.message.0).collect();
    assert_eq!(found, [3, 2, 1], "as asked for");
    assert_eq!(read[2].alarm.element, "Encoder 7");
    assert_eq!((read[1].key.as_str(), read[1].count), ("London", 7));
    assert_eq!(read[1].expires, Some(at(101)));
    assert!(read[1].alarm.value.len() < 2_000);
    assert!(!read[0].is_moot);

    // Its raise failed: its contact was never told.
    let failed = ending(1, 3, MessageState::Failed);
    store.outbox.finish(vec![failed]).await.unwrap();
    let read = store.outbox.to_digest(ids()).await.unwrap();
    let found: Vec<(i64, bool)> = read
        .iter()
        .map(|member| (member.message.0, member.is_moot))
        .collect();
    assert_eq!(found, [(3, true), (2, false)], "what has ended is left out");
}

#[tokio::test]
async fn members_of_a_part_that_failed_for_its_own_reason_wait_again() {
    let folder = Folder::new();
    let store = waiting(&folder, 4).await;
    store
        .outbox
        .digest(write(&[&[2, 1], &[4, 3]]))
        .await
        .unwrap();
    let failed = Ending {
        message: FIRST,
        ..ending(0, 3, MessageState::Failed)
    };
    let members = store.outbox.undigest(failed).await.unwrap();
    assert_eq!(members, [message(1, 1, 1), message(2, 2, 1)]);
    assert_eq!(
        pending(&store).await,
        [
            (MessageId(1), MessageState::Queued, 0),
            (MessageId(2), MessageState::Queued, 0),
            (SECOND, MessageState::Queued, 0),
        ]
    );
    assert_eq!(state(&store, FIRST).await.0, MessageState::Failed);
    assert_eq!(
        state(&store, MessageId(1)).await.1,
        "digest d1 failed: is failed"
    );
    assert_eq!(state(&store, MessageId(3)).await.0, MessageState::Digested);
}

#[tokio::test]
async fn what_ended_before_it_could_be_told_stays_as_it_ended() {
    let folder = Folder::new();
    let store = waiting(&folder, 2).await;
    let expired = ending(1, 2, MessageState::Expired);
    store.outbox.finish(vec![expired]).await.unwrap();
    store.outbox.digest(write(&[&[1, 2]])).await.unwrap();
    assert_eq!(state(&store, MessageId(1)).await.0, MessageState::Expired);
    assert_eq!(state(&store, MessageId(2)).await.0, MessageState::Digested);
}
