//! One message that stands for many.

use serde::{Deserialize, Serialize};

use super::{
    AlarmRef, AlarmType, Kind, MessageId, NotificationId, RuleId, Severity, TemplateId, Time,
};

/// What one part of a digest says, in words, for one contact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestView {
    /// How many messages the whole digest stands for.
    pub count: usize,
    /// Which part this is, from 1.
    pub part: usize,
    /// How many parts there are.
    pub parts: usize,
    /// The digest in one line: counts by severity, top elements, time span; `37 alarms, continued` in
    /// the parts behind the first.
    pub headline: String,
    /// What this part tells, most severe first, on one line.
    pub list: String,
    /// The elements with most alarms.
    pub top: String,
    /// Counts by severity.
    pub severities: String,
    /// Time of the earliest record in the whole digest.
    pub first: Time,
    /// Time of the latest.
    pub last: Time,
}

/// A message that waits, as a digest tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The message.
    pub message: MessageId,
    /// What it carries.
    pub notification: NotificationId,
    /// What it says.
    pub kind: Kind,
    /// What it would be rendered with by itself.
    pub template: TemplateId,
    /// The highest severity its bucket had.
    pub severity: Severity,
    /// When it loses its point.
    pub expires: Option<Time>,
    /// It must reach the phone within this time of its acceptance.
    pub confirm: Option<std::time::Duration>,
    /// It is the end of something that its contact was never told.
    pub is_moot: bool,
    /// A later message of its bucket that was told before it and says more.
    pub overtaken_by: Option<MessageId>,
    /// The rule that speaks.
    pub rule: RuleId,
    /// Its name.
    pub rule_name: String,
    /// Why it speaks, in words.
    pub reason: String,
    /// What its bucket's alarms have in common; empty for one bucket.
    pub key: String,
    /// How many alarms are in its bucket.
    pub count: usize,
    /// What happened to the alarm that it speaks of.
    pub happened: Option<AlarmType>,
    /// That alarm.
    pub alarm: AlarmRef,
}

impl Member {
    /// Whether it tells the end of something.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.kind == Kind::Cleared
    }

    /// How bad a person is to take it: what has ended is as bad as it was.
    #[must_use]
    pub fn rank(&self) -> Severity {
        if self.has_ended() {
            self.severity
        } else {
            self.alarm.severity
        }
    }
}
