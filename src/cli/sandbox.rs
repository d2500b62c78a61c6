//! `klaxond sandbox`: a Cloud API on this machine that shows what a phone would.

use std::io::{self, IsTerminal as _, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::Exit;
use super::options::{Output, colour, environment};
use super::phone::{self, Style};
use crate::config;
use crate::sandbox::{
    ButtonText, FAULT_HELP, Fault, Sandbox, Settings, Shown, Tally, TemplateStatus, TemplateText,
};
use crate::whatsapp::template::{ButtonDefinition, Definition};

/// Arguments of `klaxond sandbox`.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help())]
pub(super) struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9790")]
    listen: SocketAddr,
    /// Know the templates of this config and no others; any template is taken without it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take templates that the config does not have as well
    #[arg(long)]
    accept_unknown_templates: bool,
    /// Meta's limit for each phone: one message in 6 s, up to 45 borrowed (131056)
    #[arg(long)]
    pair_limit: bool,
    /// Messages a second for all phones together (130429)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    throughput: Option<u32>,
    /// Let something fail; can be given several times, see below
    #[arg(long, value_name = "FAULT", value_parser = Fault::parse)]
    fail: Vec<Fault>,
    /// The only token that is taken; any without it
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Print the address and the tally only
    #[arg(long)]
    quiet: bool,
    /// How to print; json is one object a line
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

fn after_help() -> String {
    format!(
        "Examples:
  klaxond sandbox
  klaxond sandbox --config config/config.toml --pair-limit
  klaxond sandbox --fail 131056:every=5 --fail latency=200ms
  curl -d '[\"http=503:count=3\"]' http://127.0.0.1:9790/sandbox/faults
  curl http://127.0.0.1:9790/sandbox/messages

Faults:
{FAULT_HELP}"
    )
}

/// Runs a sandbox until Ctrl-C or SIGTERM; with a config it knows that one's templates.
pub(super) fn run(args: Args) -> Exit {
    let definitions = match &args.config {
        Some(path) => match config::load(path, &environment()) {
            Ok(loaded) => loaded.settings.definitions,
            Err(faults) => {
                eprint!("{}", faults.render(colour()));
                return Exit::Config;
            }
        },
        None => Vec::new(),
    };
    stand_in(args, &definitions)
}

fn stand_in(args: Args, definitions: &[Definition]) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(serve(args, definitions)),
        Err(error) => Err((Exit::Software, format!("cannot start: {error}"))),
    };
    match result {
        Ok(()) => Exit::Ok,
        Err((exit, why)) => {
            eprintln!("klaxond sandbox: {why}");
            exit
        }
    }
}

async fn serve(args: Args, definitions: &[Definition]) -> Result<(), (Exit, String)> {
    let listen = args.listen;
    let settings = Settings {
        listen,
        pair_limit: args.pair_limit,
        throughput: args.throughput,
        faults: args.fail,
        token: args.token,
        templates: definitions.iter().map(template_text).collect(),
        accept_unknown_templates: args.accept_unknown_templates,
        ..Settings::default()
    };
    let (sandbox, shown) = Sandbox::start(settings).await.map_err(|error| {
        let why = format!("cannot listen on {listen}: {error}; choose another with --listen");
        (Exit::Unavailable, why)
    })?;
    let screen = Screen {
        output: args.output,
        quiet: args.quiet,
        style: Style {
            colour: io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
            timezone: TimeZone::system(),
        },
    };
    screen.hello(sandbox.address());
    let ended = until_stopped(&screen, shown).await;
    let tally = sandbox.tally();
    sandbox.stop().await;
    screen.goodbye(&tally);
    ended.map_err(|error| (Exit::Software, format!("cannot wait for signals: {error}")))
}

/// Shows what comes until a signal ends it.
async fn until_stopped(screen: &Screen, mut shown: mpsc::Receiver<Shown>) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            event = shown.recv() => match event {
                Some(event) => screen.show(&event),
                None => return Ok(()),
            },
        }
    }
}

