//! `klaxond send --from SYSTEM` as that system calls it, against a socket of this process.

use std::path::Path;
use std::process::{Output, Stdio};

use klaxond::model::AlarmRecord;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::alarm_socket::AlarmSocket;
use super::ingest::Ledger;

/// One call, as the system makes it.
#[derive(Default)]
pub struct Call<'a> {
    pub from: &'a str,
    pub words: Vec<&'a str>,
    pub environment: Vec<(&'a str, &'a str)>,
    pub input: &'a str,
    pub options: Vec<&'a str>,
}

impl Call<'_> {
    pub async fn run(&self, socket: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
        command
            .args(["send", "--from", self.from])
            .args(&self.options)
            .arg("--")
            .args(&self.words)
            .envs(self.environment.iter().copied())
            .env("KLAXOND_SOCKET", socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A call that reads nothing may be over before this is written.
        let _ = stdin.write_all(self.input.as_bytes()).await;
        drop(stdin);
        child.wait_with_output().await.unwrap()
    }

    /// The records of a call that is taken.
    pub async fn records(&self) -> Vec<AlarmRecord> {
        let ledger = Ledger::default();
        let socket = AlarmSocket::start(ledger.intake());
        let output = self.run(&socket.path).await;
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        socket.stop().await;
        ledger.records()
    }

    pub async fn record(&self) -> AlarmRecord {
        let mut records = self.records().await;
        assert_eq!(records.len(), 1);
        records.pop().unwrap()
    }

    /// How a call that is wrong ends, and what is told; nothing may come of it.
    pub async fn refusal(&self) -> (Option<i32>, String) {
        let ledger = Ledger::default();
        let socket = AlarmSocket::start(ledger.intake());
        let output = self.run(&socket.path).await;
        socket.stop().await;
        assert!(ledger.records().is_empty());
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }
}
