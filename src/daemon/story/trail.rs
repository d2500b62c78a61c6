//! A message as programs read its story.

use serde_json::{Value, json};

use crate::model::{Closes, MessageId, Notification, Time};
use crate::store::{AttemptTrail, Dossier, ReplyTrail, Trail};
use crate::whatsapp::advice;

use super::Scene;
use super::words::sentence;

/// A message with everything that is kept of it.
pub(super) fn told(trail: &Trail, dossier: &Dossier, scene: &Scene<'_>) -> Value {
    let message = &trail.message;
    let mut said = dossier.notifications.iter();
    let said = said.find(|said| said.id == message.notification);
    let replies = dossier.replies.iter();
    let replies = replies.filter(|(about, _)| *about == message.id);
    let members: Vec<MessageId> = dossier
        .trails
        .iter()
        .filter(|other| other.digest == Some(message.id))
        .map(|other| other.message.id)
        .collect();
    let mut value = json!({
        "id": message.id.to_string(),
        "contact": message.contact,
        "state": trail.state.name(),
        "reason": trail.reason,
        "what_to_do": sentence(trail, dossier, scene),
        "kind": message.kind.name(),
        "rule": said.map(|said| &said.rule),
        "because": said.map(|said| &said.reason),
        "bucket": said.map(bucket),
        "template": message.template,
        "created": message.created.to_string(),
        "attempts": trail.attempts.iter().map(attempt).collect::<Vec<Value>>(),
        "replies": replies.map(|(_, reply)| answer(reply)).collect::<Vec<Value>>(),
    });
    let times = [
        ("expires", message.expires),
        ("sent", trail.sent),
        ("delivered", trail.delivered),
        ("read", trail.read),
        ("confirm_by", trail.confirm_by),
        ("ended", trail.ended),
    ];
    for (key, time) in times {
        put(&mut value, key, time.map(|time: Time| time.to_string()));
    }
    let others = [
        ("digest", trail.digest),
        ("successor", trail.successor),
        ("instead_of", message.instead_of),
        ("closes", message.closes.map(Closes::first)),
    ];
    for (key, id) in others {
        put(&mut value, key, id.map(|id| id.to_string()));
    }
    if !members.is_empty() {
        let members = members.iter().map(MessageId::to_string);
        value["members"] = members.collect();
    }
    value
}

fn put(value: &mut Value, key: &str, text: Option<String>) {
    if let Some(text) = text {
        value[key] = Value::String(text);
    }
}

/// What the alarms of a bucket share, for people.
fn bucket(said: &Notification) -> &str {
    &said.view.key
}

/// Not Meta's id: the number is in it.
fn attempt(attempt: &AttemptTrail) -> Value {
    let mut value = json!({ "n": attempt.n, "at": attempt.at.to_string() });
    let Some(end) = &attempt.end else {
        value["outcome"] = json!("under way");
        return value;
    };
    value["outcome"] = json!(end.outcome);
    value["took_ms"] = json!(end.duration_ms);
    if let Some(code) = end.code {
        value["code"] = json!(code);
        put(&mut value, "means", advice(code).map(str::to_owned));
    }
    if let Some(status) = end.status {
        value["status"] = json!(status);
    }
    let texts = [("detail", &end.detail), ("text", &end.text)];
    for (key, text) in texts {
        put(
            &mut value,
            key,
            Some(text.clone()).filter(|text| !text.is_empty()),
        );
    }
    value
}

fn answer(reply: &ReplyTrail) -> Value {
    json!({
        "contact": reply.contact,
        "at": reply.at.to_string(),
        "word": reply.word.name(),
        "text": reply.text,
    })
}
