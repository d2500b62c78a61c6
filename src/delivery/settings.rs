//! How fast, and how long to wait.

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
}
