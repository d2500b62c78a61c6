//! Alertmanager's interface over HTTP: alerts in, alarms out.

use klaxond::model::Answer;
use klaxond::pipeline::intake::Intake;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::support::http_server::{HttpServer, client, control_client};
use super::support::ingest::Ledger;
use super::support::other_systems::Standing;

const ALERTS: &str = "/api/v2/alerts";

async fn post(server: &HttpServer, path: &str, body: impl ToString) -> Response {
    let request = client().post(server.url(path)).body(body.to_string());
    request.send().await.unwrap()
}

async fn get(server: &HttpServer, path: &str) -> (StatusCode, Value) {
    let response = client().get(server.url(path)).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_bad_alert_costs_only_itself_and_is_told() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let good = json!({ "labels": { "alertname": "A", "instance": "a" } });
    let response = post(&server, ALERTS, json!([good])).await;
    assert_eq!(
        (response.status(), response.text().await.unwrap()),
        (StatusCode::OK, String::new())
    );
    let bad = json!([
        good, {}, { "labels": [] }, { "labels": { "a": {} } },
        { "labels": { "alertname": "A" }, "endsAt": "soon" }, 7, good,
    ]);
    let response = post(&server, ALERTS, bad).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let told: String = response.json().await.unwrap();
    for place in [
        "alert 2: at least one label",
        "alert 3",
        "alert 4",
        "alert 5: `endsAt`",
        "alert 6",
    ] {
        assert!(told.contains(place), "{place}: {told}");
    }
    assert_eq!(ledger.elements(), ["a", "a", "a"]);
    server.stop().await;
}

