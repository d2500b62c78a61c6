//! `klaxond demo`: the whole path on this machine, without an account.

mod screen;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::config::{self, Environment, Loaded};
use crate::daemon::Daemon;
use crate::model::{MessageState, Stage};
use crate::sandbox::{Accepted, Sandbox, Settings, Shown, Webhook};
use crate::store::Tally;

use super::Exit;
use super::options::{Output, block_on};
use super::sandbox;
use screen::Screen;

/// The options of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A sandbox stands in for Meta and a daemon runs in a temporary folder. Sample alarms go through the
real socket; each message is shown as the phone would show it, when it is delivered, and its receipts
come back through the daemon's webhook. Nothing leaves this machine.

Examples:
  klaxond demo
  klaxond demo --keep      leave it running, to hand in alarms of your own")]
pub(super) struct Args {
    /// Leave it running until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// How to print; json is one object a line
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

/// The longest the messages may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest that receipts may take after that.
const RECEIPT_PATIENCE: Duration = Duration::from_secs(10);
/// From accepted to sent, from there to delivered, from there to read.
const RECEIPT_DELAY: Duration = Duration::from_millis(30);
const APP_SECRET: &str = "demo-app-secret";
const VERIFY_TOKEN: &str = "demo-verify-token";

/// What the script hands in.
const SAMPLES: &[&str] = &[
    r#"{"id":"4711","element":"Encoder 7","parameter":"Input status","value":"No signal","severity":"critical","type":"New alarm","properties":{"Site":"HQ"}}"#,
    r#"{"id":"4712","element":"Encoder 8","parameter":"CPU load","value":"71 %","severity":"warning"}"#,
    "350/17|7|59|350|Slot 2|0",
    "901|7|59|350|Slot 2|901|0|1|10|12|Lost|2026-11-22 03:12:44|-1|-1|-1|5|16|18|System||1|Site|HQ|META Alarm Detection",
    r#"{"id":"4713","element":"UPS hall B","parameter":"Battery","value":"12.5 % | discharging","severity":"major"}"#,
    r#"{"element":"Router 1","parameter":"Fan 2","severity":"extreme"}"#,
    r#"{"id":"4711","element":"Encoder 7","parameter":"Input status","value":"OK","severity":"normal"}"#,
];

const CONFIG: &str = r#"
timezone = "UTC"

[whatsapp]
phone_number_id = "106540352242922"
token = "demo-token"
base_url = "@BASE_URL@"
app_secret = "demo-app-secret"
verify_token = "demo-verify-token"

[webhook]
listen = "127.0.0.1:0"

[ingest]
socket = "alarms.sock"

[storage]
path = "klaxond.db"
min_free = "1MiB"

[http]
listen = "127.0.0.1:0"

[dataminer.names]
"7/59" = "Broadpeak BKS350"
"7/59/350" = "Stream state"

[[contacts]]
name = "NOC desk"
phone = "34600111222"
groups = ["noc"]

[[contacts]]
name = "Duty engineer"
phone = "34600111333"

[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = """
Hello {{1}}! 👋
The following alarm was just generated ⚠️

- *Element:* {{2}}
- *Parameter:* {{3}}
- *Value:* {{4}}
- *Severity:* {{5}}
- *Time:* {{6}}
- *Type:* {{7}}

Please check it."""
parameters = ["{{ contact.name }}", "{{ alarm.element }}", "{{ alarm.parameter }}{% if alarm.index %} {{ alarm.index }}{% endif %}", "{{ alarm.value }}", "{{ alarm.severity }}", "{{ alarm.time }}", "{{ alarm.type }}"]
buttons = [{ quick_reply = "Acknowledge" }]

[[rules]]
name = "Critical alarms"
filter = 'severity = critical'

[[rules]]
name = "Power"
filter = 'element like "UPS*" and severity >= major'
notify = ["noc"]
"#;

pub(super) fn run(args: &Args) -> Exit {
    let folder = match Folder::make() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("klaxond: a temporary folder cannot be made: {error}");
            return Exit::Unavailable;
        }
    };
    block_on(demo(args, &folder.path))
        .and_then(|outcome| outcome)
        .unwrap_or_else(|exit| exit)
}

