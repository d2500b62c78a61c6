//! `klaxond backup`: a copy of the database while the daemon runs.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::store::{self, StoreClass};

use super::Exit;
use super::options::{ConfigArgs, Output, complain};

/// The options of `backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy is consistent, also while the daemon runs, and is checked before it gets its name. It
holds phone numbers and alarm texts; only its owner can read it. To go back to it: stop the daemon,
put the copy in the place of the database, delete the files beside it that end in -wal and -shm.

Examples:
  klaxond backup /var/backups/klaxond-monday.db
  klaxond backup --database /var/lib/klaxond/klaxond.db copy.db    without a config")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Where the copy goes; a file that is there already is not replaced
    file: PathBuf,
    /// The database to copy, instead of the one that the config names
    #[arg(long, value_name = "PATH")]
    database: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    let database = match &args.database {
        Some(database) => database.clone(),
        None => match args.config.load_for(args.output) {
            Ok(loaded) => loaded.settings.storage.path,
            Err(exit) => return exit,
        },
    };
    copy(&database, &args.file, args.output)
}

fn copy(database: &Path, file: &Path, output: Output) -> Exit {
    if let Err(error) = store::backup(database, file) {
        complain(output, &format!("no copy was made: {error}"));
        return exit(error.class());
    }
    let bytes = std::fs::metadata(file).map_or(0, |copy| copy.len());
    match output {
        Output::Text => println!("{}: {bytes} bytes", file.display()),
        Output::Json => println!("{}", json!({ "file": file, "bytes": bytes })),
    }
    Exit::Ok
}

pub(super) const fn exit(class: StoreClass) -> Exit {
    match class {
        StoreClass::Full | StoreClass::Locked | StoreClass::Io => Exit::TempFail,
        StoreClass::Corrupt | StoreClass::TooNew => Exit::Data,
        StoreClass::Permission | StoreClass::InUse | StoreClass::Closed | StoreClass::Other => {
            Exit::Unavailable
        }
    }
}
