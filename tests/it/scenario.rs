//! Runs every timeline in `tests/scenarios/` on virtual time.
//!
//! A file is a config, a line `---`, and a timeline:
//!
//! ```text
//! 00:00 alarm {"element": "Encoder 7", "severity": "critical"}
//! 00:00 expect NOC desk: Encoder 7 is Critical
//! 00:10 meta answers 131056 to NOC desk
//! 00:20 meta is down with 190
//! 00:30 meta is well
//! 00:30 meta refuses template klaxond_fan with 132015
//! 00:30 meta takes template klaxond_fan
//! 00:30 meta loses the answer of a message that arrived
//! 00:30 meta loses the answer of a message that vanished
//! 00:30 meta takes 00:25
//! 00:40 tally accepted=1 queued=0
//! ```
//!
//! Times are `MM:SS` or `HH:MM:SS` after the start. Every message must be expected, at its second or
//! in a span (`00:01..00:05`, where chance has a part), with all the words behind the colon in its text.

use std::time::Duration;

use klaxond::daemon::replay::{Act, Scenario, Setup};
use klaxond::model::Answer as Told;

use crate::support::house::{House, START};
use crate::support::meta::{Answer, Meta};

#[tokio::test(start_paused = true)]
async fn every_scenario_comes_out_as_written() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // Those of rules alone are in a folder of their own: tests/it/rule_test.rs.
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no scenarios");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let failures = play(&text).await;
        assert!(
            failures.is_empty(),
            "{}:\n{}",
            file.display(),
            failures.join("\n")
        );
    }
}

/// The runner itself must be able to fail.
#[tokio::test(start_paused = true)]
async fn a_scenario_that_expects_too_much_or_too_little_fails() {
    let config =
        "[[contacts]]\nname = \"A\"\nphone = \"34600111222\"\n[[rules]]\nname = \"all\"\n---\n";
    let silent = format!("{config}00:00 alarm {{\"element\":\"E\",\"severity\":\"major\"}}\n");
    assert_eq!(play(&silent).await.len(), 1, "a message nobody expects");
    let wanting = format!("{config}00:00 expect A: E\n");
    assert_eq!(
        play(&wanting).await.len(),
        1,
        "a message that does not come"
    );
    let wrong = format!("{silent}00:00 expect A: another element\n");
    assert_eq!(play(&wrong).await.len(), 2, "a message with other words");
}

async fn play(text: &str) -> Vec<String> {
    let scenario = Scenario::parse(text).unwrap_or_else(|flaw| panic!("{flaw}"));
    let Setup::Inline(config) = &scenario.setup else {
        panic!("a scenario of the daemon holds its config");
    };
    let mut house = House::build(config).await;
    let begin = tokio::time::Instant::now();
    let mut failures = Vec::new();
    for line in &scenario.lines {
        if matches!(line.act, Act::Expect(_) | Act::Nothing { .. }) {
            continue;
        }
        // Paused time: this jumps from one thing that is due to the next.
        tokio::time::sleep_until(begin + line.at).await;
        // What is due in this second happens before what the timeline does in it.
        house.pass(Duration::from_millis(1)).await;
        if let Some(failure) = act(&mut house, &line.act).await {
            failures.push(format!("{}\n    {failure}", line.text));
        }
    }
    // Paused time, as above.
    tokio::time::sleep_until(begin + scenario.end() + Duration::from_secs(1)).await;
    failures.extend(compare(&house, &scenario));
    house.core.drain(Duration::from_secs(20)).await;
    failures
}

