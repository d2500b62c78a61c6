//! `klaxond status`: what it says and how it ends.

use std::process::Output;

use klaxond::sandbox::{Sandbox, Settings};
use klaxond::web::{Overview, Verdict};
use rustix::process::Signal;

use crate::support::process::{Home, wait_until};

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Critical alarms"
single_events = false
"#;

fn status(home: &Home, more: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, .. } = home.command("status").args(more).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn status_ends_as_it_stands_and_says_what_the_page_says() {
    let (sandbox, mut shown) = Sandbox::start(Settings::default()).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    let home = Home::new(&format!("http://{}", sandbox.address()), CONFIG);
    tokio::task::block_in_place(|| {
        assert_eq!(status(&home, &[]).0, Some(2), "nobody answers");
        let daemon = home.start();
        home.connect()
            .ask(r#"{"id":"4711","element":"Encoder 7","severity":"critical"}"#);
        let told = || status(&home, &[]).1.contains("NOC desk accepted");
        wait_until("the message", told, || status(&home, &[]).1);
        let (code, text) = status(&home, &[]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.starts_with("klaxond 0.1.0: well\n"), "{text}");
        for part in [
            "raised: 1",
            "Critical · Encoder 7",
            "id 4711",
            "everyone is told",
            "1 alarms taken",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }

        let (_, json) = status(&home, &["--output", "json"]);
        let overview: Overview = serde_json::from_str(&json).unwrap();
        assert_eq!(overview.verdict, Verdict::Well);
        assert_eq!(overview.raised.buckets[0].id, "4711");
        assert!(!json.contains("34600111222"), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        for key in [
            "waiting",
            "in_flight",
            "holds",
            "messages",
            "correlation",
            "came_back",
            "account",
            "templates",
            "not_told",
        ] {
            assert!(!value[key].is_null(), "{key} is not in {value}");
        }

        // A config that cannot be read leaves the old one in force, and says so.
        let config = std::fs::read_to_string(home.path("config.toml")).unwrap();
        std::fs::write(
            home.path("config.toml"),
            format!("{config}\nno_such_key = 1\n"),
        )
        .unwrap();
        daemon.signal(Signal::HUP);
        std::fs::write(home.path("other.toml"), &config).unwrap();
        let other = || {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_klaxond"));
            let output = command
                .arg("status")
                .arg("--config")
                .arg(home.path("other.toml"))
                .output();
            let output = output.unwrap();
            (
                output.status.code(),
                String::from_utf8(output.stdout).unwrap(),
            )
        };
        let told = || other().1.contains("The config was not reloaded");
        wait_until("the failed reload", told, || other().1);
        assert_eq!(other().0, Some(1));
        std::fs::write(home.path("config.toml"), &config).unwrap();
        daemon.signal(Signal::HUP);
        wait_until("the reload", || other().0 == Some(0), || other().1);
    });
}
