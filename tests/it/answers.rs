//! What the client makes of every kind of answer, and of none.

use std::time::Duration;

use klaxond::model::{Outcome, Retry, Scope};
use klaxond::whatsapp::Client;
use secrecy::SecretString;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::graph::{ACCEPTED, accepted, class, failed, graph, send, send_to, unknown};
use crate::support::messages::{TOKEN, client, settings};
use crate::support::raw_server::{self, Behaviour};

#[tokio::test]
async fn an_accepted_message_has_its_wamid() {
    assert_eq!(
        send_to(accepted()).await,
        Outcome::Accepted {
            wamid: "wamid.HBg".to_owned(),
            held: false
        }
    );
    for status in ["held_for_quality_assessment", "paused"] {
        let answer = json!({"messages": [{"id": "wamid.1", "message_status": status}]});
        assert_eq!(
            send_to(ResponseTemplate::new(200).set_body_json(answer)).await,
            Outcome::Accepted {
                wamid: "wamid.1".to_owned(),
                held: true
            }
        );
    }
}

#[tokio::test]
async fn success_that_names_no_message_is_unknown() {
    for body in [
        "",
        "{}",
        "null",
        "[]",
        r#"{"messages":[]}"#,
        r#"{"messages":[{"id":""}]}"#,
        r#"{"messages":[{"id":7}]}"#,
        r#"{"messages":"sent"}"#,
        r#"{"messages":[{"id":"wam"#,
        "<html><body>Welcome to the hotel network</body></html>",
        "\u{0}\u{1}",
    ] {
        let answer = ResponseTemplate::new(200).set_body_raw(body, "text/html");
        let text = unknown(send_to(answer).await);
        assert!(text.starts_with("HTTP 200"), "{body:?}: {text}");
    }
}

#[tokio::test]
async fn an_error_is_an_error_whatever_the_status_says() {
    let answer = json!({"error": {"message": "Rate limit hit", "code": 130429}});
    let failure = failed(send_to(ResponseTemplate::new(200).set_body_json(answer)).await);
    assert_eq!(failure.class, class(Retry::Backoff, Scope::Number));
    assert_eq!(failure.status, Some(200));
}

#[tokio::test]
async fn errors_are_read_however_they_are_dressed() {
    for error in [
        json!({"code": "131026", "message": "Undeliverable", "error_data": "details as text"}),
        json!({"code": 131026, "message": 5, "error_data": ["?"], "fbtrace_id": 7}),
        json!({"code": 131026, "error_subcode": null, "type": null, "is_transient": "no"}),
        json!({"code": 131026}),
    ] {
        let answer = ResponseTemplate::new(400).set_body_json(json!({ "error": error }));
        let failure = failed(send_to(answer).await);
        assert_eq!(failure.code, Some(131_026), "{error}");
        assert_eq!(failure.class, class(Retry::Never, Scope::Contact));
    }
}

