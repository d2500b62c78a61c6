//! A store in a folder of its own, and what goes into it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use klaxond::model::{
    AlarmRecord, AlarmType, BucketView, ContactId, Event, Form, Kind, Message, MessageId,
    MessageState, Notification, NotificationId, Phone, Position, Properties, RuleId, Severity,
    Status, TemplateId, Time,
};
use klaxond::store::{
    AttemptEnd, Claim, ClaimMark, Ending, Mode, NewEntry, NewMessage, Settings, StepWrite, Store,
    Tail,
};

/// A folder for a database; gone when dropped.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("klaxond.db")
    }

    pub fn settings(&self) -> Settings {
        settings(&self.database())
    }

    pub fn open(&self, mode: Mode) -> (Store, Tail) {
        Store::open(&self.settings(), mode).unwrap()
    }
}

pub fn settings(path: &Path) -> Settings {
    Settings {
        path: path.to_owned(),
        min_free: 0,
        retention: Duration::from_secs(86_400),
        audit_retention: Duration::from_secs(86_400),
    }
}

pub fn at(second: i64) -> Time {
    Time::from_ms(second * 1_000)
}

pub fn record(id: &str, status: Status) -> AlarmRecord {
    AlarmRecord {
        id: id.to_owned(),
        element: "Encoder 7".to_owned(),
        element_id: None,
        parameter: "Bit rate".to_owned(),
        parameter_id: None,
        index: String::new(),
        value: "12.5 Mbps".to_owned(),
        severity: Severity::Critical,
        severity_range: None,
        kind: Some(AlarmType::NewAlarm),
        status,
        time: at(1),
        owner: String::new(),
        user_status: None,
        source: String::new(),
        comment: String::new(),
        services: Vec::new(),
        views: Vec::new(),
        properties: Properties::default(),
        partial: false,
        repeats: false,
        until: None,
    }
}

pub fn entry(second: i64, record: AlarmRecord, wanted: bool) -> NewEntry {
    NewEntry {
        at: at(second),
        event: Event::Record(Arc::new(record)),
        wanted,
        origin: Arc::from("unix uid=1000 pid=7"),
    }
}

/// A record that a rule wants and that opens its tree.
pub fn raise(second: i64, id: &str) -> NewEntry {
    entry(second, record(id, Status::Open), true)
}

/// A record that no rule wants and that ends its tree.
pub fn clear(second: i64, id: &str) -> NewEntry {
    entry(second, record(id, Status::Cleared), false)
}

/// A record that no rule wants and that leaves its tree as it is.
pub fn change(second: i64, id: &str) -> NewEntry {
    entry(second, record(id, Status::Open), false)
}

pub fn phone(last: u8) -> Phone {
    Phone::parse(&format!("346001112{last:02}")).unwrap()
}

pub fn notification(id: i64, second: i64) -> Notification {
    Notification {
        id: NotificationId(id),
        rule: RuleId::parse("critical").unwrap(),
        rule_name: "Critical alarms".to_owned(),
        rule_description: String::new(),
        kind: Kind::Raised,
        reason: "severity = critical".to_owned(),
        bucket: format!("critical/{id}"),
        at: at(second),
        alarm: record("1", Status::Open),
        view: BucketView::default(),
        digest: None,
        suppressed: None,
    }
}

pub fn message(id: i64, notification: i64, second: i64) -> Message {
    Message {
        id: MessageId(id),
        notification: NotificationId(notification),
        contact: ContactId::parse("noc-desk").unwrap(),
        template: TemplateId::parse("alarm").unwrap(),
        bucket: Arc::from(format!("critical/{notification}").as_str()),
        severity: Severity::Critical,
        created: at(second),
        expires: (id % 2 == 0).then(|| at(second + 100)),
        shadow: id % 3 == 0,
        closes: None,
        kind: Kind::Raised,
        form: Form::Template,
        confirm: None,
        instead_of: None,
    }
}

pub fn queued(id: i64, notification: i64, second: i64) -> NewMessage {
    NewMessage {
        message: message(id, notification, second),
        claimed: None,
    }
}

pub fn claimed(id: i64, notification: i64, second: i64) -> NewMessage {
    NewMessage {
        claimed: Some(mark(second)),
        ..queued(id, notification, second)
    }
}

pub fn mark(second: i64) -> ClaimMark {
    ClaimMark {
        at: at(second),
        phone: phone(22),
    }
}

pub fn claim(id: i64, second: i64) -> Claim {
    Claim {
        message: MessageId(id),
        mark: mark(second),
    }
}

/// A step that decides nothing.
pub fn step(position: i64, second: i64) -> StepWrite {
    StepWrite {
        position: Position(position),
        engine_time: at(second),
        next_message: MessageId(1),
        next_notification: NotificationId(1),
        notifications: Vec::new(),
        messages: Vec::new(),
        rows: Vec::new(),
        receipts: Vec::new(),
        acks: Vec::new(),
        alone: Vec::new(),
        closed_trees: Vec::new(),
    }
}

/// A step that says one thing per message.
pub fn telling(position: i64, second: i64, messages: Vec<NewMessage>) -> StepWrite {
    let last = messages.iter().map(|new| new.message.id).max().unwrap();
    StepWrite {
        next_message: last.next(),
        next_notification: NotificationId(last.0 + 1),
        notifications: messages
            .iter()
            .map(|new| Arc::new(notification(new.message.notification.0, second)))
            .collect(),
        messages,
        ..step(position, second)
    }
}

pub fn ending(id: i64, second: i64, state: MessageState) -> Ending {
    Ending {
        message: MessageId(id),
        at: at(second),
        state,
        reason: format!("is {}", state.name()),
        retry_at: None,
        attempt: None,
        fallback: false,
        confirm_by: None,
        successor: None,
    }
}

pub fn accepted() -> AttemptEnd {
    AttemptEnd {
        text: "Hello NOC desk!".to_owned(),
        outcome: "accepted".to_owned(),
        code: None,
        status: Some(200),
        detail: String::new(),
        wamid: Some("wamid.1".to_owned()),
        duration_ms: 41,
    }
}
