//! `klaxond simulate`: a history through the rules, on virtual time, sending nothing.

use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// Rules of a real config: the token is not here, and is not needed.
const CONFIG: &str = r#"
[whatsapp]
phone_number_id = "106540352242922"
token_file = "token"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[contacts]]
name = "Lead"
phone = "34600111333"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Hello {{1}}! {{2}} is {{3}}, please check."
parameters = ["{{ contact.name }}", "{{ alarm.element }}", "{{ alarm.severity }}"]
[[rules]]
name = "Critical alarms"
filter = 'severity = critical'
[[rules]]
name = "Majors"
filter = 'severity = major'
notify = ["Lead"]
"#;

const HISTORY: &str = r#"{"time":"2026-11-22T10:00:00Z","id":"1","element":"E1","severity":"critical"}
{"id":"2","element":"E2","severity":"major"}
{"time":"2026-11-22T09:59:00Z","id":"3","element":"E3","severity":"critical"}

{"time":"2026-11-22T10:05:00Z","id":"4","element":"E4","severity":"minor"}
{"time":"2026-11-22T10:07:00.5Z","id":"5","element":"E5","severity":"major"}
"#;

#[test]
fn each_message_is_one_line_in_order_of_time() {
    let output = simulate(HISTORY, &["--output", "json"]);
    assert!(output.status.success());
    let lines: Vec<Value> = lines(&output);
    let short: Vec<String> = lines
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            [text("at"), text("rule"), text("contact"), text("text")].join("|")
        })
        .collect();
    assert_eq!(
        short,
        [
            "2026-11-22T10:00:00Z|Critical alarms|NOC desk|Hello NOC desk! E1 is Critical, please check.",
            "2026-11-22T10:00:00Z|Critical alarms|Lead|Hello Lead! E1 is Critical, please check.",
            // Without a time it arrives with the one before it.
            "2026-11-22T10:00:00Z|Majors|Lead|Hello Lead! E2 is Major, please check.",
            // Out of order: taken at the latest time.
            "2026-11-22T10:00:00Z|Critical alarms|NOC desk|Hello NOC desk! E3 is Critical, please check.",
            "2026-11-22T10:00:00Z|Critical alarms|Lead|Hello Lead! E3 is Critical, please check.",
            "2026-11-22T10:07:00.5Z|Majors|Lead|Hello Lead! E5 is Major, please check.",
        ]
    );
    let line = &lines[0];
    let keys = [
        "at", "rule", "bucket", "kind", "reason", "contact", "template", "text", "alarms",
    ];
    let mut places: Vec<usize> = Vec::new();
    let written = text(&output.stdout);
    let written = written.lines().next().unwrap();
    for key in keys {
        places.push(written.find(&format!("\"{key}\":")).unwrap());
    }
    assert!(places.is_sorted(), "{written}");
    assert_eq!(line.as_object().unwrap().len(), keys.len());
    assert_eq!(line["kind"], "raised");
    assert_eq!(line["template"], "alarm");
    assert_eq!(line["alarms"], serde_json::json!(["1"]));
    assert!(
        line["reason"]
            .as_str()
            .unwrap()
            .contains("severity = critical")
    );
    let remarks = text(&output.stderr);
    assert!(
        remarks.contains("line 3: 2026-11-22T09:59:00Z is out of order"),
        "{remarks}"
    );
}

