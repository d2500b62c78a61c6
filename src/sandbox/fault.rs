//! Faults on request: how they are written and when they come.

use std::fmt;
use std::time::Duration;

use crate::model::Phone;

/// The grammar, for help texts.
pub const FAULT_HELP: &str = "\
A fault is KIND[:CONDITION]...
Kinds:
  131056           a Graph error with that code and its HTTP status; 190/463 adds a subcode
  500, http=503    that HTTP status with a plain text and no Graph error (400 to 599)
  html             502 with a page, as an edge server answers
  empty            200 without a body; the message is accepted
  truncate         200, cut in the middle of the body; the message is accepted
  hang             no answer while the client waits
  close            the connection is closed without an answer
  close-after      the message is accepted, then the connection is closed without an answer
  latency=200ms    the answer comes later (ms, s)
Conditions, all of which must hold:
  every=5          every 5th request; without it every request
  after=10         not the first 10
  count=3          3 times at most
  to=34600111222   only messages to this number
  on=messages      where: messages (the default), number, templates, token or any";

/// The largest number in a condition.
const MAX_NUMBER: u64 = 1_000_000_000;
/// The longest latency.
const MAX_LATENCY: Duration = Duration::from_secs(3600);

/// Something that goes wrong on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    text: String,
    kind: Kind,
    every: u64,
    after: u64,
    count: Option<u64>,
    to: Option<Phone>,
    on: Option<Endpoint>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A Graph error.
    Graph { code: u32, subcode: Option<u32> },
    /// A status without a Graph error.
    Http(u16),
    /// An edge server's page.
    Html,
    /// 200 with nothing.
    Empty,
    /// 200 with half of it.
    Truncate,
    /// Silence.
    Hang,
    /// The connection goes.
    Close,
    /// It works, then the connection goes.
    CloseAfter,
    /// It takes longer.
    Latency(Duration),
}

/// An address of the API that faults can be bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    Messages,
    Number,
    Templates,
    Token,
}

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part:?} in fault {text:?}: expected {expected}")]
pub struct FaultError {
    /// The whole text.
    pub text: String,
    /// What could not be read.
    pub part: String,
    /// What to write instead.
    pub expected: &'static str,
}

impl Fault {
    /// Reads a fault; [`FAULT_HELP`] is the grammar.
    ///
    /// # Errors
    /// The part that could not be read, and what was expected in its place.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let error = |part: &str, expected| FaultError {
            text: text.to_owned(),
            part: part.to_owned(),
            expected,
        };
        let mut parts = text.trim().split(':').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let mut fault = Self {
            text: text.trim().to_owned(),
            kind: Kind::parse(kind).map_err(|expected| error(kind, expected))?,
            every: 1,
            after: 0,
            count: None,
            to: None,
            on: Some(Endpoint::Messages),
        };
        for part in parts {
            fault
                .condition(part)
                .map_err(|expected| error(part, expected))?;
        }
        Ok(fault)
    }

    fn condition(&mut self, part: &str) -> Result<(), &'static str> {
        let (name, value) = part
            .split_once('=')
            .ok_or("every=N, after=N, count=N, to=NUMBER or on=PLACE")?;
        match name {
            "every" => {
                self.every = number(value)
                    .filter(|n| *n > 0)
                    .ok_or("every=N with N from 1")?;
            }
            "after" => self.after = number(value).ok_or("after=N with N a number")?,
            "count" => self.count = Some(number(value).ok_or("count=N with N a number")?),
            "to" => {
                let digits = value.strip_prefix('+').unwrap_or(value);
                let phone = Phone::parse(digits);
                self.to = Some(phone.map_err(|_| "to=NUMBER, country code first, digits only")?);
            }
            "on" => self.on = Endpoint::parse(value)?,
            _ => return Err("every=N, after=N, count=N, to=NUMBER or on=PLACE"),
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Kind {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const KINDS: &str = "a Graph code such as 131056, a status such as 500 or http=503, html, \
                             empty, truncate, hang, close, close-after or latency=200ms";
        match text {
            "html" => Ok(Self::Html),
            "empty" => Ok(Self::Empty),
            "truncate" => Ok(Self::Truncate),
            "hang" => Ok(Self::Hang),
            "close" => Ok(Self::Close),
            "close-after" => Ok(Self::CloseAfter),
            _ => {
                if let Some(value) = text.strip_prefix("latency=") {
                    span(value).map(Self::Latency)
                } else if let Some(value) = text.strip_prefix("http=") {
                    let status = value.parse().ok().filter(|s| (400..=599).contains(s));
                    status
                        .map(Self::Http)
                        .ok_or("http=N with N from 400 to 599")
                } else {
                    graph(text).ok_or(KINDS)
                }
            }
        }
    }

    /// The Graph code, if it is one.
    pub(super) const fn code(self) -> Option<u32> {
        if let Self::Graph { code, .. } = self {
            Some(code)
        } else {
            None
        }
    }

    /// Whether the answer is replaced before the request is looked at.
    pub(super) const fn instead(self) -> bool {
        match self {
            Self::Graph { .. } | Self::Http(_) | Self::Html | Self::Hang | Self::Close => true,
            Self::Empty | Self::Truncate | Self::CloseAfter | Self::Latency(_) => false,
        }
    }
}

