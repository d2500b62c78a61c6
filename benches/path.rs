//! The whole path of the real binary, measured from outside: `cargo bench --bench path`.
//!
//! Every figure that depends on the disk stands beside what the disk allows in the same run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark may stop where it fails"
)]

#[path = "path/disk.rs"]
mod disk;
#[path = "path/home.rs"]
mod home;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use home::Home;

const CLIENTS: usize = 8;

/// Records that each client has under way.
const WINDOWS: [usize; 4] = [1, 8, 64, 512];

const SPAN: Duration = Duration::from_secs(1);

const ROUNDS: usize = 3;

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

fn main() {
    println!("ready and idle, empty store");
    idle();
    println!(
        "\nintake, {CLIENTS} clients that pipeline, 400-byte records, answered after the sync"
    );
    intake();
    println!("\nrecords that no rule wants, {CLIENTS} clients that pipeline");
    unwanted();
    println!("\nalarm to POST on loopback at 10/s");
    latency();
    println!("\n100,000 queued messages");
    queued();
}

fn idle() {
    let home = Home::new(NOWHERE, "severity = critical", "");
    let mut ready: Vec<Duration> = (0..5).map(|_| home.start().1).collect();
    ready.sort();
    let (daemon, _) = home.start();
    std::thread::sleep(Duration::from_secs(1));
    println!("  ready after {:.1} ms (median of 5)", millis(ready[2]));
    println!("  idle RSS {:.1} MB", daemon.rss_mb());
}

fn intake() {
    let record = record("critical");
    println!(
        "  window   bare file   klaxond   ratio   klaxond's cores   (medians of {ROUNDS} rounds in turn)"
    );
    for window in WINDOWS {
        let home = Home::new(NOWHERE, "severity = critical", "throughput = \"1/s\"");
        let daemon = home.start().0;
        let mut rounds: Vec<[f64; 4]> = (0..ROUNDS)
            .map(|_| {
                // In turn, because the disk's own speed drifts.
                let disk = disk::group_commit(CLIENTS, window, record.len(), SPAN);
                let (rate, cores) = flood(&home, &daemon, &record, window, "stored");
                [disk, rate, rate / disk, cores]
            })
            .collect();
        let [disk, rate, ratio, cores] = [0, 1, 2, 3].map(|column| {
            rounds.sort_by(|a, b| a[column].total_cmp(&b[column]));
            rounds[ROUNDS / 2][column]
        });
        println!("  {window:>6} {disk:>9.0}/s {rate:>7.0}/s {ratio:>7.2} {cores:>8.2}");
    }
}

fn unwanted() {
    let home = Home::new(NOWHERE, "severity = critical", "");
    let (daemon, _) = home.start();
    let (rate, cores) = flood(&home, &daemon, &record("minor"), 1_024, "ignored");
    println!(
        "  klaxond {rate:>7.0}/s on {cores:.2} cores: {:.0}/s per core",
        rate / cores
    );
}

/// Clients that each keep `window` records under way; answers per second, and the daemon's cores.
fn flood(
    home: &Home,
    daemon: &home::Running,
    record: &str,
    window: usize,
    status: &str,
) -> (f64, f64) {
    let expected = format!("\"status\":\"{status}\"");
    let cpu = daemon.cpu_seconds();
    let begin = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let stream = home.connect();
            let (block, expected) = (record.repeat(window), expected.clone());
            std::thread::spawn(move || client(stream, &block, &expected, window, begin))
        })
        .collect();
    let answers: usize = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .sum();
    let seconds = begin.elapsed().as_secs_f64();
    (
        answers as f64 / seconds,
        (daemon.cpu_seconds() - cpu) / seconds,
    )
}

