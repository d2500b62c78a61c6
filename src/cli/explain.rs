//! `klaxond explain`: one record, and what would come of it.

use std::io::Read;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use crate::config::Settings;
use crate::engine::{Account, RuleAccount, Trees};
use crate::ingest::{Codec, Line};
use crate::model::{AlarmRecord, Kind, Notification, NotificationId, Time};
use crate::pipeline::Outfit;
use crate::whatsapp::template::Scene;

use super::Exit;
use super::options::{ConfigArgs, Output, complain};

/// The longest record that is read.
const MAX_RECORD: u64 = 1024 * 1024;

/// The options of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is sent and nothing is stored. The record is judged as the first of its alarm.

Examples:
  echo '{\"element\":\"Encoder 7\",\"severity\":\"major\"}' | klaxond explain
  klaxond explain record.json --output json

Exit codes: 0 explained, 65 the record is bad, 69 the file cannot be read, 78 the config is wrong.")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// The record, JSON or a DataMiner string [default: standard input]
    file: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    explain(args).unwrap_or_else(|exit| exit)
}

fn explain(args: &Args) -> Result<Exit, Exit> {
    let settings = args.config.load_for(args.output)?.settings;
    let line = read(args)?;
    let codec = Codec::new(settings.dataminer.clone());
    let parsed = match codec.read_line(&line, Time::from(Timestamp::now())) {
        Line::Blank => {
            complain(args.output, "there is no record in the input");
            return Err(Exit::Data);
        }
        Line::One(parsed) => vec![parsed],
        Line::Many(parsed) => parsed,
    };
    let mut exit = Exit::Ok;
    for incoming in parsed {
        match incoming.record {
            Ok(record) => {
                let told = Telling::new(&settings, &record);
                match args.output {
                    Output::Text => told.print(&incoming.notes),
                    Output::Json => println!("{}", told.json(&incoming.notes)),
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

/// What would come of a record: the rules' accounts, and each message's text.
struct Telling<'a> {
    record: &'a AlarmRecord,
    account: Account,
    messages: Vec<Told>,
}

struct Told {
    rule: String,
    contact: String,
    template: String,
    text: String,
}

impl<'a> Telling<'a> {
    fn new(settings: &Settings, record: &'a AlarmRecord) -> Self {
        let account = settings.ruleset.account(&Trees::default(), record);
        let outfit = Outfit::new(
            &settings.ruleset.contacts,
            &settings.templates,
            settings.display.clone(),
        );
        let mut known = record.clone();
        known.kind = Some(account.kind);
        let messages = account
            .rules
            .iter()
            .flat_map(|rule| messages(settings, &outfit, &known, rule))
            .collect();
        Self {
            record,
            account,
            messages,
        }
    }

    fn print(&self, notes: &[String]) {
        println!(
            "{} · {} · {} ({})",
            self.record.element, self.record.severity, self.account.kind, self.record.id
        );
        for note in notes {
            println!("note: {note}");
        }
        for rule in &self.account.rules {
            println!(
                "\nrule {}: {}",
                rule.rule,
                if rule.takes {
                    "takes it"
                } else {
                    "does not take it"
                }
            );
            println!("  because {}", rule.because);
            if !rule.left.is_empty() {
                println!("  told by an earlier rule: {}", names(&rule.left));
            }
            if rule.takes && rule.contacts.is_empty() && rule.left.is_empty() {
                println!("  but nobody is told: it notifies no contact that is on");
            }
        }
        if self.messages.is_empty() {
            println!("\nnobody would be told");
        }
        for told in &self.messages {
            println!(
                "\nto {} at once, by rule {}, with template {}:",
                told.contact, told.rule, told.template
            );
            for line in told.text.lines() {
                println!("  │ {line}");
            }
        }
    }

    fn json(&self, notes: &[String]) -> serde_json::Value {
        json!({
            "id": self.record.id,
            "type": self.account.kind.name(),
            "notes": notes,
            "rules": self.account.rules.iter().map(|rule| json!({
                "rule": rule.rule,
                "takes": rule.takes,
                "because": rule.because,
                "contacts": rule.contacts,
                "left_to_earlier": rule.left,
            })).collect::<Vec<_>>(),
            "messages": self.messages.iter().map(|told| json!({
                "rule": told.rule,
                "contact": told.contact,
                "template": told.template,
                "text": told.text,
            })).collect::<Vec<_>>(),
        })
    }
}

fn messages(
    settings: &Settings,
    outfit: &Outfit,
    record: &AlarmRecord,
    account: &RuleAccount,
) -> Vec<Told> {
    let Some(rule) = settings
        .ruleset
        .rules
        .iter()
        .find(|rule| rule.id == account.rule)
    else {
        return Vec::new();
    };
    let notification = Notification {
        id: NotificationId::default(),
        rule: rule.id.clone(),
        rule_name: rule.name.clone(),
        rule_description: rule.description.clone(),
        kind: if record.ends() {
            Kind::Cleared
        } else {
            Kind::Raised
        },
        reason: account.because.clone(),
        bucket: String::new(),
        at: Time::from(Timestamp::now()),
        alarm: record.clone(),
    };
    let text = |contact: &crate::model::ContactId| {
        let contact = outfit.contact(contact)?;
        let template = outfit.template(&rule.template)?;
        let scene = Scene {
            notification: &notification,
            contact,
            display: outfit.display(),
            repeat: false,
        };
        Some(template.render(&scene).text().to_owned())
    };
    account
        .contacts
        .iter()
        .map(|contact| Told {
            rule: rule.id.to_string(),
            contact: contact.to_string(),
            template: rule.template.to_string(),
            text: text(contact)
                .unwrap_or_else(|| "(cannot be rendered: see `klaxond check`)".to_owned()),
        })
        .collect()
}

fn names(contacts: &[crate::model::ContactId]) -> String {
    contacts
        .iter()
        .map(crate::model::ContactId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
