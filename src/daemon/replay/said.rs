//! One message that would go out.

use std::sync::Arc;

use serde::Serialize;

use crate::engine::Step;
use crate::model::{Contact, Form, Kind, Message, Notification, Time};
use crate::pipeline::Outfit;
use crate::whatsapp::template::Scene;

use super::sent::Sent;

/// One message that would go out: a notification to one contact, before lanes and limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When the rule decided to speak.
    pub at: Time,
    /// The rule, by id.
    pub rule: String,
    /// What the alarms of its bucket have in common.
    pub bucket: String,
    /// What is said.
    pub kind: Kind,
    /// Why, in words.
    pub reason: String,
    /// Who is told, by id.
    pub contact: String,
    /// The same by name.
    pub contact_name: String,
    /// With which template, by id.
    pub template: String,
    /// As the phone would show it.
    pub text: String,
    /// The alarms it speaks of, by id.
    pub alarms: Vec<String>,
    /// Shadow mode: it would not be posted.
    pub shadow: bool,
}

/// The keys of a message as JSON, in their order.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    rule: &'a str,
    bucket: &'a str,
    kind: Kind,
    reason: &'a str,
    contact: &'a str,
    template: &'a str,
    text: &'a str,
    alarms: &'a [String],
}

impl Said {
    /// The messages of a step, with their texts.
    pub(in crate::daemon) fn of(step: &Step, outfit: &Outfit, sent: &mut Sent) -> Vec<Self> {
        let messages = step.messages.iter();
        messages
            .filter_map(|message| {
                let mut notifications = step.notifications.iter();
                let about = notifications.find(|known| known.id == message.notification);
                // What stands in for another carries what that one did.
                let about = match about {
                    Some(about) => Arc::clone(about),
                    None => sent.notification(message.notification)?,
                };
                let said = Self::new(message, &about, outfit);
                sent.keep(message, &about, &said.text);
                Some(said)
            })
            .collect()
    }

    fn new(message: &Message, about: &Arc<Notification>, outfit: &Outfit) -> Self {
        let contact = outfit.contact(&message.contact);
        Self {
            at: message.created,
            rule: about.rule.to_string(),
            bucket: about.view.key.clone(),
            kind: about.kind,
            reason: about.reason.clone(),
            contact: message.contact.to_string(),
            contact_name: contact.map_or_else(String::new, |contact| contact.name.clone()),
            template: message.template.to_string(),
            text: contact
                .and_then(|contact| text(message, about, contact, outfit))
                .unwrap_or_else(|| "(cannot be rendered: see `klaxond check`)".to_owned()),
            alarms: alarms(about),
            shadow: message.shadow,
        }
    }

    /// One line of JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self.line()).unwrap_or_default()
    }

    /// One line of JSON, the keys in their order.
    #[must_use]
    pub fn json_line(&self) -> String {
        serde_json::to_string(&self.line()).unwrap_or_default()
    }

    fn line(&self) -> Line<'_> {
        Line {
            at: self.at.to_string(),
            rule: &self.rule,
            bucket: &self.bucket,
            kind: self.kind,
            reason: &self.reason,
            contact: &self.contact,
            template: &self.template,
            text: &self.text,
            alarms: &self.alarms,
        }
    }

    /// The text on one line.
    #[must_use]
    pub fn one_line(&self) -> String {
        let lines = self.text.lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        lines.join(" / ")
    }
}

fn text(
    message: &Message,
    about: &Notification,
    contact: &Contact,
    outfit: &Outfit,
) -> Option<String> {
    if message.form == Form::Text {
        return Some(about.reason.clone());
    }
    let template = outfit.template(&message.template)?;
    let scene = Scene {
        notification: about,
        contact,
        display: outfit.display(),
        repeat: false,
    };
    Some(template.render(&scene).text().to_owned())
}

fn alarms(about: &Notification) -> Vec<String> {
    let named = about.view.alarms.iter();
    let mut alarms: Vec<String> = named.map(|alarm| alarm.id.clone()).collect();
    if alarms.is_empty() {
        // Of a bucket that is empty, the one that ended it.
        alarms.push(about.alarm.id.clone());
    }
    alarms
}
