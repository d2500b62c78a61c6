//! What a reload would send, said beforehand; what had no room, said afterwards.

use std::time::Duration;

use klaxond::model::{Kind, RuleId};

use crate::support::house::House;

const PEOPLE: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Lead"
phone = "34600111333"
"#;

const RULES: &str = r#"
[[rules]]
name = "Encoders"
filter = 'element like "Enc*"'
single_events = false
on_clear = true
notify = ["NOC desk"]
[[rules]]
name = "Mux"
filter = 'element like "Mux*"'
single_events = false
on_clear = true
notify = ["Lead"]
[[rules]]
name = "Lasting"
filter = 'element = "Fan"'
single_events = false
trigger = { persist = "1m" }
on_clear = true
"#;

async fn stored(house: &House, element: &str, severity: &str) {
    let line = format!(r#"{{"element":"{element}","severity":"{severity}"}}"#);
    house.hand_in(&line).await;
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_names_the_messages_that_the_reload_then_sends() {
    let mut house = House::build(&format!("{PEOPLE}{RULES}")).await;
    for element in ["Encoder 1", "Encoder 2", "Mux 1", "Fan"] {
        stored(&house, element, "major").await;
    }
    house.pass(Duration::from_secs(20)).await;
    let told_before = house.meta.arrived().len();
    assert_eq!(told_before, 3, "the fan waits");

    // One rule takes less, one is gone, one waits on.
    let changed = format!("{PEOPLE}{RULES}")
        .replace(r#"element like "Enc*""#, r#"element = "Encoder 1""#)
        .replace("name = \"Mux\"", "name = \"Mux\"\nid = \"another\"");
    let controls = house.core.controls();
    let foreseen = controls.foresee(&house.policy(&changed)).await;
    let mut lines: Vec<String> = foreseen
        .iter()
        .map(|said| {
            assert_eq!(said.kind, Kind::Cleared);
            let (rule, contact, reason) = (&said.rule, &said.contact, &said.reason);
            format!("{rule} to {contact} ({reason}): {}", said.alarms.join(" "))
        })
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "Encoders to NOC desk (rule changed): Encoder 2",
            "Mux to Lead (rule removed): Mux 1",
        ]
    );
    house.pass(Duration::from_secs(5)).await;
    assert_eq!(house.meta.arrived().len(), told_before, "nothing is sent");

    house.reload(&changed).await;
    house.pass(Duration::from_secs(20)).await;
    let mut sent: Vec<String> = house.meta.arrived()[told_before..]
        .iter()
        .map(|arrived| arrived.text.clone())
        .collect();
    let mut texts: Vec<String> = foreseen.into_iter().map(|said| said.text).collect();
    sent.sort();
    texts.sort();
    assert_eq!(sent, texts);
    house.pass(Duration::from_secs(60)).await;
    assert_eq!(
        house.meta.arrived().len(),
        told_before + 4,
        "the wait of the third rule goes on, to both"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_of_the_same_config_would_send_nothing() {
    let config = format!("{PEOPLE}{RULES}");
    let house = House::build(&config).await;
    stored(&house, "Encoder 1", "major").await;
    house.pass(Duration::from_secs(1)).await;
    let controls = house.core.controls();
    let foreseen = controls.foresee(&house.policy(&config)).await;
    assert_eq!(foreseen, []);
}

#[tokio::test(start_paused = true)]
async fn what_had_no_room_is_counted_for_whoever_asks() {
    let config =
        format!("{PEOPLE}[correlation]\nmax_alarms_per_bucket = 2\nmax_alarms = 4\n{RULES}")
            .replace(
                "single_events = false",
                "single_events = false\ngroup_by = []",
            );
    let house = House::build(&config).await;
    for n in 0..4 {
        stored(&house, &format!("Encoder {n}"), "major").await;
    }
    house.pass(Duration::from_secs(1)).await;
    let crowding = house.core.controls().crowding();
    assert_eq!((crowding.alarms, crowding.forgotten), (4, 0));
    let left_out: Vec<_> = crowding.left_out.into_iter().collect();
    assert_eq!(left_out, [(RuleId::parse("Encoders").unwrap(), 2)]);

    stored(&house, "Mux 1", "major").await;
    house.pass(Duration::from_secs(1)).await;
    let crowding = house.core.controls().crowding();
    assert_eq!((crowding.alarms, crowding.forgotten), (4, 1));
}
