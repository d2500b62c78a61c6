//! README.md: its examples run, its tables agree with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use klaxond::config::known_keys;
use klaxond::engine::filter::{Field, Filter, Named};
use klaxond::model::Answer;
use klaxond::pipeline::fallback::Notice;
use serde_json::{Value, json};

use crate::support::config::{Folder, PATH, WHATSAPP};
use crate::support::http_server::HttpServer;
use crate::support::ingest::{Ledger, one, record};
use crate::support::process::Home;
use crate::support::readme::{README, blocks, code, commands, prose, rows, section};

const BINARY: &str = env!("CARGO_BIN_EXE_klaxond");

/// Nobody is there to take what it sends.
const NOWHERE: &str = "http://127.0.0.1:9";

const CONFIG: &str = r#"
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[[rules]]
name = "Critical alarms"
filter = 'severity >= major'
"#;

#[test]
fn every_piece_of_config_is_taken() {
    let pieces = blocks(README, "toml");
    assert!(pieces.len() >= 4, "{pieces:?}");
    for piece in pieces {
        let whole = if piece.contains("[whatsapp]") {
            piece
        } else {
            format!("{WHATSAPP}{piece}{PATH}")
        };
        let folder = Folder::new(&whole);
        folder.write("http_token", "0123456789abcdef0123456789abcdef", 0o600);
        folder.write("app_secret", "0123456789abcdef0123456789abcdef", 0o600);
        folder.write("verify_token", "0123456789abcdef", 0o600);
        if let Err(faults) = folder.load() {
            panic!("{}", faults.render(false));
        }
    }
}

#[test]
fn the_config_reference_names_every_key_and_no_other() {
    let named: BTreeSet<(String, String)> = rows(section("The config"))
        .iter()
        .flat_map(|row| {
            let home = row[0].trim_matches('`').replace(".ID", ".…");
            let home = if home.starts_with('[') {
                home
            } else {
                String::new()
            };
            let keys = row[2].trim_matches('`').split_whitespace();
            keys.map(|key| (home.clone(), key.to_owned()))
                .collect::<Vec<_>>()
        })
        .collect();
    let sections: BTreeSet<&str> = known_keys().map(|(section, _)| section).collect();
    let known = known_keys()
        // The sections themselves, which have rows of their own, and tables inside keys.
        .filter(|(section, key)| {
            let is_table =
                |other: &&str| other.trim_matches(['[', ']']).split('.').next() == Some(key);
            let is_section = sections.iter().any(is_table) || ["filters", "words"].contains(key);
            (section.starts_with('[') || section.is_empty()) && !(section.is_empty() && is_section)
        })
        .map(|(section, key)| (section.to_owned(), key.to_owned()));
    assert_eq!(named, known.collect());
}

