//! Templates and token at Meta: what is handed in, what is asked, what is read.

use std::time::Duration;

use klaxond::model::{Scope, Time};
use klaxond::whatsapp::template::{
    ButtonDefinition, Category, Definition, HeaderDefinition, Template,
};
use klaxond::whatsapp::{Standing, TemplateInfo, judge};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::messages::{
    ACCOUNT_ID, TOKEN, alarm_definition, client, compile, definition, named, quick_reply, url,
};

/// Answers `POST {at}` with `answer`, and takes nothing but `body` there.
async fn takes(at: &str, body: Value, answer: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(at))
        .and(body_json(body))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    server
}

fn creation() -> String {
    format!("/v25.0/{ACCOUNT_ID}/message_templates")
}

#[tokio::test]
async fn a_template_is_handed_in_as_meta_documents_it() {
    let definition = Definition {
        header: Some(HeaderDefinition {
            text: "{{1}} alarm".to_owned(),
            parameter: Some("{{ alarm.severity }}".to_owned()),
        }),
        footer: Some("Sent by klaxond".to_owned()),
        buttons: vec![
            quick_reply("Acknowledge"),
            url("https://noc.example/{{1}}", Some("alarm/{{ alarm.id }}")),
        ],
        ttl: Some(Duration::from_secs(14_400)),
        ..definition(
            "Hello {{1}}, {{2}} is in trouble.",
            &["{{ contact.name }}", "{{ alarm.element }}"],
        )
    };
    let body = json!({
        "name": "klaxond_alarm", "language": "en_US", "category": "utility",
        "parameter_format": "positional", "message_send_ttl_seconds": 14400,
        "components": [
            {"type": "header", "format": "text", "text": "{{1}} alarm",
             "example": {"header_text": ["Critical"]}},
            {"type": "body", "text": "Hello {{1}}, {{2}} is in trouble.",
             "example": {"body_text": [["NOC desk", "London encoder 3"]]}},
            {"type": "footer", "text": "Sent by klaxond"},
            {"type": "buttons", "buttons": [
                {"type": "quick_reply", "text": "Acknowledge"},
                {"type": "url", "text": "Open", "url": "https://noc.example/{{1}}",
                 "example": ["alarm/4711"]}]}],
    });
    let answer = json!({"id": "594425479261596", "status": "PENDING", "category": "UTILITY"});
    let server = takes(&creation(), body, answer).await;

    let submission = compile(&definition).submission();
    let submitted = client(&server.uri())
        .create_template(&submission)
        .await
        .unwrap();

    assert_eq!(submitted.id.as_deref(), Some("594425479261596"));
    assert_eq!(submitted.status.as_deref(), Some("PENDING"));
    assert_eq!(
        submission.text(),
        "{{1}} alarm\nHello {{1}}, {{2}} is in trouble.\nSent by klaxond\n[Acknowledge]\n[Open]"
    );
    let shown: Vec<String> = submission
        .examples()
        .iter()
        .map(|(name, example)| format!("{name} = {example}"))
        .collect();
    assert_eq!(
        shown,
        [
            "{{1}} of the header = Critical",
            "{{1}} = NOC desk",
            "{{2}} = London encoder 3",
            "{{1}} of [Open] = alarm/4711"
        ]
    );
}

#[tokio::test]
async fn names_and_examples_of_ones_own_are_handed_in() {
    let definition = Definition {
        category: Category::Marketing,
        examples: vec!["Encoder 7".to_owned(), "no signal".to_owned()],
        ..named(
            "On {{host}}: {{what}}. Please look.",
            &[
                ("host", "{{ alarm.element }}"),
                ("what", "{{ alarm.value }}"),
            ],
        )
    };
    let body = json!({
        "name": "klaxond_alarm", "language": "en_US", "category": "marketing",
        "parameter_format": "named",
        "components": [{"type": "body", "text": "On {{host}}: {{what}}. Please look.",
            "example": {"body_text_named_params": [
                {"param_name": "host", "example": "Encoder 7"},
                {"param_name": "what", "example": "no signal"}]}}],
    });
    let server = takes(&creation(), body, json!({"id": "1", "status": "APPROVED"})).await;
    let submission = compile(&definition).submission();
    let submitted = client(&server.uri()).create_template(&submission).await;
    assert_eq!(submitted.unwrap().status.as_deref(), Some("APPROVED"));
}

