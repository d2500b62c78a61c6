//! How things stand: what the page, `klaxond status` and `GET /api/v1/status` show.
//!
//! Every list is bounded, and says how much it leaves out. People are named, their numbers never.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Kind, MessageState, Severity};

/// Minutes that the plots look back.
pub const MINUTES: usize = 60;

/// How things stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// Whether it works.
    pub verdict: Verdict,
    /// Why not, in words; empty when all is well.
    pub reasons: Vec<String>,
    /// The program's.
    pub version: String,
    /// When the daemon began.
    pub since: Timestamp,
    /// When this was so.
    pub at: Timestamp,
    /// In which times are shown: `Europe/Madrid`.
    pub timezone: String,
    /// Alarms that are open.
    pub open_alarms: usize,
    /// Records stored in the last five minutes.
    pub taken: u64,
    /// What rules have raised.
    pub raised: Raised,
    /// What waits to be sent.
    pub queue: Queue,
    /// What is paused or held.
    pub holds: Vec<Held>,
    /// How many more there are.
    pub more_holds: usize,
    /// Contacts that are told in digests.
    pub storms: Vec<Storm>,
    /// How many more there are.
    pub more_storms: usize,
    /// Who is not told.
    pub not_told: Vec<Quiet>,
    /// How many more are not told.
    pub more_not_told: usize,
    /// The newest messages.
    pub recent: Vec<Recent>,
    /// Silences that hold or are to come, and those that ended lately.
    pub silences: Vec<Silenced>,
    /// How many more there are.
    pub more_silences: usize,
    /// Systems that are expected to be heard of.
    pub sources: Vec<Source>,
    /// The number, the token and the templates at Meta.
    pub meta: Meta,
    /// The last hour.
    pub hour: Hour,
}

/// Whether it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Well,
    /// It does, with something amiss.
    Degraded,
    /// Alarms are not taken, or nobody is told.
    Down,
}

/// What rules have raised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// All of it.
    pub total: usize,
    /// By severity, the worst first.
    pub severities: Vec<(Severity, usize)>,
    /// The worst, then newest.
    pub buckets: Vec<Bucket>,
}

/// A bucket that is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Root id of its worst, then newest alarm.
    pub id: String,
    /// The rule that raised it.
    pub rule: String,
    /// What its alarms have in common; empty when there is one.
    pub key: String,
    /// The worst that it has been.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// Alarms in it.
    pub count: usize,
    /// Of that alarm: the element.
    pub element: String,
    /// The element's whole name, where `element` is cut: a silence names it whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_element: Option<String>,
    /// The parameter, with its row.
    pub parameter: String,
    /// The value.
    pub value: String,
    /// Who was told.
    pub told: Vec<Told>,
    /// How many more were told.
    pub more_told: usize,
    /// Who has it, and since when.
    pub ack: Option<(String, Timestamp)>,
    /// Why nobody was told.
    pub suppressed: Option<String>,
}

/// Somebody who was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// By name.
    pub contact: String,
    /// How far the message came; `None` when it is not kept, or there were several.
    pub state: Option<MessageState>,
}

/// What waits to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Messages that wait.
    pub waiting: usize,
    /// Messages that are being sent.
    pub under_way: usize,
    /// By state; of very many, the oldest.
    pub states: Vec<(MessageState, u64)>,
    /// Since when the oldest waits.
    pub oldest: Option<Timestamp>,
}

/// Something that is paused or held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What it stops.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; `None` when its cause has to be mended.
    pub until: Option<Timestamp>,
    /// Messages that wait behind it.
    pub waiting: usize,
}

/// A contact that is told in digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storm {
    /// Who.
    pub contact: String,
    /// Since when.
    pub since: Timestamp,
    /// When the next digest goes.
    pub next: Option<Timestamp>,
    /// Messages that wait for it.
    pub waiting: usize,
    /// What made it a storm.
    pub reason: String,
}

/// Somebody who is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// Who: a contact, or what is held.
    pub who: String,
    /// `disabled`, `stopped`, `shadow` or `held`.
    pub state: String,
    /// Why, and what to do.
    pub why: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Its number.
    pub id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// To whom.
    pub contact: String,
    /// What it says.
    pub kind: Kind,
    /// Of an alarm of this severity.
    pub severity: Severity,
    /// On this element.
    pub element: String,
    /// Its parameter.
    pub parameter: String,
    /// How far it came.
    pub state: MessageState,
    /// Why, in words.
    pub reason: String,
}

/// A silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// Its number: `s17`.
    pub id: String,
    /// Which alarms.
    pub filter: String,
    /// From when on.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// `pending`, `active` or `expired`.
    pub state: String,
    /// Who wanted it.
    pub by: String,
    /// Why.
    pub comment: String,
    /// Who ended it before its time.
    pub ended_by: Option<String>,
    /// How much was not told because of it.
    pub suppressed: u64,
}

/// A system that is expected to be heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// In how many seconds at most.
    pub within_secs: u64,
    /// When it was heard of last; `None` when not since the start.
    pub heard: Option<Timestamp>,
    /// It has been silent for too long.
    pub silent: bool,
}

/// The number, the token and the templates at Meta.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// The name that people see; the number itself is not shown.
    pub name: Option<String>,
    /// Meta's rating of it.
    pub quality: Option<String>,
    /// How many people a day may be written to.
    pub limit: Option<String>,
    /// Whether the token is good, as far as that is known.
    pub token_valid: Option<bool>,
    /// When it stops working.
    pub token_expires: Option<Timestamp>,
    /// Templates that were looked up.
    pub templates: usize,
    /// What is wrong with some of them, or with the account.
    pub warnings: Vec<String>,
    /// Why Meta could not be asked.
    pub error: Option<String>,
}

/// The last hour, minute by minute, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// Records stored.
    pub taken: Vec<u32>,
    /// Messages that Meta took.
    pub accepted: Vec<u32>,
    /// Messages that reached the phone.
    pub delivered: Vec<u32>,
    /// Attempts and messages that failed.
    pub failed: Vec<u32>,
}

impl Overview {
    /// Whether a page that shows `other` has to be drawn again.
    #[must_use]
    pub fn differs(&self, other: &Self) -> bool {
        let mut other = other.clone();
        other.at = self.at;
        *self != other
    }
}

impl Verdict {
    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
