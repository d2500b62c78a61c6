//! The port that Meta posts to: handshake, signature, sizes, slow clients, and a store that is full.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use klaxond::model::Stage;
use klaxond::store::StoreError;
use klaxond::web::{Take, Webhook, WebhookSettings};
use klaxond::whatsapp::webhook::Inbound;
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::http_server::client;
use super::support::webhook::{VERIFY_TOKEN, WebhookServer, messages, sign, status};

const PATH: &str = "/webhooks/whatsapp";

async fn post_signed(server: &WebhookServer, body: Vec<u8>, signature: Option<&str>) -> Response {
    let mut request = client().post(server.url(PATH)).body(body);
    if let Some(signature) = signature {
        request = request.header("X-Hub-Signature-256", signature);
    }
    request.send().await.unwrap()
}

/// Posts as Meta does.
async fn post(server: &WebhookServer, body: Vec<u8>) -> Response {
    let signature = sign(&body);
    post_signed(server, body, Some(&signature)).await
}

fn bytes(body: &Value) -> Vec<u8> {
    serde_json::to_vec(body).unwrap()
}

fn delivered(n: usize) -> Vec<u8> {
    bytes(&messages(json!({"statuses": [status(n, "delivered")]})))
}

#[tokio::test]
async fn the_handshake_is_answered_with_the_bare_challenge() {
    let server = WebhookServer::start();
    let ask = async |mode: &str, token: &str, challenge: &str| {
        let query = [
            ("hub.mode", mode),
            ("hub.verify_token", token),
            ("hub.challenge", challenge),
        ];
        let request = client().get(server.url(PATH)).query(&query);
        let response = request.send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(
        ask("subscribe", VERIFY_TOKEN, "1158201444").await,
        (StatusCode::OK, "1158201444".to_owned())
    );
    for (mode, token, challenge, status) in [
        ("subscribe", "open-sesamE", "1", StatusCode::FORBIDDEN),
        ("subscribe", "open", "1", StatusCode::FORBIDDEN),
        ("subscribe", "", "1", StatusCode::FORBIDDEN),
        ("unsubscribe", VERIFY_TOKEN, "1", StatusCode::BAD_REQUEST),
        ("subscribe", VERIFY_TOKEN, "", StatusCode::BAD_REQUEST),
        ("subscribe", VERIFY_TOKEN, "<b>a", StatusCode::OK),
        ("subscribe", VERIFY_TOKEN, "a b", StatusCode::BAD_REQUEST),
    ] {
        let (told, body) = ask(mode, token, challenge).await;
        assert_eq!(told, status, "{mode} {token} {challenge}");
        assert!(told == StatusCode::OK || body.is_empty(), "{body}");
    }
    let long = ask("subscribe", VERIFY_TOKEN, &"1".repeat(300)).await;
    assert_eq!(long.0, StatusCode::BAD_REQUEST);
    let bare = client().get(server.url(PATH)).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::BAD_REQUEST);
    // A challenge is never taken for a page.
    let query = "?hub.mode=subscribe&hub.verify_token=open-sesame&hub.challenge=%3Cb%3E";
    let response = client()
        .get(server.url(&format!("{PATH}{query}")))
        .send()
        .await
        .unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    server.stop().await;
}

