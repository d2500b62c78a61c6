//! Replies and acknowledgements in the store, and what is kept until somebody has heard of it.

use std::sync::Arc;

use klaxond::model::{
    Event, Kind, MessageId, MessageState, NotificationId, Position, Row, RowChange, RowKind,
    Severity, Subject, TemplateId, Undelivered, Update, Word,
};
use klaxond::store::{Arrival, Ending, Mode, NewEntry, NewMessage};

use crate::support::returned::*;
use crate::support::store::*;

#[tokio::test]
async fn a_reply_is_taken_once_and_its_words_stand_in_one_table() {
    let folder = Folder::new();
    let store = sending(&folder, 2).await;
    store
        .outbox
        .finish(vec![answer(1, "wamid.1"), answer(2, "wamid.2")])
        .await
        .unwrap();
    let words = "I take it, tell Ann";
    let first = take(&store, 12, vec![said("r1", words, Some("wamid.1"), None)]).await;
    assert_eq!((first.logged, first.duplicates), (1, 0));
    let again = vec![
        said("r1", words, Some("wamid.1"), None),
        said("r1", words, Some("wamid.1"), None),
    ];
    let again = take(&store, 13, again).await;
    assert_eq!((again.logged, again.duplicates), (0, 2));
    let replies = store.inbox.replies_to(ONE).await.unwrap();
    assert_eq!(replies.len(), 1);
    assert_eq!(
        (replies[0].word, replies[0].text.as_str()),
        (Word::Acknowledge, words)
    );
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    let logged: i64 = database
        .query_row(
            "SELECT count(*) FROM log WHERE event LIKE '%Ann%'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(logged, 0);
    assert!(!format!("{replies:?}").contains("Ann"));
    while store.archive.prune(at(12), 10).await.unwrap() > 0 {}
    assert_eq!(rows_of(&folder, "replies"), 1);
    while store.archive.prune(at(13), 10).await.unwrap() > 0 {}
    assert_eq!(rows_of(&folder, "replies"), 0);
}

#[tokio::test]
async fn a_reply_is_about_what_was_tapped_or_quoted_else_about_the_last_message_told() {
    let folder = Folder::new();
    let mut messages: Vec<NewMessage> = (1..=4).map(real).collect();
    // The last that went out is an answer, and the one before it failed.
    messages[3].message.kind = Kind::Answer;
    let store = sent(&folder, messages).await;
    let mut failed = answer(3, "wamid.3");
    failed.state = MessageState::Failed;
    let endings = vec![
        answer(1, "wamid.1"),
        answer(2, "wamid.2"),
        failed,
        answer(4, "wamid.4"),
    ];
    store.outbox.finish(endings).await.unwrap();
    let about = |update: &Update| match update {
        Update::Reply(reply) => reply.about.clone(),
        other => panic!("{other:?}"),
    };
    let subject = |id: i64| Subject {
        rule: notification(id, 1).rule,
        bucket: format!("critical/{id}"),
    };
    let replies = vec![
        said("tapped", "ok", Some("wamid.2"), Some(ONE)),
        said("quoted", "ok", Some("wamid.1"), None),
        said("typed", "ok", None, None),
        said("quoted what is not ours", "ok", Some("wamid.99"), None),
    ];
    take(&store, 12, replies).await;
    let told: Vec<_> = updates(&store).await.iter().map(about).collect();
    assert_eq!(
        told,
        [vec![subject(1)], vec![subject(1)], vec![subject(2)], vec![]]
    );
}

#[tokio::test]
async fn whoever_hides_their_number_is_known_by_the_message_they_answer() {
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    store
        .outbox
        .finish(vec![answer(1, "wamid.1")])
        .await
        .unwrap();
    let nameless = |id: &str, quoted: Option<&str>| match said(id, "ok", quoted, None) {
        Arrival::Reply {
            id,
            word,
            text,
            quoted,
            message,
            at,
            ..
        } => Arrival::Reply {
            id,
            from: None,
            word,
            text,
            quoted,
            message,
            at,
        },
        other => other,
    };
    let came = vec![nameless("a", Some("wamid.1")), nameless("b", None)];
    let taken = take(&store, 12, came).await;
    assert_eq!((taken.logged, taken.strangers), (1, 1));
    assert_eq!(
        rows_of(&folder, "replies"),
        1,
        "nothing of a stranger is kept"
    );
    let reply = reply(&store).await;
    assert_eq!(reply.contact, message_contact());
}

#[tokio::test]
async fn a_reply_to_a_digest_is_about_all_that_it_tells_of() {
    let folder = Folder::new();
    let store = sent(&folder, (1..=3).map(|id| queued(id, id, 1)).collect()).await;
    store.outbox.digest(digest_of(&[1, 3])).await.unwrap();
    let mut answered = answer(1, "wamid.d");
    answered.message = DIGEST;
    store.outbox.finish(vec![answered]).await.unwrap();
    take(&store, 12, vec![said("r", "ok", Some("wamid.d"), None)]).await;
    let reply = reply(&store).await;
    let buckets: Vec<_> = reply
        .about
        .iter()
        .map(|about| about.bucket.as_str())
        .collect();
    assert_eq!(buckets, ["critical/1", "critical/3"]);
}

fn undelivered(id: i64) -> NewEntry {
    let lost = message(id, id, 1);
    NewEntry {
        at: at(20),
        event: Event::Undelivered(Undelivered {
            message: lost.id,
            notification: lost.notification,
            contact: lost.contact,
            rule: notification(id, 1).rule,
            bucket: lost.bucket.as_ref().to_owned(),
            kind: lost.kind,
            template: TemplateId::parse("alarm").unwrap(),
            severity: Severity::Critical,
            reason: "undeliverable".to_owned(),
        }),
        wanted: true,
        origin: Arc::from("klaxond"),
    }
}

#[tokio::test]
async fn what_is_handed_to_the_log_is_untold_no_more_and_what_is_not_stays_so() {
    let folder = Folder::new();
    let store = sending(&folder, 3).await;
    let given_up = |id| Ending {
        fallback: true,
        ..ending(id, 10, MessageState::Failed)
    };
    let endings = vec![given_up(1), given_up(2)];
    store.outbox.finish(endings).await.unwrap();
    let log = &store.log;
    log.append_told(vec![undelivered(1)], ONE, vec![MessageId(3)])
        .await
        .unwrap();
    let untold = store.outbox.untold(MessageId(0), 10).await.unwrap();
    let ids: Vec<i64> = untold.iter().map(|one| one.envelope.message.id.0).collect();
    assert_eq!(ids, [2, 3]);
    assert_eq!(store.log.head(), Position(2));
    let of = store
        .outbox
        .untold_of(vec![ONE, MessageId(2)])
        .await
        .unwrap();
    assert_eq!(of, untold[..1]);
}

#[tokio::test]
async fn an_acknowledgement_waits_until_the_command_has_heard_of_it() {
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    let mut write = step(1, 5);
    write.next_message = MessageId(2);
    write.next_notification = NotificationId(7);
    write.notifications = vec![Arc::new(notification(6, 5))];
    write.acks = vec![NotificationId(6)];
    store.state.commit(vec![write]).await.unwrap();
    while store.archive.prune(at(1_000), 10).await.unwrap() > 0 {}
    store.close();
    let (store, _tail) = folder.open(Mode::Inline);
    let due = store.outbox.unhooked(NotificationId(0), 10).await.unwrap();
    assert_eq!(due, [notification(6, 5)]);
    store.outbox.hooked(NotificationId(6)).await.unwrap();
    assert_eq!(
        store.outbox.unhooked(NotificationId(0), 10).await.unwrap(),
        []
    );
    while store.archive.prune(at(1_000), 10).await.unwrap() > 0 {}
    let kept = store.outbox.notifications(vec![NotificationId(6)]).await;
    assert_eq!(kept.unwrap(), []);
}

#[tokio::test]
async fn a_digest_and_its_members_go_together_and_not_before_it_is_through() {
    let folder = Folder::new();
    let store = sent(&folder, (1..=5).map(|id| queued(id, id, 1)).collect()).await;
    store
        .outbox
        .digest(digest_of(&[1, 2, 3, 4, 5]))
        .await
        .unwrap();
    let prune = || async { while store.archive.prune(at(1_000), 2).await.unwrap() > 0 {} };
    prune().await;
    assert_eq!(rows_of(&folder, "messages"), 6, "the digest is under way");
    let mut failed = ending(0, 10, MessageState::Failed);
    failed.message = DIGEST;
    failed.fallback = true;
    store.outbox.finish(vec![failed]).await.unwrap();
    prune().await;
    assert_eq!(
        rows_of(&folder, "messages"),
        6,
        "the fallback has not heard of it"
    );
    let untold = store.outbox.untold(MessageId(0), 10).await.unwrap();
    assert_eq!((untold.len(), untold[0].members), (1, 5));
    store.outbox.told(DIGEST).await.unwrap();
    assert_eq!(store.archive.prune(at(1_000), 2).await.unwrap() % 2, 0);
    assert!(store.outbox.trail(DIGEST).await.unwrap().is_some());
    prune().await;
    assert_eq!(rows_of(&folder, "messages"), 0);
}

#[tokio::test]
async fn rows_are_read_by_kind() {
    let folder = Folder::new();
    let store = sending(&folder, 1).await;
    let row = |kind, key: &str| Row {
        kind,
        key: key.to_owned(),
        value: "{}".to_owned(),
    };
    let mut write = step(1, 5);
    write.next_message = MessageId(2);
    write.next_notification = NotificationId(2);
    write.rows = vec![
        RowChange::Put(row(RowKind::Person, "b")),
        RowChange::Put(row(RowKind::Notice, "c")),
        RowChange::Put(row(RowKind::Person, "a")),
    ];
    store.state.commit(vec![write]).await.unwrap();
    assert_eq!(
        store.state.rows(RowKind::Person).await.unwrap(),
        [row(RowKind::Person, "a"), row(RowKind::Person, "b")]
    );
}
