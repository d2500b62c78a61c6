//! `klaxond generate`: man pages and shell completions, made from the commands themselves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Exit};

/// The shells that get completions.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder that gets `man` and `completions`
    folder: PathBuf,
}

pub(super) fn run(args: &Args) -> Exit {
    match write(&args.folder) {
        Ok(()) => Exit::Ok,
        Err(error) => {
            eprintln!(
                "klaxond: cannot write to {}: {error}",
                args.folder.display()
            );
            Exit::Unavailable
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    clap_mangen::generate_to(Cli::command(), &man)?;
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut Cli::command(), "klaxond", &completions)?;
    }
    Ok(())
}
