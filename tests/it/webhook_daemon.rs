//! The webhook of the real process.

use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::json;

use crate::support::http_server::client;
use crate::support::process::{Home, wait_until};
use crate::support::webhook::{APP_SECRET, VERIFY_TOKEN, messages, sign, status};

/// Nobody is there to take what it sends.
const NOWHERE: &str = "http://127.0.0.1:9";

/// A home whose daemon listens for Meta on `listen`.
fn home(listen: &str) -> Home {
    let home = Home::new(
        NOWHERE,
        &format!(
            "[webhook]\nlisten = \"{listen}\"\n[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
             [[rules]]\nname = \"Everything\"\n"
        ),
    );
    let path = home.path("config.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let keys = format!(
        "token_file = \"token\"\napp_secret = \"{APP_SECRET}\"\nverify_token = \"{VERIFY_TOKEN}\"\n"
    );
    std::fs::write(path, text.replace("token_file = \"token\"\n", &keys)).unwrap();
    home
}

/// Where it listens, as its log says.
fn address(home: &Home) -> String {
    let said = || {
        let log = home.log();
        let line = log
            .lines()
            .find(|line| line.contains("listens for receipts"))?;
        let address = line.split("address=").nth(1)?;
        Some(address.split_whitespace().next()?.to_owned())
    };
    wait_until("listening", || said().is_some(), || home.log());
    said().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_takes_what_meta_signed_until_it_is_stopped() {
    let home = home("127.0.0.1:0");
    let daemon = tokio::task::block_in_place(|| home.start());
    let url = format!("http://{}/webhooks/whatsapp", address(&home));
    let hello = [
        ("hub.mode", "subscribe"),
        ("hub.verify_token", VERIFY_TOKEN),
        ("hub.challenge", "1158201444"),
    ];
    let challenge = client().get(&url).query(&hello).send().await.unwrap();
    assert_eq!(challenge.text().await.unwrap(), "1158201444");

    let body =
        serde_json::to_vec(&messages(json!({"statuses": [status(1, "delivered")]}))).unwrap();
    for (signature, expected) in [
        (sign(&body), StatusCode::OK),
        (sign(&body), StatusCode::OK),
        (sign(b"another body"), StatusCode::UNAUTHORIZED),
    ] {
        let post = client().post(&url).header("X-Hub-Signature-256", signature);
        let response = post.body(body.clone()).send().await.unwrap();
        assert_eq!(response.status(), expected);
    }
    let stranger = json!({"from": "16505551234", "id": "wamid.s", "timestamp": "1",
        "type": "text", "text": {"body": "who is this?"}});
    let body = serde_json::to_vec(&messages(json!({"messages": [stranger]}))).unwrap();
    let post = client()
        .post(&url)
        .header("X-Hub-Signature-256", sign(&body));
    assert_eq!(
        post.body(body).send().await.unwrap().status(),
        StatusCode::OK
    );
    let output = tokio::task::block_in_place(|| home.command("status").output().unwrap());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("1 from numbers that are no contact's"),
        "{said}"
    );

    let elsewhere = url.replace("/webhooks/whatsapp", "/api/v1/status");
    let elsewhere = client().get(elsewhere).send().await.unwrap();
    assert_eq!(elsewhere.status(), StatusCode::NOT_FOUND);

    daemon.signal(Signal::TERM);
    let ended = tokio::task::block_in_place(|| daemon.stop());
    assert!(ended.success(), "{}", home.log());
    assert!(client().get(&url).send().await.is_err());
    let log = home.log();
    for secret in [APP_SECRET, VERIFY_TOKEN, "16505551234", "wamid"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error_at_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let home = home(&taken.local_addr().unwrap().to_string());
    let output = home.command("run").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("webhook.listen"), "{said}");
}
