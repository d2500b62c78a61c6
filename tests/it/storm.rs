//! Storms on virtual time: phones get few messages, and every alarm is accounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use klaxond::model::{Answer as Told, MessageId, MessageState, Time};
use klaxond::store::Trail;

use crate::support::house::{House, START};
use crate::support::meta::{Answer, Arrived};

const PEOPLE: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Lead"
phone = "34600111333"
[[contacts]]
name = "Night shift"
phone = "34600111444"
[[rules]]
name = "Everything"
"#;

const ONE: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
single_events = false
on_clear = true
"#;

const OWN: &str = r#"
[templates.digest]
name = "klaxond_digest"
text = "Several alarms at once: {{1}} - {{2}} - message {{3}} of {{4}} about them."
parameters = ["{{ digest.headline }}", "{{ digest.list }}", "{{ digest.part }}", "{{ digest.parts }}"]
"#;

async fn stored(house: &House, line: &str) {
    let answers = house.hand_in(line).await;
    assert!(
        matches!(answers.as_slice(), [Told::Stored { .. }]),
        "{answers:?}"
    );
}

async fn alarm(house: &House, element: &str, severity: &str) {
    stored(
        house,
        &format!(r#"{{"element":"{element}","severity":"{severity}"}}"#),
    )
    .await;
}

/// Every message of the rules, then every digest.
async fn trails(house: &House) -> Vec<Trail> {
    let outbox = &house.core.store().outbox;
    let mut trails = Vec::new();
    for base in [0, MessageId::DIGESTS] {
        let mut id = MessageId(base + 1);
        while let Some(trail) = outbox.trail(id).await.unwrap() {
            trails.push(trail);
            id = id.next();
        }
    }
    trails
}

/// By contact, in the order of arrival.
fn phones(house: &House) -> BTreeMap<String, Vec<Arrived>> {
    let mut phones: BTreeMap<String, Vec<Arrived>> = BTreeMap::new();
    for arrived in house.meta.arrived() {
        let name = house.name_of(&arrived.phone);
        phones.entry(name).or_default().push(arrived);
    }
    phones
}

fn is_digest(arrived: &Arrived) -> bool {
    arrived.opaque.contains(":d")
}

fn after(seconds: u64) -> Time {
    START + Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn five_hundred_alarms_are_a_few_messages_and_none_is_lost() {
    let house = House::build(&format!("{PEOPLE}{OWN}")).await;
    for n in 0..500 {
        let severity = ["major", "minor", "warning"][n % 3];
        alarm(&house, &format!("E{n:03}"), severity).await;
        house.pass(Duration::from_millis(20)).await;
    }
    house.pass(Duration::from_mins(30)).await;

    let trails = trails(&house).await;
    let members: Vec<&Trail> = trails
        .iter()
        .filter(|t| !t.message.id.is_digest())
        .collect();
    assert_eq!(members.len(), 1_500);
    for trail in &members {
        assert!(
            matches!(trail.state, MessageState::Accepted | MessageState::Digested),
            "{trail:?}"
        );
    }
    let digests = trails.iter().filter(|trail| trail.message.id.is_digest());
    for trail in digests {
        assert_eq!(trail.state, MessageState::Accepted, "{trail:?}");
    }
    let phones = phones(&house);
    assert_eq!(phones.len(), 3);
    for (name, arrived) in &phones {
        assert!(arrived.len() <= 30, "{name} got {} messages", arrived.len());
        let text: String = arrived
            .iter()
            .map(|arrived| arrived.text.as_str())
            .collect();
        let alone = arrived.iter().filter(|arrived| !is_digest(arrived)).count();
        let told: BTreeSet<String> = (0..500)
            .map(|n| format!("E{n:03}"))
            .filter(|element| text.contains(element.as_str()))
            .collect();
        // What the last part of a digest sums up is counted in it.
        let summed: usize = arrived
            .iter()
            .filter_map(|arrived| arrived.text.split("and ").nth(1))
            .filter_map(|rest| rest.split(" more: ").next()?.parse::<usize>().ok())
            .sum();
        assert!(
            told.len() + summed >= 500,
            "{name}: {} and {summed}",
            told.len()
        );
        assert!(alone >= 1, "{name}: the first alarm goes by itself");
        assert!(
            arrived
                .iter()
                .all(|arrived| arrived.text.encode_utf16().count() <= 1_024)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_critical_alarm_of_a_storm_arrives_within_its_time() {
    let house = House::build(&format!("{PEOPLE}{OWN}")).await;
    for n in 0..600 {
        let critical = n % 97 == 50;
        let severity = if critical { "critical" } else { "minor" };
        alarm(&house, &format!("E{n:03}"), severity).await;
        house.pass(Duration::from_millis(500)).await;
    }
    house.pass(Duration::from_mins(10)).await;
    // digest_critical, and one slot of a phone that takes a message in six seconds.
    let patience = Duration::from_secs(30 + 6);
    for n in (0..600).filter(|n| n % 97 == 50) {
        let element = format!("E{n:03}");
        for (name, arrived) in phones(&house) {
            let first = arrived
                .iter()
                .find(|arrived| arrived.text.contains(&element));
            let at = first
                .unwrap_or_else(|| panic!("{name} was not told of {element}"))
                .at;
            let came = START + Duration::from_millis(500) * u32::try_from(n).unwrap();
            assert!(
                at.since(came) <= patience,
                "{name}, {element}: {:?}",
                at.since(came)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_in_an_hour_without_meta_is_one_digest() {
    let house = House::build(&format!("{ONE}{OWN}")).await;
    alarm(&house, "Before", "critical").await;
    house.pass(Duration::from_secs(1)).await;
    house.meta.stand_with(Some(Answer::Unreachable));
    for n in 0..60 {
        alarm(
            &house,
            &format!("E{n:02}"),
            if n == 7 { "critical" } else { "major" },
        )
        .await;
        house.pass(Duration::from_mins(1)).await;
    }
    stored(
        &house,
        r#"{"element":"E03","severity":"normal","status":"cleared"}"#,
    )
    .await;
    stored(
        &house,
        r#"{"element":"Before","severity":"normal","status":"cleared"}"#,
    )
    .await;
    house.meta.stand_with(None);
    house.pass(Duration::from_mins(30)).await;

    let arrived = &phones(&house)["NOC desk"];
    // The worst is what finds out that Meta is back; all the rest comes as one.
    let [before, worst, digest] = arrived.as_slice() else {
        panic!("{arrived:#?}");
    };
    assert!(before.text.starts_with("Alarm: Before is Critical"));
    assert!(worst.text.starts_with("Alarm: E07 is Critical"));
    let text = &digest.text;
    assert!(is_digest(digest) && digest.at >= after(3_600));
    let headline = "59 alarms: 58 Major, 1 ended · 59 elements · 00:00 to 01:00";
    assert!(text.contains(headline), "{text}");
    assert!(text.contains("Ended: 01:00 Before, was Critical"), "{text}");
    // It came and went while nobody could be told.
    assert!(!text.contains("E03"), "{text}");
    for n in (0..60).filter(|n| *n != 3) {
        let element = format!("E{n:02}");
        let told = arrived
            .iter()
            .filter(|one| one.text.contains(&element))
            .count();
        assert_eq!(told, 1, "{element}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_template_of_its_own_the_alarm_template_carries_it() {
    let house = House::build(PEOPLE).await;
    for n in 0..40 {
        alarm(&house, &format!("E{n:02}"), "major").await;
    }
    house.pass(Duration::from_mins(10)).await;
    for (name, arrived) in phones(&house) {
        let digest = arrived.iter().find(|arrived| is_digest(arrived));
        let text = &digest
            .unwrap_or_else(|| panic!("{name} got no digest"))
            .text;
        assert!(
            text.starts_with("Alarm: ") && text.contains(" alarms"),
            "{text}"
        );
        assert!(
            text.contains("is Major (New alarm), value Major: 00:00 E"),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_digest_held_goes_one_by_one() {
    let house = House::build(&format!("{ONE}{OWN}")).await;
    house.meta.refuse_template("klaxond_digest", Some(132_001));
    for n in 0..40 {
        alarm(&house, &format!("E{n:02}"), "major").await;
    }
    house.pass(Duration::from_mins(30)).await;
    let arrived = &phones(&house)["NOC desk"];
    assert_eq!(arrived.len(), 40, "{arrived:#?}");
    let trails = trails(&house).await;
    let (digests, members): (Vec<&Trail>, Vec<&Trail>) = trails
        .iter()
        .partition(|trail| trail.message.id.is_digest());
    assert!(!digests.is_empty());
    assert!(
        digests
            .iter()
            .all(|trail| trail.state == MessageState::Failed),
        "{digests:#?}"
    );
    assert!(
        members
            .iter()
            .all(|trail| trail.state == MessageState::Accepted)
    );
    assert!(
        house
            .core
            .store()
            .outbox
            .untold(MessageId(0), 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn a_digest_under_way_when_the_process_dies_is_told_again_and_nothing_after_it_is_lost() {
    let config = format!("{ONE}{OWN}");
    let house = House::build(&config).await;
    for n in 0..40 {
        alarm(&house, &format!("E{n:02}"), "major").await;
    }
    let digest = MessageId(MessageId::DIGESTS + 1);
    let slow = Answer::Slow(Duration::from_millis(700));
    house.meta.stand_with(Some(slow));
    let outbox = || &house.core.store().outbox;
    loop {
        let trail = outbox().trail(digest).await.unwrap();
        if trail.is_some_and(|trail| trail.state == MessageState::Sending) {
            break;
        }
        house.pass(Duration::from_millis(500)).await;
        assert!(house.clock.now() < after(600), "no digest goes");
    }
    house.meta.stand_with(None);
    let house = house.crash_and_restart(&config).await;
    alarm(&house, "Late", "critical").await;
    house.pass(Duration::from_mins(30)).await;
    let arrived = &phones(&house)["NOC desk"];
    let text: String = arrived
        .iter()
        .map(|arrived| arrived.text.as_str())
        .collect();
    for n in 0..40 {
        assert!(text.contains(&format!("E{n:02}")), "E{n:02} was lost");
    }
    assert!(text.contains("Late"), "{text}");
    let outbox = &house.core.store().outbox;
    let trail = outbox.trail(digest).await.unwrap().unwrap();
    let outcomes = trail.attempts.iter().map(|attempt| {
        let end = attempt.end.as_ref();
        end.map_or("", |end| end.outcome.as_str())
    });
    assert_eq!(outcomes.collect::<Vec<_>>(), ["unknown", "accepted"]);
    for trail in trails(&house).await {
        assert!(
            matches!(trail.state, MessageState::Accepted | MessageState::Digested),
            "{trail:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_cannot_reach_its_contact_fails_once_and_the_fallback_hears_of_it() {
    let pager = "[fallback]\ncommand = [\"/nowhere/pager\"]\n";
    let house = House::build(&format!("{pager}{ONE}{OWN}")).await;
    for n in 0..40 {
        alarm(&house, &format!("E{n:02}"), "major").await;
    }
    while !house.meta.arrived().iter().any(is_digest) {
        house.pass(Duration::from_secs(1)).await;
        assert!(house.clock.now() < after(600), "no digest goes");
    }
    for n in 40..80 {
        alarm(&house, &format!("E{n:02}"), "major").await;
    }
    house.meta.stand(Some(131_026));
    house.pass(Duration::from_mins(30)).await;
    let trails = trails(&house).await;
    let failed: Vec<MessageId> = trails
        .iter()
        .filter(|trail| trail.state == MessageState::Failed)
        .map(|trail| trail.message.id)
        .collect();
    assert!(failed.iter().any(|id| id.is_digest()), "{failed:?}");
    assert!(
        trails.iter().all(|trail| !trail.state.is_pending()),
        "nothing is tried again"
    );
    let untold = house.core.store().outbox.untold(MessageId(0), 100).await;
    let untold: Vec<MessageId> = untold
        .unwrap()
        .iter()
        .map(|untold| untold.envelope.message.id)
        .collect();
    assert_eq!(untold, failed, "each that failed, and none of its members");
}
