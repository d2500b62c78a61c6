//! `klaxond contacts`: who is told, who is not and why; and forgetting somebody.

use jiff::Timestamp;
use serde_json::Value;

use crate::config::Settings;
use crate::daemon::story::{self, StoryError};
use crate::model::Time;
use crate::store::{self, Mode, Store};

use super::Exit;
use super::control;
use super::inquire::{self, list, text};
use super::options::{ConfigArgs, Output, block_on, print};

/// The options of `contacts`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Lists everyone of the config: told, stopped (they wrote stop), disabled, or held (messages wait, with
the reason). Of a number the last two digits are shown. While no daemon answers it is read from the
database.

Exit codes: 0 listed, 69 the database cannot be read, 78 the config is wrong.

Examples:
  klaxond contacts
  klaxond contacts forget 'NOC desk'"
)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    listing: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    config: ConfigArgs,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Erase a person's number and words
    #[command(after_help = "\
Erased are the number, what the person wrote, what they were written, and Meta's ids, which hold the
number. The trail stays: which message went when and what became of it. Take the person out of the
config first: the next message brings the number back. The database is written anew, which needs as
much free room as it takes; records wait or are answered busy meanwhile. Backups are not touched.
Without a daemon it is done on the database.

Exit codes: 0 erased, 65 nothing is kept of such a contact, 75 try again.

Example:
  klaxond contacts forget 'NOC desk'")]
    Forget(ForgetArgs),
}

#[derive(Debug, clap::Args)]
struct ForgetArgs {
    #[command(flatten)]
    common: Common,
    /// The id or name of the contact
    id: String,
}

pub(super) fn run(args: &Args) -> Exit {
    let done = match &args.action {
        None => contacts(&args.listing),
        Some(Action::Forget(args)) => forget(args),
    };
    done.map_or_else(|exit| exit, |()| Exit::Ok)
}

fn contacts(args: &Common) -> Result<(), Exit> {
    let settings = args.config.load_offline(args.output)?.settings;
    let found = inquire::ask(&settings, "/api/v1/contacts", args.output, story::contacts)?;
    match args.output {
        Output::Json => print(&found.to_string()),
        Output::Text => list(&found, "contacts").for_each(|contact| print(&line(contact))),
    }
    Ok(())
}

fn line(contact: &Value) -> String {
    let groups: Vec<&str> = list(contact, "groups").filter_map(Value::as_str).collect();
    let mut line = format!(
        "{:<9} {} ({})",
        text(contact, "state"),
        text(contact, "id"),
        text(contact, "phone")
    );
    if !groups.is_empty() {
        line.push_str(&format!(", of {}", groups.join(", ")));
    }
    let since = text(contact, "since");
    if !since.is_empty() {
        line.push_str(&format!(", since {since}"));
    }
    let why = text(contact, "why");
    if !why.is_empty() {
        line.push_str(&format!(": {why}"));
    }
    line
}

fn forget(args: &ForgetArgs) -> Result<(), Exit> {
    let Common { config, output } = &args.common;
    let settings = config.load_offline(*output)?.settings;
    let path = inquire::path("contacts/forget", &[("id", &args.id)])?;
    let socket = &settings.http.control;
    let answer = block_on(control::reach(
        socket,
        reqwest::Method::POST,
        &path,
        *output,
    ))??;
    let answer = match answer {
        Some(answer) => inquire::taken(answer, *output)?,
        None => {
            let done = block_on(on_the_database(&settings, &args.id))?;
            done.map_err(|error| inquire::failed(&error, *output))?
        }
    };
    match output {
        Output::Json => print(&answer.to_string()),
        Output::Text => {
            let count = |key: &str| answer.get(key).and_then(Value::as_u64).unwrap_or(0);
            print(&format!(
                "{}: forgotten; numbers {}, replies {}, attempts {}",
                text(&answer, "forgotten"),
                count("numbers"),
                count("replies"),
                count("attempts")
            ));
        }
    }
    Ok(())
}

async fn on_the_database(settings: &Settings, id: &str) -> Result<Value, StoryError> {
    let database = &settings.storage.path;
    // Nothing is made where there is no store.
    drop(store::Inquiry::open(database)?);
    let (contact, phones) = story::whom(&settings.ruleset, id)?;
    let known = !phones.is_empty();
    let (store, _) = Store::open(&settings.storage, Mode::Inline)?;
    let now = Time::from(Timestamp::now());
    let by = format!("command line uid={}", rustix::process::getuid().as_raw());
    let forgotten = store.archive.forget(contact.clone(), phones, now, by).await;
    store.close();
    let answer = story::forgotten(&contact, known, forgotten?)?;
    store::scrub(database)?;
    Ok(answer)
}
