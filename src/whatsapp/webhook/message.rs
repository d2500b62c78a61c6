//! What people write and tap.

use serde_json::Value;

use crate::model::Phone;
use crate::whatsapp::template::sanitise::shorten;

use super::field::{at, id, text, timestamp};
use super::inbound::Inbound;
use super::read::named;

/// The longest text that WhatsApp lets a person write, in UTF-16 units.
const MAX_TEXT: usize = 4096;

/// `people` is `contacts` of the same change: it may have the number that the message does not.
pub(super) fn read(message: &Value, people: &[Value]) -> Inbound {
    let kind = text(message, &["type"]).unwrap_or_default();
    if id(message, &["group_id"]).is_some() {
        return Inbound::Other("message in a group".to_owned());
    }
    let (words, payload) = match kind.as_str() {
        "text" => (text(message, &["text", "body"]), None),
        "button" => (
            text(message, &["button", "text"]),
            id(message, &["button", "payload"]),
        ),
        "interactive" => interactive(message),
        "image" | "video" | "document" => (text(message, &[&kind, "caption"]), None),
        "audio" | "sticker" | "location" | "contacts" | "order" => (None, None),
        // Nothing a person says: a reaction, a change of number, an edit, what Meta cannot pass on.
        _ => return Inbound::Other(format!("message of kind {}", named(&kind))),
    };
    let Some(own) = id(message, &["id"]) else {
        return Inbound::Other("message without an id".to_owned());
    };
    Inbound::Message {
        id: own,
        from: sender(message, people),
        quoted: id(message, &["context", "id"]),
        payload,
        text: shorten(words.unwrap_or_default().trim(), MAX_TEXT),
        at: timestamp(message),
    }
}

fn interactive(message: &Value) -> (Option<String>, Option<String>) {
    let reply = ["button_reply", "list_reply"];
    let reply = reply
        .into_iter()
        .find(|kind| at(message, &["interactive", kind]).is_some());
    match reply {
        Some(kind) => (
            text(message, &["interactive", kind, "title"]),
            id(message, &["interactive", kind, "id"]),
        ),
        None => (None, None),
    }
}

/// Whose number it came from. A user id in its place is none.
fn sender(message: &Value, people: &[Value]) -> Option<Phone> {
    let own = text(message, &["from"]).and_then(|from| phone(&from));
    own.or_else(|| {
        let user = id(message, &["from_user_id"])?;
        let person = people
            .iter()
            .find(|person| id(person, &["user_id"]).as_ref() == Some(&user))?;
        phone(&text(person, &["wa_id"])?)
    })
}

fn phone(text: &str) -> Option<Phone> {
    Phone::parse(text.trim().trim_start_matches('+')).ok()
}
