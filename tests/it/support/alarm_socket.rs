//! The alarm socket on a temporary path, and clients of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use klaxond::ingest::{Listener, Settings};
use klaxond::pipeline::intake::Intake;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::ingest::{arrival, codec};

pub fn settings(directory: &Path) -> Settings {
    Settings {
        socket: directory.join("alarms.sock"),
        mode: 0o660,
        group: None,
        allow_users: Vec::new(),
        allow_groups: Vec::new(),
        max_line: 64 * 1024,
        max_connections: 2000,
        idle_timeout: Duration::from_secs(300),
    }
}

/// A listener that serves; stopping it waits for its connections.
pub struct AlarmSocket {
    pub path: PathBuf,
    pub cancel: CancellationToken,
    task: JoinHandle<()>,
    _directory: tempfile::TempDir,
}

impl AlarmSocket {
    pub fn start(intake: Intake) -> Self {
        Self::start_with(intake, |_| {})
    }

    pub fn start_with(intake: Intake, change: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = settings(directory.path());
        change(&mut settings);
        let listener = Listener::bind(&settings, None).unwrap();
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let task = tokio::spawn(async move {
            let (_keep, codec) = watch::channel(Arc::new(codec()));
            let now = Arc::new(arrival);
            listener.serve(intake, codec, now, stop).await.unwrap();
        });
        Self {
            path: settings.socket,
            cancel,
            task,
            _directory: directory,
        }
    }

    pub async fn connect(&self) -> Client {
        Client::new(UnixStream::connect(&self.path).await.unwrap())
    }

    pub async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
        assert!(!self.path.exists(), "the socket file is taken away");
    }
}

pub struct Client(pub BufReader<UnixStream>);

impl Client {
    pub fn new(stream: UnixStream) -> Self {
        Self(BufReader::new(stream))
    }

    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).await.unwrap();
    }

    /// No more lines come from here.
    pub async fn end(&mut self) {
        self.0.get_mut().shutdown().await.unwrap();
    }

    /// The next answer; `None` at the end, be it a reset because lines were left unread.
    pub async fn answer(&mut self) -> Option<serde_json::Value> {
        let mut line = String::new();
        match self.0.read_line(&mut line).await {
            Ok(0) => None,
            Err(fault) if fault.kind() == std::io::ErrorKind::ConnectionReset => None,
            read => {
                read.unwrap();
                Some(serde_json::from_str(&line).unwrap())
            }
        }
    }

    pub async fn status(&mut self) -> String {
        let answer = self.answer().await.expect("an answer");
        answer["status"].as_str().unwrap().to_owned()
    }

    /// Everything up to the end, by line.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut all = String::new();
        self.0.read_to_string(&mut all).await.unwrap();
        all.lines().map(ToOwned::to_owned).collect()
    }
}

/// A record of one line, with its line feed.
pub fn line(element: impl std::fmt::Display) -> String {
    format!("{{\"element\":\"{element}\",\"severity\":\"critical\"}}\n")
}
