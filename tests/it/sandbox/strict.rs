//! What Meta refuses is refused, with Meta's codes.

use klaxond::sandbox::{Settings, TemplateStatus};
use serde_json::{Value, json};

use super::fixture::{Fixture, message, message_to, of_template, read, text};

#[tokio::test]
async fn a_refusal_has_metas_shape() {
    let fixture = Fixture::strict().await;
    let mut body = message();
    body["template"]["language"]["code"] = json!("en");
    let (status, answer) = fixture.send(&body).await;
    assert_eq!(status, 404);
    let trace = answer["error"]["fbtrace_id"].as_str().unwrap();
    assert_eq!(trace.len(), 23);
    assert_eq!(
        answer,
        json!({"error": {
            "message": "(#132001) Template name does not exist in the translation",
            "type": "OAuthException",
            "code": 132_001,
            "error_data": {
                "messaging_product": "whatsapp",
                "details": "template name (alarm) does not exist in en",
            },
            "fbtrace_id": trace,
        }})
    );
}

/// Puts `value` at `path` of a good message; a null stands for leaving it out.
fn with(path: &str, value: Value) -> Value {
    let mut body = message();
    *body.pointer_mut(path).unwrap_or(&mut Value::Null) = value.clone();
    if body.pointer(path).is_none() {
        let (parent, key) = path.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[key] = value;
    }
    body
}

#[tokio::test]
async fn every_field_is_checked() {
    let fixture = Fixture::strict().await;
    let parameter = "/template/components/1/parameters/0";
    let cases = [
        ("/extra", json!(1), 100),
        ("/messaging_product", Value::Null, 100),
        ("/messaging_product", json!("sms"), 100),
        ("/recipient_type", json!("group"), 100),
        ("/to", Value::Null, 131_008),
        ("/to", json!(""), 131_008),
        ("/to", json!(34_600_111_222_u64), 100),
        ("/to", json!("nobody"), 131_009),
        ("/to", json!("0600111222"), 131_009),
        ("/to", json!("+34 60"), 131_009),
        ("/to", json!("+1 555 010 0100"), 131_021),
        ("/type", Value::Null, 131_008),
        ("/type", json!("telegram"), 100),
        ("/type", json!("image"), 131_051),
        ("/text", json!({"body": "hello"}), 100),
        ("/context", json!({"id": "wamid"}), 100),
        ("/biz_opaque_callback_data", json!(7), 100),
        ("/biz_opaque_callback_data", json!("x".repeat(513)), 100),
        ("/template", Value::Null, 131_008),
        ("/template", json!("alarm"), 100),
        ("/template/namespace", json!("x"), 100),
        ("/template/name", Value::Null, 131_008),
        ("/template/name", json!("Alarm 1"), 131_009),
        ("/template/name", json!("unknown"), 132_001),
        ("/template/language", Value::Null, 131_008),
        ("/template/language", json!("en_US"), 100),
        ("/template/language/policy", json!("fallback"), 100),
        ("/template/language/code", json!("es"), 132_001),
        ("/template/components", json!({}), 100),
        ("/template/components/0/type", json!("footer"), 100),
        ("/template/components/0/type", json!("body"), 100),
        ("/template/components/0/index", json!("0"), 100),
        ("/template/components/0/parameters", Value::Null, 131_008),
        ("/template/components/0/parameters", json!([]), 131_008),
        (
            "/template/components/0/parameters",
            json!([text("a"), text("b")]),
            132_000,
        ),
        (
            "/template/components/1/parameters",
            json!([text("a")]),
            132_000,
        ),
        ("/template/components", Value::Null, 132_000),
        (
            "/template/components/0/parameters/0",
            text(&"x".repeat(60)),
            132_005,
        ),
        (parameter, json!({"type": "image", "text": "x"}), 100),
        (
            parameter,
            json!({"type": "text", "text": "x", "format": "x"}),
            100,
        ),
        (parameter, json!({"type": "text"}), 131_008),
        (parameter, json!({"type": "text", "text": 5}), 100),
        (parameter, text(""), 131_008),
        (parameter, text("two\nlines"), 132_018),
        (parameter, text("a\ttab"), 132_018),
        (parameter, text("five     spaces"), 132_018),
        (parameter, text("four    spaces"), 0),
        (parameter, text(&"x".repeat(1024)), 132_005),
        (
            parameter,
            json!({"type": "text", "text": "x", "parameter_name": "host"}),
            132_012,
        ),
    ];
    for (path, value, code) in cases {
        let told = format!("{path} = {value:.60}");
        assert_eq!(fixture.code(&with(path, value)).await, code, "{told}");
    }
    assert_eq!(fixture.accepted().len(), 1);
}

#[tokio::test]
async fn the_body_is_counted_in_utf16_units() {
    let fixture = Fixture::strict().await;
    // "Hello {{1}}! *db1* failed, {{1}}." leaves room for twice 501 units.
    let with_name = |name: &str| with("/template/components/1/parameters/0", text(name));
    assert_eq!(fixture.code(&with_name(&"🔥".repeat(250))).await, 0);
    assert_eq!(fixture.code(&with_name(&"🔥".repeat(251))).await, 132_005);
}

#[tokio::test]
async fn numbers_may_carry_separators_or_lack_the_plus() {
    let fixture = Fixture::strict().await;
    for to in ["+34 600-111 (222)", "34600111222"] {
        assert_eq!(fixture.code(&message_to(to)).await, 0);
    }
    let digits: Vec<String> = fixture
        .accepted()
        .iter()
        .map(|message| message.to.digits().to_owned())
        .collect();
    assert_eq!(digits, ["34600111222", "34600111222"]);
}

