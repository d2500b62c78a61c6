//! Rule tests as files: a config, a line `---`, and a timeline.
//!
//! ```text
//! [[contacts]]
//! name = "NOC desk"
//! phone = "34600111222"
//! [[rules]]
//! name = "Critical alarms"
//! filter = 'severity = critical'
//! ---
//! 00:00 alarm {"element": "Encoder 7", "severity": "critical"}
//! 00:00 expect raised to NOC desk: Encoder 7 is Critical
//! 00:10 expect nothing until 05:00
//! ```
//!
//! The config has no `[whatsapp]`; a line `config = "FILE"` in its place names a config file. Times
//! are `MM:SS` or `HH:MM:SS` after the start; what is expected may have a span (`00:01..00:05`). Lines that begin with `#` say nothing.

use std::time::Duration;

use crate::model::Kind;

/// A rule test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The rules it tests.
    pub setup: Setup,
    /// Its timeline, in the order of the file.
    pub lines: Vec<Line>,
}

/// Where the rules of a test are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setup {
    /// In the test: the text of a config.
    Inline(String),
    /// In a config file, relative to the test.
    File(String),
}

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// In the file, from 1.
    pub number: usize,
    /// After the start.
    pub at: Duration,
    /// Where a span is written (`00:01..00:05`), its end; else the same.
    pub to: Duration,
    /// As written, without white space around it.
    pub text: String,
    /// What it says.
    pub act: Act,
}

/// What a line of a timeline says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A record arrives, as on the socket.
    Alarm(String),
    /// `klaxond clear` of this id.
    Clear(String),
    /// `klaxond ack` of this id.
    Ack(String),
    /// A contact writes or taps something.
    Reply {
        /// Who, by name or id.
        contact: String,
        /// Words of the message that it is about; the last one when not given.
        about: String,
        /// What.
        words: String,
    },
    /// A message will not reach its contact.
    Undelivered {
        /// Who, by name or id.
        contact: String,
        /// Words of the message.
        words: String,
    },
    /// A message goes out.
    Expect(Expected),
    /// No message goes out from here until then, to a contact or to anybody.
    Nothing {
        /// To whom; anybody when not given.
        contact: Option<String>,
        /// After the start.
        until: Duration,
    },
    /// Anything else: what happens around the rules, for whoever knows it.
    Other(String),
}

/// A message as a test expects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What it says, where the test cares.
    pub kind: Option<Kind>,
    /// To whom, by name or id.
    pub contact: String,
    /// What its text holds.
    pub words: String,
}

/// What is wrong with a test, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct Flaw {
    /// In the file, from 1.
    pub line: usize,
    /// A fragment that says what was expected.
    pub message: String,
}

impl Flaw {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

impl Scenario {
    /// Reads a test.
    ///
    /// # Errors
    /// The first line that cannot be read.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let mut config = String::new();
        let mut rest = (1..).zip(text.lines());
        let is_timed = rest.by_ref().any(|(_, line)| {
            let ends = line.trim_end() == "---";
            if !ends {
                config.push_str(line);
                config.push('\n');
            }
            ends
        });
        if !is_timed {
            let last = text.lines().count().max(1);
            return Err(Flaw::new(
                last,
                "there is no timeline; write the config, a line ---, and the timeline under it",
            ));
        }
        let setup = setup(config)?;
        let lines = rest
            .map(|(number, line)| (number, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(number, line)| read(number, line))
            .collect::<Result<_, _>>()?;
        Ok(Self { setup, lines })
    }

    /// When the last thing of the timeline happens or is expected.
    #[must_use]
    pub fn end(&self) -> Duration {
        let ends = self.lines.iter().map(|line| match &line.act {
            Act::Nothing { until, .. } => (*until).max(line.at),
            Act::Alarm(_)
            | Act::Clear(_)
            | Act::Ack(_)
            | Act::Reply { .. }
            | Act::Undelivered { .. }
            | Act::Expect(_)
            | Act::Other(_) => line.to,
        });
        ends.max().unwrap_or_default()
    }
}

/// A time after the start as timelines write it: `MM:SS` or `HH:MM:SS`.
#[must_use]
pub fn clock(at: Duration) -> String {
    let (hours, minutes, seconds) = (
        at.as_secs() / 3_600,
        at.as_secs() / 60 % 60,
        at.as_secs() % 60,
    );
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    }
}

fn setup(config: String) -> Result<Setup, Flaw> {
    let mut says = (1..)
        .zip(config.lines().map(str::trim))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let named = says.next().and_then(|(number, line)| {
        let value = line
            .strip_prefix("config")?
            .trim_start()
            .strip_prefix('=')?;
        Some((number, value.trim().to_owned()))
    });
    let Some((number, value)) = named else {
        drop(says);
        return Ok(Setup::Inline(config));
    };
    if let Some((other, _)) = says.next() {
        return Err(Flaw::new(
            other,
            "the rules are in the file that `config` names; write nothing beside it, or the whole \
             config here",
        ));
    }
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    match quoted('"').or_else(|| quoted('\'')) {
        Some(path) if !path.is_empty() => Ok(Setup::File(path.to_owned())),
        Some(_) | None => Err(Flaw::new(number, "write config = \"FILE\"")),
    }
}

