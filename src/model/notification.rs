//! A rule's decision to speak.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AlarmRecord, DigestView, NotificationId, RuleId, Severity, Suppression, Time};

/// A rule's decision to speak, with all that its messages are rendered from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Its number.
    pub id: NotificationId,
    /// The rule that speaks.
    pub rule: RuleId,
    /// Its name, kept so that a message can be explained after the rule is gone.
    pub rule_name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule_description: String,
    /// What is said.
    pub kind: Kind,
    /// Why, in words.
    pub reason: String,
    /// Which alarms are one subject: messages of one bucket and contact never overtake.
    pub bucket: String,
    /// Engine time of the decision.
    pub at: Time,
    /// The alarm it speaks of: the worst, then newest of the bucket.
    pub alarm: AlarmRecord,
    /// The bucket as it is told.
    #[serde(default)]
    pub view: BucketView,
    /// What it says when it is a digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestView>,
    /// Why nobody was told, when a silence, a time or another rule kept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<Suppression>,
}

/// What a message can say of its bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketView {
    /// What its alarms have in common, for people; empty for one bucket.
    pub key: String,
    /// How many alarms are in it.
    pub count: usize,
    /// The worst that it has been.
    pub highest: Severity,
    /// Time of the earliest record of its alarms: when the first of them began.
    pub first: Time,
    /// Time of their latest record.
    pub last: Time,
    /// Since when it is raised, in engine time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Its alarms, worst then newest first, [`BucketView::MAX_ALARMS`] at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmRef>,
}

/// An alarm as a list in a message shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRef {
    /// Root id.
    pub id: String,
    /// Element name.
    pub element: String,
    /// Parameter description.
    pub parameter: String,
    /// Table row.
    pub index: String,
    /// Alarm value.
    pub value: String,
    /// How bad it is.
    pub severity: Severity,
    /// When it happened, for display.
    pub time: Time,
}

impl BucketView {
    /// How many alarms it names.
    pub const MAX_ALARMS: usize = 50;

    /// The view of one alarm by itself, raised at `since`.
    #[must_use]
    pub fn of_one(record: &AlarmRecord, since: Time) -> Self {
        Self {
            key: String::new(),
            count: 1,
            highest: record.severity,
            first: record.time,
            last: record.time,
            since: Some(since),
            alarms: vec![AlarmRef::from(record)],
        }
    }
}

impl Default for BucketView {
    fn default() -> Self {
        Self {
            key: String::new(),
            count: 0,
            highest: Severity::Undefined,
            first: Time::default(),
            last: Time::default(),
            since: None,
            alarms: Vec::new(),
        }
    }
}

impl From<&AlarmRecord> for AlarmRef {
    fn from(record: &AlarmRecord) -> Self {
        Self {
            id: record.id.clone(),
            element: record.element.clone(),
            parameter: record.parameter.clone(),
            index: record.index.clone(),
            value: record.value.clone(),
            severity: record.severity,
            time: record.time,
        }
    }
}

/// What a notification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An alarm began.
    Raised,
    /// It changed.
    Updated,
    /// It ended.
    Cleared,
    /// It still stands.
    Reminder,
    /// Nobody took it.
    Escalated,
    /// Somebody took it: told to the others.
    Acknowledged,
    /// The answer to what a person wrote.
    Answer,
    /// Something about klaxond itself, for its operators.
    Notice,
    /// One message that stands for many.
    Digest,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Raised,
        Self::Updated,
        Self::Cleared,
        Self::Reminder,
        Self::Escalated,
        Self::Acknowledged,
        Self::Answer,
        Self::Notice,
        Self::Digest,
    ];

    /// The kind of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The word as people read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Updated => "updated",
            Self::Cleared => "cleared",
            Self::Reminder => "reminder",
            Self::Escalated => "escalated",
            Self::Acknowledged => "acknowledged",
            Self::Answer => "answer",
            Self::Notice => "notice",
            Self::Digest => "digest",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
