//! `klaxond clear` and `simulate --since`, beside a daemon that runs.

use std::process::Output;

use serde_json::Value;

use crate::support::process::{Home, wait_until};

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Encoders"
filter = 'element like "Encoder*"'
single_events = false
on_clear = true
"#;

/// Nobody listens there: what goes out is not what these tests are about.
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn an_alarm_is_closed_by_hand_and_the_log_plays_it_again() {
    let home = Home::new(NOWHERE, CONFIG);
    let _daemon = home.start();
    let mut line = home.connect();
    for record in [
        r#"{"id":"4711","element":"Encoder 7","severity":"major","value":"no input"}"#,
        r#"{"id":"4711","element":"Encoder 8","severity":"minor"}"#,
        r#"{"id":"4712","element":"Encoder 9","severity":"minor"}"#,
        r#"{"id":"4711","element":"Mux 1","severity":"minor"}"#,
    ] {
        assert_eq!(
            line.ask(record)["status"],
            if record.contains("Mux") {
                "ignored"
            } else {
                "stored"
            }
        );
    }

    let output = home.command("clear").arg("4711").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(
        text(&output.stdout),
        "closed: Encoder 7 · 4711 · Major · no input\nclosed: Encoder 8 · 4711 · Minor\n"
    );
    let output = home.command("clear").arg("no such").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "no alarm no such is open\n");

    let played = || {
        let output = simulate(&home);
        assert!(output.status.success(), "{}", text(&output.stderr));
        // Records that no rule wanted were not kept.
        assert!(text(&output.stderr).contains("storage.keep is not \"all\""));
        output
    };
    let lines = text(&played().stdout);
    let short: Vec<String> = lines
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            format!("{} {} {}", line["kind"], line["alarms"], line["reason"])
        })
        .collect();
    assert_eq!(short.len(), 5, "{lines}");
    assert!(short[0].starts_with(r#""raised" ["4711"]"#), "{lines}");
    assert_eq!(short[3], r#""cleared" ["4711"] "closed by hand""#);
    assert_eq!(short[4], short[3]);

    // Closed for good: the next record of that id is a new alarm.
    wait_until(
        "the step",
        || {
            let output = home.command("clear").arg("4711").output().unwrap();
            output.status.code() == Some(1)
        },
        || home.log(),
    );
}

fn simulate(home: &Home) -> Output {
    home.command("simulate")
        .args(["--since", "1h", "--output", "json"])
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
