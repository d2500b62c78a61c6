//! What Nagios and Icinga tell of a host or a service, to a record.
//!
//! | they say | the record |
//! |---|---|
//! | host, service | `element`, `parameter` ("Host" when it is about the host itself) |
//! | CRITICAL, DOWN | critical |
//! | UNREACHABLE | major |
//! | UNKNOWN | minor |
//! | WARNING | warning |
//! | OK, UP, RECOVERY | cleared |
//! | ACKNOWLEDGEMENT | user status acknowledged, the author as owner |
//! | FLAPPING…, DOWNTIME… | properties `Flapping` and `Downtime`, yes or no |
//! | CUSTOM | property `NotificationType` |

use serde_json::{Map, Value, json};

use super::system::Wrong;

/// One notification; empty texts were not given.
#[derive(Debug, Default)]
pub(super) struct Notification {
    /// Who tells: `nagios`, `icinga2`.
    pub(super) source: &'static str,
    pub(super) kind: String,
    pub(super) host: String,
    /// Empty when it is about the host itself.
    pub(super) service: String,
    pub(super) state: String,
    pub(super) output: String,
    pub(super) author: String,
    pub(super) comment: String,
    /// RFC 3339.
    pub(super) time: Option<String>,
    pub(super) properties: Map<String, Value>,
}

impl Notification {
    /// The record.
    ///
    /// # Errors
    /// What has to be there is not, or a word is not known.
    pub(super) fn record(mut self) -> Result<Value, Wrong> {
        if self.host.trim().is_empty() {
            return Err(Wrong::Data("the name of the host is missing".to_owned()));
        }
        let severity = self.severity()?;
        let kind = self.kind.trim().to_ascii_uppercase();
        let mut record = json!({
            "element": self.host,
            "parameter": if self.service.is_empty() { "Host" } else { &self.service },
            "value": self.output,
            "severity": severity,
            "source": self.source,
            // They tell again while it lasts.
            "repeats": true,
        });
        if severity == "normal" || kind == "RECOVERY" {
            record["status"] = json!("cleared");
        }
        if let Some(time) = &self.time {
            record["time"] = json!(time);
        }
        if !self.comment.trim().is_empty() {
            record["comment"] = json!(self.comment);
        }
        match kind.as_str() {
            "PROBLEM" | "RECOVERY" | "" => {}
            "ACKNOWLEDGEMENT" => {
                record["type"] = json!("Acknowledged");
                record["user_status"] = json!("Acknowledged");
                record["owner"] = json!(self.author);
            }
            "FLAPPINGSTART" => self.note("Flapping", "yes"),
            "FLAPPINGSTOP" | "FLAPPINGEND" | "FLAPPINGDISABLED" => self.note("Flapping", "no"),
            "DOWNTIMESTART" => self.note("Downtime", "yes"),
            "DOWNTIMEEND" | "DOWNTIMECANCELLED" | "DOWNTIMEREMOVED" => self.note("Downtime", "no"),
            _ => self.note("NotificationType", &kind),
        }
        self.properties
            .retain(|_, value| value.as_str().is_none_or(|text| !text.trim().is_empty()));
        record["properties"] = Value::Object(self.properties);
        Ok(record)
    }

    fn note(&mut self, name: &str, value: &str) {
        self.properties.insert(name.to_owned(), json!(value));
    }

    fn severity(&self) -> Result<&'static str, Wrong> {
        let state = self.state.trim().to_ascii_uppercase();
        match state.as_str() {
            "OK" | "UP" => Ok("normal"),
            "WARNING" => Ok("warning"),
            "CRITICAL" | "DOWN" => Ok("critical"),
            "UNKNOWN" => Ok("minor"),
            "UNREACHABLE" => Ok("major"),
            "" => Err(Wrong::Data(
                "the state of the host or service is missing".to_owned(),
            )),
            _ => Err(Wrong::Data(format!(
                "the state {state:?} is none of OK, WARNING, CRITICAL, UNKNOWN, UP, DOWN, UNREACHABLE"
            ))),
        }
    }
}

/// A text that was given: macros that were not filled in are as good as empty.
pub(super) fn filled(text: &str) -> &str {
    let text = text.trim();
    let is_macro = text.len() > 1 && text.starts_with('$') && text.ends_with('$');
    if is_macro { "" } else { text }
}
