//! klaxond's side: the core on a real store, with messages that Meta accepted, behind the real port.
//! And a handler that reads a body and answers at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use klaxond::config::{Environment, load};
use klaxond::daemon::{Core, Parts, Policy};
use klaxond::ingest::Codec;
use klaxond::model::Time;
use klaxond::pipeline::Clock;
use klaxond::store::{Mode, Store};
use klaxond::web::{Take, Webhook};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::accepting::Accepting;
use super::meta::{APP_SECRET, NUMBER_ID, wamid};

/// Messages that receipts are about: each record goes to every contact.
pub const MESSAGES: usize = RECORDS * CONTACTS;
const RECORDS: usize = 1_000;
const CONTACTS: usize = 20;
/// Threads of the daemon's runtime.
const WORKERS: usize = 2;

/// A port that answers, until it is dropped.
pub struct Port {
    pub address: SocketAddr,
    /// Stands in front of the number of a message in what comes back with its receipts.
    pub opaque: String,
    runtime: Option<Runtime>,
    core: Option<Core>,
    _folder: Option<tempfile::TempDir>,
}

impl Port {
    /// The real port before the real core.
    pub fn klaxond() -> Self {
        // Beside the build's output: the system's temporary folder may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config()).unwrap();
        let settings = load(&path, &Environment::default()).unwrap().settings;
        let runtime = runtime();
        let (core, address, opaque) = runtime.block_on(async {
            let webhook = Webhook::bind(settings.webhook.as_ref().unwrap()).unwrap();
            let address = webhook.address().unwrap();
            let (store, tail) = Store::open(&settings.storage, Mode::Threaded).unwrap();
            let opaque = store.id().to_owned();
            let parts = Parts {
                store,
                tail,
                gateway: Arc::new(Accepting(by_number)),
                clock: Clock::system(),
                alive: Arc::new(|| {}),
            };
            let core = Core::start(Policy::from(&settings), parts).await.unwrap();
            fill(&core, &Codec::new(settings.dataminer.clone())).await;
            let receipts = core.receipts();
            let take = Take::new(move |updates, origin| {
                let receipts = receipts.clone();
                async move { receipts.take(updates, origin).await }
            });
            tokio::spawn(webhook.serve(take, CancellationToken::new()));
            (core, address, opaque)
        });
        Self {
            address,
            opaque,
            runtime: Some(runtime),
            core: Some(core),
            _folder: Some(folder),
        }
    }

    /// The same server without what it is for.
    pub fn at_once() -> Self {
        let runtime = runtime();
        let address = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let router = Router::new()
                .route("/webhooks/whatsapp", post(async |_: Bytes| ""))
                .layer(axum::extract::DefaultBodyLimit::disable());
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            address
        });
        Self {
            address,
            opaque: "store".to_owned(),
            runtime: Some(runtime),
            core: None,
            _folder: None,
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let (Some(runtime), Some(core)) = (&self.runtime, self.core.take()) {
            runtime.block_on(core.drain(Duration::from_secs(10)));
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .unwrap()
}

/// Hands in records and waits until every message of theirs is accepted.
async fn fill(core: &Core, codec: &Codec) {
    let intake = core.intake();
    for n in 0..RECORDS / 100 {
        let lines: String = (0..100)
            .map(|k| format!("{{\"element\":\"Encoder {n}-{k}\",\"severity\":\"critical\"}}\n"))
            .collect();
        let body = codec.read_body(lines.as_bytes(), Time::default()).unwrap();
        intake.take(body.records, "bench".into()).await;
    }
    loop {
        let tally = core.store().outbox.tally().await.unwrap();
        if tally.pending() == 0 && !core.is_behind() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn config() -> String {
    let contacts: String = (0..CONTACTS)
        .map(|n| format!("[[contacts]]\nname = \"Contact {n}\"\nphone = \"346000{n:05}\"\n"))
        .collect();
    format!(
        r#"
[whatsapp]
phone_number_id = "{NUMBER_ID}"
business_account_id = "102290129340398"
token = "bench-token"
app_secret = "{APP_SECRET}"
verify_token = "open-sesame"
[webhook]
listen = "127.0.0.1:0"
[storage]
path = "klaxond.db"
min_free = "1KiB"
[delivery]
throughput = "1000000/s"
per_contact = "1000000/s"
storm = "off"
[templates.alarm]
name = "klaxond_alarm"
text = "Alarm {{{{1}}}} is {{{{2}}}}. Please check it."
parameters = ["{{{{ alarm.element }}}}", "{{{{ alarm.severity }}}}"]
{contacts}
[[rules]]
name = "Bench"
"#
    )
}

/// Meta's id of a message from ours, which ends with its number.
fn by_number(opaque: &str) -> String {
    wamid(opaque.rsplit(':').next().unwrap().parse().unwrap())
}