#[test]
fn people_read_a_timeline_and_a_tally() {
    let output = simulate(HISTORY, &[]);
    let shown = text(&output.stdout);
    assert!(
        shown.contains("2026-11-22 10:00:00  raised    Critical alarms"),
        "{shown}"
    );
    assert!(
        shown.contains("    → Lead: Hello Lead! E2 is Major"),
        "{shown}"
    );
    let tally: Vec<Vec<&str>> = shown
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("rule"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert!(tally.contains(&vec![
        "Critical", "alarms", "NOC", "desk", "2", "0", "0", "0"
    ]));
    assert!(tally.contains(&vec!["Majors", "Lead", "2", "0", "0", "0"]));
    assert!(
        shown.ends_with("6 messages from 5 records, 1 that no rule wanted, 1 out of order\n"),
        "{shown}"
    );
}

/// Waits run on until only reminders remain, or to a time that is asked for.
#[test]
fn time_goes_on_behind_the_last_record() {
    let rule = "[[rules]]\nname = \"Lasting\"\nsingle_events = false\n\
                trigger = { persist = \"5m\" }\nrepeat_every = \"1h\"\nalso = true\n";
    let config = format!("{CONFIG}{rule}");
    let last = HISTORY.lines().last().unwrap();
    let play = |args: &[&str]| {
        let args: Vec<&str> = ["--output", "json"].iter().chain(args).copied().collect();
        let output = run(&config, None, last, &args);
        lines(&output)
            .iter()
            .filter(|line| line["rule"] == "Lasting" && line["contact"] == "Lead")
            .map(|line| format!("{} {}", line["kind"], line["at"]))
            .collect::<Vec<_>>()
    };
    let raised = r#""raised" "2026-11-22T10:12:00.5Z""#;
    assert_eq!(play(&[]), [raised]);
    assert!(play(&["--until", "4m"]).is_empty());
    let reminder = r#""reminder" "2026-11-22T11:12:00.5Z""#;
    assert_eq!(play(&["--until", "2h"]), [raised, reminder]);
    assert_eq!(
        play(&["--until", "2026-11-22T11:13:00Z"]),
        [raised, reminder]
    );
}

#[test]
fn until_a_time_leaves_out_what_comes_after_it() {
    let output = simulate(
        HISTORY,
        &["--output", "json", "--until", "2026-11-22T10:06:00Z"],
    );
    let last = lines(&output).pop().unwrap();
    assert_eq!(last["at"], "2026-11-22T10:00:00Z", "E5 is not there yet");
    let told = text(&output.stderr);
    assert!(told.contains("after 2026-11-22T10:06:00Z"), "{told}");
}

#[test]
fn a_line_that_is_no_record_is_told_and_costs_nothing_else() {
    let history = "{\"element\": 1}\nnonsense\n{\"element\":\"E\",\"severity\":\"critical\"}\n";
    let output = simulate(history, &["--output", "json"]);
    assert_eq!(output.status.code(), Some(65));
    assert_eq!(lines(&output).len(), 2);
    let remarks = text(&output.stderr);
    assert!(remarks.contains("line 1: rejected: "), "{remarks}");
    assert!(remarks.contains("line 2: rejected: "), "{remarks}");
}

#[test]
fn only_what_another_config_says_differently_is_printed() {
    let same = against(CONFIG, &[]);
    assert_eq!(same.status.code(), Some(0));
    assert!(text(&same.stdout).starts_with("nothing differs: 6 messages"));

    let other = CONFIG
        .replace("filter = 'severity = major'", "filter = 'severity = minor'")
        .replace("name = \"Critical alarms\"", "name = \"Worst\"");
    let output = against(&other, &[]);
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    let signs = |sign: &str| shown.lines().filter(|line| line.starts_with(sign)).count();
    // Four messages by another rule, two that go and one that comes; the two heads.
    assert_eq!(signs("- "), 6, "{shown}");
    assert_eq!(signs("+ "), 5, "{shown}");
    assert!(
        shown.contains("2 messages missing, 1 added, 4 changed, 0 the same"),
        "{shown}"
    );

    let output = against(&other, &["--output", "json"]);
    let changes: Vec<Value> = lines(&output);
    let count = |change: &str| {
        changes
            .iter()
            .filter(|line| line["change"] == change)
            .count()
    };
    assert_eq!(
        (count("missing"), count("added"), count("changed")),
        (2, 1, 4)
    );
    let changed = changes
        .iter()
        .find(|line| line["change"] == "changed")
        .unwrap();
    assert_eq!(changed["was"]["rule"], "Critical alarms");
    assert_eq!(changed["is"]["rule"], "Worst");
}

fn simulate(history: &str, args: &[&str]) -> Output {
    run(CONFIG, None, history, args)
}

fn against(other: &str, args: &[&str]) -> Output {
    run(CONFIG, Some(other), HISTORY, args)
}

fn run(config: &str, other: Option<&str>, history: &str, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("config.toml"), config).unwrap();
    std::fs::write(path("history.jsonl"), history).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
    command
        .args(["simulate", "history.jsonl", "--config", "config.toml"])
        .args(args)
        .current_dir(folder.path());
    if let Some(other) = other {
        std::fs::write(path("other.toml"), other).unwrap();
        command.args(["--against", "other.toml"]);
    }
    command.output().unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    let lines = text(&output.stdout);
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
