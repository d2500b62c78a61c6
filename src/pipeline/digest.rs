//! From what waits for a contact to one message that stands for all of it.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::HoldKey;
use crate::model::{
    ContactId, Form, Kind, Member, Message, MessageId, MessageState, Phone, Severity, TemplateId,
    Time,
};
use crate::store::{ClaimMark, DigestPart, DigestWrite, Ending, StoreError};
use crate::whatsapp::template::Template;
use crate::whatsapp::template::digest::{Occasion, Part, compose};

use super::outcome;
use super::outfit::Outfit;
use super::sender::{MAX_PAGE, Sender, Work};

/// Members that are read at once, so that others can read between.
const PAGE: usize = 256;

/// The template that is made for digests.
const OWN: &str = "digest";

/// The template that carries a digest where there is none.
const ALARM: &str = "alarm";

/// What the dispatcher wants told as one.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) contact: ContactId,
    pub(super) members: Vec<MessageId>,
    pub(super) reason: String,
}

/// How many of the digests that an earlier process left are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DigestsRead {
    /// Those up to this one.
    UpTo(MessageId),
    /// All.
    All,
}

impl Default for DigestsRead {
    fn default() -> Self {
        Self::UpTo(MessageId(MessageId::DIGESTS))
    }
}

/// How long a digest has a point that tells what quiet hours kept for longer than it would have had one.
const KEPT_FOR: Duration = Duration::from_secs(3_600);

impl Sender {
    /// Reads back digests that an earlier process left: they go before what waits.
    pub(super) async fn restore_digests(&self, work: &mut Work) -> Result<(), StoreError> {
        while let DigestsRead::UpTo(after) = work.digests_read
            && work.is_writable()
        {
            let page = match self.outbox.pending(after, MAX_PAGE).await {
                Ok(page) => page,
                Err(error) => return work.endure(error, "the outbox cannot be read"),
            };
            let now = self.clock.now();
            let interrupted = self.desk.restore_digests(now, &page);
            work.digests_read = match page.last() {
                Some(last) if page.len() == MAX_PAGE => DigestsRead::UpTo(last.message.id),
                Some(_) | None => DigestsRead::All,
            };
            self.write_interrupted(interrupted, now, work).await?;
        }
        Ok(())
    }

    /// Composes a digest, writes it, and sends its first message. What cannot be read or written waits
    /// as before.
    pub(super) async fn digest(&self, fold: Fold, work: &mut Work) -> Result<(), StoreError> {
        let mut members = Vec::with_capacity(fold.members.len());
        for ids in fold.members.chunks(PAGE) {
            match self.outbox.to_digest(ids.to_vec()).await {
                Ok(page) => members.extend(page),
                Err(error) => return self.refuse(&fold, error, work),
            }
        }
        let now = self.clock.now();
        let (mut endings, mut told) = (Vec::new(), Vec::new());
        let mut any_unwanted = false;
        for member in members {
            if member.is_moot {
                endings.push(outcome::moot(member.message, now));
            } else if let Some(later) = member.overtaken_by {
                endings.push(outcome::overtaken(member.message, now, later));
            } else if self.desk.is_unwanted(&fold.contact, member.kind) {
                any_unwanted = true;
                endings.push(outcome::unwanted(member.message, now, false));
            } else {
                told.push(member);
            }
        }
        let outfit = Arc::clone(&self.outfit.borrow());
        let parts = match self.desk.phone(&fold.contact) {
            // What answers somebody who wants nothing else goes by itself.
            _ if told.is_empty() || any_unwanted => Vec::new(),
            None => {
                endings.extend(told.drain(..).map(|member| adrift(now, &member)));
                Vec::new()
            }
            Some(phone) => match self.compose(now, &fold, &outfit, &told) {
                Some((template, parts)) => {
                    let write = written(now, &fold, &template, parts, &told, phone);
                    match self.outbox.digest(write).await {
                        Ok(parts) => parts,
                        Err(error) => return self.refuse(&fold, error, work),
                    }
                }
                None => {
                    endings.extend(told.drain(..).map(|member| adrift(now, &member)));
                    Vec::new()
                }
            },
        };
        let messages: Vec<Message> = parts.iter().map(|(message, _)| message.clone()).collect();
        if !messages.is_empty() {
            self.meters.digested(messages.len(), told.len());
        }
        self.desk.with(|dispatcher| {
            dispatcher.digested(now, &fold.contact, &messages);
            if messages.is_empty() {
                let gone = endings.iter().map(|ending| ending.message);
                gone.for_each(|id| dispatcher.withdraw(now, id));
            }
        });
        work.endings.extend(endings);
        if let Some((first, notification)) = parts.into_iter().next() {
            tracing::warn!(message.id = %first.id, contact = %fold.contact, members = told.len(), parts = messages.len(), reason = fold.reason, "told as one");
            self.start(first, notification, false, work);
        }
        self.write_endings(work).await
    }