#[tokio::test]
async fn updates_with_metas_signature_are_taken_with_where_they_came_from() {
    let server = WebhookServer::start();
    let response = post(&server, delivered(7)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.text().await.unwrap(), "");
    let taken = server.taken.lock().unwrap().clone();
    let [(updates, origin)] = taken.as_slice() else {
        panic!("{taken:?}");
    };
    assert_eq!(origin, "webhook 127.0.0.1");
    assert!(
        matches!(updates.as_slice(), [Inbound::Status { opaque: Some(opaque), stage: Stage::Delivered, .. }] if opaque == "store:7"),
        "{updates:?}"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_signature_is_that_of_the_raw_bytes() {
    let server = WebhookServer::start();
    // As Meta escapes, as nobody would write it anew, and with spaces.
    for body in [
        r#"{"entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"w","type":"text","text":{"body":"\u00e4\/ä"}}]}}]}]}"#,
        "  {\"entry\" : [ ] }\n",
    ] {
        let response = post(&server, body.as_bytes().to_vec()).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
    }
    let good = delivered(1);
    let signature = sign(&good);
    let mut longer = good.clone();
    longer.push(b' ');
    let mut other = good.clone();
    *other.iter_mut().find(|byte| **byte == b'd').unwrap() = b'D';
    let taken = server.taken.lock().unwrap().len();
    for (body, signature) in [
        (good.clone(), None),
        (good.clone(), Some("")),
        (good.clone(), Some("sha256=00")),
        (good.clone(), Some(&signature[7..])),
        (good.clone(), Some(&signature.replace("sha256", "sha1"))),
        (longer, Some(signature.as_str())),
        (other, Some(signature.as_str())),
        (Vec::new(), Some(signature.as_str())),
    ] {
        let response = post_signed(&server, body, signature).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{signature:?}");
        assert_eq!(response.text().await.unwrap(), "");
    }
    assert_eq!(server.taken.lock().unwrap().len(), taken);
    server.stop().await;
}

#[tokio::test]
async fn a_signed_body_that_is_no_json_is_a_bad_request_and_one_of_an_unknown_kind_is_taken() {
    let server = WebhookServer::start();
    for body in ["", "hello", "{\"entry\":[", "\u{0}"] {
        let response = post(&server, body.as_bytes().to_vec()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    for body in ["{}", "[]", "{\"object\":\"page\"}", "5"] {
        let response = post(&server, body.as_bytes().to_vec()).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_batch_of_three_megabytes_is_taken_and_a_larger_body_is_not() {
    let server = WebhookServer::start();
    let statuses: Vec<Value> = (0..1_000)
        .map(|n| {
            let mut one = status(n, "delivered");
            one["padding"] = json!("x".repeat(2_700));
            one
        })
        .collect();
    let body = bytes(&messages(json!({"statuses": statuses})));
    assert!(
        (2_900_000..=3 << 20).contains(&body.len()),
        "{}",
        body.len()
    );
    assert_eq!(post(&server, body).await.status(), StatusCode::OK);
    assert_eq!(server.taken.lock().unwrap()[0].0.len(), 1_000);

    let most = bytes(&json!({"padding": "x".repeat((3 << 20) - 14)}));
    assert_eq!(most.len(), 3 << 20);
    assert_eq!(post(&server, most).await.status(), StatusCode::OK);
    let mut head = TcpStream::connect(server.address).await.unwrap();
    let said = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\nContent-Length: {}\r\n\r\n",
        (3 << 20) + 1
    );
    assert_eq!(answer(&mut head, said.as_bytes()).await, "HTTP/1.1 413");
    // Without a length in front, it is counted as it comes.
    let mut chunked = TcpStream::connect(server.address).await.unwrap();
    let mut said = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for _ in 0..3 {
        said.push_str(&format!("100000\r\n{}\r\n", "x".repeat(1 << 20)));
    }
    said.push_str("1\r\nx\r\n");
    assert_eq!(answer(&mut chunked, said.as_bytes()).await, "HTTP/1.1 413");
    server.stop().await;
}

/// What is said is answered with this status line.
async fn answer(stream: &mut TcpStream, said: &[u8]) -> String {
    stream.write_all(said).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer.to_vec()).unwrap()
}

#[tokio::test]
async fn nothing_else_is_here_and_nothing_tells_what_serves_it() {
    let server = WebhookServer::start();
    for (method, path, expected) in [
        ("GET", "/", StatusCode::NOT_FOUND),
        ("GET", "/-/healthy", StatusCode::NOT_FOUND),
        ("GET", "/-/ready", StatusCode::NOT_FOUND),
        ("POST", "/-/reload", StatusCode::NOT_FOUND),
        ("GET", "/api/v1/status", StatusCode::NOT_FOUND),
        ("POST", "/api/v1/alarms", StatusCode::NOT_FOUND),
        ("GET", "/webhooks/whatsapp/", StatusCode::NOT_FOUND),
        ("GET", "/webhooks", StatusCode::NOT_FOUND),
        ("PUT", PATH, StatusCode::METHOD_NOT_ALLOWED),
        ("DELETE", PATH, StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let request = client().request(method.parse().unwrap(), server.url(path));
        let response = request.body("{}").send().await.unwrap();
        assert_eq!(response.status(), expected, "{method} {path}");
        assert!(!response.headers().contains_key("server"), "{path}");
        assert_eq!(response.text().await.unwrap(), "", "{method} {path}");
    }
    assert!(server.taken.lock().unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_stored_is_to_be_sent_again() {
    let full = Arc::new(AtomicBool::new(true));
    let is_full = Arc::clone(&full);
    let server = WebhookServer::start_with(Take::new(move |_, _| {
        let full = is_full.load(Ordering::SeqCst);
        async move {
            match full {
                true => Err(StoreError::Full {
                    path: PathBuf::from("/var/lib/klaxond/klaxond.db"),
                    detail: "quota".to_owned(),
                }),
                false => Ok(()),
            }
        }
    }));
    let refused = post(&server, delivered(1)).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(refused.text().await.unwrap(), "");
    full.store(false, Ordering::SeqCst);
    assert_eq!(post(&server, delivered(1)).await.status(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn ok_is_said_when_the_updates_are_on_disk_and_not_before() {
    let (done, on_disk) = tokio::sync::watch::channel(false);
    let (began, mut begun) = tokio::sync::mpsc::channel(1);
    let server = WebhookServer::start_with(Take::new(move |_, _| {
        let (mut on_disk, began) = (on_disk.clone(), began.clone());
        async move {
            began.send(()).await.unwrap();
            on_disk.wait_for(|done| *done).await.unwrap();
            Ok::<(), StoreError>(())
        }
    }));
    let url = server.url(PATH);
    let body = delivered(1);
    let asked = tokio::spawn(async move {
        let signature = sign(&body);
        let request = client().post(url).header("X-Hub-Signature-256", signature);
        request.body(body).send().await.unwrap().status()
    });
    begun.recv().await.unwrap();
    assert!(!asked.is_finished());
    done.send_replace(true);
    assert_eq!(asked.await.unwrap(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_not_waited_for_without_end() {
    let server = WebhookServer::start_with(Take::new(|_, _| async {
        std::future::pending::<()>().await;
        Ok::<(), StoreError>(())
    }));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let body = delivered(1);
    let mut said = format!(
        "POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: {}\r\nContent-Length: {}\r\n\r\n",
        sign(&body),
        body.len()
    )
    .into_bytes();
    said.extend(&body);
    assert_eq!(answer(&mut stream, &said).await, "HTTP/1.1 503");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn slow_clients_are_let_go() {
    let server = WebhookServer::start();
    let begin = tokio::time::Instant::now();
    let signed = "X-Hub-Signature-256: sha256=00\r\n";
    for (said, told) in [
        (format!("POST {PATH} HTTP/1.1\r\nHost:"), None),
        (
            format!("POST {PATH} HTTP/1.1\r\nHost: x\r\n{signed}Content-Length: 9\r\n\r\n{{"),
            Some("HTTP/1.1 408"),
        ),
        (
            format!("POST {PATH} HTTP/1.1\r\nHost: x\r\n{signed}Content-Length: 99999\r\n\r\n{{"),
            Some("HTTP/1.1 408"),
        ),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        if let Some(told) = told {
            assert!(answer.starts_with(told), "{said}: {answer}");
        }
    }
    assert!(
        begin.elapsed() < Duration::from_secs(120),
        "{:?}",
        begin.elapsed()
    );
    server.stop().await;
}

/// Strangers who begin large bodies keep large batches waiting for a while, small ones not at all.
#[tokio::test]
async fn strangers_with_large_bodies_do_not_stand_in_the_way() {
    let server = WebhookServer::start();
    let mut strangers = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let said = format!(
            "POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=00\r\nContent-Length: 3000000\r\n\r\n{{"
        );
        stream.write_all(said.as_bytes()).await.unwrap();
        strangers.push(stream);
    }
    for n in 0..10 {
        assert_eq!(post(&server, delivered(n)).await.status(), StatusCode::OK);
    }
    drop(strangers);
    server.stop().await;
}

#[tokio::test]
async fn an_address_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = WebhookSettings {
        listen: taken.local_addr().unwrap(),
        verify_token: SecretString::from("a"),
        app_secret: SecretString::from("b"),
        phone_number_id: "1".to_owned(),
    };
    let fault = Webhook::bind(&settings).unwrap_err();
    assert!(fault.to_string().contains("webhook.listen"), "{fault}");
}