fn read(number: usize, text: &str) -> Result<Line, Flaw> {
    let flaw = |message: &str| Flaw::new(number, format!("{message}: {text}"));
    let (time, what) = text
        .split_once(char::is_whitespace)
        .ok_or_else(|| flaw("expected a time and what happens"))?;
    let (at, to) = match time.split_once("..") {
        Some((from, to)) => (span(from), span(to)),
        None => (span(time), span(time)),
    };
    let (Some(at), Some(to)) = (at, to.filter(|to| at <= Some(*to))) else {
        return Err(flaw("expected a time, MM:SS or HH:MM:SS, in front"));
    };
    let what = what.trim_start();
    let (verb, rest) = what.split_once(char::is_whitespace).unwrap_or((what, ""));
    let rest = rest.trim();
    let act = match verb {
        "alarm" if rest.is_empty() => return Err(flaw("expected a record behind `alarm`")),
        "alarm" => Act::Alarm(rest.to_owned()),
        "clear" if rest.is_empty() => return Err(flaw("expected the id of an alarm")),
        "clear" => Act::Clear(rest.to_owned()),
        "ack" if rest.is_empty() => return Err(flaw("expected the id of an alarm")),
        "ack" => Act::Ack(rest.to_owned()),
        "reply" => reply(rest).map_err(flaw)?,
        "undelivered" => undelivered(rest).map_err(flaw)?,
        "expect" => expect(at, rest).map_err(flaw)?,
        _ => Act::Other(what.to_owned()),
    };
    Ok(Line {
        number,
        at,
        to,
        text: text.to_owned(),
        act,
    })
}

fn reply(rest: &str) -> Result<Act, &'static str> {
    const SHAPE: &str = "expected `reply NAME: WHAT`, or `reply NAME (WORDS OF THE MESSAGE): WHAT`";
    let (who, words) = rest.split_once(": ").ok_or(SHAPE)?;
    let (contact, about) = match who.split_once('(') {
        Some((contact, about)) => (contact, about.trim_end().strip_suffix(')').ok_or(SHAPE)?),
        None => (who, ""),
    };
    if contact.trim().is_empty() || words.trim().is_empty() {
        return Err(SHAPE);
    }
    Ok(Act::Reply {
        contact: contact.trim().to_owned(),
        about: about.trim().to_owned(),
        words: words.trim().to_owned(),
    })
}

fn undelivered(rest: &str) -> Result<Act, &'static str> {
    const SHAPE: &str = "expected `undelivered NAME: WORDS OF THE MESSAGE`";
    let (contact, words) = rest.split_once(':').ok_or(SHAPE)?;
    if contact.trim().is_empty() {
        return Err(SHAPE);
    }
    Ok(Act::Undelivered {
        contact: contact.trim().to_owned(),
        words: words.trim().to_owned(),
    })
}

fn expect(at: Duration, rest: &str) -> Result<Act, &'static str> {
    const SHAPE: &str = "expected `expect NAME: WORDS`, `expect KIND to NAME: WORDS` (raised, \
                         updated, cleared, reminder, escalated, acknowledged, answer, notice) or `expect nothing [to NAME] [until TIME]`";
    if let Some(rest) = rest.strip_prefix("nothing")
        && (rest.is_empty() || rest.starts_with(char::is_whitespace))
        && (!rest.contains(": ") && !rest.ends_with(':'))
    {
        return nothing(at, rest).ok_or(SHAPE);
    }
    let (who, words) = rest.split_once(':').ok_or(SHAPE)?;
    let kind = Kind::ALL.into_iter().find_map(|kind| {
        let contact = who.strip_prefix(kind.name())?.strip_prefix(" to ")?;
        Some((kind, contact))
    });
    let contact = kind.map_or(who, |(_, contact)| contact).trim();
    if contact.is_empty() {
        return Err(SHAPE);
    }
    Ok(Act::Expect(Expected {
        kind: kind.map(|(kind, _)| kind),
        contact: contact.to_owned(),
        words: words.trim().to_owned(),
    }))
}

fn nothing(at: Duration, rest: &str) -> Option<Act> {
    let (who, until) = match rest.rsplit_once("until ") {
        Some((who, until)) => (who, span(until.trim())?),
        None => (rest, at),
    };
    let contact = match who.trim() {
        "" => None,
        who => Some(who.strip_prefix("to ")?.trim().to_owned()),
    };
    (until >= at).then_some(Act::Nothing { contact, until })
}

/// `MM:SS` or `HH:MM:SS`.
fn span(text: &str) -> Option<Duration> {
    let parts: Vec<u64> = text
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let seconds = match parts.as_slice() {
        [minutes, seconds] => minutes.checked_mul(60)?.checked_add(*seconds)?,
        [hours, minutes, seconds] => hours
            .checked_mul(3_600)?
            .checked_add(minutes.checked_mul(60)?)?
            .checked_add(*seconds)?,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}
