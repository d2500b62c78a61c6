//! `klaxond status`: how things stand, and who is not told.

use serde_json::Value;

use super::Exit;
use super::control;
use super::inquire::{list, text};
use super::options::{ConfigArgs, Output, block_on, print};

/// The options of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Says what waits, what is held, and who is not told at this moment and why: holds, people who said
stop, contacts that are off, shadow mode, a dead token.

Exit codes: 0 everyone is told, 1 somebody is not, 2 no daemon answers.

Examples:
  klaxond status
  klaxond status --output json")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    status(args).unwrap_or_else(|exit| exit)
}

fn status(args: &Args) -> Result<Exit, Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let call = control::call(
        &settings.http.control,
        reqwest::Method::GET,
        "/api/v1/status",
        args.output,
    );
    let status = match block_on(call)? {
        Ok(status) => status,
        Err(Exit::TempFail) => return Err(Exit::Down),
        Err(exit) => return Err(exit),
    };
    match args.output {
        Output::Json => print(&status.to_string()),
        Output::Text => tell(&status),
    }
    let quiet = list(&status, "not_told").next().is_some();
    Ok(if quiet { Exit::Degraded } else { Exit::Ok })
}

fn tell(status: &Value) {
    let count = |key: &str| status.get(key).and_then(Value::as_u64).unwrap_or(0);
    print(&format!(
        "klaxond {}: {} waiting, {} under way",
        text(status, "version"),
        count("waiting"),
        count("in_flight")
    ));
    let messages = status.get("messages").and_then(Value::as_object);
    let messages = messages.into_iter().flatten();
    let counted: Vec<String> = messages
        .filter_map(|(state, count)| Some((state, count.as_u64().filter(|count| *count > 0)?)))
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    if !counted.is_empty() {
        print(&format!("messages: {}", counted.join(", ")));
    }
    let back = status.get("came_back").unwrap_or(&Value::Null);
    let back = |key: &str| back.get(key).and_then(Value::as_u64).unwrap_or(0);
    if back("logged") + back("strangers") > 0 {
        print(&format!(
            "came back: {} receipts and replies, {} from numbers that are no contact's",
            back("logged"),
            back("strangers")
        ));
    }
    let account = status.get("account").unwrap_or(&Value::Null);
    for warning in list(account, "warnings").filter_map(Value::as_str) {
        print(&format!("warning: {warning}"));
    }
    let mut quiet = list(status, "not_told").peekable();
    if quiet.peek().is_none() {
        print("everyone is told");
    }
    for one in quiet {
        let since = text(one, "since");
        let since = if since.is_empty() {
            String::new()
        } else {
            format!(" since {since}")
        };
        print(&format!(
            "not told: {} ({}{since}): {}",
            text(one, "who"),
            text(one, "state"),
            text(one, "why")
        ));
    }
}