fn client(stream: UnixStream, block: &str, expected: &str, window: usize, begin: Instant) -> usize {
    let writer = stream.try_clone().unwrap();
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut answers = 0;
    let mut line = String::new();
    while begin.elapsed() < SPAN {
        std::thread::scope(|scope| {
            // A block may be larger than what the socket holds: it is written while answers are read.
            scope.spawn(|| (&writer).write_all(block.as_bytes()).unwrap());
            for _ in 0..window {
                line.clear();
                reader.read_line(&mut line).unwrap();
                assert!(line.contains(expected), "{line}");
            }
        });
        answers += window;
    }
    answers
}

fn latency() {
    const ALARMS: usize = 100;
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let (posted, posts) = mpsc::channel();
    std::thread::spawn(move || serve(&server, &posted));
    let home = Home::new(
        &format!("http://{address}"),
        "severity = critical",
        "throughput = \"1000/s\"\nper_contact = \"1000/s\"",
    );
    let (_daemon, _) = home.start();
    let mut stream = home.connect();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let record = record("critical");
    let mut spans = Vec::new();
    for n in 0..ALARMS + 10 {
        std::thread::sleep(Duration::from_millis(100));
        let begin = Instant::now();
        stream.write_all(record.as_bytes()).unwrap();
        let at: Instant = posts.recv_timeout(Duration::from_secs(10)).unwrap();
        answers.read_line(&mut String::new()).unwrap();
        if n >= 10 {
            spans.push(at - begin);
        }
    }
    spans.sort();
    println!(
        "  fdatasync of 4 KiB    {:.2} ms median",
        millis(disk::single_sync(200))
    );
    println!(
        "  alarm to POST         {:.2} ms median, {:.2} ms p99",
        millis(spans[ALARMS / 2]),
        millis(spans[ALARMS - 2])
    );
}

/// Answers every POST and says when its body was complete.
fn serve(server: &TcpListener, posted: &mpsc::Sender<Instant>) {
    for stream in server.incoming() {
        let mut stream = stream.unwrap();
        let posted = posted.clone();
        std::thread::spawn(move || {
            stream.set_nodelay(true).unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut length = 0;
                let mut line = String::new();
                while reader.read_line(&mut line).unwrap_or(0) > 2 {
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    line.clear();
                }
                let mut body = vec![0; length];
                if length == 0 || reader.read_exact(&mut body).is_err() {
                    return;
                }
                posted.send(Instant::now()).unwrap();
                let answer =
                    r#"{"messaging_product":"whatsapp","messages":[{"id":"wamid.bench"}]}"#;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                    answer.len()
                );
                stream
                    .write_all(format!("{head}{answer}").as_bytes())
                    .unwrap();
            }
        });
    }
}

fn queued() {
    let home = Home::new(
        NOWHERE,
        "severity = critical",
        "throughput = \"1/s\"\nper_contact = \"1/h\"",
    );
    let (daemon, _) = home.start();
    let before = daemon.rss_mb();
    let stream = home.connect();
    let record = record("critical");
    let mut writer = stream.try_clone().unwrap();
    let write = std::thread::spawn(move || {
        for _ in 0..100_000 {
            writer.write_all(record.as_bytes()).unwrap();
        }
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    assert_eq!(BufReader::new(stream).lines().count(), 100_000);
    write.join().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    println!(
        "  RSS {:.1} MB (idle before: {before:.1} MB)",
        daemon.rss_mb()
    );
    drop(daemon);
    let (daemon, ready) = home.start();
    println!(
        "  ready again after {:.0} ms, RSS {:.1} MB",
        millis(ready),
        daemon.rss_mb()
    );
}

/// A record of 400 bytes, with its line end.
fn record(severity: &str) -> String {
    let mut record = format!(
        r#"{{"id":"48151623","element":"Encoder 7 London","element_id":"7/59","parameter":"Input status","index":"Slot 2","value":"No signal on input A","severity":"{severity}","type":"New alarm","time":"2026-11-22T03:12:44Z","owner":"System","source":"DataMiner System","services":["News 24"],"views":["London","Encoders"],"properties":{{"Site":"HQ","Filler":""#
    );
    let end = "\"}}\n";
    while record.len() + end.len() < 400 {
        record.push('x');
    }
    record + end
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}
