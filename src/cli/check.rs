//! `klaxond check`: what is wrong with the config, and with the account.

use serde_json::json;

use crate::config::Settings;
use crate::model::Failure;
use crate::whatsapp::template::Template;
use crate::whatsapp::{Client, Judgement, NumberInfo, advice, judge};

use super::Exit;
use super::options::{ConfigArgs, Output, block_on, colour, counted, environment, listed, refused};

/// The options of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every fault is told at once, with its place and what to write instead. With --online the token, the
number and the templates are looked up at Meta; no message is sent.

Examples:
  klaxond check
  klaxond check --config ./config/config.toml --online

Exit codes: 0 all well, 78 the config is wrong, 69 Meta says no, 75 Meta cannot be reached.")]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
    /// Look up the token, the number and the templates at Meta
    #[arg(long)]
    online: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &Args) -> Exit {
    let path = args.config.path();
    if args.output == Output::Text {
        eprintln!("config: {}", path.display());
    }
    let loaded = match crate::config::load(&path, &environment()) {
        Ok(loaded) => loaded,
        Err(faults) => {
            match args.output {
                Output::Text => eprint!("{}", faults.render(colour())),
                Output::Json => println!("{}", json!({"ok": false, "faults": listed(&faults)})),
            }
            return Exit::Config;
        }
    };
    if args.output == Output::Text {
        eprint!("{}", loaded.warnings.render(colour()));
    }
    let findings = if args.online {
        match block_on(look(&loaded.settings)) {
            Ok(findings) => findings,
            Err(exit) => return exit,
        }
    } else {
        Vec::new()
    };
    print(args.output, &loaded, &findings);
    findings
        .iter()
        .map(|finding| finding.exit)
        .find(|exit| *exit != Exit::Ok)
        .unwrap_or(Exit::Ok)
}

/// What Meta says of one thing.
struct Finding {
    subject: String,
    text: String,
    exit: Exit,
}

async fn look(settings: &Settings) -> Vec<Finding> {
    let client = match Client::new(&settings.whatsapp) {
        Ok(client) => client,
        Err(error) => return vec![Finding::bad("client", error.to_string(), Exit::Config)],
    };
    let base_url = &settings.whatsapp.base_url;
    let mut findings = Vec::new();
    match client.number().await {
        Ok(number) => findings.push(number_finding(&number)),
        Err(failure) => findings.push(Finding::refused("token and number", &failure, base_url)),
    }
    if settings.whatsapp.business_account_id.is_none() {
        findings.push(Finding {
            subject: "templates".to_owned(),
            text: "not looked up: set whatsapp.business_account_id".to_owned(),
            exit: Exit::Ok,
        });
        return findings;
    }
    match client.templates().await {
        Ok(known) => {
            let templates = settings.templates.iter();
            let each = templates.flat_map(Template::each_language);
            findings.extend(each.map(|template| Finding::of(&judge(template, &known))));
        }
        Err(failure) => findings.push(Finding::refused("templates", &failure, base_url)),
    }
    findings
}

/// What Meta says of the business number, in one line and then what stands in the way.
fn number_finding(number: &NumberInfo) -> Finding {
    let mut text = String::new();
    let facts = [
        ("", number.verified_name.as_deref()),
        ("number ", number.number.as_deref()),
        ("quality ", number.quality_rating.as_deref()),
        ("people a day: ", number.messaging_limit.as_deref()),
        ("throughput ", number.throughput.as_deref()),
    ];
    let facts: Vec<String> = facts
        .into_iter()
        .filter_map(|(label, fact)| fact.map(|fact| format!("{label}{fact}")))
        .collect();
    text.push_str(&facts.join(", "));
    if number.verified_name.as_deref() == Some("Test Number") {
        text.push_str("\n  this is Meta's test number: it reaches only numbers on its own list; ");
        text.push_str(advice(131_030).unwrap_or_default());
    }
    let entities = number.health.iter().flat_map(|health| &health.entities);
    for (entity, error) in
        entities.flat_map(|entity| entity.errors.iter().map(move |error| (entity, error)))
    {
        let part = entity.entity_type.as_deref().unwrap_or("a part");
        let words = [
            error.error_description.as_deref(),
            error.possible_solution.as_deref(),
        ];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        text.push_str(&format!("\n  {part}: {}", words.join("; ")));
    }
    if number.is_blocked() {
        return Finding::bad(
            "token and number",
            format!("the token works, but Meta blocks sending: {text}"),
            Exit::Unavailable,
        );
    }
    Finding {
        subject: "token and number".to_owned(),
        text: format!("good: {text}"),
        exit: Exit::Ok,
    }
}

impl Finding {
    fn of(judgement: &Judgement) -> Self {
        Self {
            subject: format!("template {} ({})", judgement.name, judgement.language),
            text: judgement.text(),
            exit: match judgement.is_sendable() {
                true => Exit::Ok,
                false => Exit::Unavailable,
            },
        }
    }

    fn refused(subject: &str, failure: &Failure, base_url: &str) -> Self {
        let (exit, text) = refused(failure, base_url);
        Self::bad(subject, text, exit)
    }

    fn bad(subject: &str, text: String, exit: Exit) -> Self {
        Self {
            subject: subject.to_owned(),
            text,
            exit,
        }
    }
}

fn print(output: Output, loaded: &crate::config::Loaded, findings: &[Finding]) {
    let settings = &loaded.settings;
    let ok = findings.iter().all(|finding| finding.exit == Exit::Ok);
    if output == Output::Json {
        let findings: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({"subject": finding.subject, "ok": finding.exit == Exit::Ok, "text": finding.text})
            })
            .collect();
        println!(
            "{}",
            json!({
                "ok": ok,
                "receipts": settings.webhook.is_some(),
                "warnings": listed(&loaded.warnings),
                "online": findings,
            })
        );
        return;
    }
    println!(
        "the config is good: {}, {}, {}",
        counted(settings.ruleset.contacts.len(), "contact"),
        counted(settings.ruleset.rules.len(), "rule"),
        counted(settings.templates.len(), "template")
    );
    match &settings.webhook {
        Some(webhook) => println!(
            "receipts and replies: on, Meta posts to http://{}/webhooks/whatsapp through a TLS proxy",
            webhook.listen
        ),
        None => println!(
            "receipts and replies: off; they need [webhook], and verify_token and app_secret in [whatsapp]"
        ),
    }
    for finding in findings {
        println!(
            "{} {}: {}",
            if finding.exit == Exit::Ok {
                "✓"
            } else {
                "✗"
            },
            finding.subject,
            finding.text
        );
    }
}
