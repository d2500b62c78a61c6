//! The command line: one file per subcommand; the only code that prints.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to people is what this module is for"
)]

mod ack;
mod alarms;
mod audit;
mod backup;
mod check;
mod clear;
mod contacts;
mod control;
mod demo;
mod exit;
mod explain;
mod generate;
mod inquire;
mod messages;
mod options;
mod phone;
mod reload;
mod retry;
mod rule_test;
mod run;
mod sandbox;
mod send;
mod silence;
mod simulate;
mod status;
mod templates;
mod test_message;
mod why;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use exit::Exit;

/// Turns alarms into WhatsApp messages and proves that they arrived.
#[derive(Debug, Parser)]
#[command(name = "klaxond", version, after_help = AFTER_HELP, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Start here:
  klaxond demo                         the whole path on this machine, without an account
  klaxond check                        what is wrong with the config, all at once
  klaxond check --online               what is wrong with the account, in words
  echo '{\"element\":\"Encoder 7\",\"severity\":\"critical\"}' | klaxond send

Exit codes: 0 done, 1 something is amiss that the output tells, 2 down (status), 64 wrong command line, 65 bad input,
69 something needed is not there or Meta says no, 70 a fault in klaxond, 75 try again, 78 wrong config.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon
    Run(run::Args),
    /// Say what is wrong with the config, all at once
    Check(check::Args),
    /// Make the running daemon read its config again
    Reload(reload::Args),
    /// Hand in alarm records
    Send(send::Args),
    /// Show the whole path on this machine, without an account
    Demo(demo::Args),
    /// Stand in for Meta's Cloud API
    Sandbox(Box<sandbox::Args>),
    /// Send one message to see that it arrives
    TestMessage(test_message::Args),
    /// Look at the message templates at Meta, hand them in, bring them over
    Templates(templates::Args),
    /// Say what would come of one record, and why
    Explain(explain::Args),
    /// Say what the rules would have made of a history
    Simulate(simulate::Args),
    /// Test the rules: alarms at times, messages expected at times
    Test(rule_test::Args),
    /// Say what became of an alarm or a message, and what to do
    Why(why::Args),
    /// List messages, the newest first
    Messages(messages::Args),
    /// Say how things stand, and who is not told and why
    Status(status::Args),
    /// List people and whether they are told; forget one
    Contacts(contacts::Args),
    /// List open alarms, the worst first
    Alarms(alarms::Args),
    /// Tell nothing of certain alarms for a while
    Silence(silence::Args),
    /// Take an alarm by hand
    Ack(ack::Args),
    /// Send a message again that failed or expired
    Retry(retry::Args),
    /// End an alarm by hand
    Clear(clear::Args),
    /// Export the audit trail
    Audit(audit::Args),
    /// Copy the database while the daemon runs
    Backup(backup::Args),
    /// Write man pages and shell completions
    #[command(hide = true)]
    Generate(generate::Args),
}

/// Runs the command that argv names.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let wrong = error.use_stderr();
            // Nothing can be done about a closed terminal.
            let _ = error.print();
            return if wrong { Exit::Usage } else { Exit::Ok }.into();
        }
    };
    let exit = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Reload(args) => reload::run(&args),
        Command::Send(args) => send::run(args),
        Command::Demo(args) => demo::run(&args),
        Command::Sandbox(args) => sandbox::run(*args),
        Command::TestMessage(args) => test_message::run(&args),
        Command::Templates(args) => templates::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Test(args) => rule_test::run(&args),
        Command::Why(args) => why::run(&args),
        Command::Messages(args) => messages::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Contacts(args) => contacts::run(&args),
        Command::Alarms(args) => alarms::run(&args),
        Command::Silence(args) => silence::run(&args),
        Command::Ack(args) => ack::run(&args),
        Command::Retry(args) => retry::run(&args),
        Command::Clear(args) => clear::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Backup(args) => backup::run(&args),
        Command::Generate(args) => generate::run(&args),
    };
    exit.into()
}
