//! What an answer means: whole or broken, Graph's or a stranger's.

use std::time::Duration;

use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::{Class, Failure, Outcome, Retry, Scope};

use super::classify::{class, classify_graph, is_ambiguous, without_graph_error};
use super::template::sanitise::{collapse, shorten};
use super::wire::{ErrorAnswer, GraphError, SendAnswer};

/// The longest text of a failure, in UTF-16 units.
const MAX_TEXT: usize = 500;
/// How much of a stranger's answer is told.
const MAX_QUOTE: usize = 120;
/// No wait that a header asks for is longer.
const MAX_WAIT: Duration = Duration::from_secs(86_400);

/// An answer as far as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Body,
}

/// The body of an answer.
pub(super) enum Body {
    /// To its end.
    Whole(Vec<u8>),
    /// It broke off, or is longer than what is read; says which.
    Broken(String),
}

impl Answer {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Body) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            status,
            content_type: text(CONTENT_TYPE.as_str()).unwrap_or_default().to_owned(),
            retry_after: text(RETRY_AFTER.as_str())
                .and_then(|wait| read_wait(wait, text(DATE.as_str())))
                .or_else(|| text("x-business-use-case-usage").and_then(read_usage)),
            body,
        }
    }

    /// What came of a send. `scrub` takes secrets out of a text.
    pub(super) fn outcome(&self, scrub: impl Fn(&str) -> String) -> Outcome {
        if let Some(accepted) = self.accepted() {
            return accepted;
        }
        if let Some((code, error)) = self.graph_error() {
            let failure = self.graph_failure(code, error, scrub);
            return match is_ambiguous(code) {
                true => Outcome::Unknown { text: failure.text },
                false => Outcome::Failed(failure),
            };
        }
        match self.status {
            300..=499 => Outcome::Failed(self.stranger(scrub)),
            _ => Outcome::Unknown {
                text: self.describe(scrub),
            },
        }
    }

    /// The JSON object that a GET asked for.
    pub(super) fn object<T: DeserializeOwned>(
        &self,
        scrub: impl Fn(&str) -> String,
    ) -> Result<T, Failure> {
        if let Some((code, error)) = self.graph_error() {
            return Err(self.graph_failure(code, error, scrub));
        }
        let object = self
            .json::<Value>()
            .filter(|value| (200..300).contains(&self.status) && value.is_object())
            .and_then(|value| serde_json::from_value(value).ok());
        object.ok_or_else(|| self.stranger(scrub))
    }

    fn json<T: DeserializeOwned>(&self) -> Option<T> {
        match &self.body {
            Body::Whole(bytes) => serde_json::from_slice(bytes).ok(),
            Body::Broken(_) => None,
        }
    }

    fn accepted(&self) -> Option<Outcome> {
        if !(200..300).contains(&self.status) {
            return None;
        }
        let message = self.json::<SendAnswer>()?.messages?.into_iter().next()?;
        let wamid = message.id.filter(|id| !id.trim().is_empty())?;
        let status = message.message_status.as_deref();
        Some(Outcome::Accepted {
            wamid,
            held: matches!(status, Some("held_for_quality_assessment" | "paused")),
        })
    }

    fn graph_error(&self) -> Option<(u32, GraphError)> {
        let error = self.json::<ErrorAnswer>()?.error?;
        Some((error.code?, error))
    }

    fn graph_failure(
        &self,
        code: u32,
        error: GraphError,
        scrub: impl Fn(&str) -> String,
    ) -> Failure {
        let transient = error.is_transient.unwrap_or(false);
        let mut text = error.message.unwrap_or_default();
        if !text.contains(&format!("(#{code})")) {
            text = format!("(#{code}) {text}");
        }
        for more in [error.error_data, error.error_user_msg]
            .into_iter()
            .flatten()
        {
            if !more.trim().is_empty() && !text.contains(more.trim()) {
                text = format!("{}: {more}", text.trim_end());
            }
        }
        Failure {
            class: classify_graph(self.status, code, error.error_subcode, transient),
            status: Some(self.status),
            code: Some(code),
            subcode: error.error_subcode,
            text: bounded(&scrub(&text)),
            trace: error.fbtrace_id.map(|trace| bounded(&trace)),
            retry_after: self.retry_after,
        }
    }

    /// A refusal that Graph did not write.
    fn stranger(&self, scrub: impl Fn(&str) -> String) -> Failure {
        let class = match (self.status, &self.body) {
            (408 | 429, _) => without_graph_error(self.status),
            // The reason was on its way and is lost; asking again brings it.
            (400..=499, Body::Broken(_)) => class(Retry::Backoff, Scope::Message),
            (300..=499, _) => without_graph_error(self.status),
            _ => class(Retry::Backoff, Scope::Message),
        };
        Failure {
            retry_after: self.retry_after,
            status: Some(self.status),
            ..failure(class, self.describe(scrub))
        }
    }

    fn describe(&self, scrub: impl Fn(&str) -> String) -> String {
        let status = self.status;
        let seen = match &self.body {
            Body::Broken(why) => format!("HTTP {status}, {why}"),
            Body::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {
                format!("HTTP {status} with an empty body")
            }
            Body::Whole(bytes) => {
                let quote = shorten(&collapse(&String::from_utf8_lossy(bytes)), MAX_QUOTE);
                let kind = match self.content_type.as_str() {
                    "" => "no content type",
                    kind => kind,
                };
                format!("HTTP {status} that is not Graph's ({kind}): {quote}")
            }
        };
        let hint = match status {
            300..=399 => "; it leads elsewhere: is base_url right?",
            401 | 403 | 407 => "; is there a proxy on the way to base_url?",
            404 | 405 => "; are base_url and api_version right?",
            _ => "",
        };
        bounded(&scrub(&format!("{seen}{hint}")))
    }
}