async fn act(house: &mut House, act: &Act) -> Option<String> {
    let what = match act {
        Act::Alarm(line) => {
            let answers = house.hand_in(line).await;
            let refused = answers
                .iter()
                .find(|answer| !matches!(answer, Told::Stored { .. } | Told::Ignored { .. }));
            return refused.map(|answer| format!("was answered {answer:?}"));
        }
        Act::Clear(id) => {
            let closed = house
                .core
                .controls()
                .close_by_hand(id, "test")
                .await
                .unwrap();
            return closed
                .is_empty()
                .then(|| "no such alarm is open".to_owned());
        }
        Act::Ack(_) | Act::Reply { .. } | Act::Undelivered { .. } => {
            return Some(
                "what comes back is for tests of rules; see tests/scenarios/rules".to_owned(),
            );
        }
        Act::Expect(_) | Act::Nothing { .. } => return None,
        Act::Other(what) => what,
    };
    if let Some(wanted) = what.strip_prefix("tally ") {
        return tally(house, wanted).await;
    }
    if what == "crash" {
        // A house cannot be moved out of a reference; its successor takes its place.
        return Some("crash is not for scenarios; see tests/it/restart.rs".to_owned());
    }
    meta(
        &house.meta,
        house,
        what.strip_prefix("meta ")
            .unwrap_or_else(|| panic!("what is {what:?}?")),
    );
    None
}

fn meta(meta: &Meta, house: &House, what: &str) {
    let words: Vec<&str> = what.split_whitespace().collect();
    match words.as_slice() {
        ["is", "well"] => meta.stand(None),
        ["is", "down", "with", code] => meta.stand(Some(code.parse().unwrap())),
        ["answers", code, "to", name @ ..] => {
            let name = name.join(" ");
            let contact = house
                .settings
                .ruleset
                .contacts
                .iter()
                .find(|contact| contact.name == name)
                .unwrap();
            meta.answer_next(
                Some(contact.phone.digits()),
                Answer::Error(code.parse().unwrap()),
            );
        }
        ["loses", "the", "answer", "of", "a", "message", "that", kind] => {
            meta.answer_next(
                None,
                Answer::Lost {
                    delivered: *kind == "arrived",
                },
            );
        }
        ["refuses", "template", name, "with", code] => {
            meta.refuse_template(name, Some(code.parse().unwrap()));
        }
        ["takes", "template", name] => meta.refuse_template(name, None),
        ["takes", span] => {
            meta.answer_next(None, Answer::Slow(Duration::from_secs(seconds(span))));
        }
        _ => panic!("meta cannot {what:?}"),
    }
}

async fn tally(house: &House, wanted: &str) -> Option<String> {
    let tally = house.core.store().outbox.tally().await.unwrap();
    for pair in wanted.split_whitespace() {
        let (state, count) = pair.split_once('=').unwrap();
        let state = klaxond::model::MessageState::from_name(state).unwrap();
        let actual = tally.count(state);
        if actual != count.parse::<u64>().unwrap() {
            return Some(format!("there are {actual} messages {}", state.name()));
        }
    }
    None
}

fn compare(house: &House, scenario: &Scenario) -> Vec<String> {
    let mut arrived: Vec<(u64, String, String)> = house
        .meta
        .arrived()
        .into_iter()
        .map(|arrived| {
            let at_s = arrived.at.since(START).as_secs();
            (at_s, house.name_of(&arrived.phone), arrived.text)
        })
        .collect();
    let mut failures = Vec::new();
    for line in &scenario.lines {
        let Act::Expect(expected) = &line.act else {
            continue;
        };
        let place = arrived.iter().position(|(at_s, contact, text)| {
            (line.at.as_secs()..=line.to.as_secs()).contains(at_s)
                && *contact == expected.contact
                && text.contains(&expected.words)
        });
        match place {
            Some(place) => {
                arrived.remove(place);
            }
            None => failures.push(format!("did not come: {}", line.text)),
        }
    }
    failures.extend(arrived.into_iter().map(|(at_s, contact, text)| {
        format!(
            "came unexpected: {:02}:{:02} {contact}: {}",
            at_s / 60,
            at_s % 60,
            text.replace('\n', " / ")
        )
    }));
    failures
}

fn seconds(time: &str) -> u64 {
    time.split(':')
        .fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap())
}
