//! klaxond's side: the core on a real store that is full, behind the real server. And a bare handler.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use klaxond::config::{Environment, Settings, load};
use klaxond::daemon::{CONTENT_TYPE, Core, Daemon, Metrics, Parts, Policy};
use klaxond::ingest::Codec;
use klaxond::model::Time;
use klaxond::pipeline::Clock;
use klaxond::store::{Mode, Store};
use klaxond::web::{App, Control, Health, Records, Server};
use rusqlite::Connection;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::accepting::Accepting;

/// Threads of the daemon's runtime.
const WORKERS: usize = 2;
/// Records that are handed in at once.
const BATCH: usize = 500;

/// A daemon that has much to tell, until it is dropped.
pub struct House {
    address: SocketAddr,
    metrics: Metrics,
    messages: u64,
    core: Option<Core>,
    runtime: Option<Runtime>,
    folder: tempfile::TempDir,
}

/// A daemon as it is run.
pub struct Whole {
    address: SocketAddr,
    daemon: Option<Daemon>,
    runtime: Option<Runtime>,
    /// Holds the folder.
    _house: House,
}

impl Whole {
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let (Some(runtime), Some(daemon)) = (self.runtime.take(), self.daemon.take()) {
            runtime.block_on(daemon.drain());
            runtime.shutdown_background();
        }
    }
}

/// Looks again and again until it is stopped.
pub struct Looking {
    stop: Arc<AtomicBool>,
    task: std::thread::JoinHandle<Duration>,
}

