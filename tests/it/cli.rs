//! The commands as people and programs run them.

mod check;
mod templates;
mod test_message;

use std::process::{Command, Output, Stdio};

use klaxond::sandbox::{Sandbox, Settings, TemplateStatus, TemplateText};
use serde_json::{Value, json};

use crate::support::config::{Folder, PATH, WHATSAPP};

/// Where nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9";

/// What a command said, and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(&self) -> Value {
        let lines: Vec<&str> = self.out.lines().collect();
        assert_eq!(lines.len(), 1, "one object: {self:?}");
        serde_json::from_str(lines[0]).unwrap()
    }
}

/// Runs `klaxond` with the folder's config and `input` on standard input.
async fn klaxond(folder: &Folder, arguments: &[&str], input: &str) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
    command
        .args(arguments)
        .env("KLAXOND_CONFIG", folder.path("config.toml"))
        .env_remove("CREDENTIALS_DIRECTORY")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let input = input.to_owned();
    let output: Output = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let mut child = command.spawn().unwrap();
        // A command that does not read has closed it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A good config that talks to `base_url`.
fn config(base_url: &str) -> Folder {
    Folder::new(&format!("{WHATSAPP}base_url = \"{base_url}\"\n{PATH}"))
}

/// A sandbox that knows the config's template, and a config that talks to it.
async fn sandbox(change: impl FnOnce(&mut Settings)) -> (Sandbox, Folder) {
    let template = TemplateText {
        name: "klaxond_alarm".to_owned(),
        language: "en_US".to_owned(),
        header: None,
        text: "Alarm {{1}}, please check.".to_owned(),
        footer: None,
        buttons: Vec::new(),
        status: TemplateStatus::Approved,
    };
    let mut settings = Settings {
        templates: vec![template],
        ..Settings::default()
    };
    change(&mut settings);
    let (sandbox, _) = Sandbox::start(settings).await.unwrap();
    let folder = config(&format!("http://{}", sandbox.address()));
    (sandbox, folder)
}

#[tokio::test]
async fn explain_says_why_and_shows_the_text() {
    let folder = config(NOWHERE);
    let said = klaxond(
        &folder,
        &["explain"],
        r#"{"element":"Encoder 7","severity":"critical"}"#,
    )
    .await;
    assert_eq!(said.code, 0, "{said:?}");
    for line in [
        "Encoder 7 · Critical · New alarm (Encoder 7)",
        "rule Critical alarms: takes it",
        "  because severity = critical: severity is Critical",
        "to NOC desk at once: raised by rule Critical alarms, with template alarm",
        "  │ Alarm Encoder 7, please check.",
    ] {
        assert!(
            said.out.lines().any(|said| said == line),
            "{line}\n{}",
            said.out
        );
    }
    let said = klaxond(
        &folder,
        &["explain"],
        r#"{"element":"Encoder 7","severity":"minor"}"#,
    )
    .await;
    assert!(
        said.out
            .contains("does not take it\n  because severity = critical: severity is Minor"),
        "{}",
        said.out
    );
    assert!(said.out.contains("nobody would be told"), "{}", said.out);
}

