//! Sources that must be heard of: silence is an alarm, through the rules, once.

use std::time::Duration;

use klaxond::model::{Severity, Time};
use klaxond::pipeline::heartbeat::{Expectation, Heartbeats};

use crate::support::house::House;

const PEOPLE: &str = "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n";

const RULE: &str = "[[rules]]\nname = \"Silent\"\nfilter = 'parameter = \"heartbeat\"'\n\
                    single_events = false\non_clear = true\n";

const EXPECT: &str = "[[expect]]\nsource = \"prometheus\"\nname = \"Prometheus in Lab\"\nwithin = \"5m\"\nseverity = \"major\"\nelement = \"Lab\"\n";

const MINUTE: Duration = Duration::from_secs(60);

fn config() -> String {
    format!("{PEOPLE}{RULE}{EXPECT}")
}

const RECORD: &str = r#"{"element":"E1","severity":"minor","source":"prometheus"}"#;

fn texts(house: &House) -> Vec<String> {
    let arrived = house.meta.arrived();
    arrived.into_iter().map(|one| one.text).collect()
}

fn silent(house: &House) -> bool {
    house.core.controls().expected()[0].silent
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_once_and_its_end_too() {
    let house = House::build(&config()).await;
    house.pass(MINUTE * 4).await;
    assert!(texts(&house).is_empty(), "a full span of grace");
    house.pass(MINUTE * 60).await;
    assert_eq!(texts(&house).len(), 1, "once: {:?}", texts(&house));
    assert!(texts(&house)[0].contains("Lab is Major (New alarm), value silent for 5 minutes"));
    let expected = house.core.controls().expected();
    assert_eq!(expected.len(), 1);
    assert_eq!(
        (expected[0].source.as_str(), expected[0].name.as_str()),
        ("prometheus", "Prometheus in Lab")
    );
    assert_eq!((expected[0].heard, expected[0].silent), (None, true));
    // What no rule wants is heard all the same.
    house.hand_in(RECORD).await;
    house.pass(Duration::from_secs(10)).await;
    assert_eq!(texts(&house).len(), 2);
    assert!(texts(&house)[1].contains("Lab is Normal (Cleared), value heard again"));
    assert!(!silent(&house));
    assert!(house.core.controls().expected()[0].heard.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_word_by_hand_counts_and_strangers_do_not() {
    let house = House::build(&config()).await;
    let controls = house.core.controls();
    for _ in 0..10 {
        house.pass(MINUTE * 4).await;
        assert!(controls.heard("PROMETHEUS"));
        assert!(!controls.heard("zabbix"));
        assert!(!controls.heard(""));
    }
    assert!(texts(&house).is_empty());
    house.pass(MINUTE * 6).await;
    assert_eq!(texts(&house).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_restart_neither_repeats_the_alarm_nor_forgets_it() {
    let house = House::build(&config()).await;
    house.pass(MINUTE * 6).await;
    assert_eq!(texts(&house).len(), 1);
    let house = house.crash_and_restart(&config()).await;
    assert!(silent(&house), "asked of the store");
    house.pass(MINUTE * 30).await;
    assert_eq!(texts(&house).len(), 1);
    let house = house.restart(&config()).await;
    house.hand_in(RECORD).await;
    house.pass(MINUTE).await;
    assert_eq!(texts(&house).len(), 2);
    assert!(!silent(&house));
}

#[tokio::test(start_paused = true)]
async fn what_is_expected_no_more_ends() {
    let without = format!("{PEOPLE}{RULE}");
    let mut house = House::build(&config()).await;
    house.pass(MINUTE * 6).await;
    house.reload(&without).await;
    house.pass(MINUTE).await;
    assert_eq!(texts(&house).len(), 2);
    assert!(texts(&house)[1].contains("(Cleared), value no longer expected"));
    assert!(house.core.controls().expected().is_empty());
    // Also when the config changed while it was down.
    house.reload(&config()).await;
    house.pass(MINUTE * 6).await;
    assert_eq!(texts(&house).len(), 3);
    let house = house.restart(&without).await;
    house.pass(MINUTE).await;
    assert_eq!(texts(&house).len(), 4);
    assert!(texts(&house)[3].contains("no longer expected"));
}

#[tokio::test(start_paused = true)]
async fn a_reload_gives_grace_and_keeps_what_stands() {
    let mut house = House::build(&config()).await;
    house.pass(MINUTE * 4).await;
    house.reload(&config()).await;
    house.pass(MINUTE * 4).await;
    assert!(texts(&house).is_empty());
    house.pass(MINUTE * 2).await;
    assert_eq!(texts(&house).len(), 1);
    house.reload(&config()).await;
    house.pass(MINUTE * 20).await;
    assert_eq!(texts(&house).len(), 1, "it stands, and was told");
}

#[tokio::test(start_paused = true)]
async fn an_alarm_that_no_rule_wanted_is_raised_when_one_does() {
    let deaf = config().replace("heartbeat", "other");
    let mut house = House::build(&deaf).await;
    house.pass(MINUTE * 6).await;
    assert!(texts(&house).is_empty());
    assert!(silent(&house), "status tells it all the same");
    house.reload(&config()).await;
    house.pass(MINUTE * 6).await;
    assert_eq!(texts(&house).len(), 1);
}

fn expectation(source: &str) -> Expectation {
    Expectation {
        source: source.to_owned(),
        name: source.to_owned(),
        within: MINUTE * 5,
        severity: Severity::Critical,
        element: source.to_owned(),
    }
}

#[test]
fn a_jump_of_the_clock_is_no_silence() {
    let heartbeats = Heartbeats::default();
    let start = Time::from_ms(1_767_225_600_000);
    heartbeats.expect(start, &[expectation("a"), expectation("b")]);
    assert!(heartbeats.heard(start + MINUTE, "a"));
    heartbeats.rebase(MINUTE * 60);
    let now = start + MINUTE * 62;
    assert!(heartbeats.due(now).is_empty());
    assert_eq!(heartbeats.next_deadline(), Some(start + MINUTE * 65));
    let due = heartbeats.due(start + MINUTE * 65);
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].record.element, "b");
    assert_eq!(due[0].record.comment, "b: not heard since the start");
    // The same again until it was taken.
    assert_eq!(heartbeats.due(start + MINUTE * 65).len(), 1);
    heartbeats.taken(&due[0], true);
    assert!(heartbeats.due(start + MINUTE * 65).is_empty());
    assert_eq!(heartbeats.next_deadline(), Some(start + MINUTE * 66));
}

#[test]
fn sources_are_known_in_any_case() {
    let heartbeats = Heartbeats::default();
    heartbeats.expect(Time::default(), &[expectation("Überwachung")]);
    for (source, known) in [
        ("ÜBERWACHUNG", true),
        ("überwachung", true),
        ("uberwachung", false),
    ] {
        assert_eq!(heartbeats.heard(Time::default(), source), known, "{source}");
    }
}