async fn demo(args: &Args, folder: &Path) -> Result<Exit, Exit> {
    // From here on Ctrl-C ends it in order, so that its folder goes.
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| {
        eprintln!("klaxond: cannot listen for Ctrl-C: {error}");
        Exit::Software
    })?;
    let screen = Screen {
        output: args.output,
    };
    // The sandbox knows the config's templates, and the config the sandbox's address.
    let definitions = configure(folder, "http://127.0.0.1:9")?
        .settings
        .definitions;
    let templates = definitions.iter().map(sandbox::template_text).collect();
    let started = Sandbox::start(Settings {
        templates,
        ..Settings::default()
    })
    .await;
    let (sandbox, shown) = started.map_err(|error| {
        eprintln!("klaxond: the sandbox cannot be started: {error}");
        Exit::Unavailable
    })?;
    let loaded = configure(folder, &format!("http://{}", sandbox.address()))?;
    let socket = loaded.settings.ingest.socket.clone();
    let daemon = Daemon::start(folder.join("config.toml"), environment(), loaded)
        .await
        .map_err(|error| {
            eprintln!("klaxond: the daemon cannot be started: {error}");
            Exit::Unavailable
        })?;
    if let Some(address) = daemon.webhook_address() {
        let url = format!("http://{address}/webhooks/whatsapp");
        let mut webhook = Webhook::new(url, APP_SECRET.to_owned().into());
        webhook.verify_token = Some(VERIFY_TOKEN.to_owned().into());
        webhook.delay = RECEIPT_DELAY;
        sandbox.connect(webhook).map_err(|error| {
            eprintln!("klaxond: the sandbox cannot post receipts: {error}");
            Exit::Unavailable
        })?;
    }
    screen.hello(sandbox.address(), &socket);
    let phones = tokio::spawn(show(screen, shown));

    let told = hand_in(screen, &socket).await;
    if daemon
        .tally()
        .await
        .is_some_and(|tally| tally.pending() > 0)
    {
        screen.waiting();
    }
    let waiting = tokio::select! {
        waiting = daemon.settled(PATIENCE) => waiting,
        _ = interrupt.recv() => None,
    };
    if waiting.is_some() {
        tokio::select! {
            () = all_delivered(&daemon, &sandbox) => {}
            _ = interrupt.recv() => {}
        }
    }
    let tally = daemon.tally().await;
    if args.keep && waiting.is_some() {
        screen.kept(&socket, sandbox.address(), daemon.http_address());
        interrupt.recv().await;
    }
    daemon.drain().await;
    let arrived = sandbox.messages().len();
    sandbox.stop().await;
    // The sandbox is gone, so the last message has been shown.
    let _ = phones.await;

    let told = told.map_err(|error| {
        eprintln!("klaxond: the sample alarms could not be handed in: {error}");
        Exit::Unavailable
    })?;
    let tally = tally.unwrap_or_default();
    let ended = Ended {
        arrived,
        accepted: delivered(&tally)
            + tally.count(MessageState::Accepted)
            + tally.count(MessageState::Sent),
        delivered: delivered(&tally),
        waiting: tally.pending(),
    };
    screen.goodbye(&told, &ended);
    let all = u64::try_from(arrived) == Ok(ended.delivered);
    let whole = waiting == Some(0) && all && told.stored > 0;
    Ok(if whole || args.keep {
        Exit::Ok
    } else {
        Exit::Degraded
    })
}

/// Messages of which the daemon knows that they are on the phone.
fn delivered(tally: &Tally) -> u64 {
    tally.count(MessageState::Delivered) + tally.count(MessageState::Read)
}

/// Waits until the daemon heard of every message that it is on the phone, for a while.
async fn all_delivered(daemon: &Daemon, sandbox: &Sandbox) {
    const LOOK: Duration = Duration::from_millis(20);
    let late = tokio::time::Instant::now() + RECEIPT_PATIENCE;
    while tokio::time::Instant::now() < late {
        let known = daemon.tally().await.as_ref().map_or(0, delivered);
        if u64::try_from(sandbox.messages().len()) == Ok(known) {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What came of the messages.
struct Ended {
    /// On the phones.
    arrived: usize,
    /// Taken by Meta, as the daemon knows.
    accepted: u64,
    /// On the phones, as the daemon knows.
    delivered: u64,
    /// Still to be sent.
    waiting: u64,
}

fn configure(folder: &Path, base_url: &str) -> Result<Loaded, Exit> {
    let path = folder.join("config.toml");
    let text = CONFIG.replace("@BASE_URL@", base_url);
    let written = write_private(&path, &text);
    written.map_err(|error| {
        eprintln!("klaxond: the demo's config cannot be written: {error}");
        Exit::Unavailable
    })?;
    config::load(&path, &environment()).map_err(|faults| {
        eprint!("{}", faults.render(false));
        Exit::Config
    })
}

fn environment() -> Environment {
    Environment {
        credentials_directory: None,
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

/// What the samples were answered.
#[derive(Debug, Default)]
struct Told {
    stored: usize,
    ignored: usize,
    rejected: usize,
}

impl Told {
    fn total(&self) -> usize {
        self.stored + self.ignored + self.rejected
    }

    fn count(&mut self, answer: &str) {
        let status = serde_json::from_str::<serde_json::Value>(answer)
            .ok()
            .and_then(|answer| {
                answer
                    .get("status")
                    .and_then(|status| status.as_str().map(str::to_owned))
            });
        match status.as_deref() {
            Some("stored") => self.stored += 1,
            Some("ignored") => self.ignored += 1,
            _ => self.rejected += 1,
        }
    }
}

/// Writes each sample and waits for its answer, as a detection script would.
async fn hand_in(screen: Screen, socket: &Path) -> std::io::Result<Told> {
    let stream = UnixStream::connect(socket).await?;
    let (read, mut write) = stream.into_split();
    let mut answers = BufReader::new(read).lines();
    let mut told = Told::default();
    for sample in SAMPLES {
        write.write_all(sample.as_bytes()).await?;
        write.write_all(b"\n").await?;
        let Some(answer) = answers.next_line().await? else {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        };
        screen.answered(sample, &answer);
        told.count(&answer);
    }
    Ok(told)
}

/// Shows each message when it is delivered; what never was comes at the end.
async fn show(screen: Screen, mut shown: mpsc::Receiver<Shown>) {
    let mut under_way = Vec::new();
    while let Some(shown) = shown.recv().await {
        match shown {
            Shown::Message(message) => {
                screen.accepted(&message);
                under_way.push(message);
            }
            Shown::Receipt { message, stage, .. } => {
                screen.receipt(&message, stage);
                let mut arrived = |other: &mut Arc<Accepted>| {
                    stage == Stage::Delivered && other.wamid == message.wamid
                };
                for message in under_way.extract_if(.., &mut arrived) {
                    screen.draw(&message, "✓✓");
                }
            }
            Shown::Refused { .. } => {}
        }
    }
    for message in under_way {
        screen.draw(&message, "✓");
    }
}

/// A folder that goes when the demo ends.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn make() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let path =
            std::env::temp_dir().join(format!("klaxond-demo-{}", uuid::Uuid::now_v7().simple()));
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            eprintln!("klaxond: {} is left behind: {error}", self.path.display());
        }
    }
}
