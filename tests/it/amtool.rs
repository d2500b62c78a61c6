//! The real `amtool` against a real daemon: it adds, asks and silences as against Alertmanager.

use std::path::Path;
use std::process::Command;

use klaxond::sandbox::{Sandbox, Settings};
use serde_json::Value;

use super::support::process::wait_until;
use super::support::tool_home::{Station, TOKEN};
use super::support::tools::tool;

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Critical alarms"
filter = 'severity = critical'
single_events = false
on_clear = true
"#;

/// `amtool` with the token, its answer as text.
struct Amtool<'a> {
    program: &'a Path,
    station: &'a Station,
}

impl Amtool<'_> {
    fn run(&self, words: &[&str]) -> String {
        let access = self.station.home.path("amtool-http.yml");
        let text = format!("authorization:\n  type: Bearer\n  credentials: {TOKEN}\n");
        std::fs::write(&access, text).unwrap();
        let output = Command::new(self.program)
            .args(words)
            .arg(format!("--alertmanager.url={}", self.station.url))
            .arg(format!("--http.config.file={}", access.display()))
            .env("HOME", self.station.home.folder.path())
            .env_remove("http_proxy")
            .env_remove("HTTP_PROXY")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let log = self.station.home.log();
        assert!(output.status.success(), "{words:?}: {text}{told}\n{log}");
        assert!(
            !told.contains("are different"),
            "the versions do not fit: {told}"
        );
        text
    }

    fn json(&self, words: &[&str]) -> Value {
        let text = self.run(&[words, &["-o", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{words:?}: {error}: {text}"))
    }

    fn count(&self, words: &[&str]) -> usize {
        self.json(words).as_array().map_or(0, Vec::len)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_adds_asks_and_silences() {
    let Some(program) = tool("amtool", "amtool_adds_asks_and_silences") else {
        return;
    };
    let (sandbox, mut shown) = Sandbox::start(Settings::default()).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    tokio::task::block_in_place(|| {
        let station = Station::start(&sandbox, CONFIG);
        let amtool = Amtool {
            program: &program,
            station: &station,
        };
        amtool.run(&[
            "alert",
            "add",
            "DiskFull",
            "instance=db1",
            "severity=critical",
            "job=node",
            "--annotation=summary=94 % full",
        ]);
        let log = || station.home.log();
        wait_until("a message", || !sandbox.messages().is_empty(), log);
        assert!(sandbox.messages()[0].text().contains("2: db1\n3: Critical"));

        let alerts = amtool.json(&["alert", "query"]);
        let labels = &alerts[0]["labels"];
        assert_eq!(labels["alertname"], "DiskFull", "{alerts}");
        assert_eq!(
            (&labels["instance"], &labels["job"]),
            (&"db1".into(), &"node".into())
        );
        assert_eq!(alerts[0]["annotations"]["summary"], "94 % full");
        assert_eq!(
            amtool.count(&["alert", "query", "instance=~d.*", "severity=critical"]),
            1
        );
        assert_eq!(amtool.count(&["alert", "query", "severity=warning"]), 0);
        assert!(amtool.run(&["alert", "query"]).contains("94 % full"));

        let words = [
            "silence",
            "add",
            "instance=~db.*",
            "job!=other",
            "--comment=works",
            "--author=Ana",
        ];
        let id = amtool.run(&words).trim().to_owned();
        let silences = amtool.json(&["silence", "query"]);
        assert_eq!(silences[0]["id"], Value::String(id.clone()), "{silences}");
        assert_eq!(
            (&silences[0]["createdBy"], &silences[0]["comment"]),
            (&"Ana".into(), &"works".into())
        );
        assert_eq!(silences[0]["matchers"].as_array().map(Vec::len), Some(2));
        let is_silenced = || amtool.count(&["alert", "query", "--silenced"]) == 1;
        wait_until("the silence", is_silenced, log);
        assert_eq!(amtool.count(&["alert", "query", "--active"]), 0);

        amtool.run(&["silence", "expire", &id]);
        let is_over = || amtool.count(&["silence", "query"]) == 0;
        wait_until("the end of the silence", is_over, log);
        assert_eq!(amtool.count(&["silence", "query", "--expired"]), 1);
        assert!(amtool.run(&["config", "show"]).contains("Critical alarms"));
        assert!(station.daemon.stop().success());
    });
}
