//! A stand-in for Graph, and what comes of a message that it answers.

use klaxond::model::{Class, Failure, Outcome, Retry, Scope};
use klaxond::whatsapp::Client;
use klaxond::whatsapp::template::Rendered;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::messages::{client, phone};

/// The answer to a template that was accepted, as Meta documents it.
pub const ACCEPTED: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+34600111222","wa_id":"34600111222"}],"messages":[{"id":"wamid.HBg","message_status":"accepted"}]}"#;

/// A stand-in for Graph that gives every POST the same answer.
pub async fn graph(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    server
}

pub fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(ACCEPTED, "application/json")
}

/// Sends a message with the client.
pub async fn send(client: &Client) -> Outcome {
    client.send(&phone(), "k-1", &Rendered::hello_world()).await
}

/// What comes of a message when Graph gives this answer.
pub async fn send_to(answer: ResponseTemplate) -> Outcome {
    send(&client(&graph(answer).await.uri())).await
}

/// The one request that the server got.
pub async fn only_request(server: &MockServer) -> Request {
    let mut requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

pub fn failed(outcome: Outcome) -> Failure {
    match outcome {
        Outcome::Failed(failure) => failure,
        Outcome::Accepted { .. } | Outcome::Unknown { .. } => panic!("{outcome:?}"),
    }
}

pub fn unknown(outcome: Outcome) -> String {
    match outcome {
        Outcome::Unknown { text } => text,
        Outcome::Accepted { .. } | Outcome::Failed(_) => panic!("{outcome:?}"),
    }
}

pub fn class(retry: Retry, scope: Scope) -> Class {
    Class { retry, scope }
}
