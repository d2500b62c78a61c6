//! `klaxond send`: hands in alarm records, and waits until they are taken.

mod deliver;
pub(super) mod input;
mod reply;
mod window;

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tokio::sync::mpsc;

use super::Exit;
use super::options::Output;
use deliver::{GaveUp, Plan, Remark, Tally, deliver};

/// The options of `send`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
One record a line: JSON, or a DataMiner Correlation Alarm Info string. Lines that the daemon did
not answer, because it was busy or restarted, are sent again until --wait passes without one being
taken; a record may so be told twice, and none is lost.

Examples:
  echo '{\"element\":\"Encoder 7\",\"severity\":\"critical\"}' | klaxond send
  klaxond send alarms.jsonl --wait 10m
  tail -F alarms.jsonl | klaxond send --output json

Exit codes: 0 every record was taken, 65 some are bad (each is told with its line), 69 the file
cannot be read or this user may not hand in alarms, 75 not all were taken in time: send again.")]
pub(super) struct Args {
    /// The file of records [default: standard input]
    file: Option<PathBuf>,
    /// How long to wait while nothing is taken
    #[arg(long, default_value = "60s", value_parser = read_span, value_name = "SPAN")]
    wait: Duration,
    /// The daemon's alarm socket
    #[arg(
        long,
        env = "KLAXOND_SOCKET",
        default_value = "/run/klaxond/alarms.sock",
        value_name = "PATH"
    )]
    socket: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: Args) -> Exit {
    let input: Box<dyn Read + Send> = match &args.file {
        None => Box::new(io::stdin()),
        Some(path) => match File::open(path) {
            Ok(file) => Box::new(file),
            Err(fault) => {
                eprintln!("klaxond: cannot read {}: {fault}", path.display());
                return Exit::Unavailable;
            }
        },
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(fault) => {
            eprintln!("klaxond: cannot start a runtime: {fault}");
            return Exit::Software;
        }
    };
    let plan = Plan {
        socket: args.socket,
        wait: args.wait,
    };
    let mut screen = Screen::new(args.output);
    let (tally, ended) = runtime.block_on(async {
        let (sender, lines) = mpsc::channel(input::CHUNKS);
        input::spawn(input, sender);
        deliver(lines, &plan, &mut |remark, tally| {
            screen.show(&remark, tally);
        })
        .await
    });
    screen.close(&tally, ended.as_ref().err());
    match ended {
        Ok(()) if tally.rejected == 0 => Exit::Ok,
        Ok(()) => Exit::Data,
        Err(GaveUp::Refused(_) | GaveUp::NotAllowed(_) | GaveUp::Input(_)) => Exit::Unavailable,
        Err(GaveUp::OutOfTime { .. }) => Exit::TempFail,
        Err(GaveUp::Garbled(_)) => Exit::Software,
    }
}

fn read_span(text: &str) -> Result<Duration, String> {
    const MAX: Duration = Duration::from_secs(366 * 24 * 3600);
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "expected a span such as 60s, 10m or 1h30m".to_owned())?;
    Duration::try_from(span)
        .ok()
        .filter(|span| *span <= MAX)
        .ok_or_else(|| "expected a span between 0s and 366 days".to_owned())
}

/// What people and programs see of it.
struct Screen {
    output: Output,
    /// Draws only where standard error is a terminal.
    bar: ProgressBar,
}

impl Screen {
    fn new(output: Output) -> Self {
        let bar = if output == Output::Text && io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { output, bar }
    }

    fn show(&mut self, remark: &Remark<'_>, tally: &Tally) {
        match self.output {
            Output::Json => match remark {
                Remark::Rejected { line, error } => {
                    println!(
                        "{}",
                        json!({"line": line, "status": "rejected", "error": error})
                    );
                }
                Remark::Notes { line, notes } => {
                    println!("{}", json!({"line": line, "notes": notes}));
                }
                Remark::Waiting(_) | Remark::Progress => {}
            },
            Output::Text => self.bar.suspend(|| match remark {
                Remark::Rejected { line, error } => eprintln!("line {line}: rejected: {error}"),
                Remark::Notes { line, notes } => {
                    for note in *notes {
                        eprintln!("line {line}: note: {note}");
                    }
                }
                Remark::Waiting(_) | Remark::Progress => {}
            }),
        }
        match remark {
            Remark::Waiting(reason) => self.bar.set_message(format!("{tally}; waiting: {reason}")),
            Remark::Progress => self.bar.set_message(tally.to_string()),
            Remark::Rejected { .. } | Remark::Notes { .. } => {}
        }
    }

    fn close(&self, tally: &Tally, gave_up: Option<&GaveUp>) {
        self.bar.finish_and_clear();
        match self.output {
            Output::Json => match gave_up {
                None => println!("{}", json!(tally)),
                Some(why) => {
                    let mut summary = json!(tally);
                    summary["error"] = json!(why.to_string());
                    println!("{summary}");
                }
            },
            Output::Text => {
                println!("{tally}");
                if let Some(why) = gave_up {
                    eprintln!("klaxond: {why}");
                }
            }
        }
    }
}