#[tokio::test]
async fn named_templates_take_named_parameters_only() {
    let fixture = Fixture::strict().await;
    let named =
        |name: &str, text: &str| json!({"type": "text", "parameter_name": name, "text": text});
    let body = |parameters: Value| {
        of_template(
            "named",
            &json!([{"type": "body", "parameters": parameters}]),
        )
    };
    let good = body(json!([
        named("summary", "{{host}} is full"),
        named("host", "db1")
    ]));
    assert_eq!(fixture.code(&good).await, 0);
    assert_eq!(fixture.accepted()[0].body, "On db1: {{host}} is full.");
    let cases = [
        (json!([text("db1"), text("full")]), 132_012),
        (json!([named("host", "db1"), text("full")]), 132_012),
        (
            json!([named("host", "db1"), named("other", "full")]),
            132_012,
        ),
        (json!([named("host", "db1"), named("host", "db2")]), 132_012),
        (json!([named("host", "db1")]), 132_000),
        (json!([named("", "db1"), named("summary", "full")]), 131_008),
    ];
    for (parameters, code) in cases {
        let told = parameters.to_string();
        assert_eq!(fixture.code(&body(parameters)).await, code, "{told}");
    }
}

#[tokio::test]
async fn buttons_are_checked_against_the_template() {
    let fixture = Fixture::strict().await;
    let payload = |text: &str| json!([{"type": "payload", "payload": text}]);
    let button = |sub_type: &str, index: &Value, parameters: &Value| json!({"type": "button", "sub_type": sub_type, "index": index, "parameters": parameters});
    let url = button("url", &json!("1"), &json!([text("alarm/42")]));
    let ack = button("quick_reply", &json!("0"), &payload("ack:42"));
    let cases = [
        (json!([ack, url]), 0),
        (json!([url]), 0),
        (
            json!([button("quick_reply", &json!(0), &payload("a")), url]),
            0,
        ),
        (json!([ack]), 131_008),
        (json!([ack, ack, url]), 100),
        (
            json!([url, button("quick_reply", &json!("2"), &payload("a"))]),
            131_009,
        ),
        (
            json!([url, button("quick_reply", &json!("first"), &payload("a"))]),
            131_009,
        ),
        (
            json!([button("quick_reply", &json!("1"), &payload("a"))]),
            132_012,
        ),
        (
            json!([button("url", &json!("0"), &json!([text("a")])), url]),
            132_012,
        ),
        (
            json!([url, button("quick_reply", &json!("0"), &json!([text("a")]))]),
            100,
        ),
        (
            json!([url, button("quick_reply", &json!("0"), &payload(""))]),
            131_008,
        ),
        (
            json!([url, button("copy_code", &json!("0"), &payload("a"))]),
            100,
        ),
        (
            json!([url, {"type": "button", "sub_type": "url", "parameters": [text("a")]}]),
            131_008,
        ),
    ];
    for (components, code) in cases {
        let told = components.to_string();
        let body = of_template("buttons", &components);
        assert_eq!(fixture.code(&body).await, code, "{told}");
    }
    assert_eq!(
        fixture.accepted()[0].text(),
        "An alarm.\n[Acknowledge]\n[Open]"
    );
}

#[tokio::test]
async fn a_template_is_sendable_while_it_is_approved() {
    let fixture = Fixture::strict().await;
    let cases = [
        (TemplateStatus::Pending, 132_001),
        (TemplateStatus::Rejected, 132_001),
        (TemplateStatus::Paused, 132_015),
        (TemplateStatus::Disabled, 132_016),
        (TemplateStatus::Approved, 0),
    ];
    for (status, code) in cases {
        assert!(fixture.sandbox.set_template_status("alarm", status));
        assert_eq!(fixture.code(&message()).await, code, "{status:?}");
        let (_, list) = fixture.get("v25.0/1/message_templates?name=alarm").await;
        assert_eq!(list["data"][0]["status"], status.name());
    }
}

#[tokio::test]
async fn hello_world_is_there_and_any_template_is_where_none_is_given() {
    let fixture = Fixture::start(Settings::default()).await;
    assert_eq!(
        fixture.code(&of_template("hello_world", &json!([]))).await,
        0
    );
    assert_eq!(fixture.code(&message()).await, 0);
    let shown: Vec<String> = fixture.accepted().iter().map(|m| m.text()).collect();
    assert!(shown[0].starts_with("Hello World\nWelcome and congratulations!!"));
    assert_eq!(shown[1], "CRITICAL\nalarm (en_US)\n1: NOC\n2: db1");
    // The rules about content hold for them too.
    let newline = with("/template/components/1/parameters/0", text("two\nlines"));
    assert_eq!(fixture.code(&newline).await, 132_018);
}

#[tokio::test]
async fn texts_find_no_open_window() {
    let fixture = Fixture::strict().await;
    let mut body = json!({
        "messaging_product": "whatsapp",
        "to": "+34600111222",
        "type": "text",
        "text": {"body": "hello", "preview_url": false},
    });
    assert_eq!(fixture.code(&body).await, 131_047);
    body["text"]["body"] = json!("x".repeat(4097));
    assert_eq!(fixture.code(&body).await, 100);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let fixture = Fixture::strict().await;
    let request = fixture.client.post(fixture.url("v25.0/1/messages"));
    let response = request.bearer_auth("token").body("{").send().await.unwrap();
    let (status, answer) = read(response).await;
    assert_eq!(
        (status.as_u16(), &answer["error"]["code"]),
        (400, &json!(100))
    );
}
