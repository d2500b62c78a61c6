//! What is read of the bodies that Meta posts.

use klaxond::model::{Phone, Retry, Scope, Stage, Time};
use klaxond::whatsapp::webhook::{Inbound, WebhookFault, read, receipt_failure, signature_holds};
use secrecy::SecretString;
use serde_json::{Value, json};

mod news;
mod properties;

use crate::support::messages::NUMBER_ID;
use crate::support::webhook::{APP_SECRET, change, messages, sign, status};

const WAMID: &str = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA";
const AT: Time = Time::from_ms(1_795_341_600_000);

fn items(body: &Value) -> Vec<Inbound> {
    read(&serde_json::to_vec(body).unwrap(), NUMBER_ID).unwrap()
}

fn item(body: &Value) -> Inbound {
    let mut items = items(body);
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

fn one_message(message: Value) -> Inbound {
    let mut more = json!({"contacts": [{"profile": {"name": "Ana"}, "wa_id": "16505551234"}]});
    more["messages"] = Value::from(vec![message]);
    item(&messages(more))
}

#[test]
fn each_status_is_read_as_meta_documents_it() {
    for (word, stage) in [
        ("sent", Stage::Sent),
        ("delivered", Stage::Delivered),
        ("read", Stage::Read),
        ("played", Stage::Read),
    ] {
        let read = item(&messages(json!({"statuses": [{
            "id": WAMID, "status": word, "timestamp": "1795341600", "recipient_id": "16505551234",
            "biz_opaque_callback_data": "5f0c:17",
            "conversation": {"id": "c", "origin": {"type": "utility"}},
            "pricing": {"billable": true, "pricing_model": "PMP", "category": "utility"}}]})));
        assert_eq!(
            read,
            Inbound::Status {
                wamid: WAMID.to_owned(),
                opaque: Some("5f0c:17".to_owned()),
                stage,
                at: AT,
                failure: None
            }
        );
    }
}

#[test]
fn a_failed_status_keeps_code_and_words_without_numbers() {
    let failed = |errors: Value| {
        let read = item(&messages(json!({"statuses": [{
            "id": WAMID, "status": "failed", "timestamp": 1_795_341_600,
            "recipient_id": "16505551234", "errors": errors}]})));
        match read {
            Inbound::Status {
                stage: Stage::Failed,
                failure: Some(failure),
                opaque: None,
                at: AT,
                ..
            } => (failure.code, failure.text),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        failed(
            json!([{"code": 131026, "title": "Message undeliverable", "message": "Message undeliverable",
            "error_data": {"details": "16505551234 (+1 650-555-1234) cannot be reached, wamid.HBgLMTY1"},
            "href": "https://developers.facebook.com/docs"}])
        ),
        (
            Some(131_026),
            "(#131026) Message undeliverable: the recipient (+…34) cannot be reached, wamid.…"
                .to_owned()
        )
    );
    assert_eq!(
        failed(json!([{"code": "131049", "title": "Not now"}, {"code": 1, "title": "Also"}])),
        (Some(131_049), "(#131049) Not now; (#1) Also".to_owned())
    );
    for nothing in [json!([]), json!("broken"), json!([5]), json!(null)] {
        assert_eq!(failed(nothing), (None, "Meta gives no reason".to_owned()));
    }
}

#[test]
fn a_failed_receipt_means_what_the_same_error_of_a_send_means() {
    for (code, retry, scope) in [
        (Some(131_026), Retry::Never, Scope::Contact),
        (Some(132_015), Retry::Wait, Scope::Template),
        (Some(131_056), Retry::Pair, Scope::Contact),
        (Some(130_429), Retry::Backoff, Scope::Number),
        (Some(999_999), Retry::Few, Scope::Message),
        (None, Retry::Few, Scope::Message),
    ] {
        let failure = receipt_failure(code, "to 16505551234:\nno");
        assert_eq!(
            (failure.class.retry, failure.class.scope),
            (retry, scope),
            "{code:?}"
        );
        assert_eq!((failure.code, failure.text.as_str()), (code, "to …34: no"));
        assert_eq!((failure.status, failure.retry_after), (None, None));
    }
}

#[test]
fn words_and_taps_are_read_with_what_they_are_about() {
    let from = Phone::parse("16505551234").unwrap();
    let told = |message: Value| match one_message(message) {
        Inbound::Message {
            id,
            from: who,
            quoted,
            payload,
            text,
            at,
        } => {
            assert_eq!((id.as_str(), who, at), ("wamid.in", Some(from.clone()), AT));
            (quoted, payload, text)
        }
        other => panic!("{other:?}"),
    };
    let message = |kind: &str, content: Value| json!({"from": "16505551234", "id": "wamid.in", "timestamp": "1795341600", "type": kind, kind: content});
    let quoting = |mut message: Value| {
        message["context"] = json!({"from": "15550783881", "id": WAMID});
        message
    };
    let some = |text: &str| Some(text.to_owned());
    for (given, expected) in [
        (
            message("text", json!({"body": " STOP \n"})),
            (None, None, "STOP"),
        ),
        (
            quoting(message("text", json!({"body": "ok"}))),
            (some(WAMID), None, "ok"),
        ),
        (
            quoting(message(
                "button",
                json!({"payload": "5f0c:17", "text": "Acknowledge"}),
            )),
            (some(WAMID), some("5f0c:17"), "Acknowledge"),
        ),
        (
            quoting(message(
                "interactive",
                json!({"type": "button_reply", "button_reply": {"id": "ack", "title": "Take it"}}),
            )),
            (some(WAMID), some("ack"), "Take it"),
        ),
        (
            message(
                "interactive",
                json!({"type": "list_reply", "list_reply": {"id": "one", "title": "First", "description": "x"}}),
            ),
            (None, some("one"), "First"),
        ),
        (
            message("interactive", json!({"type": "nfm_reply", "nfm_reply": {}})),
            (None, None, ""),
        ),
        (
            message("image", json!({"caption": "the rack", "id": "1"})),
            (None, None, "the rack"),
        ),
        (
            message("audio", json!({"id": "1", "voice": true})),
            (None, None, ""),
        ),
    ] {
        let (quoted, payload, text) = told(given.clone());
        assert_eq!((quoted, payload, text.as_str()), expected, "{given}");
    }
}

#[test]
fn numbers_of_people_may_be_missing() {
    let from = |message: Value, contact: Value| {
        let body = messages(json!({"contacts": [contact], "messages": [message]}));
        match item(&body) {
            Inbound::Message { from, .. } => from.map(|phone| phone.digits().to_owned()),
            other => panic!("{other:?}"),
        }
    };
    let text = |mut more: Value| {
        more["type"] = json!("text");
        more["id"] = json!("wamid.in");
        more["text"] = json!({"body": "ok"});
        more
    };
    let user = json!({"user_id": "US.13491208655302741918", "profile": {"username": "ana"}});
    let with_number = json!({"user_id": "US.1", "wa_id": "16505551234"});
    assert_eq!(
        from(
            text(json!({"from_user_id": "US.13491208655302741918"})),
            user.clone()
        ),
        None
    );
    assert_eq!(
        from(
            text(json!({"from": "US.13491208655302741918"})),
            user.clone()
        ),
        None
    );
    assert_eq!(from(text(json!({"from": null})), user.clone()), None);
    assert_eq!(
        from(text(json!({"from_user_id": "US.1"})), with_number.clone()),
        Some("16505551234".to_owned())
    );
    assert_eq!(
        from(text(json!({"from_user_id": "US.2"})), with_number),
        None
    );
    assert_eq!(
        from(text(json!({"from": "+16505551234"})), user),
        Some("16505551234".to_owned())
    );
    let mut without = status(1, "delivered");
    without.as_object_mut().unwrap().remove("recipient_id");
    without["recipient_user_id"] = json!("US.13491208655302741918");
    assert!(matches!(
        item(&messages(json!({"statuses": [without]}))),
        Inbound::Status { .. }
    ));
}

#[test]
fn what_nobody_says_and_what_is_not_known_is_told_by_its_kind() {
    for (message, kind) in [
        (
            json!({"type": "reaction", "id": "w", "from": "16505551234", "reaction": {"message_id": WAMID, "emoji": "👍"}}),
            "message of kind reaction",
        ),
        (
            json!({"type": "system", "id": "w", "system": {"type": "user_changed_number", "body": "16505551234"}}),
            "message of kind system",
        ),
        (
            json!({"type": "unsupported", "id": "w", "errors": [{"code": 131051}]}),
            "message of kind unsupported",
        ),
        (
            json!({"type": "16505551234", "id": "w"}),
            "message of kind …34",
        ),
        (json!({"id": "w"}), "message of kind without a name"),
        (
            json!({"type": "text", "text": {"body": "no id"}}),
            "message without an id",
        ),
        (
            json!({"type": "text", "id": "w".repeat(600), "text": {"body": "x"}}),
            "message without an id",
        ),
        (
            json!({"type": "text", "id": "w", "group_id": "g", "text": {"body": "x"}}),
            "message in a group",
        ),
        (json!(5), "message of kind without a name"),
    ] {
        assert_eq!(
            one_message(message.clone()),
            Inbound::Other(kind.to_owned()),
            "{message}"
        );
    }
    for (body, kind) in [
        (change("message_echoes", json!({})), "field message_echoes"),
        (change("", json!(null)), "field without a name"),
        (change("messages", json!([])), "messages without any"),
        (
            messages(json!({"statuses": [{"id": "w", "status": "lost"}]})),
            "status lost",
        ),
        (
            messages(json!({"statuses": [{"status": "read"}]})),
            "status without an id",
        ),
        (
            change("message_template_status_update", json!({"event": "PAUSED"})),
            "field message_template_status_update",
        ),
        (json!({"object": "page", "entry": []}), "nothing about page"),
        (json!([1]), "nothing about without a name"),
        (
            json!({"object": "x", "entry": [{"changes": [{"field": "messages", "value": {
            "metadata": {"phone_number_id": "999"}, "statuses": [status(1, "read")]}}]}]}),
            "another number",
        ),
    ] {
        assert_eq!(item(&body), Inbound::Other(kind.to_owned()), "{body}");
    }
}

#[test]
fn every_item_of_every_change_of_every_entry_is_read_in_order() {
    let value = |word: &str| json!({"statuses": [status(1, word), status(2, word)]});
    let change = |word: &str| json!({"field": "messages", "value": value(word)});
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "1", "changes": [change("sent"), change("delivered")]},
        {"id": "2", "changes": [change("read")]}, {"id": "3"}]});
    let stages: Vec<Stage> = items(&body)
        .into_iter()
        .filter_map(|item| match item {
            Inbound::Status { stage, .. } => Some(stage),
            _ => None,
        })
        .collect();
    use Stage::{Delivered, Read, Sent};
    assert_eq!(stages, [Sent, Sent, Delivered, Delivered, Read, Read]);
}

