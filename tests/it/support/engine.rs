//! Rules, records and histories for the engine, on times that the test hands in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use klaxond::engine::condition::Condition;
use klaxond::engine::filter::{Field, Filter, Named};
use klaxond::engine::{Engine, Limits, Reminder, Replies, Resume, Rule, Ruleset, Step, Trigger};
use klaxond::model::{
    AlarmRecord, AlarmType, Contact, ContactId, Event, LogEntry, Phone, Properties, Row, RowChange,
    RowKind, RuleId, Severity, SilenceId, SilenceOrder, Status, TemplateId, Time,
};

pub const START: Time = Time::from_ms(1_767_225_600_000);
pub const FORGET: Duration = Duration::from_secs(30 * 86_400);

pub fn record(element: &str, severity: Severity) -> AlarmRecord {
    AlarmRecord {
        id: "1".to_owned(),
        element: element.to_owned(),
        element_id: None,
        parameter: String::new(),
        parameter_id: None,
        index: String::new(),
        value: String::new(),
        severity,
        severity_range: None,
        kind: None,
        status: Status::Open,
        time: START,
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

pub fn cleared(element: &str) -> AlarmRecord {
    AlarmRecord {
        status: Status::Cleared,
        ..record(element, Severity::Normal)
    }
}

pub fn masked(element: &str) -> AlarmRecord {
    AlarmRecord {
        status: Status::Masked,
        ..record(element, Severity::Critical)
    }
}

/// A record that says itself that it is a new alarm.
pub fn anew(element: &str, severity: Severity) -> AlarmRecord {
    AlarmRecord {
        kind: Some(AlarmType::NewAlarm),
        ..record(element, severity)
    }
}

pub fn contact(id: &str) -> Contact {
    Contact {
        id: ContactId::parse(id).unwrap(),
        name: id.to_owned(),
        phone: Phone::parse("34600111222").unwrap(),
        groups: Vec::new(),
        language: None,
        timezone: None,
        enabled: true,
        opt_in: None,
        quiet: None,
        fallback: None,
    }
}

/// A rule of single events.
pub fn rule(id: &str, filter: &str) -> Rule {
    Rule {
        id: RuleId::parse(id).unwrap(),
        name: id.to_owned(),
        description: String::new(),
        enabled: true,
        filter: (!filter.is_empty()).then(|| Filter::parse(filter, &Named::default()).unwrap()),
        single_events: true,
        group_by: None,
        condition: None,
        trigger: Trigger::Immediate,
        clear_after: Duration::ZERO,
        base_alarms: None,
        notify: None,
        template: template("alarm"),
        on_update: None,
        update_every: Duration::ZERO,
        on_clear: None,
        reminder: None,
        escalate: Vec::new(),
        escalated: template("alarm"),
        confirm: None,
        active: Vec::new(),
        mute: Vec::new(),
        inhibited_by: Vec::new(),
        also: false,
        shadow: false,
    }
}

/// A rule that follows alarms and tells their end.
pub fn follow(id: &str, filter: &str) -> Rule {
    Rule {
        single_events: false,
        on_clear: Some(template("cleared")),
        ..rule(id, filter)
    }
}

pub fn template(id: &str) -> TemplateId {
    TemplateId::parse(id).unwrap()
}

pub fn condition(text: &str) -> Option<Condition> {
    Some(Condition::parse(text, &Named::default()).unwrap())
}

pub fn group_by(fields: &[Field]) -> Option<Vec<Field>> {
    Some(fields.to_vec())
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn every(span: u64) -> Option<Reminder> {
    Some(Reminder {
        every: seconds(span),
        template: template("reminder"),
    })
}

pub fn ruleset(rules: Vec<Rule>, contacts: Vec<Contact>) -> Arc<Ruleset> {
    Arc::new(Ruleset {
        rules,
        contacts,
        named: Named::default(),
        expire_after: Duration::from_secs(4 * 3_600),
        forget_after: FORGET,
        shadow: false,
        limits: Limits::default(),
        replies: Replies::default(),
        operators: Vec::new(),
        notice: template("notice"),
        fallback: None,
    })
}

/// Ana's order for silence at that second, for so long.
pub fn silence(at: u64, filter: &str, lasts: u64) -> (u64, Happens) {
    let starts = START + seconds(at);
    let order = SilenceOrder {
        filter: filter.to_owned(),
        starts,
        ends: starts + seconds(lasts),
        by: "Ana".to_owned(),
        comment: "works".to_owned(),
        replaces: None,
    };
    (at, Happens::Event(Event::Silence(order)))
}

pub fn unsilence(at: u64, id: i64) -> (u64, Happens) {
    let (id, by) = (SilenceId(id), "Bob".to_owned());
    (at, Happens::Event(Event::Unsilence { id, by }))
}

/// What happens in a history.
#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "a history is short")]
pub enum Happens {
    Record(AlarmRecord),
    Jump(u64),
    Clear(&'static str),
    /// Anything else that the log holds.
    Event(Event),
    Rules(Arc<Ruleset>),
    /// Nothing, so that what is due comes.
    Passes,
    /// Everything that is due comes at once, late.
    Late,
}

/// Plays a history, second by second after [`START`], and says what comes of it: once in one go, and
/// once with an engine that is loaded from its rows after every step. Both must say the same.
pub fn play(rules: &Arc<Ruleset>, history: &[(u64, Happens)]) -> Vec<String> {
    let whole = run(rules, history, false);
    let cut = run(rules, history, true);
    assert_eq!(
        whole, cut,
        "an engine that is loaded again says something else"
    );
    whole
}

/// As [`play`], of records only.
pub fn play_records(
    rules: &Arc<Ruleset>,
    history: &[(u64, AlarmRecord)],
    until: u64,
) -> Vec<String> {
    let mut all: Vec<(u64, Happens)> = history
        .iter()
        .map(|(at, record)| (*at, Happens::Record(record.clone())))
        .collect();
    all.push((until, Happens::Passes));
    play(rules, &all)
}

fn run(rules: &Arc<Ruleset>, history: &[(u64, Happens)], cut: bool) -> Vec<String> {
    let mut driver = Driver::new(Arc::clone(rules));
    driver.cut = cut;
    for (at, what) in history {
        let now = START + seconds(*at);
        driver.until(now, matches!(what, Happens::Late));
        match what {
            Happens::Record(record) => {
                driver.enter(now, Event::Record(Arc::new(record.clone())));
            }
            Happens::Jump(by) => {
                let by_ms = by * 1_000;
                driver.enter(now, Event::ClockJump { by_ms });
            }
            Happens::Clear(id) => {
                let (id, by) = ((*id).to_owned(), "me".to_owned());
                driver.enter(now, Event::ClosedByHand { id, by });
            }
            Happens::Rules(rules) => {
                let step = driver.engine.adopt(now, Arc::clone(rules));
                driver.rules = Arc::clone(rules);
                driver.take(step);
            }
            Happens::Event(event) => drop(driver.enter(now, event.clone())),
            Happens::Passes | Happens::Late => {}
        }
    }
    driver.lines
}

/// An engine with its log and its rows.
pub struct Driver {
    pub engine: Engine,
    pub rows: BTreeMap<(RowKind, String), Row>,
    pub lines: Vec<String>,
    rules: Arc<Ruleset>,
    resume: Resume,
    /// Loaded from its rows after every step.
    pub cut: bool,
}

impl Driver {
    pub fn new(rules: Arc<Ruleset>) -> Self {
        Self {
            engine: Engine::new(Arc::clone(&rules), Resume::default()).unwrap(),
            rows: BTreeMap::new(),
            lines: Vec::new(),
            rules,
            resume: Resume::default(),
            cut: false,
        }
    }

    pub fn enter(&mut self, at: Time, event: Event) -> Step {
        let step = self.engine.step(&LogEntry {
            position: self.engine.position().next(),
            at,
            event,
        });
        self.take(step.clone());
        step
    }

    /// A record at that second, what is due before it first.
    pub fn record(&mut self, at: u64, record: AlarmRecord) -> Step {
        let now = START + seconds(at);
        self.until(now, false);
        self.enter(now, Event::Record(Arc::new(record)))
    }

    pub fn until(&mut self, now: Time, late: bool) {
        while let Some(due) = self.engine.next_deadline().filter(|due| *due <= now) {
            let at = if late { now } else { due };
            if let Some(step) = self.engine.fire(at) {
                self.take(step);
            }
        }
    }

    /// What the store would hand to the next start.
    pub fn resume(&self) -> Resume {
        Resume {
            rows: self.rows.values().cloned().collect(),
            ..self.resume.clone()
        }
    }

    fn take(&mut self, step: Step) {
        for notification in &step.notifications {
            let told: Vec<String> = step
                .messages
                .iter()
                .filter(|message| message.notification == notification.id)
                .map(|message| message.contact.to_string())
                .collect();
            let alarms: Vec<String> = notification
                .view
                .alarms
                .iter()
                .map(|alarm| alarm.element.clone())
                .collect();
            if let Some(why) = &notification.suppressed {
                assert!(told.is_empty(), "{notification:?} is muted and told");
                self.lines.push(format!(
                    "{} {} {} muted by {}: {} [{}]",
                    notification.at.since(START).as_secs(),
                    notification.rule,
                    notification.kind,
                    why.text,
                    notification.alarm.element,
                    alarms.join(" "),
                ));
                continue;
            }
            self.lines.push(format!(
                "{} {} {} to {}: {} ({}) [{}]",
                notification.at.since(START).as_secs(),
                notification.rule,
                notification.kind,
                told.join("+"),
                notification.alarm.element,
                notification.reason,
                alarms.join(" "),
            ));
        }
        let lines = step.messages.iter().filter_map(|message| {
            let lost = message.instead_of?;
            let at = message.created.since(START).as_secs();
            let (kind, contact) = (message.kind, &message.contact);
            Some(format!(
                "{at} {kind} to {contact} instead of message {lost}"
            ))
        });
        self.lines.extend(lines);
        self.resume = Resume {
            position: step.position,
            engine_time: step.engine_time,
            next_message: step.next_message,
            next_notification: step.next_notification,
            rows: Vec::new(),
        };
        for change in step.rows {
            match change {
                RowChange::Put(row) => drop(self.rows.insert((row.kind, row.key.clone()), row)),
                RowChange::Delete { kind, key } => {
                    assert!(
                        self.rows.remove(&(kind, key.clone())).is_some(),
                        "no {kind:?} row {key:?} to delete"
                    );
                }
            }
        }
        if self.cut {
            self.engine = Engine::new(Arc::clone(&self.rules), self.resume()).unwrap();
        }
    }
}
