//! Every mistake in a config file: what a person is shown.

use insta::assert_snapshot;

use crate::support::config::{Folder, PATH, WHATSAPP, faults};

#[test]
fn five_mistakes_are_told_at_once() {
    let folder = Folder::new(
        r#"[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token_file = "token"

[ingest]
sokcet = "/run/klaxond/alarms.sock"

[[contacts]]
name = "NOC desk"
phone = "+34 600 111 222"
groups = ["noc"]

[templates.alarm]
name = "klaxond_alarm"
text = "Alarm {{1}} on {{2}}, please check."
parameters = ["{{ alarm.element }}"]

[[rules]]
name = "Critical alarms"
filter = 'severty = critical'
notify = ["nock"]
"#,
    );
    let found = folder.load().unwrap_err();
    assert_eq!(found.len(), 5, "{}", found.render(false));
    assert_snapshot!(folder.plain(&found.render(false)));
    let places: Vec<(usize, usize, &str)> = found
        .iter()
        .map(|fault| (fault.line(), fault.column(), found.underlined(fault)))
        .collect();
    assert_eq!(places[0], (7, 1, "sokcet"));
    assert_eq!(places[1], (11, 9, "\"+34 600 111 222\""));
    assert_eq!(places[3], (21, 11, "severty"));
    assert_eq!(places[4], (22, 11, "\"nock\""));
}

#[test]
fn a_log_gets_faults_without_the_text_of_the_file() {
    let folder = Folder::new(&format!(
        "{WHATSAPP}{}\n[[rules]]\nname = \"Other\"\nnotify = [\"34600111222\"]\n",
        PATH.replace("\"34600111222\"", "\"+34 600 111 222\"")
    ));
    let found = folder.load().unwrap_err();
    let lines = folder.plain(&found.summary().join("\n"));
    assert_snapshot!(lines);
    for text in [lines, found.to_string(), format!("{found:?}")] {
        assert!(!text.contains("600111"), "{text}");
        assert!(!text.contains("600 111"), "{text}");
    }
}

#[test]
fn colour_is_for_terminals() {
    let found = Folder::new("x = 1").load().unwrap_err();
    assert!(found.render(true).contains('\u{1b}'));
    assert!(!found.render(false).contains('\u{1b}'));
}

#[test]
fn unknown_keys() {
    assert_snapshot!(faults(
        "
[storage]
pth = \"a.db\"
socket = \"a.sock\"
frobnicate = 1
timezone = \"UTC\"

[storag]
path = \"x\"
"
    ));
}

