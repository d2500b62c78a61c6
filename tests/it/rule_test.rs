//! `klaxond test`: rule tests as files, and the project's own.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

const CONFIG: &str = "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
                      [[rules]]\nname = \"Critical alarms\"\nfilter = 'severity = critical'\n";

#[test]
fn every_rule_scenario_comes_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/rules");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no scenarios");
    let output = run(files.iter().map(|file| file.to_str().unwrap()));
    assert!(
        output.status.success(),
        "{}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// The worked examples of the README leave out the contact.
#[test]
fn every_example_of_the_readme_comes_out_as_written() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let examples: Vec<&str> = readme
        .split("```scenario\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(
        examples.len() >= 10,
        "there are {} examples",
        examples.len()
    );
    for example in examples {
        let people = "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n";
        let output = play(&format!("{people}{example}"));
        assert!(
            output.status.success(),
            "{example}\n{}",
            text(&output.stdout)
        );
    }
}

/// Whoever carries a rule over copies from the right side of the table.
#[test]
fn every_line_of_the_table_for_dataminer_is_taken() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let table = readme.split("### From DataMiner").nth(1).unwrap();
    let table = table.split("\n```").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| "));
    let mut count = 0;
    for row in rows {
        let right = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for line in right.split('`').skip(1).step_by(2) {
            if !line.contains(" = ") || line.starts_with(['l', '{']) {
                continue;
            }
            let key = line.split(' ').next().unwrap();
            let name = if key == "name" { "" } else { "name = \"R\"\n" };
            let trees = match key {
                "single_events" => "",
                "persist" => "trigger = { times = 3, within = \"10m\", persist = \"2m\" }\n",
                "update_every" => "single_events = false\non_update = true\n",
                _ => "single_events = false\n",
            };
            let line = if key == "persist" { "" } else { line };
            let people = "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n";
            let output = play(&format!("{people}[[rules]]\n{name}{trees}{line}\n---\n"));
            let told = text(&output.stdout) + &text(&output.stderr);
            assert!(output.status.success(), "{row}\n{line}\n{told}");
            assert!(!told.contains("warning"), "{row}\n{line}\n{told}");
            count += 1;
        }
    }
    assert!(count > 30, "there are {count}");
}

