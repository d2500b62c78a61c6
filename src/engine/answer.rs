//! Automatic answers: plain text, only to people who wrote, and never many.

use std::sync::Arc;

use crate::model::{AlarmRecord, BucketView, ContactId, Form, Kind, Severity, Time};

use super::ack::answer_template;
use super::notice::own_voice;
use super::speak::Say;
use super::step::{Engine, Step};

/// The most alarms that an answer names.
const MAX_NAMED: usize = 5;

impl Engine {
    /// Until when plain text may go to a contact; `None` when it may not.
    pub(super) fn window(&self, contact: &ContactId) -> Option<Time> {
        let wrote = self.people.get(contact)?.wrote?;
        let closes = wrote + self.ruleset.replies.window;
        (self.now < closes).then_some(closes)
    }

    /// Answers a contact, unless it was answered often since it was last told of an alarm. `about` is
    /// what the answer speaks of.
    pub(super) fn answer(
        &mut self,
        contact: &ContactId,
        text: String,
        about: Option<AlarmRecord>,
        step: &mut Step,
    ) {
        let ruleset = Arc::clone(&self.ruleset);
        let enabled = ruleset.enabled_contacts();
        let answered = self.people.get(contact).map_or(0, |person| person.answers);
        if !enabled.contains(contact)
            || answered >= ruleset.replies.max_answers
            || self.window(contact).is_none()
        {
            return;
        }
        let (Some(voice), Some(template)) = (own_voice(), answer_template()) else {
            return;
        };
        self.people.touch(contact).answers = answered.saturating_add(1);
        let alarm = about.unwrap_or_else(|| self.own_record("reply", &text, Severity::Information));
        let say = Say {
            voice,
            kind: Kind::Answer,
            reason: text,
            key: Arc::from("answer"),
            severity: alarm.severity,
            view: BucketView::of_one(&alarm, self.now),
            alarm,
            template,
            form: Form::Text,
            contacts: vec![contact.clone()],
            owes: None,
            settles: None,
            expires: true,
            of: None,
            left: Vec::new(),
            muted: None,
        };
        self.write(&ruleset, say, step);
    }
}

/// An alarm in a few words.
pub(super) fn describe(alarm: &AlarmRecord) -> String {
    let mut text = alarm.element.clone();
    for part in [&alarm.parameter, &alarm.index] {
        if !part.is_empty() {
            text.push(' ');
            text.push_str(part);
        }
    }
    text.push_str(&format!(" is {}", alarm.severity));
    if !alarm.value.is_empty() {
        text.push_str(&format!(" ({})", alarm.value));
    }
    text
}

/// Some alarms in a few words: how many, and the first of them.
pub(super) fn list(alarms: &[AlarmRecord]) -> String {
    if let [one] = alarms {
        return describe(one);
    }
    let named: Vec<String> = alarms.iter().take(MAX_NAMED).map(describe).collect();
    let named = named.join("; ");
    match alarms.len().saturating_sub(MAX_NAMED) {
        0 => format!("{} alarms: {named}", alarms.len()),
        more => format!("{} alarms: {named}; and {more} more", alarms.len()),
    }
}
