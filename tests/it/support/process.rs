//! The real binary as a child process, with a folder of its own.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A folder with a config, in which daemons run one after the other.
pub struct Home {
    pub folder: tempfile::TempDir,
}

/// A running daemon; killed when dropped.
pub struct Running {
    pub child: Child,
}

/// A connection to the alarm socket.
pub struct Line {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Home {
    /// A folder whose config is `config`, with socket, database and control socket in it.
    pub fn new(base_url: &str, config: &str) -> Self {
        let home = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        home.write_config(base_url, config);
        home
    }

    pub fn write_config(&self, base_url: &str, config: &str) {
        let text = format!(
            "{config}\n[whatsapp]\nphone_number_id = \"106540352242922\"\ntoken_file = \"token\"\n\
             base_url = \"{base_url}\"\n[ingest]\nsocket = \"alarms.sock\"\n[storage]\npath = \"klaxond.db\"\n\
             min_free = \"1KiB\"\n[http]\nlisten = \"off\"\n{TEMPLATE}"
        );
        let token = self.path("token");
        if !token.exists() {
            self.write_token("test-token");
        }
        std::fs::write(self.path("config.toml"), text).unwrap();
    }

    pub fn write_token(&self, token: &str) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(self.path("token"), token).unwrap();
        std::fs::set_permissions(self.path("token"), std::fs::Permissions::from_mode(0o600))
            .unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A `klaxond` command with this config.
    pub fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
        command
            .arg(subcommand)
            .arg("--config")
            .arg(self.path("config.toml"));
        command
            .env_remove("NOTIFY_SOCKET")
            .env_remove("CREDENTIALS_DIRECTORY")
            .env_remove("LISTEN_FDS");
        command
    }

    /// Starts a daemon and waits until it takes alarms. Its log goes to `klaxond.log`.
    pub fn start(&self) -> Running {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("klaxond.log"))
            .unwrap();
        let child = self
            .command("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut running = Running { child };
        let late = Instant::now() + PATIENCE;
        while UnixStream::connect(self.path("alarms.sock")).is_err() {
            if let Some(status) = running.child.try_wait().unwrap() {
                panic!("the daemon ended with {status}:\n{}", self.log());
            }
            assert!(
                Instant::now() < late,
                "the daemon is not ready:\n{}",
                self.log()
            );
            std::thread::park_timeout(Duration::from_millis(5));
        }
        running
    }

    pub fn connect(&self) -> Line {
        let writer = UnixStream::connect(self.path("alarms.sock")).unwrap();
        writer.set_read_timeout(Some(PATIENCE)).unwrap();
        Line {
            reader: BufReader::new(writer.try_clone().unwrap()),
            writer,
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("klaxond.log")).unwrap_or_default()
    }
}

impl Line {
    pub fn write(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(format!("{line}\n").as_bytes())
    }

    /// The next answer; `None` when the daemon is gone.
    pub fn read(&mut self) -> Option<serde_json::Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(n) if n > 0 && line.ends_with('\n') => Some(serde_json::from_str(&line).unwrap()),
            _ => None,
        }
    }

    pub fn ask(&mut self, line: &str) -> serde_json::Value {
        self.write(line).unwrap();
        self.read().expect("an answer")
    }
}

impl Running {
    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM or SIGHUP.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// SIGTERM, and how it ended.
    pub fn stop(mut self) -> std::process::ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `done`, or panics with what `state` says.
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool, state: impl Fn() -> String) {
    let late = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < late, "{what} did not happen: {}", state());
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

const TEMPLATE: &str = r#"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Alarm {{1}} on {{2}} is {{3}}. Please check it."
parameters = ["{{ alarm.id }}", "{{ alarm.element }}", "{{ alarm.severity }}"]
"#;
