//! What comes back in a rule test: replies, and messages that do not arrive.

use crate::config::Settings;
use crate::model::{ContactId, Event, Message, Reply, RuleId, Subject, Time, Undelivered, Update};

use super::Player;
use super::scenario::{Act, Flaw, Line};

/// The event of a line that says what comes back.
pub(super) fn event(
    player: &Player,
    settings: &Settings,
    line: &Line,
    at: Time,
) -> Result<Event, Flaw> {
    match &line.act {
        Act::Reply {
            contact,
            about,
            words,
        } => {
            let contact = known(settings, contact, line)?;
            let message = last(player, &contact, about);
            if message.is_none() && !about.is_empty() {
                return Err(unsent(line, about));
            }
            let reply = Reply {
                id: format!("line {}", line.number),
                contact,
                word: settings.words.meaning(words),
                about: message.and_then(subject).into_iter().collect(),
                at,
            };
            Ok(Event::Updates(vec![Update::Reply(reply)]))
        }
        Act::Undelivered { contact, words } => {
            let contact = known(settings, contact, line)?;
            let message = last(player, &contact, words).ok_or_else(|| unsent(line, words))?;
            let subject = subject(message).ok_or_else(|| unsent(line, words))?;
            Ok(Event::Undelivered(Undelivered {
                message: message.id,
                notification: message.notification,
                contact,
                rule: subject.rule,
                bucket: subject.bucket,
                kind: message.kind,
                template: message.template.clone(),
                severity: message.severity,
                reason: "the test says so".to_owned(),
            }))
        }
        Act::Alarm(_)
        | Act::Clear(_)
        | Act::Ack(_)
        | Act::Expect(_)
        | Act::Nothing { .. }
        | Act::Other(_) => Err(Flaw::new(line.number, "nothing comes back")),
    }
}

fn known(settings: &Settings, name: &str, line: &Line) -> Result<ContactId, Flaw> {
    let mut contacts = settings.ruleset.contacts.iter();
    let found = contacts.find(|contact| contact.name == name || contact.id.as_str() == name);
    found
        .map(|contact| contact.id.clone())
        .ok_or_else(|| Flaw::new(line.number, format!("no contact is called {name:?}")))
}

fn last<'p>(player: &'p Player, contact: &ContactId, words: &str) -> Option<&'p Message> {
    player.replays().first()?.last_to(contact, words)
}

fn subject(message: &Message) -> Option<Subject> {
    let (rule, _) = message.bucket.split_once('\u{1f}')?;
    Some(Subject {
        rule: RuleId::parse(rule).ok()?,
        bucket: message.bucket.to_string(),
    })
}

fn unsent(line: &Line, words: &str) -> Flaw {
    let message = if words.is_empty() {
        "no message went to that contact before".to_owned()
    } else {
        format!("no message with the words {words:?} went to that contact before")
    };
    Flaw::new(line.number, message)
}
