//! What `/metrics` says, on virtual time: counted where it happens, told from memory.

use std::sync::Arc;
use std::time::Duration;

use klaxond::daemon::Metrics;
use klaxond::model::Stage;
use klaxond::pipeline::intake::Incoming;
use klaxond::whatsapp::{NumberInfo, TokenInfo};
use serde_json::json;

use crate::support::house::{House, START};
use crate::support::ingest::one;
use crate::support::meta::Answer;
use crate::support::metrics::{Scrape, scrape};
use crate::support::returns::*;

const MINUTE: Duration = Duration::from_secs(60);

const PICKY: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Critical"
filter = 'severity >= major'
single_events = false
on_clear = true
"#;

async fn hand_in_from(house: &House, origin: &str, record: Incoming) {
    let intake = house.core.intake();
    intake.take(vec![record], Arc::from(origin)).await;
}

async fn alarm(house: &House, element: &str, severity: &str) {
    let line = format!(r#"{{"element":"{element}","severity":"{severity}"}}"#);
    house.hand_in(&line).await;
}

#[tokio::test(start_paused = true)]
async fn records_are_counted_by_answer_and_by_the_way_they_came() {
    let house = House::build(PICKY).await;
    let record = |severity: &str| one(format!(r#"{{"element":"E1","severity":"{severity}"}}"#));
    hand_in_from(&house, "unix uid=0 gid=0 pid=1", record("major")).await;
    hand_in_from(
        &house,
        "unix uid=0 gid=0 pid=1",
        one(r#"{"severity":"major"}"#),
    )
    .await;
    hand_in_from(&house, "http 10.0.0.7", record("major")).await;
    hand_in_from(&house, "http 10.0.0.7 via 10.0.0.1", record("critical")).await;
    let other = one(r#"{"element":"E2","severity":"minor"}"#);
    hand_in_from(&house, "control uid=0", other).await;
    let seen = scrape(&house).await;
    for (status, front, count) in [
        ("stored", "socket", 1.0),
        ("rejected", "socket", 1.0),
        ("stored", "http", 2.0),
        ("ignored", "control", 1.0),
        ("ignored", "socket", 0.0),
        ("busy", "http", 0.0),
    ] {
        let series =
            format!("klaxond_alerts_received_total{{status=\"{status}\",front=\"{front}\"}}");
        assert_eq!(seen.get(&series), count, "{series}");
    }
    assert_eq!(seen.get("klaxond_alerts_invalid_total"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn rules_are_told_by_what_they_hold_and_say() {
    let mut house = House::build(PICKY).await;
    for element in ["E1", "E2"] {
        alarm(&house, element, "major").await;
    }
    house.pass(MINUTE).await;
    alarm(&house, "E2", "normal").await;
    house.pass(MINUTE).await;
    let seen = scrape(&house).await;
    let said = |kind| format!("klaxond_notifications_total{{rule=\"Critical\",kind=\"{kind}\"}}");
    assert_eq!(seen.get(&said("raised")), 2.0);
    assert_eq!(seen.get(&said("cleared")), 1.0);
    assert_eq!(seen.get("klaxond_alerts{state=\"active\"}"), 1.0);
    let raised = "klaxond_dispatcher_aggregation_groups_raised{rule=\"Critical\"}";
    assert_eq!(seen.get(raised), 1.0);
    assert_eq!(seen.get("klaxond_receivers"), 1.0);
    assert_eq!(seen.get("klaxond_journal_undecided_entries"), 0.0);
    assert!(seen.get("klaxond_journal_head_position") >= 3.0);
    assert!(seen.get("klaxond_journal_bytes{part=\"database\"}") > 0.0);

    // What the config does not have any more is not told for ever.
    house.reload(&PICKY.replace("Critical", "Serious")).await;
    house.pass(MINUTE).await;
    let seen = scrape(&house).await;
    assert!(!seen.has(&said("raised")) && !seen.has(raised));
    assert!(seen.has(&raised.replace("Critical", "Serious")));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_followed_from_the_alarm_to_the_phone() {
    let house = House::build(&with_receipts("")).await;
    house.meta.answer_next(None, Answer::Error(131_026));
    house.meta.answer_next(None, Answer::Error(424_242));
    house
        .meta
        .answer_next(None, Answer::Lost { delivered: false });
    house.meta.answer_next(None, Answer::Slow(2 * SECOND));
    for element in ["E1", "E2", "E3"] {
        stored(&house, element).await;
        house.pass(5 * MINUTE).await;
    }
    let seen = scrape(&house).await;
    let tried = |name| {
        seen.get(&format!(
            "klaxond_notification_requests_total{{outcome=\"{name}\"}}"
        ))
    };
    assert_eq!(
        [tried("failed"), tried("unknown"), tried("accepted")],
        [2.0, 1.0, 1.0]
    );
    let error = |code, class, scope| {
        let labels = format!("code=\"{code}\",class=\"{class}\",scope=\"{scope}\"");
        seen.get(&format!("klaxond_meta_errors_total{{{labels}}}"))
    };
    assert_eq!(error("131026", "never", "contact"), 1.0);
    assert_eq!(error("other", "never", "message"), 1.0);
    assert_eq!(seen.get("klaxond_notification_latency_seconds_count"), 4.0);
    assert_eq!(seen.get("klaxond_notification_latency_seconds_sum"), 2.0);
    let took = seen.get("klaxond_message_accept_seconds_sum");
    // The lost answer was waited for first.
    assert!((22.0..23.0).contains(&took), "{took}");

    let arrived = house.meta.arrived().remove(0);
    house.pass(3 * SECOND).await;
    for stage in [Stage::Sent, Stage::Delivered, Stage::Delivered, Stage::Read] {
        take(&house, vec![status(&arrived, true, stage, None)]).await;
    }
    let seen = scrape(&house).await;
    for (outcome, count) in [
        ("failed", 2.0),
        ("accepted", 1.0),
        ("sent", 1.0),
        ("delivered", 1.0),
        ("read", 1.0),
        ("expired", 0.0),
    ] {
        let series = format!("klaxond_messages_total{{outcome=\"{outcome}\"}}");
        assert_eq!(seen.get(&series), count, "{series}");
    }
    assert_eq!(seen.get("klaxond_message_delivery_seconds_count"), 1.0);
    let took = seen.get("klaxond_message_delivery_seconds_sum");
    assert!(took >= 3.0, "{took}");
    let updates = "klaxond_webhook_updates_total{kind=\"receipt\"}";
    assert_eq!(seen.get(updates), 4.0);
    let heard = seen.get("klaxond_webhook_last_received_timestamp_seconds");
    assert!(heard > START.as_ms() as f64 / 1_000.0, "{heard}");
}

#[tokio::test(start_paused = true)]
async fn what_meta_gives_up_later_counts_as_a_failure_too() {
    let house = House::build(&with_receipts("")).await;
    stored(&house, "E1").await;
    house.pass(MINUTE).await;
    let arrived = house.meta.arrived().remove(0);
    let failed = status(&arrived, true, Stage::Failed, Some(131_026));
    take(&house, vec![failed]).await;
    house.pass(MINUTE).await;
    let seen = scrape(&house).await;
    let error = "klaxond_meta_errors_total{code=\"131026\",class=\"never\",scope=\"contact\"}";
    assert_eq!(seen.get(error), 1.0);
    assert_eq!(seen.get("klaxond_messages_total{outcome=\"failed\"}"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_told_with_its_age_and_with_what_holds_it() {
    let house = House::build(&format!("[delivery]\nstorm = \"off\"\n{ONE}")).await;
    let seen = scrape(&house).await;
    assert_eq!(seen.get("klaxond_queue_oldest_age_seconds"), 0.0);
    house.meta.stand(Some(190));
    for n in 0..5 {
        stored(&house, &format!("E{n}")).await;
        house.pass(MINUTE).await;
    }
    let seen = scrape(&house).await;
    assert_eq!(seen.get("klaxond_holds{scope=\"account\"}"), 1.0);
    assert_eq!(seen.get("klaxond_holds{scope=\"template\"}"), 0.0);
    assert_eq!(seen.get("klaxond_queue_messages{state=\"held\"}"), 5.0);
    assert_eq!(seen.get("klaxond_queue_messages{state=\"queued\"}"), 0.0);
    assert_eq!(seen.get("klaxond_queue_oldest_age_seconds"), 300.0);

    // A crash loses nothing of it: the age is that of the decision, not of the process.
    let house = house
        .crash_and_restart(&format!("[delivery]\nstorm = \"off\"\n{ONE}"))
        .await;
    house.pass(MINUTE).await;
    let seen = scrape(&house).await;
    assert_eq!(seen.get("klaxond_queue_oldest_age_seconds"), 360.0);
    assert_eq!(seen.get("klaxond_queue_messages{state=\"held\"}"), 5.0);
    house.meta.stand(None);
    house.pass(HOUR).await;
    let seen = scrape(&house).await;
    assert_eq!(seen.get("klaxond_holds{scope=\"account\"}"), 0.0);
    assert_eq!(seen.get("klaxond_queue_oldest_age_seconds"), 0.0);
    for state in [
        "queued",
        "held",
        "sending",
        "unknown",
        "digested",
        "unconfirmed",
    ] {
        let series = format!("klaxond_queue_messages{{state=\"{state}\"}}");
        assert_eq!(seen.get(&series), 0.0, "{series}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_in_which_a_limit_keeps_something_back_is_counted() {
    let limits = "[delivery]\nper_contact = \"1/10s, burst 1\"\nstorm = \"off\"\n";
    let house = House::build(&format!("{limits}{ONE}")).await;
    stored(&house, "E1").await;
    house.pass(HOUR).await;
    let series = "klaxond_throttled_seconds_total";
    assert_eq!(
        scrape(&house).await.get(series),
        0.0,
        "one message waits for nothing"
    );
    for n in 0..4 {
        stored(&house, &format!("F{n}")).await;
    }
    house.pass(HOUR).await;
    let throttled = scrape(&house).await.get(series);
    assert!((29.0..31.0).contains(&throttled), "{throttled}");
}

#[tokio::test(start_paused = true)]
async fn a_storm_shows_its_digests_and_their_members() {
    let house = House::build(&format!(
        "[delivery]\nstorm = {{ after = \"3 in 2m\", digest_every = \"2m\" }}\n{ONE}"
    ))
    .await;
    for n in 0..20 {
        stored(&house, &format!("E{n}")).await;
    }
    house.pass(30 * SECOND).await;
    assert_eq!(scrape(&house).await.get("klaxond_storms"), 1.0);
    house.pass(HOUR).await;
    let seen = scrape(&house).await;
    let (digests, members) = (
        seen.get("klaxond_digests_total"),
        seen.get("klaxond_digest_members_total"),
    );
    let accepted = seen.get("klaxond_messages_total{outcome=\"accepted\"}");
    assert!(digests >= 1.0, "{digests}");
    assert_eq!(
        accepted - digests + members,
        20.0,
        "each alarm by itself or in a digest"
    );
    assert_eq!(accepted, house.meta.arrived().len() as f64);
    assert_eq!(seen.get("klaxond_storms"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn what_meta_says_of_the_account_is_told() {
    let house = House::build(ONE).await;
    let metrics = Metrics::new(&house.core, 1_024, false);
    let expiry = "klaxond_meta_token_expiry_timestamp_seconds";
    let unknown = "klaxond_phone_quality{quality=\"unknown\"}";
    let seen = Scrape::read(&metrics.text());
    assert!(!seen.has(expiry) && !seen.has("klaxond_meta_token_valid"));
    assert_eq!(seen.get(unknown), 1.0);
    assert_eq!(seen.get("klaxond_webhook_configured"), 0.0);

    let token = json!({"is_valid": true, "expires_at": 1_790_000_000});
    let token: TokenInfo = serde_json::from_value(token).unwrap();
    let number = json!({"quality_rating": "YELLOW"});
    let number: NumberInfo = serde_json::from_value(number).unwrap();
    metrics.account(Some(&token), Some(&number), &[]);
    let seen = Scrape::read(&metrics.text());
    assert_eq!(seen.get(expiry), 1_790_000_000.0);
    assert_eq!(seen.get("klaxond_meta_token_valid"), 1.0);
    assert_eq!(seen.get("klaxond_phone_quality{quality=\"yellow\"}"), 1.0);
    assert_eq!(seen.get(unknown), 0.0);

    // A token that does not end has no end to be told.
    let token = TokenInfo {
        expires: None,
        ..token
    };
    metrics.account(Some(&token), None, &[]);
    assert!(!Scrape::read(&metrics.text()).has(expiry));
}

#[tokio::test(start_paused = true)]
async fn sources_that_fell_silent_are_told_by_name() {
    let expect =
        |source, within| format!("[[expect]]\nsource = \"{source}\"\nwithin = \"{within}\"\n");
    let patient = format!("{ONE}{}", expect("prometheus", "1d"));
    let both = format!("{patient}{}", expect("zabbix", "1m"));
    let mut house = House::build(&both).await;
    let series = |source| format!("klaxond_expected_source_silent{{source=\"{source}\"}}");
    house.pass(HOUR).await;
    let seen = scrape(&house).await;
    assert_eq!(seen.get(&series("prometheus")), 0.0);
    assert_eq!(seen.get(&series("zabbix")), 1.0);
    house.reload(&patient).await;
    assert!(!scrape(&house).await.has(&series("zabbix")));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_named() {
    let people: String = (0..50)
        .map(|n| format!("[[contacts]]\nname = \"Person {n}\"\nphone = \"346001114{n:02}\"\n"))
        .collect();
    let house = House::build(&format!(
        "{WEBHOOK}{people}[[rules]]\nname = \"Everything\"\n"
    ))
    .await;
    house.meta.answer_next(None, Answer::Error(131_026));
    for n in 0..30 {
        let line = format!(
            r#"{{"element":"Secret {n}","severity":"critical","value":"said {n}","id":"root-{n}"}}"#
        );
        house.hand_in(&line).await;
    }
    take(
        &house,
        vec![written("34600111401", "wamid.secret", "the words")],
    )
    .await;
    take(
        &house,
        vec![written("16505551234", "wamid.strange", "the words")],
    )
    .await;
    house.pass(HOUR).await;
    let metrics = Metrics::new(&house.core, 1_024, true);
    metrics.look().await;
    let text = metrics.text();
    for told in [
        "346001114",
        "Person",
        "person",
        "Secret",
        "said",
        "root-",
        "wamid",
        "words",
        "16505551234",
    ] {
        assert!(!text.contains(told), "{told} in\n{text}");
    }
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series < 250, "{series} series");
}
