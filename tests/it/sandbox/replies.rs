//! What people do on the phones, what Meta does to tokens, and the commands for both.

use std::process::{Command, Stdio};
use std::time::Duration;

use klaxond::model::{Phone, Time};
use klaxond::sandbox::{PhoneError, Settings, TokenChange};
use klaxond::whatsapp::webhook::Inbound;
use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::support::process::wait_until;
use crate::support::readme::{blocks, commands, section};
use crate::support::webhook::WebhookServer;

use super::fixture::{Fixture, buttons, message, message_to, of_template, text};
use super::webhooks::{bodies, webhook};

const PHONE: &str = "34600111222";

/// A message with an Acknowledge button.
fn with_button() -> Value {
    let parameters = json!([text("alarm/7")]);
    let url = json!({"type": "button", "sub_type": "url", "index": "1", "parameters": parameters});
    let payload = json!([{"type": "payload", "payload": "ack:7"}]);
    let quick =
        json!({"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": payload});
    of_template("buttons", &json!([quick, url]))
}

fn free_text(body: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": PHONE, "type": "text", "text": {"body": body}})
}

/// A sandbox that posts to klaxond's own port, without the receipts.
async fn connected() -> (Fixture, WebhookServer) {
    let server = WebhookServer::start();
    let fixture = Fixture::start(Settings {
        templates: vec![buttons()],
        accept_unknown_templates: true,
        faults: vec![klaxond::sandbox::Fault::parse("lost").unwrap()],
        webhook: Some(webhook(&server.url("/webhooks/whatsapp"))),
        ..Settings::default()
    })
    .await;
    (fixture, server)
}

