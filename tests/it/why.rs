//! "Why did I not get a message?": an answer for every way in which a message can end.

use klaxond::daemon::story::{self, Scene, StoryError};
use klaxond::model::Stage;
use klaxond::store::Inquiry;
use serde_json::Value;

use crate::support::house::House;
use crate::support::meta::Answer;
use crate::support::returns::*;

/// What is told of `id` at this moment.
fn why(house: &House, id: &str) -> Value {
    ask(house, id).unwrap_or_else(|error| panic!("{error}"))
}

fn ask(house: &House, id: &str) -> Result<Value, StoryError> {
    story::why(&inquiry(house), id, &scene(house))
}

fn inquiry(house: &House) -> Inquiry {
    Inquiry::open(&house.settings.storage.path).unwrap()
}

fn scene(house: &House) -> Scene<'_> {
    Scene {
        ruleset: &house.settings.ruleset,
        receipts: house.settings.webhook.is_some(),
        now: house.clock.now(),
    }
}

/// The message of that number in a story.
fn message<'a>(story: &'a Value, id: &str) -> &'a Value {
    let messages = story["messages"].as_array().unwrap();
    let found = messages.iter().find(|message| message["id"] == id);
    found.unwrap_or_else(|| panic!("no message {id}: {story:#}"))
}

/// That a message is in that state and its sentence says all of these.
fn says(message: &Value, state: &str, parts: &[&str]) {
    assert_eq!(message["state"], state, "{message:#}");
    let sentence = message["what_to_do"].as_str().unwrap();
    for part in parts {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
}

/// Why a contact has no message.
fn absent<'a>(story: &'a Value, contact: &str) -> &'a str {
    let absent = story["not_told"].as_array().unwrap();
    let found = absent.iter().find(|one| one["contact"] == contact);
    found.unwrap_or_else(|| panic!("{story:#}"))["why"]
        .as_str()
        .unwrap()
}

fn plain() -> String {
    format!("{NO_PAGER}{ONE}")
}

#[tokio::test(start_paused = true)]
async fn failed_for_the_contact() {
    let house = House::build(&plain()).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    let failed = message(&story, "1");
    let parts = [
        "131026",
        "ask the person to write to the business number",
        "program of [fallback]",
        "klaxond retry m1",
    ];
    says(failed, "failed", &parts);
    assert_eq!(failed["contact"], "NOC desk");
    let attempt = &failed["attempts"][0];
    assert_eq!(attempt["code"], 131_026);
    let means = attempt["means"].as_str().unwrap();
    assert!(means.contains("no WhatsApp on that number"), "{means}");
    assert_eq!(story["records"][0]["element"], "E1");
    assert_eq!(story["records"][0]["by"], "test");
    assert_eq!(failed["rule"], "Everything");
}

