//! Grafana's webhook.

use klaxond::ingest::read_grafana;
use klaxond::model::{AlarmRecord, Labels, Status};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::http_server::{HttpServer, client};
use super::support::ingest::{Ledger, arrival};

fn body() -> Value {
    json!({
        "receiver": "klaxond", "status": "firing", "orgId": 1, "version": "1", "state": "alerting",
        "title": "[FIRING:1] High", "message": "**Firing**\nLoad is high", "truncatedAlerts": 0,
        "alerts": [{
            "status": "firing",
            "labels": { "alertname": "High load", "grafana_folder": "Hosts", "instance": "web1" },
            "annotations": {},
            "startsAt": "2026-11-22T11:00:00+01:00", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://grafana.example/alerting/x/view", "fingerprint": "57c6d9296de2ad39",
            "silenceURL": "https://grafana.example/silence", "dashboardURL": "https://grafana.example/d/1",
            "panelURL": "", "values": { "B": 22.5, "C": 1 },
            "valueString": "[ var='B' labels={} value=22.5 ]",
        }],
    })
}

fn read(body: &Value) -> AlarmRecord {
    let read = read_grafana(body.to_string().as_bytes(), &Labels::default(), arrival());
    read.unwrap().records.pop().unwrap().record.unwrap()
}

#[test]
fn what_fires_lasts_and_says_what_was_measured() {
    let alarm = read(&body());
    assert_eq!(
        (alarm.status, alarm.until, alarm.repeats),
        (Status::Open, None, true)
    );
    assert_eq!(
        [
            &alarm.element,
            &alarm.parameter,
            &alarm.value,
            &alarm.source
        ]
        .map(String::as_str),
        ["web1", "High load", "B=22.5 C=1", "grafana"]
    );
    assert_eq!(alarm.time.to_string(), "2026-11-22T10:00:00Z");
    assert_eq!(alarm.properties.get("grafana_folder"), Some("Hosts"));
    assert_eq!(
        alarm.properties.get("dashboardURL"),
        Some("https://grafana.example/d/1")
    );
    assert_eq!(alarm.properties.get("panelURL"), None);
}

#[test]
fn a_summary_goes_before_what_was_measured_and_the_message_is_the_last_resort() {
    let mut changed = body();
    changed["alerts"][0]["annotations"] = json!({ "summary": "Load 22" });
    assert_eq!(read(&changed).value, "Load 22");
    changed["alerts"][0]["annotations"] = json!({});
    changed["alerts"][0]["values"] = Value::Null;
    assert_eq!(read(&changed).value, "[ var='B' labels={} value=22.5 ]");
    changed["alerts"][0]["valueString"] = Value::Null;
    assert_eq!(read(&changed).value, "**Firing** Load is high");
}

#[test]
fn what_is_resolved_clears_the_same_alarm() {
    let mut resolved = body();
    resolved["alerts"][0]["status"] = json!("resolved");
    resolved["alerts"][0]["endsAt"] = json!("2026-11-22T11:30:00Z");
    let (raise, clear) = (read(&body()), read(&resolved));
    assert_eq!(
        (clear.status, clear.tree()),
        (Status::Cleared, raise.tree())
    );
    assert_eq!(clear.time.to_string(), "2026-11-22T11:30:00Z");
}

#[tokio::test]
async fn it_is_posted_over_http() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let url = server.url("/api/v1/webhook/grafana");
    let response = client()
        .post(url)
        .body(body().to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(ledger.elements(), ["web1"]);
    server.stop().await;
}
