//! Plays a rule test and compares what the rules say with what it expects.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Settings;
use crate::engine::ResumeError;
use crate::ingest::{Codec, Line as Input};
use crate::model::{AlarmRecord, Event, Time};

use super::scenario::{Act, Expected, Flaw, Line, Scenario};
use super::{Player, Replay, Said, returning};

/// When every test starts: 2026-01-01T00:00:00Z.
pub const START: Time = Time::from_ms(1_767_225_600_000);

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Messages that went out.
    pub messages: usize,
    /// What was not as expected, in order of time.
    pub misses: Vec<Miss>,
}

/// What was not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The line that expects; `None` for a message that no line expects.
    pub line: Option<usize>,
    /// When, after the start.
    pub at: Duration,
    /// What was expected, as written; `None` when nothing was.
    pub expected: Option<String>,
    /// What went out instead; `None` when nothing did.
    pub actual: Option<Said>,
}

/// Why a test cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A line of it is wrong.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// The engine cannot begin.
    #[error(transparent)]
    Engine(#[from] ResumeError),
}

/// Plays `scenario` with the rules of `settings`: no lanes and no limits, as in `simulate`.
///
/// # Errors
/// A line holds no record, or speaks of what is not played here.
pub fn check(scenario: &Scenario, settings: &Settings) -> Result<Trial, TrialError> {
    let said = play(scenario, settings)?;
    let messages = said.len();
    let mut misses = Vec::new();
    let mut left = said;
    let mut unmet = Vec::new();
    for (line, expected) in expectations(scenario) {
        match left.iter().position(|said| meets(said, line, expected)) {
            Some(place) => {
                left.remove(place);
            }
            None => unmet.push((line, expected)),
        }
    }
    for (line, expected) in unmet {
        // The message that was probably meant stands beside the expectation.
        let nearest = (0..left.len()).max_by_key(|place| likeness(&left[*place], line, expected));
        let actual = nearest
            .filter(|place| likeness(&left[*place], line, expected) > 0)
            .map(|place| left.remove(place));
        misses.push(Miss {
            line: Some(line.number),
            at: line.at,
            expected: Some(line.text.clone()),
            actual,
        });
    }
    misses.extend(left.into_iter().map(|said| unexpected(scenario, said)));
    misses.sort_by_key(|miss| (miss.at, miss.line));
    Ok(Trial { messages, misses })
}

fn play(scenario: &Scenario, settings: &Settings) -> Result<Vec<Said>, TrialError> {
    let codec = Codec::new(settings.dataminer.clone());
    let mut player = Player::new(vec![Replay::new(settings)?]);
    let mut said = Vec::new();
    let mut hear = |batch: Vec<Vec<Said>>| said.extend(batch.into_iter().flatten());
    for line in &scenario.lines {
        let at = START + line.at;
        match &line.act {
            Act::Alarm(text) => {
                in_order(&player, line)?;
                for record in records(&codec, text, at, line)? {
                    player.take(at, &Event::Record(Arc::new(record)), &mut hear);
                }
            }
            Act::Clear(id) => {
                in_order(&player, line)?;
                let event = Event::ClosedByHand {
                    id: id.clone(),
                    by: "test".to_owned(),
                };
                player.take(at, &event, &mut hear);
            }
            Act::Ack(id) => {
                in_order(&player, line)?;
                let event = Event::AckByHand {
                    id: id.clone(),
                    by: "test".to_owned(),
                };
                player.take(at, &event, &mut hear);
            }
            Act::Reply { .. } | Act::Undelivered { .. } => {
                in_order(&player, line)?;
                // What it is about may be told in this second.
                player.pass(at, &mut hear);
                let event = returning::event(&player, settings, line, at)?;
                player.take(at, &event, &mut hear);
            }
            Act::Other(what) => return Err(stranger(line, what).into()),
            Act::Expect(_) | Act::Nothing { .. } => {}
        }
    }
    // The whole of the last second.
    player.pass(
        START + scenario.end() + Duration::from_millis(999),
        &mut hear,
    );
    Ok(said)
}

