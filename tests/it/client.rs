//! What the client sends, the token it sends it with, and what it reads of number and templates.

use std::io::Write;

use klaxond::model::{Outcome, Retry, Scope};
use klaxond::whatsapp::template::{
    ButtonDefinition, Definition, HeaderDefinition, Parameters, Rendered,
};
use klaxond::whatsapp::{Client, TokenError};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::graph::{accepted, class, graph, only_request, send};
use crate::support::messages::{
    ACCOUNT_ID, NUMBER_ID, TOKEN, alarm, alarm_definition, client, compile, phone, render, settings,
};

/// The body that goes out for a message.
async fn sent_body(rendered: &Rendered) -> Value {
    let server = graph(accepted()).await;
    let outcome = client(&server.uri())
        .send(&phone(), "<our id>", rendered)
        .await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    only_request(&server).await.body_json().unwrap()
}

#[tokio::test]
async fn the_alarm_template_goes_out_as_meta_documents_it() {
    let body = sent_body(&render(&alarm_definition(), alarm())).await;

    assert_eq!(
        body,
        json!({"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222",
         "type":"template","biz_opaque_callback_data":"<our id>",
         "template":{"name":"klaxond_alarm","language":{"code":"en_US"},"components":[
          {"type":"body","parameters":[
            {"type":"text","text":"NOC desk"},
            {"type":"text","text":"London encoder 3"},
            {"type":"text","text":"Input bitrate Port 2"},
            {"type":"text","text":"1.2 Mbps"},
            {"type":"text","text":"Critical"},
            {"type":"text","text":"2026-11-22 11:00:00"},
            {"type":"text","text":"New alarm"}]}]}})
    );
}

