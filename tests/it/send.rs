//! `klaxond send`: the command as people run it, against the socket of this process.

use std::path::Path;
use std::process::{Output, Stdio};

use klaxond::model::Answer;
use klaxond::pipeline::intake::Intake;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::process::{Child, Command};

use super::support::alarm_socket::{AlarmSocket, line};
use super::support::ingest::{Ledger, stored};

fn send(socket: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
    command
        .arg("send")
        .args(arguments)
        .env("KLAXOND_SOCKET", socket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Runs it to its end with `input` on standard input.
async fn run(socket: &Path, arguments: &[&str], input: impl Into<String>) -> Output {
    let mut child = send(socket, arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.into();
    tokio::spawn(async move {
        // A command that gave up does not read to the end.
        let _ = stdin.write_all(input.as_bytes()).await;
    });
    child.wait_with_output().await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

async fn close(mut child: Child) -> Option<i32> {
    drop(child.stdin.take());
    child.wait().await.unwrap().code()
}

#[tokio::test]
async fn records_that_are_taken_end_it_well() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let input = format!("{}\n{}", line("a"), line("b").trim_end());
    let output = run(&socket.path, &[], input).await;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "2 stored, 0 ignored, 0 rejected\n");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(ledger.elements(), ["a", "b"]);
    socket.stop().await;
}

#[tokio::test]
async fn bad_lines_are_told_with_their_number_and_the_others_are_taken() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let misspelt = "{\"element\":\"c\",\"severity\":1,\"valeu\":2}\n";
    let input = format!("{}\n \nbad\n{}{misspelt}", line("a"), line("b"));
    let output = run(&socket.path, &[], input.clone()).await;
    assert_eq!(output.status.code(), Some(65));
    assert_eq!(text(&output.stdout), "3 stored, 0 ignored, 1 rejected\n");
    let told = text(&output.stderr);
    assert!(told.starts_with("line 4: rejected: neither JSON"), "{told}");
    assert!(told.contains("line 6: note: `valeu`"), "{told}");

    let output = run(&socket.path, &["--output", "json"], input).await;
    assert_eq!(output.status.code(), Some(65));
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["line"], &lines[0]["status"]),
        (&json!(4), &json!("rejected"))
    );
    assert_eq!(lines[1]["line"], 6);
    assert_eq!(
        lines[2],
        json!({"stored": 3, "ignored": 0, "rejected": 1, "unanswered": 0})
    );
    socket.stop().await;
}

#[tokio::test]
async fn a_file_of_many_records_arrives_in_order() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let file = tempfile::NamedTempFile::new().unwrap();
    let total = 20_000;
    let lines: String = (0..total).map(line).collect();
    std::fs::write(file.path(), lines).unwrap();
    let output = run(&socket.path, &[file.path().to_str().unwrap()], "").await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let expected: Vec<String> = (0..total).map(|n| n.to_string()).collect();
    assert_eq!(ledger.elements(), expected);
    socket.stop().await;
}

#[tokio::test]
async fn what_was_busy_is_sent_again_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("busy.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let total = 300;
    let daemon = tokio::spawn(async move {
        let mut taken = Vec::new();
        for answer in [Answer::Busy { retry_after_ms: 1 }, stored_answer()] {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            taken.clear();
            for _ in 0..total {
                let mut line = String::new();
                stream.read_line(&mut line).await.unwrap();
                taken.push(line);
            }
            let answers = (serde_json::to_string(&answer).unwrap() + "\n").repeat(total);
            stream.write_all(answers.as_bytes()).await.unwrap();
            let _ = stream.read_line(&mut String::new()).await;
        }
        taken
    });
    let lines: Vec<String> = (0..total).map(line).collect();
    let output = run(&path, &[], lines.concat()).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "300 stored, 0 ignored, 0 rejected\n");
    assert_eq!(daemon.await.unwrap(), lines);
}

fn stored_answer() -> Answer {
    Answer::Stored {
        id: "1".to_owned(),
        rules: Vec::new(),
        notes: Vec::new(),
    }
}

#[tokio::test]
async fn a_daemon_that_stays_busy_ends_in_try_again() {
    let socket = AlarmSocket::start(Intake::from_fn(|records, _| async move {
        let mut answers: Vec<Answer> = records.iter().map(stored).collect();
        for answer in answers.iter_mut().skip(1) {
            *answer = Answer::Busy { retry_after_ms: 1 };
        }
        answers
    }));
    let lines = format!("{}\u{20}\n{}{}", line("a"), line("b"), line("c"));
    let output = run(&socket.path, &["--wait", "0s"], lines).await;
    assert_eq!(output.status.code(), Some(75));
    assert!(text(&output.stdout).ends_with("not taken\n"));
    assert!(
        text(&output.stderr).contains("the daemon is busy"),
        "{}",
        text(&output.stderr)
    );
    socket.stop().await;
}

#[tokio::test]
async fn without_a_daemon_it_says_so_and_try_again() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("nobody.sock");
    let output = run(&socket, &["--wait", "0s"], line("a") + &line("b")).await;
    assert_eq!(output.status.code(), Some(75));
    assert_eq!(
        text(&output.stdout),
        "0 stored, 0 ignored, 0 rejected, 2 not taken\n"
    );
    let told = text(&output.stderr);
    assert!(
        told.starts_with(
            "klaxond: 2 lines were not taken, the first is line 1: no daemon listens on "
        ),
        "{told}"
    );
    let nothing = run(&socket, &["--wait", "0s"], "\n\n").await;
    assert_eq!(nothing.status.code(), Some(0), "there was nothing to send");
}

