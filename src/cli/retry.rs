//! `klaxond retry`: a message that was given up is sent after all.

use super::Exit;
use super::inquire::{self, text};
use super::options::{ConfigArgs, Output, print};

/// The options of `retry`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Only what failed or expired, and only while its alarm stands; it does not expire again. ID is the
number of a message, as `klaxond messages` lists it.

Exit codes: 0 it waits for its turn, 65 refused (the reason is said), 75 no daemon answers.

Examples:
  klaxond messages --state failed
  klaxond retry 17")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The number of the message
    id: String,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    retry(args).map_or_else(|exit| exit, |()| Exit::Ok)
}

fn retry(args: &Args) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let path = inquire::path("retry", &[("id", &args.id)])?;
    let answer = inquire::order(&settings, &path, args.output)?;
    match args.output {
        Output::Json => print(&answer.to_string()),
        Output::Text => print(&format!(
            "message {} to {} waits for its turn",
            text(&answer, "queued"),
            text(&answer, "contact")
        )),
    }
    Ok(())
}
