//! Options that commands share, and reading the config for them.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::config::{self, Environment, Fault, Faults, Loaded};
use crate::model::Failure;
use crate::whatsapp::advice;

use super::Exit;

/// Which config to read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ConfigArgs {
    /// The config file [default: /etc/klaxond/config.toml, then ./config/config.toml]
    #[arg(long, value_name = "FILE", env = "KLAXOND_CONFIG", global = true)]
    config: Option<PathBuf>,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl ConfigArgs {
    /// The file to read.
    pub(super) fn path(&self) -> PathBuf {
        config::find(self.config.as_deref())
    }

    /// Reads the config; a wrong one is told on standard error, warnings too.
    pub(super) fn load(&self) -> Result<Loaded, Exit> {
        self.load_for(Output::Text)
    }

    /// The same for a command that prints as `output` says: programs read on standard output what is
    /// wrong.
    pub(super) fn load_for(&self, output: Output) -> Result<Loaded, Exit> {
        self.told(output, |path| config::load(path, &environment()))
    }

    /// The same for a command that needs no account: token and ids may be missing.
    pub(super) fn load_offline(&self, output: Output) -> Result<Loaded, Exit> {
        self.told(output, config::load_offline)
    }

    fn told(
        &self,
        output: Output,
        load: impl FnOnce(&Path) -> Result<Loaded, Faults>,
    ) -> Result<Loaded, Exit> {
        let path = self.path();
        eprintln!("config: {}", path.display());
        match load(&path) {
            Ok(loaded) => {
                if !loaded.warnings.is_empty() {
                    eprint!("{}", loaded.warnings.render(colour()));
                }
                Ok(loaded)
            }
            Err(faults) => {
                match output {
                    Output::Text => eprint!("{}", faults.render(colour())),
                    Output::Json => {
                        let error = "the config is wrong";
                        println!("{}", json!({"error": error, "faults": listed(&faults)}));
                    }
                }
                Err(Exit::Config)
            }
        }
    }
}

/// Faults or warnings as programs read them.
pub(super) fn listed(faults: &Faults) -> Value {
    let one = |fault: &Fault| {
        json!({
            "file": faults.file(),
            "line": fault.line(),
            "column": fault.column(),
            "message": fault.message(),
            "help": fault.advice(),
        })
    };
    faults.iter().map(one).collect()
}

/// Tells why a command cannot go on: in words on standard error, or for programs
/// `{"error":"…"}` on standard output.
pub(super) fn complain(output: Output, error: &str) {
    match output {
        Output::Text => eprintln!("klaxond: {error}"),
        Output::Json => println!("{}", json!({"error": error})),
    }
}

/// Why Meta did not do what was asked, what to do about it, and how the command ends.
pub(super) fn refused(failure: &Failure, base_url: &str) -> (Exit, String) {
    let mut text = failure.text.clone();
    if let Some(advice) = failure.code.and_then(advice) {
        text.push_str("\n  ");
        text.push_str(advice);
    }
    if failure.code.is_some() {
        return (Exit::Unavailable, text);
    }
    text.push_str(&format!(
        "\n  this is no answer of Meta's: may this machine reach {base_url}, and is that the right base_url?"
    ));
    (Exit::TempFail, text)
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// What the config needs of the environment.
pub(super) fn environment() -> Environment {
    Environment {
        credentials_directory: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
    }
}

/// Prints a line on standard output. When nobody reads it any more the command is over.
pub(super) fn print(line: &str) {
    use std::io::Write;
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(Exit::Ok.code().into());
    }
}

/// Whether standard error shows colours.
pub(super) fn colour() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Runs `future` on a small runtime.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Exit> {
    match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => Ok(runtime.block_on(future)),
        Err(error) => {
            eprintln!("klaxond: cannot start a runtime: {error}");
            Err(Exit::Software)
        }
    }
}
