//! What people and their tools ask of the daemon.

use std::sync::Arc;

use crate::model::{SilenceId, SilenceOrder, Time};

/// What a person asks of what was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Messages, the newest first.
    Messages {
        /// Of this contact.
        contact: Option<String>,
        /// In the state of this name.
        state: Option<String>,
        /// Decided at this time or later, in milliseconds since the epoch.
        since: Option<i64>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// A page of the audit trail: a list of facts, in order.
    Audit {
        /// From this time on.
        since: Option<Time>,
        /// Before this time.
        until: Option<Time>,
        /// Only of this.
        id: Option<String>,
        /// Behind the fact of this place.
        after: Option<String>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// The whole trail of an alarm or a message.
    Why(String),
    /// Send a message again that was given up.
    Retry {
        /// Its number.
        id: String,
        /// Who called.
        origin: Arc<str>,
    },
    /// Somebody has an alarm.
    Ack {
        /// Its root id.
        id: String,
        /// Who, for people: the others may be told.
        by: String,
        /// Who called.
        origin: Arc<str>,
    },
    /// Who is told, and who is not.
    Contacts,
    /// Erase what is kept of a contact.
    Forget {
        /// By id or name.
        id: String,
        /// Who called.
        origin: Arc<str>,
    },
    /// Open alarms, the worst first.
    Alarms {
        /// In the filter language.
        filter: Option<String>,
        /// At most so many.
        limit: Option<usize>,
    },
    /// The rules in force, in numbers.
    Rules,
    /// Silences that hold or are to come; ended ones too.
    Silences {
        /// Those that ended as well.
        expired: bool,
    },
    /// Tell nothing of certain alarms for a while.
    Silence {
        /// What.
        order: SilenceOrder,
        /// Who called.
        origin: Arc<str>,
    },
    /// End a silence before its time.
    Unsilence {
        /// Which one.
        id: SilenceId,
        /// Who, for people.
        by: String,
        /// Who called.
        origin: Arc<str>,
    },
}

/// Why that is not done, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing of that name or number.
    Unknown(String),
    /// What is asked cannot be read.
    Wrong(String),
    /// It cannot be.
    Refused(String),
    /// It may work later.
    Later(String),
}
