//! What the sandbox posts to a webhook.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use klaxond::model::Stage;
use klaxond::sandbox::{Fault, Settings, Webhook};
use klaxond::whatsapp::webhook::Inbound;
use serde_json::{Value, json};
use tokio::task::block_in_place;
use wiremock::matchers::{method, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::messages::NUMBER_ID;
use crate::support::process::wait_until;
use crate::support::webhook::{APP_SECRET, VERIFY_TOKEN, WebhookServer, sign};

use super::fixture::{Fixture, message, message_to};

/// Posts to `url`, quickly.
pub(super) fn webhook(url: &str) -> Webhook {
    let mut webhook = Webhook::new(url, APP_SECRET.to_owned().into());
    webhook.delay = Duration::from_millis(5);
    webhook.retry = Duration::from_millis(5);
    webhook
}

/// A sandbox with `faults` and klaxond's own port, to which it posts.
async fn connected(faults: &[&str]) -> (Fixture, WebhookServer) {
    let server = WebhookServer::start();
    let faults = faults.iter().map(|text| Fault::parse(text).unwrap());
    let fixture = Fixture::start(Settings {
        faults: faults.collect(),
        webhook: Some(webhook(&server.url("/webhooks/whatsapp"))),
        ..Settings::default()
    })
    .await;
    (fixture, server)
}

/// What klaxond read, body by body.
pub(super) fn bodies(server: &WebhookServer) -> Vec<Vec<Inbound>> {
    let taken = server.taken.lock().unwrap();
    taken.iter().map(|(updates, _)| updates.clone()).collect()
}

/// Waits until nothing is left to post.
pub(super) fn quiet(fixture: &Fixture) {
    let tally = || fixture.sandbox.tally().webhook;
    let done = || tally().waiting == 0;
    block_in_place(|| wait_until("everything was posted", done, || format!("{:?}", tally())));
}

fn stages(server: &WebhookServer) -> Vec<Stage> {
    let stage = |update: Inbound| match update {
        Inbound::Status { stage, .. } => stage,
        other => panic!("{other:?}"),
    };
    bodies(server).concat().into_iter().map(stage).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_is_sent_delivered_and_read() {
    let (fixture, server) = connected(&[]).await;
    fixture.send(&message()).await;
    quiet(&fixture);
    let mut taken = stages(&server);
    taken.sort();
    assert_eq!(taken, [Stage::Sent, Stage::Delivered, Stage::Read]);
    let sent = &fixture.accepted()[0];
    for update in bodies(&server).concat() {
        let Inbound::Status {
            wamid,
            opaque,
            failure,
            ..
        } = update
        else {
            panic!("{update:?}");
        };
        assert_eq!(
            (wamid.as_str(), opaque.as_deref()),
            (sent.wamid.as_str(), Some("7"))
        );
        assert_eq!(failure, None);
    }
    let (_, listed) = fixture.get("sandbox/messages").await;
    assert_eq!(listed["messages"][0]["state"], "read");
    assert_eq!(listed["webhook"]["taken"], 3);
    assert_eq!(listed["webhook"]["refused"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_is_metas_escaped_and_signed_as_it_goes_out() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let fixture = Fixture::start(Settings {
        webhook: Some(webhook(&server.uri())),
        faults: vec![
            Fault::parse("failed=131026").unwrap(),
            Fault::parse("batch=2").unwrap(),
        ],
        ..Settings::default()
    })
    .await;
    let mut body = message();
    body["biz_opaque_callback_data"] = json!("störung/👋");
    fixture.send(&body).await;
    quiet(&fixture);
    let request = &server.received_requests().await.unwrap()[0];
    assert_eq!(
        request.headers["x-hub-signature-256"],
        sign(&request.body).as_str()
    );
    assert_eq!(request.headers["content-type"], "application/json");
    let text = String::from_utf8(request.body.clone()).unwrap();
    assert!(
        text.is_ascii() && text.contains(r"st\u00f6rung\/\ud83d\udc4b"),
        "{text}"
    );
    let mut given: Value = serde_json::from_str(&text).unwrap();
    let wamid = fixture.accepted()[0].wamid.clone();
    for status in given["entry"][0]["changes"][0]["value"]["statuses"]
        .as_array_mut()
        .unwrap()
    {
        assert!(
            status["timestamp"]
                .as_str()
                .unwrap()
                .parse::<u64>()
                .unwrap()
                > 1_700_000_000
        );
        status["timestamp"] = json!("1795341600");
    }
    let title = "Message undeliverable";
    assert_eq!(
        given,
        json!({
            "object": "whatsapp_business_account",
            "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": {"display_phone_number": "15550100100", "phone_number_id": NUMBER_ID},
                "statuses": [
                    {"id": wamid, "status": "sent", "timestamp": "1795341600",
                     "recipient_id": "34600111222", "biz_opaque_callback_data": "störung/👋",
                     "pricing": {"billable": true, "pricing_model": "PMP", "category": "utility",
                                 "type": "regular"}},
                    {"id": wamid, "status": "failed", "timestamp": "1795341600",
                     "recipient_id": "34600111222", "biz_opaque_callback_data": "störung/👋",
                     "errors": [{"code": 131_026, "title": title, "message": title,
                         "error_data": {"details": "Asked for with a fault of the sandbox."},
                         "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}]},
                ],
            }}]}],
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_posted_before_the_address_gave_the_challenge_back() {
    let server = MockServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let challenge = move |request: &Request| {
        let mut query = request.url.query_pairs();
        let challenge = query.find(|(key, _)| key == "hub.challenge").unwrap().1;
        // The address is not up at first.
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => ResponseTemplate::new(502),
            1 => ResponseTemplate::new(200).set_body_string("Welcome"),
            _ => ResponseTemplate::new(200).set_body_string(challenge.into_owned()),
        }
    };
    Mock::given(method("GET"))
        .and(query_param("hub.mode", "subscribe"))
        .and(query_param("hub.verify_token", VERIFY_TOKEN))
        .respond_with(challenge)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let mut webhook = webhook(&server.uri());
    webhook.verify_token = Some(VERIFY_TOKEN.to_owned().into());
    let fixture = Fixture::start(Settings {
        webhook: Some(webhook),
        ..Settings::default()
    })
    .await;
    fixture.send(&message()).await;
    quiet(&fixture);
    let requests = server.received_requests().await.unwrap();
    let methods: Vec<&str> = requests.iter().map(|r| r.method.as_str()).collect();
    assert_eq!(methods[..4], ["GET", "GET", "GET", "POST"]);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert!(fixture.sandbox.tally().webhook.verified);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_comes_again_byte_for_byte() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(503))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let fixture = Fixture::start(Settings {
        webhook: Some(webhook(&server.uri())),
        faults: vec![Fault::parse("batch=3").unwrap()],
        ..Settings::default()
    })
    .await;
    fixture.send(&message()).await;
    quiet(&fixture);
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| request.body == requests[0].body)
    );
    let posts = fixture.sandbox.tally().webhook;
    assert_eq!((posts.taken, posts.refused, posts.dropped), (3, 2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_taken_is_given_up() {
    let server = MockServer::start().await;
    let mut webhook = webhook(&server.uri());
    webhook.retry = Duration::ZERO;
    let fixture = Fixture::start(Settings {
        webhook: Some(webhook),
        faults: vec![Fault::parse("batch=3").unwrap()],
        ..Settings::default()
    })
    .await;
    fixture.send(&message()).await;
    quiet(&fixture);
    let posts = fixture.sandbox.tally().webhook;
    assert_eq!((posts.taken, posts.refused, posts.dropped), (0, 12, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_go_wrong_on_request() {
    use Stage::{Delivered, Failed, Read, Sent};
    let table: &[(&[&str], &[Stage])] = &[
        (&["twice"], &[Sent, Sent, Delivered, Delivered, Read, Read]),
        (&["twice:status=read"], &[Sent, Delivered, Read, Read]),
        (&["lost:status=delivered"], &[Sent, Read]),
        (&["lost"], &[]),
        (&["failed=131026"], &[Failed, Sent]),
        (&["failed=131049:status=sent"], &[Failed]),
        (&["failed=131026:to=34600111999"], &[Sent, Delivered, Read]),
        (&["lost:every=2"], &[Sent, Read]),
        (&["disorder"], &[Sent, Delivered, Read]),
    ];
    for (faults, expected) in table {
        let (fixture, server) = connected(faults).await;
        fixture.send(&message()).await;
        quiet(&fixture);
        let mut taken = stages(&server);
        taken.sort();
        assert_eq!(taken, *expected, "{faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_receipt_comes_after_those_that_follow_it() {
    let (fixture, server) = connected(&["late=1s:status=sent"]).await;
    fixture.send(&message()).await;
    quiet(&fixture);
    assert_eq!(stages(&server).last(), Some(&Stage::Sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_of_several_messages_come_in_one_body() {
    let (fixture, server) = connected(&["batch=9"]).await;
    for last in 1..4 {
        fixture
            .send(&message_to(&format!("+3460011122{last}")))
            .await;
    }
    quiet(&fixture);
    let bodies = bodies(&server);
    assert_eq!(bodies.iter().map(Vec::len).collect::<Vec<_>>(), [9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_copy_is_posted_once_and_the_right_one_follows() {
    let (fixture, server) = connected(&["forged:status=delivered"]).await;
    fixture.send(&message()).await;
    quiet(&fixture);
    assert_eq!(stages(&server).len(), 3);
    let posts = fixture.sandbox.tally().webhook;
    assert_eq!((posts.taken, posts.refused, posts.dropped), (3, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_can_come_before_the_answer_to_its_message() {
    let (fixture, server) = connected(&["answer-after=3600s"]).await;
    let request = fixture
        .client
        .post(fixture.url("v25.0/106540352242922/messages"));
    let request = request.bearer_auth("token").json(&message()).send();
    let answer = tokio::spawn(request);
    let done = || fixture.sandbox.tally().webhook.taken == 3;
    block_in_place(|| wait_until("receipts", done, String::new));
    assert_eq!(stages(&server).len(), 3);
    assert!(!answer.is_finished());
    fixture.sandbox.stop().await;
    let answer = answer.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
}
