//! Forgetting a person: nothing of their number and words is left in the file.

use klaxond::daemon::story;
use klaxond::model::{MessageId, Stage};

use crate::support::house::House;
use crate::support::meta::Answer;
use crate::support::returns::*;

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_leaves_no_trace_in_the_file_and_the_trail_stands() {
    let words = "ring me at home tomorrow";
    let house = House::build(&with_receipts("")).await;
    stored(&house, "Encoder 7").await;
    house.pass(SECOND).await;
    take(&house, vec![written("34600111222", "1", words)]).await;
    let path = house.settings.storage.path.clone();
    let holds = |text: &str| {
        ["", "-wal"].iter().any(|suffix| {
            let name = format!("{}{suffix}", path.display());
            let bytes = std::fs::read(name).unwrap_or_default();
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        })
    };
    assert!(holds("34600111222") && holds(words) && holds("wamid.1"));

    let (contact, phones) = story::whom(&house.settings.ruleset, "NOC desk").unwrap();
    let forgotten = house.core.store().archive.forget(
        contact.clone(),
        phones,
        house.clock.now(),
        "test".to_owned(),
    );
    let forgotten = forgotten.await.unwrap();
    klaxond::store::scrub(&path).unwrap();
    assert_eq!((forgotten.numbers, forgotten.replies), (1, 1));
    for text in ["34600111222", words, "wamid.1", "Alarm: Encoder 7 is Major"] {
        assert!(!holds(text), "{text}");
    }
    let trail = trail(&house, 1).await;
    assert_eq!(trail.attempts.len(), 1);
    assert_eq!(trail.attempts[0].end.as_ref().unwrap().outcome, "accepted");
    let replies = house.core.store().inbox.replies_to(MessageId(1)).await;
    assert_eq!(replies.unwrap()[0].text, "");

    // The daemon goes on, and only an attempt brings the number back.
    stored(&house, "Encoder 8").await;
    house.pass(60 * SECOND).await;
    assert!(
        house
            .meta
            .arrived()
            .iter()
            .any(|one| one.text.contains("Encoder 8"))
    );
    assert!(holds("34600111222"));
}

#[tokio::test(start_paused = true)]
async fn strays_of_a_forgotten_number_go_and_those_of_others_stay() {
    let house = House::build(&with_receipts("")).await;
    // Base64 of bytes around 34600111222 and around 34600111333.
    let theirs = "wamid.HBgLMzQ2MDAxMTEyMjIVAgARGBI=";
    let others = "wamid.HBgLMzQ2MDAxMTEzMzMVAgARGBI=";
    for wamid in [theirs, others] {
        let stray = klaxond::whatsapp::webhook::Inbound::Status {
            wamid: wamid.to_owned(),
            opaque: None,
            stage: Stage::Sent,
            at: house.clock.now(),
            failure: None,
        };
        take(&house, vec![stray]).await;
    }
    let (contact, phones) = story::whom(&house.settings.ruleset, "NOC desk").unwrap();
    let archive = &house.core.store().archive;
    archive
        .forget(contact, phones, house.clock.now(), "test".to_owned())
        .await
        .unwrap();
    klaxond::store::scrub(&house.settings.storage.path).unwrap();
    let bytes = std::fs::read(&house.settings.storage.path).unwrap();
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(!holds(theirs) && holds(others));
}

#[tokio::test(start_paused = true)]
async fn a_late_receipt_does_not_bring_the_number_back() {
    let house = House::build(&with_receipts("")).await;
    house
        .meta
        .answer_next(None, Answer::Lost { delivered: true });
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let (contact, phones) = story::whom(&house.settings.ruleset, "NOC desk").unwrap();
    let archive = &house.core.store().archive;
    archive
        .forget(contact, phones, house.clock.now(), "test".to_owned())
        .await
        .unwrap();
    let arrived = house.meta.arrived().remove(0);
    take(&house, vec![status(&arrived, true, Stage::Delivered, None)]).await;
    let trail = trail(&house, 1).await;
    assert_eq!(trail.state.name(), "delivered");
    let end = trail.attempts[0].end.clone().unwrap();
    assert_eq!(end.wamid.as_deref(), Some(""));
}

#[tokio::test(start_paused = true)]
async fn a_number_that_somebody_else_has_stays() {
    let twin = "[[contacts]]\nname = \"Twin\"\nphone = \"34600111222\"\n";
    let house = House::build(&with_receipts(twin)).await;
    stored(&house, "E1").await;
    house.pass(60 * SECOND).await;
    let archive = &house.core.store().archive;
    for (name, numbers) in [("NOC desk", 0), ("Twin", 1)] {
        let (contact, phones) = story::whom(&house.settings.ruleset, name).unwrap();
        let forgotten = archive
            .forget(contact, phones, house.clock.now(), "test".to_owned())
            .await
            .unwrap();
        assert_eq!(
            (forgotten.numbers, forgotten.attempts),
            (numbers, 1),
            "{name}"
        );
    }
}