/// Told once when there are so many, whatever comes on top; over when one of them is.
#[test]
fn ten_thousand_alarms_in_one_bucket_come_out_as_written() {
    let mut test = String::from(
        "[[contacts]]\nname = \"NOC desk\"\nphone = \"34600111222\"\n\
         [templates.alarm]\nname = \"klaxond_alarm\"\nlanguage = \"en_US\"\n\
         text = \"There are {{1}} alarms, the worst {{2}}. Please check.\"\n\
         parameters = [\"{{ bucket.count }}\", \"{{ alarm.element }}\"]\n\
         [[rules]]\nname = \"Everything is down\"\nsingle_events = false\ngroup_by = []\n\
         condition = 'count() >= 10000 and distinct(element) >= 10000'\non_clear = true\n---\n",
    );
    for n in 0..10_000 {
        let severity = if n == 5_000 { "critical" } else { "major" };
        test.push_str(&format!(
            "00:{:02} alarm {{\"element\": \"E{n}\", \"severity\": \"{severity}\"}}\n",
            n / 1_000
        ));
    }
    test.push_str(
        "00:09 expect raised to NOC desk: 10000 alarms, the worst E5000\n\
         00:20 alarm {\"element\": \"one more\", \"severity\": \"critical\"}\n\
         00:30 alarm {\"element\": \"E1\", \"severity\": \"normal\"}\n\
         00:30 expect nothing until 00:39\n\
         00:40 alarm {\"element\": \"E2\", \"severity\": \"normal\"}\n\
         00:40 expect cleared to NOC desk: 9999 alarms, the worst E2\n",
    );
    let output = play(&test);
    assert!(output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn what_is_not_as_expected_stands_beside_what_came() {
    let output = play(&format!(
        "{CONFIG}---\n\
         00:10 alarm {{\"element\": \"Encoder 7\", \"severity\": \"critical\"}}\n\
         00:10 expect raised to NOC desk: Encoder 8 is Critical\n"
    ));
    assert_eq!(output.status.code(), Some(1));
    let shown = text(&output.stdout);
    let row = shown
        .lines()
        .find(|line| line.contains("Encoder 8"))
        .unwrap_or_else(|| panic!("no row speaks of it:\n{shown}"));
    assert!(row.contains("00:10") && row.contains(" 9 "), "{shown}");
    assert!(shown.contains("Encoder 7 is"), "{shown}");
    assert!(shown.contains("rule Critical alarms"), "{shown}");
}

#[test]
fn a_message_too_many_or_too_few_fails() {
    let alarm = "00:00 alarm {\"element\": \"Encoder 7\", \"severity\": \"critical\"}\n";
    let expect = "00:00 expect NOC desk: Encoder 7\n";
    for (timeline, code) in [
        (format!("{alarm}{expect}"), 0),
        (alarm.to_owned(), 1),
        (expect.to_owned(), 1),
        (format!("{alarm}{expect}{expect}"), 1),
        (format!("{alarm}00:01 expect NOC desk: Encoder 7\n"), 1),
        (
            format!("{alarm}00:00..00:05 expect NOC desk: Encoder 7\n"),
            0,
        ),
        (
            format!("{alarm}00:00 expect cleared to NOC desk: Encoder 7\n"),
            1,
        ),
        (
            format!("{alarm}{expect}00:00 expect nothing until 05:00\n"),
            0,
        ),
        (format!("{alarm}00:00 expect nothing until 05:00\n"), 1),
    ] {
        let output = play(&format!("{CONFIG}---\n{timeline}"));
        assert_eq!(
            output.status.code(),
            Some(code),
            "{timeline}{}",
            text(&output.stdout)
        );
    }
}

#[test]
fn a_test_that_cannot_be_read_says_where() {
    for (timeline, words) in [
        (
            "00:00 meta is down with 190",
            "line 8: `meta` speaks of delivery",
        ),
        (
            "00:00 tally accepted=1",
            "line 8: `tally` speaks of delivery",
        ),
        ("00:00 alarm {\"element\": 7}", "line 8: no record: "),
        ("soon alarm {}", "line 8: expected a time"),
        (
            "00:00 expect NOC desk",
            "line 8: expected `expect NAME: WORDS`",
        ),
        ("00:00 dance", "line 8: there is no `dance`"),
    ] {
        let output = play(&format!("{CONFIG}---\n{timeline}\n"));
        assert_eq!(output.status.code(), Some(65), "{timeline}");
        assert!(
            text(&output.stdout).contains(words),
            "{}",
            text(&output.stdout)
        );
    }
    let output = play("[[rules]]\nname = \"no people\"\nnotify = [\"nobody\"]\n---\n");
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stdout).contains("nobody"));
}

#[test]
fn the_rules_may_be_in_a_config_file_whose_token_is_not_here() {
    let folder = tempfile::tempdir().unwrap();
    let template = "[whatsapp]\nphone_number_id = \"106540352242922\"\ntoken_file = \"token\"\n\
                    [templates.alarm]\nname = \"a\"\nlanguage = \"en\"\ntext = \"{{1}} is bad!\"\n\
                    parameters = [\"{{ alarm.element }}\"]\n";
    std::fs::write(
        folder.path().join("config.toml"),
        format!("{template}{CONFIG}"),
    )
    .unwrap();
    let test = folder.path().join("one.scenario");
    std::fs::write(
        &test,
        "# The real rules.\nconfig = \"config.toml\"\n---\n\
         00:00 alarm {\"element\": \"Encoder 7\", \"severity\": \"critical\"}\n\
         00:00 expect NOC desk: Encoder 7 is bad!\n",
    )
    .unwrap();
    let output = run([test.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn programs_get_one_line_of_json_for_each_test() {
    let folder = tempfile::tempdir().unwrap();
    let test = folder.path().join("one.scenario");
    let timeline = "00:03 alarm {\"element\": \"E\", \"severity\": \"critical\"}\n\
                    00:03 expect NOC desk: another\n";
    std::fs::write(&test, format!("{CONFIG}---\n{timeline}")).unwrap();
    let output = run([test.to_str().unwrap(), "--output", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["passed"], false);
    assert_eq!(line["messages"], 1);
    let failure = &line["failures"][0];
    assert_eq!(failure["at"], "00:03");
    assert_eq!(failure["line"], 9);
    assert_eq!(failure["expected"], "00:03 expect NOC desk: another");
    assert_eq!(failure["actual"]["contact"], "NOC desk");
    assert_eq!(failure["actual"]["alarms"][0], "E");
}

fn play(test: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.scenario");
    std::fs::write(&file, test).unwrap();
    run([file.to_str().unwrap()])
}

fn run<'a>(args: impl IntoIterator<Item = &'a str>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_klaxond"))
        .arg("test")
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
