//! `klaxond check`: what is wrong with the config, and with the account.

use serde_json::json;

use crate::config::Settings;
use crate::model::Failure;
use crate::whatsapp::{Client, NumberInfo, advice};

use super::Exit;
use super::options::{ConfigArgs, Output, block_on, colour, counted, environment, listed};

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
        Err(failure) => findings.push(refused("token and number", &failure, base_url)),
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
            for template in &settings.templates {
                let definition = settings
                    .definitions
                    .iter()
                    .find(|one| one.id == *template.id());
                let words = definition.map(|definition| definition.text.as_str());
                findings.push(judge(template, words, &known));
            }
        }
        Err(failure) => findings.push(refused("templates", &failure, base_url)),
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

/// What Meta says of a template whose text reads `words` in the config.
fn judge(
    template: &crate::whatsapp::template::Template,
    words: Option<&str>,
    known: &[crate::whatsapp::TemplateInfo],
) -> Finding {
    let subject = format!("template {} ({})", template.name(), template.language());
    let same_name: Vec<_> = known
        .iter()
        .filter(|info| info.name == template.name())
        .collect();
    let Some(info) = same_name
        .iter()
        .find(|info| info.language == template.language())
    else {
        let languages: Vec<&str> = same_name
            .iter()
            .map(|info| info.language.as_str())
            .collect();
        let text = if languages.is_empty() {
            "Meta does not know it: submit it in WhatsApp Manager > Message templates under this name".to_owned()
        } else {
            format!(
                "Meta knows it only in {}: write that as its language",
                languages.join(", ")
            )
        };
        return Finding::bad(&subject, text, Exit::Unavailable);
    };
    let status = info.status.as_deref().unwrap_or("of unknown status");
    if !info.is_approved() {
        let why = info
            .rejected_reason
            .as_deref()
            // What Meta writes where it refused nothing.
            .filter(|reason| *reason != "NONE")
            .map_or(String::new(), |reason| format!(" ({reason})"));
        let text = format!("it is {status}{why}: only an approved template can be sent");
        return Finding::bad(&subject, text, Exit::Unavailable);
    }
    let differences = info.differences(template);
    if !differences.is_empty() {
        let text = format!(
            "Meta's template differs from the config's:\n  {}",
            differences.join("\n  ")
        );
        return Finding::bad(&subject, text, Exit::Unavailable);
    }
    let marketing = if info.is_marketing() {
        "; Meta counts it as marketing: dearer, capped per person, and not delivered to the USA"
    } else {
        ""
    };
    let other_words = match (info.text(), words) {
        (Some(theirs), Some(ours)) if theirs.trim() != ours.trim() => {
            "; Meta's text reads otherwise than the config's: phones show Meta's"
        }
        _ => "",
    };
    Finding {
        subject,
        text: format!("good: approved{marketing}{other_words}"),
        exit: Exit::Ok,
    }
}

fn refused(subject: &str, failure: &Failure, base_url: &str) -> Finding {
    let exit = if failure.code.is_some() {
        Exit::Unavailable
    } else {
        Exit::TempFail
    };
    let mut text = failure.text.clone();
    if let Some(advice) = failure.code.and_then(advice) {
        text.push_str("\n  ");
        text.push_str(advice);
    }
    if failure.code.is_none() {
        text.push_str(&format!(
            "\n  this is no answer of Meta's: may this machine reach {base_url}, and is that the right base_url?"
        ));
    }
    Finding::bad(subject, text, exit)
}

impl Finding {
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
            json!({"ok": ok, "warnings": listed(&loaded.warnings), "online": findings})
        );
        return;
    }
    println!(
        "the config is good: {}, {}, {}",
        counted(settings.ruleset.contacts.len(), "contact"),
        counted(settings.ruleset.rules.len(), "rule"),
        counted(settings.templates.len(), "template")
    );
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
