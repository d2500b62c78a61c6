//! `klaxond silence`: nothing is told of certain alarms for a while.

mod add;
mod when;

use reqwest::Method;
use serde_json::{Value, json};

use crate::config::Settings;
use crate::engine::filter::Filter;

use super::Exit;
use super::control;
use super::inquire::{self, list, text};
use super::options::{ConfigArgs, Output, block_on, complain, print};

/// The options of `silence`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A silence takes alarms by a filter and ends by itself. Who was told of an alarm before it is still told
the end; what still stands when the silence ends is told then.

Examples:
  klaxond silence add 'element like \"Lab*\"' --for 2h --comment 'works in the lab'
  klaxond silence list
  klaxond silence expire s17")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Begin one
    Add(add::Args),
    /// List those that hold or are to come
    List(ListArgs),
    /// End some before their time
    Expire(ExpireArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 listed, 75 no daemon answers, 78 the config is wrong.

Examples:
  klaxond silence list
  klaxond silence list --expired --output json")]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Those that ended, too
    #[arg(long)]
    expired: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 ended, 65 there is no such silence or it has ended, 75 no daemon answers.

Example:
  klaxond silence expire s17 s18")]
struct ExpireArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Their ids, such as s17
    #[arg(required = true, value_name = "ID")]
    ids: Vec<crate::model::SilenceId>,
    /// Who ends them [default: the user that calls]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    let done = match &args.action {
        Action::Add(args) => add::add(args),
        Action::List(args) => all(args),
        Action::Expire(args) => expire(args),
    };
    done.map_or_else(|exit| exit, |()| Exit::Ok)
}

fn all(args: &ListArgs) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let expired = args.expired.then_some(("expired", "true"));
    let path = inquire::path("silences", expired.as_slice())?;
    let socket = &settings.http.control;
    let found = block_on(control::call(socket, Method::GET, &path, args.output))??;
    let found = inquire::taken(found, args.output)?;
    match args.output {
        Output::Json => print(&found.to_string()),
        Output::Text => list(&found, "silences").for_each(|silence| print(&line(silence))),
    }
    Ok(())
}

fn line(silence: &Value) -> String {
    let mut line = format!(
        "{:<5} {:<7} {} to {}  {}",
        text(silence, "id"),
        text(silence, "state"),
        text(silence, "starts"),
        text(silence, "ends"),
        text(silence, "filter"),
    );
    for (key, word) in [("by", "by"), ("ended_by", "ended by")] {
        let who = text(silence, key);
        if !who.is_empty() {
            line.push_str(&format!(", {word} {who}"));
        }
    }
    let comment = text(silence, "comment");
    if !comment.is_empty() {
        line.push_str(&format!(": {comment}"));
    }
    let kept = silence.get("suppressed").and_then(Value::as_u64);
    if let Some(kept) = kept.filter(|kept| *kept > 0) {
        line.push_str(&format!(" ({kept} not told)"));
    }
    line
}

fn expire(args: &ExpireArgs) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let by = who(args.by.as_deref());
    let mut ended = Vec::with_capacity(args.ids.len());
    let mut outcome = Ok(());
    for id in &args.ids {
        let path = inquire::path(&format!("silences/{id}"), &[("by", &by)])?;
        let socket = &settings.http.control;
        let answer = block_on(control::call(socket, Method::DELETE, &path, args.output))??;
        match inquire::taken(answer, args.output) {
            Ok(_) => ended.push(id.to_string()),
            Err(exit) => outcome = Err(exit),
        }
    }
    match args.output {
        Output::Json if !ended.is_empty() => print(&json!({ "expired": ended }).to_string()),
        Output::Json => {}
        Output::Text => ended.iter().for_each(|id| print(&format!("ended: {id}"))),
    }
    outcome
}

/// Who calls, as the others read it.
fn who(given: Option<&str>) -> String {
    let login = || {
        ["USER", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
    };
    given
        .map(str::to_owned)
        .or_else(login)
        .unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()))
}

/// Whether the daemon will read that filter; if not, where it is wrong is told.
pub(super) fn check(filter: &str, settings: &Settings, output: Output) -> Result<(), Exit> {
    let Err(error) = Filter::parse(filter, &settings.ruleset.named) else {
        return Ok(());
    };
    let mut told = format!("the filter cannot be read: {error}");
    if output == Output::Text {
        let start = filter.floor_char_boundary(error.span.start);
        let end = filter.ceil_char_boundary(error.span.end);
        let first = filter[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = filter[first..].lines().next().unwrap_or_default();
        let before = filter[first..start].chars().count();
        let width = filter[start..end.max(start)].chars().count().max(1);
        let width = width.min(line.chars().count().saturating_sub(before).max(1));
        told.push_str(&format!(
            "\n  {line}\n  {}{}",
            " ".repeat(before),
            "^".repeat(width)
        ));
    }
    complain(output, &told);
    Err(Exit::Data)
}
