//! The body of a webhook as Meta writes and signs it (whatsapp-cloud-api.md section 6).

use std::fmt::Write as _;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

use super::ledger::Accepted;
use super::refusal;
use crate::model::{Stage, Time};

/// The business number as people see it.
pub(super) const DISPLAY_NUMBER: &str = "15550100100";

/// Something that Meta tells.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// How far a message came.
    Status {
        message: Arc<Accepted>,
        stage: Stage,
        code: Option<u32>,
    },
    /// What a person wrote or tapped.
    Inbound {
        /// The business number that it was sent to.
        number_id: String,
        /// Digits.
        from: String,
        /// The message, without sender and time.
        message: Value,
    },
    /// Anything else: the field and its value.
    Field(&'static str, Value),
}

/// A body with `news`, each with the time at which it happened.
pub(super) fn body(account: &str, news: &[(Time, News)]) -> Vec<u8> {
    let changes: Vec<Value> = changes(news);
    let envelope = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": account, "changes": changes}],
    });
    escaped(&envelope.to_string()).into_bytes()
}

/// One change for the statuses of each number, and one for everything else.
fn changes(news: &[(Time, News)]) -> Vec<Value> {
    let mut changes: Vec<Value> = Vec::new();
    let mut statuses: Vec<(&str, Vec<Value>)> = Vec::new();
    for (at, news) in news {
        match news {
            News::Status {
                message,
                stage,
                code,
            } => {
                let status = status(*at, message, *stage, *code);
                let own = message.number_id.as_str();
                match statuses.iter_mut().find(|(number, _)| *number == own) {
                    Some((_, list)) => list.push(status),
                    None => statuses.push((own, vec![status])),
                }
            }
            News::Inbound {
                number_id,
                from,
                message,
            } => {
                let mut message = message.clone();
                message["from"] = json!(from);
                message["timestamp"] = json!(seconds(*at));
                let mut value = value(number_id);
                value["contacts"] = json!([{
                    "profile": {"name": format!("Phone …{}", &from[from.len().saturating_sub(2)..])},
                    "wa_id": from,
                }]);
                value["messages"] = json!([message]);
                changes.push(json!({"field": "messages", "value": value}));
            }
            News::Field(field, value) => changes.push(json!({"field": field, "value": value})),
        }
    }
    for (number, statuses) in statuses {
        let mut value = value(number);
        value["statuses"] = json!(statuses);
        changes.push(json!({"field": "messages", "value": value}));
    }
    changes
}

fn value(number_id: &str) -> Value {
    json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": number_id},
    })
}

fn status(at: Time, message: &Accepted, stage: Stage, code: Option<u32>) -> Value {
    let mut status = json!({
        "id": message.wamid,
        "status": stage.name(),
        "timestamp": seconds(at),
        "recipient_id": message.to.digits(),
    });
    if let Some(opaque) = &message.opaque {
        status["biz_opaque_callback_data"] = json!(opaque);
    }
    if matches!(stage, Stage::Sent | Stage::Delivered) {
        let category = if message.template.is_empty() {
            "service"
        } else {
            "utility"
        };
        status["pricing"] = json!({
            "billable": category == "utility",
            "pricing_model": "PMP",
            "category": category,
            "type": "regular",
        });
    }
    if let Some(code) = code {
        let title = refusal::title(code);
        status["errors"] = json!([{
            "code": code,
            "title": title,
            "message": title,
            "error_data": {"details": "Asked for with a fault of the sandbox."},
            "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
        }]);
    }
    status
}

/// Seconds as text.
fn seconds(at: Time) -> String {
    at.as_ms().div_euclid(1000).to_string()
}

/// JSON in which all is ASCII, and slashes are escaped.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // In valid JSON it stands in strings only.
            '/' => text.push_str("\\/"),
            c if c.is_ascii() => text.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Infallible: writing to a String.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text
}

/// `sha256=…` for `X-Hub-Signature-256`.
pub(super) fn signature(app_secret: &SecretString, body: &[u8]) -> String {
    let key = app_secret.expose_secret().trim().as_bytes();
    let mut text = "sha256=".to_owned();
    // Infallible: HMAC takes keys of any length.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_no_ascii_is_escaped_and_reads_the_same() {
        let value = json!({"text": "ä/👋 \"quoted\" \n"});
        let text = escaped(&value.to_string());
        assert_eq!(text, r#"{"text":"\u00e4\/\ud83d\udc4b \"quoted\" \n"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }

    #[test]
    fn the_signature_is_the_hmac_of_rfc_4231() {
        let key = SecretString::from("Jefe");
        assert_eq!(
            signature(&key, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