/// A failure without an answer.
pub(super) fn failure(class: Class, text: String) -> Failure {
    Failure {
        class,
        status: None,
        code: None,
        subcode: None,
        text,
        trace: None,
        retry_after: None,
    }
}

/// One line of a length that a log takes.
pub(super) fn bounded(text: &str) -> String {
    shorten(&collapse(text), MAX_TEXT)
}

/// Seconds, or a date that is counted from the answer's own.
fn read_wait(wait: &str, date: Option<&str>) -> Option<Duration> {
    let wait = wait.trim();
    let span = match wait.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::parse(wait).ok()?.timestamp();
            let from = rfc2822::parse(date?.trim()).ok()?.timestamp();
            Duration::try_from(until.duration_since(from)).unwrap_or_default()
        }
    };
    Some(span.min(MAX_WAIT))
}

/// `X-Business-Use-Case-Usage`: minutes until the account may ask again, the longest of its lists
/// (whatsapp-cloud-api.md section 4).
fn read_usage(header: &str) -> Option<Duration> {
    let usage: serde_json::Map<String, Value> = serde_json::from_str(header).ok()?;
    let minutes = usage
        .values()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(|entry| entry.get("estimated_time_to_regain_access")?.as_u64())
        .max()
        .filter(|minutes| *minutes > 0)?;
    Some(Duration::from_secs(minutes.saturating_mul(60)).min(MAX_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_seconds_or_a_date() {
        let date = Some("Sun, 22 Nov 2026 10:00:00 GMT");
        let wait = |text| read_wait(text, date).map(|span| span.as_secs());
        assert_eq!(wait("30"), Some(30));
        assert_eq!(wait("Sun, 22 Nov 2026 10:02:00 GMT"), Some(120));
        assert_eq!(wait("Sun, 22 Nov 2026 09:00:00 GMT"), Some(0));
        assert_eq!(wait("99999999"), Some(86_400));
        assert_eq!(wait("soon"), None);
        assert_eq!(read_wait("Sun, 22 Nov 2026 10:02:00 GMT", None), None);
    }

    #[test]
    fn the_usage_header_counts_minutes() {
        let header = r#"{"1":[{"type":"whatsapp","estimated_time_to_regain_access":0},
            {"type":"whatsapp_business_management","estimated_time_to_regain_access":7}]}"#;
        assert_eq!(read_usage(header), Some(Duration::from_secs(420)));
        assert_eq!(read_usage(&header.replace('7', "0")), None);
        assert_eq!(read_usage("[]"), None);
    }
}
