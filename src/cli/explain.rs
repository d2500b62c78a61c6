//! `klaxond explain`: one record, and what would come of it.

mod story;

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

use crate::config::Settings;
use crate::daemon::replay::{Player, Replay};
use crate::ingest::{Codec, Line};
use crate::model::Time;

use story::Story;

use super::Exit;
use super::options::{ConfigArgs, Output, complain, print};
use super::simulate::history::{History, Source};

/// The longest record that is read.
const MAX_RECORD: u64 = 1024 * 1024;

/// The options of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is sent, nothing is stored, and the daemon is not asked. The record is judged as the first
of its alarm and of every bucket, unless --history gives the records before it.

Said of each rule: whether it takes the record and the part of its filter that decided, the bucket,
whether its condition holds and why. Then every message, with its exact text: those that go out at
once, and those that go out later if nothing else comes.

Examples:
  echo '{\"element\":\"Encoder 7\",\"severity\":\"major\"}' | klaxond explain
  klaxond explain record.json --history today.jsonl
  klaxond explain record.json --output json

Exit codes: 0 explained, 65 the record is bad, 69 the file cannot be read, 78 the config is wrong.")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The record, JSON or a DataMiner string [default: standard input]
    file: Option<PathBuf>,
    /// Records that came before it, as `simulate` reads them
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    explain(args).unwrap_or_else(|exit| exit)
}

fn explain(args: &Args) -> Result<Exit, Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let line = read(args)?;
    let past = past(&settings, args.history.as_deref())?;
    let arrival = past.last.unwrap_or_else(|| Time::from(Timestamp::now()));
    let codec = Codec::new(settings.dataminer.clone());
    let parsed = match codec.read_line(&line, arrival) {
        Line::Blank => {
            complain(args.output, "there is no record in the input");
            return Err(Exit::Data);
        }
        Line::One(parsed) => vec![parsed],
        Line::Many(parsed) => parsed,
    };
    let mut exit = past.exit;
    for incoming in parsed {
        match incoming.record {
            Ok(record) => {
                // Behind a history it comes when it says; alone it comes as we speak.
                let at = past.last.map_or(arrival, |last| last.max(record.time));
                let story =
                    Story::new(&settings, past.player.clone(), at, record).ok_or(Exit::Software)?;
                match args.output {
                    Output::Text => print(&story.text(&incoming.notes)),
                    Output::Json => print(&story.json(&incoming.notes).to_string()),
                }
            }
            Err(error) => {
                match args.output {
                    Output::Text => eprintln!("rejected: {error}"),
                    Output::Json => {
                        println!("{}", json!({"error": error, "notes": incoming.notes}));
                    }
                }
                exit = Exit::Data;
            }
        }
    }
    Ok(exit)
}

/// How things stand before the record.
struct Past {
    player: Player,
    /// When the last record came; `None` without a history.
    last: Option<Time>,
    exit: Exit,
}

fn past(settings: &Settings, history: Option<&Path>) -> Result<Past, Exit> {
    let replay = Replay::new(settings).map_err(|error| {
        eprintln!("klaxond: {error}");
        Exit::Software
    })?;
    let mut player = Player::new(vec![replay]);
    let Some(file) = history else {
        return Ok(Past {
            player,
            last: None,
            exit: Exit::Ok,
        });
    };
    let mut history = History::open(&Source::File(file.to_owned()), settings)?;
    while let Some(entry) = history.next()? {
        player.take(entry.at, &entry.event, &mut |_| {});
    }
    let last = (history.records() > 0).then(|| player.now());
    Ok(Past {
        player,
        last,
        exit: history.exit(),
    })
}

fn read(args: &Args) -> Result<Vec<u8>, Exit> {
    let mut text = Vec::new();
    let outcome = match &args.file {
        Some(path) => {
            std::fs::File::open(path).and_then(|file| file.take(MAX_RECORD).read_to_end(&mut text))
        }
        None => std::io::stdin()
            .lock()
            .take(MAX_RECORD)
            .read_to_end(&mut text),
    };
    if let Err(error) = outcome {
        complain(args.output, &format!("the record cannot be read: {error}"));
        return Err(Exit::Unavailable);
    }
    // A record written over several lines is one record: line breaks mean nothing in JSON.
    let text: Vec<u8> = text
        .into_iter()
        .map(|byte| {
            if matches!(byte, b'\n' | b'\r') {
                b' '
            } else {
                byte
            }
        })
        .collect();
    Ok(text.trim_ascii().to_vec())
}
