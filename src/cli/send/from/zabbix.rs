//! Zabbix: the parameters of a script media type, in any order; what they say is found by name.
//!
//! A parameter may be a JSON object, lines of `name=value` or `Name: value`, or a subject. So the
//! messages that Zabbix comes with are understood as they are, and any list of macros is.
//!
//! Facts: "Custom alert scripts" (a script gets its parameters and no environment), "Supported
//! macros" and the default messages of Zabbix 6 and 7. Severities are Zabbix's: Disaster is critical,
//! High major, Average minor, Warning warning, the rest information.

use serde_json::{Map, Value, json};

use crate::model::Severity;

use super::system::Wrong;

/// What a name means, letters and digits only.
const NAMES: [(&str, &[&str]); 10] = [
    (
        "element",
        &["host", "hostname", "hostvisiblename", "element"],
    ),
    (
        "parameter",
        &[
            "problemname",
            "eventname",
            "name",
            "trigger",
            "triggername",
            "problem",
            "parameter",
        ],
    ),
    (
        "severity",
        &[
            "severity",
            "eventseverity",
            "triggerseverity",
            "eventnseverity",
            "triggernseverity",
        ],
    ),
    (
        "status",
        &[
            "status",
            "eventstatus",
            "triggerstatus",
            "eventvalue",
            "triggervalue",
        ],
    ),
    ("id", &["originalproblemid", "eventid", "problemid", "id"]),
    (
        "value",
        &[
            "operationaldata",
            "eventopdata",
            "opdata",
            "itemvalue",
            "value",
        ],
    ),
    (
        "ack",
        &["acknowledged", "eventackstatus", "ackstatus", "ack"],
    ),
    ("owner", &["user", "userfullname", "author"]),
    (
        "comment",
        &["eventupdatemessage", "updatemessage", "comment"],
    ),
    ("seconds", &["eventtimestamp", "timestamp"]),
];

/// The record of one call.
///
/// # Errors
/// No host or no problem is named.
pub(super) fn read(words: &[String]) -> Result<Value, Wrong> {
    if words.is_empty() {
        return Err(Wrong::Usage(
            "no parameters: put -- in front of them, such as -- \"$@\" in a script".to_owned(),
        ));
    }
    let mut found = Found::default();
    for word in words {
        if !found.object(word) && !found.lines(word) && found.subject.is_empty() {
            found.subject = word.trim().to_owned();
        }
        // The recipient stands in front of the subject.
        if verdict(word).is_some() {
            found.subject = word.trim().to_owned();
        }
    }
    found.record()
}

/// What was found, by its meaning.
#[derive(Default)]
struct Found {
    known: Map<String, Value>,
    properties: Map<String, Value>,
    subject: String,
}

impl Found {
    fn object(&mut self, word: &str) -> bool {
        let Ok(Value::Object(object)) = serde_json::from_str(word) else {
            return false;
        };
        for (name, value) in object {
            match value {
                Value::String(text) => self.put(&name, &text),
                Value::Null => {}
                other
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    self.put(&name, &other.to_string());
                }
            }
        }
        true
    }

    /// Takes the lines that say something; whether one did.
    fn lines(&mut self, word: &str) -> bool {
        if verdict(word).is_some() && !word.contains('\n') {
            return false;
        }
        let mut any = false;
        for line in word.lines() {
            if let Some((name, value)) = named(line) {
                self.put(name, value);
                any = true;
            }
        }
        any
    }

    fn put(&mut self, name: &str, value: &str) {
        let value = value.trim();
        // A macro that Zabbix could not fill in.
        let is_macro = value.starts_with('{') && value.ends_with('}');
        if value.is_empty() || value == "*UNKNOWN*" || is_macro {
            return;
        }
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let meaning = NAMES
            .iter()
            .find(|(_, names)| names.contains(&plain.as_str()));
        match meaning {
            Some((meaning, _)) => {
                let known = self.known.entry((*meaning).to_owned());
                known.or_insert(json!(value));
            }
            None => {
                self.properties.insert(name.trim().to_owned(), json!(value));
            }
        }
    }

    fn text(&self, meaning: &str) -> Option<&str> {
        self.known.get(meaning)?.as_str()
    }

    fn record(self) -> Result<Value, Wrong> {
        let missing = |what: &str, line: &str| {
            Wrong::Data(format!(
                "{what} is missing: add a line such as {line:?} to the message of the media type"
            ))
        };
        let host = self.text("element");
        let host = host.ok_or_else(|| missing("the host", "Host: {HOST.NAME}"))?;
        let subject = verdict(&self.subject);
        let name = self
            .text("parameter")
            .or(subject.map(|(_, name)| name))
            .filter(|name| !name.is_empty())
            .ok_or_else(|| missing("the problem", "Problem name: {EVENT.NAME}"))?;
        let is_over = match self.text("status").map(str::to_ascii_uppercase).as_deref() {
            Some("RESOLVED" | "OK" | "0") => true,
            Some(_) => false,
            None => subject.is_some_and(|(is_over, _)| is_over),
        };
        let mut record = json!({
            "element": host,
            "parameter": name,
            "severity": severity(self.text("severity").unwrap_or_default()),
            "source": "zabbix",
            // An escalation tells again while it lasts.
            "repeats": true,
        });
        if is_over {
            record["status"] = json!("cleared");
        } else if self
            .text("ack")
            .is_some_and(|text| ["yes", "1", "true"].contains(&text.to_ascii_lowercase().as_str()))
        {
            record["type"] = json!("Acknowledged");
            record["user_status"] = json!("Acknowledged");
        }
        for key in ["id", "value", "owner", "comment"] {
            if let Some(text) = self.text(key) {
                record[key] = json!(text);
            }
        }
        let seconds = self.text("seconds").and_then(|text| text.parse().ok());
        if let Some(at) = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()) {
            record["time"] = json!(at.to_string());
        }
        record["properties"] = Value::Object(self.properties);
        Ok(record)
    }
}

/// `name=value` with a name in one piece, or `Name of it: value`.
fn named(line: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 48;
    let is_name = |name: &&str| (1..=LONGEST).contains(&name.trim().len());
    if let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name)) {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if name.trim().chars().all(plain) {
            return Some((name.trim(), value));
        }
    }
    let (name, value) = line.split_once(": ").filter(|(name, _)| is_name(name))?;
    Some((name.trim(), value))
}

/// What a subject says: whether it is over, and the name of the problem.
fn verdict(subject: &str) -> Option<(bool, &str)> {
    let subject = subject.trim();
    let (head, name) = subject.split_once(':')?;
    let head = head.to_ascii_lowercase();
    let is_over = head == "ok" || head == "resolved" || head.starts_with("resolved in ");
    let stands = head == "problem" || head.starts_with("updated problem");
    (is_over || stands).then_some((is_over, name.trim()))
}

fn severity(word: &str) -> &'static str {
    let word = word.trim().to_ascii_lowercase();
    match word.as_str() {
        "disaster" | "5" => "critical",
        "high" | "4" => "major",
        "average" | "3" => "minor",
        "warning" | "2" => "warning",
        "information" | "1" | "not classified" | "0" => "information",
        // Somebody's own word: better told than lost.
        other => Severity::from_name(other).map_or("major", Severity::name),
    }
}
