//! `klaxond check`: five mistakes at once, and what Meta says.

use klaxond::sandbox::TemplateStatus;
use serde_json::json;
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{NOWHERE, config, klaxond, sandbox};
use crate::support::config::Folder;

const FIVE_MISTAKES: &str = r#"[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token_file = "token"
[ingest]
sokcet = "/run/klaxond/alarms.sock"
[[contacts]]
name = "NOC desk"
phone = "+34 600 111 222"
groups = ["noc"]
[templates.alarm]
name = "klaxond_alarm"
text = "Alarm {{1}} on {{2}}, please check."
parameters = ["{{ alarm.element }}"]
[[rules]]
name = "Critical alarms"
filter = 'severty = critical'
notify = ["nock"]
"#;

#[tokio::test]
async fn check_tells_five_mistakes_at_once() {
    let folder = Folder::new(FIVE_MISTAKES);
    let said = klaxond(&folder, &["check"], "").await;
    assert_eq!((said.code, said.out.as_str()), (78, ""), "{said:?}");
    assert_eq!(said.err.matches("error: ").count(), 5, "{}", said.err);
    for help in [
        "write `socket`",
        "write \"34600111222\"",
        "write `severity`",
        "write \"noc\"",
    ] {
        assert!(said.err.contains(help), "{help}: {}", said.err);
    }
}

#[tokio::test]
async fn check_tells_programs_place_words_and_help_of_each_mistake() {
    let folder = Folder::new(FIVE_MISTAKES);
    let said = klaxond(&folder, &["check", "--output", "json"], "").await;
    assert_eq!((said.code, said.err.as_str()), (78, ""), "{said:?}");
    let told = said.json();
    assert_eq!(told["ok"], false);
    let faults = told["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 5, "{told:#}");
    let file = folder.path("config.toml");
    assert_eq!(
        faults[0],
        json!({
            "file": file, "line": 6, "column": 1,
            "message": "[ingest] has no key `sokcet`", "help": "write `socket`",
        })
    );
}

#[tokio::test]
async fn a_wrong_config_is_told_by_each_command_that_reads_it() {
    let folder = Folder::new(FIVE_MISTAKES);
    let commands: [&[&str]; 4] = [
        &["explain"],
        &["reload", "--dry-run"],
        &["test-message", "NOC desk"],
        &["run"],
    ];
    for command in commands {
        let said = klaxond(&folder, command, "").await;
        assert_eq!(said.code, 78, "{command:?}: {said:?}");
        assert_eq!(
            said.err.matches("error: ").count(),
            5,
            "{command:?}: {said:?}"
        );
        if command == ["run"] {
            continue;
        }
        let words: Vec<&str> = command
            .iter()
            .copied()
            .chain(["--output", "json"])
            .collect();
        let said = klaxond(&folder, &words, "").await;
        assert_eq!(said.code, 78, "{command:?}: {said:?}");
        let told = said.json();
        assert_eq!(told["error"], "the config is wrong", "{command:?}");
        assert_eq!(told["faults"].as_array().unwrap().len(), 5, "{command:?}");
    }
}

#[tokio::test]
async fn check_counts_what_a_good_config_holds() {
    let folder = config(NOWHERE);
    let said = klaxond(&folder, &["check"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        said.out,
        "the config is good: 1 contact, 1 rule, 1 template\n\
         receipts and replies: off; they need [webhook], and verify_token and app_secret in [whatsapp]\n"
    );
    let said = klaxond(&folder, &["check", "--output", "json"], "").await;
    assert_eq!(
        said.json(),
        json!({"ok": true, "receipts": false, "warnings": [], "online": []})
    );
}

#[tokio::test]
async fn check_online_says_that_all_is_well_and_sends_nothing() {
    let (sandbox, folder) = sandbox(|_| {}).await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out
            .contains("✓ token and number: good: klaxond sandbox"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("✓ template klaxond_alarm (en_US): good: approved"),
        "{}",
        said.out
    );
    let told = klaxond(&folder, &["check", "--online", "--output", "json"], "")
        .await
        .json();
    assert_eq!(told["ok"], true);
    assert_eq!(
        told["online"][1]["subject"],
        "template klaxond_alarm (en_US)"
    );
    assert_eq!(sandbox.messages().len(), 0);
}

#[tokio::test]
async fn check_online_says_what_to_do_about_a_dead_token() {
    let (_sandbox, folder) = sandbox(|settings| settings.token = Some("another".to_owned())).await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.out.contains("✗ token and number: (#190)"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("make a system-user token"),
        "{}",
        said.out
    );
    let told = klaxond(&folder, &["check", "--online", "--output", "json"], "")
        .await
        .json();
    assert_eq!(
        (&told["ok"], &told["online"][0]["ok"]),
        (&json!(false), &json!(false))
    );
    let both = format!("{}{}{told}", said.out, said.err);
    assert!(!both.contains("EAAGtestTOKEN"), "{both}");
}

#[tokio::test]
async fn check_online_says_which_template_meta_does_not_have() {
    let (_sandbox, folder) =
        sandbox(|settings| settings.templates[0].name = "other".to_owned()).await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    let expected = "✗ template klaxond_alarm (en_US): Meta does not know it: submit it";
    assert!(said.out.contains(expected), "{}", said.out);

    let (_sandbox, folder) =
        sandbox(|settings| settings.templates[0].language = "es".to_owned()).await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert!(
        said.out.contains("Meta knows it only in es: write that"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn check_online_says_that_a_paused_template_cannot_be_sent() {
    let (_sandbox, folder) =
        sandbox(|settings| settings.templates[0].status = TemplateStatus::Paused).await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.out.contains("it is PAUSED: only an approved template"),
        "{}",
        said.out
    );
}

#[tokio::test]
async fn check_online_says_where_the_text_differs_from_metas() {
    let (_sandbox, folder) = sandbox(|settings| {
        settings.templates[0].text = "Alarm {{1}} on {{2}}, please check.".to_owned();
    })
    .await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert_eq!(said.code, 69, "{said:?}");
    let expected = "Meta's text has 2 variables, the config's has 1";
    assert!(said.out.contains(expected), "{}", said.out);

    let (_sandbox, folder) = sandbox(|settings| {
        settings.templates[0].text = "Alert {{1}}, please check.".to_owned();
    })
    .await;
    let said = klaxond(&folder, &["check", "--online"], "").await;
    assert_eq!(said.code, 0, "it can be sent: {said:?}");
    let expected = "good: approved; Meta's text reads otherwise than the config's";
    assert!(said.out.contains(expected), "{}", said.out);
}

#[tokio::test]
async fn check_online_knows_metas_test_number() {
    let meta = MockServer::start().await;
    let number = json!({"verified_name": "Test Number", "id": "106540352242922"});
    for (path, body) in [("/message_templates$", json!({"data": []})), ("", number)] {
        Mock::given(method("GET"))
            .and(path_regex(path))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&meta)
            .await;
    }
    let said = klaxond(&config(&meta.uri()), &["check", "--online"], "").await;
    assert!(
        said.out
            .contains("Meta's test number: it reaches only numbers on its own list"),
        "{}",
        said.out
    );
    assert!(said.out.contains("recipient list"), "{}", said.out);
}

#[tokio::test]
async fn check_online_says_when_meta_cannot_be_reached() {
    let said = klaxond(&config(NOWHERE), &["check", "--online"], "").await;
    assert_eq!(said.code, 75, "{said:?}");
    assert!(
        said.out
            .contains("may this machine reach http://127.0.0.1:9"),
        "{}",
        said.out
    );
}