/// The one thing that klaxond read since `before`.
fn heard(server: &WebhookServer, before: usize) -> Inbound {
    let all = || bodies(server).concat();
    block_in_place(|| wait_until("a reply", || all().len() > before, String::new));
    all()[before].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tap_brings_payload_label_and_the_message_it_is_about() {
    let (fixture, server) = connected().await;
    fixture.send(&with_button()).await;
    fixture.send(&message()).await;
    let about = fixture.accepted()[0].wamid.clone();
    fixture.sandbox.tap(PHONE, "acknowledge").unwrap();
    let Inbound::Message {
        from,
        quoted,
        payload,
        text,
        at,
        ..
    } = heard(&server, 0)
    else {
        panic!("{:?}", bodies(&server));
    };
    assert_eq!(from, Some(Phone::parse(PHONE).unwrap()));
    assert_eq!(quoted, Some(about), "the last message has no such button");
    assert_eq!(
        (payload.as_deref(), text.as_str()),
        (Some("ack:7"), "Acknowledge")
    );
    assert!(at > Time::from_ms(1_700_000_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_without_a_payload_gives_its_label_back() {
    let (fixture, server) = connected().await;
    let mut body = with_button();
    body["template"]["components"]
        .as_array_mut()
        .unwrap()
        .remove(0);
    fixture.send(&body).await;
    fixture.sandbox.tap("22", "Acknowledge").unwrap();
    let Inbound::Message { payload, .. } = heard(&server, 0) else {
        panic!("{:?}", bodies(&server));
    };
    assert_eq!(payload.as_deref(), Some("Acknowledge"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_quotes_only_when_told_to() {
    let (fixture, server) = connected().await;
    fixture.send(&message()).await;
    let about = fixture.accepted()[0].wamid.clone();
    for (count, (quote, quoted)) in [(false, None), (true, Some(about))].into_iter().enumerate() {
        fixture.sandbox.reply(PHONE, "on my way 👍", quote).unwrap();
        let said = heard(&server, count);
        let Inbound::Message {
            quoted: is,
            text,
            payload,
            ..
        } = said
        else {
            panic!("{said:?}");
        };
        assert_eq!((is, text.as_str(), payload), (quoted, "on my way 👍", None));
    }
}

#[tokio::test]
async fn what_nobody_can_tap_is_told() {
    let fixture = Fixture::strict().await;
    let tap = |who: &str, label: &str| fixture.sandbox.tap(who, label).unwrap_err();
    assert_eq!(tap(PHONE, "Acknowledge"), PhoneError::NoMessage);
    assert_eq!(
        tap("22", "Acknowledge"),
        PhoneError::Unknown("22".to_owned())
    );
    assert_eq!(
        fixture.sandbox.reply(PHONE, "Hi", true),
        Err(PhoneError::NoMessage)
    );
    assert_eq!(
        fixture.sandbox.reply(PHONE, "", false),
        Err(PhoneError::Length)
    );
    fixture.send(&with_button()).await;
    fixture.send(&message_to("34600999222")).await;
    assert_eq!(
        tap("222", "Acknowledge"),
        PhoneError::Ambiguous("222".to_owned())
    );
    let error = tap("1222", "Silence 1h").to_string();
    assert!(error.ends_with("there are: Acknowledge"), "{error}");
}

#[tokio::test]
async fn free_text_is_taken_within_a_day_of_what_the_person_wrote() {
    let fixture = Fixture::strict().await;
    assert_eq!(fixture.code(&free_text("You have it.")).await, 131_047);
    fixture.sandbox.reply(PHONE, "ack", false).unwrap();
    let (status, answer) = fixture.send(&free_text("You have it.")).await;
    assert_eq!(status, 200);
    assert!(
        answer["messages"][0]["id"]
            .as_str()
            .unwrap()
            .starts_with("wamid.")
    );
    assert_eq!(answer["messages"][0]["message_status"], Value::Null);
    assert_eq!(fixture.accepted()[0].text(), "You have it.");
    let mut other = free_text("You have it.");
    other["to"] = json!("34600111999");
    assert_eq!(fixture.code(&other).await, 131_047);
    let (_, listed) = fixture.get("sandbox/phones").await;
    let message = &listed["phones"][0]["messages"][0];
    assert_eq!(
        (&message["template"], &message["state"]),
        (&Value::Null, &json!("accepted"))
    );
    assert_eq!(listed["phones"][0]["window_open"], true);
    assert_eq!(listed["phones"][0]["phone"], "…22");
}

#[tokio::test]
async fn every_call_with_an_expired_token_is_refused_and_its_end_is_known_before() {
    let fixture = Fixture::strict().await;
    let debug = "debug_token?input_token=token&access_token=app|secret";
    let (_, node) = fixture.get(debug).await;
    assert_eq!(
        (&node["data"]["is_valid"], &node["data"]["expires_at"]),
        (&json!(true), &json!(0))
    );
    let end = Time::from(jiff::Timestamp::now()) + Duration::from_secs(14 * 86_400);
    fixture.sandbox.change_tokens(TokenChange::Renew(Some(end)));
    let (_, node) = fixture.get(debug).await;
    assert_eq!(node["data"]["expires_at"], end.as_ms() / 1000);
    assert_eq!(fixture.code(&message()).await, 0);

    fixture.sandbox.change_tokens(TokenChange::Expire);
    for path in ["v25.0/1", "v25.0/1/message_templates"] {
        let (status, answer) = fixture.get(path).await;
        let error = &answer["error"];
        assert_eq!(
            (status.as_u16(), &error["error_subcode"]),
            (401, &json!(463)),
            "{path}"
        );
    }
    assert_eq!(fixture.code(&message()).await, 190);
    let (status, node) = fixture.get(debug).await;
    assert_eq!(
        (status.as_u16(), &node["data"]["is_valid"]),
        (200, &json!(false))
    );
    let (status, _) = fixture.get("debug_token?input_token=token").await;
    assert_eq!(status, 401, "a token that has ended asks for nothing");

    fixture.sandbox.change_tokens(TokenChange::Renew(None));
    assert_eq!(fixture.code(&message()).await, 0);
}

/// Runs a `klaxond` command against the sandbox.
fn run(fixture: &Fixture, words: &[String]) -> (i32, String) {
    let at = format!("http://{}", fixture.sandbox.address());
    let output = Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .args(words)
        .args(["--at", &at])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_in_the_readme_do_what_it_says() {
    let (fixture, server) = connected().await;
    let mut alarm = with_button();
    fixture.send(&alarm).await;
    alarm["template"]["name"] = json!("klaxond_alarm");
    let sandbox = section("The sandbox");
    let shell = blocks(sandbox, "sh");
    let lines: Vec<Vec<String>> = shell.iter().flat_map(|shell| commands(shell)).collect();
    let actions = ["phones", "tap", "reply", "template", "token", "fail"];
    let is_action = |words: &&Vec<String>| actions.contains(&words[2].as_str());
    let mut tried = Vec::new();
    for words in lines
        .iter()
        .filter(|words| words.len() > 2 && words[1] == "sandbox")
        .filter(is_action)
    {
        let mut words = words[1..].to_vec();
        // The sandbox of this test knows another one.
        words
            .iter_mut()
            .filter(|w| *w == "klaxond_alarm")
            .for_each(|w| *w = "buttons".to_owned());
        let (code, said) = block_in_place(|| run(&fixture, &words));
        assert_eq!(code, 0, "{words:?}: {said}");
        match words[1].as_str() {
            "phones" => assert!(said.starts_with("…22: 1 messages"), "{said}"),
            "tap" | "reply" => assert_eq!(said, "from …22: posted to the webhook\n"),
            "template" if words[3] == "pause" => {
                assert_eq!(said, "buttons (en_US): PAUSED, UTILITY\n");
                assert_eq!(fixture.code(&with_button()).await, 132_015);
            }
            "template" => assert_eq!(fixture.code(&with_button()).await, 0),
            "token" if words[2] == "expire" => assert_eq!(fixture.code(&message()).await, 190),
            "token" => assert_eq!(fixture.code(&message()).await, 0),
            _ => assert!(
                said.starts_with("in force") || said.starts_with("nothing"),
                "{said}"
            ),
        }
        tried.push(words[1].clone());
    }
    for action in actions {
        assert!(
            tried.iter().any(|tried| tried == action),
            "{action}: {tried:?}"
        );
    }
    let inbound = |update: &Inbound| matches!(update, Inbound::Message { .. });
    let heard = || {
        bodies(&server)
            .concat()
            .iter()
            .filter(|u| inbound(u))
            .count()
    };
    block_in_place(|| wait_until("a tap and a reply", || heard() == 2, String::new));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_done_says_why() {
    let fixture = Fixture::strict().await;
    let run = |line: &str| {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        block_in_place(|| run(&fixture, &words))
    };
    for (line, code, why) in [
        (
            "sandbox tap 34600111222 Acknowledge",
            65,
            "there is no message on that phone",
        ),
        (
            "sandbox template nothing pause",
            65,
            "there is no template nothing",
        ),
        ("sandbox fail nonsense", 65, "expected a Graph code"),
        ("sandbox tap 34600111222", 64, "required"),
        ("sandbox token renew --for soon", 64, "such as 30s"),
    ] {
        let (is, said) = run(line);
        assert_eq!(is, code, "{line}: {said}");
        assert!(said.contains(why), "{line}: {said}");
    }
    assert_eq!(
        run("sandbox phones"),
        (0, "no phone got a message yet\n".to_owned())
    );
    let (code, said) = run("sandbox reply 34600111222 ack --output json");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["posted"]), (0, &json!(false)));
}