#[tokio::test]
async fn a_change_leaves_the_category_of_an_approved_one() {
    let template = compile(&definition("Disk {{1}} is full.", &["{{ alarm.element }}"]));
    let components = json!([{"type": "body", "text": "Disk {{1}} is full.",
        "example": {"body_text": [["London encoder 3"]]}}]);
    let kept = json!({"components": components, "parameter_format": "positional"});
    let mut moved = kept.clone();
    moved["category"] = json!("utility");
    for (status, body) in [("APPROVED", kept), ("REJECTED", moved)] {
        let known = info(&json!({"id": "594425479261596", "status": status}));
        let server = takes("/v25.0/594425479261596", body, json!({"success": true})).await;
        let (client, submission) = (client(&server.uri()), template.submission());
        let changed = client.edit_template(&known, &submission);
        assert_eq!(changed.await, Ok(()), "{status}");
    }
}

#[tokio::test]
async fn what_meta_has_no_plain_number_for_is_not_changed() {
    let server = MockServer::start().await;
    let template = compile(&alarm_definition());
    for id in [json!(null), json!("../me"), json!("")] {
        let known = info(&json!({"id": id, "status": "APPROVED"}));
        let (client, submission) = (client(&server.uri()), template.submission());
        let changed = client.edit_template(&known, &submission);
        assert!(changed.await.is_err(), "{id}");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_refusal_is_told_in_metas_words() {
    let server = MockServer::start().await;
    let error = json!({"error": {"message": "Invalid parameter", "code": 100,
        "error_subcode": 2388299, "error_user_msg": "Variables can't be at the end of the template."}});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(400).set_body_json(error))
        .mount(&server)
        .await;
    let template = compile(&alarm_definition());
    let refused = client(&server.uri())
        .create_template(&template.submission())
        .await;
    let failure = refused.unwrap_err();
    assert_eq!(
        failure.text,
        "(#100) Invalid parameter: Variables can't be at the end of the template."
    );
    assert_eq!(failure.subcode, Some(2_388_299));
}

#[tokio::test]
async fn the_token_tells_when_it_ends() {
    let server = MockServer::start().await;
    let data = json!({"data": {"is_valid": true, "expires_at": 1_800_000_000,
        "scopes": ["whatsapp_business_messaging"], "app_id": "1", "type": "SYSTEM_USER"}});
    Mock::given(method("GET"))
        .and(path("/v25.0/debug_token"))
        .and(query_param("input_token", TOKEN))
        .respond_with(ResponseTemplate::new(200).set_body_json(data))
        .expect(1)
        .mount(&server)
        .await;
    let token = client(&server.uri()).token().await.unwrap();
    assert_eq!(token.is_valid, Some(true));
    assert_eq!(token.expires, Some(Time::from_ms(1_800_000_000_000)));
    assert_eq!(token.missing_scopes(), ["whatsapp_business_management"]);
}

#[tokio::test]
async fn a_token_without_an_end_has_none() {
    let server = MockServer::start().await;
    let data = json!({"data": {"is_valid": true, "expires_at": 0}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(data))
        .mount(&server)
        .await;
    let token = client(&server.uri()).token().await.unwrap();
    assert_eq!((token.expires, token.missing_scopes()), (None, Vec::new()));
}

#[tokio::test]
async fn a_token_that_cannot_be_looked_up_stays_secret() {
    let server = MockServer::start().await;
    let error = json!({"error": {"message": format!("Malformed token {TOKEN}"), "code": 190}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_json(error))
        .mount(&server)
        .await;
    let failure = client(&server.uri()).token().await.unwrap_err();
    assert_eq!(failure.text, "(#190) Malformed token [hidden]");
    assert_eq!(failure.class.scope, Scope::Account);
    let nowhere = client("http://127.0.0.1:9").token().await.unwrap_err();
    assert!(!nowhere.text.contains(TOKEN), "{}", nowhere.text);
}

/// A template of Meta's with these fields besides.
fn info(fields: &Value) -> TemplateInfo {
    let mut whole = json!({
        "name": "klaxond_alarm", "language": "en_US", "status": "APPROVED", "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Disk {{1}} is full."}],
    });
    for (key, value) in fields.as_object().unwrap() {
        whole[key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn disk() -> Definition {
    definition("Disk {{1}} is full.", &["{{ alarm.element }}"])
}

fn judged(template: &Template, fields: &Value) -> (bool, Vec<String>) {
    let judgement = judge(template, &[info(fields)]);
    let said = [judgement.problems, judgement.remarks].concat();
    (judgement.standing == Standing::Approved, said)
}

#[test]
fn what_is_the_same_is_not_remarked_on() {
    let judgement = judge(&compile(&disk()), &[info(&json!({}))]);
    assert!(judgement.is_identical && judgement.is_sendable());
    assert_eq!(judgement.text(), "good: approved");
}

#[test]
fn what_would_be_refused_is_a_problem() {
    let body = |text: &str| json!({"components": [{"type": "BODY", "text": text}]});
    let mut named_body = body("Disk {{name}} is full.");
    named_body["parameter_format"] = json!("NAMED");
    let button = json!({"components": [{"type": "BODY", "text": "Disk {{1}} is full."},
        {"type": "BUTTONS", "buttons": [{"type": "PHONE_NUMBER", "text": "Call"}]}]});
    let with_reply = Definition {
        buttons: vec![quick_reply("Call")],
        ..disk()
    };
    let by_name = named("Disk {{disk}} is full.", &[("disk", "{{ alarm.element }}")]);
    for (definition, theirs, said) in [
        (
            disk(),
            body("Disk {{1}} of {{2}}."),
            "Meta's text has 2 variables, the config's has 1",
        ),
        (
            disk(),
            named_body.clone(),
            "Meta has names for the variables, the config has numbers",
        ),
        (
            by_name,
            named_body,
            "Meta's text has {{name}}, the config's has not",
        ),
        (
            disk(),
            button.clone(),
            "Meta has 1 buttons, 0 of them with a variable; the config has 0 and 0",
        ),
        (
            with_reply,
            button,
            "button 1 is PHONE_NUMBER at Meta, QUICK_REPLY in the config",
        ),
    ] {
        let judgement = judge(&compile(&definition), &[info(&theirs)]);
        assert!(!judgement.is_sendable(), "{said}");
        assert_eq!(judgement.problems[0], said);
    }
}

#[test]
fn what_only_differs_is_a_remark() {
    let footer = json!({"components": [{"type": "BODY", "text": "Disk {{1}} is full."},
        {"type": "FOOTER", "text": "klaxond"}]});
    let with_ttl = Definition {
        ttl: Some(Duration::from_secs(3_600)),
        ..disk()
    };
    for (definition, theirs, said) in [
        (
            disk(),
            json!({"category": "MARKETING"}),
            "Meta counts it as marketing: dearer, capped per person, and not delivered to the USA",
        ),
        (
            disk(),
            json!({"correct_category": "MARKETING"}),
            "Meta is about to count it as marketing",
        ),
        (
            disk(),
            json!({"category": "AUTHENTICATION"}),
            "Meta counts it as authentication, the config as utility",
        ),
        (
            disk(),
            json!({"components": [{"type": "BODY", "text": "Disc {{1}} is full."}]}),
            "Meta's text reads otherwise than the config's: phones show Meta's",
        ),
        (
            disk(),
            footer,
            "Meta's footer reads otherwise than the config's: phones show Meta's",
        ),
        (
            with_ttl.clone(),
            json!({}),
            "Meta tries for 2592000 s to deliver it, the config says 3600 s",
        ),
        (
            with_ttl,
            json!({"message_send_ttl_seconds": 60}),
            "Meta tries for 60 s to deliver it, the config says 3600 s",
        ),
    ] {
        let (approved, all) = judged(&compile(&definition), &theirs);
        assert_eq!((approved, all), (true, vec![said.to_owned()]));
    }
    let longer = json!({"components": [{"type": "BODY", "text": "Disk {{1}} is quite full."}]});
    let (_, said) = judged(&compile(&disk()), &longer);
    assert_eq!(
        said[1],
        "Meta's text is 6 characters longer than the config's: Meta will refuse a message that is full"
    );
}

#[test]
fn a_template_that_meta_has_not_is_told_from_one_in_another_language() {
    let template = compile(&disk());
    let other = judge(&template, &[info(&json!({"language": "es"}))]);
    assert_eq!(other.standing, Standing::Elsewhere(vec!["es".to_owned()]));
    let missing = judge(&template, &[info(&json!({"name": "other"}))]);
    assert_eq!(
        (missing.standing.clone(), missing.status()),
        (Standing::Missing, "MISSING")
    );
    assert!(!missing.is_known() && !missing.is_sendable());
}

#[test]
fn one_that_was_refused_for_its_category_is_not_the_same_under_another() {
    let rejected = |category: &str| info(&json!({"status": "REJECTED", "category": category}));
    assert!(judge(&compile(&disk()), &[rejected("UTILITY")]).is_identical);
    assert!(!judge(&compile(&disk()), &[rejected("MARKETING")]).is_identical);
}

/// A url button has its kind, too.
#[test]
fn a_button_that_leads_elsewhere_is_a_remark() {
    let definition = Definition {
        buttons: vec![ButtonDefinition::Url {
            text: "Open".to_owned(),
            url: "https://noc.example/".to_owned(),
            parameter: None,
        }],
        ..disk()
    };
    let theirs = json!({"components": [{"type": "BODY", "text": "Disk {{1}} is full."},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Look", "url": "https://other.example/"}]}]});
    let (approved, said) = judged(&compile(&definition), &theirs);
    assert!(approved);
    assert_eq!(
        said,
        [
            "button 1 has another label at Meta",
            "button 1 leads elsewhere at Meta"
        ]
    );
}
