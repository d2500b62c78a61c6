//! Every error Meta documents, and what klaxond makes of it.

use klaxond::model::Retry::{Backoff, Few, Never, Pair, Slow, Wait};
use klaxond::model::Scope::{Account, Contact, Message, Number, Template};
use klaxond::model::{Class, Outcome, Retry, Scope};
use klaxond::whatsapp::template::Rendered;
use klaxond::whatsapp::{advice, classify};
use serde_json::json;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::messages::{client, phone};

/// Code, subcode, HTTP status as documented (400 where Meta gives none), retry, scope.
type Row = (u32, Option<u32>, u16, Retry, Scope);

/// Meta's table (page support/error-codes, December 2025) with what other sources add, one row a code.
#[rustfmt::skip]
const DOCUMENTED: &[Row] = &[
    (0, None, 401, Wait, Account),
    (1, None, 400, Few, Message),
    (2, None, 503, Backoff, Account),
    (2, None, 500, Backoff, Account),
    (3, None, 500, Wait, Account),
    (4, None, 400, Slow, Account),
    (10, None, 403, Wait, Account),
    (17, None, 400, Slow, Account),
    (341, None, 400, Slow, Account),
    (613, None, 400, Slow, Account),
    (33, None, 400, Wait, Number),
    (100, Some(33), 400, Wait, Number),
    (100, None, 400, Never, Message),
    (100, Some(2494010), 400, Never, Message),
    (102, None, 400, Wait, Account),
    (102, None, 401, Wait, Account),
    (104, None, 401, Wait, Account),
    (190, None, 401, Wait, Account),
    (190, None, 400, Wait, Account),
    (190, Some(463), 401, Wait, Account),
    (190, Some(467), 401, Wait, Account),
    (190, Some(460), 401, Wait, Account),
    (190, Some(458), 401, Wait, Account),
    (190, Some(459), 401, Wait, Account),
    (190, Some(464), 401, Wait, Account),
    (190, Some(492), 401, Wait, Account),
    (200, None, 403, Wait, Account),
    (249, None, 403, Wait, Account),
    (299, None, 403, Wait, Account),
    (368, None, 403, Wait, Account),
    (80007, None, 400, Slow, Account),
    (130429, None, 400, Backoff, Number),
    (130429, None, 429, Backoff, Number),
    (130429, Some(2494055), 400, Backoff, Number),
    (130472, None, 400, Never, Contact),
    (130497, None, 403, Never, Contact),
    (131000, None, 500, Few, Message),
    (131005, None, 403, Wait, Account),
    (131008, None, 400, Never, Message),
    (131009, None, 400, Never, Message),
    (131016, None, 500, Backoff, Account),
    (131021, None, 400, Never, Contact),
    (131026, None, 400, Never, Contact),
    (131030, None, 400, Never, Contact),
    (131031, None, 403, Wait, Account),
    (131037, None, 400, Wait, Number),
    (131042, None, 400, Wait, Account),
    (131045, None, 500, Wait, Number),
    (131047, None, 400, Never, Message),
    (131048, None, 400, Slow, Number),
    (131048, None, 429, Slow, Number),
    (131049, None, 400, Never, Contact),
    (131050, None, 400, Never, Contact),
    (131051, None, 400, Never, Message),
    (131052, None, 400, Never, Message),
    (131053, None, 400, Never, Message),
    (131055, None, 400, Never, Message),
    (131056, None, 400, Pair, Contact),
    (131056, None, 429, Pair, Contact),
    (131057, None, 500, Backoff, Number),
    (131060, None, 400, Never, Message),
    (131062, None, 400, Never, Contact),
    (132000, None, 400, Wait, Template),
    (132001, None, 404, Wait, Template),
    (132005, None, 400, Never, Message),
    (132007, None, 400, Never, Message),
    (132012, None, 400, Wait, Template),
    (132015, None, 400, Wait, Template),
    (132016, None, 400, Wait, Template),
    (132018, None, 400, Never, Message),
    (132068, None, 400, Never, Message),
    (132069, None, 400, Backoff, Message),
    (133000, None, 500, Wait, Number),
    (133004, None, 503, Backoff, Number),
    (133005, None, 400, Wait, Number),
    (133006, None, 400, Wait, Number),
    (133008, None, 400, Wait, Number),
    (133009, None, 400, Wait, Number),
    (133010, None, 400, Wait, Number),
    (133015, None, 400, Wait, Number),
    (133016, None, 400, Wait, Number),
    (134011, None, 400, Wait, Account),
    (134100, None, 400, Never, Message),
    (134101, None, 500, Never, Message),
    (134102, None, 500, Never, Message),
    (135000, None, 400, Few, Message),
    (141002, None, 400, Wait, Template),
    (2388001, None, 400, Wait, Number),
    (2388012, None, 400, Wait, Number),
    (2388019, None, 400, Never, Template),
    (2388040, None, 400, Never, Template),
    (2388047, None, 400, Never, Template),
    (2388072, None, 400, Never, Template),
    (2388073, None, 400, Never, Template),
    (2388091, None, 400, Wait, Number),
    (2388093, None, 400, Wait, Number),
    (2388103, None, 400, Wait, Number),
    (2388293, None, 400, Never, Template),
    (2388299, None, 400, Never, Template),
    (2494055, None, 400, Backoff, Number),
    (2494100, None, 400, Backoff, Number),
];