/// The template of a config as Meta would hold it.
#[must_use]
pub(super) fn template_text(definition: &Definition) -> TemplateText {
    TemplateText {
        name: definition.name.clone(),
        language: definition.language.clone(),
        header: definition.header.as_ref().map(|header| header.text.clone()),
        text: definition.text.clone(),
        footer: definition.footer.clone(),
        buttons: definition
            .buttons
            .iter()
            .map(|button| match button {
                ButtonDefinition::QuickReply { text, .. } => {
                    ButtonText::QuickReply { text: text.clone() }
                }
                ButtonDefinition::Url { text, url, .. } => ButtonText::Url {
                    text: text.clone(),
                    url: url.clone(),
                },
            })
            .collect(),
        status: TemplateStatus::Approved,
    }
}

/// Where it prints.
struct Screen {
    output: Output,
    quiet: bool,
    style: Style,
}

impl Screen {
    fn hello(&self, address: SocketAddr) {
        match self.output {
            Output::Text => print(&format!(
                "Sandbox of the Cloud API on http://{address} (Ctrl-C ends it). For config.toml:\n\n\
                 [whatsapp]\nbase_url = \"http://{address}\"\nphone_number_id = \"106540352242922\"\n\
                 token = \"sandbox\"\n"
            )),
            Output::Json => print_json(&json!({
                "event": "listening",
                "address": format!("http://{address}"),
            })),
        }
    }

    fn show(&self, event: &Shown) {
        if self.quiet {
            return;
        }
        match (event, self.output) {
            (Shown::Message(message), Output::Text) => {
                print(&phone::draw(message, &message.to.to_string(), &self.style));
                if message.answer_lost {
                    print("(delivered, but its answer is lost on request)\n");
                }
            }
            (Shown::Message(message), Output::Json) => {
                let mut event = message.json();
                event["event"] = json!("message");
                print_json(&event);
            }
            (Shown::Refused { why, .. }, Output::Text) => {
                print(&format!("✗ {}\n", phone::clean(why)));
            }
            (Shown::Refused { at, code, why }, Output::Json) => print_json(&json!({
                "event": "refused",
                "at": at.to_string(),
                "code": code,
                "why": why,
            })),
        }
    }

    fn goodbye(&self, tally: &Tally) {
        match self.output {
            Output::Text => print(&format!("\n{}\n", summary(tally))),
            Output::Json => print_json(&json!({
                "event": "ended",
                "accepted": tally.accepted,
                "answers_lost": tally.answers_lost,
                "refused": tally.refused,
                "faulty": tally.faulty,
            })),
        }
    }
}

/// One line that sums up.
#[must_use]
pub(super) fn summary(tally: &Tally) -> String {
    let messages = match tally.accepted {
        1 => "1 message".to_owned(),
        n => format!("{n} messages"),
    };
    let mut parts = vec![format!("{messages} on phones")];
    if tally.answers_lost > 0 {
        parts.push(format!("{} of them with a lost answer", tally.answers_lost));
    }
    let refused: u64 = tally.refused.values().sum();
    if refused > 0 {
        let codes = tally
            .refused
            .iter()
            .map(|(code, n)| format!("{n} with {code}"));
        let codes: Vec<String> = codes.collect();
        parts.push(format!("{refused} refused ({})", codes.join(", ")));
    }
    if tally.faulty > 0 {
        parts.push(format!("{} met another fault", tally.faulty));
    }
    parts.join(", ")
}

fn print_json(value: &Value) {
    print(&format!("{value}\n"));
}

/// Prints at once. Who closed the pipe does not want to know more.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_tells_only_what_happened() {
        let mut tally = Tally {
            accepted: 1,
            ..Tally::default()
        };
        assert_eq!(summary(&tally), "1 message on phones");
        tally.accepted = 12;
        tally.answers_lost = 2;
        tally.refused = [(131_056, 3), (190, 1)].into();
        tally.faulty = 4;
        assert_eq!(
            summary(&tally),
            "12 messages on phones, 2 of them with a lost answer, 4 refused (1 with 190, 3 with \
             131056), 4 met another fault"
        );
    }
}
