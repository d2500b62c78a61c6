//! The real daemon and the real sandbox: a message, its receipts, a tap.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::support::process::{Home, free_port, wait_until};
use crate::support::webhook::{APP_SECRET, VERIFY_TOKEN};

/// Killed when dropped.
struct Sandbox {
    child: Child,
    address: String,
}

impl Sandbox {
    /// Listens on any port that is free, and posts to `webhook`.
    fn start(home: &Home, webhook: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--output", "json"])
            .args(["--webhook", webhook, "--webhook-delay", "10ms"])
            .args(["--fail", "twice:chance=50%", "--seed", "7"])
            .arg("--app-secret-file")
            .arg(home.path("app_secret"))
            .arg("--verify-token-file")
            .arg(home.path("verify_token"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        // Read on, so that it does not wait for a reader.
        std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(drop));
        let listening: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(listening["seed"], 7);
        Self {
            child,
            address: listening["address"].as_str().unwrap().to_owned(),
        }
    }

    fn run(&self, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_klaxond"))
            .arg("sandbox")
            .args(words)
            .args(["--at", &self.address])
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PEOPLE: &str = "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
                      [[rules]]\nname = \"Everything\"\n";

/// The first row of `query`, as texts.
fn row(home: &Home, query: &str) -> Option<(String, String)> {
    let database = Connection::open(home.path("klaxond.db")).unwrap();
    let texts = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    database.query_row(query, [], texts).ok()
}

#[test]
fn receipts_and_a_tap_come_back_to_the_daemon() {
    let port = free_port();
    let webhook = format!("http://127.0.0.1:{port}/webhooks/whatsapp");
    let home = Home::new("http://127.0.0.1:9", PEOPLE);
    std::fs::write(home.path("app_secret"), APP_SECRET).unwrap();
    std::fs::write(home.path("verify_token"), VERIFY_TOKEN).unwrap();
    let sandbox = Sandbox::start(&home, &webhook);
    let config = format!("{PEOPLE}[webhook]\nlisten = \"127.0.0.1:{port}\"\n");
    home.write_config(&sandbox.address, &config);
    let path = home.path("config.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let keys = format!(
        "token_file = \"token\"\napp_secret = \"{APP_SECRET}\"\nverify_token = \"{VERIFY_TOKEN}\"\n"
    );
    let text = text.replace("token_file = \"token\"\n", &keys);
    let buttons = "buttons = [{ quick_reply = \"Acknowledge\", payload = \"ack\" }]\n";
    std::fs::write(&path, format!("{text}{buttons}")).unwrap();

    let _daemon = home.start();
    let answer = home
        .connect()
        .ask(r#"{"id":"4711","element":"Encoder 7","severity":"critical"}"#);
    assert_eq!(answer["status"], "stored");
    let state = || row(&home, "SELECT state, contact FROM messages");
    let is_read = || state().is_some_and(|(state, _)| state == "read");
    wait_until("the receipts", is_read, || {
        format!("{:?}\n{}", state(), home.log())
    });
    assert!(sandbox.run(&["phones"]).contains("read      klaxond_alarm"));

    sandbox.run(&["tap", "22", "Acknowledge"]);
    let reply = || row(&home, "SELECT contact, text FROM replies WHERE message = 1");
    let expected = Some(("NOC desk".to_owned(), "Acknowledge".to_owned()));
    wait_until("the tap", || reply().is_some(), || home.log());
    assert_eq!(reply(), expected);
}
