//! Replies, news and stand-ins through the whole core.

use std::sync::Arc;

use klaxond::model::{MessageState, Phone, Update, Word};
use klaxond::store::Trail;
use klaxond::whatsapp::webhook::Inbound;

use crate::support::house::{House, START};
use crate::support::meta::Answer;
use crate::support::readme::section;
use crate::support::returns::*;

#[tokio::test(start_paused = true)]
async fn the_stand_in_is_told_once_and_then_the_command() {
    let stand_in = "[fallback]\ncommand = [\"/nowhere/pager\"]\ncontact = \"Lead\"\n";
    let contacts = ONE.replace(
        "name = \"Everything\"",
        "name = \"Everything\"\nnotify = [\"NOC desk\"]",
    );
    let config = format!("{WEBHOOK}{stand_in}{LEAD}{contacts}");
    let house = House::build(&config).await;
    house
        .meta
        .answer_next(Some("34600111222"), Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let house = house.crash_and_restart(&config).await;
    house.pass(HOUR).await;
    assert_eq!(phones(&house), ["Lead"]);
    assert!(untold(&house).await.is_empty(), "somebody was told");
    // Nobody stands in for the one who stands in.
    for phone in ["34600111222", "34600111333"] {
        house.meta.answer_next(Some(phone), Answer::Error(131_026));
    }
    stored(&house, "E2").await;
    house.pass(HOUR).await;
    assert_eq!(phones(&house), ["Lead"]);
    let untold = untold(&house).await;
    assert_eq!(untold.len(), 1, "{untold:?}");
}

#[tokio::test(start_paused = true)]
async fn while_the_command_fails_people_are_told_all_the_same() {
    let config = format!(
        "{WEBHOOK}{NO_PAGER}{LEAD}{}",
        ONE.replace("phone = \"34600111222\"", "phone = \"34600111222\"\nfallback = \"Lead\"")
            .replace("name = \"Everything\"", "name = \"Everything\"\nnotify = [\"NOC desk\"]\n[[rules]]\nname = \"Lead's own\"\nnotify = [\"Lead\"]\nalso = true")
    );
    let house = House::build(&config).await;
    house
        .meta
        .answer_next(Some("34600111333"), Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(HOUR).await;
    assert_eq!(
        untold(&house).await.len(),
        1,
        "nobody stands in for the lead"
    );
    house
        .meta
        .answer_next(Some("34600111222"), Answer::Error(131_026));
    stored(&house, "E2").await;
    // Far less than the pause of a command that fails.
    house.pass(SECOND).await;
    let to_lead = phones(&house).iter().filter(|name| *name == "Lead").count();
    assert_eq!(to_lead, 2, "its own, and the one it stands in for");
}

#[tokio::test(start_paused = true)]
async fn replies_find_their_contact_their_alarm_and_their_meaning() {
    let brazil = ONE.replace("34600111222", "5511987654321");
    let house = House::build(&format!("{WEBHOOK}{NO_PAGER}{brazil}")).await;
    stored(&house, "E1").await;
    stored(&house, "E2").await;
    house.pass(20 * SECOND).await;
    let arrived = house.meta.arrived();
    // Meta writes the number without the 9.
    let person = "551187654321";
    let tapped = Inbound::Message {
        id: "wamid.in1".to_owned(),
        from: Some(Phone::parse(person).unwrap()),
        quoted: None,
        payload: Some(arrived[0].opaque.clone()),
        text: "Silence 1h".to_owned(),
        at: START,
    };
    let call = vec![
        tapped,
        written(person, "wamid.in2", "  OK "),
        written("4915112345678", "wamid.in3", "STOP"),
        written(person, "wamid.in2", "OK"),
        Inbound::Other("reaction".to_owned()),
    ];
    take(&house, call).await;
    let logged = updates(&house).await.concat();
    let replies: Vec<(Word, Vec<String>)> = logged
        .iter()
        .map(|update| match update {
            Update::Reply(reply) => {
                assert_eq!(reply.contact.as_str(), "NOC desk");
                assert!(!reply.id.contains("wamid"), "Meta's ids hold numbers");
                let about = reply.about.iter().map(|about| about.bucket.clone());
                (reply.word, about.collect())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let bucket = |trail: Trail| vec![trail.message.bucket.to_string()];
    let first = bucket(trail(&house, 1).await);
    let second = bucket(trail(&house, 2).await);
    assert_ne!(first, second);
    assert_eq!(
        replies,
        [(Word::Silence, first), (Word::Acknowledge, second)]
    );
    let counts = house.core.receipts().counts();
    assert_eq!(
        (
            counts.logged,
            counts.strangers,
            counts.duplicates,
            counts.other
        ),
        (2, 1, 1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_template_that_meta_pauses_is_held_before_a_message_finds_out() {
    let house = House::build(&with_receipts("")).await;
    let news = |language: &str, sendable| Inbound::Template {
        name: "klaxond_alarm".to_owned(),
        language: language.to_owned(),
        sendable,
        text: "paused: first pause".to_owned(),
    };
    take(&house, vec![news("de_DE", Some(false))]).await;
    assert!(
        updates(&house).await.is_empty(),
        "not a template of the config"
    );
    take(&house, vec![news("en-us", Some(false))]).await;
    house.meta.refuse_template("klaxond_alarm", Some(132_015));
    stored(&house, "E1").await;
    house.pass(60 * SECOND).await;
    assert_eq!(house.meta.posts(), 0);
    let holds = house.core.desk().with(|dispatcher| dispatcher.holds());
    assert_eq!(holds.len(), 1);
    assert!(
        holds[0].reason.contains("first pause"),
        "{}",
        holds[0].reason
    );
    house.meta.refuse_template("klaxond_alarm", None);
    take(&house, vec![news("en_US", Some(true))]).await;
    house.pass(SECOND).await;
    assert_eq!(phones(&house), ["NOC desk"]);
    assert_eq!(updates(&house).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_not_taken() {
    let house = House::build(&with_receipts("")).await;
    let receipts = house.core.receipts();
    house.core.drain(SECOND).await;
    let call = vec![written("34600111222", "wamid.in1", "ok")];
    receipts
        .take(call, Arc::from("webhook"))
        .await
        .expect_err("the store is closed");
    assert_eq!(receipts.counts().logged, 0);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_waits_for_its_command_over_a_crash() {
    let hook = "[hooks]\non_ack = [\"/nowhere/ack\"]\n";
    let trees = "single_events = false\n";
    let config = format!("{hook}{}{trees}", with_receipts(""));
    let house = House::build(&config).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    take(&house, vec![written("34600111222", "wamid.in1", "ok")]).await;
    house.pass(60 * SECOND).await;
    let due = |house: &House| house.core.store().outbox.clone();
    let count = || async {
        due(&house)
            .unhooked(Default::default(), 10)
            .await
            .unwrap()
            .len()
    };
    assert_eq!(count().await, 1);
    let house = house.crash_and_restart(&config).await;
    house.pass(60 * SECOND).await;
    let left = due(&house).unhooked(Default::default(), 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].reason.contains("NOC desk"), "{}", left[0].reason);
    let mut house = house;
    let without = format!("{}{trees}", with_receipts(""));
    house.reload(&without).await;
    house.pass(SECOND).await;
    let left = due(&house).unhooked(Default::default(), 10).await.unwrap();
    assert!(left.is_empty(), "there is no command any more");
}

#[tokio::test]
async fn the_command_reads_who_took_what_on_its_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let hook = format!(
        "[hooks]\non_ack = [\"/bin/sh\", \"-c\", \"cat > {}\"]\n",
        pipe.display()
    );
    let config = format!("{hook}{}single_events = false\n", with_receipts(""));
    let house = House::build(&config).await;
    stored(&house, "E1").await;
    while house.meta.arrived().is_empty() {
        tokio::task::yield_now().await;
    }
    let receipts = house.core.receipts();
    let call = vec![written("34600111222", "wamid.in1", "ok")];
    receipts.take(call, Arc::from("webhook")).await.unwrap();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(pipe));
    let line = read.await.unwrap().unwrap();
    let notice: serde_json::Value = serde_json::from_str(&line).unwrap();
    let chapter = section("Replies");
    let written = chapter
        .lines()
        .find(|line| line.contains("\"acknowledged\""))
        .unwrap()
        .trim_matches(['`', '.'])
        .replace("{…}", "{}");
    let written: serde_json::Value = serde_json::from_str(&written).unwrap();
    let keys = |json: &serde_json::Value| -> Vec<String> {
        json.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&notice), keys(&written), "as the README has it");
    assert_eq!(notice["event"], "acknowledged");
    assert_eq!(notice["rule"], "Everything");
    assert_eq!(notice["alarm"]["element"], "E1");
    assert!(
        notice["reason"].as_str().unwrap().contains("NOC desk"),
        "{notice}"
    );
    house.core.drain(10 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn when_everybody_who_could_stand_in_said_stop_the_command_hears() {
    let contacts = ONE.replace(
        "name = \"Everything\"",
        "name = \"Everything\"\nnotify = [\"NOC desk\"]",
    );
    let stand_in = "[fallback]\ncommand = [\"/nowhere/pager\"]\ncontact = \"Lead\"\n";
    let house = House::build(&format!("{WEBHOOK}{stand_in}{LEAD}{contacts}")).await;
    take(&house, vec![written("34600111333", "w1", "stop")]).await;
    house.pass(SECOND).await;
    house
        .meta
        .answer_next(Some("34600111222"), Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(HOUR).await;
    let untold = untold(&house).await;
    assert_eq!(untold.len(), 1, "{untold:?}");
    assert_eq!(phones(&house), ["Lead"], "the answer to stop alone");
}

#[tokio::test(start_paused = true)]
async fn whose_own_stand_in_is_off_has_the_one_of_all() {
    let contacts = ONE
        .replace(
            "phone = \"34600111222\"",
            "phone = \"34600111222\"\nfallback = \"Night\"",
        )
        .replace(
            "name = \"Everything\"",
            "name = \"Everything\"\nnotify = [\"NOC desk\"]",
        );
    let stand_in = "[fallback]\ncommand = [\"/nowhere/pager\"]\ncontact = \"Lead\"\n";
    let off = "[[contacts]]\nname = \"Night\"\nphone = \"34600111444\"\nenabled = false\n";
    let house = House::build(&format!("{WEBHOOK}{stand_in}{off}{LEAD}{contacts}")).await;
    house
        .meta
        .answer_next(Some("34600111222"), Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(HOUR).await;
    assert_eq!(phones(&house), ["Lead"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_somebody_who_says_stop_is_closed_and_start_tells_what_stands() {
    let follows = ONE.replace(
        "name = \"Everything\"",
        "name = \"Everything\"\nsingle_events = false",
    );
    let config = format!("{WEBHOOK}{NO_PAGER}{follows}");
    let house = House::build(&config).await;
    house.meta.stand(Some(190));
    for element in ["E1", "E2", "E3"] {
        stored(&house, element).await;
        house.pass(SECOND).await;
    }
    take(&house, vec![written("34600111222", "w1", "stop")]).await;
    // It is known after a restart too.
    let house = house.crash_and_restart(&config).await;
    house.meta.stand(None);
    house.pass(HOUR).await;
    for id in 1..=3 {
        let trail = trail(&house, id).await;
        assert_eq!(
            (trail.state, trail.reason.as_str()),
            (MessageState::Expired, "the contact said stop")
        );
    }
    let texts = |house: &House| -> Vec<String> {
        let arrived = house.meta.arrived().into_iter();
        arrived.map(|arrived| arrived.text).collect()
    };
    assert_eq!(
        texts(&house),
        ["You get no more alarms. Write \"start\" to get them again."]
    );
    assert!(untold(&house).await.is_empty(), "they want it so");
    let mut again = written("34600111222", "w2", "start");
    if let Inbound::Message { at, .. } = &mut again {
        *at = START + HOUR;
    }
    take(&house, vec![again]).await;
    house.pass(HOUR).await;
    assert_eq!(texts(&house)[1..], ["You get alarms. 3 alarms stand."]);
}

#[tokio::test(start_paused = true)]
async fn the_operators_hear_once_of_a_contact_that_gets_too_much() {
    let config = format!(
        "[delivery]\nmax_per_day = 2\n[operators]\nnotify = [\"Lead\"]\n{LEAD}{}",
        ONE.replace(
            "name = \"Everything\"",
            "name = \"Everything\"\nnotify = [\"NOC desk\"]"
        )
    );
    let house = House::build(&config).await;
    for n in 0..6 {
        stored(&house, &format!("E{n}")).await;
        house.pass(60 * SECOND).await;
    }
    let arrived = house.meta.arrived();
    let notices: Vec<&str> = arrived
        .iter()
        .filter(|arrived| house.name_of(&arrived.phone) == "Lead")
        .map(|arrived| arrived.text.as_str())
        .collect();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(
        notices[0].contains("NOC desk got 3 messages"),
        "{notices:?}"
    );
}