/// `131056`, `190/463`; a bare 400 to 599 is a status, since no Graph code that matters lies there.
fn graph(text: &str) -> Option<Kind> {
    let (code, subcode) = match text.split_once('/') {
        Some((code, subcode)) => (code, Some(subcode.parse().ok()?)),
        None => (text, None),
    };
    let code: u32 = code.parse().ok()?;
    match (u16::try_from(code), subcode) {
        (Ok(status @ 400..=599), None) => Some(Kind::Http(status)),
        _ => Some(Kind::Graph { code, subcode }),
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n| *n <= MAX_NUMBER)
}

fn span(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "latency=N with a unit, such as 200ms or 3s, an hour at most";
    let (digits, unit_ms) = if let Some(digits) = text.strip_suffix("ms") {
        (digits, 1)
    } else if let Some(digits) = text.strip_suffix('s') {
        (digits, 1000)
    } else {
        return Err(FORM);
    };
    let span = number(digits).map(|n| Duration::from_millis(n.saturating_mul(unit_ms)));
    span.filter(|span| *span <= MAX_LATENCY).ok_or(FORM)
}

impl Endpoint {
    fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        match text {
            "messages" => Ok(Some(Self::Messages)),
            "number" => Ok(Some(Self::Number)),
            "templates" => Ok(Some(Self::Templates)),
            "token" => Ok(Some(Self::Token)),
            "any" => Ok(None),
            _ => Err("on=messages, on=number, on=templates, on=token or on=any"),
        }
    }
}

/// The faults in force, and how often each could have come and came.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Counted>);

#[derive(Debug)]
struct Counted {
    fault: Fault,
    seen: u64,
    done: u64,
}

