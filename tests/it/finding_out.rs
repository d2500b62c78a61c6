//! `why`, `messages`, `status`, `contacts`, `ack` and `retry` of the real process, with the daemon up and down.

use klaxond::sandbox::{Fault, Sandbox, Settings};
use serde_json::Value;

use crate::support::process::{Home, wait_until};
use crate::support::readme::{blocks, rows, section};

const CONFIG: &str = r#"
[fallback]
command = ["true"]
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Lead"
phone = "34600111333"
enabled = false
[[rules]]
name = "Everything"
single_events = false
on_clear = true
"#;

const ALARM: &str = r#"{"id":"4711","element":"Encoder 7","parameter":"Input bitrate","severity":"critical","value":"no input"}"#;

/// What a command printed, its errors, and how it ended.
struct Said {
    text: String,
    error: String,
    code: Option<i32>,
}

fn klaxond(home: &Home, command: &str, args: &[&str]) -> Said {
    let mut words = command.split(' ');
    let mut ours = home.command(words.next().unwrap());
    // Options of the subcommand's own subcommand come behind it.
    let output = match words.next() {
        Some(inner) => {
            let mut nested = std::process::Command::new(env!("CARGO_BIN_EXE_klaxond"));
            nested
                .args([command.split(' ').next().unwrap(), inner, "--config"])
                .arg(home.path("config.toml"))
                .env_remove("CREDENTIALS_DIRECTORY");
            nested.args(args).output()
        }
        None => ours.args(args).output(),
    };
    let output = output.unwrap();
    Said {
        text: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

fn json(home: &Home, command: &str, args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--output", "json"]).collect();
    let said = klaxond(home, command, &args);
    serde_json::from_str(&said.text).unwrap_or_else(|_| panic!("{}{}", said.text, said.error))
}

/// A sandbox that refuses everything with this code until it is told otherwise.
async fn sandbox(code: &str) -> Sandbox {
    let settings = Settings {
        faults: vec![Fault::parse(code).unwrap()],
        ..Settings::default()
    };
    let (sandbox, mut shown) = Sandbox::start(settings).await.unwrap();
    tokio::spawn(async move { while shown.recv().await.is_some() {} });
    sandbox
}

fn wait_for(home: &Home, state: &str) {
    wait_until(
        state,
        || {
            klaxond(home, "messages", &["--state", state])
                .text
                .lines()
                .count()
                == 1
        },
        || home.log(),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_is_explained_and_sent_again_with_the_daemon_up_and_down() {
    let sandbox = sandbox("131026").await;
    let home = Home::new(&format!("http://{}", sandbox.address()), CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        home.connect().ask(ALARM);
        wait_for(&home, "failed");

        // The program of [fallback] hears of it too.
        let told = || {
            !klaxond(&home, "why", &["4711"])
                .text
                .contains("has not taken it yet")
        };
        wait_until("the fallback", told, || home.log());
        let up = klaxond(&home, "why", &["4711"]);
        assert_eq!(up.code, Some(0), "{}", up.error);
        let story = json(&home, "why", &["4711"]);
        let message = &story["messages"][0];
        assert_eq!(message["contact"], "NOC desk");
        assert_eq!(message["state"], "failed");
        assert_eq!(message["attempts"][0]["code"], 131_026);
        assert!(message["reason"].as_str().unwrap().contains("131026"));
        the_example_holds(&up.text);

        let contacts = klaxond(&home, "contacts", &[]);
        assert_eq!(
            contacts.text,
            "told      NOC desk (…22)\ndisabled  Lead (…33): enabled = false in the config\n"
        );
        let status = klaxond(&home, "status", &[]);
        assert_eq!(
            status.code,
            Some(0),
            "who is off by the config is nothing amiss"
        );
        assert!(
            status.text.contains("not told: Lead (disabled)"),
            "{}",
            status.text
        );

        assert!(daemon.stop().success());
        let down = klaxond(&home, "why", &["4711"]);
        assert_eq!(down.text, up.text);
        assert!(down.error.contains("no daemon answers"), "{}", down.error);
        assert_eq!(klaxond(&home, "contacts", &[]).text, contacts.text);
        let listed = klaxond(&home, "messages", &["--state", "failed"]);
        assert!(
            listed.text.contains("NOC desk: 4711 · Encoder 7"),
            "{}",
            listed.text
        );
        assert_eq!(klaxond(&home, "status", &[]).code, Some(2));
        assert_eq!(klaxond(&home, "retry", &["1"]).code, Some(75));
        assert_eq!(klaxond(&home, "ack", &["4711"]).code, Some(75));
        assert_eq!(klaxond(&home, "why", &["no such"]).code, Some(65));

        let _daemon = home.start();
        for (command, id, part) in [
            ("why", "no such", "nothing is kept of no such"),
            ("retry", "99", "there is no message 99"),
            ("ack", "no such", "no alarm of the root id no such is open"),
            (
                "contacts forget",
                "Nobody",
                "nothing is kept of a contact Nobody",
            ),
        ] {
            let said = klaxond(&home, command, &[id]);
            assert_eq!(said.code, Some(65), "{command}: {}", said.error);
            assert!(said.error.contains(part), "{}", said.error);
        }
        let said = klaxond(&home, "messages", &["--state", "lost"]);
        assert_eq!(said.code, Some(65), "{}", said.error);

        sandbox.set_faults(Vec::new());
        let said = klaxond(&home, "retry", &["m1"]);
        assert_eq!(
            said.text, "message 1 to NOC desk waits for its turn\n",
            "{}",
            said.error
        );
        wait_for(&home, "accepted");
        assert_eq!(sandbox.messages().len(), 1);
        let said = klaxond(&home, "retry", &["1"]);
        assert_eq!(said.code, Some(65));
        assert!(
            said.error.contains("only what failed or expired"),
            "{}",
            said.error
        );

        let said = klaxond(&home, "ack", &["4711", "--by", "Ann"]);
        assert_eq!(said.text, "taken: Encoder 7 · 4711 · Critical · no input\n");
        wait_until(
            "the ack",
            || {
                klaxond(&home, "why", &["4711"])
                    .text
                    .contains("Ann has it since")
            },
            || home.log(),
        );
        let records = json(&home, "why", &["4711"])["records"].clone();
        assert_eq!(records[1]["did"], "acknowledged by hand");
    });
}

/// The example of the README has the lines that the program prints; `…` stands for what differs.
fn the_example_holds(said: &str) {
    let example = blocks(section("Finding out"), "console").remove(0);
    let mut rest: Vec<&str> = said.lines().collect();
    for line in example.lines().filter(|line| !line.starts_with("$ ")) {
        let at = rest.iter().position(|real| fits(line, real));
        let at = at.unwrap_or_else(|| panic!("{line}\nis not in\n{said}"));
        rest.drain(..=at);
    }
}

/// Whether a line fits an example, whose times and processes are others.
fn fits(example: &str, real: &str) -> bool {
    let plain = example
        .replace("2026-11-22T18:00:00Z", "…")
        .replace("uid=1000 pid=812", "…");
    let mut rest = real;
    let mut parts = plain.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_is_not_sent_again_and_its_person_can_be_forgotten() {
    let sandbox = sandbox("131026").await;
    let home = Home::new(&format!("http://{}", sandbox.address()), CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let mut line = home.connect();
        line.ask(ALARM);
        wait_for(&home, "failed");
        line.ask(r#"{"id":"4711","element":"Encoder 7","severity":"normal"}"#);
        let said = klaxond(&home, "retry", &["m1"]);
        assert_eq!(said.code, Some(65));
        assert!(said.error.contains("ended at"), "{}", said.error);

        let holds = |text: &str| {
            ["klaxond.db", "klaxond.db-wal"].iter().any(|name| {
                let bytes = std::fs::read(home.path(name)).unwrap_or_default();
                bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
            })
        };
        let sent = "Alarm 4711 on Encoder 7 is Critical";
        assert!(holds("34600111222") && holds(sent));
        let said = klaxond(&home, "contacts forget", &["NOC desk"]);
        assert_eq!(said.code, Some(0), "{}", said.error);
        assert_eq!(
            said.text,
            "NOC desk: forgotten; numbers 1, replies 0, attempts 1\n"
        );
        assert!(!holds("34600111222") && !holds(sent));

        // Without a daemon too; the trail stands.
        line.ask(r#"{"id":"4712","element":"Encoder 8","severity":"critical"}"#);
        wait_until("the number", || holds("34600111222"), || home.log());
        assert!(daemon.stop().success());
        let said = klaxond(&home, "contacts forget", &["NOC desk"]);
        assert_eq!(said.code, Some(0), "{}", said.error);
        assert!(!holds("34600111222") && !holds("Alarm 4712"));
        let story = json(&home, "why", &["4712"]);
        assert_eq!(story["messages"][0]["attempts"][0]["outcome"], "failed");
    });
}

#[test]
fn the_table_of_states_has_every_state() {
    let named: Vec<String> = rows(section("Finding out"))
        .iter()
        .flat_map(|row| {
            row[0]
                .split(", ")
                .map(|state| state.trim_matches('`').to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    for state in klaxond::model::MessageState::ALL {
        assert!(
            named.iter().any(|name| name == state.name()),
            "{}",
            state.name()
        );
    }
}