fn in_order(player: &Player, line: &Line) -> Result<(), Flaw> {
    if START + line.at < player.now() {
        return Err(Flaw::new(
            line.number,
            "what happens must stand in order of time; move the line up",
        ));
    }
    Ok(())
}

fn records(codec: &Codec, text: &str, at: Time, line: &Line) -> Result<Vec<AlarmRecord>, Flaw> {
    let parsed = match codec.read_line(text.as_bytes(), at) {
        Input::Blank => Vec::new(),
        Input::One(parsed) => vec![parsed],
        Input::Many(parsed) => parsed,
    };
    let records = parsed.into_iter().map(|parsed| parsed.record);
    records
        .map(|record| record.map_err(|error| Flaw::new(line.number, format!("no record: {error}"))))
        .collect()
}

fn stranger(line: &Line, what: &str) -> Flaw {
    let verb = what.split_whitespace().next().unwrap_or(what);
    let message = if matches!(verb, "meta" | "tally") {
        format!(
            "`{verb}` speaks of delivery, and `klaxond test` plays rules only: what they say, before \
             lanes, limits and Meta; take the line out"
        )
    } else {
        format!("there is no `{verb}`; expected alarm, clear, ack, reply, undelivered or expect")
    };
    Flaw::new(line.number, message)
}

fn expectations(scenario: &Scenario) -> impl Iterator<Item = (&Line, &Expected)> {
    scenario.lines.iter().filter_map(|line| match &line.act {
        Act::Expect(expected) => Some((line, expected)),
        Act::Alarm(_)
        | Act::Clear(_)
        | Act::Ack(_)
        | Act::Reply { .. }
        | Act::Undelivered { .. }
        | Act::Nothing { .. }
        | Act::Other(_) => None,
    })
}

/// A message that no line expects, beside the line that rules it out, if there is one.
fn unexpected(scenario: &Scenario, said: Said) -> Miss {
    let at = said.after_start();
    let line = scenario.lines.iter().find(|line| match &line.act {
        Act::Nothing { contact, until } => {
            line.at <= at && at <= *until && contact.as_ref().is_none_or(|name| is_to(&said, name))
        }
        Act::Alarm(_)
        | Act::Clear(_)
        | Act::Ack(_)
        | Act::Reply { .. }
        | Act::Undelivered { .. }
        | Act::Expect(_)
        | Act::Other(_) => false,
    });
    Miss {
        line: line.map(|line| line.number),
        at,
        expected: line.map(|line| line.text.clone()),
        actual: Some(said),
    }
}

impl Said {
    /// When, after the start of a test, in whole seconds as timelines count.
    #[must_use]
    pub fn after_start(&self) -> Duration {
        Duration::from_secs(self.at.since(START).as_secs())
    }
}

fn is_to(said: &Said, name: &str) -> bool {
    said.contact == name || said.contact_name == name
}

fn is_in_time(said: &Said, line: &Line) -> bool {
    (line.at..=line.to).contains(&said.after_start())
}

fn meets(said: &Said, line: &Line, expected: &Expected) -> bool {
    is_in_time(said, line)
        && is_to(said, &expected.contact)
        && expected.kind.is_none_or(|kind| kind == said.kind)
        && said.text.contains(&expected.words)
}

/// How much a message looks like the one that was expected; 0 is not at all.
fn likeness(said: &Said, line: &Line, expected: &Expected) -> u32 {
    if !is_to(said, &expected.contact) {
        return 0;
    }
    let is_now = is_in_time(said, line);
    let has_words = said.text.contains(&expected.words);
    let has_kind = expected.kind.is_none_or(|kind| kind == said.kind);
    4 * u32::from(is_now) + 2 * u32::from(has_words) + u32::from(has_kind && has_words)
}
