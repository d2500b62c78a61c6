//! One notification to one contact.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ContactId, Kind, MessageId, NotificationId, Severity, TemplateId, Time};

/// One notification to one contact: what delivery needs to know of it. Its text is rendered when it
/// is claimed for sending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// The notification it carries.
    pub notification: NotificationId,
    /// Who is told.
    pub contact: ContactId,
    /// What it is rendered with.
    pub template: TemplateId,
    /// Messages of one bucket and contact go out in order.
    pub bucket: Arc<str>,
    /// The highest severity its bucket had: the order between buckets.
    pub severity: Severity,
    /// Engine time of the decision.
    pub created: Time,
    /// When it loses its point; `None` for what must be told however late.
    pub expires: Option<Time>,
    /// Goes the whole path but is not posted.
    pub shadow: bool,
    /// What this clear answers: it has no point when nothing of that was told.
    pub closes: Option<Closes>,
    /// What it says, as its notification has it.
    pub kind: Kind,
    /// How it is put into words.
    pub form: Form,
    /// It must reach the phone within this time of its acceptance; `None` when acceptance is enough.
    pub confirm: Option<Duration>,
    /// The message to somebody else that failed and that this one stands in for.
    pub instead_of: Option<MessageId>,
}

/// What a clear answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Closes {
    /// This raise alone.
    Only(MessageId),
    /// This raise, and others of its bucket to its contact that came after it.
    From(MessageId),
}

impl Closes {
    /// The raise, or the first of them.
    #[must_use]
    pub const fn first(self) -> MessageId {
        match self {
            Self::Only(raise) | Self::From(raise) => raise,
        }
    }

    /// The raise, when there is only one.
    #[must_use]
    pub const fn only(self) -> Option<MessageId> {
        match self {
            Self::Only(raise) => Some(raise),
            Self::From(_) => None,
        }
    }
}

/// How a message is put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A template that Meta approved, at any time.
    #[default]
    Template,
    /// Plain text (the notification's reason), which Meta takes for 24 hours after the person wrote.
    Text,
}

impl Form {
    /// The word as the store keeps it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Text => "text",
        }
    }

    /// The form of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Template, Self::Text]
            .into_iter()
            .find(|form| form.name() == name)
    }
}

/// Where a message stands. States move forward only, but for the loop
/// queued → sending → (unknown →) queued of a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waits for its turn.
    Queued,
    /// Waits until a hold lifts.
    Held,
    /// A POST is under way, or was when the process died.
    Sending,
    /// The answer was lost: it may have gone out.
    Unknown,
    /// Meta took it.
    Accepted,
    /// Meta handed it to the network.
    Sent,
    /// It is on the phone.
    Delivered,
    /// It was opened.
    Read,
    /// It failed for good.
    Failed,
    /// It lost its point before it could be sent.
    Expired,
    /// A later message of its bucket took its place.
    Superseded,
    /// A digest carries it.
    Digested,
    /// Would have been sent; shadow mode is on.
    Shadow,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 13] = [
        Self::Queued,
        Self::Held,
        Self::Sending,
        Self::Unknown,
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
        Self::Expired,
        Self::Superseded,
        Self::Digested,
        Self::Shadow,
    ];

    /// The word as the store keeps it and people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Digested => "digested",
            Self::Shadow => "shadow",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether klaxond still has something to do for it.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(
            self,
            Self::Queued | Self::Held | Self::Sending | Self::Unknown
        )
    }
}
