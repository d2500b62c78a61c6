//! `klaxond alarms`: what is open at this moment.

use reqwest::Method;
use serde_json::Value;

use super::Exit;
use super::control;
use super::inquire::{self, dotted, list, text};
use super::options::{ConfigArgs, Output, block_on, print};
use super::silence;

/// The options of `alarms`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Alarms that rules with single_events = false follow are open until they clear. An alarm says which rules
have it raised, who took it, and which silences take it.

Exit codes: 0 listed, 65 the filter cannot be read, 75 no daemon answers, 78 the config is wrong.

Examples:
  klaxond alarms
  klaxond alarms --filter 'severity >= major and element like \"London*\"' --limit 20")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only those that this filter takes
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// At most so many
    #[arg(long, default_value = "50")]
    limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    alarms(args).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn alarms(args: &Args) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    if let Some(filter) = &args.filter {
        silence::check(filter, &settings, args.output)?;
    }
    let limit = args.limit.to_string();
    let mut values = vec![("limit", limit.as_str())];
    values.extend(args.filter.as_deref().map(|filter| ("filter", filter)));
    let path = inquire::path("alarms", &values)?;
    let socket = &settings.http.control;
    let found = block_on(control::call(socket, Method::GET, &path, args.output))??;
    let found = inquire::taken(found, args.output)?;
    match args.output {
        Output::Json => print(&found.to_string()),
        Output::Text => {
            list(&found, "alarms").for_each(|alarm| print(&line(alarm)));
            let total = found.get("total").and_then(Value::as_u64).unwrap_or(0);
            let shown = list(&found, "alarms").count() as u64;
            if total > shown {
                eprintln!("{shown} of {total}: --limit, --filter");
            }
        }
    }
    Ok(())
}

fn line(alarm: &Value) -> String {
    let about = ["element", "parameter", "index", "value"].map(|key| text(alarm, key));
    let mut line = format!(
        "{}  {:<8} {}: {}",
        text(alarm, "begun"),
        text(alarm, "severity"),
        text(alarm, "id"),
        dotted(&about)
    );
    let words = |key| -> Vec<&str> { list(alarm, key).filter_map(Value::as_str).collect() };
    let raised = words("raised");
    if !raised.is_empty() {
        line.push_str(&format!(", raised by {}", raised.join(", ")));
    }
    let by = alarm.get("ack").map_or("", |ack| text(ack, "by"));
    if !by.is_empty() {
        line.push_str(&format!(", {by} has it"));
    }
    let silenced = words("silenced");
    if !silenced.is_empty() {
        line.push_str(&format!(", silenced by {}", silenced.join(", ")));
    }
    line
}
