//! What comes back from people, for histories of the engine.

use klaxond::model::{
    ContactId, Event, Kind, Message, Notice, Reply, RuleId, Severity, Subject, Time, Undelivered,
    Update, Word,
};

use super::engine::{Happens, START, seconds, template};

pub fn person(id: &str) -> ContactId {
    ContactId::parse(id).unwrap()
}

/// The bucket that a rule has for the alarm of that element.
pub fn about(rule: &str, element: &str) -> Subject {
    Subject {
        rule: RuleId::parse(rule).unwrap(),
        bucket: format!("{rule}\u{1f}\u{1f}{element}\u{1f}1"),
    }
}

pub fn reply(contact: &str, word: Word, about: &[Subject], at: Time) -> Event {
    Event::Updates(vec![Update::Reply(Reply {
        id: format!("{contact} {word:?} {at}"),
        contact: person(contact),
        word,
        about: about.to_vec(),
        at,
    })])
}

/// A reply at that second.
pub fn replies(at: u64, contact: &str, word: Word, about: &[Subject]) -> (u64, Happens) {
    let event = reply(contact, word, about, START + seconds(at));
    (at, Happens::Event(event))
}

pub fn acks(at: u64, contact: &str, about: Subject) -> (u64, Happens) {
    replies(at, contact, Word::Acknowledge, &[about])
}

pub fn notice(key: &str) -> Event {
    Event::Notice(Notice {
        key: key.to_owned(),
        subject: "token".to_owned(),
        text: format!("{key}: make another"),
        severity: Severity::Critical,
    })
}

/// What the fallback's task logs of a message that will not arrive.
pub fn lost(message: &Message) -> Undelivered {
    let (rule, _) = message.bucket.split_once('\u{1f}').unwrap();
    Undelivered {
        message: message.id,
        notification: message.notification,
        contact: message.contact.clone(),
        rule: RuleId::parse(rule).unwrap(),
        bucket: message.bucket.to_string(),
        kind: message.kind,
        template: template(message.template.as_str()),
        severity: message.severity,
        reason: "no such phone".to_owned(),
    }
}

/// A raise of rule `r` for the alarm of element E that did not reach `contact`.
pub fn lost_raise(contact: &str, message: i64) -> Undelivered {
    let subject = about("r", "E");
    Undelivered {
        message: klaxond::model::MessageId(message),
        notification: klaxond::model::NotificationId(message),
        contact: person(contact),
        rule: subject.rule,
        bucket: subject.bucket,
        kind: Kind::Raised,
        template: template("alarm"),
        severity: Severity::Major,
        reason: "no such phone".to_owned(),
    }
}
