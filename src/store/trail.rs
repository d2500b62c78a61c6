//! Messages in numbers, and the whole story of one.

use crate::model::{Message, MessageId, MessageState, Time};

use super::AttemptEnd;

/// Messages in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub(super) counts: Vec<(MessageState, u64)>,
    /// When the oldest message that waits was decided.
    pub oldest_pending: Option<Time>,
}

impl Tally {
    /// How many messages are in `state`.
    #[must_use]
    pub fn count(&self, state: MessageState) -> u64 {
        let known = self.counts.iter().find(|(known, _)| *known == state);
        known.map_or(0, |(_, count)| *count)
    }

    /// How many messages still have to be dealt with.
    #[must_use]
    pub fn pending(&self) -> u64 {
        let pending = self.counts.iter().filter(|(state, _)| state.is_pending());
        pending.map(|(_, count)| count).sum()
    }
}

/// The whole story of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trail {
    /// The message.
    pub message: Message,
    /// Where it stands.
    pub state: MessageState,
    /// Why, in words.
    pub reason: String,
    /// When nothing was left to do for it.
    pub ended: Option<Time>,
    /// When Meta handed it to the network, by Meta's clock.
    pub sent: Option<Time>,
    /// When it reached the phone, by Meta's clock.
    pub delivered: Option<Time>,
    /// When it was opened, by Meta's clock.
    pub read: Option<Time>,
    /// Until when its receipt is waited for.
    pub confirm_by: Option<Time>,
    /// The digest that carries it.
    pub digest: Option<MessageId>,
    /// The message that took its place.
    pub successor: Option<MessageId>,
    /// What was tried, first to last.
    pub attempts: Vec<AttemptTrail>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptTrail {
    /// Counts from 1.
    pub n: u32,
    /// When it began.
    pub at: Time,
    /// How it ended; `None` while it is under way.
    pub end: Option<AttemptEnd>,
}