    /// Writes that messages of digests failed for a reason of their own; what they stood for goes by
    /// itself from here on.
    pub(super) async fn undigest(&self, work: &mut Work) -> Result<(), StoreError> {
        while let Some(at) = work.endings.iter().position(is_of_its_own) {
            let ending = work.endings[at].clone();
            match self.outbox.undigest(ending).await {
                Ok(members) => {
                    let ending = work.endings.remove(at);
                    self.meters.ended(std::slice::from_ref(&ending));
                    tracing::warn!(message.id = %ending.message, members = members.len(), "what a digest held goes one by one");
                    let now = self.clock.now();
                    self.desk
                        .with(|dispatcher| dispatcher.members_again(now, ending.message, &members));
                }
                Err(error) => return work.endure(error, "outcomes cannot be written"),
            }
        }
        Ok(())
    }

    fn compose(
        &self,
        at: Time,
        fold: &Fold,
        outfit: &Outfit,
        members: &[Member],
    ) -> Option<(TemplateId, Vec<Part>)> {
        let contact = outfit.contact(&fold.contact)?;
        let holds = self.desk.with(|dispatcher| dispatcher.holds());
        let is_held = |id: &TemplateId| {
            let held = HoldKey::Template(id.clone());
            holds.iter().any(|hold| hold.key == held)
        };
        let carrier = carrier(outfit, members, is_held)?;
        // Nothing tells how it goes out but what it would go out with at this moment.
        let template = outfit.choices(carrier.id(), contact).into_iter().next()?;
        let occasion = Occasion {
            template,
            contact,
            display: outfit.display(),
            at,
            reason: &fold.reason,
        };
        Some((carrier.id().clone(), compose(members, &occasion)))
    }

    fn refuse(&self, fold: &Fold, error: StoreError, work: &mut Work) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.desk
            .with(|dispatcher| dispatcher.undigested(now, &fold.contact));
        work.endure(error, "a digest cannot be written")
    }
}

/// The template made for digests, else that of alarms, else one that would have told a member; one that
/// is held only where there is no other.
fn carrier<'o>(
    outfit: &'o Outfit,
    members: &[Member],
    is_held: impl Fn(&TemplateId) -> bool,
) -> Option<&'o Template> {
    let made = [OWN, ALARM]
        .into_iter()
        .filter_map(|id| TemplateId::parse(id).ok());
    let raises = members.iter().filter(|member| !member.has_ended());
    let of_members = raises.chain(members).map(|member| member.template.clone());
    let mut first = None;
    for id in made.chain(of_members) {
        let Some(template) = outfit.template(&id) else {
            continue;
        };
        if !is_held(&id) {
            return Some(template);
        }
        first = first.or(Some(template));
    }
    first
}

fn written(
    at: Time,
    fold: &Fold,
    template: &TemplateId,
    parts: Vec<Part>,
    members: &[Member],
    phone: Phone,
) -> DigestWrite {
    let mut known: Vec<&Member> = members.iter().collect();
    known.sort_unstable_by_key(|member| member.message);
    let of = |id: &MessageId| {
        let place = known.binary_search_by_key(id, |member| member.message);
        place.ok().map(|place| known[place])
    };
    let parts = parts.into_iter().map(|part| {
        let told: Vec<&Member> = part.members.iter().filter_map(of).collect();
        DigestPart {
            message: Message {
                id: MessageId::default(),
                notification: part.notification.id,
                contact: fold.contact.clone(),
                template: template.clone(),
                bucket: Arc::from(""),
                severity: severity(members),
                created: at,
                expires: expires(at, &told),
                shadow: false,
                closes: None,
                kind: Kind::Digest,
                form: Form::Template,
                confirm: told.iter().filter_map(|member| member.confirm).min(),
                instead_of: None,
            },
            notification: part.notification,
            members: part.members,
        }
    });
    DigestWrite {
        at,
        reason: fold.reason.clone(),
        parts: parts.collect(),
        mark: ClaimMark { at, phone },
    }
}

/// Every part is as urgent as the worst of the whole: they stay together.
fn severity(members: &[Member]) -> Severity {
    let all = members.iter().map(|member| member.severity);
    all.max().unwrap_or(Severity::Undefined)
}

/// It has a point for as long as one of its members has. What quiet hours kept beyond that has one still.
fn expires(at: Time, members: &[&Member]) -> Option<Time> {
    let all: Option<Vec<Time>> = members.iter().map(|member| member.expires).collect();
    let last = all?.into_iter().max()?;
    Some(if last > at { last } else { at + KEPT_FOR })
}

/// A message of a digest that failed for a reason that is not its members'.
fn is_of_its_own(ending: &Ending) -> bool {
    ending.message.is_digest() && ending.state == MessageState::Failed && !ending.fallback
}

/// A reload took the contact or every template while the digest was made.
fn adrift(at: Time, member: &Member) -> Ending {
    let reason = "the contact or its template is not in the config any more".to_owned();
    outcome::closed(member.message, at, MessageState::Failed, reason, true)
}
