//! Faults on request: how they are written.

use std::fmt;
use std::time::Duration;

use crate::model::{Phone, Stage};

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
  answer-after=1s  the message is accepted at once, the answer comes later
Kinds for what is posted with --webhook (sent, delivered and read of each message):
  failed=131026    not delivered but failed, with that code
  lost             never posted
  twice            posted twice
  late=2s          comes that much later
  disorder         comes at any time, before or after the others of its message
  batch=20         waits until 20 such go in one body, a second at most
  forged           a copy with a wrong signature is posted first
Conditions, all of which must hold:
  every=5          every 5th request or receipt; without it every one
  after=10         not the first 10
  count=3          3 times at most
  to=34600111222   only messages to this number
  chance=20%       that often, at random (--seed)
  on=messages      where: messages (the default), number, templates, token or any
  status=read      of receipts: sent, delivered or read";

const CONDITIONS: &str =
    "every=N, after=N, count=N, chance=N%, to=NUMBER, on=PLACE or status=STATUS";
/// The largest number in a condition.
const MAX_NUMBER: u64 = 1_000_000_000;
/// Most receipts of one body, as at Meta.
pub(super) const MAX_BATCH: usize = 1000;
/// The longest latency.
const MAX_LATENCY: Duration = Duration::from_secs(3600);

/// Something that goes wrong on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) every: u64,
    pub(super) after: u64,
    pub(super) count: Option<u64>,
    /// In 100 times.
    pub(super) chance: Option<u8>,
    pub(super) to: Option<Phone>,
    /// Of requests.
    pub(super) on: Option<Endpoint>,
    /// Of receipts.
    pub(super) status: Option<Stage>,
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
    /// It works at once, and takes longer to say so.
    AnswerAfter(Duration),
    /// Of a receipt.
    Receipt(Twist),
}

/// What goes wrong with a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twist {
    /// It says that the message failed, with this code.
    Failed(u32),
    Lost,
    Twice,
    Late(Duration),
    Disorder,
    /// It waits for others, so many in all.
    Batch(usize),
    Forged,
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
            chance: None,
            to: None,
            on: Some(Endpoint::Messages),
            status: None,
        };
        // A message that is on the phone cannot fail any more.
        if let Kind::Receipt(Twist::Failed(_)) = fault.kind {
            fault.status = Some(Stage::Delivered);
        }
        for part in parts {
            fault
                .condition(part)
                .map_err(|expected| error(part, expected))?;
        }
        Ok(fault)
    }

    fn condition(&mut self, part: &str) -> Result<(), &'static str> {
        let (name, value) = part.split_once('=').ok_or(CONDITIONS)?;
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
            "chance" => self.chance = Some(chance(value).ok_or("chance=N% with N from 1 to 100")?),
            "on" if self.is_of_receipts() => {
                return Err("status=… for a fault of receipts, not on=…");
            }
            "on" => self.on = Endpoint::parse(value)?,
            "status" if !self.is_of_receipts() => {
                return Err("on=… for a fault of requests, not status=…");
            }
            "status" => self.status = Some(self.stage(value)?),
            _ => return Err(CONDITIONS),
        }
        Ok(())
    }

    const fn is_of_receipts(&self) -> bool {
        matches!(self.kind, Kind::Receipt(_))
    }

    fn stage(&self, value: &str) -> Result<Stage, &'static str> {
        let stage = Stage::from_name(value).filter(|stage| *stage != Stage::Failed);
        match (self.kind, stage) {
            (_, None) => Err("status=sent, status=delivered or status=read"),
            (Kind::Receipt(Twist::Failed(_)), Some(Stage::Read)) => {
                Err("status=sent or status=delivered: what was delivered cannot fail")
            }
            (_, Some(stage)) => Ok(stage),
        }
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
                             empty, truncate, hang, close, close-after, latency=200ms or \
                             answer-after=1s; for receipts failed=131026, lost, twice, late=2s, \
                             disorder, batch=20 or forged";
        match text {
            "html" => Ok(Self::Html),
            "empty" => Ok(Self::Empty),
            "truncate" => Ok(Self::Truncate),
            "hang" => Ok(Self::Hang),
            "close" => Ok(Self::Close),
            "close-after" => Ok(Self::CloseAfter),
            "lost" => Ok(Self::Receipt(Twist::Lost)),
            "twice" => Ok(Self::Receipt(Twist::Twice)),
            "disorder" => Ok(Self::Receipt(Twist::Disorder)),
            "forged" => Ok(Self::Receipt(Twist::Forged)),
            _ => {
                if let Some(value) = text.strip_prefix("latency=") {
                    span(value).map(Self::Latency)
                } else if let Some(value) = text.strip_prefix("answer-after=") {
                    span(value).map(Self::AnswerAfter)
                } else if let Some(value) = text.strip_prefix("late=") {
                    span(value).map(|span| Self::Receipt(Twist::Late(span)))
                } else if let Some(value) = text.strip_prefix("failed=") {
                    let code = value.parse().ok().filter(|code| *code > 0);
                    code.map(|code| Self::Receipt(Twist::Failed(code)))
                        .ok_or("failed=CODE, such as failed=131026")
                } else if let Some(value) = text.strip_prefix("batch=") {
                    let size = value.parse().ok().filter(|n| (2..=MAX_BATCH).contains(n));
                    size.map(|size| Self::Receipt(Twist::Batch(size)))
                        .ok_or("batch=N with N from 2 to 1000")
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
            Self::Empty
            | Self::Truncate
            | Self::CloseAfter
            | Self::Latency(_)
            | Self::AnswerAfter(_)
            | Self::Receipt(_) => false,
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

/// `20%`, `20`.
fn chance(text: &str) -> Option<u8> {
    let digits = text.strip_suffix('%').unwrap_or(text);
    digits.parse().ok().filter(|n| (1..=100).contains(n))
}

fn span(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "a number with a unit, such as 200ms or 3s, an hour at most";
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

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
        assert!(told("lost:on=number").contains("status="));
        assert!(told("500:status=read").contains("on="));
        assert!(told("failed=131026:status=read").contains("cannot fail"));
        assert!(told("twice:chance=0%").contains("from 1 to 100"));
        assert!(told("batch=1").contains("from 2 to 1000"));
    }
}
