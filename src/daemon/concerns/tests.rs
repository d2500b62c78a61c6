#![allow(clippy::unwrap_used, reason = "tests")]
use serde_json::{Value, json};

use crate::whatsapp::Standing;

use super::*;

/// 2026-11-22 12:00 UTC.
const NOON: Time = Time::from_ms(1_795_348_800_000);

fn after(days: u64, hours: u64) -> Time {
    NOON + DAY * u32::try_from(days).unwrap() + Duration::from_secs(hours * 3_600)
}

fn token(expires: Option<Time>) -> Facts {
    let seconds = expires.map_or(0, |at| at.as_ms() / 1_000);
    let token = json!({"is_valid": true, "expires_at": seconds});
    Facts {
        token: Some(serde_json::from_value(token).unwrap()),
        ..Facts::default()
    }
}

fn number(fields: Value) -> Facts {
    Facts {
        number: Some(serde_json::from_value(fields).unwrap()),
        ..Facts::default()
    }
}

fn template(standing: Standing, remarks: &[&str]) -> Facts {
    let judgement = Judgement {
        id: TemplateId::parse("alarm").unwrap(),
        name: "klaxond_alarm".to_owned(),
        language: "en_US".to_owned(),
        standing,
        problems: Vec::new(),
        remarks: remarks.iter().map(|remark| (*remark).to_owned()).collect(),
        is_identical: false,
        info: None,
    };
    Facts {
        templates: vec![judgement],
        ..Facts::default()
    }
}

fn keys(notices: &[Notice]) -> Vec<&str> {
    notices.iter().map(|notice| notice.key.as_str()).collect()
}

#[test]
fn the_end_of_the_token_is_told_14_7_3_and_1_days_before() {
    let facts = token(Some(after(60, 0)));
    let mut lookout = Lookout::default();
    let mut told = Vec::new();
    for hour in 0..61 * 24 {
        let now = NOON + Duration::from_secs(hour * 3_600);
        let notices = lookout.look(&facts, now);
        told.extend(
            notices
                .into_iter()
                .map(|notice| (hour / 24, hour % 24, notice)),
        );
    }
    let when: Vec<_> = told
        .iter()
        .map(|(day, hour, notice)| (*day, *hour, notice.key.as_str(), notice.severity))
        .collect();
    assert_eq!(
        when,
        [
            (
                46,
                0,
                "token expires 2027-01-21, 14 days",
                Severity::Warning
            ),
            (53, 0, "token expires 2027-01-21, 7 days", Severity::Minor),
            (57, 0, "token expires 2027-01-21, 3 days", Severity::Major),
            (
                59,
                0,
                "token expires 2027-01-21, 1 days",
                Severity::Critical
            ),
            (60, 0, "token expired 2027-01-21", Severity::Critical),
        ]
    );
    let text = &told[1].2.text;
    assert!(
        text.starts_with("the access token stops working on 2027-01-21, in 7 days: make another"),
        "{text}"
    );
}

#[test]
fn a_restart_tells_under_the_key_that_was_told_before() {
    let facts = token(Some(after(6, 5)));
    let first = Lookout::default().look(&facts, NOON);
    let second = Lookout::default().look(&facts, after(1, 0));
    assert_eq!(keys(&first), keys(&second));
    assert_eq!(first[0].key, "token expires 2026-11-28, 7 days");
}

#[test]
fn a_token_without_an_end_is_not_spoken_of_until_it_is_dead() {
    let mut facts = token(None);
    let mut lookout = Lookout::default();
    assert_eq!(lookout.look(&facts, NOON), []);
    facts.token.as_mut().unwrap().is_valid = Some(false);
    let told = lookout.look(&facts, NOON);
    assert_eq!(keys(&told), ["token is not valid, 2026-11-22"]);
}

#[test]
fn a_token_with_too_few_permissions_is_told() {
    let mut facts = token(None);
    let token = facts.token.as_mut().unwrap();
    token.scopes = vec!["whatsapp_business_messaging".to_owned()];
    let told = Lookout::default().look(&facts, NOON);
    assert_eq!(
        told[0].text,
        "the access token lacks whatsapp_business_management: make another one with both permissions"
    );
}

#[test]
fn what_stands_is_told_once_and_again_when_it_came_back_another_day() {
    let (bad, good) = (
        number(json!({"quality_rating": "RED"})),
        number(json!({"quality_rating": "GREEN"})),
    );
    let mut lookout = Lookout::default();
    assert_eq!(
        keys(&lookout.look(&bad, NOON)),
        ["number quality RED, 2026-11-22"]
    );
    assert_eq!(lookout.look(&bad, after(1, 0)), []);
    assert_eq!(lookout.look(&good, after(2, 0)), []);
    assert_eq!(
        keys(&lookout.look(&bad, after(3, 0))),
        ["number quality RED, 2026-11-25"]
    );
}

#[test]
fn health_says_what_stands_in_the_way() {
    let facts = number(json!({"health_status": {
        "can_send_message": "BLOCKED",
        "entities": [{"entity_type": "WABA", "can_send_message": "BLOCKED",
            "errors": [{"error_code": 141_006, "error_description": "There is an error with the payment method"}]}],
    }}));
    let told = Lookout::default().look(&facts, NOON);
    assert_eq!(
        (told[0].text.as_str(), told[0].severity),
        (
            "Meta says that sending is BLOCKED: There is an error with the payment method",
            Severity::Critical
        )
    );
}

#[test]
fn a_limit_matters_when_there_are_more_people() {
    let mut facts = number(json!({"whatsapp_business_manager_messaging_limit": "TIER_250"}));
    facts.people = 250;
    assert_eq!(Lookout::default().look(&facts, NOON), []);
    facts.people = 251;
    let told = Lookout::default().look(&facts, NOON);
    assert_eq!(
        told[0].text,
        "Meta lets this account write to 250 people a day, and the config has 251"
    );
}

#[test]
fn templates_are_told_when_they_cannot_be_sent_and_when_they_are_otherwise() {
    let paused = Standing::NotApproved {
        status: "PAUSED".to_owned(),
        why: None,
    };
    let told = Lookout::default().look(&template(paused, &[]), NOON);
    assert_eq!(
        (told[0].subject.as_str(), told[0].severity),
        ("template alarm (en_US)", Severity::Major)
    );
    assert!(told[0].text.contains("it is PAUSED"), "{told:?}");
    assert_eq!(
        Lookout::default().look(&template(Standing::Approved, &[]), NOON),
        []
    );
    let told = Lookout::default().look(
        &template(Standing::Approved, &["counted as marketing"]),
        NOON,
    );
    assert_eq!(
        keys(&told),
        ["template alarm (en_US): counted as marketing"]
    );
}

#[test]
fn what_stands_in_for_a_template_is_told() {
    let facts = Facts {
        replaced: vec![(TemplateId::parse("alarm").unwrap(), "es".to_owned())],
        ..Facts::default()
    };
    let told = Lookout::default().look(&facts, NOON);
    assert_eq!(keys(&told), ["template alarm (es) is refused, 2026-11-22"]);
    assert_eq!(warnings(&facts, NOON), [told[0].text.clone()]);
}
