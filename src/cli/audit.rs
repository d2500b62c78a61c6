//! `klaxond audit`: the audit trail.

use jiff::Timestamp;

use crate::config;
use crate::daemon::story;
use crate::model::Time;
use crate::store::{AuditWanted, Inquiry, Seq, StoreError};

use super::Exit;
use super::backup;
use super::options::{ConfigArgs, Output, complain, print};

/// Facts that are read at once.
const PAGE: usize = 1_000;

/// The options of `audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  klaxond audit export --since 24h
  klaxond audit export --id s17")]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the audit trail in order, one fact a line
    #[command(after_help = "\
Every decision and act: records stored, what rules decided and what was suppressed, attempts and
receipts, acknowledgements, silences, reloads, starts and stops. Contacts by id, never by number. It is
read from the database, whether the daemon runs or not, and kept for storage.audit_retention.

A fact is a JSON object with seq, at and what, and with kind, alarm, rule, contacts, messages, silence,
by, code and detail where they have something to tell.

Exit codes: 0 printed, 69 the database cannot be read, 78 the config is wrong.

Examples:
  klaxond audit export --since 24h
  klaxond audit export --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z
  klaxond audit export --id 4711 --output text")]
    Export(ExportArgs),
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// From this time on: RFC 3339, or so long ago (24h)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Time>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Time>,
    /// Only of an alarm (its root id), a message (m17, d2), a silence (s17) or a contact
    #[arg(long)]
    id: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "json")]
    output: Output,
}

/// A time, or how long ago it was.
fn moment(text: &str) -> Result<Time, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Time::from(at));
    }
    match config::span(text) {
        Ok(span) => Ok(Time::from(Timestamp::now()) - span),
        Err(_) => Err(
            "write a time as 2026-11-22T03:12:44Z, or how long ago it was, as 24h or 7d".to_owned(),
        ),
    }
}

pub(super) fn run(args: &Args) -> Exit {
    let Action::Export(args) = &args.action;
    export(args).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn export(args: &ExportArgs) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let failed = |error: &StoreError| {
        complain(args.output, &error.to_string());
        backup::exit(error.class())
    };
    let inquiry = Inquiry::open(&settings.storage.path).map_err(|error| failed(&error))?;
    let wanted = AuditWanted {
        since: args.since,
        until: args.until,
        id: args.id.clone(),
    };
    let mut after = Seq::START;
    loop {
        let page = inquiry
            .audit(&wanted, after, PAGE)
            .map_err(|error| failed(&error))?;
        for fact in &page {
            let fact = fact.to_json();
            match args.output {
                Output::Json => print(&fact.to_string()),
                Output::Text => print(&story::line(&fact)),
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = last.seq,
            _ => return Ok(()),
        }
    }
}
