//! Templates that are handed in, reviewed, paused and sent.

use std::time::Duration;

use klaxond::sandbox::Settings;
use klaxond::whatsapp::webhook::Inbound;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::support::process::wait_until;
use crate::support::webhook::WebhookServer;

use super::fixture::{Fixture, of_template, read, template, text};
use super::webhooks::{bodies, quiet, webhook};

/// A good template to spoil.
fn submission() -> Value {
    json!({
        "name": "alarm_v2", "language": "en_US", "category": "utility",
        "parameter_format": "positional", "message_send_ttl_seconds": 14400,
        "components": [
            {"type": "header", "format": "text", "text": "{{1}} alarm",
             "example": {"header_text": ["Critical"]}},
            {"type": "body", "text": "Hello {{1}}, {{2}} is in trouble.",
             "example": {"body_text": [["NOC desk", "Encoder 7"]]}},
            {"type": "footer", "text": "Sent by klaxond"},
            {"type": "buttons", "buttons": [
                {"type": "quick_reply", "text": "Acknowledge"},
                {"type": "url", "text": "Open", "url": "https://noc.example/{{1}}",
                 "example": ["alarm/4711"]}]}],
    })
}

/// A message with it.
fn message() -> Value {
    let url = json!({"type": "button", "sub_type": "url", "index": "1", "parameters": [text("x")]});
    let components = json!([
        {"type": "header", "parameters": [text("Critical")]},
        {"type": "body", "parameters": [text("NOC"), text("db1")]},
        url,
    ]);
    of_template("alarm_v2", &components)
}

async fn post(fixture: &Fixture, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = fixture.client.post(fixture.url(path)).bearer_auth("token");
    read(request.json(body).send().await.unwrap()).await
}

async fn create(fixture: &Fixture, body: &Value) -> (StatusCode, Value) {
    post(fixture, "v25.0/1/message_templates", body).await
}

