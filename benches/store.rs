//! What the store reaches, beside what the disk allows in the same run.
//!
//! `cargo bench --bench store`; a first argument names the seconds per row (default 3).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a benchmark talks to people and may stop where it fails"
)]

use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::Write as _;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use klaxond::model::{AlarmRecord, AlarmType, Event, Properties, Severity, Status, Time};
use klaxond::store::{Log, Mode, NewEntry, Settings, Store, Tail};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

/// Bytes of one record in the log.
const RECORD: usize = 400;

/// The bare file is written from its start again after so many bytes.
const BARE: u64 = 64 << 20;

/// Producers, and records that each has under way at once.
const ROWS: [(usize, usize); 5] = [(1, 1), (16, 1), (256, 1), (8, 64), (8, 512)];

fn main() {
    let seconds = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let span = Duration::from_secs(seconds.unwrap_or(3));
    // Beside the target folder: /tmp may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();

    let disk = Bare::start(&folder.path().join("bare"));
    let sync = sync_us(&folder.path().join("sync"));
    println!("one fdatasync of a bare file: {sync:.0} µs");
    println!("records of {RECORD} bytes per second, answered after the sync:");
    println!("producers  under way        store    bare file   ratio");
    for (row, (producers, batch)) in ROWS.into_iter().enumerate() {
        let disk = disk.clone();
        let bare = runtime.block_on(measure(producers, batch, span, move |n| {
            disk.clone().append(n)
        }));
        let (store, tail) = open(&folder.path().join(format!("{row}.db")));
        drop(tail);
        let log = store.log.clone();
        let numbers = Arc::new(AtomicU64::new(0));
        let stored = measure(producers, batch, span, move |n| {
            append(log.clone(), numbers.clone(), n)
        });
        let stored = runtime.block_on(stored);
        println!(
            "{producers:>9} {batch:>10} {stored:>12.0} {bare:>12.0} {:>7.2}",
            stored / bare
        );
        store.close();
    }

    let (store, _tail) = open(&folder.path().join("ignored.db"));
    println!("records that nobody wants, per second:");
    for batch in [1, 64, 1_024] {
        let log = store.log.clone();
        let rate = runtime.block_on(measure(1, batch, span, move |n| ignore(log.clone(), n)));
        println!(
            "{batch:>20} a batch {rate:>12.0}  ({:.2} µs each)",
            1e6 / rate
        );
    }
    store.close();

    for what in ["made", "opened"] {
        let ms = open_ms(&runtime, &folder.path().join("empty.db"));
        println!("an empty store, {what} and loaded: {ms:.1} ms");
    }
}

/// Records per second of `producers` that each hand in `batch` at once and wait for the answer.
async fn measure<A, F>(producers: usize, batch: usize, span: Duration, append: A) -> f64
where
    A: Fn(usize) -> F + Clone + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let began = Instant::now();
    let produce = |append: A| async move {
        let mut done = 0_u64;
        while began.elapsed() < span {
            append(batch).await;
            done += batch as u64;
        }
        done
    };
    let tasks: Vec<_> = (0..producers)
        .map(|_| tokio::spawn(produce(append.clone())))
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    done as f64 / began.elapsed().as_secs_f64()
}

fn open(path: &Path) -> (Store, Tail) {
    let settings = Settings {
        path: path.to_owned(),
        min_free: 64 << 20,
        retention: Duration::from_secs(1),
        audit_retention: Duration::from_secs(1),
    };
    Store::open(&settings, Mode::Threaded).unwrap()
}

fn open_ms(runtime: &Runtime, path: &Path) -> f64 {
    let began = Instant::now();
    let (store, _tail) = open(path);
    runtime.block_on(store.state.load()).unwrap();
    let ms = began.elapsed().as_secs_f64() * 1e3;
    store.close();
    ms
}

async fn append(log: Log, numbers: Arc<AtomicU64>, count: usize) {
    let first = numbers.fetch_add(count as u64, Ordering::Relaxed);
    let batch = (first..first + count as u64)
        .map(|n| entry(n, true))
        .collect();
    log.append(batch).await.unwrap();
}

async fn ignore(log: Log, count: usize) {
    let batch = (0..count as u64).map(|n| entry(n, false)).collect();
    log.append(batch).await.unwrap();
}

/// A record of about [`RECORD`] bytes as JSON; every second one ends what the one before began.
fn entry(n: u64, wanted: bool) -> NewEntry {
    let record = AlarmRecord {
        id: (n / 2).to_string(),
        element: "Encoder 7 London".to_owned(),
        element_id: None,
        parameter: "Output bit rate".to_owned(),
        parameter_id: None,
        index: String::new(),
        value: "12.5 Mbps".to_owned(),
        severity: Severity::Critical,
        severity_range: None,
        kind: Some(AlarmType::NewAlarm),
        status: if n.is_multiple_of(2) {
            Status::Open
        } else {
            Status::Cleared
        },
        time: Time::from_ms(1_790_000_000_000),
        owner: String::new(),
        user_status: None,
        source: "DataMiner System".to_owned(),
        comment: "x".repeat(RECORD - 250),
        services: Vec::new(),
        views: Vec::new(),
        properties: Properties::default(),
        partial: false,
        repeats: false,
        until: None,
    };
    NewEntry {
        at: Time::from_ms(1_790_000_000_000),
        event: Event::Record(Arc::new(record)),
        wanted,
        origin: Arc::from("unix uid=1000 gid=1000 pid=4711"),
    }
}

/// A zero-filled file that a thread writes records to, with one fdatasync for all that wait.
#[derive(Clone)]
struct Bare(mpsc::UnboundedSender<Waiting>);

struct Waiting {
    records: usize,
    answer: oneshot::Sender<()>,
}

impl Bare {
    fn start(path: &Path) -> Self {
        let mut file = File::create(path).unwrap();
        let zeros = vec![0; 1 << 20];
        (0..BARE >> 20).for_each(|_| file.write_all(&zeros).unwrap());
        file.sync_all().unwrap();
        let (sender, jobs) = mpsc::unbounded_channel();
        std::thread::spawn(move || Self::write(&file, jobs));
        Self(sender)
    }

    fn write(file: &File, mut jobs: mpsc::UnboundedReceiver<Waiting>) {
        let mut place = 0;
        while let Some(first) = jobs.blocking_recv() {
            let mut group = vec![first];
            while let Ok(next) = jobs.try_recv() {
                group.push(next);
            }
            let records: usize = group.iter().map(|waiting| waiting.records).sum();
            let bytes = vec![b'x'; records * RECORD];
            if place + bytes.len() as u64 > BARE {
                place = 0;
            }
            file.write_all_at(&bytes, place).unwrap();
            file.sync_data().unwrap();
            place += bytes.len() as u64;
            for waiting in group {
                waiting.answer.send(()).unwrap();
            }
        }
    }

    async fn append(self, records: usize) {
        let (answer, done) = oneshot::channel();
        assert!(self.0.send(Waiting { records, answer }).is_ok());
        done.await.unwrap();
    }
}

/// The median of a hundred, in microseconds.
fn sync_us(path: &Path) -> f64 {
    let file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .open(path)
        .unwrap();
    file.write_all_at(&[0; 1 << 16], 0).unwrap();
    file.sync_all().unwrap();
    let mut times: Vec<f64> = (0..100)
        .map(|n| {
            let began = Instant::now();
            file.write_all_at(&[1; RECORD], n * RECORD as u64).unwrap();
            file.sync_data().unwrap();
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[50]
}
