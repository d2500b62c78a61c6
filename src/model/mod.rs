//! The nouns of klaxond. Constructors parse; a value that exists is valid.
//!
//! Pure: nothing here awaits, reads a clock or iterates a hash map.

mod alarm;
mod answer;
mod calendar;
mod class;
mod contact;
mod digest;
mod event;
mod id;
mod interval;
mod labels;
mod message;
mod notification;
mod rate;
mod row;
mod severity;
mod silence;
mod suppression;
mod time;
mod update;

pub use alarm::{AlarmRecord, AlarmType, Properties, SeverityRange, Status, TreeKey, UserStatus};
pub use answer::Answer;
pub use calendar::Calendar;
pub use class::{Class, Failure, Outcome, Retry, Scope};
pub use contact::{Contact, ContactFault, Phone, PhoneFault, QuietHours};
pub use digest::{DigestView, Member};
pub use event::{Event, LogEntry};
pub use id::{ContactId, IdFault, MessageId, NotificationId, Position, RuleId, TemplateId};
pub use interval::{Dates, Hours, Interval, IntervalFault, Weekdays};
pub use labels::Labels;
pub use message::{Closes, Form, Message, MessageState};
pub use notification::{AlarmRef, BucketView, Kind, Notification};
pub use rate::{Rate, RateFault};
pub use row::{Row, RowChange, RowKind};
pub use severity::Severity;
pub use silence::{Silence, SilenceId, SilenceOrder};
pub use suppression::{Mute, Suppression};
pub use time::Time;
pub use update::{
    AccountNews, Notice, Receipt, ReceiptFailure, Reply, Stage, Subject, TemplateNews, Undelivered,
    Update, Word,
};