#[tokio::test(start_paused = true)]
async fn failed_and_somebody_else_was_told() {
    let house = House::build(&format!(
        "[fallback]\ncontact = \"Lead\"\n{ONE}notify = [\"NOC desk\"]\n{LEAD}"
    ))
    .await;
    house
        .meta
        .answer_next(Some("34600111222"), Answer::Error(131_026));
    stored(&house, "E1").await;
    house.pass(60 * SECOND).await;
    let story = why(&house, "E1");
    let failed = message(&story, "1");
    says(
        failed,
        "failed",
        &["Lead was told in its place (message 2, accepted)"],
    );
    assert_eq!(message(&story, "2")["instead_of"], "1");
    assert_eq!(why(&house, "m1")["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn held_because_the_template_is_paused() {
    let house = House::build(&plain()).await;
    house.meta.refuse_template("klaxond_alarm", Some(132_015));
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    says(
        message(&story, "1"),
        "held",
        &["132015", "give the rule another template", "klaxond reload"],
    );
}

#[tokio::test(start_paused = true)]
async fn held_because_the_token_died() {
    let house = House::build(&plain()).await;
    house.meta.stand(Some(190));
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    says(
        message(&story, "1"),
        "held",
        &["190", "make a system-user token"],
    );
    let contacts = story::contacts(&inquiry(&house), &scene(&house)).unwrap();
    let desk = &contacts["contacts"][0];
    assert_eq!(desk["state"], "held");
    assert_eq!(desk["phone"], "…22");
    assert!(desk["why"].as_str().unwrap().contains("190"), "{desk}");
}

#[tokio::test(start_paused = true)]
async fn expired() {
    let config = format!("[delivery]\nexpire_after = \"1h\"\n{}", plain());
    let house = House::build(&config).await;
    house.meta.stand(Some(190));
    stored(&house, "E1").await;
    house.pass(2 * HOUR).await;
    let story = why(&house, "E1");
    says(
        message(&story, "1"),
        "expired",
        &["190", "klaxond retry m1", "delivery.expire_after"],
    );
}

const TREES: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
single_events = false
on_clear = true
on_update = true
"#;

#[tokio::test(start_paused = true)]
async fn superseded_by_a_later_one_and_by_its_end() {
    let house = House::build(&format!("{NO_PAGER}{TREES}")).await;
    house.meta.stand(Some(190));
    stored(&house, "E0").await;
    house.pass(SECOND).await;
    stored(&house, "E1").await;
    let worse = r#"{"element":"E1","severity":"critical"}"#;
    house.hand_in(worse).await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    let raise = message(&story, "2");
    says(
        raise,
        "superseded",
        &[
            "a later one says more",
            "Message 3 took its place",
            "It waits behind others that are held",
            "190",
        ],
    );
    assert_eq!(raise["successor"], "3");
    house
        .hand_in(r#"{"element":"E1","severity":"normal"}"#)
        .await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    says(
        message(&story, "3"),
        "superseded",
        &["it ended before it could be told", "Nothing to do"],
    );
}

#[tokio::test(start_paused = true)]
async fn digested() {
    let house = House::build(&plain()).await;
    for n in 0..40 {
        stored(&house, &format!("E{n}")).await;
    }
    house.pass(600 * SECOND).await;
    let story = why(&house, "E39");
    let member = message(&story, "40");
    says(
        member,
        "digested",
        &[
            "look for digest d1 on the phone",
            "Of that one: Meta took it",
        ],
    );
    assert_eq!(member["digest"], "d1");
    let digest = message(&story, "d1");
    assert_eq!(digest["attempts"][0]["outcome"], "accepted");
    let of_digest = why(&house, "d1");
    let members = message(&of_digest, "d1")["members"]
        .as_array()
        .unwrap()
        .len();
    assert!(members >= 20, "{members}");
    assert_eq!(of_digest["message"], "d1");
}

#[tokio::test(start_paused = true)]
async fn shadow() {
    let house = House::build(&format!("[delivery]\nmode = \"shadow\"\n{}", plain())).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    let shadowed = message(&story, "1");
    says(shadowed, "shadow", &["Shadow mode is on", "[delivery]"]);
    let text = shadowed["attempts"][0]["text"].as_str().unwrap();
    assert!(text.contains("E1"), "{text}");
    assert!(house.meta.arrived().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_said_stop_and_one_that_is_off() {
    let config =
        with_receipts("[[contacts]]\nname = \"Away\"\nphone = \"34600111444\"\nenabled = false\n");
    let house = House::build(&config).await;
    take(&house, vec![written("34600111222", "1", "stop")]).await;
    house.pass(SECOND).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    let desk = absent(&story, "NOC desk");
    assert!(desk.contains("said stop at 2026-01-01"), "{desk}");
    assert!(desk.contains("write \"start\""), "{desk}");
    let away = absent(&story, "Away");
    assert!(away.contains("enabled = true"), "{away}");
    let contacts = story::contacts(&inquiry(&house), &scene(&house)).unwrap();
    let states: Vec<&str> = contacts["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["disabled", "stopped"]);
}

#[tokio::test(start_paused = true)]
async fn unknown_because_the_answer_was_lost() {
    let house = House::build(&with_receipts("")).await;
    house
        .meta
        .answer_next(None, Answer::Lost { delivered: false });
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    says(
        message(&story, "1"),
        "unknown",
        &["may have arrived", "sends it again", "nothing to do"],
    );
}

#[tokio::test(start_paused = true)]
async fn accepted_without_a_receipt_sent_delivered_and_read() {
    let house = House::build(&plain()).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let story = why(&house, "E1");
    says(
        message(&story, "1"),
        "accepted",
        &["receipts are off", "[webhook]"],
    );

    let house = House::build(&with_receipts("")).await;
    stored(&house, "E1").await;
    house.pass(SECOND).await;
    let said = |state: &str, parts: &[&str]| {
        let story = why(&house, "E1");
        says(message(&story, "1"), state, parts);
    };
    said("accepted", &["no receipt came", "phone is off"]);
    let arrived = house.meta.arrived().remove(0);
    let steps: [(Stage, &[&str]); 3] = [
        (Stage::Sent, &["the phone has not taken it"]),
        (
            Stage::Delivered,
            &["It reached the phone at 2026-01-01", "muted"],
        ),
        (Stage::Read, &["It was opened on the phone at 2026-01-01"]),
    ];
    for (stage, parts) in steps {
        take(&house, vec![status(&arrived, true, stage, None)]).await;
        said(stage.name(), parts);
    }
    let quoted = klaxond::whatsapp::webhook::Inbound::Message {
        id: "r1".to_owned(),
        from: Some(klaxond::model::Phone::parse("34600111222").unwrap()),
        quoted: Some(arrived.wamid.clone()),
        payload: None,
        text: "on my way".to_owned(),
        at: house.clock.now(),
    };
    take(&house, vec![quoted]).await;
    let story = why(&house, &arrived.wamid);
    let reply = &message(&story, "1")["replies"][0];
    assert_eq!(reply["text"], "on my way");
    assert_eq!(reply["word"], "other");
    let whole = story.to_string();
    assert!(
        !whole.contains("34600111222") && !whole.contains("wamid"),
        "{whole}"
    );
}

#[tokio::test(start_paused = true)]
async fn no_rule_took_it_or_another_one_did() {
    let config = format!(
        "{NO_PAGER}{LEAD}[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
         [[rules]]\nname = \"Worst\"\nfilter = 'severity = critical'\nnotify = [\"Lead\"]\n\
         [[rules]]\nname = \"Encoders\"\nfilter = 'element like \"Encoder*\"'\nnotify = [\"NOC desk\"]\n"
    );
    let house = House::build(&config).await;
    house
        .hand_in(r#"{"element":"Encoder 7","severity":"critical"}"#)
        .await;
    house.pass(SECOND).await;
    let story = why(&house, "Encoder 7");
    assert_eq!(message(&story, "1")["contact"], "Lead");
    let takes: Vec<(&str, bool)> = story["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            (
                rule["rule"].as_str().unwrap(),
                rule["takes"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(takes, [("Worst", true), ("Encoders", true)]);

    house
        .hand_in(r#"{"element":"Encoder 8","severity":"minor"}"#)
        .await;
    house.pass(SECOND).await;
    let story = why(&house, "Encoder 8");
    let lead = absent(&story, "Lead");
    assert!(
        lead.contains("went to another rule: \"Encoders\"") && lead.contains("`notify`"),
        "{lead}"
    );

    let mut house = house;
    let narrow = config.replace("Encoder*", "Mux*");
    house.reload(&narrow).await;
    let story = why(&house, "Encoder 8");
    assert_eq!(story["rules"][1]["takes"], false);
    let because = story["rules"][1]["because"].as_str().unwrap();
    assert!(because.contains("Encoder 8"), "{because}");
}

#[tokio::test(start_paused = true)]
async fn no_rule_takes_what_is_kept() {
    let config = format!(
        "{NO_PAGER}[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
         [[rules]]\nname = \"Worst\"\nfilter = 'severity = critical'\nsingle_events = false\ntrigger = {{ persist = \"1h\" }}\n"
    );
    let house = House::build(&config).await;
    house
        .hand_in(r#"{"element":"E1","severity":"critical"}"#)
        .await;
    house
        .hand_in(r#"{"element":"E1","severity":"minor"}"#)
        .await;
    house.pass(2 * HOUR).await;
    let story = why(&house, "E1");
    assert_eq!(story["messages"].as_array().unwrap().len(), 0);
    let answer = story["answer"].as_str().unwrap();
    assert!(answer.contains("No rule takes it"), "{answer}");
    assert!(absent(&story, "NOC desk").contains("see `rules`"));
    assert_eq!(story["records"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_was_ignored_is_not_kept() {
    let config = format!("{NO_PAGER}{ONE}filter = 'severity = critical'\n");
    let house = House::build(&config).await;
    house
        .hand_in(r#"{"element":"E1","severity":"minor"}"#)
        .await;
    let Err(StoryError::Unknown(text)) = ask(&house, "E1") else {
        panic!("nothing is kept");
    };
    for part in ["answered \"ignored\"", "storage.keep", "klaxond explain"] {
        assert!(text.contains(part), "{text}");
    }
    assert!(matches!(ask(&house, "17"), Err(StoryError::Unknown(_))));
    assert!(matches!(ask(&house, "d1"), Err(StoryError::Unknown(_))));
    assert!(matches!(
        ask(&house, "wamid.no"),
        Err(StoryError::Unknown(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_number_is_a_root_id_first_and_a_message_else() {
    let house = House::build(&plain()).await;
    house
        .hand_in(r#"{"id":"1","element":"E1","severity":"major"}"#)
        .await;
    house
        .hand_in(r#"{"id":"\"odd\"","element":"E2","severity":"major"}"#)
        .await;
    house.pass(60 * SECOND).await;
    let story = why(&house, "1");
    assert_eq!(
        (&story["alarm"], &story["namesake"]),
        (&Value::from("1"), &Value::from("m1"))
    );
    assert_eq!(why(&house, "m1")["message"], "1");
    let odd = why(&house, "2");
    assert_eq!(
        (&odd["message"], &odd["alarm"]),
        (&Value::from("2"), &Value::from("\"odd\""))
    );
    assert_eq!(why(&house, "\"odd\"")["messages"][0]["id"], "2");
}
