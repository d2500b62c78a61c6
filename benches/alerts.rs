//! `POST /api/v2/alerts` in batches of 100, against the real binary: `cargo bench --bench alerts`.
//!
//! Alerts are answered after the sync; beside each figure stands what the disk allows in the same run
//! when the same bytes are appended to a bare file and synced.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a benchmark may stop where it fails"
)]

#[path = "path/disk.rs"]
mod disk;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CLIENTS: usize = 8;
const BATCH: usize = 100;
const SPAN: Duration = Duration::from_secs(1);
const ROUNDS: usize = 3;

fn main() {
    println!(
        "POST /api/v2/alerts, {CLIENTS} clients, batches of {BATCH}, answered after the sync \
         (medians of {ROUNDS} rounds in turn)"
    );
    println!("  alerts              bare file     klaxond   ratio   klaxond's cores   batch p99");
    let home = Home::new();
    let daemon = home.start();
    for (name, is_fresh) in [("repeated", false), ("changed each time", true)] {
        // The first post of each alert is no repeat.
        flood(&home, &daemon, false, Duration::from_millis(200));
        let mut rounds: Vec<[f64; 5]> = (0..ROUNDS)
            .map(|_| {
                let bytes = body(0, 0).len();
                let disk = disk::group_commit(CLIENTS, 1, bytes, SPAN) * BATCH as f64;
                let (rate, cores, p99) = flood(&home, &daemon, is_fresh, SPAN);
                [disk, rate, rate / disk, cores, p99]
            })
            .collect();
        let [disk, rate, ratio, cores, p99] = [0, 1, 2, 3, 4].map(|column| {
            rounds.sort_by(|a, b| a[column].total_cmp(&b[column]));
            rounds[ROUNDS / 2][column]
        });
        println!(
            "  {name:<18} {disk:>9.0}/s {rate:>9.0}/s {ratio:>7.2} {cores:>10.2} {p99:>15.1} ms"
        );
    }
}

/// A body of alerts as Prometheus posts them; `turn` changes what they say.
fn body(client: usize, turn: usize) -> String {
    let alerts: Vec<String> = (0..BATCH)
        .map(|n| {
            format!(
                r#"{{"labels":{{"alertname":"DiskFull","cluster":"eu-west-1","device":"/dev/sda{n}","instance":"db{client}.example:9100","job":"node","mountpoint":"/data/{n}","severity":"critical","team":"storage"}},"annotations":{{"runbook_url":"https://noc.example/runbooks/disk","summary":"94 % of /data/{n} on db{client} is used, {turn} since the start"}},"startsAt":"2026-11-22T03:12:44.123Z","endsAt":"2126-11-22T03:16:44.123Z","generatorURL":"http://prometheus.example/graph?g0.expr=node"}}"#
            )
        })
        .collect();
    format!("[{}]", alerts.join(","))
}

/// Alerts answered per second, the daemon's cores, and the slow end of the time of a batch in ms.
fn flood(home: &Home, daemon: &Running, is_fresh: bool, span: Duration) -> (f64, f64, f64) {
    let cpu = daemon.cpu_seconds();
    let begin = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let address = home.address;
            std::thread::spawn(move || post(address, client, is_fresh, begin, span))
        })
        .collect();
    let mut times: Vec<Duration> = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    let seconds = begin.elapsed().as_secs_f64();
    times.sort();
    let p99 = times[times.len() * 99 / 100].as_secs_f64() * 1000.0;
    (
        (times.len() * BATCH) as f64 / seconds,
        (daemon.cpu_seconds() - cpu) / seconds,
        p99,
    )
}

/// One connection that posts batch after batch; how long each took.
fn post(
    address: SocketAddr,
    client: usize,
    is_fresh: bool,
    begin: Instant,
    span: Duration,
) -> Vec<Duration> {
    let request = |turn| {
        let body = body(client, turn);
        format!(
            "POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let requests: Vec<String> = (0..if is_fresh { 64 } else { 1 }).map(request).collect();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut times = Vec::new();
    while begin.elapsed() < span {
        let sent = Instant::now();
        let request = &requests[times.len() % requests.len()];
        stream.write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "the daemon closed the connection");
            let has_body = line.to_ascii_lowercase().starts_with("content-length:");
            assert!(!has_body || line.trim().ends_with(" 0"), "{line}");
        }
        times.push(sent.elapsed());
    }
    times
}

/// A folder with a config and a database.
struct Home {
    folder: tempfile::TempDir,
    address: SocketAddr,
}

/// A running daemon; killed when dropped.
struct Running(Child);

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let config = format!(
            r#"
[whatsapp]
phone_number_id = "106540352242922"
token_file = "token"
base_url = "http://127.0.0.1:9"
[ingest]
socket = "alarms.sock"
[storage]
path = "klaxond.db"
min_free = "1KiB"
[http]
listen = "{address}"
[log]
level = "error"
[delivery]
throughput = "1/s"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[templates.alarm]
name = "klaxond_alarm"
text = "Alarm {{{{1}}}} is {{{{2}}}}. Please check it."
parameters = ["{{{{ alarm.element }}}}", "{{{{ alarm.severity }}}}"]
[[rules]]
name = "Bench"
filter = 'severity = critical'
single_events = false
"#
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        std::fs::write(folder.path().join("token"), "bench-token").unwrap();
        Self { folder, address }
    }

    fn start(&self) -> Running {
        let child = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["run", "--config"])
            .arg(self.folder.path().join("config.toml"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        let begin = Instant::now();
        let socket = self.folder.path().join("alarms.sock");
        let mut stream = loop {
            match UnixStream::connect(&socket) {
                Ok(stream) => break stream,
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "the daemon is not ready"
            );
        };
        // It listens before it has read its database: ready is who answers.
        stream.write_all(b"not a record\n").unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        running
    }
}

impl Running {
    /// User and system time so far.
    fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields = stat.rsplit(')').next().unwrap();
        let mut ticks = fields.split_whitespace().skip(11).take(2);
        let mut next = || ticks.next().unwrap().parse::<f64>().unwrap();
        (next() + next()) / 100.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