#[tokio::test]
async fn a_server_error_that_graph_did_not_write_is_unknown() {
    for (status, body) in [
        (500, ""),
        (502, "<html>Bad Gateway</html>"),
        (503, r#"{"message":"busy"}"#),
        (504, r#"{"error":"timeout"}"#),
        (500, r#"{"error":{"message":"no code"}}"#),
    ] {
        let answer = ResponseTemplate::new(status).set_body_raw(body, "text/html");
        let text = unknown(send_to(answer).await);
        assert!(text.starts_with(&format!("HTTP {status}")), "{text}");
    }
}

#[tokio::test]
async fn a_refusal_that_graph_did_not_write_is_told_by_its_status() {
    for (status, retry, scope) in [
        (301, Retry::Wait, Scope::Account),
        (302, Retry::Wait, Scope::Account),
        (400, Retry::Few, Scope::Message),
        (401, Retry::Wait, Scope::Account),
        (403, Retry::Wait, Scope::Account),
        (404, Retry::Wait, Scope::Account),
        (407, Retry::Wait, Scope::Account),
        (408, Retry::Backoff, Scope::Message),
        (413, Retry::Never, Scope::Message),
        (429, Retry::Backoff, Scope::Number),
    ] {
        let answer = ResponseTemplate::new(status)
            .insert_header("location", "https://elsewhere.example/")
            .set_body_raw("<html>no</html>", "text/html");
        let failure = failed(send_to(answer).await);
        assert_eq!(failure.class, class(retry, scope), "{status}");
        assert_eq!((failure.status, failure.code), (Some(status), None));
    }
}

#[tokio::test]
async fn a_strangers_answer_is_quoted_in_short() {
    let page = format!("<html>\n\t<p>{}</p></html>", "very long ".repeat(100));
    let answer = ResponseTemplate::new(404).set_body_raw(page, "text/html");
    insta::assert_snapshot!(failed(send_to(answer).await).text, @"HTTP 404 that is not Graph's (text/html): <html> <p>very long very long very long very long very long very long very long very long very long very long very long…; are base_url and api_version right?");
    let answer = ResponseTemplate::new(302);
    insta::assert_snapshot!(failed(send_to(answer).await).text, @"HTTP 302 with an empty body; it leads elsewhere: is base_url right?");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = graph(accepted()).await;
    let answer = ResponseTemplate::new(307).insert_header("location", elsewhere.uri());

    failed(send_to(answer).await);

    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_wait_that_a_header_asks_for_is_kept() {
    let error = json!({"error": {"message": "Slow down", "code": 130429}});
    let answer = ResponseTemplate::new(429)
        .insert_header("retry-after", "17")
        .set_body_json(&error);
    let failure = failed(send_to(answer).await);
    assert_eq!(failure.retry_after, Some(Duration::from_secs(17)));

    let answer = ResponseTemplate::new(400).set_body_json(&error);
    assert_eq!(failed(send_to(answer).await).retry_after, None);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    for (status, is_unknown) in [(200, true), (500, true), (400, false)] {
        let endless = ResponseTemplate::new(status).set_body_string("x".repeat(1 << 20));
        let outcome = send_to(endless).await;
        assert_eq!(matches!(outcome, Outcome::Unknown { .. }), is_unknown);
        if let Outcome::Failed(failure) = outcome {
            assert_eq!(failure.class, class(Retry::Backoff, Scope::Message));
        }
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);

    let failure = failed(send(&client(&format!("http://{address}"))).await);

    assert_eq!(failure.class, class(Retry::Backoff, Scope::Number));
    assert_eq!((failure.status, failure.code), (None, None));
    assert!(
        failure
            .text
            .starts_with("no connection: Connection refused")
    );
}

#[tokio::test]
async fn a_name_that_does_not_resolve_sends_nothing() {
    let failure = failed(send(&client("http://graph.invalid")).await);
    assert_eq!(failure.class, class(Retry::Backoff, Scope::Number));
    assert!(
        failure.text.starts_with("no connection: "),
        "{}",
        failure.text
    );
}

async fn send_raw(behaviour: Behaviour, answer_timeout: Duration) -> Outcome {
    let mut settings = settings(&raw_server::start(behaviour).await);
    settings.answer_timeout = answer_timeout;
    send(&Client::new(&settings).unwrap()).await
}

const LONG: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_it_unknown() {
    let text = unknown(send_raw(Behaviour::Reset, LONG).await);
    assert!(text.starts_with("the connection broke"), "{text}");
    let text = unknown(send_raw(Behaviour::Write(Vec::new()), LONG).await);
    assert!(text.starts_with("the connection broke"), "{text}");
    let nonsense = b"SSH-2.0-OpenSSH_9.2\r\n".to_vec();
    unknown(send_raw(Behaviour::Write(nonsense), LONG).await);
}

#[tokio::test]
async fn a_server_that_never_answers_leaves_it_unknown() {
    let text = unknown(send_raw(Behaviour::WriteAndHang(Vec::new()), SHORT).await);
    assert_eq!(text, "no answer within 100ms");
}

#[tokio::test]
async fn a_success_that_is_cut_short_is_unknown() {
    let cut = raw_server::cut_short("200 OK", ACCEPTED);
    let text = unknown(send_raw(Behaviour::Write(cut.clone()), LONG).await);
    assert!(
        text.starts_with("HTTP 200, and its body broke off"),
        "{text}"
    );
    let text = unknown(send_raw(Behaviour::WriteAndHang(cut), SHORT).await);
    assert_eq!(text, "HTTP 200, and its body did not end within 100ms");
}

#[tokio::test]
async fn a_refusal_that_is_cut_short_is_asked_again() {
    let cut = raw_server::cut_short("400 Bad Request", r#"{"error":{"code":131056"#);
    let failure = failed(send_raw(Behaviour::Write(cut), LONG).await);
    assert_eq!(failure.class, class(Retry::Backoff, Scope::Message));
    assert_eq!(failure.status, Some(400));
}

#[tokio::test]
async fn no_text_repeats_the_token_or_the_number() {
    let echo = format!("Malformed access token {TOKEN} for +34600111222");
    let error = json!({"error": {"message": echo, "code": 190,
        "error_data": {"details": echo}, "error_user_msg": format!("{TOKEN}!")}});
    let graph = ResponseTemplate::new(401).set_body_json(error);
    let stranger = ResponseTemplate::new(404).set_body_string(echo);
    for answer in [graph, stranger] {
        let text = failed(send_to(answer).await).text;
        assert!(text.contains("[hidden] for +…22"), "{text}");
        assert!(
            !text.contains("EAA") && !text.contains("34600111222"),
            "{text}"
        );
    }
    assert!(!format!("{:?}", client("http://127.0.0.1:1")).contains("EAA"));
}

#[tokio::test]
async fn a_proof_is_not_told_when_the_connection_fails() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.app_secret = Some(SecretString::from("key"));
    let failure = failed(send(&Client::new(&settings).unwrap()).await);
    assert!(!failure.text.contains("proof"), "{}", failure.text);
}