/// What one request meets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Drawn {
    /// How much later the answer comes.
    pub(super) latency: Duration,
    /// What goes wrong besides, and the fault's own text.
    pub(super) kind: Option<(Kind, String)>,
}

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self(
            faults
                .into_iter()
                .map(|fault| Counted {
                    fault,
                    seen: 0,
                    done: 0,
                })
                .collect(),
        )
    }

    /// What a request to `endpoint`, for the phone `to` (digits), meets: every latency that applies
    /// and the first other fault that does.
    pub(super) fn draw(&mut self, endpoint: Endpoint, to: Option<&str>) -> Drawn {
        let mut drawn = Drawn::default();
        for counted in &mut self.0 {
            let fault = &counted.fault;
            let here = fault.on.is_none_or(|on| on == endpoint)
                && fault.to.as_ref().is_none_or(|p| Some(p.digits()) == to);
            if !here {
                continue;
            }
            counted.seen += 1;
            let past = counted.seen.saturating_sub(fault.after);
            let due = past > 0
                && past.is_multiple_of(fault.every)
                && fault.count.is_none_or(|count| counted.done < count);
            if !due {
                continue;
            }
            if let Kind::Latency(span) = fault.kind {
                drawn.latency += span;
                counted.done += 1;
            } else if drawn.kind.is_none() {
                drawn.kind = Some((fault.kind, fault.text.clone()));
                counted.done += 1;
            }
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn hits(texts: &[&str], requests: usize) -> Vec<usize> {
        let mut faults = Faults::new(texts.iter().map(|t| Fault::parse(t).unwrap()).collect());
        (1..=requests)
            .filter(|_| faults.draw(Endpoint::Messages, None).kind.is_some())
            .collect()
    }

    #[test]
    fn conditions_say_which_requests_fail() {
        assert_eq!(hits(&["close"], 3), [1, 2, 3]);
        assert_eq!(hits(&["131056:every=5"], 11), [5, 10]);
        assert_eq!(hits(&["190:after=3"], 5), [4, 5]);
        assert_eq!(hits(&["500:after=1:every=2:count=2"], 9), [3, 5]);
    }

    #[test]
    fn a_fault_for_one_number_spares_the_others() {
        let mut faults = Faults::new(vec![Fault::parse("131026:to=+34600111222").unwrap()]);
        assert_eq!(
            faults.draw(Endpoint::Messages, Some("34600111223")),
            Drawn::default()
        );
        let drawn = faults.draw(Endpoint::Messages, Some("34600111222"));
        assert!(drawn.kind.is_some());
    }

    #[test]
    fn a_fault_meets_messages_unless_it_says_otherwise() {
        let mut faults = Faults::new(vec![Fault::parse("190:on=any:count=2").unwrap()]);
        assert!(faults.draw(Endpoint::Number, None).kind.is_some());
        assert!(faults.draw(Endpoint::Messages, None).kind.is_some());
        let mut faults = Faults::new(vec![Fault::parse("190").unwrap()]);
        assert_eq!(faults.draw(Endpoint::Number, None), Drawn::default());
    }

    #[test]
    fn latencies_add_up_and_leave_room_for_one_other_fault() {
        let texts = ["latency=200ms", "http=503", "latency=1s", "html:count=1"];
        let mut faults = Faults::new(texts.iter().map(|t| Fault::parse(t).unwrap()).collect());
        let drawn = faults.draw(Endpoint::Messages, None);
        assert_eq!(drawn.latency, Duration::from_millis(1200));
        assert_eq!(drawn.kind, Some((Kind::Http(503), "http=503".to_owned())));
    }

    #[test]
    fn codes_and_statuses_are_told_apart() {
        let kind = |text| Fault::parse(text).unwrap().kind;
        assert_eq!(kind("500"), Kind::Http(500));
        assert_eq!(
            kind("368"),
            Kind::Graph {
                code: 368,
                subcode: None
            }
        );
        assert_eq!(
            kind("190/463"),
            Kind::Graph {
                code: 190,
                subcode: Some(463)
            }
        );
    }

    #[test]
    fn errors_say_what_was_expected() {
        let told = |text: &str| Fault::parse(text).unwrap_err().to_string();
        assert_eq!(
            told("131056:every=0"),
            "\"every=0\" in fault \"131056:every=0\": expected every=N with N from 1"
        );
        assert!(told("slow").contains("expected a Graph code such as 131056"));
        assert!(told("latency=2").contains("200ms or 3s"));
        assert!(told("http=200").contains("400 to 599"));
        assert!(told("500:to=nobody").contains("country code first"));
        assert!(told("500:on=moon").contains("on=messages"));
        assert!(told("500:often").contains("every=N, after=N"));
    }
}
