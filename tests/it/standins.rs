//! While Meta does not take a template, another one stands in for it.

use std::time::Duration;

use klaxond::store::Tally;

use klaxond::whatsapp::webhook::Inbound;

use crate::support::house::House;
use crate::support::returns::{NO_PAGER, WEBHOOK, take};

const CONFIG: &str = r#"
[delivery]
per_contact = "60/s"
[[contacts]]
name = "Guardia"
phone = "34600111222"
language = "es"
[[rules]]
name = "Everything"
template = "both"
[templates.both]
name = "klaxond_both"
language = "en_US"
text = "In English: {{1}} is in trouble."
parameters = ["{{ alarm.element }}"]
fallback_template = "simple"
[templates.both.languages.es]
name = "klaxond_ambos"
text = "En español: {{1}} tiene problemas."
[templates.simple]
name = "klaxond_simple"
language = "en_US"
text = "Simply: {{1}} is in trouble."
parameters = ["{{ alarm.element }}"]
"#;

async fn told(house: &House, element: &str) -> String {
    let line = format!(r#"{{"element":"{element}","severity":"critical"}}"#);
    house.hand_in(&line).await;
    house.pass(Duration::from_secs(2)).await;
    let arrived = house.meta.arrived();
    let of_this = arrived
        .iter()
        .filter(|message| message.text.contains(element));
    let texts: Vec<&str> = of_this.map(|message| message.text.as_str()).collect();
    texts.join(" + ")
}

#[tokio::test(start_paused = true)]
async fn a_refused_language_is_replaced_by_the_templates_own_and_that_by_the_stand_in() {
    let house = House::build(CONFIG).await;
    assert_eq!(told(&house, "E1").await, "En español: E1 tiene problemas.");

    house.meta.refuse_template("klaxond_ambos", Some(132_001));
    assert_eq!(told(&house, "E2").await, "In English: E2 is in trouble.");
    let posts = house.meta.posts();
    assert_eq!(told(&house, "E3").await, "In English: E3 is in trouble.");
    assert_eq!(
        house.meta.posts(),
        posts + 1,
        "what was refused is not tried for some minutes"
    );

    house.meta.refuse_template("klaxond_both", Some(132_015));
    assert_eq!(told(&house, "E4").await, "Simply: E4 is in trouble.");
    let mut held = house.core.controls().outfit().held_back();
    held.sort();
    let held: Vec<String> = held
        .into_iter()
        .map(|(id, language)| format!("{id} {language}"))
        .collect();
    assert_eq!(held, ["both en_US", "both es"]);
}

#[tokio::test(start_paused = true)]
async fn the_template_itself_comes_back_when_meta_takes_it_again() {
    let house = House::build(CONFIG).await;
    for name in ["klaxond_ambos", "klaxond_both"] {
        house.meta.refuse_template(name, Some(132_015));
    }
    assert_eq!(told(&house, "E1").await, "Simply: E1 is in trouble.");
    house.meta.refuse_template("klaxond_ambos", None);
    assert_eq!(told(&house, "E2").await, "Simply: E2 is in trouble.");
    house.pass(Duration::from_secs(600)).await;
    assert_eq!(told(&house, "E3").await, "En español: E3 tiene problemas.");
}

#[tokio::test(start_paused = true)]
async fn when_nothing_stands_in_the_messages_wait_and_none_is_lost() {
    let house = House::build(CONFIG).await;
    let all = ["klaxond_ambos", "klaxond_both", "klaxond_simple"];
    for name in all {
        house.meta.refuse_template(name, Some(132_015));
    }
    assert_eq!(told(&house, "E1").await, "");
    let tally: Tally = house.core.store().outbox.tally().await.unwrap();
    assert_eq!(tally.pending(), 1);
    for name in all {
        house.meta.refuse_template(name, None);
    }
    house.pass(Duration::from_secs(3_600)).await;
    let arrived = house.meta.arrived();
    assert_eq!(arrived.len(), 1, "{arrived:?}");
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_known_to_be_paused_is_not_tried_first() {
    let house = House::build(CONFIG).await;
    let outfit = house.core.controls().outfit();
    let id = |name: &str| klaxond::model::TemplateId::parse(name).unwrap();
    assert!(outfit.hold_back(&id("both")), "simple stands in");
    assert!(!outfit.hold_back(&id("alarm")), "nothing stands in");
    house.meta.refuse_template("klaxond_ambos", Some(132_015));
    assert_eq!(told(&house, "E1").await, "Simply: E1 is in trouble.");
    assert_eq!(house.meta.posts(), 2, "in Spanish, and simply");
    outfit.accept(outfit.template(&id("both")).unwrap());
    assert_eq!(told(&house, "E2").await, "In English: E2 is in trouble.");
}

#[tokio::test(start_paused = true)]
async fn news_of_one_language_is_heeded_for_that_language() {
    let house = House::build(&format!("{WEBHOOK}{NO_PAGER}{CONFIG}")).await;
    let news = |sendable| Inbound::Template {
        name: "klaxond_ambos".to_owned(),
        language: "es".to_owned(),
        sendable: Some(sendable),
        text: "paused: first pause".to_owned(),
    };
    take(&house, vec![news(false)]).await;
    assert_eq!(told(&house, "E1").await, "In English: E1 is in trouble.");
    assert_eq!(house.meta.posts(), 1, "what is paused is not tried");
    assert!(house.core.receipts().take_news(), "worth a look at Meta");
    take(&house, vec![news(true)]).await;
    assert_eq!(told(&house, "E2").await, "En español: E2 tiene problemas.");
}