#[test]
fn every_record_is_taken_without_a_remark() {
    let mut records: Vec<String> = blocks(README, "json")
        .iter()
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for shell in blocks(README, "sh") {
        let quoted = shell.split('\'').skip(1).step_by(2);
        records.extend(
            quoted
                .filter(|word| word.starts_with('{'))
                .map(str::to_owned),
        );
    }
    assert!(records.len() >= 6, "{records:?}");
    for line in records {
        let incoming = one(&line);
        assert!(incoming.record.is_ok(), "{line}: {incoming:?}");
        assert_eq!(incoming.notes, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn the_keys_of_a_record_are_the_ones_that_are_read() {
    let text = prose(section("Connect a detection script"));
    let start = text.find("`element` and `severity` are required").unwrap();
    let end = start
        + text[start..]
            .find("Any other key becomes a property")
            .unwrap();
    let keys = code(&text[start..end]);
    assert!(keys.len() > 15, "{keys:?}");
    for key in keys {
        let mut given = json!({"element": "a", "severity": "major"});
        given[key] = json!([]);
        let taken = one(given.to_string());
        let properties = taken.record.map(|record| record.properties.iter().count());
        assert_ne!(properties, Ok(1), "{key} became a property");
    }
    let other = record(r#"{"element":"a","severity":1,"Site":"HQ"}"#);
    assert_eq!(other.properties.iter().count(), 1);
}

#[test]
fn what_the_csharp_script_posts_is_taken() {
    let scripts = blocks(README, "csharp");
    let start = scripts[0].find("SerializeObject(new").unwrap();
    let object = scripts[0][start..].split("});").next().unwrap();
    let keys: Vec<&str> = object
        .lines()
        .filter_map(|line| Some(line.split_once(" = ")?.0.trim()))
        .collect();
    assert_eq!(keys, ["element", "parameter", "correlation_alarm_info"]);
    let info =
        "901|7|59|350|Slot 2|901|0|1|10|12|Lost|2026-11-22 03:12:44|-1|-1|-1|5|16|18|System||0";
    let posted =
        json!({"element": "Encoder 7", "parameter": "State", "correlation_alarm_info": info});
    let incoming = one(posted.to_string());
    let alarm = incoming.record.unwrap();
    assert_eq!(
        (alarm.id.as_str(), alarm.element.as_str()),
        ("901", "Encoder 7")
    );
    assert_eq!(
        (alarm.parameter.as_str(), alarm.index.as_str()),
        ("State", "Slot 2")
    );
    assert_eq!((alarm.value.as_str(), incoming.notes.len()), ("Lost", 0));
}

#[test]
fn every_command_line_is_one_that_the_program_takes() {
    let mut lines: Vec<Vec<String>> = blocks(README, "sh")
        .iter()
        .flat_map(|shell| commands(shell))
        .collect();
    let prose = prose(README);
    let inline = code(&prose);
    let inline = inline.iter().filter(|code| code.starts_with("klaxond "));
    lines.extend(inline.flat_map(|code| commands(&code.replace(['[', ']'], ""))));
    for name in subcommands() {
        let help = text(klaxond(&[&name, "--help"]));
        let examples = help
            .split("Examples:\n")
            .nth(1)
            .unwrap_or_else(|| panic!("{name}"));
        let examples = examples.split("\n\n").next().unwrap();
        // What follows a line after some spaces explains it.
        for example in examples.lines() {
            lines.extend(commands(example.trim().split("   ").next().unwrap()));
        }
    }
    assert!(lines.len() > 30, "{lines:?}");
    for words in lines {
        if words[1] == "help" {
            continue;
        }
        let output = check_syntax(&words[1..]);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
    }
    for wrong in [["check", "--onlien"], ["chekc", "--online"]] {
        let words = wrong.map(str::to_owned);
        assert_eq!(check_syntax(&words).status.code(), Some(64), "{wrong:?}");
    }
}

/// Lets the program read the words without doing what they say.
fn check_syntax(words: &[String]) -> Output {
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
    klaxond(&words)
}

#[test]
fn the_table_of_commands_is_that_of_the_program() {
    let listed: BTreeSet<String> = rows(section("Commands and exit codes"))
        .iter()
        .filter_map(|row| {
            row[0]
                .strip_prefix("`klaxond ")?
                .split([' ', '`'])
                .next()
                .map(str::to_owned)
        })
        .collect();
    assert_eq!(listed, subcommands().into_iter().collect());
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_program() {
    let listed: BTreeSet<String> = rows(section("Commands and exit codes"))
        .into_iter()
        .map(|row| row[0].clone())
        .filter(|code| code.chars().all(|c| c.is_ascii_digit()))
        .collect();
    let source = include_str!("../../src/cli/exit.rs");
    let of_line = |line: &str| {
        let code = line.trim().strip_prefix("Self::")?.split(" => ").nth(1)?;
        Some(code.trim_end_matches(',').to_owned())
    };
    assert_eq!(listed, source.lines().filter_map(of_line).collect());
}

#[test]
fn the_filter_reference_holds() {
    let text = section("Filters");
    for filter in blocks(text, "") {
        Filter::parse(filter.trim(), &Named::default()).unwrap();
    }
    let table = rows(text);
    let fields: Vec<&str> = code(&table[0][1]);
    let plain: Vec<&str> = fields[0].split(' ').collect();
    assert_eq!(plain, Field::ALL.map(|field| field.name()));
    let operators: Vec<&str> = code(&table[1][1])
        .into_iter()
        .flat_map(one_by_one)
        .collect();
    assert!(operators.len() >= 14, "{operators:?}");
    for operator in operators {
        let value = if operator.ends_with("in") {
            "[\"a\"]"
        } else {
            "\"a\""
        };
        let field = if ["<", "<=", ">", ">="].contains(&operator) {
            "severity"
        } else {
            "element"
        };
        let value = if field == "severity" { "major" } else { value };
        let filter = match operator {
            "exists(x)" => "exists(element)".to_owned(),
            _ => format!("{field} {operator} {value}"),
        };
        if let Err(error) = Filter::parse(&filter, &Named::default()) {
            panic!("{filter}: {error}");
        }
    }
    let listed = text.split("as DataMiner orders them:").nth(1).unwrap();
    let listed = listed.split(';').next().unwrap().replace('\n', " ");
    let order: Vec<klaxond::model::Severity> = listed
        .split(',')
        .map(|name| record(json!({"element": "a", "severity": name.trim()}).to_string()).severity)
        .collect();
    assert!(order.is_sorted_by(|a, b| a > b), "{order:?}");
}

/// `not in` is one operator, `= != <` are three.
fn one_by_one(operators: &str) -> Vec<&str> {
    if operators.starts_with("not ") {
        vec![operators]
    } else {
        operators.split(' ').collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_are_what_the_daemon_gives_and_the_shell_lines_work() {
    let home = Home::new(NOWHERE, CONFIG);
    tokio::task::block_in_place(|| {
        let daemon = home.start();
        let mut line = home.connect();
        let mut given: BTreeMap<String, Value> = BTreeMap::new();
        for record in [
            r#"{"element":"Encoder 7","severity":"critical"}"#,
            r#"{"element":"Encoder 8","severity":"warning"}"#,
            r#"{"element":"Encoder 9"}"#,
        ] {
            let answer = line.ask(record);
            given.insert(answer["status"].as_str().unwrap().to_owned(), answer);
        }
        let busy = json!(Answer::Busy {
            retry_after_ms: 500
        });
        given.insert("busy".to_owned(), busy.clone());
        let promised: BTreeMap<String, Value> = rows(section("Connect a detection script"))
            .iter()
            .map(|row| serde_json::from_str(row[0].trim_matches('`')).unwrap())
            .map(|answer: Value| (answer["status"].as_str().unwrap().to_owned(), answer))
            .collect();
        let shape = |answers: &BTreeMap<String, Value>| -> Vec<(String, Vec<String>)> {
            let keys = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect();
            answers
                .iter()
                .map(|(status, answer)| (status.clone(), keys(answer)))
                .collect()
        };
        assert_eq!(shape(&given), shape(&promised));
        assert_eq!(promised["busy"], busy);

        let records = blocks(README, "json").concat();
        std::fs::write(home.path("alarms.jsonl"), records).unwrap();
        let mut tried = 0;
        for shell in blocks(README, "sh") {
            let lines = shell.replace("\\\n", " ");
            let ours =
                |line: &&str| line.contains("klaxond send") || line.contains("klaxond explain");
            for line in lines.lines().filter(ours) {
                tried += 1;
                let output = run_shell(&home, line);
                assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
                let said = text(output);
                assert!(
                    said.contains(" 0 rejected") || said.contains("to NOC desk"),
                    "{line}: {said}"
                );
            }
        }
        assert_eq!(tried, 4);
        drop(daemon);
    });
}

fn run_shell(home: &Home, line: &str) -> Output {
    let binaries = Path::new(BINARY).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new("sh")
        .args(["-c", line])
        .current_dir(home.folder.path())
        .env("PATH", format!("{}:{path}", binaries.display()))
        .env("KLAXOND_CONFIG", home.path("config.toml"))
        .env("KLAXOND_SOCKET", home.path("alarms.sock"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_snippet_hands_in_its_alarm() {
    let home = Home::new(NOWHERE, CONFIG);
    tokio::task::block_in_place(|| {
        let _daemon = home.start();
        let scripts = blocks(README, "python");
        assert_eq!(scripts.len(), 1);
        let socket = home.path("alarms.sock");
        let default = "/run/klaxond/alarms.sock";
        assert!(scripts[0].contains(default));
        let script = scripts[0].replace(default, socket.to_str().unwrap());
        let Ok(output) = Command::new("python3").args(["-c", &script]).output() else {
            println!("left out: python3");
            return;
        };
        assert!(output.status.success(), "{output:?}");
        assert!(text(output).starts_with("{'status': 'stored', 'id': 'Encoder 7'"));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_line_hands_in_its_alarm() {
    let ledger = Ledger::default();
    let server = HttpServer::start(ledger.intake());
    let shell = blocks(section("Connect a detection script"), "sh").concat();
    let lines: Vec<&str> = shell
        .lines()
        .filter(|line| line.starts_with("curl "))
        .collect();
    assert_eq!(lines.len(), 1);
    let line = lines[0].replace("127.0.0.1:9780", &server.address.to_string());
    let output =
        tokio::task::block_in_place(|| Command::new("sh").args(["-c", &line]).output().unwrap());
    if output.status.code() == Some(127) {
        println!("left out: curl");
    } else {
        assert!(output.status.success(), "{output:?}");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer["status"], "stored");
        assert_eq!(ledger.elements(), ["Encoder 7"]);
    }
    server.stop().await;
}

#[test]
fn the_fallback_is_told_what_is_written_there() {
    let text = prose(section("When things fail"));
    let notices = code(&text);
    let notices = notices.iter().filter(|code| code.starts_with("{\"event\""));
    let promised: Vec<Value> = notices
        .map(|notice| serde_json::from_str(&notice.replace("{…}", "{}")).unwrap())
        .collect();
    let held = Notice::Held {
        scope: "the account".to_owned(),
        reason: "…".to_owned(),
        waiting: 3,
    };
    assert_eq!(promised[0], json!(held));
    let failed = Notice::Failed {
        message: serde_json::from_value(json!(17)).unwrap(),
        contact: serde_json::from_value(json!("NOC desk")).unwrap(),
        rule: serde_json::from_value(json!("Critical alarms")).unwrap(),
        reason: "…".to_owned(),
        count: None,
        alarm: Box::new(record(r#"{"element":"a","severity":1}"#)),
    };
    let mut failed = json!(failed);
    failed["alarm"] = json!({});
    assert_eq!(promised[1], failed);
    assert_eq!(promised.len(), 2);
}

#[test]
fn every_file_that_is_named_is_there() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let words = README.split(|c: char| c.is_whitespace() || "`()|".contains(c));
    let files: BTreeSet<&str> = words
        .filter(|word| word.starts_with("config/"))
        .map(|word| word.trim_end_matches(['.', ',']))
        .collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        assert!(repository.join(file).exists(), "{file}");
    }
}

fn klaxond(words: &[&str]) -> Output {
    Command::new(BINARY)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: Output) -> String {
    String::from_utf8(output.stdout).unwrap()
}

/// The subcommands that `klaxond --help` lists, without `help`.
fn subcommands() -> Vec<String> {
    let help = text(klaxond(&["--help"]));
    let listed = help.split("Commands:\n").nth(1).unwrap();
    let listed = listed.split("\n\n").next().unwrap();
    listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect()
}