#[tokio::test]
async fn garbage_is_400_in_alertmanagers_own_shape_and_takes_nothing() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    for (path, body) in [
        (ALERTS, ""),
        (ALERTS, "{}"),
        (ALERTS, "[{\"labels\":"),
        (ALERTS, "\u{1}"),
        ("/api/v1/webhook/alertmanager", "[]"),
        ("/api/v1/webhook/alertmanager", "{\"alerts\":7}"),
        ("/api/v1/webhook/grafana", "{}"),
    ] {
        let response = post(&server, path, body).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path} {body}");
        let told: Value = response.json().await.unwrap();
        assert_eq!(told["code"], 400, "{told}");
        assert!(
            told["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{told}"
        );
    }
    assert!(ledger.elements().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_store_that_cannot_take_it_is_503_whatever_else_is_wrong() {
    let server = HttpServer::start(Intake::from_fn(|records, _| async move {
        let mut answers = vec![
            Answer::Busy {
                retry_after_ms: 500
            };
            records.len()
        ];
        answers[0] = Answer::Rejected {
            error: "no".to_owned(),
        };
        answers
    }));
    let alert = json!({ "labels": { "alertname": "A" } });
    let webhook = json!({ "alerts": [alert, alert] });
    for (path, body) in [
        (ALERTS, json!([alert, alert])),
        ("/api/v1/webhook/alertmanager", webhook.clone()),
        ("/api/v1/webhook/grafana", webhook),
    ] {
        let response = post(&server, path, body).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(response.headers()["retry-after"], "1");
    }
    server.stop().await;
}

#[tokio::test]
async fn alerts_come_in_like_any_other_and_need_the_token_where_there_is_one() {
    let standing = Standing::default();
    let server = standing.serve(Some("secret"));
    let body = json!([{ "labels": { "alertname": "A" } }]);
    for path in [
        ALERTS,
        "/api/v1/webhook/alertmanager",
        "/api/v1/webhook/grafana",
    ] {
        assert_eq!(
            post(&server, path, &body).await.status(),
            StatusCode::UNAUTHORIZED
        );
    }
    assert_eq!(get(&server, ALERTS).await.0, StatusCode::UNAUTHORIZED);
    let allowed = client().post(server.url(ALERTS)).bearer_auth("secret");
    let response = allowed.body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(standing.ledger.origins(), ["http 127.0.0.1"]);
    server.stop().await;
}

#[tokio::test]
async fn open_alarms_are_shown_as_alerts_whoever_sent_them() {
    let standing = Standing::default();
    let server = standing.serve(None);
    let sent = json!([
        { "labels": { "alertname": "DiskFull", "instance": "db1", "severity": "page", "team": "web" },
          "annotations": { "summary": "full", "description": "d" },
          "generatorURL": "http://prometheus.example/g", "startsAt": "2026-11-22T11:00:00Z",
          "endsAt": "2026-11-22T13:00:00Z" },
        { "labels": { "alertname": "Down", "instance": "db2", "severity": "warning", "team": "silent" } },
    ]);
    assert_eq!(post(&server, ALERTS, &sent).await.status(), StatusCode::OK);
    standing.ledger.enter(
        vec![super::support::ingest::one(
            r#"{"element":"Encoder 7","parameter":"Input","index":"2","value":"lost","severity":"major","Site":"HQ"}"#,
        )],
        "unix",
    );
    let (status, alerts) = get(&server, ALERTS).await;
    assert_eq!(status, StatusCode::OK);
    let first = &alerts[0];
    assert_eq!(first["labels"], sent[0]["labels"]);
    assert_eq!(first["annotations"], sent[0]["annotations"]);
    assert_eq!(first["generatorURL"], "http://prometheus.example/g");
    assert_eq!(first["startsAt"], "2026-11-22T11:00:00Z");
    assert_eq!(first["endsAt"], "2026-11-22T13:00:00Z");
    assert_eq!(first["receivers"], json!([{ "name": "critical" }]));
    assert_eq!(
        first["status"],
        json!({ "state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": [] })
    );
    assert_eq!(alerts[1]["status"]["state"], "suppressed");
    assert_eq!(
        alerts[1]["status"]["silencedBy"],
        json!(["00000000-0000-4000-8000-000000000017"])
    );
    assert_eq!(
        alerts[2]["labels"],
        json!({ "instance": "Encoder 7", "alertname": "Input", "index": "2", "severity": "major", "Site": "HQ" })
    );
    assert_eq!(alerts[2]["annotations"], json!({ "summary": "lost" }));
    assert_eq!(alerts[2]["receivers"], json!([{ "name": "klaxond" }]));
    server.stop().await;
}

#[tokio::test]
async fn alerts_are_asked_for_by_state_matchers_and_receiver() {
    let standing = Standing::default();
    let server = standing.serve(None);
    let alert = |name: &str, team: &str| json!({ "labels": { "alertname": name, "team": team } });
    let sent = json!([alert("A", "web"), alert("B", "silent"), alert("C", "db")]);
    post(&server, ALERTS, sent).await;
    for (query, names) in [
        ("", "ABC"),
        (
            "?active=true&silenced=true&inhibited=true&unprocessed=true",
            "ABC",
        ),
        ("?silenced=false", "AC"),
        ("?active=false", "B"),
        ("?filter=alertname%3D%22A%22", "A"),
        (
            "?filter=alertname%3D~%22A%7CC%22&filter=team!%3D%22web%22",
            "C",
        ),
        ("?filter=nosuch%3D%22%22&filter=team!~%22w.*%22", "BC"),
        ("?receiver=crit.*", "A"),
        ("?receiver=crit", ""),
    ] {
        let (status, alerts) = get(&server, &format!("{ALERTS}{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        let found: String = alerts
            .as_array()
            .unwrap()
            .iter()
            .map(|alert| alert["labels"]["alertname"].as_str().unwrap())
            .collect();
        assert_eq!(found, names, "{query}");
    }
    for wrong in [
        "?active=maybe",
        "?filter=a",
        "?filter=a%3D~%22(%22",
        "?receiver=(",
    ] {
        let (status, told) = get(&server, &format!("{ALERTS}{wrong}")).await;
        assert_eq!(
            (status, told.is_string()),
            (StatusCode::BAD_REQUEST, true),
            "{wrong}"
        );
    }
    let (_, groups) = get(&server, "/api/v2/alerts/groups").await;
    let heads: Vec<_> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let count = group["alerts"].as_array().unwrap().len();
            (
                group["receiver"]["name"].clone(),
                group["labels"]["alertname"].clone(),
                count,
            )
        })
        .collect();
    let expected = [("critical", "A"), ("klaxond", "B"), ("klaxond", "C")];
    assert_eq!(
        heads,
        expected.map(|(who, what)| (json!(who), json!(what), 1))
    );
    server.stop().await;
}

#[tokio::test]
async fn it_says_what_it_is_in_alertmanagers_words() {
    let standing = Standing::default();
    let server = standing.serve(None);
    let (status, told) = get(&server, "/api/v2/status").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        told["cluster"],
        json!({ "status": "disabled", "peers": [] })
    );
    assert_eq!(told["versionInfo"]["version"], "0.25.0");
    assert_eq!(told["uptime"], "2026-11-22T12:00:00Z");
    let config = told["config"]["original"].as_str().unwrap();
    assert!(
        config.contains("receiver: klaxond") && config.contains("- name: \"critical\""),
        "{config}"
    );
    let (_, receivers) = get(&server, "/api/v2/receivers").await;
    assert_eq!(
        receivers,
        json!([{ "name": "klaxond" }, { "name": "critical" }])
    );
    server.stop().await;
}

#[tokio::test]
async fn a_stranger_may_hand_in_and_read_but_not_silence() {
    let standing = Standing::default();
    let server = standing.serve(None);
    let order =
        json!({ "matchers": [{ "name": "a", "value": "b" }], "endsAt": "2126-11-22T13:00:00Z" });
    let refused = post(&server, "/api/v2/silences", &order).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let gone = client()
        .delete(server.url("/api/v2/silence/s1"))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), StatusCode::FORBIDDEN);
    assert!(standing.orders().is_empty());
    let control = control_client(&server).post("http://klaxond/api/v2/silences");
    let allowed = control.body(order.to_string()).send().await.unwrap();
    assert_eq!(allowed.status(), StatusCode::OK);
    server.stop().await;
}