#[tokio::test]
async fn named_parameters_a_header_and_buttons_go_out_as_meta_documents_them() {
    let named = |name: &str, source: &str| (name.to_owned(), source.to_owned());
    let definition = Definition {
        name: "alarm_v1".to_owned(),
        header: Some(HeaderDefinition {
            text: "Alarm: {{severity}}".to_owned(),
            parameter: Some("{{ alarm.severity | upper }}".to_owned()),
        }),
        text: "On {{host}}: {{summary}}. See to it.".to_owned(),
        parameters: Parameters::Named(vec![
            named("host", "{{ alarm.element }}"),
            named("summary", "{{ alarm.parameter }} {{ alarm.value }}"),
        ]),
        buttons: vec![
            ButtonDefinition::QuickReply {
                text: "Acknowledge".to_owned(),
                payload: Some("ack:{{ alarm.id }}".to_owned()),
            },
            ButtonDefinition::Url {
                text: "Open".to_owned(),
                url: "https://noc.example/{{1}}".to_owned(),
                parameter: Some("alarm/{{ alarm.id }}".to_owned()),
            },
        ],
        ..alarm_definition()
    };

    let body = sent_body(&render(&definition, alarm())).await;

    assert_eq!(
        body,
        json!({"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222",
         "type":"template","biz_opaque_callback_data":"<our id>",
         "template":{"name":"alarm_v1","language":{"code":"en_US"},"components":[
          {"type":"header","parameters":[{"type":"text","parameter_name":"severity","text":"CRITICAL"}]},
          {"type":"body","parameters":[
            {"type":"text","parameter_name":"host","text":"London encoder 3"},
            {"type":"text","parameter_name":"summary","text":"Input bitrate 1.2 Mbps"}]},
          {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"ack:4711"}]},
          {"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"alarm/4711"}]}]}})
    );
}

#[tokio::test]
async fn a_template_without_variables_has_no_components() {
    assert_eq!(
        sent_body(&Rendered::hello_world()).await,
        json!({"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222",
         "type":"template","biz_opaque_callback_data":"<our id>",
         "template":{"name":"hello_world","language":{"code":"en_US"}}})
    );
}

#[tokio::test]
async fn a_quick_reply_that_carries_nothing_of_its_own_brings_the_id_back() {
    let reply = |text: &str, payload: Option<&str>| ButtonDefinition::QuickReply {
        text: text.to_owned(),
        payload: payload.map(str::to_owned),
    };
    let definition = Definition {
        buttons: vec![
            reply("Acknowledge", None),
            reply("Silence 1h", Some("quiet")),
            reply("Stop", Some("{{ alarm.owner }}")),
        ],
        ..alarm_definition()
    };

    let body = sent_body(&render(&definition, alarm())).await;

    let components = body["template"]["components"].as_array().unwrap();
    let payloads: Vec<(&str, &str)> = components
        .iter()
        .filter(|component| component["type"] == "button")
        .map(|button| {
            assert_eq!(button["sub_type"], "quick_reply");
            let payload = &button["parameters"][0]["payload"];
            (button["index"].as_str().unwrap(), payload.as_str().unwrap())
        })
        .collect();
    assert_eq!(
        payloads,
        [("1", "quiet"), ("0", "<our id>"), ("2", "<our id>")]
    );
}

#[tokio::test]
async fn plain_text_goes_out_as_meta_documents_it() {
    let server = graph(accepted()).await;
    let outcome = client(&server.uri())
        .send_text(&phone(), "<our id>", " You have it:\nLondon encoder 3 ")
        .await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert_eq!(
        only_request(&server).await.body_json::<Value>().unwrap(),
        json!({"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222",
         "type":"text","biz_opaque_callback_data":"<our id>",
         "text":{"body":"You have it:\nLondon encoder 3","preview_url":false}})
    );
}

#[tokio::test]
async fn plain_text_has_a_length_that_meta_takes() {
    for (given, sent) in [
        ("x".repeat(5_000), 4_096),
        ("👍".repeat(3_000), 2_048),
        (String::new(), 1),
    ] {
        let server = graph(accepted()).await;
        client(&server.uri()).send_text(&phone(), "k", &given).await;
        let body: Value = only_request(&server).await.body_json().unwrap();
        let text = body["text"]["body"].as_str().unwrap();
        assert_eq!(text.chars().count(), sent);
        assert!(text.encode_utf16().count() <= 4_096);
    }
}

#[tokio::test]
async fn what_comes_of_plain_text_is_judged_as_for_a_template() {
    let refused = ResponseTemplate::new(400).set_body_json(json!({"error": {
        "message": "(#131047) Re-engagement message to 34600111222", "code": 131047}}));
    let server = graph(refused).await;
    let outcome = client(&server.uri()).send_text(&phone(), "k", "ok").await;
    let Outcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (failure.code, failure.class.retry, failure.class.scope),
        (Some(131_047), Retry::Never, Scope::Message)
    );
    assert!(!failure.text.contains("34600111222"), "{}", failure.text);
}

#[tokio::test]
async fn a_request_says_who_sends_it() {
    let server = graph(accepted()).await;

    send(&client(&server.uri())).await;

    let request = only_request(&server).await;
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    assert_eq!(request.url.path(), format!("/v25.0/{NUMBER_ID}/messages"));
    assert_eq!(request.url.query(), None);
    assert_eq!(header("authorization"), format!("Bearer {TOKEN}"));
    assert_eq!(header("content-type"), "application/json");
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(header("user-agent"), format!("klaxond/{version}"));
}

#[tokio::test]
async fn with_an_app_secret_every_request_proves_that_it_knows_it() {
    let server = graph(accepted()).await;
    let mut settings = settings(&server.uri());
    settings.token = SecretString::from("tok");
    settings.app_secret = Some(SecretString::from("key"));

    send(&Client::new(&settings).unwrap()).await;

    // printf tok | openssl dgst -sha256 -hmac key
    let proof = "d20bbd26133cc8003adc43a01e5101c21d07f74d5dee5c5833216fc05e84a3ea";
    let request = only_request(&server).await;
    assert_eq!(
        request.url.query(),
        Some(format!("appsecret_proof={proof}").as_str())
    );
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let server = graph(accepted()).await;

    send(&client(&format!("{}/graph/", server.uri()))).await;

    let request = only_request(&server).await;
    assert_eq!(
        request.url.path(),
        format!("/graph/v25.0/{NUMBER_ID}/messages")
    );
}

#[tokio::test]
async fn a_new_token_in_the_file_is_used_from_the_next_request_on() {
    let server = graph(accepted()).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut settings = settings(&server.uri());
    settings.token_file = Some(file.path().to_owned());
    let client = Client::new(&settings).unwrap();

    writeln!(file, "{TOKEN}").unwrap();
    assert!(!client.reread_token().unwrap());
    file.as_file().set_len(0).unwrap();
    std::fs::write(file.path(), "  EAAanotherTOKEN\n").unwrap();
    assert!(client.reread_token().unwrap());
    send(&client.clone()).await;

    let request = only_request(&server).await;
    assert_eq!(request.headers["authorization"], "Bearer EAAanotherTOKEN");
}

#[tokio::test]
async fn a_token_that_cannot_be_used_leaves_the_old_one_in_force() {
    let server = graph(accepted()).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut settings = settings(&server.uri());
    settings.token_file = Some(file.path().to_owned());
    let client = Client::new(&settings).unwrap();

    assert!(matches!(client.reread_token(), Err(TokenError::Empty)));
    std::fs::write(file.path(), "two words").unwrap();
    assert!(matches!(client.reread_token(), Err(TokenError::Form)));
    std::fs::remove_file(file.path()).unwrap();
    let error = client.reread_token().unwrap_err();
    assert!(matches!(error, TokenError::Read { .. }), "{error}");

    send(&client).await;
    let request = only_request(&server).await;
    assert_eq!(request.headers["authorization"], format!("Bearer {TOKEN}"));
}

#[tokio::test]
async fn the_number_is_looked_at_without_telling_its_digits() {
    let server = MockServer::start().await;
    let body = json!({
        "verified_name": "Acme NOC", "display_phone_number": "+1 555 078 3881",
        "quality_rating": "GREEN", "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API", "throughput": {"level": "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "health_status": {"can_send_message": "LIMITED", "entities": [
            {"entity_type": "WABA", "id": "1", "can_send_message": "LIMITED", "errors": [
                {"error_code": 141006, "error_description": "No payment method",
                 "possible_solution": "Add one"}]}]},
        "id": NUMBER_ID, "something_new": [1, 2]
    });
    Mock::given(method("GET"))
        .and(path(format!("/v25.0/{NUMBER_ID}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(&server)
        .await;

    let number = client(&server.uri()).number().await.unwrap();

    assert!(!number.is_blocked());
    insta::assert_debug_snapshot!(number, @r#"
    NumberInfo {
        verified_name: Some(
            "Acme NOC",
        ),
        number: Some(
            "…81",
        ),
        quality_rating: Some(
            "GREEN",
        ),
        code_verification_status: Some(
            "VERIFIED",
        ),
        platform_type: Some(
            "CLOUD_API",
        ),
        throughput: Some(
            "STANDARD",
        ),
        messaging_limit: Some(
            "TIER_2K",
        ),
        health: Some(
            Health {
                can_send_message: Some(
                    "LIMITED",
                ),
                entities: [
                    HealthEntity {
                        entity_type: Some(
                            "WABA",
                        ),
                        can_send_message: Some(
                            "LIMITED",
                        ),
                        errors: [
                            HealthError {
                                error_code: Some(
                                    141006,
                                ),
                                error_description: Some(
                                    "No payment method",
                                ),
                                possible_solution: Some(
                                    "Add one",
                                ),
                            },
                        ],
                    },
                ],
            },
        ),
    }
    "#);
    let request = only_request(&server).await;
    assert_eq!(
        request.url.query(),
        Some(
            "fields=verified_name%2Cdisplay_phone_number%2Cquality_rating%2Ccode_verification_status\
             %2Cplatform_type%2Cthroughput%2Cwhatsapp_business_manager_messaging_limit\
             %2Chealth_status"
        )
    );
}

#[tokio::test]
async fn a_look_that_fails_says_why() {
    let server = MockServer::start().await;
    let error = json!({"error": {"message": "Session has expired", "code": 190}});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(401).set_body_json(error))
        .mount(&server)
        .await;
    let client = client(&server.uri());

    let failure = client.number().await.unwrap_err();
    assert_eq!(failure.class, class(Retry::Wait, Scope::Account));
    assert_eq!(failure.code, Some(190));
    assert_eq!(client.templates().await.unwrap_err().code, Some(190));
}

#[tokio::test]
async fn templates_are_read_page_by_page() {
    let server = MockServer::start().await;
    let list = || {
        Mock::given(method("GET"))
            .and(path(format!("/v25.0/{ACCOUNT_ID}/message_templates")))
            .and(query_param("limit", "100"))
    };
    list()
        .and(query_param_is_missing("after"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "data": [{"name": "klaxond_alarm", "status": "APPROVED", "category": "UTILITY",
                "language": "en_US", "parameter_format": "POSITIONAL",
                "components": [{"type": "BODY", "text": alarm_definition().text}]}],
            "paging": {"cursors": {"after": "NEXT"}, "next": "https://graph.facebook.com/…"}})))
        .mount(&server)
        .await;
    list()
        .and(query_param("after", "NEXT"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "data": [{"name": "other", "status": "PAUSED", "language": "en"}],
            "paging": {"cursors": {"after": "END"}}})))
        .mount(&server)
        .await;

    let templates = client(&server.uri()).templates().await.unwrap();

    let names: Vec<_> = templates.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["klaxond_alarm", "other"]);
    assert!(templates[0].is_approved() && !templates[1].is_approved());
    let alarm = compile(&alarm_definition());
    assert_eq!(templates[0].differences(&alarm), Vec::<String>::new());
    assert_eq!(
        templates[1].differences(&alarm),
        ["Meta's text has 0 variables, the config's has 7"]
    );
}

#[tokio::test]
async fn a_list_that_leads_back_to_itself_ends() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "data": [{"name": "one", "language": "en"}],
            "paging": {"cursors": {"after": "SAME"}, "next": "again"}})))
        .mount(&server)
        .await;

    let templates = client(&server.uri()).templates().await.unwrap();

    assert_eq!(templates.len(), 2);
}

#[tokio::test]
async fn templates_need_the_account() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.business_account_id = None;
    let failure = Client::new(&settings)
        .unwrap()
        .templates()
        .await
        .unwrap_err();
    assert!(failure.text.contains("business_account_id"));
}