impl House {
    /// A house with so many open alarms and final messages.
    pub fn full(alarms: usize, messages: usize) -> Self {
        // Beside the build's output: the system's temporary folder may be in memory.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, CONFIG).unwrap();
        let settings = load(&path, &Environment::default()).unwrap().settings;
        let runtime = runtime();
        runtime.block_on(async {
            let core = open(&settings).await;
            fill(&core, &Codec::new(settings.dataminer.clone()), alarms).await;
            core.drain(Duration::from_secs(60)).await;
        });
        multiply(&settings.storage.path, messages);
        let (core, metrics, address, messages) = runtime.block_on(async {
            let core = open(&settings).await;
            let metrics = Metrics::new(&core, settings.storage.min_free, false);
            metrics.look().await;
            let server = Server::bind(&settings.http).unwrap();
            let address = server.address().unwrap();
            let told = metrics.clone();
            let app =
                app(&core).with_metrics(move || std::future::ready((CONTENT_TYPE, told.text())));
            tokio::spawn(server.serve(None, app, CancellationToken::new()));
            let tally = core.store().outbox.tally().await.unwrap();
            let states = klaxond::model::MessageState::ALL.into_iter();
            let messages = states.map(|state| tally.count(state)).sum();
            (core, metrics, address, messages)
        });
        Self {
            address,
            metrics,
            messages,
            core: Some(core),
            runtime: Some(runtime),
            folder,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn alarms(&self) -> usize {
        let core = self.core.as_ref().unwrap();
        core.controls().crowding().alarms
    }

    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// The whole daemon on the same store, the page included, in place of the core.
    pub fn become_daemon(mut self) -> Whole {
        let runtime = self.runtime.take().unwrap();
        let core = self.core.take().unwrap();
        let path = self.folder.path().join("config.toml");
        let daemon = runtime.block_on(async {
            core.drain(Duration::from_secs(60)).await;
            let loaded = load(&path, &Environment::default()).unwrap();
            let daemon = Daemon::start(path, Environment::default(), loaded);
            daemon.await.unwrap()
        });
        Whole {
            address: daemon.http_address().unwrap(),
            daemon: Some(daemon),
            runtime: Some(runtime),
            _house: self,
        }
    }

    /// Asks the engine and the store without a pause, as the daemon does every few seconds.
    pub fn keep_looking(&self) -> Looking {
        let stop = Arc::new(AtomicBool::new(false));
        let (metrics, stopped) = (self.metrics.clone(), Arc::clone(&stop));
        let handle = self.runtime.as_ref().unwrap().handle().clone();
        let task = std::thread::spawn(move || {
            let (begin, mut looks) = (Instant::now(), 0);
            while !stopped.load(Ordering::Relaxed) {
                handle.block_on(metrics.look());
                looks += 1;
            }
            begin.elapsed() / looks.max(1)
        });
        Looking { stop, task }
    }
}

impl Looking {
    /// Ends it; how long a look took.
    pub fn stop(self) -> Duration {
        self.stop.store(true, Ordering::Relaxed);
        self.task.join().unwrap()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let (Some(runtime), Some(core)) = (&self.runtime, self.core.take()) {
            runtime.block_on(core.drain(Duration::from_secs(10)));
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A handler that answers given bytes, without the server that is measured.
pub struct Bare {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Bare {
    pub fn of(bytes: Vec<u8>) -> Self {
        let runtime = runtime();
        let address = runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let answer = move || std::future::ready(bytes.clone());
            let router = Router::new().fallback(get(answer));
            tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            address
        });
        Self {
            address,
            _runtime: runtime,
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .build()
        .unwrap()
}

async fn open(settings: &Settings) -> Core {
    let (store, tail) = Store::open(&settings.storage, Mode::Threaded).unwrap();
    let parts = Parts {
        store,
        tail,
        gateway: Arc::new(Accepting(|opaque| format!("wamid.{opaque}"))),
        clock: Clock::system(),
        alive: Arc::new(|| {}),
    };
    Core::start(Policy::from(settings), parts).await.unwrap()
}

fn app(core: &Core) -> App {
    App::new(
        core.intake(),
        Arc::new(|_| {
            Ok(Records {
                records: Vec::new(),
                many: true,
            })
        }),
        Health::default(),
        Control::new(|_, _| async { Ok(json!({})) }, || async { json!({}) }),
    )
}

/// Hands in alarms that stay open and waits until the message of each is accepted.
async fn fill(core: &Core, codec: &Codec, alarms: usize) {
    let intake = core.intake();
    for batch in 0..alarms / BATCH {
        let lines: String = (0..BATCH)
            .map(|k| format!("{{\"element\":\"Encoder {batch}-{k}\",\"severity\":\"critical\",\"parameter\":\"Input status\",\"value\":\"No signal\"}}\n"))
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

/// Puts copies of the messages beside them until there are so many: the past of a month.
fn multiply(database: &Path, messages: usize) {
    let db = Connection::open(database).unwrap();
    let mut columns = db
        .prepare("SELECT name FROM pragma_table_info('messages')")
        .unwrap();
    let columns: Vec<String> = columns
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let count = "SELECT count(*), max(id) FROM messages";
    let (there, last): (i64, i64) = db
        .query_row(count, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let copied: Vec<String> = columns
        .iter()
        .map(|name| {
            if name == "id" {
                "id + ?1".to_owned()
            } else {
                name.clone()
            }
        })
        .collect();
    let insert = format!(
        "INSERT INTO messages ({}) SELECT {} FROM messages WHERE id <= {last} ORDER BY id LIMIT ?2",
        columns.join(", "),
        copied.join(", ")
    );
    let mut missing = i64::try_from(messages).unwrap() - there;
    let mut shift = last;
    db.execute_batch("BEGIN").unwrap();
    while missing > 0 {
        let copies = db.execute(&insert, [shift, missing]).unwrap();
        missing -= i64::try_from(copies).unwrap();
        shift += last;
    }
    db.execute("UPDATE meta SET next_message = ?1", [shift + 1])
        .unwrap();
    db.execute_batch("COMMIT").unwrap();
}

const CONFIG: &str = r#"
[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "bench-token"
# Nobody is there: what is measured needs no Meta.
base_url = "http://127.0.0.1:9"
[ingest]
socket = "alarms.sock"
[http]
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
text = "Alarm {{1}} is {{2}}. Please check it."
parameters = ["{{ alarm.element }}", "{{ alarm.severity }}"]
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Lead"
phone = "34600111333"
[[rules]]
name = "Bench"
single_events = false
on_clear = true
"#;
