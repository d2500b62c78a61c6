//! What people do on the phones of a running sandbox, and what Meta decides there.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::Exit;
use crate::cli::options::{Output, block_on, complain, print};
use crate::cli::phone::clean;
use crate::config;

/// The longest a sandbox may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What to do to a running sandbox.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Action {
    /// Tap a button of the last message on a phone that has it
    Tap {
        /// The number, or the last digits of one that got a message
        number: String,
        /// What is written on the button
        button: String,
        #[command(flatten)]
        at: At,
    },
    /// Write to the business number
    Reply {
        /// The number, or the last digits of one that got a message
        number: String,
        /// What to write
        text: String,
        /// As an answer to the last message on the phone
        #[arg(long)]
        quote: bool,
        #[command(flatten)]
        at: At,
    },
    /// List the phones and their last messages
    Phones {
        /// Messages of each phone
        #[arg(long, value_name = "N", default_value_t = 3)]
        last: u32,
        #[command(flatten)]
        at: At,
    },
    /// Decide about a template
    Template {
        /// Its name
        name: String,
        /// What becomes of it
        decision: Decision,
        /// Only in this language
        #[arg(long, value_name = "CODE")]
        language: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// End all access tokens, or make them good again
    Token {
        /// What becomes of them
        fate: Fate,
        /// When renewed ones end; never without it
        #[arg(long = "for", value_name = "SPAN", value_parser = config::span)]
        span: Option<Duration>,
        #[command(flatten)]
        at: At,
    },
    /// Replace the faults; without any, nothing fails
    Fail {
        /// As for --fail
        faults: Vec<String>,
        #[command(flatten)]
        at: At,
    },
}

/// Which sandbox.
#[derive(Debug, clap::Args)]
pub(super) struct At {
    /// Where the sandbox runs
    #[arg(
        long = "at",
        value_name = "URL",
        default_value = "http://127.0.0.1:9790"
    )]
    url: String,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// What becomes of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Decision {
    /// It can be sent.
    Approve,
    /// It is turned down.
    Reject,
    /// Not for some hours, for bad feedback.
    Pause,
    /// Never again.
    Disable,
    /// It counts as utility.
    Utility,
    /// It counts as marketing.
    Marketing,
}

/// What becomes of the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Fate {
    /// Every call answers 190.
    Expire,
    /// They are good again.
    Renew,
}

/// What is asked of the sandbox; a body makes it a POST.
struct Question {
    path: String,
    body: Option<Value>,
}

