//! What Meta and people send back, with contacts in place of numbers.

use serde::{Deserialize, Serialize};

use super::{ContactId, Kind, MessageId, NotificationId, RuleId, Severity, TemplateId, Time};

/// One update of a webhook call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// How far a message came.
    Receipt(Receipt),
    /// What a contact wrote or tapped.
    Reply(Reply),
    /// A template changed at Meta.
    Template(TemplateNews),
    /// The number or the account changed at Meta.
    Account(AccountNews),
}

/// How far a message came, as Meta says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Our message, found by the id that we gave it or by Meta's.
    pub message: MessageId,
    /// How far it came.
    pub stage: Stage,
    /// When, by Meta's clock.
    pub at: Time,
    /// Why it failed, when it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ReceiptFailure>,
}

/// How far a message came. Later is further: a message never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It failed on the way; said after `delivered` or `read`, it means nothing.
    Failed,
    /// Meta handed it to the network.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was opened.
    Read,
}

impl Stage {
    /// Every stage, the furthest last.
    pub const ALL: [Self; 4] = [Self::Failed, Self::Sent, Self::Delivered, Self::Read];

    /// The word as the store keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }

    /// The stage of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// Why Meta gave a message up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFailure {
    /// Graph error code.
    pub code: Option<u32>,
    /// Meta's words, without numbers of people.
    pub text: String,
}

/// What a contact wrote or tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// A fingerprint of Meta's id of it: it comes once, however often Meta sends it.
    pub id: String,
    /// Who.
    pub contact: ContactId,
    /// What it means. The words themselves are kept in one table only.
    pub word: Word,
    /// What it is about: the alarms of the message that was tapped or quoted, else those of the last
    /// message to this contact. More than one for a digest.
    pub about: Vec<Subject>,
    /// When, by Meta's clock.
    pub at: Time,
}

/// What a reply means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// I take it.
    Acknowledge,
    /// Tell me no more of it for an hour.
    Silence,
    /// Tell me nothing any more.
    Stop,
    /// Tell me again.
    Start,
    /// Anything else.
    Other,
}

impl Word {
    /// Every meaning.
    pub const ALL: [Self; 5] = [
        Self::Acknowledge,
        Self::Silence,
        Self::Stop,
        Self::Start,
        Self::Other,
    ];

    /// The word as the store keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Silence => "silence",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Other => "other",
        }
    }

    /// The meaning of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }
}

/// What a message was about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The rule that spoke.
    pub rule: RuleId,
    /// The bucket, as [`super::Message::bucket`] has it.
    pub bucket: String,
}

/// A template changed at Meta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateNews {
    /// The template of the config that it is; one for each that has that name and language.
    pub template: TemplateId,
    /// Whether it can be sent from here on.
    pub sendable: bool,
    /// What happened, in words (`paused: first pause`).
    pub text: String,
}

/// The number or the account changed at Meta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountNews {
    /// What happened, in words.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
}

/// A message that will not reach its contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undelivered {
    /// The message.
    pub message: MessageId,
    /// What it carried.
    pub notification: NotificationId,
    /// Who was not told.
    pub contact: ContactId,
    /// The rule that wanted them told.
    pub rule: RuleId,
    /// The bucket, as [`super::Message::bucket`] has it.
    pub bucket: String,
    /// What it says.
    pub kind: Kind,
    /// What it was rendered with.
    pub template: TemplateId,
    /// Its order among others.
    pub severity: Severity,
    /// Why, in words.
    pub reason: String,
}

/// Something about klaxond itself that its operators should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Names the occasion: it is told once (`token expires 2026-12-01, 7 days`).
    pub key: String,
    /// What it is about: `token`, `template alarm`, `number`.
    pub subject: String,
    /// What happened and what to do, in words.
    pub text: String,
    /// How much it matters.
    pub severity: Severity,
}