#[tokio::test]
async fn it_waits_for_a_daemon_that_comes_later() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("late.sock");
    let mut child = send(&path, &["--wait", "10m"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(line("early").as_bytes()).await.unwrap();
    drop(stdin);
    let ledger = Ledger::default();
    let socket = AlarmSocket::start_with(ledger.intake(), |settings| {
        settings.socket.clone_from(&path);
    });
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(ledger.elements(), ["early"]);
    socket.stop().await;
}

#[tokio::test]
async fn what_a_restart_left_unanswered_is_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("restart.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let daemon = tokio::spawn(async move {
        // One line is answered, then the daemon dies with the others.
        let (first, _) = listener.accept().await.unwrap();
        let mut first = BufReader::new(first);
        let mut seen = String::new();
        for _ in 0..3 {
            first.read_line(&mut seen).await.unwrap();
        }
        first
            .write_all(b"{\"status\":\"stored\",\"id\":\"0\",\"rules\":[]}\n{\"status\":\"sto")
            .await
            .unwrap();
        drop(first);
        let (second, _) = listener.accept().await.unwrap();
        let mut second = BufReader::new(second);
        let mut again = Vec::new();
        for _ in 0..2 {
            let mut line = String::new();
            second.read_line(&mut line).await.unwrap();
            second
                .write_all(b"{\"status\":\"ignored\",\"reason\":\"no rule\"}\n")
                .await
                .unwrap();
            again.push(line);
        }
        again
    });
    let lines: String = (0..3).map(line).collect();
    let output = run(&path, &[], lines).await;
    assert_eq!(text(&output.stderr), "");
    assert_eq!(text(&output.stdout), "1 stored, 2 ignored, 0 rejected\n");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(daemon.await.unwrap(), [line(1), line(2)]);
}

#[tokio::test]
async fn a_line_goes_out_while_the_pipe_stays_open() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let mut child = send(&socket.path, &[]).spawn().unwrap();
    for n in 0..3 {
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(line(n).as_bytes()).await.unwrap();
        while ledger.elements().len() <= n {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(close(child).await, Some(0));
    socket.stop().await;
}

#[tokio::test]
async fn an_idle_connection_that_was_closed_is_opened_again() {
    let ledger = Ledger::default();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("idle.sock");
    let first = AlarmSocket::start_with(ledger.intake(), |settings| {
        settings.socket.clone_from(&path);
    });
    let mut child = send(&path, &[]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(line(0).as_bytes()).await.unwrap();
    while ledger.elements().is_empty() {
        tokio::task::yield_now().await;
    }
    first.stop().await;
    let second = AlarmSocket::start_with(ledger.intake(), |settings| {
        settings.socket.clone_from(&path);
    });
    stdin.write_all(line(1).as_bytes()).await.unwrap();
    drop(stdin);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(ledger.elements(), ["0", "1"]);
    second.stop().await;
}

#[tokio::test]
async fn who_may_not_hand_in_is_told_and_does_not_try_for_each_line() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start_with(ledger.intake(), |settings| {
        settings.allow_users = vec!["4294967000".to_owned()];
    });
    let lines: String = (0..1000).map(line).collect();
    let output = run(&socket.path, &[], lines).await;
    assert_eq!(output.status.code(), Some(69));
    let told = text(&output.stderr);
    assert!(told.contains("this user may not hand in alarms"), "{told}");
    socket.stop().await;
}

#[tokio::test]
async fn a_connection_that_is_turned_away_is_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let daemon = tokio::spawn(async move {
        // Too many connections: one line, and the end, whatever was sent.
        let (mut full, _) = listener.accept().await.unwrap();
        full.write_all(b"{\"status\":\"busy\",\"retry_after_ms\":1}\n")
            .await
            .unwrap();
        drop(full);
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        let mut seen = Vec::new();
        for _ in 0..2 {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let answer = serde_json::to_string(&stored_answer()).unwrap() + "\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
            seen.push(line);
        }
        seen
    });
    let output = run(&path, &["--wait", "10m"], line(0) + &line(1)).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(daemon.await.unwrap(), [line(0), line(1)]);
}

#[tokio::test]
async fn lines_without_bound_are_refused_here() {
    let ledger = Ledger::default();
    let socket = AlarmSocket::start(ledger.intake());
    let input = format!("{}{}\n{}", line("a"), "x".repeat(3_000_000), line("b"));
    let output = run(&socket.path, &[], input).await;
    assert_eq!(output.status.code(), Some(65));
    assert_eq!(
        text(&output.stderr),
        "line 2: rejected: the line is longer than 1048576 bytes\n"
    );
    assert_eq!(ledger.elements(), ["a", "b"]);
    socket.stop().await;
}

#[tokio::test]
async fn what_answers_nonsense_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.sock");
    let listener = UnixListener::bind(&path).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream
            .write_all(b"220 mail.example ESMTP\r\n")
            .await
            .unwrap();
        std::future::pending::<()>().await;
    });
    let output = run(&path, &[], line("a")).await;
    assert_eq!(output.status.code(), Some(70));
    assert!(text(&output.stderr).contains("no answer of klaxond's"));
}

#[tokio::test]
async fn what_is_wrong_with_the_command_line_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    let missing = directory.path().join("missing.jsonl");
    let output = run(&socket, &[missing.to_str().unwrap()], "").await;
    assert_eq!(output.status.code(), Some(69));
    let output = run(&socket, &["--wait", "soon"], "").await;
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("expected a span"));
}