/// Does it, and says what came of it.
pub(super) fn run(action: &Action) -> Exit {
    let at = action.at();
    let question = action.question();
    let answer = match block_on(ask(&at.url, &question)) {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    match (answer, at.output) {
        (Err((exit, why)), output) => {
            complain(output, &why);
            exit
        }
        (Ok(answer), Output::Json) => {
            print(&answer.to_string());
            Exit::Ok
        }
        (Ok(answer), Output::Text) => {
            print(action.told(&answer).trim_end());
            Exit::Ok
        }
    }
}

impl Action {
    fn at(&self) -> &At {
        match self {
            Self::Tap { at, .. }
            | Self::Reply { at, .. }
            | Self::Phones { at, .. }
            | Self::Template { at, .. }
            | Self::Token { at, .. }
            | Self::Fail { at, .. } => at,
        }
    }

    fn question(&self) -> Question {
        let post = |path: &str, body: Value| Question {
            path: path.to_owned(),
            body: Some(body),
        };
        match self {
            Self::Tap { number, button, .. } => {
                post("taps", json!({"phone": number, "button": button}))
            }
            Self::Reply {
                number,
                text,
                quote,
                ..
            } => post(
                "replies",
                json!({"phone": number, "text": text, "quote": quote}),
            ),
            Self::Phones { last, .. } => Question {
                path: format!("phones?last={last}"),
                body: None,
            },
            Self::Template {
                name,
                decision,
                language,
                ..
            } => {
                let decision = match decision {
                    Decision::Approve => "approve",
                    Decision::Reject => "reject",
                    Decision::Pause => "pause",
                    Decision::Disable => "disable",
                    Decision::Utility => "utility",
                    Decision::Marketing => "marketing",
                };
                let body = json!({"decision": decision, "language": language});
                post(&format!("templates/{name}"), body)
            }
            Self::Token { fate, span, .. } => {
                let seconds = span.map(|span| span.as_secs());
                let body = match fate {
                    Fate::Expire => json!("expire"),
                    Fate::Renew => json!({"renew": seconds}),
                };
                post("token", body)
            }
            Self::Fail { faults, .. } => post("faults", json!(faults)),
        }
    }

    /// The answer for people.
    fn told(&self, answer: &Value) -> String {
        let text = |value: &Value| clean(value.as_str().unwrap_or_default());
        match self {
            Self::Tap { .. } | Self::Reply { .. } => {
                let posted = match answer["posted"].as_bool() {
                    Some(true) => "posted to the webhook",
                    _ => "not posted: the sandbox runs without --webhook",
                };
                format!("from {}: {posted}", text(&answer["phone"]))
            }
            Self::Phones { .. } => {
                let phones = answer["phones"].as_array();
                let phones: Vec<String> = phones.into_iter().flatten().map(phone).collect();
                match phones.is_empty() {
                    true => "no phone got a message yet".to_owned(),
                    false => phones.concat(),
                }
            }
            Self::Template { .. } => {
                let templates = answer["templates"].as_array();
                let line = |template: &Value| {
                    let word = |key: &str| text(&template[key]);
                    let (name, language) = (word("name"), word("language"));
                    let (status, category) = (word("status"), word("category"));
                    format!("{name} ({language}): {status}, {category}\n")
                };
                templates.into_iter().flatten().map(line).collect()
            }
            Self::Token { fate, .. } => match (fate, answer["expires"].as_str()) {
                (Fate::Expire, _) => "every token has expired".to_owned(),
                (Fate::Renew, None) => "every token is good, for ever".to_owned(),
                (Fate::Renew, Some(end)) => format!("every token is good, until {end}"),
            },
            Self::Fail { faults, .. } if faults.is_empty() => "nothing fails".to_owned(),
            Self::Fail { faults, .. } => format!("in force: {}", faults.join(", ")),
        }
    }
}

/// A phone and its messages, one a line.
fn phone(phone: &Value) -> String {
    let text = |value: &Value| clean(value.as_str().unwrap_or_default());
    let count = phone["count"].as_u64().unwrap_or(0);
    let window = match phone["window_open"].as_bool() {
        Some(true) => ", may be sent free text",
        _ => "",
    };
    let mut lines = format!("{}: {count} messages{window}\n", text(&phone["phone"]));
    for message in phone["messages"].as_array().into_iter().flatten() {
        let shown = text(&message["text"]).replace(char::REPLACEMENT_CHARACTER, " ");
        let short: String = shown.chars().take(60).collect();
        // Infallible: writing to a String.
        let _ = writeln!(lines, "  {:<9} {short}", text(&message["state"]));
    }
    lines
}

async fn ask(url: &str, question: &Question) -> Result<Value, (Exit, String)> {
    crate::whatsapp::install_crypto();
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| (Exit::Software, error.to_string()))?;
    let address = format!("{}/sandbox/{}", url.trim_end_matches('/'), question.path);
    let request = match &question.body {
        Some(body) => client.post(address).json(body),
        None => client.get(address),
    };
    let nobody = |_| {
        let why = format!(
            "no sandbox answers on {url}; start one with klaxond sandbox, or say where with --at"
        );
        (Exit::Unavailable, why)
    };
    let answer = request.send().await.map_err(nobody)?;
    let taken = answer.status().is_success();
    let answer: Value = answer.json().await.map_err(nobody)?;
    match answer["error"].as_str() {
        None if taken => Ok(answer),
        Some(why) => Err((Exit::Data, why.to_owned())),
        None => Err((Exit::Unavailable, format!("{url} is no sandbox"))),
    }
}
