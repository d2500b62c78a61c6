//! `klaxond sandbox`: a Cloud API on this machine that shows what a phone would.

mod remote;
mod screen;

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::Exit;
use super::options::{Output, colour, environment};
use super::phone::Style;
use crate::config;
use crate::sandbox::{
    ButtonText, FAULT_HELP, Fault, Sandbox, Settings, Shown, TemplateStatus, TemplateText, Webhook,
};
use crate::whatsapp::template::{ButtonDefinition, Definition};
use remote::Action;
use screen::Screen;

/// Arguments of `klaxond sandbox`.
#[derive(Debug, clap::Args)]
#[command(after_help = after_help(), args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    server: Server,
}

/// What the sandbox is to be.
#[derive(Debug, clap::Args)]
struct Server {
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
    /// Post receipts, replies and news of templates there, as Meta does
    #[arg(long, value_name = "URL", requires = "app_secret_file")]
    webhook: Option<String>,
    /// Holds the app secret that signs them
    #[arg(long, value_name = "FILE", requires = "webhook")]
    app_secret_file: Option<PathBuf>,
    /// Holds the verify token; with it the handshake comes first, until it is answered
    #[arg(long, value_name = "FILE", requires = "webhook")]
    verify_token_file: Option<PathBuf>,
    /// Time from accepted to sent, from there to delivered, from there to read
    #[arg(long, value_name = "SPAN", default_value = "300ms", value_parser = config::span, requires = "webhook")]
    webhook_delay: Duration,
    /// How long a template that is handed in waits for approval, or `never`
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = review)]
    review: Review,
    /// Draw what is left to chance as the run with this seed did
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Print the address and the tally only
    #[arg(long)]
    quiet: bool,
    /// How to print; json is one object a line
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// How long a template waits; for ever without.
#[derive(Debug, Clone, Copy)]
struct Review(Option<Duration>);

fn review(text: &str) -> Result<Review, String> {
    match text {
        "never" => Ok(Review(None)),
        span => config::span(span).map(|span| Review(Some(span))),
    }
}

fn after_help() -> String {
    format!(
        "Examples:
  klaxond sandbox
  klaxond sandbox --config config/config.toml --pair-limit
  klaxond sandbox --fail 131056:every=5 --fail latency=200ms
  klaxond sandbox --webhook http://127.0.0.1:9781/webhooks/whatsapp --app-secret-file app_secret
  klaxond sandbox phones                 (these act on one that runs)
  klaxond sandbox tap 34600111222 Acknowledge
  klaxond sandbox reply 34600111222 'on my way' --quote
  klaxond sandbox template klaxond_alarm pause
  klaxond sandbox token expire
  klaxond sandbox fail http=503:count=3 twice
  curl http://127.0.0.1:9790/sandbox/messages

Faults:
{FAULT_HELP}"
    )
}

/// Runs a sandbox until Ctrl-C or SIGTERM; with a config it knows that one's templates.
pub(super) fn run(args: Args) -> Exit {
    if let Some(action) = &args.action {
        return remote::run(action);
    }
    let args = args.server;
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

fn stand_in(args: Server, definitions: &[Definition]) -> Exit {
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

async fn serve(args: Server, definitions: &[Definition]) -> Result<(), (Exit, String)> {
    let listen = args.listen;
    let webhook = webhook(&args)?;
    let settings = Settings {
        listen,
        pair_limit: args.pair_limit,
        throughput: args.throughput,
        faults: args.fail,
        token: args.token,
        templates: definitions.iter().map(template_text).collect(),
        accept_unknown_templates: args.accept_unknown_templates,
        webhook,
        review: args.review.0,
        seed: args.seed,
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
    screen.hello(sandbox.address(), sandbox.seed());
    let ended = until_stopped(&screen, shown).await;
    let tally = sandbox.tally();
    sandbox.stop().await;
    screen.goodbye(&tally);
    ended.map_err(|error| (Exit::Software, format!("cannot wait for signals: {error}")))
}

/// Where to post, with the secrets out of their files.
fn webhook(args: &Server) -> Result<Option<Webhook>, (Exit, String)> {
    let (Some(url), Some(app_secret)) = (&args.webhook, &args.app_secret_file) else {
        return Ok(None);
    };
    let mut webhook = Webhook::new(url, secret(app_secret)?);
    if let Some(path) = &args.verify_token_file {
        webhook.verify_token = Some(secret(path)?);
    }
    webhook.delay = args.webhook_delay;
    Ok(Some(webhook))
}

fn secret(path: &Path) -> Result<SecretString, (Exit, String)> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let why = format!("{} cannot be read: {error}", path.display());
        (Exit::Unavailable, why)
    })?;
    match text.trim() {
        "" => Err((Exit::Unavailable, format!("{} is empty", path.display()))),
        text => Ok(text.into()),
    }
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
