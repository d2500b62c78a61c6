//! A store with messages under way, and what comes back of them.

use std::sync::Arc;

use klaxond::model::{
    ContactId, Event, Kind, Message, MessageId, MessageState, Position, Receipt, ReceiptFailure,
    Reply, Stage, Update, Word,
};
use klaxond::store::{
    Arrival, AttemptEnd, DigestPart, DigestWrite, Ending, Mode, NewMessage, Store, Taken,
};

use super::store::*;

pub const ONE: MessageId = MessageId(1);

pub const DIGEST: MessageId = MessageId(MessageId::DIGESTS + 1);

/// A store in which messages 1 to `count` are being sent.
pub async fn sending(folder: &Folder, count: i64) -> Store {
    sent(folder, (1..=count).map(real).collect()).await
}

/// A store in which these are under way or wait.
pub async fn sent(folder: &Folder, messages: Vec<NewMessage>) -> Store {
    let (store, _tail) = folder.open(Mode::Inline);
    store.log.append(vec![raise(1, "a")]).await.unwrap();
    store
        .state
        .commit(vec![telling(1, 1, messages)])
        .await
        .unwrap();
    store
}

/// A message that is really posted.
pub fn real(id: i64) -> NewMessage {
    let mut new = claimed(id, id, 1);
    new.message.shadow = false;
    new
}

pub fn receipt(id: i64, stage: Stage) -> Receipt {
    let failure = ReceiptFailure {
        code: Some(131_026),
        text: "undeliverable".to_owned(),
    };
    Receipt {
        message: MessageId(id),
        stage,
        at: at(20),
        failure: (stage == Stage::Failed).then_some(failure),
    }
}

/// Writes receipts as the step of their log entry does.
pub async fn apply(store: &Store, receipts: Vec<Receipt>) {
    let saved = store.state.load().await.unwrap();
    let mut write = step(saved.position.0, 30);
    write.next_message = saved.next_message;
    write.next_notification = saved.next_notification;
    write.receipts = receipts;
    store.state.commit(vec![write]).await.unwrap();
}

pub fn answer(id: i64, wamid: &str) -> Ending {
    Ending {
        attempt: Some(AttemptEnd {
            wamid: Some(wamid.to_owned()),
            ..accepted()
        }),
        ..ending(id, 10, MessageState::Accepted)
    }
}

pub fn lost(id: i64) -> Ending {
    Ending {
        attempt: Some(AttemptEnd {
            outcome: "unknown".to_owned(),
            wamid: None,
            ..accepted()
        }),
        ..ending(id, 10, MessageState::Unknown)
    }
}

/// The end of a message that Meta certainly did not take.
pub fn refused(id: i64) -> Ending {
    Ending {
        attempt: Some(AttemptEnd {
            outcome: "failed".to_owned(),
            wamid: None,
            ..accepted()
        }),
        ..ending(id, 10, MessageState::Failed)
    }
}

pub async fn state(store: &Store, id: MessageId) -> MessageState {
    store.outbox.trail(id).await.unwrap().unwrap().state
}

pub async fn waits(store: &Store) -> Vec<(i64, MessageState)> {
    let pending = store.outbox.pending(MessageId(0), 100).await.unwrap();
    let rows = pending.iter();
    rows.map(|row| (row.message.id.0, row.state)).collect()
}

pub fn status(wamid: &str, message: Option<i64>, stage: Stage) -> Arrival {
    Arrival::Status {
        wamid: wamid.to_owned(),
        message: message.map(MessageId),
        stage,
        at: at(20),
        failure: receipt(1, stage).failure,
    }
}

pub async fn take(store: &Store, second: i64, arrivals: Vec<Arrival>) -> Taken {
    let taken = store.inbox.take(at(second), Arc::from("webhook"), arrivals);
    taken.await.unwrap()
}

/// The updates of the last entry of the log.
pub async fn updates(store: &Store) -> Vec<Update> {
    let entries = store.log.read(Position(0), 100).await.unwrap();
    match &entries.last().unwrap().event {
        Event::Updates(updates) => updates.clone(),
        other => panic!("not what came back: {other:?}"),
    }
}

pub async fn reply(store: &Store) -> Reply {
    match updates(store).await.as_slice() {
        [Update::Reply(reply)] => reply.clone(),
        other => panic!("not one reply: {other:?}"),
    }
}

pub fn said(id: &str, text: &str, quoted: Option<&str>, message: Option<MessageId>) -> Arrival {
    Arrival::Reply {
        id: id.to_owned(),
        from: Some((message_contact(), phone(22))),
        word: Word::Acknowledge,
        text: text.to_owned(),
        quoted: quoted.map(str::to_owned),
        message,
        at: at(20),
    }
}

pub fn message_contact() -> ContactId {
    message(1, 1, 1).contact
}

pub fn rows_of(folder: &Folder, table: &str) -> i64 {
    let database = rusqlite::Connection::open(folder.database()).unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    database.query_row(&sql, [], |row| row.get(0)).unwrap()
}

/// What a digest of these messages writes.
pub fn digest_of(members: &[i64]) -> DigestWrite {
    let part = DigestPart {
        message: Message {
            kind: Kind::Digest,
            shadow: false,
            ..message(1, 1, 2)
        },
        notification: notification(1, 2),
        members: members.iter().copied().map(MessageId).collect(),
    };
    DigestWrite {
        at: at(2),
        reason: "a storm".to_owned(),
        parts: vec![part],
        mark: mark(2),
    }
}