#[tokio::test]
async fn explain_tells_programs_the_same() {
    let folder = config(NOWHERE);
    let input = r#"{"element":"Encoder 7","severity":"critical"}"#;
    let mut told = klaxond(&folder, &["explain", "--output", "json"], input)
        .await
        .json();
    // When the record came, twice.
    assert_eq!(told["at"].take(), told["messages"][0]["at"].take());
    let expected = json!({
        "id": "Encoder 7",
        "type": "New alarm",
        "at": null,
        "notes": [],
        "rules": [{
            "rule": "Critical alarms",
            "takes": true,
            "because": "severity = critical: severity is Critical",
            "trigger": "each record at once",
            "buckets": [{
                "bucket": "Encoder 7, Encoder 7",
                "count": 1,
                "condition": null,
                "then": "speaks",
            }],
            "contacts": ["NOC desk"],
            "left_to_earlier": [],
        }],
        "messages": [{
            "at": null,
            "in_ms": 0,
            "rule": "Critical alarms",
            "bucket": "Encoder 7, Encoder 7",
            "kind": "raised",
            "reason": "matches severity = critical",
            "contact": "NOC desk",
            "template": "alarm",
            "text": "Alarm Encoder 7, please check.",
            "alarms": ["Encoder 7"],
        }],
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn explain_says_what_is_wrong_with_its_input() {
    let folder = config(NOWHERE);
    let bad = r#"{"element":"Encoder 7","severty":"critical"}"#;
    let said = klaxond(&folder, &["explain"], bad).await;
    assert_eq!(said.code, 65, "{said:?}");
    assert!(
        said.err.contains("rejected: `severity` is missing"),
        "{}",
        said.err
    );
    let programs = ["explain", "--output", "json"];
    let said = klaxond(&folder, &programs, bad).await;
    assert_eq!(said.code, 65, "{said:?}");
    assert!(
        said.json()["error"]
            .as_str()
            .unwrap()
            .contains("`severity` is missing")
    );
    let said = klaxond(&folder, &programs, "\n").await;
    assert_eq!(
        (said.code, said.json()),
        (65, json!({"error": "there is no record in the input"}))
    );
    let said = klaxond(&folder, &["explain", "no-such-file"], "").await;
    assert_eq!(said.code, 69, "as for send: {said:?}");
}

#[tokio::test]
async fn a_command_for_a_daemon_that_is_not_there_says_try_again() {
    let folder = config(NOWHERE);
    let control = folder.path("control.sock");
    let text = format!("{WHATSAPP}[http]\ncontrol = {control:?}\n{PATH}");
    folder.write("config.toml", text, 0o640);
    let said = klaxond(&folder, &["reload", "--dry-run"], "").await;
    assert_eq!(said.code, 75, "{said:?}");
    assert!(said.err.contains("no daemon answers on"), "{}", said.err);
    let said = klaxond(&folder, &["reload", "--output", "json"], "").await;
    assert_eq!(said.code, 75, "{said:?}");
    assert!(
        said.json()["error"]
            .as_str()
            .unwrap()
            .contains("no daemon answers on")
    );
}

#[tokio::test]
async fn backup_says_why_there_is_no_copy() {
    let folder = config(NOWHERE);
    let (database, copy) = (folder.path("no.db"), folder.path("copy.db"));
    let mut words = vec!["backup", copy.to_str().unwrap(), "--database"];
    words.push(database.to_str().unwrap());
    let said = klaxond(&folder, &words, "").await;
    assert_eq!((said.code, said.out.as_str()), (69, ""), "{said:?}");
    assert!(said.err.contains("no copy was made: "), "{}", said.err);
    words.extend(["--output", "json"]);
    let said = klaxond(&folder, &words, "").await;
    assert_eq!((said.code, said.err.as_str()), (69, ""), "{said:?}");
    let told = said.json();
    assert!(told["error"].as_str().unwrap().contains("no.db"), "{told}");
    assert!(!copy.exists());
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_64() {
    let folder = config(NOWHERE);
    let wrong: [&[&str]; 11] = [
        &[],
        &["sned"],
        &["check", "--onlien"],
        &["check", "--output", "xml"],
        &["send", "--wait", "soon"],
        &["backup"],
        &["sandbox", "--fail", "nonsense"],
        &["test-message"],
        &["test-message", "--to", "34600111222"],
        &["test-message", "--to", "+34 600 111 222", "--hello-world"],
        &["test-message", "Nobody"],
    ];
    for words in wrong {
        let said = klaxond(&folder, words, "").await;
        assert_eq!(
            (said.code, said.out.as_str()),
            (64, ""),
            "{words:?}: {said:?}"
        );
        assert!(!said.err.is_empty(), "{words:?}");
    }
    let said = klaxond(
        &folder,
        &["test-message", "--to", "+34 600 111 222", "--hello-world"],
        "",
    )
    .await;
    assert!(said.err.contains("write 34600111222"), "{}", said.err);
    let said = klaxond(&folder, &["test-message", "Nobody"], "").await;
    assert!(said.err.contains("there are: NOC desk"), "{}", said.err);
}

#[tokio::test]
async fn the_demo_tells_programs_each_step() {
    let folder = config(NOWHERE);
    let said = klaxond(&folder, &["demo", "--output", "json"], "").await;
    assert_eq!(said.code, 0, "{said:?}");
    let events: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |event: &str| events.iter().filter(|line| line["event"] == event).count();
    assert_eq!(
        (count("started"), count("answered"), count("ended")),
        (1, 7, 1),
        "{}",
        said.out
    );
    assert_eq!(count("message"), 5, "{}", said.out);
    let last = events.last().unwrap();
    assert_eq!(
        (&last["waiting"], &last["on_phones"]),
        (&json!(0), &last["delivered"])
    );
    let delivered = |line: &&Value| line["event"] == "receipt" && line["state"] == "delivered";
    assert_eq!(events.iter().filter(delivered).count(), 5, "{}", said.out);
}

#[test]
fn a_demo_that_is_interrupted_leaves_nothing_behind() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .args(["demo", "--output", "json"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    // The last alarm's message waits for its turn then.
    let answered = lines.by_ref().map_while(Result::ok);
    let answered = answered.filter(|line| line.contains("\"answered\""));
    assert_eq!(answered.take(7).count(), 7);
    let id = rustix::process::Pid::from_child(&demo);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let last: Value = serde_json::from_str(&lines.last().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&last["event"], &last["waiting"]),
        (&json!("ended"), &json!(1))
    );
    assert_eq!(
        demo.wait().unwrap().code(),
        Some(1),
        "not everything was delivered"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
