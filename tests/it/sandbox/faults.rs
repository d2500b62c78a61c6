//! Limits and faults on request.

use std::time::{Duration, Instant};

use klaxond::sandbox::{Fault, Sandbox, Settings, Shown};
use serde_json::{Value, json};

use super::fixture::{Fixture, client, message, message_to, read};

/// The first code other than 0 among `most` messages to one phone.
async fn first_refusal(fixture: &Fixture, most: usize) -> u64 {
    for _ in 0..most {
        let code = fixture.code(&message()).await;
        if code != 0 {
            return code;
        }
    }
    0
}

#[tokio::test]
async fn limits_answer_with_their_codes() {
    let fixture = Fixture::start(Settings {
        pair_limit: true,
        ..Settings::default()
    })
    .await;
    assert_eq!(first_refusal(&fixture, 46).await, 131_056);
    assert_eq!(fixture.code(&message_to("+34600111223")).await, 0);

    let fixture = Fixture::start(Settings {
        throughput: Some(1),
        ..Settings::default()
    })
    .await;
    assert_eq!(first_refusal(&fixture, 46).await, 130_429);
    assert_eq!(fixture.sandbox.tally().refused[&130_429], 1);
}

#[tokio::test]
async fn graph_errors_come_on_request() {
    let fixture =
        Fixture::with_faults(&["131056:every=3", "190/463:on=number", "2:to=34600111223"]).await;
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(fixture.code(&message()).await);
    }
    assert_eq!(codes, [0, 0, 131_056, 0, 0, 131_056]);
    let (status, answer) = fixture.get("v25.0/1").await;
    assert_eq!(status, 401);
    assert_eq!(answer["error"]["error_subcode"], 463);
    let (status, answer) = fixture.send(&message_to("+34600111223")).await;
    assert_eq!(status, 503);
    assert_eq!(answer["error"]["is_transient"], true);
}

#[tokio::test]
async fn answers_without_a_graph_error_come_on_request() {
    let fixture = Fixture::with_faults(&[
        "500:count=1",
        "http=503:count=1",
        "html:count=1",
        "empty:count=1",
    ])
    .await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let response = fixture.try_send(&message()).await.unwrap();
        let status = response.status().as_u16();
        seen.push((status, response.text().await.unwrap()));
    }
    assert_eq!(seen[0], (500, "Internal Server Error".to_owned()));
    assert_eq!(seen[1], (503, "Service Unavailable".to_owned()));
    assert!(seen[2].0 == 502 && seen[2].1.starts_with("<!DOCTYPE html>"));
    assert_eq!(seen[3], (200, String::new()));
    // Only the empty answer was one to an accepted message.
    assert_eq!(fixture.accepted().len(), 1);
    assert!(fixture.accepted()[0].answer_lost);
}

#[tokio::test]
async fn connections_are_closed_on_request() {
    let fixture =
        Fixture::with_faults(&["close:count=1", "close-after:count=1", "truncate:count=1"]).await;
    let closed = fixture.try_send(&message()).await.unwrap_err();
    assert!(closed.is_request(), "{closed:?}");
    assert_eq!(fixture.accepted().len(), 0);
    let closed = fixture.try_send(&message()).await.unwrap_err();
    assert!(closed.is_request(), "{closed:?}");
    assert_eq!(fixture.accepted().len(), 1);
    let halved = fixture.try_send(&message()).await.unwrap();
    assert_eq!(halved.status(), 200);
    assert!(halved.bytes().await.is_err());
    assert_eq!(fixture.accepted().len(), 2);
    assert_eq!(fixture.code(&message()).await, 0);
    assert_eq!(fixture.sandbox.tally().answers_lost, 2);
}

#[tokio::test]
async fn a_hanging_request_ends_with_the_sandbox() {
    let (sandbox, mut shown) = Sandbox::start(Settings {
        faults: vec![Fault::parse("hang").unwrap()],
        ..Settings::default()
    })
    .await
    .unwrap();
    let fixture = Fixture {
        sandbox,
        client: client(),
    };
    let request = fixture.client.post(fixture.url("v25.0/1/messages"));
    let request = request.bearer_auth("token").json(&message());
    let sending = tokio::spawn(request.send());
    let Some(Shown::Refused {
        code: None, why, ..
    }) = shown.recv().await
    else {
        panic!("the fault is shown");
    };
    assert_eq!(why, "fault hang");
    assert!(!sending.is_finished());
    fixture.sandbox.stop().await;
    assert!(sending.await.unwrap().is_err());
}

#[tokio::test]
async fn latency_delays_the_answer_by_at_least_what_was_asked() {
    let fixture = Fixture::with_faults(&["latency=80ms"]).await;
    let start = Instant::now();
    assert_eq!(fixture.code(&message()).await, 0);
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn faults_change_and_messages_show_while_it_runs() {
    let fixture = Fixture::start(Settings::default()).await;
    let set = |faults: Value| {
        let request = fixture.client.post(fixture.url("sandbox/faults"));
        async move { read(request.json(&faults).send().await.unwrap()).await }
    };
    let (status, _) = set(json!(["131026:count=1"])).await;
    assert_eq!(status, 200);
    assert_eq!(fixture.code(&message()).await, 131_026);
    assert_eq!(fixture.code(&message()).await, 0);
    let (status, answer) = set(json!(["131026", "sometimes"])).await;
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().contains("\"sometimes\""));
    let (_, answer) = fixture.get("sandbox/messages").await;
    assert_eq!(answer["accepted"], 1);
    assert_eq!(answer["refused"], json!({"131026": 1}));
    assert_eq!(answer["messages"][0]["to"], "…22");
    assert_eq!(answer["messages"][0]["parameters"], json!(["NOC", "db1"]));
    assert_eq!(answer["messages"][0]["biz_opaque_callback_data"], "7");
}