#[test]
fn wrong_types() {
    assert_snapshot!(faults(
        "
contacts = 1
templates = []
[ingest]
socket = 5
mode = 660
allow_users = \"dataminer\"
max_connections = \"many\"
idle_timeout = 30
max_line = true
[dataminer]
day_first = \"yes\"
names = [1]
[[fallback]]
command = [\"x\"]
[rules]
name = \"x\"
[http]
proxies = [1, { a = 2 }]
"
        .replacen("contacts = 1\ntemplates = []\n", "", 1)
        .as_str()
    ));
    assert_snapshot!(
        "lists_and_tables",
        Folder::new("contacts = 1\ntemplates = []\nfilters = 3\nlog = \"json\"\nrules = [1]\n")
            .faults()
    );
}

#[test]
fn amounts() {
    assert_snapshot!(faults(
        "
[ingest]
mode = \"999\"
max_line = \"64MB\"
max_connections = 0
idle_timeout = \"30\"
group = \"a b\"
[storage]
retention = \"1m\"
min_free = \"lots\"
keep = \"everything\"
[delivery]
throughput = \"80\"
per_contact = \"0/s\"
expire_after = \"1h1h\"
drain_timeout = \"forever\"
unknown_wait = \"2h\"
mode = \"dry\"
[log]
format = \"xml\"
level = \"all\"
[correlation]
forget_after = \"1s\"
"
    ));
}

#[test]
fn the_top_of_the_file() {
    assert_snapshot!(
        Folder::new(&format!(
            "timezone = \"Europe/Madird\"\ntime_format = \"%!\"\nlanguage = \"en-us\"\n{WHATSAPP}{PATH}"
        ))
        .faults()
    );
}

#[test]
fn whatsapp() {
    assert_snapshot!("whatsapp_missing", Folder::new(PATH).faults());
    assert_snapshot!("whatsapp_empty", Folder::new("[whatsapp]\n").faults());
    assert_snapshot!(
        "whatsapp_wrong",
        Folder::new(
            "[whatsapp]
phone_number_id = \"+34 600 111 222\"
business_account_id = 102290129340398
token_file = \"token\"
api_version = \"25\"
base_url = \"http://graph.facebook.com\"
ca_file = \"token\"
connect_timeout = \"1ms\"
"
        )
        .faults()
    );
}

#[test]
fn addresses_of_the_api() {
    for (address, help) in [
        ("http://10.0.0.1", "http is for a sandbox"),
        (
            "ftp://graph.facebook.com",
            "write \"https://graph.facebook.com\"",
        ),
        ("graph.facebook.com", "write \"https://graph.facebook.com\""),
        (
            "https://graph.facebook.com/?a=b",
            "write \"https://graph.facebook.com\"",
        ),
        (
            "https://user:hunter22@graph.facebook.com",
            "carries a user or a password",
        ),
    ] {
        let text = format!("{WHATSAPP}base_url = \"{address}\"\n{PATH}");
        let shown = Folder::new(&text).faults();
        assert!(shown.contains(help), "{shown}");
        assert!(!shown.contains("hunter22"), "{shown}");
    }
    for address in [
        "http://localhost:8080",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "https://a.b",
    ] {
        let text = format!("{WHATSAPP}base_url = \"{address}\"\n{PATH}");
        assert!(Folder::new(&text).load().is_ok(), "{address}");
    }
}

#[test]
fn http() {
    assert_snapshot!(faults("[http]\nlisten = \"0.0.0.0:9780\"\n"));
    assert_snapshot!(
        "http_address",
        faults("[http]\nlisten = \"localhost:9780\"\nproxies = [\"lb\"]\n")
    );
    assert_snapshot!(
        "http_control",
        faults("[http]\nlisten = \"off\"\ncontrol = \"/run/klaxond/alarms.sock\"\n")
    );
    let long = format!("[ingest]\nsocket = \"/run/{}\"\n", "x".repeat(120));
    let shown = faults(&long);
    assert!(
        shown.contains("a socket's path has at most 107 bytes"),
        "{shown}"
    );
}

#[test]
fn fallback() {
    assert_snapshot!("fallback_missing", faults("[fallback]\ntimeout = \"5s\"\n"));
    assert_snapshot!("fallback_empty", faults("[fallback]\ncommand = []\n"));
}

#[test]
fn dataminer() {
    assert_snapshot!(faults(
        "[dataminer]
time_formats = [\"DD/MM/YYYY\"]
severity_codes = \"both\"
timezone = \"Madrid\"
[dataminer.names]
\"7\" = \"agent\"
\"7/59\" = \"\"
\"7/60\" = 5
"
    ));
}

#[test]
fn contacts() {
    assert_snapshot!(faults(
        "
[[contacts]]
phone = \"34600111222\"
[[contacts]]
name = \"Ana\"
[[contacts]]
name = \"Bo\"
phone = 46701234567
enabled = \"no\"
language = \"english\"
[[contacts]]
name = \"Cy\"
phone = \"0600111222\"
groups = [\"everyone\", \"Ana\", \"\"]
[[contacts]]
name = \"Ana\"
phone = \"123\"
[[contacts]]
name = \"everyone\"
phone = \"34600111223\"
[[contacts]]
name = \" \"
phone = \"34600111224\"
id = \"x\"
"
    ));
}

#[test]
fn templates() {
    assert_snapshot!(faults(
        "
[templates]
short = 1
[templates.bare]
[templates.alarm]
name = \"Klaxond Alarm\"
text = \"\"\"
Alarm {{1}}
on {{3}}, please check.\"\"\"
parameters = [\"{{ alarm.element }}\", \"{{ alarm.sverity }}\"]
category = \"news\"
header = { text = \"{{1}}\", parameter = \"{{ alarm. }}\" }
[templates.buttons]
name = \"buttons\"
text = \"Alarm.\"
buttons = [{ quick = \"x\" }, { url = \"https://a\" }, 3]
parameters = 5
"
    ));
}

#[test]
fn rules() {
    assert_snapshot!(faults(&format!(
        "{PATH}
[[rules]]
notify = []
[[rules]]
name = \"Critical alarms\"
template = \"alram\"
group_by = [\"element\"]
[[rules]]
name = \"Later\"
single_events = false
trigger = {{ persist = \"5m\" }}
template = \"other\"
[[rules]]
name = \"Trigger\"
trigger = \"later\"
notify = [\"noc\", \"somebody else\"]
filter = 5
"
    )));
}

#[test]
fn a_rule_without_the_default_template_is_shown_what_to_write() {
    let shown = faults(
        "[[contacts]]\nname = \"NOC\"\nphone = \"34600111222\"\n[[rules]]\nname = \"A\"\n[[rules]]\nname = \"B\"\n",
    );
    assert_snapshot!(shown);
}

#[test]
fn filters() {
    assert_snapshot!(faults(&format!(
        "{PATH}
[filters]
\"a b\" = 'severity = major'
bad = \"severty = major\"
number = 1
"
    )));
}

#[test]
fn a_filter_fault_points_into_every_kind_of_string() {
    for (written, line, column) in [
        ("filter = 'severty = major'", 2, 11),
        ("filter = \"severty = major\"", 2, 11),
        ("filter = \'\'\'severty = major\'\'\'", 2, 13),
        ("filter = \'\'\'\n  severty = major\'\'\'", 3, 3),
        (
            "filter = \"\"\"\nelement = 'x' and\n severty = major\"\"\"",
            4,
            2,
        ),
        (
            "filter = \"element = \\\"x\\\" and severty = major\"",
            2,
            31,
        ),
        (
            "filter = \"element = '\\u00e9' and severty = major\"",
            2,
            34,
        ),
        (
            "filter = \"\"\"element = 'a' and \\\n   severty = major\"\"\"",
            3,
            4,
        ),
        ("filter = 'element = \"élan\" and severty = major'", 2, 32),
    ] {
        let text = format!("[[rules]]\n{written}\nname = \"A\"\n");
        let found = Folder::new(&text).load().unwrap_err();
        let fault = found
            .iter()
            .find(|fault| fault.message().starts_with("filter:"))
            .unwrap_or_else(|| panic!("no fault: {}", found.render(false)));
        assert_eq!(found.underlined(fault), "severty", "{written}");
        assert_eq!((fault.line(), fault.column()), (line, column), "{written}");
    }
}

#[test]
fn the_fault_of_a_template_points_at_its_placeholder() {
    let found = Folder::new(
        "[templates.alarm]\nname = \"a\"\ntext = \"\"\"\nAlarm {{1}}\non {{2}} \\u0021 {{3}}, check.\"\"\"\nparameters = [\"a\", \"b\"]\n",
    )
    .load()
    .unwrap_err();
    let places: Vec<(usize, usize, &str)> = found
        .iter()
        .filter(|fault| fault.line() >= 3)
        .map(|fault| (fault.line(), fault.column(), found.underlined(fault)))
        .collect();
    assert_eq!(places, [(5, 17, "{{3}}")]);
}

#[test]
fn bounds() {
    let contacts: String = (0..10_001)
        .map(|n| format!("[[contacts]]\nname = \"c{n}\"\nphone = \"346{n:08}\"\n"))
        .collect();
    let shown = faults(&contacts);
    assert!(
        shown.contains("there are more than 10000 contacts"),
        "{shown}"
    );
    let rules: String = (0..1_001)
        .map(|n| format!("[[rules]]\nname = \"r{n}\"\n"))
        .collect();
    let shown = faults(&format!("{PATH}{rules}"));
    assert!(shown.contains("there are more than 1000 rules"), "{shown}");
    let large = format!("{WHATSAPP}# {}\n", "x".repeat(5 << 20));
    assert!(Folder::new(&large).faults().contains("larger than 4 MiB"));
    let many = "unknown = 1\n".repeat(1_000);
    let found = Folder::new(&many).load().unwrap_err();
    assert!(found.iter().count() <= 200);
    assert!(found.len() > 900);
    assert!(found.render(false).contains("more"));
}
