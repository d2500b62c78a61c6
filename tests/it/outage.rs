//! Meta in trouble for a moment or for hours, on virtual time: nothing is lost, nobody is flooded.

use std::time::Duration;

use klaxond::model::{Answer as Told, MessageId, MessageState, Severity};
use klaxond::pipeline::Clock;
use klaxond::store::Untold;

use crate::support::house::{House, START};
use crate::support::meta::Answer;

const HOUR: Duration = Duration::from_hours(1);

const ONE: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

const TWO: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Lead"
phone = "34600111333"
[[rules]]
name = "Everything"
"#;

/// A command that cannot be run: what it should hear of stays in the outbox, to be looked at.
const NO_PAGER: &str = "[fallback]\ncommand = [\"/nowhere/pager\"]\n";

async fn stored(house: &House, element: &str, severity: &str) {
    let line = format!(r#"{{"element":"{element}","severity":"{severity}"}}"#);
    let answers = house.hand_in(&line).await;
    assert!(
        matches!(answers.as_slice(), [Told::Stored { .. }]),
        "{answers:?}"
    );
}

/// Seconds after the start, contact, element of what arrived.
fn arrived(house: &House) -> Vec<(u64, String, String)> {
    let arrived = house.meta.arrived().into_iter();
    arrived
        .map(|arrived| {
            let element = arrived.text.split_whitespace().nth(1).unwrap().to_owned();
            let at_s = arrived.at.since(START).as_secs();
            (at_s, house.name_of(&arrived.phone), element)
        })
        .collect()
}

fn elements(house: &House) -> Vec<String> {
    arrived(house)
        .into_iter()
        .map(|(_, _, element)| element)
        .collect()
}

async fn untold(house: &House) -> Vec<Untold> {
    let outbox = &house.core.store().outbox;
    outbox.untold(MessageId::default(), 10_000).await.unwrap()
}

async fn count(house: &House, state: MessageState) -> u64 {
    house
        .core
        .store()
        .outbox
        .tally()
        .await
        .unwrap()
        .count(state)
}

#[tokio::test(start_paused = true)]
async fn what_came_while_meta_was_unreachable_goes_out_by_severity_then_by_the_log() {
    let house = House::build(ONE).await;
    house.meta.stand_with(Some(Answer::Unreachable));
    let alarms = [
        ("E1", "minor"),
        ("E2", "critical"),
        ("E3", "major"),
        ("E4", "critical"),
        ("E5", "minor"),
        ("E6", "major"),
    ];
    for (element, severity) in alarms {
        stored(&house, element, severity).await;
        house.pass(HOUR / 2).await;
    }
    assert!(elements(&house).is_empty());
    house.meta.stand_with(None);
    house.pass(HOUR / 2).await;
    assert_eq!(elements(&house), ["E2", "E4", "E3", "E6", "E1", "E5"]);
    assert_eq!(count(&house, MessageState::Accepted).await, 6);
}

#[tokio::test(start_paused = true)]
async fn limits_hold_when_meta_comes_back() {
    let house = House::build(&format!(
        "[delivery]\nstorm = \"off\"\nper_contact = \"1/6s, burst 3\"\n{ONE}"
    ))
    .await;
    house.meta.stand_with(Some(Answer::Unreachable));
    for n in 0..20 {
        stored(&house, &format!("E{n}"), "critical").await;
    }
    house.pass(HOUR).await;
    house.meta.stand_with(None);
    house.pass(HOUR / 2).await;
    let times: Vec<u64> = arrived(&house).into_iter().map(|(at, ..)| at).collect();
    assert_eq!(times.len(), 20);
    for (n, window) in times.windows(4).enumerate() {
        assert!(
            window[3] - window[0] >= 5,
            "four at once from {n}: {times:?}"
        );
    }
    assert!(times[19] - times[0] >= 16 * 6, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn meta_is_paid_back_what_it_lent_so_that_it_refuses_nothing() {
    for storm in ["storm = \"off\"\n", ""] {
        let limits = format!("[delivery]\n{storm}{ONE}");
        let house = House::build(&limits).await;
        house.meta.keep_pair_limit();
        let mut count = 0;
        // At once, at about the pace, then again and again while the last burst is owed.
        for (alarms, pause) in [(4, 0), (3, 7), (5, 1), (1, 40), (6, 0), (4, 5), (2, 13)] {
            for n in 0..alarms {
                let severity = ["major", "critical"][n % 2];
                stored(&house, &format!("E{count}"), severity).await;
                count += 1;
                house.pass(Duration::from_secs(pause)).await;
            }
        }
        house.pass(HOUR).await;
        assert_eq!(house.meta.over_limit(), 0);
        // Also by the next process.
        stored(&house, "F0", "critical").await;
        stored(&house, "F1", "critical").await;
        house.pass(Duration::from_secs(8)).await;
        let house = house.crash_and_restart(&limits).await;
        stored(&house, "F2", "critical").await;
        house.pass(HOUR).await;
        assert_eq!(house.meta.over_limit(), 0);
        assert!(house.meta.arrived().len() > 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_event_that_waited_too_long_goes_to_the_fallback_and_intake_goes_on() {
    let house = House::build(&format!("{NO_PAGER}{ONE}")).await;
    house.meta.stand_with(Some(Answer::Unreachable));
    stored(&house, "E1", "critical").await;
    house.pass(3 * HOUR).await;
    stored(&house, "E2", "minor").await;
    house.pass(2 * HOUR).await;
    let due = untold(&house).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].envelope.notification.alarm.element, "E1");
    assert_eq!(
        due[0].envelope.notification.alarm.severity,
        Severity::Critical
    );
    assert_eq!(count(&house, MessageState::Expired).await, 1);
    house.meta.stand_with(None);
    house.pass(HOUR / 2).await;
    assert_eq!(elements(&house), ["E2"]);
}

#[tokio::test(start_paused = true)]
async fn the_pair_limit_pauses_one_lane_only() {
    let house = House::build(TWO).await;
    house
        .meta
        .answer_next(Some("34600111222"), Answer::Error(131_056));
    stored(&house, "E1", "major").await;
    house.pass(Duration::from_millis(500)).await;
    assert_eq!(arrived(&house), [(0, "Lead".into(), "E1".into())]);
    stored(&house, "E2", "critical").await;
    house.pass(Duration::from_millis(400)).await;
    assert_eq!(
        arrived(&house)[1..],
        [(0, "Lead".into(), "E2".into())],
        "the other lane goes on; the paused one does not"
    );
    house.pass(Duration::from_secs(30)).await;
    assert_eq!(arrived(&house).len(), 4);
    assert!(arrived(&house)[2].0 >= 1, "4^0 s and never less");
}

#[tokio::test(start_paused = true)]
async fn a_throughput_refusal_pauses_the_number_and_loses_nothing() {
    let house = House::build(TWO).await;
    house.meta.answer_next(None, Answer::Error(130_429));
    for n in 0..3 {
        stored(&house, &format!("E{n}"), "major").await;
    }
    house.pass(Duration::from_secs(120)).await;
    assert_eq!(arrived(&house).len(), 6);
    assert_eq!(count(&house, MessageState::Accepted).await, 6);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_paused_holds_its_own_messages_alone() {
    let config = format!(
        r#"{NO_PAGER}
        [[contacts]]
        name = "NOC desk"
        phone = "34600111222"
        [[rules]]
        name = "Fans"
        filter = 'element like "Fan*"'
        template = "fan"
        [[rules]]
        name = "Others"
        filter = 'not element like "Fan*"'
        [templates.fan]
        name = "klaxond_fan"
        language = "en_US"
        text = "Alarm: {{{{1}}}} needs a hand, please."
        parameters = ["{{{{ alarm.element }}}}"]
        "#
    );
    let house = House::build(&config).await;
    house.meta.refuse_template("klaxond_fan", Some(132_015));
    stored(&house, "Fan1", "critical").await;
    stored(&house, "E1", "minor").await;
    house.pass(HOUR).await;
    assert_eq!(elements(&house), ["E1"]);
    assert_eq!(house.meta.posts(), 2, "a hold is not tried with messages");
    house.meta.refuse_template("klaxond_fan", None);
    house.pass(Duration::from_secs(400)).await;
    assert_eq!(elements(&house), ["E1", "Fan1"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_does_not_block_its_lane_and_the_repeat_says_so() {
    let house = House::build(ONE).await;
    house
        .meta
        .answer_next(None, Answer::Lost { delivered: true });
    stored(&house, "E1", "critical").await;
    house.pass(Duration::from_millis(100)).await;
    stored(&house, "E2", "minor").await;
    house.pass(Duration::from_millis(100)).await;
    assert_eq!(elements(&house), ["E1", "E2"], "E2 does not wait for E1");
    house.pass(Duration::from_secs(60)).await;
    let arrived = house.meta.arrived();
    assert_eq!(arrived.len(), 3, "sent again once");
    assert!(
        arrived[2].text.contains("E1") && arrived[2].text.contains("repeated"),
        "{}",
        arrived[2].text
    );
    assert_eq!(arrived[2].opaque, arrived[0].opaque);
}

#[tokio::test(start_paused = true)]
async fn after_three_lost_answers_the_fallback_is_told_also_over_crashes() {
    let mut house = House::build(&format!("{NO_PAGER}{ONE}")).await;
    stored_under_way(&house, "E1").await;
    for kill in 1..=2 {
        house = house.crash_and_restart(&format!("{NO_PAGER}{ONE}")).await;
        house
            .meta
            .answer_next(None, Answer::Slow(Duration::from_secs(100)));
        house.pass(Duration::from_secs(20)).await;
        assert_eq!(house.meta.posts(), 1 + kill, "it is sent again");
        assert!(untold(&house).await.is_empty());
    }
    let house = house.crash_and_restart(&format!("{NO_PAGER}{ONE}")).await;
    house.pass(HOUR).await;
    assert_eq!(house.meta.posts(), 3, "three are enough");
    let due = untold(&house).await;
    assert_eq!(due.len(), 1);
    assert!(due[0].reason.contains("3 attempts"), "{}", due[0].reason);
    assert_eq!(count(&house, MessageState::Failed).await, 1);
}

async fn stored_under_way(house: &House, element: &str) {
    let slow = Answer::Slow(Duration::from_secs(100));
    house.meta.answer_next(None, slow);
    stored(house, element, "major").await;
    house.pass(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn of_thousands_of_failures_at_once_the_fallback_misses_none() {
    let limits =
        "[delivery]\nstorm = \"off\"\nper_contact = \"10000/s\"\nthroughput = \"10000/s\"\n";
    let house = House::build(&format!("{limits}{NO_PAGER}{ONE}")).await;
    house.meta.stand(Some(131_026));
    for n in 0..1_500 {
        stored(&house, &format!("E{n}"), "major").await;
    }
    house.pass(HOUR).await;
    assert_eq!(untold(&house).await.len(), 1_500);
    let house = house
        .crash_and_restart(&format!("{limits}{NO_PAGER}{ONE}"))
        .await;
    assert_eq!(untold(&house).await.len(), 1_500, "nor over a crash");
}

#[tokio::test(start_paused = true)]
async fn retention_keeps_what_the_fallback_has_not_heard() {
    let house = House::build(&format!("{NO_PAGER}{ONE}")).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    stored(&house, "E1", "major").await;
    stored(&house, "E2", "major").await;
    house.pass(HOUR).await;
    let store = house.core.store();
    store.archive.prune(house.clock.now(), 100).await.unwrap();
    assert_eq!(untold(&house).await.len(), 1);
    store.outbox.told(MessageId(1)).await.unwrap();
    store.archive.prune(house.clock.now(), 100).await.unwrap();
    assert_eq!(store.outbox.trail(MessageId(1)).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn after_a_week_in_shadow_mode_the_first_real_alarms_find_their_limits_unspent() {
    let limits = "[delivery]\nstorm = \"off\"\nper_contact = \"1/6s, burst 3\"\n";
    let shadow = format!("{limits}mode = \"shadow\"\n{ONE}");
    let house = House::build(&shadow).await;
    for n in 0..50 {
        stored(&house, &format!("S{n}"), "critical").await;
    }
    house.pass(Duration::from_secs(1)).await;
    let house = house.restart(&format!("{limits}{ONE}")).await;
    for n in 0..3 {
        stored(&house, &format!("E{n}"), "critical").await;
    }
    house.pass(Duration::from_millis(10)).await;
    assert_eq!(elements(&house), ["E0", "E1", "E2"]);
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_wall_clock_forward_expires_nothing_and_ends_no_wait() {
    let house = House::build(ONE).await;
    house.meta.stand(Some(190));
    stored(&house, "E1", "major").await;
    house.pass(HOUR).await;
    let day_ms = 24 * 3_600_000;
    house.clock.set_wall(day_ms);
    house.core.controls().follow_clock().await;
    assert_eq!(house.clock.now(), house.clock.wall());
    stored(&house, "E2", "major").await;
    house.pass(2 * HOUR).await;
    assert_eq!(count(&house, MessageState::Expired).await, 0);
    let trail = house.core.store().outbox.trail(MessageId(2)).await;
    let second = trail.unwrap().unwrap().message;
    assert_eq!(
        second.created,
        START + HOUR + 24 * HOUR,
        "the engine's time is the wall's, and went on once"
    );
    house.meta.stand(None);
    house.pass(HOUR / 2).await;
    assert_eq!(elements(&house), ["E1", "E2"]);
    let saved = house.core.store().state.load().await.unwrap();
    assert!(saved.engine_time <= house.clock.now());
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_is_set_back_changes_nothing() {
    let house = House::build(ONE).await;
    house.clock.set_wall(-7_200_000);
    house.core.controls().follow_clock().await;
    stored(&house, "E1", "major").await;
    house.pass(Duration::from_secs(1)).await;
    house.clock.set_wall(7_200_000);
    house.core.controls().follow_clock().await;
    stored(&house, "E2", "major").await;
    house.pass(Duration::from_secs(60)).await;
    assert_eq!(elements(&house), ["E1", "E2"]);
    assert_eq!(house.clock.now(), START + Duration::from_secs(61));
}

#[tokio::test(start_paused = true)]
async fn a_restart_on_a_machine_whose_clock_is_behind_goes_on_from_the_saved_time() {
    let house = House::build(ONE).await;
    stored(&house, "E1", "major").await;
    house.meta.answer_next(None, Answer::Error(131_056));
    stored(&house, "E2", "major").await;
    let behind = Clock::virtual_from(START - 24 * HOUR);
    let house = house.restart_on(ONE, behind).await;
    assert!(house.clock.now() >= START, "engine time never goes back");
    stored(&house, "E3", "major").await;
    house.pass(Duration::from_secs(120)).await;
    let mut elements = elements(&house);
    elements.sort();
    assert_eq!(elements, ["E1", "E2", "E3"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_meta_delays_its_own_lane_alone() {
    let house = House::build(TWO).await;
    let slow = Answer::Slow(Duration::from_secs(25));
    house.meta.answer_next(Some("34600111222"), slow);
    stored(&house, "E1", "major").await;
    house.pass(Duration::from_secs(1)).await;
    stored(&house, "E2", "critical").await;
    house.pass(Duration::from_secs(60)).await;
    let of = |name: &str| -> Vec<(u64, String)> {
        let all = arrived(&house).into_iter();
        all.filter(|(_, contact, _)| contact == name)
            .map(|(at, _, element)| (at, element))
            .collect()
    };
    assert_eq!(of("Lead"), [(0, "E1".into()), (1, "E2".into())]);
    assert_eq!(
        of("NOC desk"),
        [(25, "E1".into()), (25, "E2".into())],
        "one at a time"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_dies_in_klaxond_itself_counts_as_lost_and_blocks_nobody() {
    let house = House::build(&format!("{NO_PAGER}{ONE}")).await;
    for _ in 0..4 {
        house.meta.answer_next(None, Answer::Panic);
    }
    stored(&house, "E1", "critical").await;
    house.pass(HOUR).await;
    assert_eq!(house.meta.posts(), 3);
    assert_eq!(
        untold(&house).await.len(),
        1,
        "three times, then the fallback"
    );
    stored(&house, "E2", "major").await;
    house.pass(Duration::from_secs(60)).await;
    assert_eq!(elements(&house), ["E2"]);
}
