//! How fast, how long to wait, and when many become one.

use std::time::Duration;

use crate::model::Rate;

/// The limits that delivery keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Of the business number, over all contacts.
    pub throughput: Rate,
    /// Of one phone number.
    pub per_contact: Rate,
    /// How long an unknown outcome waits before the message is sent again.
    pub unknown_wait: Duration,
    /// Messages under way at once, over all lanes.
    pub max_in_flight: usize,
    /// When a lane turns to digests; `None`: every message goes by itself.
    pub storm: Option<Storm>,
    /// Receipts come in. Without them acceptance is all that can be known: [`crate::model::Message::confirm`]
    /// means nothing.
    pub receipts: bool,
    /// Messages to one phone in a day; more are sent all the same, and told of once a day.
    pub max_per_day: Option<u32>,
}

/// When a lane turns to digests, and how often they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storm {
    /// So many messages to one phone within [`Storm::within`] are a storm.
    pub after: u32,
    /// That span; what waits and would need longer at the phone's limit is a storm too.
    pub within: Duration,
    /// From one digest to the next.
    pub digest_every: Duration,
    /// The same, while a critical message waits.
    pub digest_critical: Duration,
}

impl Storm {
    /// The most that [`Storm::after`] may be: so many times are kept for each phone.
    pub const MAX_AFTER: u32 = 1_000;
}

impl Default for Storm {
    fn default() -> Self {
        Self {
            after: 10,
            within: Duration::from_secs(120),
            digest_every: Duration::from_secs(120),
            digest_critical: Duration::from_secs(30),
        }
    }
}
