//! What has to go again does not come after a later word on its alarm.

use klaxond::model::{MessageId, MessageState, Stage};

use crate::support::house::House;
use crate::support::returns::*;

const FOLLOWED: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
single_events = false
on_clear = true
on_update = true
"#;

/// E1, E2 and so on become this bad, or are over.
async fn turn(house: &House, severity: &str, elements: &[&str]) {
    for element in elements {
        let line = format!(r#"{{"element":"{element}","severity":"{severity}"}}"#);
        house.hand_in(&line).await;
    }
    house.pass(60 * SECOND).await;
}

/// Meta took each of these, in the order of arrival, and says that it gave them up.
async fn give_up(house: &House, posts: &[usize], code: u32) {
    let arrived = house.meta.arrived();
    let statuses = posts
        .iter()
        .map(|n| status(&arrived[*n], true, Stage::Failed, Some(code)));
    take(house, statuses.collect()).await;
    house.pass(HOUR).await;
}

fn texts(house: &House) -> Vec<String> {
    let arrived = house.meta.arrived().into_iter();
    arrived.map(|arrived| arrived.text).collect()
}

async fn superseded_by(house: &House, id: i64) -> Option<i64> {
    let trail = trail(house, id).await;
    assert_eq!(trail.state, MessageState::Superseded, "{trail:?}");
    assert!(!trail.reason.is_empty());
    trail.successor.map(|id| id.0)
}

#[tokio::test(start_paused = true)]
async fn what_meta_gave_up_does_not_go_again_after_the_end_of_its_alarm() {
    let house = House::build(&format!("{WEBHOOK}{NO_PAGER}{FOLLOWED}")).await;
    turn(&house, "critical", &["E1"]).await;
    turn(&house, "major", &["E1"]).await;
    turn(&house, "normal", &["E1"]).await;
    give_up(&house, &[0, 1], 131_000).await;
    let texts = texts(&house);
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(texts[2].contains("Cleared"), "{}", texts[2]);
    assert_eq!(superseded_by(&house, 1).await, Some(3));
    assert_eq!(superseded_by(&house, 2).await, Some(3));
    assert!(untold(&house).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_meta_gave_up_goes_again_while_nothing_later_was_told() {
    let house = House::build(&format!("{WEBHOOK}{NO_PAGER}{FOLLOWED}")).await;
    turn(&house, "critical", &["E1"]).await;
    turn(&house, "major", &["E2"]).await;
    give_up(&house, &[0], 131_000).await;
    assert_eq!(texts(&house).len(), 3, "{:?}", texts(&house));
    assert_eq!(trail(&house, 1).await.state, MessageState::Accepted);
    // An update tells what the raise told; the end has a beginning all the same.
    turn(&house, "major", &["E1"]).await;
    give_up(&house, &[2], 131_000).await;
    assert_eq!(superseded_by(&house, 1).await, Some(3));
    turn(&house, "normal", &["E1"]).await;
    assert_eq!(trail(&house, 4).await.state, MessageState::Accepted);
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_digest_held_does_not_come_after_a_later_word_on_it() {
    let storm = "[delivery]\nstorm = { after = \"2 in 30s\", digest_every = \"10s\" }\n";
    let house = House::build(&format!("{storm}{WEBHOOK}{NO_PAGER}{FOLLOWED}")).await;
    turn(&house, "critical", &["E1", "E2", "E3", "E4"]).await;
    assert_eq!(
        trail(&house, 4).await.digest,
        Some(MessageId(MessageId::DIGESTS + 1))
    );
    turn(&house, "major", &["E3"]).await;
    turn(&house, "normal", &["E4"]).await;
    assert_eq!(texts(&house).len(), 5, "{:?}", texts(&house));
    // A reason of the digest's own: what it held goes by itself.
    give_up(&house, &[2], 132_005).await;
    assert_eq!(texts(&house).len(), 5, "{:?}", texts(&house));
    assert_eq!(superseded_by(&house, 3).await, Some(5));
    assert_eq!(superseded_by(&house, 4).await, Some(6));
}
