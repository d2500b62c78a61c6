//! Requests that nobody well-behaved sends: the right status, and nothing else happens.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::http_server::HttpServer;
use super::support::ingest::Ledger;

const HOST: &str = "Host: localhost\r\n";

/// Writes `bytes`, ends the sending side and reads what comes.
async fn say(server: &HttpServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // The server may have answered and left before all was said.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // Longer than any limit of the server lets a connection live that asks for nothing more.
    let read = tokio::time::timeout(Duration::from_secs(60), read).await;
    let _ = read.expect("the connection ends");
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n")
}

fn post(path: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\n{HOST}Connection: close\r\nContent-Length: {length}\r\n{more}\r\n{body}"
    )
}

#[tokio::test]
async fn the_right_status_and_nothing_else() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let record = "{\"element\":\"a\",\"severity\":1}";
    let length = record.len();
    let huge = "x".repeat(20_000);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let deep = "[".repeat(30_000);
    let cases: Vec<(&str, String, &[u16])> = vec![
        ("a header without end", format!("GET / HTTP/1.1\r\n{HOST}X: {huge}\r\n\r\n"), &[431]),
        ("too many headers", format!("GET / HTTP/1.1\r\n{HOST}{many}\r\n"), &[431]),
        ("a huge query", get(&format!("/api/v1/why?id={huge}")), &[431, 414]),
        ("a body that is too large", post("/api/v1/alarms", "", &"x".repeat(70_000)), &[413]),
        (
            "a length that is too large",
            format!("POST /api/v1/alarms HTTP/1.1\r\n{HOST}Content-Length: 99999999999\r\n\r\n"),
            &[413],
        ),
        (
            "a length that is no number",
            format!("POST /api/v1/alarms HTTP/1.1\r\n{HOST}Content-Length: -1\r\n\r\n"),
            &[400],
        ),
        (
            "two lengths",
            format!(
                "POST /api/v1/alarms HTTP/1.1\r\n{HOST}Content-Length: {length}\r\nContent-Length: 3\r\n\r\n{record}"
            ),
            &[400],
        ),
        (
            "two ways to end",
            format!(
                "POST /api/v1/alarms HTTP/1.1\r\n{HOST}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            &[400],
        ),
        (
            "a chunk of no size",
            format!("POST /api/v1/alarms HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
            &[400],
        ),
        (
            "chunks past the limit",
            format!("POST /api/v1/alarms HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n")
                + &format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(5),
            &[413],
        ),
        ("two hosts", format!("GET /api/v1/status HTTP/1.1\r\n{HOST}{HOST}\r\n"), &[400]),
        ("up and out", get("/../api/v1/status"), &[404]),
        ("up and out, written otherwise", get("/api/v1/%2e%2e/%2e%2e/etc/passwd"), &[404]),
        ("two slashes", get("//api/v1/status"), &[404]),
        ("a path that is no text", get("/api/v1/%ff%fe"), &[404]),
        ("bad percent", get("/%zz"), &[400, 404]),
        ("a path of another host", get("http://evil.example/api/v1/status"), &[403]),
        ("another host", "GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_owned(), &[403]),
        ("NUL in the path", get("/api/v1/\0status"), &[400]),
        ("NUL in a header", format!("GET / HTTP/1.1\r\n{HOST}X: a\0b\r\n\r\n"), &[400]),
        ("NUL in the query", get("/api/v1/why?id=%00"), &[404]),
        ("HTTP/0.9", "GET /\r\n\r\n".to_owned(), &[400]),
        // Not even an answer: it is another protocol.
        ("HTTP/2 in the clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), &[]),
        ("an unknown method", format!("BREW /api/v1/status HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"), &[403, 405]),
        ("CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n".to_owned(), &[403, 404, 405]),
        ("TRACE", format!("TRACE / HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"), &[403, 405]),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned(), &[400]),
        ("a body that is not JSON", post("/api/v1/alarms", "", "{\"element\":"), &[400]),
        ("a body without bottom", post("/api/v1/alarms", "", &deep), &[400]),
        ("a page of somebody else", post("/api/v1/alarms", "Origin: https://evil.example\r\n", record), &[403]),
        ("a page of nobody", post("/api/v1/alarms", "Origin: null\r\n", record), &[403]),
        ("a silence from a stranger", post("/api/v1/silences", "Content-Type: application/json\r\n", "{}"), &[403]),
        ("a reload from a stranger", post("/-/reload", "", ""), &[403]),
    ];
    let mut wrong = Vec::new();
    for (what, request, statuses) in cases {
        let answer = say(&server, request.as_bytes()).await;
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        let is_right = match status {
            Some(status) => statuses.contains(&status) && answer.matches("HTTP/1.1 ").count() == 1,
            None => statuses.is_empty() && answer.is_empty(),
        };
        if !is_right {
            wrong.push((what, answer));
        }
        let healthy = say(&server, get("/-/healthy").as_bytes()).await;
        assert!(healthy.starts_with("HTTP/1.1 200"), "after {what}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(ledger.elements().is_empty(), "{:?}", ledger.elements());
    assert!(server.reloads.lock().unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn what_follows_a_request_is_read_as_a_request_or_not_at_all() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let record = "{\"element\":\"a\",\"severity\":1}";
    let whole = format!("GET /-/healthy HTTP/1.1\r\n{HOST}\r\n");
    let answer = say(
        &server,
        format!("{whole}\u{1}\u{2} garbage\r\n\r\n{record}").as_bytes(),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400").count(), 1, "{answer}");
    // Bytes that are no text at all.
    let answer = say(&server, b"\xff\xfe\x00\x01\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    let mut bad = post("/api/v1/alarms", "", "\"xx\"").into_bytes();
    let at = bad.len() - 2;
    bad[at] = 0xff;
    let answer = say(&server, &bad).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(ledger.elements().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_stranger_is_not_believed_for_whom_he_calls() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let record = "{\"element\":\"a\",\"severity\":1}";
    let forged = post(
        "/api/v1/alarms",
        "X-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Host: evil.example\r\n",
        record,
    );
    assert!(
        say(&server, forged.as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert_eq!(ledger.origins(), ["http 127.0.0.1"]);
    server.stop().await;
}

#[tokio::test]
async fn every_route_takes_its_own_methods_only() {
    let server = HttpServer::start_with(Ledger::default().intake(), |settings| {
        settings.token = Some("secret".into());
    });
    let table = klaxond::web::table();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for route in &table {
            let taken = table
                .iter()
                .any(|other| other.path == route.path && other.method == method);
            let path = route.path.replace("{id}", "s1");
            let bearer = "Authorization: Bearer secret\r\nConnection: close\r\n";
            let request =
                format!("{method} {path} HTTP/1.1\r\n{HOST}{bearer}Content-Length: 0\r\n\r\n");
            if taken {
                continue;
            }
            let answer = say(&server, request.as_bytes()).await;
            assert!(
                answer.starts_with("HTTP/1.1 405"),
                "{method} {path}: {answer}"
            );
        }
    }
    assert!(server.reloads.lock().unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_stranger_reads_and_changes_nothing_but_health() {
    let ledger = Ledger::default();
    let server = HttpServer::start_with(ledger.intake(), |settings| {
        settings.token = Some("secret".into());
    });
    let open = ["/-/healthy", "/-/ready", "/login", "/login.css", "/logout"];
    for route in klaxond::web::table() {
        if open.contains(&route.path) {
            continue;
        }
        let (method, path) = (&route.method, route.path.replace("{id}", "s1"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{HOST}Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
        let answer = say(&server, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 401"),
            "{method} {path}: {answer}"
        );
    }
    assert!(ledger.elements().is_empty() && server.reloads.lock().unwrap().is_empty());
    server.stop().await;
}
