//! `klaxond clear`: ends an alarm by hand.

use serde_json::Value;

use super::Exit;
use super::control;
use super::options::{ConfigArgs, Output, block_on};

/// The options of `clear`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For an alarm that is over and whose clear will not come. Every open alarm of that root id ends, and
whoever was told of it is told its end (on_clear), with the reason \"closed by hand\". The next
record of that id is a new alarm.

Exit codes: 0 closed, 1 no alarm of that id is open, 75 no daemon answers.

Examples:
  klaxond clear 4711
  klaxond clear 'Encoder 7/Input bitrate'")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The root id of the alarm
    id: String,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    clear(args).unwrap_or_else(|exit| exit)
}

fn clear(args: &Args) -> Result<Exit, Exit> {
    let loaded = args.config.load()?;
    let path = path(&args.id)?;
    let answer = block_on(control::call(
        &loaded.settings.http.control,
        reqwest::Method::POST,
        &path,
        args.output,
    ))??;
    if args.output == Output::Json {
        println!("{answer}");
    }
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        if args.output == Output::Text {
            eprintln!("klaxond: {error}");
        }
        return Err(Exit::TempFail);
    }
    let closed = answer.get("closed").and_then(Value::as_array);
    let closed: Vec<&Value> = closed.into_iter().flatten().collect();
    if args.output == Output::Text {
        for alarm in &closed {
            println!("closed: {}", words(alarm));
        }
        if closed.is_empty() {
            println!("no alarm {} is open", args.id);
        }
    }
    Ok(if closed.is_empty() {
        Exit::Degraded
    } else {
        Exit::Ok
    })
}

/// The path of the call, the id written so that any text comes through.
fn path(id: &str) -> Result<String, Exit> {
    let url = reqwest::Url::parse_with_params("http://klaxond/api/v1/clear", [("id", id)]);
    url.map(|url| format!("{}?{}", url.path(), url.query().unwrap_or_default()))
        .map_err(|error| {
            eprintln!("klaxond: {error}");
            Exit::Usage
        })
}

fn words(alarm: &Value) -> String {
    let text = |key: &str| alarm.get(key).and_then(Value::as_str).unwrap_or_default();
    let parts = [text("element"), text("id"), text("severity"), text("value")];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}
