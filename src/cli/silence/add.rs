//! `klaxond silence add`.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;

use crate::config;
use crate::model::Time;

use super::super::Exit;
use super::super::control;
use super::super::inquire::{self, text};
use super::super::options::{ConfigArgs, Output, block_on, complain, print};
use super::{check, when, who};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The filter is that of rules; filters of [filters] are used as @name. TIME is RFC 3339
(2026-11-22T18:00:00Z), a time of the config's zone (2026-11-22 18:00), or the next time a clock there
shows it (18:00).

Exit codes: 0 it is on disk, 65 the filter or a time cannot be read, 75 no daemon answers.

Examples:
  klaxond silence add 'element like \"Lab*\"' --for 2h --comment 'works in the lab'
  klaxond silence add 'property.Site = \"HQ\"' --from 22:00 --until 06:00 --comment 'night works' --by Ana")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Which alarms, in the filter language
    filter: String,
    /// For how long
    #[arg(long = "for", value_name = "SPAN", value_parser = config::span, required_unless_present = "until", conflicts_with = "until")]
    span: Option<Duration>,
    /// Until when
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// From when on [default: at once]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    comment: String,
    /// Who wants it [default: the user that calls]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn add(args: &Args) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    check(&args.filter, &settings, args.output)?;
    let refuse = |error: &str| {
        complain(args.output, error);
        Exit::Data
    };
    let now = Time::from(Timestamp::now());
    let zone = &settings.display.timezone;
    let read = |name: &str, text: &str, after: Time| {
        when::read(text, zone, after).map_err(|error| refuse(&format!("{name}: {error}")))
    };
    let starts = match &args.from {
        Some(text) => Some(read("--from", text, now)?),
        None => None,
    };
    let begins = starts.unwrap_or(now);
    let ends = match (args.span, &args.until) {
        (Some(span), _) if span.is_zero() => {
            return Err(refuse("--for: a silence lasts longer than that"));
        }
        (Some(span), _) => begins + span,
        (None, Some(text)) => read("--until", text, begins)?,
        (None, None) => return Err(refuse("say until when: --for or --until")),
    };
    if ends <= begins.max(now) {
        return Err(refuse("the silence would be over before it begins"));
    }
    let mut order = json!({
        "filter": args.filter,
        "comment": args.comment,
        "by": who(args.by.as_deref()),
    });
    // A span counts from when the daemon takes it.
    match (args.span, starts) {
        (Some(span), None) => order["for"] = json!(config::show_span(span)),
        _ => order["ends"] = json!(ends.to_string()),
    }
    if let Some(starts) = starts {
        order["starts"] = json!(starts.to_string());
    }
    let socket = &settings.http.control;
    let route = "/api/v1/silences";
    let call = control::call_with(socket, Method::POST, route, Some(&order), args.output);
    let answer = inquire::taken(block_on(call)??, args.output)?;
    match args.output {
        Output::Json => print(&answer.to_string()),
        Output::Text => {
            let id = text(&answer, "silence");
            let from = match starts {
                Some(starts) => format!(" from {starts}"),
                None => String::new(),
            };
            print(&format!(
                "{id}: silent{from} until {ends}; klaxond silence expire {id} ends it"
            ));
        }
    }
    Ok(())
}
