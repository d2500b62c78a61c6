//! `klaxond status`: how things stand, as the page says it.

mod told;

use serde_json::Value;

use crate::web::{Overview, Verdict};

use super::Exit;
use super::control;
use super::options::{ConfigArgs, Output, block_on, complain, print};

/// The options of `status`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Says what the page says: whether it works and why not, what is raised and who was told, what waits,
what is held, and who is not told at this moment and why.

Exit codes: 0 well, 1 degraded, 2 down: no daemon answers, alarms are not taken, or nobody is told.

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
    let answer: Value = match block_on(call)? {
        Ok(answer) => answer,
        Err(Exit::TempFail) => return Err(Exit::Down),
        Err(exit) => return Err(exit),
    };
    let overview = serde_json::from_value::<Overview>(answer.clone());
    let overview = overview.map_err(|error| {
        let error = format!("the daemon is of another version than this command: {error}");
        complain(args.output, &error);
        Exit::Unavailable
    })?;
    match args.output {
        Output::Json => print(&answer.to_string()),
        Output::Text => {
            print(told::told(&overview).trim_end());
            came_back(&answer);
        }
    }
    Ok(match overview.verdict {
        Verdict::Well => Exit::Ok,
        Verdict::Degraded => Exit::Degraded,
        Verdict::Down => Exit::Down,
    })
}

/// What Meta and people sent back since the start.
fn came_back(answer: &Value) {
    let back = |key: &str| answer["came_back"][key].as_u64().unwrap_or(0);
    let (logged, strangers) = (back("logged"), back("strangers"));
    if logged + strangers > 0 {
        print(&format!(
            "came back: {logged} receipts and replies, {strangers} from numbers that are no contact's"
        ));
    }
}
