//! A house to which Meta and people write back.

use std::sync::Arc;
use std::time::Duration;

use klaxond::model::{
    Answer as Told, Event, MessageId, Phone, Position, ReceiptFailure, Stage, Update,
};
use klaxond::store::Trail;
use klaxond::whatsapp::webhook::Inbound;

use super::house::{House, START};
use super::meta::Arrived;

pub const HOUR: Duration = Duration::from_hours(1);

pub const SECOND: Duration = Duration::from_secs(1);

/// A command that cannot be run: what it should hear of stays in the outbox, to be looked at.
pub const NO_PAGER: &str = "[fallback]\ncommand = [\"/nowhere/pager\"]\n";

pub const WEBHOOK: &str = "[webhook]\nlisten = \"127.0.0.1:9781\"\n";

pub const ONE: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

pub const LEAD: &str = r#"
[[contacts]]
name = "Lead"
phone = "34600111333"
"#;

pub fn with_receipts(config: &str) -> String {
    format!("{WEBHOOK}{NO_PAGER}{config}{ONE}")
}

pub async fn stored(house: &House, element: &str) {
    let line = format!(r#"{{"element":"{element}","severity":"major"}}"#);
    let answers = house.hand_in(&line).await;
    assert!(
        matches!(answers.as_slice(), [Told::Stored { .. }]),
        "{answers:?}"
    );
}

/// A status as Meta sends it: by its own id, and ours where it knows it.
pub fn status(arrived: &Arrived, ours: bool, stage: Stage, code: Option<u32>) -> Inbound {
    Inbound::Status {
        wamid: arrived.wamid.clone(),
        opaque: ours.then(|| arrived.opaque.clone()),
        stage,
        at: START,
        failure: (stage == Stage::Failed).then(|| ReceiptFailure {
            code,
            text: "as the test says".to_owned(),
        }),
    }
}

pub async fn take(house: &House, inbound: Vec<Inbound>) {
    let receipts = house.core.receipts();
    receipts.take(inbound, Arc::from("webhook")).await.unwrap();
    house.pass(SECOND / 100).await;
}

pub async fn trail(house: &House, id: i64) -> Trail {
    let found = house.core.store().outbox.trail(MessageId(id)).await;
    found.unwrap().unwrap()
}

pub async fn untold(house: &House) -> Vec<String> {
    let outbox = &house.core.store().outbox;
    let untold = outbox.untold(MessageId::default(), 10_000).await.unwrap();
    untold.into_iter().map(|one| one.reason).collect()
}

pub fn phones(house: &House) -> Vec<String> {
    let arrived = house.meta.arrived().into_iter();
    arrived
        .map(|arrived| house.name_of(&arrived.phone))
        .collect()
}

/// Everything that came back, as the log has it.
pub async fn updates(house: &House) -> Vec<Vec<Update>> {
    let log = house.core.store().log.read(Position(0), 10_000).await;
    let entries = log.unwrap().into_iter();
    entries
        .filter_map(|entry| match entry.event {
            Event::Updates(updates) => Some(updates),
            _ => None,
        })
        .collect()
}

pub fn written(from: &str, id: &str, text: &str) -> Inbound {
    Inbound::Message {
        id: id.to_owned(),
        from: Some(Phone::parse(from).unwrap()),
        quoted: None,
        payload: None,
        text: text.to_owned(),
        at: START,
    }
}
