//! One item of a webhook call.

use std::fmt;

use crate::model::{Phone, ReceiptFailure, Severity, Stage, Time};

/// One item of a webhook call, as Meta says it: whose message or contact it is, is found out later.
///
/// `Debug` leaves out what a person wrote, and ids in which a number of theirs is hidden.
#[derive(Clone, PartialEq, Eq)]
pub enum Inbound {
    /// How far a message of ours came.
    Status {
        /// Meta's id of the message. The person's number is in it (base64): it is never logged.
        wamid: String,
        /// The id that went out with it, when Meta sends it back.
        opaque: Option<String>,
        /// How far it came.
        stage: Stage,
        /// When, by Meta's clock; the epoch when it does not say.
        at: Time,
        /// Why it failed, when it did.
        failure: Option<ReceiptFailure>,
    },
    /// What a person wrote or tapped.
    Message {
        /// Meta's id of it: the same however often it is sent.
        id: String,
        /// Who; not there for people with a user name whose number Meta keeps to itself.
        from: Option<Phone>,
        /// Meta's id of the message of ours that was tapped or quoted.
        quoted: Option<String>,
        /// What the button carries that was tapped.
        payload: Option<String>,
        /// The words, or the label of the button; empty for a picture without words.
        text: String,
        /// When, by Meta's clock; the epoch when it does not say.
        at: Time,
    },
    /// A template changed at Meta.
    Template {
        /// The name Meta approved it under.
        name: String,
        /// Its language as the config spells it (`en_US`).
        language: String,
        /// Whether it can be sent from here on; `None` when that did not change.
        sendable: Option<bool>,
        /// What happened, in words.
        text: String,
    },
    /// The number or the account changed at Meta.
    Account {
        /// What happened, in words.
        text: String,
        /// How much it matters.
        severity: Severity,
    },
    /// Anything else: what kind of thing it is.
    Other(String),
}

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// It is no JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// Meta sends 1,000 items at most.
    #[error("the body holds more than {} items", super::read::MAX_ITEMS)]
    TooMany,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                opaque,
                stage,
                at,
                failure,
                ..
            } => f
                .debug_struct("Status")
                .field("opaque", opaque)
                .field("stage", stage)
                .field("at", at)
                .field("failure", failure)
                .finish_non_exhaustive(),
            Self::Message { from, at, .. } => f
                .debug_struct("Message")
                .field("from", from)
                .field("at", at)
                .finish_non_exhaustive(),
            Self::Template {
                name,
                language,
                sendable,
                text,
            } => f
                .debug_struct("Template")
                .field("name", name)
                .field("language", language)
                .field("sendable", sendable)
                .field("text", text)
                .finish(),
            Self::Account { text, severity } => f
                .debug_struct("Account")
                .field("text", text)
                .field("severity", severity)
                .finish(),
            Self::Other(kind) => f.debug_tuple("Other").field(kind).finish(),
        }
    }
}