#[test]
fn a_batch_of_a_thousand_is_read_and_one_without_measure_is_not() {
    let batch = |count| {
        let statuses: Vec<Value> = (0..count).map(|n| status(n, "delivered")).collect();
        read(
            &serde_json::to_vec(&messages(json!({"statuses": statuses}))).unwrap(),
            NUMBER_ID,
        )
    };
    assert_eq!(batch(1_000).unwrap().len(), 1_000);
    assert_eq!(batch(10_001), Err(WebhookFault::TooMany));
    assert_eq!(read(b"", NUMBER_ID), Err(WebhookFault::NotJson));
    assert_eq!(read(b"{\"entry\":", NUMBER_ID), Err(WebhookFault::NotJson));
}

#[test]
fn a_signature_holds_for_the_bytes_that_were_signed_alone() {
    let secret = SecretString::from(APP_SECRET);
    let body = r#"{"text":"\u00e4 \/ ä"}"#.as_bytes();
    let good = sign(body);
    assert!(signature_holds(&secret, body, Some(&good)));
    assert!(signature_holds(
        &secret,
        body,
        Some(&good.to_uppercase().replace("SHA256", "sha256"))
    ));
    for bad in [
        None,
        Some(""),
        Some("sha256="),
        Some(&good[7..]),
        Some(&good[..70]),
        Some(&sign(b"other")),
    ] {
        assert!(!signature_holds(&secret, body, bad), "{bad:?}");
    }
    let other = SecretString::from("another secret");
    assert!(!signature_holds(&other, body, Some(&good)));
    // RFC 4231, test case 2.
    let known = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert!(signature_holds(
        &SecretString::from("Jefe"),
        b"what do ya want for nothing?",
        Some(known)
    ));
}

#[test]
fn what_is_read_prints_no_words_and_no_numbers_of_people() {
    let shown = format!(
        "{:?}",
        [
            one_message(
                json!({"from": "16505551234", "id": "wamid.HBgLMTY1", "type": "text", "text": {"body": "my secret"}})
            ),
            item(&messages(json!({"statuses": [status(1, "read")]}))),
        ]
    );
    for hidden in ["6505551234", "my secret", "wamid"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
