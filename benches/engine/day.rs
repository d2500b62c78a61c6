//! A day of a million records through `klaxond simulate`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use klaxond::model::AlarmRecord;
use serde_json::{Value, json};

use super::meter::{children_cpu, megabytes, spent};
use super::plant::{Plant, record_of};
use super::{GAP, rules};

const RECORDS: usize = 1_000_000;

const TIMES: usize = 3;

pub fn report() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (config, day) = (
        folder.path().join("config.toml"),
        folder.path().join("day.jsonl"),
    );
    rules::write(&config, rules::TEN);
    write(&day);
    let bytes = std::fs::metadata(&day).unwrap().len();
    println!(
        "simulate a day of {RECORDS} records, {} bytes each",
        bytes / RECORDS as u64
    );
    for _ in 0..TIMES {
        let (limit, _) = spent(|| parse(&day));
        let (seconds, cpu, peak) = simulate(&config, &day);
        println!(
            "  bare lines and their JSON {:.1} s ({:.1} s on a core); klaxond simulate {seconds:.1} s \
             ({cpu:.1} s), times {:.1}, at most {peak:.0} MB",
            limit.seconds,
            limit.cpu,
            cpu / limit.cpu,
        );
    }
}

fn write(day: &Path) {
    let mut file = BufWriter::new(File::create(day).unwrap());
    for entry in Plant::new(10_000, GAP).take(RECORDS) {
        writeln!(file, "{}", line(record_of(&entry))).unwrap();
    }
    file.flush().unwrap();
}

/// As on the socket.
fn line(record: &AlarmRecord) -> Value {
    let mut line = serde_json::to_value(record).unwrap();
    line["time"] = json!(record.time.to_string());
    line["properties"] = record.properties.iter().collect();
    line
}

/// The limit: each line as JSON, the last one of each alarm kept.
fn parse(day: &Path) -> HashMap<String, Value> {
    let mut last = HashMap::new();
    for line in BufReader::new(File::open(day).unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        last.insert(line["id"].as_str().unwrap().to_owned(), line);
    }
    last
}

/// Seconds, seconds on cores, and the most memory it had in MB.
fn simulate(config: &Path, day: &Path) -> (f64, f64, f64) {
    let (began, cpu) = (Instant::now(), children_cpu());
    let mut child = Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .arg("simulate")
        .arg("--config")
        .arg(config)
        .arg(day)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let mut peak = 0.0_f64;
    let status = loop {
        peak = megabytes(&pid, "VmHWM:").unwrap_or(0.0).max(peak);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert!(status.success(), "{status}");
    (began.elapsed().as_secs_f64(), children_cpu() - cpu, peak)
}
