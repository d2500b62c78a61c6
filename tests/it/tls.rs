//! TLS to a server whose certificate comes from a private authority.

use std::io::Write;
use std::time::Duration;

use klaxond::model::{Class, Outcome, Retry, Scope};
use klaxond::whatsapp::template::Rendered;
use klaxond::whatsapp::{Client, ClientError};

use crate::support::messages::{client, phone, settings};
use crate::support::{raw_server, tls_server};

fn accepted() -> Vec<u8> {
    raw_server::http(
        "200 OK",
        "application/json",
        r#"{"messages":[{"id":"wamid.1"}]}"#,
    )
}

async fn send(client: &Client) -> Outcome {
    client.send(&phone(), "k-1", &Rendered::hello_world()).await
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_the_config_names_it() {
    let server = tls_server::start(accepted()).await;
    let mut ca = tempfile::NamedTempFile::new().unwrap();
    ca.write_all(server.ca_pem.as_bytes()).unwrap();
    let mut settings = settings(&server.url);
    settings.ca_file = Some(ca.path().to_owned());

    let outcome = send(&Client::new(&settings).unwrap()).await;

    assert!(matches!(outcome, Outcome::Accepted { wamid, .. } if wamid == "wamid.1"));
}

#[tokio::test]
async fn an_unknown_authority_is_refused_before_anything_is_sent() {
    let server = tls_server::start(accepted()).await;

    let Outcome::Failed(failure) = send(&client(&server.url)).await else {
        panic!("sent to a server that nobody vouches for");
    };

    assert_eq!(
        failure.class,
        Class {
            retry: Retry::Backoff,
            scope: Scope::Number
        }
    );
    assert!(failure.text.contains("no connection"), "{}", failure.text);
    assert!(failure.text.contains("UnknownIssuer"), "{}", failure.text);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_gets_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings(&format!("https://{}", listener.local_addr().unwrap()));
    settings.connect_timeout = Duration::from_millis(50);

    let Outcome::Failed(failure) = send(&Client::new(&settings).unwrap()).await else {
        panic!("a handshake that never ended passed for a connection");
    };

    assert_eq!(failure.class.retry, Retry::Backoff);
    assert_eq!(failure.text, "no connection within 50ms");
}

#[test]
fn a_file_without_certificates_is_refused() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    let mut settings = settings("https://127.0.0.1:1");
    settings.ca_file = Some(empty.path().to_owned());
    assert!(matches!(
        Client::new(&settings),
        Err(ClientError::Ca { .. })
    ));

    settings.ca_file = Some("/nowhere/ca.pem".into());
    assert!(matches!(
        Client::new(&settings),
        Err(ClientError::ReadCa { .. })
    ));
}
