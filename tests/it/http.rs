//! HTTP: health, alarms, control, and who may do what.

use std::time::Duration;

use klaxond::model::Answer;
use klaxond::pipeline::intake::Intake;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::http_server::{HttpServer, client, control_client};
use super::support::ingest::Ledger;

const STRING: &str = "1|7|59|350||1|0|1|10|12|x|2024-08-20 12:13:32|-1|-1|-1|5|16|18|System||0";

async fn post(server: &HttpServer, body: impl Into<reqwest::Body>) -> Response {
    client()
        .post(server.url("/api/v1/alarms"))
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn answers(response: Response) -> (StatusCode, Value) {
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn one_object_is_answered_with_one_answer() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let stored = json!({"status": "stored", "id": "a", "rules": []});
    for body in [
        "{\"element\":\"a\",\"severity\":1}".to_owned(),
        "{\n  \"element\": \"a\",\n  \"severity\": 1\n}\n".to_owned(),
    ] {
        let response = post(&server, body.clone()).await;
        assert_eq!(
            response.headers()["content-type"],
            "application/json",
            "{body}"
        );
        assert_eq!(
            answers(response).await,
            (StatusCode::OK, stored.clone()),
            "{body}"
        );
    }
    assert_eq!(ledger.origins(), ["http 127.0.0.1", "http 127.0.0.1"]);
    let (status, answer) = answers(post(&server, STRING).await).await;
    assert_eq!((status, answer["id"].as_str()), (StatusCode::OK, Some("1")));
    server.stop().await;
}

#[tokio::test]
async fn lists_and_lines_are_answered_with_a_list_and_a_bad_record_costs_only_itself() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let good = "{\"element\":\"a\",\"severity\":1}";
    for (body, statuses) in [
        (
            format!("[{good},{{\"element\":5}},{good}]"),
            vec!["stored", "rejected", "stored"],
        ),
        (format!("[{good}]"), vec!["stored"]),
        (
            format!("{good}\r\n\r\n{{\"element\":}}\n{good}\n"),
            vec!["stored", "rejected", "stored"],
        ),
        (
            format!("{STRING}\n{good}\nnonsense"),
            vec!["stored", "stored", "rejected"],
        ),
        (format!("{STRING}\u{b}{STRING}"), vec!["stored", "stored"]),
        ("[]".to_owned(), vec![]),
    ] {
        let (status, answer) = answers(post(&server, body.clone()).await).await;
        let told: Vec<_> = answer
            .as_array()
            .unwrap()
            .iter()
            .map(|answer| answer["status"].as_str().unwrap())
            .collect();
        assert_eq!((status, told), (StatusCode::OK, statuses), "{body}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_holds_no_record_is_a_bad_request() {
    let server = HttpServer::start(Ledger::default().intake());
    for (body, told) in [
        (&b""[..], "the body is empty"),
        (b"[{\"element\":1},", "line 1"),
        (b"{\n\"element\": \"a\"\n", "line 3"),
        (b"[\"\xff\"]", "byte 3 is not UTF-8"),
        (b"hello", "neither JSON"),
        (b"{\"element\":\"e\"}", "`severity` is missing"),
    ] {
        let (status, answer) = answers(post(&server, body).await).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{told}");
        assert_eq!(answer["status"], "rejected");
        let error = answer["error"].as_str().unwrap();
        assert!(
            error.starts_with(told) || told == "line 1" && error.starts_with("column"),
            "{error}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn many_records_go_to_intake_in_batches_and_come_back_in_order() {
    let ledger = Ledger::default();
    let server = HttpServer::start_with(ledger.intake(), |settings| settings.max_body = 1 << 20);
    let body: String = (0..3000)
        .map(|n| format!("{{\"element\":\"{n}\",\"severity\":1}}\n"))
        .collect();
    let (_, answer) = answers(post(&server, body).await).await;
    for (n, answer) in answer.as_array().unwrap().iter().enumerate() {
        assert_eq!(answer["id"], n.to_string());
    }
    assert_eq!(ledger.elements().len(), 3000);
    server.stop().await;
}

#[tokio::test]
async fn busy_is_503_with_the_time_to_wait_and_says_which_records_were_taken() {
    let server = HttpServer::start(Intake::from_fn(|records, _| async move {
        let mut answers = vec![
            Answer::Busy {
                retry_after_ms: 2500
            };
            records.len()
        ];
        answers[0] = Answer::Ignored {
            reason: "no rule".to_owned(),
            notes: Vec::new(),
        };
        answers
    }));
    let good = "{\"element\":\"a\",\"severity\":1}";
    let response = post(&server, format!("{good}\n{good}")).await;
    assert_eq!(response.headers()["retry-after"], "3");
    let (status, answer) = answers(response).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer,
        json!([{"status": "ignored", "reason": "no rule"}, {"status": "busy", "retry_after_ms": 2500}])
    );
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let (status, answer) = answers(post(&server, "x".repeat(64 * 1024 + 1)).await).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer["status"], "rejected");
    // Without a length in front, it is counted as it comes.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /api/v1/alarms HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunks = format!("8000\r\n{}\r\n", "x".repeat(0x8000)).repeat(2) + "1\r\nx\r\n";
    stream.write_all(chunks.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    assert_eq!(ledger.elements().len(), 0);
    server.stop().await;
}

#[tokio::test]
async fn prometheus_may_send_more_at_once() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    for (bytes, status) in [
        (2 << 20, StatusCode::BAD_REQUEST),
        ((8 << 20) + 1, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let body = "x".repeat(bytes);
        let request = client().post(server.url("/api/v2/alerts")).body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{bytes} bytes");
    }
    server.stop().await;
}

#[tokio::test]
async fn health_is_always_told_and_readiness_as_it_is() {
    let server = HttpServer::start_with(Ledger::default().intake(), |settings| {
        settings.token = Some("secret".into());
    });
    let get = async |path| {
        let response = client().get(server.url(path)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    assert_eq!(get("/-/healthy").await.0, StatusCode::OK);
    assert_eq!(
        get("/-/ready").await,
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n".to_owned())
    );
    server.health.set_ready("queue 0");
    assert_eq!(
        get("/-/ready").await,
        (StatusCode::OK, "queue 0\n".to_owned())
    );
    server.health.set_unready("the disk is full");
    assert_eq!(get("/-/ready").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let head = client()
        .head(server.url("/-/healthy"))
        .send()
        .await
        .unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_in_json() {
    let server = HttpServer::start(Ledger::default().intake());
    let (status, body) = answers(client().get(server.url("/nothing")).send().await.unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body["error"].is_string());
    let (status, body) = answers(
        client()
            .get(server.url("/api/v1/retry"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(body["error"].is_string());
    server.stop().await;
}

#[tokio::test]
async fn with_a_token_everything_but_health_needs_it() {
    let ledger = Ledger::default();
    let server = HttpServer::start_with(ledger.intake(), |settings| {
        settings.token = Some("secret".into());
    });
    let paths = [
        ("GET", "/api/v1/status"),
        ("POST", "/api/v1/alarms"),
        ("POST", "/-/reload"),
        ("GET", "/nothing"),
    ];
    for (method, path) in paths {
        for given in [
            None,
            Some("Bearer wrong"),
            Some("Bearer secre"),
            Some("Bearer secrets"),
            Some("Basic secret"),
            Some("secret"),
            Some(""),
        ] {
            let mut request = client().request(method.parse().unwrap(), server.url(path));
            if let Some(given) = given {
                request = request.header("authorization", given);
            }
            let response = request.send().await.unwrap();
            assert_eq!(
                response.status(),
                StatusCode::UNAUTHORIZED,
                "{path} {given:?}"
            );
            assert!(response.headers().contains_key("www-authenticate"));
        }
    }
    assert!(ledger.elements().is_empty() && server.reloads.lock().unwrap().is_empty());

    let authorised = |method: &str, path| {
        client()
            .request(method.parse().unwrap(), server.url(path))
            .header("authorization", "bearer secret")
            // With a token the name it is called by does not matter.
            .header("host", "klaxond.example.com")
    };
    let (status, body) = answers(authorised("GET", "/api/v1/status").send().await.unwrap()).await;
    assert_eq!((status, body), (StatusCode::OK, json!({"queue": 0})));
    let record = "{\"element\":\"a\",\"severity\":1}";
    let response = authorised("POST", "/api/v1/alarms")
        .body(record)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let (status, body) = answers(authorised("POST", "/-/reload").send().await.unwrap()).await;
    assert_eq!(
        (status, body),
        (
            StatusCode::OK,
            json!({"applied": ["NOC desk: number changed"]})
        )
    );
    let response = authorised("GET", "/nothing").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn without_a_token_what_changes_things_goes_through_the_control_socket() {
    let server = HttpServer::start(Ledger::default().intake());
    let refused = client().post(server.url("/-/reload")).send().await.unwrap();
    let (status, body) = answers(refused).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(
        body["error"]
            .as_str()
            .unwrap()
            .starts_with("use the control socket")
    );
    let open = client()
        .get(server.url("/api/v1/status"))
        .send()
        .await
        .unwrap();
    assert_eq!(open.status(), StatusCode::OK);

    let control = control_client(&server);
    let applied = control
        .post("http://klaxond/-/reload")
        .send()
        .await
        .unwrap();
    assert_eq!(applied.status(), StatusCode::OK);
    let tried = control
        .post("http://klaxond/-/reload?dry_run=true")
        .send()
        .await
        .unwrap();
    let (status, body) = answers(tried).await;
    assert_eq!(
        (status, body),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({"faults": ["line 3"]})
        )
    );
    let wrong = control
        .post("http://klaxond/-/reload?dry_run=perhaps")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    assert_eq!(*server.reloads.lock().unwrap(), [false, true]);
    server.stop().await;
}

#[tokio::test]
async fn the_control_socket_needs_no_token_and_its_origin_names_the_user() {
    let ledger = Ledger::default();
    let server = HttpServer::start_with(ledger.intake(), |settings| {
        settings.token = Some("secret".into());
    });
    let record = "{\"element\":\"a\",\"severity\":1}";
    let control = control_client(&server);
    let taken = control
        .post("http://klaxond/api/v1/alarms")
        .body(record)
        .send()
        .await
        .unwrap();
    assert_eq!(taken.status(), StatusCode::OK);
    let (user, process) = (uzers::get_current_uid(), std::process::id());
    assert_eq!(
        ledger.origins(),
        [format!("control uid={user} pid={process}")]
    );
    server.stop().await;
}

#[tokio::test]
async fn web_pages_are_kept_out() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let record = "{\"element\":\"a\",\"severity\":1}";
    let from_a_page = client()
        .post(server.url("/api/v1/alarms"))
        .header("origin", "https://evil.example")
        .body(record)
        .send()
        .await
        .unwrap();
    assert_eq!(from_a_page.status(), StatusCode::FORBIDDEN);
    for (host, status) in [
        ("evil.example", StatusCode::FORBIDDEN),
        ("evil.example:9780", StatusCode::FORBIDDEN),
        ("localhost:9780", StatusCode::OK),
        ("[::1]:9780", StatusCode::OK),
        ("127.0.0.1", StatusCode::OK),
    ] {
        let response = client()
            .get(server.url("/api/v1/status"))
            .header("host", host)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
    assert!(ledger.elements().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_declared_proxy_says_for_whom_it_calls() {
    let ledger = Ledger::default();
    let server = HttpServer::start_with(ledger.intake(), |settings| {
        settings.proxies = vec!["127.0.0.1".parse().unwrap()];
    });
    let undeclared = HttpServer::start(ledger.intake());
    for server in [&server, &undeclared] {
        let response = client()
            .post(server.url("/api/v1/alarms"))
            .header("x-forwarded-for", "6.6.6.6, 10.0.0.7")
            .body("{\"element\":\"a\",\"severity\":1}")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert_eq!(
        ledger.origins(),
        ["http 10.0.0.7 via 127.0.0.1", "http 127.0.0.1"]
    );
    server.stop().await;
    undeclared.stop().await;
}

// On a paused clock: what waits is let go when the timer under test is the next thing to happen.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_half_a_request_is_let_go() {
    let server = HttpServer::start(Ledger::default().intake());
    let begin = tokio::time::Instant::now();
    for (said, told) in [
        ("", None),
        ("POST /api/v1/alarms HTT", None),
        (
            "GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n",
            Some("HTTP/1.1 200"),
        ),
        (
            "POST /api/v1/alarms HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
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

#[tokio::test]
async fn an_address_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = klaxond::web::Settings {
        listen: Some(taken.local_addr().unwrap()),
        token: None,
        proxies: Vec::new(),
        control: "unused".into(),
        max_body: 1024,
    };
    let fault = klaxond::web::Server::bind(&settings).unwrap_err();
    assert!(fault.to_string().contains("http.listen"), "{fault}");
}
