//! `klaxond send`: hands in alarm records, and waits until they are taken.

mod deliver;
mod from;
pub(super) mod input;
mod reply;
mod window;

use std::ffi::OsString;
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
use from::{Given, System, Taken, Wrong};

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
cannot be read or this user may not hand in alarms, 75 not all were taken in time: send again.

With --from, another system calls: its arguments (after --), environment or input become records. Exit
code 0 then means that it is on disk, 75 that the system is to call again, 64 and 65 that the call is
wrong. What to paste:

  Nagios (commands.cfg; the same with HOSTSTATE and HOSTOUTPUT, without SERVICEDESC, for hosts):
    define command {
      command_name  notify-service-by-klaxond
      command_line  /usr/bin/klaxond send --wait 20s --from nagios -- NOTIFICATIONTYPE=\"$NOTIFICATIONTYPE$\"
                    HOSTNAME=\"$HOSTNAME$\" SERVICEDESC=\"$SERVICEDESC$\" SERVICESTATE=\"$SERVICESTATE$\"
                    SERVICEOUTPUT=\"$SERVICEOUTPUT$\" TIMET=\"$TIMET$\"     (on one line)
    }
    With enable_environment_macros=1 this is enough: /usr/bin/klaxond send --wait 20s --from nagios

  Icinga 2 (a NotificationCommand; \"-e\" only for services):
    command = [ \"/usr/bin/klaxond\", \"send\", \"--wait\", \"20s\", \"--from\", \"icinga2\", \"--\" ]
    arguments = { \"-l\" = \"$host.name$\", \"-e\" = \"$service.name$\", \"-s\" = \"$service.state$\",
      \"-t\" = \"$notification.type$\", \"-o\" = \"$service.output$\", \"-d\" = \"$icinga.long_date_time$\",
      \"-b\" = \"$notification.author$\", \"-c\" = \"$notification.comment$\" }

  Zabbix (a script of this line in AlertScriptsPath, script parameters {ALERT.SUBJECT} and {ALERT.MESSAGE}):
    exec /usr/bin/klaxond send --wait 20s --from zabbix -- \"$@\"

  Alertmanager and Grafana post over HTTP (see the README); what they would post is taken here too:
    /usr/bin/klaxond send --from alertmanager < alerts.json

  DataMiner (names that the string lacks in front of it):
    klaxond send --from dataminer -- \"element=Encoder 7\" \"parameter=Input\" \"CORRELATION ALARM INFO\"")]
pub(super) struct Args {
    /// The file of records [default: standard input]
    file: Option<PathBuf>,
    /// Another system calls; its own arguments follow after --
    #[arg(long, value_enum, value_name = "SYSTEM")]
    from: Option<System>,
    /// What the other system gives
    #[arg(last = true, requires = "from", value_name = "ARGUMENTS")]
    words: Vec<OsString>,
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
    let (input, faults) = match args.from {
        None => (input, Vec::new()),
        Some(system) => match called(system, &args, input) {
            Ok(Taken { lines, faults }) => (lines_of(&lines), faults),
            Err(wrong) => {
                eprintln!("klaxond: {wrong}");
                return match wrong {
                    Wrong::Usage(_) => Exit::Usage,
                    Wrong::Data(_) => Exit::Data,
                };
            }
        },
    };
    for fault in &faults {
        eprintln!("klaxond: {fault}");
    }
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
        Ok(()) if tally.rejected == 0 && faults.is_empty() => Exit::Ok,
        Ok(()) => Exit::Data,
        Err(GaveUp::Refused(_) | GaveUp::NotAllowed(_) | GaveUp::Input(_)) => Exit::Unavailable,
        Err(GaveUp::OutOfTime { .. }) => Exit::TempFail,
        Err(GaveUp::Garbled(_)) => Exit::Software,
    }
}

/// What another system gives, as lines.
fn called(system: System, args: &Args, mut input: Box<dyn Read + Send>) -> Result<Taken, Wrong> {
    let words = args.words.iter();
    system.read(Given {
        words: words
            .map(|word| word.to_string_lossy().into_owned())
            .collect(),
        environment: &|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()),
        input: &mut input,
        has_file: args.file.is_some(),
    })
}

fn lines_of(lines: &[String]) -> Box<dyn Read + Send> {
    Box::new(io::Cursor::new(lines.join("\n").into_bytes()))
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