/// Codes that are not documented.
#[rustfmt::skip]
const UNKNOWN: &[Row] = &[
    (999_999, None, 500, Backoff, Message),
    (999_999, None, 503, Backoff, Message),
    (999_999, None, 429, Backoff, Number),
    (999_999, None, 401, Wait, Account),
    (999_999, None, 403, Wait, Account),
    (999_999, None, 400, Never, Message),
    (999_999, None, 404, Never, Message),
    (999_999, None, 200, Few, Message),
];

#[test]
fn every_documented_code_has_its_class_whatever_the_status() {
    for &(code, subcode, http, retry, scope) in DOCUMENTED {
        let expected = Class { retry, scope };
        for status in [Some(http), Some(400), Some(500), Some(200), None] {
            assert_eq!(
                classify(status, code, subcode),
                expected,
                "{code} {subcode:?} with {status:?}"
            );
        }
    }
}

#[test]
fn every_documented_code_tells_a_person_what_to_do() {
    for &(code, ..) in DOCUMENTED {
        let advice = advice(code).unwrap_or_else(|| panic!("nothing to say about {code}"));
        assert!(advice.len() > 30, "{code}: {advice}");
    }
    assert_eq!(advice(999_999), None);
}

#[test]
fn a_test_number_is_told_of_its_recipient_list() {
    insta::assert_snapshot!(
        advice(131_030).unwrap(),
        @"add the number to the test number's recipient list in the app dashboard under WhatsApp > API setup, or register a real number"
    );
}

#[tokio::test]
async fn every_code_arrives_as_its_class_through_the_client() {
    let server = MockServer::start().await;
    let client = client(&server.uri());
    for &(code, subcode, http, retry, scope) in DOCUMENTED.iter().chain(UNKNOWN) {
        let mut error = json!({
            "message": format!("(#{code}) Refused"), "type": "OAuthException", "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": "for a reason"},
            "fbtrace_id": "AbCdEf",
        });
        if let Some(subcode) = subcode {
            error["error_subcode"] = json!(subcode);
        }
        server.reset().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(http).set_body_json(json!({ "error": error })))
            .mount(&server)
            .await;

        let outcome = client.send(&phone(), "k-1", &Rendered::hello_world()).await;

        if code == 131_000 {
            // Meta does not know whether it went out.
            assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
            continue;
        }
        let Outcome::Failed(failure) = outcome else {
            panic!("{code}: {outcome:?}");
        };
        assert_eq!(failure.class, Class { retry, scope }, "{code} with {http}");
        assert_eq!((failure.code, failure.subcode), (Some(code), subcode));
        assert_eq!(failure.status, Some(http));
        assert_eq!(failure.text, format!("(#{code}) Refused: for a reason"));
        assert_eq!(failure.trace.as_deref(), Some("AbCdEf"));
    }
}

#[tokio::test]
async fn a_code_nobody_knows_is_tried_again_when_meta_calls_it_transient() {
    let server = MockServer::start().await;
    let error = json!({"error": {"message": "Later", "code": 777_777, "is_transient": true}});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(400).set_body_json(error))
        .mount(&server)
        .await;

    let outcome = client(&server.uri())
        .send(&phone(), "k-1", &Rendered::hello_world())
        .await;

    let Outcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    let (retry, scope) = (Backoff, Message);
    assert_eq!(failure.class, Class { retry, scope });
}
