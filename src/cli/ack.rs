//! `klaxond ack`: somebody takes an alarm by hand.

use super::Exit;
use super::inquire::{self, dotted, list, text};
use super::options::{ConfigArgs, Output, print};

/// The options of `ack`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every open alarm of that root id is taken, as by a reply: no more reminders, no escalation, until it
ends, begins anew, or replies.ack_expires is over. With replies.tell_others the others who were told
hear who took it.

Exit codes: 0 taken, 65 no alarm of that id is open, 75 no daemon answers.

Examples:
  klaxond ack 4711
  klaxond ack 'Encoder 7/Input bitrate' --by Ann")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The root id of the alarm
    id: String,
    /// Who takes it, as the others read it [default: the user that calls]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    ack(args).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn ack(args: &Args) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let by = args.by.clone().or_else(|| std::env::var("USER").ok());
    let by = by.unwrap_or_default();
    let path = inquire::path("ack", &[("id", &args.id), ("by", &by)])?;
    let answer = inquire::order(&settings, &path, args.output)?;
    match args.output {
        Output::Json => print(&answer.to_string()),
        Output::Text => {
            for alarm in list(&answer, "acknowledged") {
                let keys = ["element", "id", "severity", "value"];
                print(&format!(
                    "taken: {}",
                    dotted(&keys.map(|key| text(alarm, key)))
                ));
            }
        }
    }
    Ok(())
}
