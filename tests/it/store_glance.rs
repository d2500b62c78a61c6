//! What a page and metrics ask for at every look: cheap however much is stored.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use klaxond::model::{MessageId, MessageState, Notification, NotificationId};
use klaxond::store::{Carrier, DigestPart, DigestWrite, Inquiry, MAX_GLANCES, Mode, Wanted};

use crate::support::store::*;

/// Messages 1 to `count`, each its own notification.
async fn told(store: &klaxond::store::Store, count: i64) {
    let messages = (1..=count).map(|id| queued(id, id, 10 + id)).collect();
    let step = telling(0, 10, messages);
    store.state.commit(vec![step]).await.unwrap();
}

fn digest_of(members: &[i64]) -> DigestWrite {
    DigestWrite {
        at: at(50),
        reason: "storm".to_owned(),
        parts: vec![DigestPart {
            message: message(0, 0, 50),
            notification: Notification {
                id: NotificationId(0),
                ..notification(0, 50)
            },
            members: members.iter().copied().map(MessageId).collect(),
        }],
        mark: mark(50),
    }
}

#[tokio::test]
async fn a_glance_tells_where_messages_stand_and_what_carries_them() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    told(&store, 5).await;
    let mut later = ending(2, 20, MessageState::Superseded);
    later.successor = Some(MessageId(3));
    store.outbox.finish(vec![later]).await.unwrap();
    let written = store.outbox.digest(digest_of(&[3, 4])).await.unwrap();
    let digest = written[0].0.id;
    let mut sent = ending(digest.0, 60, MessageState::Accepted);
    sent.attempt = Some(accepted());
    store.outbox.finish(vec![sent]).await.unwrap();

    let ids: Vec<MessageId> = [5, 2, 4, 99, 1].map(MessageId).to_vec();
    let glances = store.outbox.states(ids.clone()).await.unwrap();
    let known: Vec<i64> = glances.iter().map(|glance| glance.id.0).collect();
    assert_eq!(known, [5, 2, 4, 1], "in the order asked for, without 99");
    let carrier = Carrier {
        id: digest,
        state: MessageState::Accepted,
    };
    assert_eq!(glances[1].state, MessageState::Superseded);
    // Over the message that took its place, which the digest carries.
    assert_eq!(glances[1].carrier, Some(carrier));
    assert_eq!(glances[2].carrier, Some(carrier));
    assert_eq!(glances[2].fate(), MessageState::Accepted);
    assert_eq!(glances[3].carrier, None);
    assert_eq!(glances[3].fate(), MessageState::Queued);

    let latest = store.outbox.latest(3).await.unwrap();
    let latest: Vec<MessageId> = latest.iter().map(|one| one.id).collect();
    assert_eq!(latest, [digest, MessageId(5), MessageId(4)]);

    let inquiry = Inquiry::open(&folder.database()).unwrap();
    assert_eq!(inquiry.states(&ids).unwrap(), glances);
    assert_eq!(inquiry.latest(2).unwrap().len(), 2);
    let since = Wanted {
        since: Some(at(14)),
        limit: 10,
        ..Wanted::default()
    };
    let since: Vec<i64> = inquiry
        .messages(&since)
        .unwrap()
        .iter()
        .map(|one| one.id.0)
        .collect();
    assert_eq!(since, [digest.0, 5, 4]);
    let waiting = Wanted {
        state: Some(MessageState::Queued),
        contact: Some("noc-desk".to_owned()),
        limit: 10,
        ..Wanted::default()
    };
    assert_eq!(inquiry.messages(&waiting).unwrap().len(), 2);
    let ids = (1..=1_000).map(MessageId).collect::<Vec<_>>();
    assert!(store.outbox.states(ids).await.unwrap().len() <= MAX_GLANCES);
    store.close();
}

#[tokio::test]
async fn whoever_watches_hears_of_every_sync() {
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Inline);
    let heard = Arc::new(AtomicU64::new(0));
    let hear = Arc::clone(&heard);
    store.on_sync(Arc::new(move |_| {
        hear.fetch_add(1, Ordering::Relaxed);
    }));
    for n in 1..=3 {
        store.log.append(vec![raise(n, "1")]).await.unwrap();
    }
    assert_eq!(heard.load(Ordering::Relaxed), 3);
    // What does not wait for the disk is no sync.
    told(&store, 2).await;
    assert_eq!(heard.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_large_outbox_is_told_in_a_moment() {
    const MESSAGES: i64 = 20_000;
    let folder = Folder::new();
    let (store, _tail) = folder.open(Mode::Threaded);
    told(&store, MESSAGES).await;
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(
            store.outbox.tally().await.unwrap().pending(),
            u64::try_from(MESSAGES).unwrap()
        );
        assert_eq!(store.outbox.latest(50).await.unwrap().len(), 50);
        let ids = (1..=500).map(MessageId).collect();
        assert_eq!(store.outbox.states(ids).await.unwrap().len(), 500);
        store.archive.sizes().await.unwrap();
    }
    // A scan of all of it, twenty times, takes seconds here.
    let took = began.elapsed();
    assert!(took.as_secs_f64() < 4.0, "{took:?}");
    store.close();
}
