//! `klaxond silence` and `klaxond alarms`: what they ask of the daemon, and what they show.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::Output;
use std::sync::mpsc;
use std::thread;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a config, and a stand-in for the daemon on its control socket.
struct Desk {
    folder: TempDir,
    asked: mpsc::Receiver<(String, Value)>,
}

impl Desk {
    /// It answers the first calls with `answers`, in order.
    fn new(answers: Vec<Value>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "timezone = \"Europe/Madrid\"\n[ingest]\nsocket = {:?}\n[filters]\nlab = 'element like \"Lab*\"'\n\
             [[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
             [templates.alarm]\nname = \"a\"\ntext = \"Alarm.\"\n[[rules]]\nname = \"All\"\n",
            folder.path().join("alarms.sock")
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let listener = UnixListener::bind(folder.path().join("control.sock")).unwrap();
        let (tell, asked) = mpsc::sync_channel(16);
        thread::spawn(move || {
            for (answer, stream) in answers.into_iter().zip(listener.incoming()) {
                let mut stream = BufReader::new(stream.unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    stream.read_line(&mut head).unwrap();
                }
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse().unwrap())
                });
                let mut body = vec![0; length.unwrap_or(0)];
                stream.read_exact(&mut body).unwrap();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let call = head.split(" HTTP").next().unwrap().to_owned();
                tell.send((call, body)).unwrap();
                let text = answer.to_string();
                let status = if answer.get("error").is_some() {
                    "422 No"
                } else {
                    "200 OK"
                };
                write!(
                    stream.get_mut(),
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}",
                    text.len()
                )
                .unwrap();
            }
        });
        Self { folder, asked }
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::cargo_bin("klaxond")
            .unwrap()
            .args(words)
            .env("KLAXOND_CONFIG", self.folder.path().join("config.toml"))
            .env("USER", "ana")
            .env("NO_COLOR", "1")
            .output()
            .unwrap()
    }

    fn asked(&self) -> (String, Value) {
        self.asked.try_recv().expect("nothing was asked")
    }

    fn was_left_alone(&self) -> bool {
        self.asked.try_recv().is_err()
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_silence_is_ordered_as_it_is_written() {
    let desk = Desk::new(vec![json!({"silence": "s17"}); 2]);
    let filter = "element like \"Lab*\"";
    let output = desk.run(&[
        "silence",
        "add",
        filter,
        "--for",
        "2h",
        "--comment",
        "works",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        out(&output).starts_with("s17: silent until 20"),
        "{}",
        out(&output)
    );
    let (call, body) = desk.asked();
    assert_eq!(call, "POST /api/v1/silences");
    assert_eq!(
        body,
        json!({"filter": filter, "for": "2h", "comment": "works", "by": "ana"})
    );
    let output = desk.run(&[
        "silence",
        "add",
        "@lab",
        "--from",
        "2099-12-24 18:00",
        "--until",
        "2099-12-25T06:00:00Z",
        "--comment",
        "x",
        "--by",
        "Bo",
        "--output",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&out(&output)).unwrap(),
        json!({"silence": "s17"})
    );
    assert_eq!(
        desk.asked().1,
        json!({"filter": "@lab", "starts": "2099-12-24T17:00:00Z", "ends": "2099-12-25T06:00:00Z", "comment": "x", "by": "Bo"})
    );
}

#[test]
fn what_cannot_be_is_refused_before_it_is_sent() {
    let desk = Desk::new(vec![json!({"silence": "s17"})]);
    for command in [
        vec![
            "silence",
            "add",
            "severty = critical",
            "--for",
            "2h",
            "--comment",
            "x",
        ],
        vec!["alarms", "--filter", "severty = critical"],
    ] {
        let output = desk.run(&command);
        assert_eq!(output.status.code(), Some(65), "{output:?}");
        let told = err(&output);
        assert!(told.contains("the filter cannot be read: 1:1: "), "{told}");
        assert!(
            told.contains("\n  severty = critical\n  ^^^^^^^\n"),
            "{told}"
        );
        assert!(told.contains("severity"), "{told}");
    }
    let json = desk.run(&["alarms", "--filter", "element =", "--output", "json"]);
    assert_eq!(json.status.code(), Some(65));
    let told: Value = serde_json::from_str(&out(&json)).unwrap();
    assert!(
        told["error"]
            .as_str()
            .unwrap()
            .contains("the filter cannot be read")
    );
    let past = desk.run(&[
        "silence",
        "add",
        "@lab",
        "--until",
        "2020-01-01T00:00:00Z",
        "--comment",
        "x",
    ]);
    assert_eq!(past.status.code(), Some(65), "{past:?}");
    assert!(err(&past).contains("over before it begins"));
    let when = desk.run(&[
        "silence",
        "add",
        "@lab",
        "--until",
        "soon",
        "--comment",
        "x",
    ]);
    assert_eq!(when.status.code(), Some(65));
    assert!(
        err(&when).contains("--until: \"soon\" is not a time"),
        "{}",
        err(&when)
    );
    for wrong in [
        vec!["silence", "add", "@lab", "--for", "2h"],
        vec!["silence", "add", "@lab", "--comment", "x"],
        vec![
            "silence",
            "add",
            "@lab",
            "--for",
            "2h",
            "--until",
            "18:00",
            "--comment",
            "x",
        ],
        vec!["silence", "expire"],
        vec!["silence", "expire", "x17"],
    ] {
        assert_eq!(desk.run(&wrong).status.code(), Some(64), "{wrong:?}");
    }
    assert!(desk.was_left_alone());
}

#[test]
fn silences_are_listed() {
    let silence = json!({
        "id": "s17", "filter": "element like \"Lab*\"", "starts": "2026-11-22T10:00:00Z",
        "ends": "2026-11-22T12:00:00Z", "state": "expired", "by": "Ana", "comment": "works",
        "created": "2026-11-22T10:00:00Z", "ended_by": "Bo", "suppressed": 3,
    });
    let answer = json!({ "silences": [silence] });
    let desk = Desk::new(vec![answer.clone(), answer.clone()]);
    let output = desk.run(&["silence", "list", "--expired"]);
    assert_eq!(
        out(&output),
        "s17   expired 2026-11-22T10:00:00Z to 2026-11-22T12:00:00Z  element like \"Lab*\", by Ana, ended by Bo: works (3 not told)\n"
    );
    assert_eq!(desk.asked().0, "GET /api/v1/silences?expired=true");
    let output = desk.run(&["silence", "list", "--output", "json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&out(&output)).unwrap(),
        answer
    );
    assert!(desk.asked().0.starts_with("GET /api/v1/silences"));
}

#[test]
fn silences_are_ended_one_by_one() {
    let refusal = json!({"error": "there is no silence s18", "class": "unknown"});
    let desk = Desk::new(vec![
        json!({"silence": "s17"}),
        refusal,
        json!({"silence": "s19"}),
    ]);
    let output = desk.run(&["silence", "expire", "s17", "s18", "19", "--by", "Bo C"]);
    assert_eq!(output.status.code(), Some(65), "{output:?}");
    assert_eq!(out(&output), "ended: s17\nended: s19\n");
    assert!(err(&output).contains("there is no silence s18"));
    for id in ["s17", "s18", "s19"] {
        assert_eq!(
            desk.asked().0,
            format!("DELETE /api/v1/silences/{id}?by=Bo+C")
        );
    }
}

#[test]
fn open_alarms_are_listed() {
    let alarm = json!({
        "id": "4711", "element": "Lab 1", "parameter": "Input", "index": "", "value": "lost",
        "severity": "Critical", "begun": "2026-11-22T10:00:00Z", "raised": ["All"],
        "ack": {"by": "Ana", "at": "2026-11-22T10:05:00Z"}, "silenced": ["s17"],
    });
    let desk = Desk::new(vec![json!({"total": 7, "alarms": [alarm]})]);
    let output = desk.run(&[
        "alarms",
        "--filter",
        "@lab and severity >= major",
        "--limit",
        "1",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        out(&output),
        "2026-11-22T10:00:00Z  Critical 4711: Lab 1 · Input · lost, raised by All, Ana has it, silenced by s17\n"
    );
    assert!(err(&output).contains("1 of 7"), "{}", err(&output));
    let call = desk.asked().0;
    assert_eq!(
        call,
        "GET /api/v1/alarms?limit=1&filter=%40lab+and+severity+%3E%3D+major"
    );
}

#[test]
fn without_a_daemon_it_is_said() {
    let desk = Desk::new(Vec::new());
    std::fs::remove_file(desk.folder.path().join("control.sock")).unwrap();
    for words in [
        vec!["alarms"],
        vec!["silence", "list"],
        vec!["silence", "expire", "s1"],
    ] {
        let output = desk.run(&words);
        assert_eq!(output.status.code(), Some(75), "{words:?}");
        assert!(err(&output).contains("no daemon answers"), "{words:?}");
    }
}
