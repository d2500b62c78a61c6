//! Asking the daemon, and the database while it is down.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::Value;

use crate::config::Settings;
use crate::daemon::story::{Scene, StoryError};
use crate::model::Time;
use crate::store::Inquiry;

use super::Exit;
use super::control;
use super::options::{Output, block_on, complain};

/// What the daemon answers, or, while none answers, what `look` finds in the database.
pub(super) fn ask(
    settings: &Settings,
    path: &str,
    output: Output,
    look: impl FnOnce(&Inquiry, &Scene<'_>) -> Result<Value, StoryError>,
) -> Result<Value, Exit> {
    let socket = &settings.http.control;
    match block_on(control::reach(socket, Method::GET, path, output))?? {
        Some(answer) => taken(answer, output),
        None => {
            let database = settings.storage.path.display();
            eprintln!("note: no daemon answers; this is what {database} holds");
            beside(settings, output, look)
        }
    }
}

/// What `look` finds in the database.
fn beside(
    settings: &Settings,
    output: Output,
    look: impl FnOnce(&Inquiry, &Scene<'_>) -> Result<Value, StoryError>,
) -> Result<Value, Exit> {
    let scene = Scene {
        ruleset: &settings.ruleset,
        receipts: settings.webhook.is_some(),
        now: Time::from(Timestamp::now()),
    };
    let found = Inquiry::open(&settings.storage.path).map_err(StoryError::from);
    let found = found.and_then(|inquiry| look(&inquiry, &scene));
    found.map_err(|error| failed(&error, output))
}

/// What the daemon does; it has to run.
pub(super) fn order(settings: &Settings, path: &str, output: Output) -> Result<Value, Exit> {
    let socket = &settings.http.control;
    let answer = block_on(control::call(socket, Method::POST, path, output))??;
    taken(answer, output)
}

/// Why there is no story, told, and how the command ends.
pub(super) fn failed(error: &StoryError, output: Output) -> Exit {
    complain(output, &error.to_string());
    match error {
        StoryError::Unknown(_) | StoryError::Refused(_) => Exit::Data,
        StoryError::Store(error) => super::backup::exit(error.class()),
    }
}

/// The daemon's answer; a refusal is told.
pub(super) fn taken(answer: Value, output: Output) -> Result<Value, Exit> {
    let Some(error) = answer.get("error").and_then(Value::as_str) else {
        return Ok(answer);
    };
    complain(output, error);
    Err(match answer.get("class").and_then(Value::as_str) {
        Some("unknown" | "refused") => Exit::Data,
        Some(_) => Exit::TempFail,
        None => Exit::Unavailable,
    })
}

/// The path of a call, its values written so that any text comes through.
pub(super) fn path(route: &str, values: &[(&str, &str)]) -> Result<String, Exit> {
    let base = format!("http://klaxond/api/v1/{route}");
    let url = reqwest::Url::parse_with_params(&base, values);
    url.map(|url| format!("{}?{}", url.path(), url.query().unwrap_or_default()))
        .map_err(|error| {
            eprintln!("klaxond: {error}");
            Exit::Usage
        })
}

/// A text of an answer; empty when it is not there.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A list of an answer.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// What is not empty, with dots between.
pub(super) fn dotted(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(" · ")
}
