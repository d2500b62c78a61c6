//! Restarts, crashes and reloads on virtual time: nothing is lost, nothing repeated.

use std::time::Duration;

use klaxond::model::{Answer as Told, MessageState};

use crate::support::house::House;
use crate::support::meta::Answer;

const CONFIG: &str = r#"
[delivery]
storm = "off"
per_contact = "1/6s, burst 3"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

fn alarm(element: &str) -> String {
    format!(r#"{{"element":"{element}","severity":"major"}}"#)
}

async fn stored(house: &House, element: &str) {
    let answers = house.hand_in(&alarm(element)).await;
    assert!(
        matches!(answers.as_slice(), [Told::Stored { .. }]),
        "{answers:?}"
    );
}

fn elements(house: &House) -> Vec<String> {
    let texts = house.meta.arrived().into_iter().map(|arrived| arrived.text);
    texts
        .map(|text| text.split_whitespace().nth(1).unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_a_stop_goes_out_after_the_start_at_the_contacts_pace() {
    let house = House::build(CONFIG).await;
    for element in ["E1", "E2", "E3", "E4", "E5"] {
        stored(&house, element).await;
    }
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(
        elements(&house),
        ["E1", "E2"],
        "the last of the burst is kept for a critical alarm"
    );
    let house = house.restart(CONFIG).await;
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(
        elements(&house),
        ["E1", "E2"],
        "the limit is remembered over the restart"
    );
    house.pass(Duration::from_secs(60)).await;
    assert_eq!(elements(&house), ["E1", "E2", "E3", "E4", "E5"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_under_way_when_the_process_died_is_sent_again_and_says_so() {
    let house = House::build(CONFIG).await;
    house
        .meta
        .answer_next(None, Answer::Slow(Duration::from_secs(10)));
    stored(&house, "E1").await;
    house.pass(Duration::from_secs(1)).await;
    let house = house.crash_and_restart(CONFIG).await;
    house.pass(Duration::from_secs(60)).await;
    let arrived = house.meta.arrived();
    assert_eq!(arrived.len(), 1);
    assert!(arrived[0].text.contains("repeated"), "{}", arrived[0].text);
    assert_eq!(
        house
            .core
            .store()
            .outbox
            .tally()
            .await
            .unwrap()
            .count(MessageState::Accepted),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn an_accepted_message_is_not_repeated_by_a_crash() {
    let house = House::build(CONFIG).await;
    stored(&house, "E1").await;
    house.pass(Duration::from_secs(1)).await;
    let house = house.crash_and_restart(CONFIG).await;
    house.pass(Duration::from_secs(600)).await;
    assert_eq!(elements(&house), ["E1"]);
}

#[tokio::test(start_paused = true)]
async fn a_reload_changes_rules_people_and_templates_and_repeats_nothing() {
    let mut house = House::build(CONFIG).await;
    stored(&house, "E1").await;
    house.pass(Duration::from_secs(60)).await;
    let changed = r#"
        [[contacts]]
        name = "Lead"
        phone = "34600111333"
        [[rules]]
        name = "Encoders"
        filter = 'element like "Enc*"'
    "#;
    house.reload(changed).await;
    assert!(matches!(
        house.hand_in(&alarm("E2")).await.as_slice(),
        [Told::Ignored { .. }]
    ));
    stored(&house, "Encoder").await;
    house.pass(Duration::from_secs(60)).await;
    let arrived = house.meta.arrived();
    assert_eq!(elements(&house), ["E1", "Encoder"]);
    assert_eq!(house.name_of(&arrived[1].phone), "Lead");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_contact_that_a_reload_removes_is_closed_with_that_reason() {
    let mut house = House::build(CONFIG).await;
    house.meta.stand(Some(190));
    stored(&house, "E1").await;
    stored(&house, "E2").await;
    house.pass(Duration::from_secs(5)).await;
    house.reload("[[contacts]]\nname = \"Lead\"\nphone = \"34600111333\"\n[[rules]]\nname = \"Everything\"\n").await;
    house.meta.stand(None);
    house.pass(Duration::from_secs(600)).await;
    assert!(house.meta.arrived().is_empty());
    let tally = house.core.store().outbox.tally().await.unwrap();
    assert_eq!(tally.pending(), 0);
    assert_eq!(tally.count(MessageState::Expired), 2);
}

#[tokio::test(start_paused = true)]
async fn a_reload_lifts_a_hold_so_that_a_new_token_works_at_once() {
    let mut house = House::build(CONFIG).await;
    house.meta.stand(Some(190));
    stored(&house, "E1").await;
    house.pass(Duration::from_secs(3_000)).await;
    assert!(house.meta.arrived().is_empty());
    let posts = house.meta.posts();
    assert_eq!(posts, 1, "a hold looks with probes, never with a message");
    assert!(house.meta.probes() > 2);
    house.meta.stand(None);
    house.reload(CONFIG).await;
    house.pass(Duration::from_millis(10)).await;
    assert_eq!(elements(&house), ["E1"]);
}

#[tokio::test(start_paused = true)]
async fn a_clear_right_behind_its_raise_is_stored_although_no_rule_wants_it() {
    let config = CONFIG.replace(
        "name = \"Everything\"",
        "name = \"Major\"\nfilter = 'severity = major'",
    );
    let house = House::build(&config).await;
    let clear = r#"{"element":"E1","severity":"normal"}"#;
    assert!(matches!(
        house.hand_in(clear).await.as_slice(),
        [Told::Ignored { .. }]
    ));
    stored(&house, "E1").await;
    assert!(matches!(
        house.hand_in(clear).await.as_slice(),
        [Told::Stored { .. }]
    ));
    assert!(
        matches!(
            house.hand_in(clear).await.as_slice(),
            [Told::Ignored { .. }]
        ),
        "it is closed"
    );
}

#[tokio::test(start_paused = true)]
async fn shadow_mode_renders_and_keeps_everything_and_posts_nothing() {
    let config = CONFIG.replace("[delivery]", "[delivery]\nmode = \"shadow\"");
    let house = House::build(&config).await;
    for element in ["E1", "E2", "E3", "E4"] {
        stored(&house, element).await;
    }
    house.pass(Duration::from_secs(1)).await;
    assert_eq!(house.meta.posts(), 0);
    let tally = house.core.store().outbox.tally().await.unwrap();
    assert_eq!(tally.count(MessageState::Shadow), 4);
}

#[tokio::test(start_paused = true)]
async fn a_backlog_is_read_back_after_a_crash_and_goes_out_once() {
    let config = CONFIG
        .replace("1/6s, burst 3", "1000/s")
        .replace("[delivery]", "[delivery]\nthroughput = \"1000/s\"");
    let house = House::build(&config).await;
    house.meta.stand(Some(190));
    for n in 0..3_000 {
        stored(&house, &format!("E{n}")).await;
    }
    let house = house.crash_and_restart(&config).await;
    house.meta.stand(None);
    house.pass(Duration::from_secs(600)).await;
    assert_eq!(house.meta.arrived().len(), 3_000);
}