async fn decide(fixture: &Fixture, decision: &str) -> Value {
    let body = json!({ "decision": decision });
    let (status, answer) = post(fixture, "sandbox/templates/alarm_v2", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer["templates"][0]["status"].clone()
}

/// A sandbox that knows one template, where a person reviews.
async fn by_hand() -> Fixture {
    Fixture::start(Settings {
        templates: vec![template("old", "An alarm.")],
        review: None,
        ..Settings::default()
    })
    .await
}

#[tokio::test]
async fn a_template_is_taken_and_listed_as_it_was_handed_in() {
    let fixture = by_hand().await;
    let (status, answer) = create(&fixture, &submission()).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["id"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({"id": id, "status": "PENDING", "category": "UTILITY"})
    );
    let fields = "name,status,category,components,parameter_format,message_send_ttl_seconds";
    let (_, node) = fixture.get(&format!("v25.0/{id}?fields={fields}")).await;
    assert_eq!(node["message_send_ttl_seconds"], 14_400);
    assert_eq!(
        (&node["status"], &node["parameter_format"]),
        (&json!("PENDING"), &json!("POSITIONAL"))
    );
    assert_eq!(
        node["components"][1],
        json!({"type": "BODY", "text": "Hello {{1}}, {{2}} is in trouble.",
               "example": {"body_text": [["NOC desk", "Encoder 7"]]}})
    );
    let kinds: Vec<&Value> = node["components"][3]["buttons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| &b["type"])
        .collect();
    assert_eq!(kinds, ["QUICK_REPLY", "URL"]);
    let (_, list) = fixture.get("v25.0/1/message_templates?name=alarm_v2").await;
    assert_eq!(list["data"][0]["id"], id);
    let (_, again) = create(&fixture, &submission()).await;
    assert_eq!(again["error"]["error_subcode"], 2_388_024);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_can_be_sent_when_its_review_is_over() {
    let server = WebhookServer::start();
    let fixture = Fixture::start(Settings {
        templates: vec![template("old", "An alarm.")],
        review: Some(Duration::from_millis(200)),
        webhook: Some(webhook(&server.url("/webhooks/whatsapp"))),
        ..Settings::default()
    })
    .await;
    create(&fixture, &submission()).await;
    let done = || !bodies(&server).is_empty();
    block_in_place(|| wait_until("the news of its approval", done, String::new));
    let news = Inbound::Template {
        name: "alarm_v2".to_owned(),
        language: "en_US".to_owned(),
        sendable: Some(true),
        text: "approved".to_owned(),
    };
    assert_eq!(bodies(&server).concat(), [news]);
    assert_eq!(fixture.code(&message()).await, 0);
    quiet(&fixture);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_decide_about_a_template_and_its_news_is_posted() {
    let server = WebhookServer::start();
    let fixture = by_hand().await;
    fixture
        .sandbox
        .connect(webhook(&server.url("/webhooks/whatsapp")))
        .unwrap();
    create(&fixture, &submission()).await;
    assert_eq!(fixture.code(&message()).await, 132_001);
    for (decision, status, code, sendable) in [
        ("approve", "APPROVED", 0, Some(true)),
        ("pause", "PAUSED", 132_015, Some(false)),
        ("approve", "APPROVED", 0, Some(true)),
        ("reject", "REJECTED", 132_001, Some(false)),
        ("marketing", "REJECTED", 132_001, None),
        ("disable", "DISABLED", 132_016, Some(false)),
    ] {
        let before = bodies(&server).concat().len();
        assert_eq!(decide(&fixture, decision).await, status);
        let is_news = |update: &Inbound| matches!(update, Inbound::Template { .. });
        let news = || {
            bodies(&server)
                .concat()
                .into_iter()
                .skip(before)
                .find(is_news)
        };
        block_in_place(|| wait_until(decision, || news().is_some(), String::new));
        let Some(Inbound::Template { sendable: said, .. }) = news() else {
            panic!("{decision}");
        };
        assert_eq!(said, sendable, "{decision}");
        assert_eq!(fixture.code(&message()).await, code, "{decision}");
        quiet(&fixture);
    }
    for body in [
        json!({"decision": "bless"}),
        json!({"decision": "pause", "language": "es"}),
    ] {
        let (status, _) = post(&fixture, "sandbox/templates/alarm_v2", &body).await;
        assert_eq!(status, 400, "{body}");
    }
}

#[tokio::test]
async fn a_change_goes_back_to_review() {
    let fixture = by_hand().await;
    let (_, answer) = create(&fixture, &submission()).await;
    let path = format!("v25.0/{}", answer["id"].as_str().unwrap());
    decide(&fixture, "approve").await;
    let mut change = json!({"components": submission()["components"]});
    change["components"][1]["text"] = json!("Dear {{1}}, {{2}} is in trouble.");
    change["category"] = json!("marketing");
    let (_, refused) = post(&fixture, &path, &change).await;
    assert_eq!(
        refused["error"]["code"], 100,
        "the category of an approved one stays"
    );
    change["category"] = json!("utility");
    let (status, answer) = post(&fixture, &path, &change).await;
    assert_eq!((status.as_u16(), &answer["success"]), (200, &json!(true)));
    assert_eq!(fixture.code(&message()).await, 132_001);
    decide(&fixture, "approve").await;
    assert_eq!(fixture.code(&message()).await, 0);
    assert!(fixture.accepted()[0].body.starts_with("Dear NOC"));
    let (_, refused) = post(&fixture, "v25.0/12345", &change).await;
    assert_eq!(refused["error"]["error_subcode"], 33);
}

#[tokio::test]
async fn a_template_is_checked_by_metas_rules() {
    let fixture = by_hand().await;
    let body = |text: &str, examples: &[&str]| {
        let mut body = json!({"type": "body", "text": text});
        if !examples.is_empty() {
            body["example"] = json!({"body_text": [examples]});
        }
        json!(["/components", [body]])
    };
    let buttons = |buttons: Value| json!(["/components/3/buttons", buttons]);
    let quick = |text: &str| json!({"type": "quick_reply", "text": text});
    let url = |url: &str| json!({"type": "url", "text": "Open", "url": url});
    // Where to put what, and the subcode that follows; 0 stands for none.
    let table: Vec<(Value, u64)> = vec![
        (json!(["/name", "Alarm"]), 0),
        (json!(["/name", "a".repeat(513)]), 0),
        (json!(["/language", "en-US"]), 0),
        (json!(["/category", "nice"]), 0),
        (json!(["/message_send_ttl_seconds", 10]), 0),
        (json!(["/message_send_ttl_seconds", 86_400]), 0),
        (json!(["/parameter_format", "named"]), 2_388_047),
        (json!(["/components/0/text", "a".repeat(61)]), 2_388_040),
        (json!(["/components/0/text", "{{1}} {{2}}"]), 2_388_047),
        (json!(["/components/0/example", {}]), 2_388_043),
        (json!(["/components/0/format", "image"]), 0),
        (
            json!(["/components/1/text", "Hello {{1}}, {{3}} is in trouble."]),
            2_388_072,
        ),
        (json!(["/components/1/example", null]), 2_388_043),
        (
            json!(["/components/1/example/body_text", [["one"]]]),
            2_388_043,
        ),
        (json!(["/components/2/text", "By {{1}}"]), 2_388_073),
        (
            json!(["/components", [{"type": "footer", "text": "only"}]]),
            2_388_072,
        ),
        (body("{{1}} is in trouble.", &["a"]), 2_388_299),
        (body("In trouble: {{1}}", &["a"]), 2_388_299),
        (body("It is {{1}} {{2}} there", &["a", "b"]), 2_388_072),
        (body("It {{1}}, {{2}}, {{3}}.", &["a", "b", "c"]), 2_388_293),
        (body(&"a".repeat(1025), &[]), 2_388_040),
        (buttons(json!([quick(&"a".repeat(26))])), 2_388_040),
        (
            buttons(json!([quick("A"), url("https://a.b"), quick("B")])),
            0,
        ),
        (
            buttons(json!([
                url("https://a.b"),
                url("https://a.c"),
                url("https://a.d")
            ])),
            0,
        ),
        (buttons(json!([url("https://{{1}}.b/c")])), 0),
        (buttons(json!([url("https://a.b/{{1}}")])), 2_388_043),
        (buttons(json!(vec![quick("A"); 11])), 0),
    ];
    for (change, subcode) in table {
        let mut spoilt = submission();
        *spoilt.pointer_mut(change[0].as_str().unwrap()).unwrap() = change[1].clone();
        let (status, answer) = create(&fixture, &spoilt).await;
        let error = &answer["error"];
        assert_eq!(status, 400, "{change}: {answer}");
        assert_eq!(
            error["error_subcode"].as_u64().unwrap_or(0),
            subcode,
            "{change}: {answer}"
        );
        if subcode != 0 {
            assert_eq!(
                (&error["code"], &error["message"]),
                (&json!(100), &json!("Invalid parameter"))
            );
            assert!(
                error["error_user_msg"].as_str().unwrap().len() > 10,
                "{answer}"
            );
        }
    }
    let named = json!({
        "name": "named", "language": "en_US", "category": "UTILITY", "parameter_format": "NAMED",
        "components": [{"type": "BODY", "text": "The host {{host}} is {{state}}, please look.",
            "example": {"body_text_named_params": [
                {"param_name": "state", "example": "down"}, {"param_name": "host", "example": "db1"}]}}],
    });
    assert_eq!(create(&fixture, &named).await.0, 200);
}
