//! Nothing that anybody posts makes klaxond panic.

use klaxond::whatsapp::webhook::{WebhookFault, read, signature_holds};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::items;
use crate::support::messages::NUMBER_ID;
use crate::support::webhook::{APP_SECRET, change, messages, sign};

/// Keys that lead somewhere, so that what is arbitrary gets deep.
fn key() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "entry",
        "changes",
        "field",
        "value",
        "statuses",
        "messages",
        "errors",
        "contacts",
        "id",
        "status",
        "type",
        "text",
        "body",
        "button",
        "payload",
        "context",
        "interactive",
        "button_reply",
        "metadata",
        "phone_number_id",
        "from",
        "timestamp",
        "event",
        "code",
        "message_template_name",
        "message_template_language",
        "other_info",
        "error_data",
    ];
    prop_oneof![
        9 => proptest::sample::select(KNOWN).prop_map(str::to_owned),
        1 => ".{0,8}",
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    const WORDS: &[&str] = &[
        "messages",
        "account_update",
        "message_template_status_update",
        "failed",
        "delivered",
        "text",
        "button",
        "interactive",
        "PAUSED",
        "1795341600",
        "99999999999999999999",
        NUMBER_ID,
    ];
    prop_oneof![
        4 => proptest::sample::select(WORDS).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => ".{0,40}".prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(8, 128, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((key(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_json_is_read_without_a_panic(body in any_json()) {
        prop_assert!(read(&serde_json::to_vec(&body).unwrap(), NUMBER_ID).is_ok());
    }

    #[test]
    fn arbitrary_json_in_the_envelope_is_read_without_a_panic(field in key(), value in any_json(), one in any_json()) {
        let bodies = [
            change(&field, value),
            messages(json!({"statuses": [one], "messages": [one], "errors": [one]})),
        ];
        for body in bodies {
            prop_assert!(!items(&body).is_empty());
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_without_a_panic(body in any::<Vec<u8>>(), header in ".{0,80}") {
        let known = read(&body, NUMBER_ID);
        prop_assert!(known.is_ok() || known == Err(WebhookFault::NotJson));
        prop_assert!(!signature_holds(&SecretString::from(APP_SECRET), &body, Some(&header)));
    }

    #[test]
    fn one_changed_byte_breaks_the_signature(mut body in proptest::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let secret = SecretString::from(APP_SECRET);
        let signature = sign(&body);
        prop_assert!(signature_holds(&secret, &body, Some(&signature)));
        let at = at.index(body.len());
        body[at] ^= 1 << bit;
        prop_assert!(!signature_holds(&secret, &body, Some(&signature)));
    }
}
