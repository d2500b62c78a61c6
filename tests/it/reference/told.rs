//! What a run told: the common tongue of model and engine.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use klaxond::engine::Step;
use klaxond::model::{AlarmRecord, Kind, Severity, Time};

use super::scenario::START;

/// One notification and whom it went to.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Between which two inputs it was said.
    pub turn: usize,
    pub at: Time,
    pub rule: String,
    pub key: String,
    pub kind: Kind,
    /// Of a rule that follows trees: it never expires.
    pub trees: bool,
    /// Of a clear of a tree rule; else empty.
    pub reason: String,
    /// Rules whose place it takes.
    pub names: Vec<String>,
    /// The alarm it speaks of; `None` where that is open.
    pub alarm: Option<String>,
    /// All the alarms, but for a clear.
    pub alarms: BTreeSet<String>,
    pub severity: Severity,
    pub template: String,
    pub contacts: BTreeSet<String>,
}

/// How an alarm is called here.
pub fn call(record: &AlarmRecord) -> String {
    format!("{}/{}", record.element, record.id)
}

impl Told {
    /// Which of the alarms a rule speaks of when an edit ends it is open.
    pub fn forget_alarm_of_edit(&mut self) {
        if self.reason.starts_with("rule ") {
            self.alarm = None;
        }
    }

    /// What a step of the engine says, in turn `turn`.
    pub fn of(turn: usize, step: &Step) -> Vec<Self> {
        let mut contacts: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for message in &step.messages {
            contacts
                .entry(message.notification)
                .or_default()
                .insert(message.contact.as_str().to_owned());
        }
        step.notifications
            .iter()
            .filter(|said| said.suppressed.is_none())
            .map(|said| {
                let message = step.messages.iter().find(|m| m.notification == said.id);
                let message = message.expect("a notification that nobody is told");
                let (reason, names) = match said.reason.split_once("; also matched by ") {
                    Some((reason, names)) => (reason, names.split(", ").collect()),
                    None => (said.reason.as_str(), Vec::new()),
                };
                let key = said.bucket.split_once('\u{1f}').expect("a bucket").1;
                Self {
                    turn,
                    at: said.at,
                    rule: said.rule.as_str().to_owned(),
                    key: key.to_owned(),
                    kind: said.kind,
                    trees: message.expires.is_none(),
                    reason: if said.kind == Kind::Cleared && message.expires.is_none() {
                        reason.to_owned()
                    } else {
                        String::new()
                    },
                    names: names.into_iter().map(str::to_owned).collect(),
                    alarm: Some(call(&said.alarm)),
                    alarms: if said.kind == Kind::Cleared {
                        BTreeSet::new()
                    } else {
                        let alarms = said.view.alarms.iter();
                        alarms.map(|a| format!("{}/{}", a.element, a.id)).collect()
                    },
                    severity: message.severity,
                    template: message.template.as_str().to_owned(),
                    contacts: contacts.remove(&said.id).unwrap_or_default(),
                }
            })
            .collect()
    }
}

/// In the order in which they are compared: what one instant says of different buckets has none.
fn sorted(told: &[Told]) -> Vec<Told> {
    let mut told = told.to_vec();
    told.sort_by(|a, b| (a.turn, a.at, &a.rule, &a.key).cmp(&(b.turn, b.at, &b.rule, &b.key)));
    told
}

/// Where two runs part, as text; `None` when they agree.
pub fn difference(expected: &[Told], actual: &[Told]) -> Option<String> {
    let (expected, actual) = (sorted(expected), sorted(actual));
    let longest = expected.len().max(actual.len());
    (0..longest).find_map(|n| {
        let (want, have) = (expected.get(n), actual.get(n));
        if let (Some(want), Some(have)) = (want, have) {
            let mut have = have.clone();
            if want.alarm.is_none() {
                (have.alarm, have.severity) = (None, want.severity);
            }
            if *want == have {
                return None;
            }
        }
        let show = |told: Option<&Told>| told.map_or_else(|| "nothing".to_owned(), Told::to_string);
        Some(format!(
            "the first {n} agree, then\n  expected {}\n  actual   {}",
            show(want),
            show(have)
        ))
    })
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "+{}s turn {} {} {:?} [{}] {:?} names {:?} of {:?} {:?} {} {} to {:?}",
            self.at.since(START).as_secs(),
            self.turn,
            self.kind.name(),
            self.rule,
            self.key.replace('\u{1f}', "|"),
            self.reason,
            self.names,
            self.alarm.as_deref().unwrap_or("any"),
            self.alarms,
            self.severity,
            self.template,
            self.contacts
        )
    }
}
