//! `klaxond reload`: the running daemon reads its config again.

use serde_json::Value;

use super::Exit;
use super::control;
use super::options::{ConfigArgs, Output, block_on};

/// The most messages that a dry run prints.
const MAX_SHOWN: usize = 100;

/// The options of `reload`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Rules, contacts, templates, token and limits change at once; nothing is lost or repeated. A wrong
config changes nothing. What needs a restart is said.

Examples:
  klaxond reload --dry-run     what would change, and who would be messaged at once
  klaxond reload               change it (the same as SIGHUP and `systemctl reload klaxond`)")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Say what would change and what would be sent at once, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    reload(args).unwrap_or_else(|exit| exit)
}

fn reload(args: &Args) -> Result<Exit, Exit> {
    let loaded = args.config.load_for(args.output)?;
    let path = if args.dry_run {
        "/-/reload?dry_run=true"
    } else {
        "/-/reload"
    };
    let answer = block_on(control::call(
        &loaded.settings.http.control,
        reqwest::Method::POST,
        path,
        args.output,
    ))??;
    if args.output == Output::Json {
        println!("{answer}");
    } else {
        print(&answer, args.dry_run);
    }
    Ok(if answer.get("error").is_some() {
        Exit::Config
    } else {
        Exit::Ok
    })
}

fn print_would_send(answer: &Value) {
    let messages = answer.get("would_send").and_then(Value::as_array);
    let messages = messages.map_or(&[][..], Vec::as_slice);
    let count = answer.get("would_send_count").and_then(Value::as_u64);
    let count = count.unwrap_or_default();
    if count == 0 {
        println!("would send: nothing");
    }
    for message in messages.iter().take(MAX_SHOWN) {
        let word = |key: &str| message.get(key).and_then(Value::as_str).unwrap_or_default();
        let bucket = match word("bucket") {
            "" => String::new(),
            bucket => format!(" [{bucket}]"),
        };
        println!(
            "would send: {} to {}: {}{bucket}: {}",
            word("kind"),
            word("contact"),
            word("rule"),
            word("reason"),
        );
    }
    let more = count.saturating_sub(u64::try_from(MAX_SHOWN).unwrap_or(u64::MAX));
    if more > 0 {
        println!("would send: {more} more");
    }
}

fn print(answer: &Value, dry_run: bool) {
    if let Some(error) = answer.get("error").and_then(Value::as_str) {
        println!("the daemon keeps its config:\n{error}");
        return;
    }
    let lines = |key: &str| -> Vec<String> {
        let list = answer.get(key).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let applied = lines("applied");
    let needs_restart = lines("needs_restart");
    if applied.is_empty() && needs_restart.is_empty() {
        println!("nothing changed");
    }
    for line in applied {
        println!(
            "{} {line}",
            if dry_run { "would change:" } else { "changed:" }
        );
    }
    for line in needs_restart {
        println!("needs a restart: {line}");
    }
    if dry_run {
        print_would_send(answer);
    }
}
