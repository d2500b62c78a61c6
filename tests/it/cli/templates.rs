//! `klaxond templates`: list, check, push, import.

use klaxond::sandbox::TemplateStatus;
use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{NOWHERE, config, klaxond, sandbox};
use crate::support::config::{Folder, PATH, WHATSAPP};
use crate::support::readme::{blocks, section};

/// A template as Meta lists it, with other fields.
fn listed(fields: &Value) -> Value {
    let mut template = json!({
        "id": "594425479261596", "name": "klaxond_alarm", "language": "en_US",
        "status": "APPROVED", "category": "UTILITY", "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Alarm {{1}}, please check."}],
    });
    for (key, value) in fields.as_object().unwrap() {
        template[key] = value.clone();
    }
    template
}

/// Meta with these templates, which answers what is handed in.
async fn meta(templates: Value, status: u16, answer: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path_regex("/message_templates$"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": templates})))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer))
        .mount(&server)
        .await;
    server
}

/// The paths and bodies that were posted.
async fn posted(server: &MockServer) -> Vec<(String, Value)> {
    let requests = server.received_requests().await.unwrap();
    let posts = requests.iter().filter(|request| request.method == "POST");
    posts
        .map(|request| (request.url.path().to_owned(), request.body_json().unwrap()))
        .collect()
}

fn pending() -> Value {
    json!({"id": "1", "status": "PENDING", "category": "UTILITY"})
}

#[tokio::test]
async fn list_shows_what_meta_has_and_which_the_config_uses() {
    let (_sandbox, folder) = sandbox(|settings| {
        let mut other = settings.templates[0].clone();
        other.name = "other".to_owned();
        other.status = TemplateStatus::Paused;
        settings.templates.push(other);
    })
    .await;
    let said = klaxond(&folder, &["templates", "list"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    let rows: Vec<Vec<&str>> = said
        .out
        .lines()
        .filter(|line| !line.starts_with("hello_world"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows[1..],
        [
            [
                "klaxond_alarm",
                "en_US",
                "APPROVED",
                "UTILITY",
                "UNKNOWN",
                "-",
                "alarm"
            ],
            ["other", "en_US", "PAUSED", "UTILITY", "UNKNOWN", "-", "-"],
        ]
    );
    let path = folder.path("config.toml");
    let path = path.to_str().unwrap();
    let after = ["templates", "list", "--output", "json", "--config", path];
    let told = klaxond(&folder, &after, "").await.json();
    assert_eq!(told["templates"][1]["id"], "alarm");
    assert_eq!(told["templates"][2]["status"], "PAUSED");
}

#[tokio::test]
async fn check_says_what_is_the_same_and_what_is_not() {
    let (_sandbox, folder) = sandbox(|_| {}).await;
    let said = klaxond(&folder, &["templates", "check"], "").await;
    assert_eq!(
        (said.code, said.out.as_str()),
        (0, "✓ klaxond_alarm (en_US): good: approved\n"),
        "{said:?}"
    );

    let (_sandbox, folder) =
        sandbox(|settings| settings.templates[0].status = TemplateStatus::Paused).await;
    let said = klaxond(&folder, &["templates", "check"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.out
            .starts_with("✗ klaxond_alarm (en_US): it is PAUSED"),
        "{}",
        said.out
    );
    let told = klaxond(&folder, &["templates", "check", "--output", "json"], "")
        .await
        .json();
    assert_eq!(
        (&told["ok"], &told["templates"][0]["status"]),
        (&json!(false), &json!("PAUSED"))
    );
}

#[tokio::test]
async fn check_warns_of_a_template_that_became_marketing() {
    let meta = meta(
        json!([listed(&json!({"category": "MARKETING"}))]),
        200,
        pending(),
    )
    .await;
    let said = klaxond(&config(&meta.uri()), &["templates", "check"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("Meta counts it as marketing: dearer"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn check_looks_at_every_language() {
    let meta = meta(json!([listed(&json!({}))]), 200, pending()).await;
    let spanish = "[templates.alarm.languages.es]\ntext = \"Alarma {{1}}, mira.\"\n";
    let folder = Folder::new(&format!(
        "{WHATSAPP}base_url = \"{}\"\n{spanish}{PATH}",
        meta.uri()
    ));
    let said = klaxond(&folder, &["templates", "check"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("✓ klaxond_alarm (en_US)"), "{lines:?}");
    assert!(
        lines[1].starts_with("✗ klaxond_alarm (es): Meta knows it only in en_US"),
        "{lines:?}"
    );
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert!(
        said.out.contains("✗ template klaxond_alarm (es)"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn push_hands_in_what_meta_has_not_and_shows_it() {
    let meta = meta(json!([]), 200, pending()).await;
    let folder = config(&meta.uri());
    let said = klaxond(&folder, &["templates", "push", "--all", "--dry-run"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("would be handed in"), "{}", said.out);
    assert_eq!(posted(&meta).await, []);

    let said = klaxond(&folder, &["templates", "push", "alarm"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        said.out,
        "✓ klaxond_alarm (en_US): handed in, it is PENDING\n  utility\n  │ Alarm {{1}}, please check.\n  {{1}} is for example: London encoder 3\n"
    );
    let posts = posted(&meta).await;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].0, "/v25.0/102290129340398/message_templates");
    assert_eq!(posts[0].1["name"], "klaxond_alarm");

    let words = ["templates", "push", "klaxond_alarm", "--output", "json"];
    let told = klaxond(&folder, &words, "").await.json();
    let one = &told["templates"][0];
    assert_eq!(
        (
            &told["ok"],
            &one["action"],
            &one["status"],
            &one["examples"]["{{1}}"]
        ),
        (
            &json!(true),
            &json!("created"),
            &json!("PENDING"),
            &json!("London encoder 3")
        )
    );
}

#[tokio::test]
async fn push_leaves_what_is_approved_or_under_review() {
    for (fields, said) in [
        (json!({}), "is approved as it is; nothing was handed in"),
        (
            json!({"status": "PENDING"}),
            "is PENDING at Meta; nothing was handed in",
        ),
        (
            json!({"status": "REJECTED"}),
            "is REJECTED at Meta; nothing was handed in",
        ),
    ] {
        let meta = meta(json!([listed(&fields)]), 200, pending()).await;
        let told = klaxond(&config(&meta.uri()), &["templates", "push", "--all"], "").await;
        assert_eq!(told.code, 0, "{told:?}");
        assert_eq!(told.out, format!("✓ klaxond_alarm (en_US): {said}\n"));
        assert_eq!(posted(&meta).await, [], "{said}");
    }
}

#[tokio::test]
async fn push_changes_what_is_approved_only_when_told_to() {
    let other = json!({"components": [{"type": "BODY", "text": "Alert {{1}}, please check."}]});
    let meta = meta(json!([listed(&other)]), 200, json!({"success": true})).await;
    let folder = config(&meta.uri());
    let said = klaxond(&folder, &["templates", "push", "alarm"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.out
            .contains("is approved with another text, and was left so"),
        "{}",
        said.out
    );
    assert_eq!(posted(&meta).await, []);

    let said = klaxond(
        &folder,
        &["templates", "push", "alarm", "--edit-approved"],
        "",
    )
    .await;
    assert_eq!(said.code, 0, "{said:?}");
    let posts = posted(&meta).await;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].0, "/v25.0/594425479261596");
    assert_eq!(
        posts[0].1["components"][0]["text"],
        "Alarm {{1}}, please check."
    );
    assert_eq!(posts[0].1.get("category"), None);
}

#[tokio::test]
async fn push_hands_in_again_what_was_refused_with_another_text() {
    let refused = json!({"status": "REJECTED", "rejected_reason": "INVALID_FORMAT",
        "components": [{"type": "BODY", "text": "{{1}}"}]});
    let meta = meta(json!([listed(&refused)]), 200, json!({"success": true})).await;
    let said = klaxond(&config(&meta.uri()), &["templates", "push", "--all"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(posted(&meta).await[0].1["category"], "utility");
}

#[tokio::test]
async fn push_tells_why_meta_refuses() {
    let error = json!({"error": {"message": "Invalid parameter", "code": 100,
        "error_user_msg": "The name is taken."}});
    let meta = meta(json!([]), 400, error).await;
    let said = klaxond(&config(&meta.uri()), &["templates", "push", "--all"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.out.contains(
            "✗ klaxond_alarm (en_US): was not taken: (#100) Invalid parameter: The name is taken."
        ),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn push_wants_to_know_which() {
    let folder = config(NOWHERE);
    let said = klaxond(&folder, &["templates", "push"], "").await;
    assert_eq!(said.code, 64, "{said:?}");
    let said = klaxond(&folder, &["templates", "push", "alram"], "").await;
    assert_eq!(said.code, 64, "{said:?}");
    assert!(
        said.err
            .contains("the config has no template alram; it has alarm"),
        "{}",
        said.err
    );
    let said = klaxond(&folder, &["templates", "list"], "").await;
    assert_eq!(said.code, 75, "{said:?}");
}

#[tokio::test]
async fn templates_need_the_account() {
    let folder = Folder::new(&format!(
        "{}{PATH}",
        WHATSAPP.replace("business_account_id = \"102290129340398\"\n", "")
    ));
    let said = klaxond(&folder, &["templates", "list", "--output", "json"], "").await;
    assert_eq!(said.code, 78, "{said:?}");
    assert!(
        said.json()["error"]
            .as_str()
            .unwrap()
            .contains("set whatsapp.business_account_id"),
        "{said:?}"
    );
}

fn disk_full() -> Value {
    listed(&json!({
        "name": "disk_full", "message_send_ttl_seconds": 3600,
        "components": [
            {"type": "BODY", "text": "Attention, {{1}}: a disk is nearly full.\n- Element: {{2}}\n- Value: {{3}}\nPlease make room."},
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Acknowledge"}]}],
    }))
}

#[tokio::test]
async fn import_prints_what_the_readme_shows_and_the_config_takes_it() {
    let meta = meta(json!([disk_full()]), 200, pending()).await;
    let said = klaxond(
        &config(&meta.uri()),
        &["templates", "import", "disk_full"],
        "",
    )
    .await;
    assert_eq!(said.code, 0, "{said:?}");
    let shown = blocks(section("Templates"), "toml");
    assert!(shown.contains(&said.out), "{}", said.out);

    // What is imported is what Meta has.
    let folder = Folder::new(&format!(
        "{WHATSAPP}base_url = \"{}\"\n{}{PATH}",
        meta.uri(),
        said.out
    ));
    let said = klaxond(&folder, &["templates", "check"], "").await;
    assert!(
        said.out
            .starts_with("✓ disk_full (en_US): good: approved\n"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn import_brings_over_names_headers_addresses_and_languages() {
    let components = |text: &str| {
        json!([
            {"type": "HEADER", "format": "TEXT", "text": "{{severity}} alarm"},
            {"type": "BODY", "text": text},
            {"type": "FOOTER", "text": "Say \"stop\" to end"},
            {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Open", "url": "https://noc.example/{{1}}"}]}])
    };
    let english = listed(&json!({"name": "klaxond_host", "parameter_format": "NAMED",
        "components": components("On {{host}} at {{time}}: look.")}));
    let mut spanish = english.clone();
    spanish["language"] = json!("es");
    spanish["components"] = components("En {{host}} a las {{time}}: mira.");
    let meta = meta(json!([english, spanish]), 200, pending()).await;
    let words = ["templates", "import", "klaxond_host", "--output", "json"];
    let told = klaxond(&config(&meta.uri()), &words, "").await.json();
    assert_eq!(told["languages"], json!(["en_US", "es"]));
    let block = told["config"].as_str().unwrap();
    for piece in [
        "[templates.host]\n",
        "parameters = { host = \"{{ alarm.element }}\", time = \"{{ alarm.time }}\" }",
        "parameter = \"{{ alarm.severity }}\"",
        "[templates.host.languages.es]\n",
    ] {
        assert!(block.contains(piece), "{piece}\n{block}");
    }
    let folder = Folder::new(&format!(
        "{WHATSAPP}base_url = \"{}\"\n{block}{PATH}",
        meta.uri()
    ));
    let said = klaxond(&folder, &["templates", "check"], "").await;
    for good in [
        "✓ klaxond_host (en_US): good: approved\n",
        "✓ klaxond_host (es): good: approved\n",
    ] {
        assert!(said.out.contains(good), "{}\n{block}", said.out);
    }
}

#[tokio::test]
async fn import_takes_what_is_approved_only() {
    let meta = meta(
        json!([listed(&json!({"status": "REJECTED"}))]),
        200,
        pending(),
    )
    .await;
    let folder = config(&meta.uri());
    let said = klaxond(&folder, &["templates", "import", "klaxond_alarm"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.err
            .contains("klaxond_alarm is not approved: REJECTED in en_US"),
        "{}",
        said.err
    );
    let said = klaxond(&folder, &["templates", "import", "none"], "").await;
    assert!(
        said.err.contains("Meta has no template none"),
        "{}",
        said.err
    );
}
