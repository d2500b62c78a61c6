//! `klaxond simulate`: a history through the rules, on virtual time.

mod differ;
pub(super) mod history;
mod timeline;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{self, Loaded, Settings};
use crate::daemon::replay::{Player, Replay, Said};
use crate::model::Time;

use differ::Differ;
use history::{History, Source};
use timeline::Timeline;

use super::Exit;
use super::options::{ConfigArgs, Output, colour};

/// The options of `simulate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Sends nothing and stores nothing; needs no account. FILE holds records as on the socket, one a line;
`time` is when a record arrives, and a record without it arrives with the one before it. Who would
be messaged is told before lanes and limits. After the last record time goes on until nothing is
waited for but reminders, or to --until.

With --output json each message is one line: at, rule, bucket, kind, reason, contact, template,
text, alarms.

Exit codes: 0 done, with --against: nothing differs; 1 something differs; 65 some lines are no
records.

Examples:
  klaxond simulate yesterday.jsonl
  klaxond simulate --since 24h                         what the daemon stored of the last day
  klaxond simulate --since 7d --against tuned.toml     what other rules would have said")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The history; - is standard input
    #[arg(required_unless_present = "since", conflicts_with = "since")]
    file: Option<PathBuf>,
    /// Take the history of so long from the daemon's database
    #[arg(long, value_name = "SPAN", value_parser = config::span)]
    since: Option<Duration>,
    /// Print only what another config would say differently
    #[arg(long, value_name = "CONFIG")]
    against: Option<PathBuf>,
    /// End at this time (RFC 3339), or so long after the last record (2h)
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<Until>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// Where a simulation ends.
#[derive(Debug, Clone, Copy)]
enum Until {
    At(Time),
    After(Duration),
}

fn until(text: &str) -> Result<Until, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Until::At(Time::from(at)));
    }
    config::span(text)
        .map(Until::After)
        .map_err(|_| "write a time such as 2026-11-22T18:00:00Z, or a span such as 2h".to_owned())
}

pub(super) fn run(args: &Args) -> Exit {
    simulate(args).unwrap_or_else(|exit| exit)
}

fn simulate(args: &Args) -> Result<Exit, Exit> {
    let path = args.config.path();
    let settings = load(&path)?;
    let other = args.against.as_deref().map(load).transpose()?;
    let source = match (&args.since, &args.file) {
        (Some(span), _) => Source::Store(*span),
        (None, Some(file)) => Source::File(file.clone()),
        (None, None) => return Err(Exit::Usage),
    };
    let history = History::open(&source, &settings)?;
    let replays = std::iter::once(&settings).chain(&other);
    let replays: Vec<Replay> = replays
        .map(|settings| {
            Replay::new(settings).map_err(|error| {
                eprintln!("klaxond: {error}");
                Exit::Software
            })
        })
        .collect::<Result<_, _>>()?;
    let player = Player::new(replays);
    match &args.against {
        None => {
            let mut timeline = Timeline::new(args.output, &settings);
            let heard = play(history, player, args.until, &mut |batch| {
                for said in batch.into_iter().flatten() {
                    timeline.tell(&said);
                }
            })?;
            timeline.finish(&heard.summary);
            Ok(heard.exit)
        }
        Some(against) => {
            let mut differ = Differ::new(args.output, &settings, &path, against);
            let heard = play(history, player, args.until, &mut |batch| {
                differ.compare(batch);
            })?;
            let differs = differ.finish(&heard.summary);
            Ok(match (heard.exit, differs) {
                (Exit::Ok, true) => Exit::Degraded,
                (exit, _) => exit,
            })
        }
    }
}

/// Reads a config without its account; a wrong one is told, and what is worth a second look too.
fn load(path: &Path) -> Result<Settings, Exit> {
    eprintln!("config: {}", path.display());
    match config::load_offline(path) {
        Ok(Loaded { settings, warnings }) => {
            if !warnings.is_empty() {
                eprint!("{}", warnings.render(colour()));
            }
            Ok(settings)
        }
        Err(faults) => {
            eprint!("{}", faults.render(colour()));
            Err(Exit::Config)
        }
    }
}

/// What came of a history.
struct Heard {
    exit: Exit,
    /// What was read, in words.
    summary: String,
}

fn play(
    mut history: History,
    mut player: Player,
    until: Option<Until>,
    hear: &mut impl FnMut(Vec<Vec<Said>>),
) -> Result<Heard, Exit> {
    let end = match until {
        Some(Until::At(at)) => at,
        Some(Until::After(_)) | None => Time::from_ms(i64::MAX),
    };
    while let Some(entry) = history.next()? {
        if entry.at > end {
            eprintln!("note: what comes after {end} is left out");
            break;
        }
        player.take(entry.at, &entry.event, hear);
    }
    match until {
        Some(Until::At(at)) => player.pass(at, hear),
        Some(Until::After(span)) if history.records() > 0 => player.pass(player.now() + span, hear),
        Some(Until::After(_)) => {}
        None => player.settle(hear),
    }
    for (rule, count) in player
        .replays()
        .iter()
        .flat_map(|replay| replay.engine().overflows())
    {
        eprintln!(
            "note: rule {rule} did not count {count} records or alarms: the limits of [correlation] \
             are reached"
        );
    }
    for replay in player.replays() {
        let forgotten = replay.engine().crowded_out();
        if forgotten > 0 {
            eprintln!("note: {forgotten} alarms were forgotten: correlation.max_alarms is reached");
        }
    }
    let ignored = player.replays().first().map_or(0, Replay::ignored);
    Ok(Heard {
        exit: history.exit(),
        summary: history.summary(ignored),
    })
}
