//! News of templates, of the number and of the account.

use klaxond::model::Severity;
use klaxond::whatsapp::webhook::Inbound;
use serde_json::{Value, json};

use super::item;
use crate::support::webhook::{change, messages};

#[test]
fn an_error_of_the_number_is_news_of_the_account() {
    let error = |code| {
        item(&messages(
            json!({"errors": [{"code": code, "title": "Rate limit hit", "message": "Rate limit hit",
        "error_data": {"details": "too many"}}]}),
        ))
    };
    assert_eq!(
        error(130_429),
        Inbound::Account {
            text: "(#130429) Rate limit hit: too many".to_owned(),
            severity: Severity::Warning
        }
    );
    assert!(matches!(
        error(131_031),
        Inbound::Account {
            severity: Severity::Critical,
            ..
        }
    ));
}

#[test]
fn news_of_templates_say_whether_they_can_be_sent() {
    let news = |event: &str, more: Value| {
        let mut value = json!({"event": event, "message_template_id": 12_345_678_901_u64,
            "message_template_name": "klaxond_alarm", "message_template_language": "en-US", "reason": "NONE"});
        value
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        match item(&change("message_template_status_update", value)) {
            Inbound::Template {
                name,
                language,
                sendable,
                text,
            } => {
                assert_eq!(
                    (name.as_str(), language.as_str()),
                    ("klaxond_alarm", "en_US")
                );
                (sendable, text)
            }
            other => panic!("{other:?}"),
        }
    };
    for (event, more, sendable, text) in [
        ("APPROVED", json!({}), Some(true), "approved"),
        ("REINSTATED", json!({}), Some(true), "reinstated"),
        (
            "PAUSED",
            json!({"other_info": {"title": "FIRST_PAUSE", "description": "Paused for 3 hours"}}),
            Some(false),
            "paused: first pause, Paused for 3 hours",
        ),
        (
            "REJECTED",
            json!({"reason": "INVALID_FORMAT", "rejection_info": {"reason": "Two variables side by side"}}),
            Some(false),
            "rejected: invalid format, Two variables side by side",
        ),
        (
            "DISABLED",
            json!({"disable_info": {"disable_date": "2026-12-01"}}),
            Some(false),
            "disabled: on 2026-12-01",
        ),
        (
            "PENDING_DELETION",
            json!({}),
            Some(false),
            "pending deletion",
        ),
        ("FLAGGED", json!({}), None, "flagged"),
        (
            "SOMETHING_ELSE",
            json!({"other_info": {"title": "UNPAUSE"}}),
            Some(true),
            "something else: unpause",
        ),
        (
            "SOMETHING_ELSE",
            json!({"other_info": 5}),
            None,
            "something else",
        ),
    ] {
        assert_eq!(news(event, more), (sendable, text.to_owned()), "{event}");
    }
    let template = |field, mut value: Value| {
        value["message_template_name"] = json!("klaxond_alarm");
        value["message_template_language"] = json!("es");
        item(&change(field, value))
    };
    for (field, value, text) in [
        (
            "message_template_quality_update",
            json!({"previous_quality_score": "GREEN", "new_quality_score": "RED"}),
            "quality was green, is red",
        ),
        (
            "template_category_update",
            json!({"previous_category": "UTILITY", "new_category": "MARKETING"}),
            "category was utility, is marketing",
        ),
        (
            "template_category_update",
            json!({"new_category": "UTILITY", "correct_category": "MARKETING"}),
            "Meta will move it from utility to marketing",
        ),
    ] {
        assert_eq!(
            template(field, value),
            Inbound::Template {
                name: "klaxond_alarm".to_owned(),
                language: "es".to_owned(),
                sendable: None,
                text: text.to_owned()
            }
        );
    }
}

#[test]
fn news_of_number_and_account_say_how_much_they_matter() {
    for (field, value, severity, text) in [
        (
            "account_update",
            json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "November 22, 2026"}}),
            Severity::Critical,
            "account update: waba ban date november 22, 2026, waba ban state disable, event disabled update",
        ),
        (
            "account_update",
            json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}}),
            Severity::Information,
            "account update: waba ban state reinstate, event disabled update",
        ),
        (
            "phone_number_quality_update",
            json!({"display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_1K"}),
            Severity::Major,
            "phone number quality update: current limit tier 1k, display phone number …81, event flagged",
        ),
        (
            "business_capability_update",
            json!({"max_daily_conversation_per_phone": 2000}),
            Severity::Information,
            "business capability update: max daily conversation per phone 2000",
        ),
        (
            "account_alerts",
            json!({"alert_info": {"alert_severity": "CRITICAL", "alert_type": "OBA_APPROVED"}}),
            Severity::Critical,
            "account alerts: alert severity critical, alert type oba approved",
        ),
        (
            "account_review_update",
            json!({"decision": "REJECTED"}),
            Severity::Critical,
            "account review update: decision rejected",
        ),
        (
            "account_something",
            json!(null),
            Severity::Warning,
            "account something",
        ),
    ] {
        let expected = Inbound::Account {
            text: text.to_owned(),
            severity,
        };
        assert_eq!(item(&change(field, value)), expected);
    }
}
