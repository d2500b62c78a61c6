//! `klaxond messages`: messages in a list.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::config;
use crate::daemon::story::{self, Filter};
use crate::model::Time;

use super::Exit;
use super::inquire::{self, dotted, list, text};
use super::options::{ConfigArgs, Output, print};

/// The options of `messages`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
States: queued, held, sending, unknown, accepted, sent, delivered, read, failed, expired,
superseded, digested, shadow. `klaxond why ID` tells the story of one. While no daemon answers they
are read from the database.

Exit codes: 0 listed, 65 there is no such state, 69 the database cannot be read, 78 the config is
wrong.

Examples:
  klaxond messages
  klaxond messages --state failed --since 24h
  klaxond messages --contact 'NOC desk' --limit 5")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only of this contact
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// Only in this state
    #[arg(long)]
    state: Option<String>,
    /// Only of the last so long
    #[arg(long, value_name = "SPAN", value_parser = config::span)]
    since: Option<Duration>,
    /// At most so many, 1000 at most
    #[arg(long, default_value = "50")]
    limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    messages(args).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn messages(args: &Args) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let since = args.since.map(|span| Time::from(Timestamp::now()) - span);
    let filter = Filter {
        contact: args.contact.clone(),
        state: args.state.clone(),
        since,
        limit: Some(args.limit),
    };
    let limit = args.limit.to_string();
    let since = since.map(|since| since.as_ms().to_string());
    let mut values = vec![("limit", limit.as_str())];
    values.extend(args.contact.as_deref().map(|contact| ("contact", contact)));
    values.extend(args.state.as_deref().map(|state| ("state", state)));
    values.extend(since.as_deref().map(|since| ("since", since)));
    let path = inquire::path("messages", &values)?;
    let found = inquire::ask(&settings, &path, args.output, |inquiry, _| {
        story::messages(inquiry, &filter)
    })?;
    match args.output {
        Output::Json => print(&found.to_string()),
        Output::Text => {
            list(&found, "messages").for_each(|message| print(&line(message)));
            if found.get("more").and_then(Value::as_bool) == Some(true) {
                eprintln!("there are more: --limit, --since, --contact or --state");
            }
        }
    }
    Ok(())
}

fn line(message: &Value) -> String {
    let alarm = message.get("alarm").unwrap_or(&Value::Null);
    let about = dotted(&[
        text(alarm, "id"),
        text(alarm, "element"),
        text(alarm, "parameter"),
        text(alarm, "severity"),
    ]);
    let mut line = format!(
        "{}  {:<5} {:<10} {} to {}: {about}",
        text(message, "at"),
        text(message, "id"),
        text(message, "state"),
        text(message, "kind"),
        text(message, "contact"),
    );
    let reason = text(message, "reason");
    if !reason.is_empty() {
        line.push_str(&format!(" ({reason})"));
    }
    line
}
