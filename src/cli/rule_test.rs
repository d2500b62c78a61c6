//! `klaxond test`: rule tests as files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use crate::config::{self, Settings};
use crate::daemon::replay::{Said, Scenario, Setup, Trial, TrialError, check, clock};

use super::Exit;
use super::options::{Output, colour, print};

/// The options of `test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A test is a config (without [whatsapp]; or a line config = \"FILE\"), a line ---, and a timeline:

  [[contacts]]
  name = \"NOC desk\"
  phone = \"34600111222\"
  [[rules]]
  name = \"Critical alarms\"
  filter = 'severity = critical'
  ---
  00:00 alarm {\"element\": \"Encoder 7\", \"severity\": \"critical\"}
  00:00 expect raised to NOC desk: Encoder 7 is Critical
  00:10 alarm {\"element\": \"Encoder 8\", \"severity\": \"major\"}
  00:10 expect nothing until 05:00

Times are MM:SS or HH:MM:SS after the start. Every message has to be expected, at its second; the
words behind the colon have to be in its text. `raised`, `updated`, `cleared` or `reminder` and `to`
may stand in front of the contact, or not. `clear ID` ends an alarm by hand. Where a test writes no
[templates.alarm] it has: Alarm: ELEMENT is SEVERITY (TYPE), value VALUE. Please check it.
Nothing is sent; lanes and limits are not played.

Exit codes: 0 all as expected, 1 something is not, 65 a test cannot be read, 78 its config is wrong.

Examples:
  klaxond test tests/*.scenario
  klaxond test --output json night-shift.scenario")]
pub(super) struct Args {
    /// The tests
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// The longest test that is read, in bytes.
const MAX_TEST: u64 = 4 * 1024 * 1024;

/// Columns of what is shown side by side.
const WIDTH: u16 = 132;

pub(super) fn run(args: &Args) -> Exit {
    let mut worst = Exit::Ok;
    let mut passed = 0;
    for file in &args.files {
        let exit = match (play(file), args.output) {
            (Ok(trial), output) => {
                match output {
                    Output::Text => tell(file, &trial),
                    Output::Json => print(&report(file, &trial).to_string()),
                }
                if trial.misses.is_empty() {
                    passed += 1;
                    Exit::Ok
                } else {
                    Exit::Degraded
                }
            }
            (Err(broken), Output::Text) => {
                print(&format!("BROKEN  {}", file.display()));
                print(broken.text.trim_end());
                broken.exit
            }
            (Err(broken), Output::Json) => {
                let line = json!({"file": file, "passed": false, "error": broken.text.trim_end()});
                print(&line.to_string());
                broken.exit
            }
        };
        if exit.code() > worst.code() {
            worst = exit;
        }
    }
    if args.output == Output::Text && args.files.len() > 1 {
        print(&format!("{passed} of {} passed", args.files.len()));
    }
    worst
}

/// Why a test cannot be played.
struct Broken {
    text: String,
    exit: Exit,
}

impl Broken {
    fn data(text: String) -> Self {
        Self {
            text,
            exit: Exit::Data,
        }
    }
}

fn play(file: &Path) -> Result<Trial, Broken> {
    let text = read(file)?;
    let shown = file.display();
    let scenario =
        Scenario::parse(&text).map_err(|flaw| Broken::data(format!("{shown}: {flaw}")))?;
    let settings = settings(file, &scenario)?;
    check(&scenario, &settings).map_err(|error| match error {
        TrialError::Flaw(flaw) => Broken::data(format!("{shown}: {flaw}")),
        TrialError::Engine(error) => Broken {
            text: error.to_string(),
            exit: Exit::Software,
        },
    })
}

fn read(file: &Path) -> Result<String, Broken> {
    let mut text = String::new();
    File::open(file)
        .and_then(|file| file.take(MAX_TEST).read_to_string(&mut text))
        .map_err(|error| Broken::data(format!("{} cannot be read: {error}", file.display())))?;
    Ok(text)
}

fn settings(file: &Path, scenario: &Scenario) -> Result<Settings, Broken> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let loaded = match &scenario.setup {
        Setup::Inline(config) => config::read_sample(&file.display().to_string(), config, folder),
        Setup::File(path) => config::load_offline(&folder.join(path)),
    };
    loaded
        .map(|loaded| loaded.settings)
        .map_err(|faults| Broken {
            text: faults.render(colour()),
            exit: Exit::Config,
        })
}

fn tell(file: &Path, trial: &Trial) {
    let shown = file.display();
    if trial.misses.is_empty() {
        print(&format!("ok      {shown} ({} messages)", trial.messages));
        return;
    }
    print(&format!(
        "FAILED  {shown}: {} not as expected",
        trial.misses.len()
    ));
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_FULL_CONDENSED)
        .set_width(WIDTH)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["at", "line", "expected", "actual"]);
    for miss in &trial.misses {
        table.add_row([
            clock(miss.at),
            miss.line.map_or_else(String::new, |line| line.to_string()),
            miss.expected
                .clone()
                .unwrap_or_else(|| "no message".to_owned()),
            miss.actual
                .as_ref()
                .map_or_else(|| "no message".to_owned(), actual),
        ]);
    }
    print(&table.to_string());
}

/// A message as a test would expect it, and why it went out.
fn actual(said: &Said) -> String {
    let name = if said.contact_name.is_empty() {
        &said.contact
    } else {
        &said.contact_name
    };
    let at = clock(said.after_start());
    let bucket = if said.bucket.is_empty() {
        String::new()
    } else {
        format!(" [{}]", said.bucket)
    };
    format!(
        "{at} expect {} to {name}: {}\n(rule {}{bucket}: {})",
        said.kind,
        said.one_line(),
        said.rule,
        said.reason
    )
}

fn report(file: &Path, trial: &Trial) -> Value {
    let misses = trial.misses.iter().map(|miss| {
        json!({
            "at": clock(miss.at),
            "line": miss.line,
            "expected": miss.expected,
            "actual": miss.actual.as_ref().map(Said::json),
        })
    });
    json!({
        "file": file,
        "passed": trial.misses.is_empty(),
        "messages": trial.messages,
        "failures": misses.collect::<Vec<_>>(),
    })
}
