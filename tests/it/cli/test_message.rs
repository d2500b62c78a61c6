//! `klaxond test-message`: one message straight to Meta.

use klaxond::sandbox::Fault;
use serde_json::json;

use super::{klaxond, sandbox};
use crate::support::config::WHATSAPP;

#[tokio::test]
async fn test_message_sends_hello_world_with_no_more_than_a_token_and_a_number_id() {
    let (sandbox, folder) = sandbox(|_| {}).await;
    let short = format!("{WHATSAPP}base_url = \"http://{}\"\n", sandbox.address());
    folder.write("config.toml", short, 0o640);
    let said = klaxond(
        &folder,
        &["test-message", "--to", "34600111222", "--hello-world"],
        "",
    )
    .await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.out.contains("accepted by Meta as wamid."),
        "{}",
        said.out
    );
    let messages = sandbox.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(
        (messages[0].template.as_str(), messages[0].to.digits()),
        ("hello_world", "34600111222")
    );
}

#[tokio::test]
async fn test_message_fills_the_alarm_template_for_a_contact() {
    let (sandbox, folder) = sandbox(|_| {}).await;
    let said = klaxond(
        &folder,
        &["test-message", "NOC desk", "--output", "json"],
        "",
    )
    .await;
    assert_eq!(said.code, 0, "{said:?}");
    let told = said.json();
    assert_eq!(
        (&told["outcome"], &told["code"], &told["advice"]),
        (&json!("accepted"), &json!(null), &json!(null))
    );
    assert_eq!(
        sandbox.messages()[0].text(),
        "Alarm TEST, no real alarm, please check."
    );
}

#[tokio::test]
async fn test_message_says_what_to_do_when_a_test_number_does_not_know_the_phone() {
    let fault = Fault::parse("131030").unwrap();
    let (_sandbox, folder) = sandbox(|settings| settings.faults = vec![fault]).await;
    let words = ["test-message", "--to", "34600111222", "--hello-world"];
    let said = klaxond(&folder, &words, "").await;
    assert_eq!(said.code, 69, "{said:?}");
    assert!(
        said.out.contains("Meta refused it: (#131030)"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("add the number to the test number's recipient list"),
        "{}",
        said.out
    );
    let words: Vec<&str> = words.into_iter().chain(["--output", "json"]).collect();
    let told = klaxond(&folder, &words, "").await.json();
    assert_eq!(
        (&told["outcome"], &told["code"]),
        (&json!("failed"), &json!(131_030))
    );
    assert!(
        told["advice"].as_str().unwrap().contains("recipient list"),
        "{told}"
    );
}
