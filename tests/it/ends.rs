//! Whoever was told that something began is told its end, when the beginning has trouble getting there.

use std::time::Duration;

use klaxond::model::MessageState;

use crate::support::house::House;
use crate::support::meta::Answer;

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Encoders"
single_events = false
on_clear = true
"#;

const BEGINS: &str = r#"{"element":"E1","severity":"major"}"#;
const ENDS: &str = r#"{"element":"E1","severity":"normal"}"#;

const MINUTE: Duration = Duration::from_secs(60);

async fn begins_then_ends(house: &House, lasts: Duration) {
    house.hand_in(BEGINS).await;
    house.pass(lasts).await;
    house.hand_in(ENDS).await;
}

fn texts(house: &House) -> Vec<String> {
    let arrived = house.meta.arrived().into_iter();
    arrived.map(|arrived| arrived.text).collect()
}

async fn count(house: &House, state: MessageState) -> u64 {
    let tally = house.core.store().outbox.tally().await.unwrap();
    tally.count(state)
}

#[tokio::test(start_paused = true)]
async fn what_began_and_ended_before_it_could_be_told_is_not_told() {
    let house = House::build(CONFIG).await;
    house.meta.stand(Some(190));
    begins_then_ends(&house, MINUTE).await;
    house.pass(MINUTE).await;
    house.meta.stand(None);
    house.pass(6 * MINUTE).await;
    assert_eq!(texts(&house), Vec::<String>::new());
    assert_eq!(count(&house, MessageState::Superseded).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_was_away_at_the_beginning_is_not_told_the_end() {
    let away = CONFIG.replace("NOC desk", "Lead");
    let mut house = House::build(CONFIG).await;
    house.meta.stand(Some(190));
    house.hand_in(BEGINS).await;
    house.pass(MINUTE).await;
    house.reload(&away).await;
    house.pass(MINUTE).await;
    assert_eq!(count(&house, MessageState::Expired).await, 1);
    house.meta.stand(None);
    house.reload(CONFIG).await;
    let house = house.crash_and_restart(CONFIG).await;
    house.hand_in(ENDS).await;
    house.pass(10 * MINUTE).await;
    assert_eq!(texts(&house), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_told_has_no_end_that_is() {
    let house = House::build(CONFIG).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    begins_then_ends(&house, MINUTE).await;
    house.pass(10 * MINUTE).await;
    assert_eq!(texts(&house), Vec::<String>::new());
    assert_eq!(count(&house, MessageState::Failed).await, 1);
    assert_eq!(count(&house, MessageState::Superseded).await, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_heard_by_an_update_only_is_told_the_end() {
    let config = CONFIG.replace("on_clear = true", "on_clear = true\non_update = true");
    let house = House::build(&config).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    house.hand_in(BEGINS).await;
    house.pass(MINUTE).await;
    house
        .hand_in(r#"{"element":"E1","severity":"critical"}"#)
        .await;
    house.pass(MINUTE).await;
    house.hand_in(ENDS).await;
    house.pass(10 * MINUTE).await;
    let texts = texts(&house);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("Critical") && texts[1].contains("Normal"));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_told_is_ended() {
    let house = House::build(CONFIG).await;
    house.hand_in(BEGINS).await;
    house.pass(MINUTE).await;
    let house = house.crash_and_restart(CONFIG).await;
    house.hand_in(ENDS).await;
    house.pass(MINUTE).await;
    assert_eq!(texts(&house).len(), 2);
    assert_eq!(count(&house, MessageState::Superseded).await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_told_and_began_again_unheard_is_ended() {
    let house = House::build(CONFIG).await;
    house.hand_in(BEGINS).await;
    house.pass(MINUTE).await;
    house.meta.stand(Some(190));
    let again = r#"{"element":"E1","severity":"major","type":"New alarm"}"#;
    house.hand_in(again).await;
    house.pass(MINUTE).await;
    house.hand_in(ENDS).await;
    house.pass(MINUTE).await;
    house.meta.stand(None);
    house.pass(6 * MINUTE).await;
    let texts = texts(&house);
    assert!(texts.len() > 1, "{texts:?}");
    let last = texts.last().unwrap();
    assert!(last.contains("Normal"), "{texts:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_raised_that_was_taken_out_while_nothing_ran_ends_at_the_start() {
    let house = House::build(CONFIG).await;
    house.hand_in(BEGINS).await;
    house.pass(MINUTE).await;
    let other = CONFIG.replace("Encoders", "Others");
    let house = house.crash_and_restart(&other).await;
    // Nothing comes that could bring it about.
    house.pass(MINUTE).await;
    assert_eq!(texts(&house).len(), 2);
    let house = house.restart(&other).await;
    house.pass(MINUTE).await;
    assert_eq!(texts(&house).len(), 2, "and once");
}

#[tokio::test(start_paused = true)]
async fn what_begins_again_in_the_same_moment_does_not_overtake_its_end() {
    let house = House::build(
        "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
         [[rules]]\nname = \"Everything\"\nsingle_events = false\non_clear = true\n",
    )
    .await;
    house.hand_in(BEGINS).await;
    house.pass(Duration::from_mins(5)).await;
    tokio::join!(house.hand_in(ENDS), house.hand_in(BEGINS));
    house.pass(Duration::from_mins(5)).await;
    let arrived = house.meta.arrived().into_iter();
    let severities: Vec<String> = arrived
        .map(|arrived| arrived.text.split_whitespace().nth(3).unwrap().to_owned())
        .collect();
    assert_eq!(severities, ["Major", "Normal", "Major"]);
}
