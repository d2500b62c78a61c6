//! The values that labels have.

use std::sync::Arc;

use crate::model::{Answer, MessageState, Mute, Retry, Scope};
use crate::store::Ending;
use crate::whatsapp::advice;
use crate::whatsapp::webhook::Inbound;

/// Ways in: see [`front`].
pub(super) const FRONTS: [&str; 4] = ["socket", "http", "control", "other"];

/// Answers to records, as clients read them.
pub(super) const ANSWERS: [&str; 4] = ["stored", "ignored", "rejected", "busy"];

/// The place of `rejected` among them.
pub(super) const REJECTED: usize = 2;

/// Where stored records are counted.
pub(super) const STORED: usize = 0;

/// What keeps a notification; Alertmanager's words where it has them.
pub(super) const MUTES: [&str; 4] = [
    "silence",
    "mute_time_interval",
    "active_time_interval",
    "inhibition",
];

/// How far messages come, and how they end.
pub(super) const OUTCOMES: [&str; 9] = [
    "accepted",
    "sent",
    "delivered",
    "read",
    "failed",
    "expired",
    "superseded",
    "suppressed",
    "shadow",
];

/// What Meta sends.
pub(super) const UPDATES: [&str; 5] = ["receipt", "reply", "template", "account", "other"];

/// The way in of which `origin` tells, as a place in [`FRONTS`].
pub(super) fn front(origin: &str) -> usize {
    match origin.split(' ').next() {
        Some("unix") => 0,
        Some("http") => 1,
        Some("control") => 2,
        _ => 3,
    }
}

/// The place of an answer in [`ANSWERS`].
pub(super) const fn answer(answer: &Answer) -> usize {
    match answer {
        Answer::Stored { .. } => STORED,
        Answer::Ignored { .. } => 1,
        Answer::Rejected { .. } => REJECTED,
        Answer::Busy { .. } => 3,
    }
}

pub(super) const fn mute(mute: &Mute) -> &'static str {
    match mute {
        Mute::Silence(_) => MUTES[0],
        Mute::Time(_) => MUTES[1],
        Mute::Inactive => MUTES[2],
        Mute::Inhibited(_) => MUTES[3],
    }
}

/// A Graph code that Meta documents, else `other`; `none` where no code came.
pub(super) fn code(code: Option<u32>) -> Arc<str> {
    match code {
        Some(code) if advice(code).is_some() => code.to_string().into(),
        Some(_) => "other".into(),
        None => "none".into(),
    }
}

pub(super) const fn retry(retry: Retry) -> &'static str {
    match retry {
        Retry::Backoff => "backoff",
        Retry::Few => "few",
        Retry::Slow => "slow",
        Retry::Pair => "pair",
        Retry::Wait => "wait",
        Retry::Never => "never",
    }
}

pub(super) const fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Message => "message",
        Scope::Contact => "contact",
        Scope::Template => "template",
        Scope::Number => "number",
        Scope::Account => "account",
    }
}

/// What an ending counts as; `None` where the message goes on, or was counted when it was taken.
pub(super) const fn outcome(ending: &Ending) -> Option<&'static str> {
    match ending.state {
        MessageState::Accepted if ending.attempt.is_some() => Some("accepted"),
        MessageState::Failed => Some("failed"),
        MessageState::Expired => Some("expired"),
        MessageState::Superseded => Some("superseded"),
        MessageState::Shadow => Some("shadow"),
        MessageState::Accepted
        | MessageState::Queued
        | MessageState::Held
        | MessageState::Sending
        | MessageState::Unknown
        | MessageState::Sent
        | MessageState::Delivered
        | MessageState::Read
        | MessageState::Digested => None,
    }
}

pub(super) const fn update(update: &Inbound) -> &'static str {
    match update {
        Inbound::Status { .. } => UPDATES[0],
        Inbound::Message { .. } => UPDATES[1],
        Inbound::Template { .. } => UPDATES[2],
        Inbound::Account { .. } => UPDATES[3],
        Inbound::Other(_) => UPDATES[4],
    }
}
