//! The sandbox answers as Meta's Cloud API does.

mod command;
mod faults;
mod fixture;
mod process;
mod replies;
mod strict;
mod templates;
mod webhooks;

use klaxond::sandbox::Settings;
use serde_json::{Value, json};

use fixture::{Fixture, message, message_to, read};

#[tokio::test]
async fn an_accepted_message_is_answered_as_meta_does() {
    let fixture = Fixture::strict().await;
    let (status, answer) = fixture.send(&message()).await;
    assert_eq!(status, 200);
    let wamid = answer["messages"][0]["id"].as_str().unwrap();
    assert!(wamid.starts_with("wamid.HBg"), "{wamid}");
    assert_eq!(
        answer,
        json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": "+34600111222", "wa_id": "34600111222"}],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        })
    );
    let accepted = &fixture.accepted()[0];
    assert_eq!(accepted.to.digits(), "34600111222");
    assert_eq!(accepted.parameters, ["NOC", "db1"]);
    assert_eq!(accepted.opaque.as_deref(), Some("7"));
    assert_eq!(accepted.wamid, wamid);
    assert_eq!(
        accepted.text(),
        "CRITICAL alarm\nHello NOC! *db1* failed, NOC.\nklaxond"
    );
}

#[tokio::test]
async fn the_token_must_be_the_one_that_is_set() {
    let fixture = Fixture::start(Settings {
        token: Some("right".to_owned()),
        expired_token: Some("old".to_owned()),
        ..Settings::default()
    })
    .await;
    let try_token = |token: Option<&'static str>| {
        let request = fixture.client.get(fixture.url("v25.0/1"));
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        async { read(request.send().await.unwrap()).await }
    };
    for (token, subcode) in [
        (None, Value::Null),
        (Some("wrong"), Value::Null),
        (Some("old"), json!(463)),
    ] {
        let (status, answer) = try_token(token).await;
        assert_eq!(status, 401, "{token:?}");
        let error = &answer["error"];
        assert_eq!(error["code"], 190, "{token:?}");
        assert_eq!(error["type"], "OAuthException");
        assert_eq!(error["error_subcode"], subcode, "{token:?}");
        assert_eq!(error["error_data"], Value::Null);
    }
    assert_eq!(try_token(Some("right")).await.0, 200);
    fixture.sandbox.set_token(Some("newer".to_owned()));
    assert_eq!(try_token(Some("right")).await.0, 401);
    for (token, valid) in [("newer", true), ("old", false), ("right", false)] {
        let path = format!("debug_token?input_token={token}&access_token=app|secret");
        let (_, answer) = fixture.get(&path).await;
        assert_eq!(answer["data"]["is_valid"], valid, "{token}");
    }
}

#[tokio::test]
async fn the_number_tells_the_fields_that_are_asked_for() {
    let fixture = Fixture::start(Settings {
        phone_number_id: Some("106540352242922".to_owned()),
        ..Settings::default()
    })
    .await;
    let (_, node) = fixture
        .get("v25.0/106540352242922?fields=verified_name,quality_rating")
        .await;
    assert_eq!(
        node,
        json!({"verified_name": "klaxond sandbox", "quality_rating": "GREEN", "id": "106540352242922"})
    );
    let (status, answer) = fixture.get("v25.0/106540352242922?fields=colour").await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (400, &json!(100))
    );
    let (_, answer) = fixture.get("v25.0/1").await;
    assert_eq!(answer["error"]["code"], 100);
    assert_eq!(answer["error"]["error_subcode"], 33);
    for path in ["25.0/106540352242922", "v25/1", "v25.0/1/photos"] {
        let (status, answer) = fixture.get(path).await;
        assert_eq!(
            (status.as_u16(), &answer["error"]["code"]),
            (400, &json!(2500)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn templates_come_in_pages() {
    let fixture = Fixture::strict().await;
    let mut names = Vec::new();
    let mut next = Some(fixture.url("v25.0/1/message_templates?fields=name&limit=3"));
    while let Some(url) = next {
        let request = fixture.client.get(url).bearer_auth("token");
        let (_, page) = read(request.send().await.unwrap()).await;
        let data = page["data"].as_array().unwrap();
        names.extend(data.iter().map(|t| t["name"].as_str().unwrap().to_owned()));
        next = page["paging"]["next"].as_str().map(str::to_owned);
    }
    assert_eq!(names, ["alarm", "named", "buttons", "hello_world"]);
    let (_, list) = fixture.get("v25.0/1/message_templates").await;
    let formats: Vec<&Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["parameter_format"])
        .collect();
    assert_eq!(formats, ["POSITIONAL", "NAMED", "POSITIONAL", "POSITIONAL"]);
    assert_eq!(
        list["data"][0]["components"],
        json!([
            {"type": "HEADER", "format": "TEXT", "text": "{{1}} alarm"},
            {"type": "BODY", "text": "Hello {{1}}! *{{2}}* failed, {{1}}."},
            {"type": "FOOTER", "text": "klaxond"},
        ])
    );
}

#[tokio::test]
async fn it_remembers_the_last_messages_only() {
    let fixture = Fixture::start(Settings {
        keep: 2,
        ..Settings::default()
    })
    .await;
    for last in 3..6 {
        assert_eq!(
            fixture
                .code(&message_to(&format!("+3460011122{last}")))
                .await,
            0
        );
    }
    let kept: Vec<String> = fixture
        .accepted()
        .iter()
        .map(|m| m.to.digits().to_owned())
        .collect();
    assert_eq!(kept, ["34600111224", "34600111225"]);
    assert_eq!(fixture.sandbox.tally().accepted, 3);
}
