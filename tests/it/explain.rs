//! `klaxond explain`: one record, and what would come of it.

use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const CONFIG: &str = r#"
[whatsapp]
phone_number_id = "106540352242922"
token_file = "token"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Hello! {{1}} is {{2}}, please check."
parameters = ["{{ alarm.element }}", "{{ alarm.severity }}"]
[[rules]]
name = "Critical alarms"
filter = 'severity = critical'
[[rules]]
name = "Lasting"
filter = 'element like "Encoder*"'
single_events = false
trigger = { persist = "5m" }
also = true
[[rules]]
name = "Many"
single_events = false
condition = 'count() >= 3'
also = true
"#;

const RECORD: &str =
    r#"{"time":"2026-11-22T10:10:00Z","element":"Encoder 3","severity":"critical"}"#;

const HISTORY: &str = r#"{"time":"2026-11-22T10:00:00Z","element":"Encoder 1","severity":"minor"}
{"time":"2026-11-22T10:09:00Z","element":"Encoder 2","severity":"minor"}
"#;

#[test]
fn each_rule_says_why_and_each_message_when_and_in_which_words() {
    let shown = text(&explain(None, &[]).stdout);
    for words in [
        "rule Critical alarms: takes it\n  because severity = critical",
        "trigger: when it has lasted 5m without a break",
        "the condition does not hold: ",
        "to NOC desk at once: raised by rule Critical alarms, with template alarm",
        "  │ Hello! Encoder 3 is Critical, please check.",
        ", in 5m, if nothing else comes: raised by rule Lasting",
    ] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
}

#[test]
fn a_rule_that_leaves_a_contact_to_an_earlier_one_says_so() {
    let said = "told by an earlier rule: NOC desk";
    let config = CONFIG.replace("condition = 'count() >= 3'\nalso = true", "");
    let shown = text(&run(&config, RECORD, None, &[]).stdout);
    assert_eq!(shown.matches(said).count(), 1, "{shown}");
    let many = shown.find("rule Many: takes it").unwrap();
    assert!(shown.find(said) > Some(many), "{shown}");
    // One that waits leaves nobody to anyone, whatever its name is part of.
    let config = CONFIG.replace(
        "name = \"Lasting\"",
        "name = \"Lasting\"\nid = \"critical\"",
    );
    let shown = text(&run(&config, RECORD, None, &[]).stdout);
    assert!(!shown.contains(said), "{shown}");
}

#[test]
fn a_bucket_is_called_by_what_its_alarms_share() {
    let config = CONFIG.replace(
        "condition = 'count() >= 3'",
        "group_by = [\"property.Site\", \"element\"]",
    );
    let by_site = config.replace(", \"element\"]", "]");
    for (config, record, words) in [
        (CONFIG, RECORD, "bucket of this alarm, 1 in it"),
        (CONFIG, RECORD, "bucket of the rule, 1 in it"),
        (&config, RECORD, "bucket Encoder 3, 1 in it"),
        (
            &by_site,
            RECORD,
            "bucket of those without property.Site, 1 in it",
        ),
    ] {
        let shown = text(&run(config, record, None, &[]).stdout);
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
}

#[test]
fn a_history_gives_what_came_before() {
    let output = explain(Some(HISTORY), &["--output", "json"]);
    let story: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(story["at"], "2026-11-22T10:10:00Z");
    let many = &story["rules"][2];
    assert_eq!(many["buckets"][0]["count"], 3, "{story}");
    assert_eq!(many["buckets"][0]["condition"]["holds"], true, "{story}");
    let messages: Vec<String> = story["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| format!("{} {} {}", said["at"], said["rule"], said["alarms"][0]))
        .collect();
    assert_eq!(
        messages,
        [
            r#""2026-11-22T10:10:00Z" "Critical alarms" "Encoder 3""#,
            r#""2026-11-22T10:10:00Z" "Many" "Encoder 3""#,
            r#""2026-11-22T10:14:00Z" "Lasting" "Encoder 2""#,
            r#""2026-11-22T10:15:00Z" "Lasting" "Encoder 3""#,
        ]
    );
}

#[test]
fn a_message_names_its_bucket_where_a_rule_groups() {
    let config = CONFIG.replace(
        "condition = 'count() >= 3'",
        "group_by = [\"view\"]\ncondition = 'any(element = \"Encoder 3\")'",
    );
    let record = RECORD.replace('}', r#", "views": ["North", "South"]}"#);
    let shown = text(&run(&config, &record, None, &[]).stdout);
    for words in [
        "raised by rule Many for North, with",
        "raised by rule Many for South, with",
        "1 of 1 alarm, \"Encoder 3\":",
    ] {
        assert!(shown.contains(words), "{words}:\n{shown}");
    }
}

#[test]
fn a_record_that_no_rule_takes_is_told_to_nobody() {
    let config = CONFIG.replace("name = \"Many\"", "name = \"Many\"\nenabled = false");
    let output = run(
        &config,
        r#"{"element":"Mux 1","severity":"minor"}"#,
        None,
        &[],
    );
    let shown = text(&output.stdout);
    assert!(shown.ends_with("nobody would be told\n"), "{shown}");
    assert!(shown.contains("rule Lasting: does not take it"), "{shown}");
    let output = run(CONFIG, "nonsense", None, &[]);
    assert_eq!(output.status.code(), Some(65));
}

fn explain(history: Option<&str>, args: &[&str]) -> Output {
    run(CONFIG, RECORD, history, args)
}

fn run(config: &str, record: &str, history: Option<&str>, args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("config.toml"), config).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_klaxond"));
    command
        .args(["explain", "--config", "config.toml"])
        .args(args)
        .current_dir(folder.path())
        .write_stdin(record);
    if let Some(history) = history {
        std::fs::write(path("history.jsonl"), history).unwrap();
        command.args(["--history", "history.jsonl"]);
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
