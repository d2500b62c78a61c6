//! From decisions to notifications and messages: who hears of what, and once.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AlarmRecord, BucketView, ContactId, Form, Kind, Message, Notification, NotificationId, RuleId,
    Severity, Suppression, TemplateId,
};

use super::bucket::{BucketNo, subject};
use super::ledger::Ledger;
use super::mute::Spoken;
use super::rule::{Rule, Ruleset};
use super::step::{Engine, Step};
use super::track::Imprint;

/// A decision to speak, before it is known who is left to be told.
#[derive(Debug)]
pub(super) struct Say {
    pub(super) voice: Voice,
    pub(super) kind: Kind,
    pub(super) reason: String,
    pub(super) key: Arc<str>,
    pub(super) alarm: AlarmRecord,
    pub(super) view: BucketView,
    pub(super) severity: Severity,
    pub(super) template: TemplateId,
    pub(super) form: Form,
    /// Who may be told, in the order of the config.
    pub(super) contacts: Vec<ContactId>,
    /// The bucket whose ledger this is written to.
    pub(super) owes: Option<(usize, BucketNo)>,
    /// What it settles.
    pub(super) settles: Option<Ledger>,
    /// It loses its point after a while.
    pub(super) expires: bool,
    /// What the rule speaks of, where something may keep it from that.
    pub(super) of: Option<(usize, Spoken)>,
    /// Who hears of it from another rule.
    pub(super) left: Vec<ContactId>,
    /// What keeps it.
    pub(super) muted: Option<Suppression>,
}

impl Say {
    /// Whether a silence or the like may keep it: never an end, nor what is no rule's.
    fn may_be_muted(&self) -> bool {
        let is_news = match self.kind {
            Kind::Raised | Kind::Updated | Kind::Reminder | Kind::Escalated => true,
            Kind::Cleared | Kind::Acknowledged | Kind::Answer | Kind::Notice | Kind::Digest => {
                false
            }
        };
        is_news && !self.contacts.is_empty()
    }
}

/// The rule that speaks.
#[derive(Debug, Clone)]
pub(super) struct Voice {
    pub(super) rule: RuleId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) also: bool,
    pub(super) shadow: bool,
    /// What it says must reach the phone within this time.
    pub(super) confirm: Option<Duration>,
}

impl Voice {
    pub(super) fn of(rule: &Rule) -> Self {
        Self {
            rule: rule.id.clone(),
            name: rule.name.clone(),
            description: rule.description.clone(),
            also: rule.also,
            shadow: rule.shadow,
            confirm: rule.confirm,
        }
    }

    /// Of a rule that is gone.
    pub(super) fn late(rule: &RuleId, imprint: &Imprint) -> Self {
        Self {
            rule: rule.clone(),
            name: imprint.name.clone(),
            description: imprint.description.clone(),
            also: true,
            shadow: imprint.shadow,
            confirm: None,
        }
    }
}

impl Engine {
    /// Speaks. Of what comes of one record (`together`) a contact hears from the first rule only.
    pub(super) fn speak(&mut self, mut says: Vec<Say>, together: bool, step: &mut Step) {
        for say in &mut says {
            if let Some((n, spoken)) = say.of.as_ref().filter(|_| say.may_be_muted()) {
                say.muted = self.why_muted(*n, spoken);
            }
        }
        if together && says.len() > 1 {
            leave_to_the_first(&mut says);
        }
        let ruleset = Arc::clone(&self.ruleset);
        for say in says {
            if !say.contacts.is_empty() {
                self.write(&ruleset, say, step);
            }
        }
    }

    /// Writes a notification, and a message to everyone who did not say stop.
    pub(super) fn write(&mut self, ruleset: &Ruleset, say: Say, step: &mut Step) -> NotificationId {
        let is_of_alarm = !matches!(say.kind, Kind::Answer | Kind::Acknowledged);
        let bucket: Arc<str> = Arc::from(subject(&say.voice.rule, &say.key));
        let id = self.next_notification;
        self.next_notification = id.next();
        if let Some(why) = &say.muted {
            self.withhold(&say, why);
        }
        let mut told = Vec::with_capacity(say.contacts.len());
        let contacts = say.contacts.into_iter();
        for contact in contacts.filter(|_| say.muted.is_none()) {
            if !self.people.hears(&contact) {
                continue;
            }
            if is_of_alarm && say.kind != Kind::Notice {
                self.people.told(&contact);
            }
            let expires = if say.form == Form::Text {
                self.window(&contact)
            } else {
                say.expires.then(|| self.now + ruleset.expire_after)
            };
            let message = Message {
                id: self.next_message,
                notification: id,
                template: say.template.clone(),
                bucket: Arc::clone(&bucket),
                severity: say.severity,
                created: self.now,
                expires,
                shadow: say.voice.shadow || ruleset.shadow,
                closes: say
                    .settles
                    .as_ref()
                    .and_then(|ledger| ledger.closed_for(&contact)),
                contact: contact.clone(),
                kind: say.kind,
                form: say.form,
                confirm: say.voice.confirm.filter(|_| is_of_alarm),
                instead_of: None,
            };
            told.push((contact, message.id));
            step.messages.push(message);
            self.next_message = self.next_message.next();
        }
        step.notifications.push(Arc::new(Notification {
            id,
            rule: say.voice.rule,
            rule_name: say.voice.name,
            rule_description: say.voice.description,
            kind: say.kind,
            reason: say.reason,
            bucket: bucket.to_string(),
            at: self.now,
            alarm: say.alarm,
            view: say.view,
            digest: None,
            suppressed: say.muted,
        }));
        if let Some((track, no)) = say.owes
            && let Some(bucket) = self.tracks[track].get_mut(no)
        {
            let ledger = &mut bucket.life().ledger;
            for (contact, message) in told {
                ledger.owe(&contact, message);
            }
            self.touch(track, no);
        }
        id
    }
}

/// A contact hears of a record from the first rule that has something to say; that one's reason names
/// the others. `also` rules speak beside; a rule in shadow or one that is muted takes nobody's place.
fn leave_to_the_first(says: &mut [Say]) {
    for n in 1..says.len() {
        let (earlier, rest) = says.split_at_mut(n);
        let Some(say) = rest.first_mut() else {
            return;
        };
        if say.voice.also {
            continue;
        }
        let rule = say.voice.rule.clone();
        // Nobody who was told misses the end: only another end takes its place.
        let is_owed = say.settles.is_some();
        let mut left = Vec::new();
        say.contacts.retain(|contact| {
            let first = earlier.iter_mut().find(|first| {
                first.voice.rule != rule
                    && !first.voice.also
                    && !first.voice.shadow
                    && first.muted.is_none()
                    && (!is_owed || first.kind == Kind::Cleared)
                    && first.contacts.contains(contact)
            });
            let Some(first) = first else { return true };
            if !names(&first.reason, &rule) {
                let joint = if first.reason.contains(ALSO) {
                    ", "
                } else {
                    ALSO
                };
                first.reason.push_str(joint);
                first.reason.push_str(rule.as_str());
            }
            left.push(contact.clone());
            false
        });
        say.left = left;
    }
}

const ALSO: &str = "; also matched by ";

/// Whether `reason` names a rule that left someone to the one that speaks.
pub(super) fn names(reason: &str, rule: &RuleId) -> bool {
    let named = reason.split_once(ALSO).map(|(_, named)| named);
    named.is_some_and(|named| named.split(", ").any(|id| id == rule.as_str()))
}
