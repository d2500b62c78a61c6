//! The audit trail of a whole daemon, and what `why` tells from it after retention.

use std::time::Duration;

use klaxond::daemon::story::{self, Scene};
use klaxond::model::{MessageId, Stage};
use klaxond::store::{AuditWanted, Fact, Inquiry, Seq, What};
use klaxond::whatsapp::webhook::Inbound;

use crate::support::house::House;
use crate::support::meta::Answer;
use crate::support::returns::*;

fn inquiry(house: &House) -> Inquiry {
    Inquiry::open(&house.settings.storage.path).unwrap()
}

fn facts(house: &House) -> Vec<Fact> {
    let wanted = AuditWanted::default();
    inquiry(house).audit(&wanted, Seq::START, 10_000).unwrap()
}

fn words(facts: &[Fact]) -> Vec<String> {
    facts
        .iter()
        .map(|fact| match &fact.kind {
            Some(kind) => format!("{} {kind}", fact.what.name()),
            None => fact.what.name().to_owned(),
        })
        .collect()
}

/// Two alarms: one is told, arrives and is answered; the other one fails, and is sent again by hand.
async fn day(house: &mut House) {
    stored(house, "Encoder 7").await;
    house.pass(60 * SECOND).await;
    let first = house.meta.arrived()[0].clone();
    let came = vec![status(&first, true, Stage::Delivered, None)];
    take(house, came).await;
    let said: Inbound = written("34600111222", "1", "ring me at 34600111222, ok");
    take(house, vec![said]).await;
    house.pass(60 * SECOND).await;
    house.reload(&with_receipts("")).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    stored(house, "Encoder 8").await;
    house.pass(60 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn the_export_is_what_happened_without_a_number() {
    let mut house = House::build(&with_receipts("")).await;
    day(&mut house).await;
    let told = words(&facts(&house));
    let expected = [
        "start",
        "stored major",
        "decided raised",
        "attempt accepted",
        "receipt delivered",
        "reply other",
        "reload",
        "stored major",
        "decided raised",
        "attempt failed",
        "ended failed",
    ];
    let mut rest = told.iter();
    for word in expected {
        assert!(
            rest.any(|told| told.eq_ignore_ascii_case(word)),
            "{word}: {told:#?}"
        );
    }
    let outbox = house.core.store().outbox.clone();
    let now = house.clock.now();
    let failed = MessageId(3);
    let again = outbox.again(
        failed,
        now,
        "by hand".to_owned(),
        "control uid=7".to_owned(),
    );
    assert!(again.await.unwrap().is_some());
    let house = house.restart(&with_receipts("")).await;
    let facts = facts(&house);
    let by = |what| facts.iter().find(|fact| fact.what == what)?.by.clone();
    assert_eq!(by(What::Reload).as_deref(), Some("test"));
    assert_eq!(by(What::Retry).as_deref(), Some("control uid=7"));
    let told: Vec<What> = facts.iter().map(|fact| fact.what).collect();
    assert!(told.ends_with(&[What::Stop, What::Start]), "{told:?}");
    let mut lines = String::new();
    for fact in &facts {
        let fact = fact.to_json();
        lines.push_str(&format!("{fact}\n{}\n", story::line(&fact)));
    }
    for text in ["600111222", "wamid.", "ring me", "test-token"] {
        assert!(!lines.contains(text), "{text}: {lines}");
    }
    assert!(lines.contains("\"contacts\":[\"NOC desk\"]"), "{lines}");
}

#[tokio::test(start_paused = true)]
async fn why_tells_the_story_after_retention() {
    let mut house = House::build(&with_receipts("")).await;
    day(&mut house).await;
    // What the fallback has not heard of stays: it is told here.
    let outbox = &house.core.store().outbox;
    outbox.told(MessageId(2)).await.unwrap();
    house.pass(Duration::from_secs(3_600)).await;
    stored(&house, "Encoder 9").await;
    house.pass(60 * SECOND).await;
    let archive = &house.core.store().archive;
    while archive.prune(house.clock.now(), 100).await.unwrap() > 0 {}
    let scene = Scene {
        ruleset: &house.settings.ruleset,
        receipts: true,
        now: house.clock.now(),
    };
    let inquiry = inquiry(&house);
    let why = |id: &str| story::why(&inquiry, id, &scene).unwrap();
    assert!(inquiry.dossier("Encoder 7").unwrap().is_none());
    for id in ["Encoder 7", "1", "m1"] {
        let story = why(id);
        let told = story["audit"].as_array().unwrap();
        let has = |what: &str| told.iter().any(|fact| fact["what"] == what);
        assert!(has("decided") && has("attempt"), "{id}: {story:#}");
        assert_eq!(has("stored"), id == "Encoder 7", "{id}: {story:#}");
        let answer = story["answer"].as_str().unwrap();
        assert!(answer.contains("past storage.retention"), "{answer}");
    }
    assert_eq!(why("m1")["message"], "1");
    let gone = archive.prune_audit(house.clock.now(), 1_000);
    gone.await.unwrap();
    story::why(&inquiry, "Encoder 7", &scene).unwrap_err();
}
