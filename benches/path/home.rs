//! The real binary in a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder with a config and a database.
pub struct Home(tempfile::TempDir);

/// A running daemon; killed when dropped.
pub struct Running(Child);

impl Home {
    pub fn new(base_url: &str, filter: &str, delivery: &str) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let config = format!(
            r#"
[whatsapp]
phone_number_id = "106540352242922"
token_file = "token"
base_url = "{base_url}"
[ingest]
socket = "alarms.sock"
[storage]
path = "klaxond.db"
min_free = "1KiB"
[http]
listen = "off"
[log]
level = "error"
[delivery]
{delivery}
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Alarm {{{{1}}}} is {{{{2}}}}. Please check it."
parameters = ["{{{{ alarm.element }}}}", "{{{{ alarm.severity }}}}"]
[[rules]]
name = "Bench"
filter = '{filter}'
"#
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        std::fs::write(folder.path().join("token"), "bench-token").unwrap();
        Self(folder)
    }

    /// Starts a daemon; how long it took until the socket answered.
    pub fn start(&self) -> (Running, Duration) {
        let begin = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["run", "--config"])
            .arg(self.0.path().join("config.toml"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        let mut socket = loop {
            match UnixStream::connect(self.0.path().join("alarms.sock")) {
                Ok(socket) => break socket,
                Err(_) => std::thread::sleep(Duration::from_micros(200)),
            }
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "the daemon is not ready"
            );
        };
        // It listens before it has read its database: ready is who answers.
        socket.write_all(b"not a record\n").unwrap();
        BufReader::new(socket)
            .read_line(&mut String::new())
            .unwrap();
        (running, begin.elapsed())
    }

    pub fn connect(&self) -> UnixStream {
        UnixStream::connect(self.0.path().join("alarms.sock")).unwrap()
    }
}

impl Running {
    /// Resident memory.
    pub fn rss_mb(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
            / 1024.0
    }

    /// User and system time so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        ticks / 100.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
