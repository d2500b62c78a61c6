//! Prometheus's own tools read what we write.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::metrics::Scrape;
use crate::support::process::{Home, wait_until};
use crate::support::tools::tool;

/// Nobody is there to take what it sends.
const NOWHERE: &str = "http://127.0.0.1:9";

const RULES: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/config/klaxond.rules.yml"
));
const RULE_TESTS: &str = include_str!("metrics_tools/klaxond.rules.test.yml");

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Everything"
"#;

/// `GET /metrics` on the control socket: head and body.
fn get(control: &Path) -> (String, String) {
    let mut stream = UnixStream::connect(control).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

fn scrape(home: &Home) -> Scrape {
    Scrape::read(&get(&home.path("control.sock")).1)
}

fn run(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_running_daemon_tells_prometheus_how_it_is() {
    let home = Home::new(NOWHERE, CONFIG);
    let daemon = home.start();
    home.connect()
        .ask(r#"{"element":"Encoder 7","severity":"major"}"#);
    let stored = "klaxond_alerts_received_total{status=\"stored\",front=\"socket\"}";
    assert_eq!(scrape(&home).get(stored), 1.0);
    let (head, text) = get(&home.path("control.sock"));
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let kind = "content-type: text/plain; version=0.0.4; charset=utf-8";
    assert!(head.contains(kind), "{head}");
    let seen = Scrape::read(&text);
    assert_eq!(seen.get("klaxond_config_last_reload_successful"), 1.0);
    assert!(seen.get("klaxond_journal_fsync_seconds_count") >= 1.0);
    assert!(seen.get("klaxond_storage_free_bytes") > 0.0);
    let hash = seen.get("klaxond_config_hash");
    assert!(hash > 0.0, "{hash}");

    // A config that is wrong shows, and a good one after it.
    let good = std::fs::read_to_string(home.path("config.toml")).unwrap();
    std::fs::write(home.path("config.toml"), "what is this").unwrap();
    daemon.signal(rustix::process::Signal::HUP);
    let reloaded = |value: f64| {
        let seen = scrape(&home);
        seen.get("klaxond_config_last_reload_successful") == value
    };
    wait_until("the refusal", || reloaded(0.0), || home.log());
    assert_eq!(scrape(&home).get("klaxond_config_hash"), hash);
    std::fs::write(home.path("config.toml"), format!("# changed\n{good}")).unwrap();
    daemon.signal(rustix::process::Signal::HUP);
    wait_until("the reload", || reloaded(1.0), || home.log());
    assert!(scrape(&home).get("klaxond_config_hash") != hash);

    let Some(promtool) = tool("promtool", "a_running_daemon_tells_prometheus_how_it_is") else {
        return;
    };
    let text = get(&home.path("control.sock")).1;
    let checked = run(Command::new(promtool).args(["check", "metrics"]), &text);
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        checked.status.success() && said.is_empty(),
        "{said}\n{text}"
    );
}

#[test]
fn the_alert_rules_fire_when_they_should() {
    let Some(promtool) = tool("promtool", "the_alert_rules_fire_when_they_should") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("klaxond.rules.yml"), RULES).unwrap();
    std::fs::write(folder.path().join("test.yml"), RULE_TESTS).unwrap();
    for words in [
        ["check", "rules", "klaxond.rules.yml"],
        ["test", "rules", "test.yml"],
    ] {
        let mut command = Command::new(&promtool);
        let output = run(command.args(words).current_dir(folder.path()), "");
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn every_alert_rule_has_a_test() {
    let alerts = RULES
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "));
    let mut count = 0;
    for alert in alerts {
        let fires = format!("{{alertname=\"{alert}\"}}");
        let rests = format!("alertname: {alert}, eval_time: 90m, exp_alerts: []");
        assert!(
            RULE_TESTS.contains(&fires) && RULE_TESTS.contains(&rests),
            "{alert}"
        );
        count += 1;
    }
    assert!(count >= 15);
}
