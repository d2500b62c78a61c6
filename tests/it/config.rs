//! A good config file, and the example that is shipped.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use klaxond::config::{LogFormat, known_keys};
use klaxond::ingest::SeverityCodes;
use klaxond::whatsapp::template::{ButtonDefinition, Parameters};
use secrecy::ExposeSecret;

use crate::support::config::{Folder, PATH, WHATSAPP};

const EXAMPLE: &str = include_str!("../../config/config.toml");

#[test]
fn the_example_is_taken_without_a_fault_or_a_warning() {
    let folder = Folder::new(EXAMPLE);
    assert_eq!(folder.warnings(), "");
}

#[test]
fn the_defaults_that_the_example_shows_are_the_defaults() {
    let shown: String = EXAMPLE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n");
    assert!(shown.contains("\ntimezone = "), "nothing was uncommented");
    let uncommented = Folder::new(&shown).load().unwrap();
    assert!(
        uncommented.warnings.is_empty(),
        "{:?}",
        uncommented.warnings
    );
    // The folder is part of a path, so both are read from one.
    let folder = Folder::new(EXAMPLE);
    let example = folder.load().unwrap();
    folder.write("config.toml", &shown, 0o640);
    let uncommented = folder.load().unwrap();
    let changes = example.settings.changes(&uncommented.settings);
    assert!(changes.is_empty(), "{changes:?}");
}

#[test]
fn the_example_shows_every_key() {
    let mut section = String::new();
    let mut shown: BTreeSet<(String, String)> = BTreeSet::new();
    for line in EXAMPLE.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        if let Some(inner) = line
            .strip_prefix('[')
            .and_then(|rest| rest.split(']').next())
        {
            section = inner.trim_start_matches('[').to_owned();
            if section.contains(".languages.") {
                shown.insert(("templates".to_owned(), "languages".to_owned()));
            }
            section = section.split('.').next().unwrap().to_owned();
            shown.insert((String::new(), section.clone()));
            continue;
        }
        for (at, _) in line.match_indices(" =") {
            let key = line[..at].rsplit([' ', '{', ',']).next().unwrap();
            shown.insert((section.clone(), key.to_owned()));
        }
    }
    let missing: Vec<_> = known_keys()
        .filter(|(name, key)| {
            let home = match *name {
                "" => "",
                "header" | "button" | "[templates.…]" | "[templates.….languages.…]" => {
                    "templates"
                }
                "delivery.storm" => "delivery",
                "trigger" | "base_alarms" | "escalation" | "inhibitor" => "rules",
                "quiet_hours" => "contacts",
                "[times.…]" => "times",
                name => name.trim_matches(['[', ']']),
            };
            !shown.contains(&(home.to_owned(), (*key).to_owned()))
        })
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn a_short_config_has_the_defaults() {
    let folder = Folder::new(&format!("{WHATSAPP}{PATH}"));
    let settings = folder.load().unwrap().settings;
    assert_eq!(settings.whatsapp.base_url, "https://graph.facebook.com");
    assert_eq!(settings.whatsapp.api_version, "v25.0");
    assert_eq!(
        settings.whatsapp.token.expose_secret(),
        "EAAGtestTOKEN0123456789"
    );
    assert_eq!(settings.whatsapp.token_file, Some(folder.path("token")));
    assert_eq!(
        settings.ingest.socket.to_str(),
        Some("/run/klaxond/alarms.sock")
    );
    assert_eq!(settings.ingest.mode, 0o660);
    assert_eq!(settings.ingest.max_line, 65_536);
    assert_eq!(settings.storage.min_free, 64 << 20);
    assert_eq!(settings.storage.retention, Duration::from_secs(30 * 86_400));
    assert_eq!(settings.delivery.per_contact.to_string(), "1/6s, burst 3");
    assert_eq!(
        settings.ruleset.expire_after,
        Duration::from_secs(4 * 3_600)
    );
    assert_eq!(settings.http.listen.unwrap().to_string(), "127.0.0.1:9780");
    assert_eq!(
        settings.http.control.to_str(),
        Some("/run/klaxond/control.sock")
    );
    assert_eq!(settings.log.format, LogFormat::Text);
    assert_eq!(settings.fallback, None);
    assert!(!settings.keep_all);
    let rule = &settings.ruleset.rules[0];
    assert_eq!(rule.id.as_str(), "Critical alarms");
    assert_eq!(rule.template.as_str(), "alarm");
    assert!(rule.enabled && !rule.also && !rule.shadow);
}

#[test]
fn a_full_config_gives_what_it_says() {
    let folder = Folder::new(
        r#"
timezone = "Europe/Madrid"
time_format = "%d/%m/%Y %H:%M"
language = "es"

[whatsapp]
phone_number_id = "106540352242922"
business_account_id = "102290129340398"
token = "EAAGinlineTOKEN0123456789"
app_secret_file = "secrets/app"
api_version = "v26.0"
base_url = "http://127.0.0.1:9999/"
connect_timeout = "1s500ms"
answer_timeout = "1m"

[fallback]
command = ["page", "--loud"]
timeout = "5s"

[ingest]
socket = "alarms.sock"
mode = 0o600
allow_users = ["dataminer", "1001"]
max_line = 4096
max_connections = 1000
idle_timeout = "1h30m"

[storage]
path = "data/klaxond.db"
retention = "1w"
min_free = "1GiB"
keep = "all"

[delivery]
throughput = "20/s"
per_contact = "2/m"
expire_after = "90m"
drain_timeout = "5s"
mode = "shadow"

[http]
listen = "0.0.0.0:9780"
token_file = "http_token"
proxies = ["10.0.0.5", "::1"]

[log]
format = "json"
level = "debug"

[dataminer]
day_first = true
severity_codes = "alarm_level"
time_formats = ["%d.%m.%Y %H:%M:%S"]
[dataminer.names]
"7/59" = "Broadpeak BKS350"

[filters]
urgent = 'severity >= major'
london = '@urgent and element like "London*"'

[[contacts]]
name = "Ana"
phone = "34600111222"
id = "ana"
groups = ["noc", "spain"]
timezone = "Atlantic/Canary"
language = "es"
opt_in = "form 17"

[[contacts]]
name = "Bo"
phone = "46701234567"
enabled = false
groups = ["noc"]

[templates.alarm]
name = "alarma"
text = "Alarma en {{element}} de {{site}}: mire."
parameters = { site = "{{ alarm.value }}", element = "{{ alarm.element }}" }
header = "Alarma"
footer = "klaxond"
buttons = [{ quick_reply = "Visto", payload = "ack" }]

[[rules]]
name = "London"
filter = '@london'
notify = ["noc", "ana"]
shadow = true

[[rules]]
name = "The rest"
id = "rest"
description = "for the log"
notify = ["everyone"]
also = true
"#,
    );
    folder.write("secrets/app", "app-secret", 0o600);
    folder.write("http_token", "http-token-of-some-length\n", 0o600);
    let settings = folder.load().unwrap().settings;

    assert_eq!(settings.display.timezone.iana_name(), Some("Europe/Madrid"));
    assert_eq!(settings.display.time_format, "%d/%m/%Y %H:%M");
    let api = &settings.whatsapp;
    assert_eq!(api.token.expose_secret(), "EAAGinlineTOKEN0123456789");
    assert_eq!(api.token_file, None);
    assert_eq!(
        api.app_secret.as_ref().unwrap().expose_secret(),
        "app-secret"
    );
    assert_eq!(api.base_url, "http://127.0.0.1:9999");
    assert_eq!(api.connect_timeout, Duration::from_millis(1_500));
    let fallback = settings.fallback.unwrap();
    assert_eq!(fallback.command, ["page", "--loud"]);
    assert_eq!(settings.ingest.socket, folder.path("alarms.sock"));
    assert_eq!(settings.ingest.mode, 0o600);
    assert_eq!(settings.ingest.allow_users, ["dataminer", "1001"]);
    assert_eq!(settings.ingest.max_line, 4_096);
    assert_eq!(settings.ingest.idle_timeout, Duration::from_secs(5_400));
    assert_eq!(settings.storage.path, folder.path("data/klaxond.db"));
    assert_eq!(settings.storage.min_free, 1 << 30);
    assert!(settings.keep_all && settings.ruleset.shadow);
    assert_eq!(settings.drain_timeout, Duration::from_secs(5));
    assert_eq!(settings.http.control, folder.path("control.sock"));
    assert_eq!(settings.http.proxies.len(), 2);
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.log.level, tracing::Level::DEBUG);
    assert_eq!(settings.dataminer.severity_codes, SeverityCodes::AlarmLevel);
    assert_eq!(
        settings.dataminer.timezone.iana_name(),
        Some("Europe/Madrid")
    );
    assert_eq!(settings.dataminer.names["7/59"], "Broadpeak BKS350");

    let ana = &settings.ruleset.contacts[0];
    assert_eq!(
        (ana.id.as_str(), ana.phone.digits()),
        ("ana", "34600111222")
    );
    assert_eq!(ana.groups, ["noc", "spain"]);
    assert!(!settings.ruleset.contacts[1].enabled);
    let alarm = &settings.definitions[0];
    assert_eq!(alarm.language, "es");
    assert_eq!(
        alarm.parameters,
        Parameters::Named(vec![
            ("site".to_owned(), "{{ alarm.value }}".to_owned()),
            ("element".to_owned(), "{{ alarm.element }}".to_owned()),
        ])
    );
    assert!(
        matches!(&alarm.buttons[0], ButtonDefinition::QuickReply { payload: Some(ack), .. } if ack == "ack")
    );
    let [london, rest] = &settings.ruleset.rules[..] else {
        panic!("two rules")
    };
    let told: Vec<&str> = london
        .notify
        .iter()
        .flatten()
        .map(|id| id.as_str())
        .collect();
    assert_eq!(told, ["ana", "Bo"]);
    assert!(london.filter.is_some() && london.shadow);
    assert_eq!((rest.id.as_str(), rest.name.as_str()), ("rest", "The rest"));
    assert!(rest.notify.is_none() && rest.filter.is_none() && rest.also);
}

#[test]
fn a_token_comes_from_systemd_when_no_key_names_one() {
    let mut folder =
        Folder::new(&format!("{WHATSAPP}{PATH}").replace("token_file = \"token\"", ""));
    folder.write("credentials/token", "EAAGfromSYSTEMD0123456789", 0o400);
    folder.credentials = Some(folder.path("credentials"));
    let settings = folder.load().unwrap().settings;
    assert_eq!(
        settings.whatsapp.token.expose_secret(),
        "EAAGfromSYSTEMD0123456789"
    );
    assert_eq!(
        settings.whatsapp.token_file,
        Some(folder.path("credentials/token"))
    );
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let folder = Folder::new("");
    fs::remove_file(folder.path("config.toml")).unwrap();
    insta::assert_snapshot!(folder.faults());
}

#[test]
fn a_file_that_is_not_text_is_said() {
    let folder = Folder::new("");
    folder.write("config.toml", b"[whatsapp]\ntoken = \"\xff\"\n", 0o640);
    insta::assert_snapshot!(folder.faults());
}

#[test]
fn an_explicit_file_is_found_before_others() {
    let path = std::path::Path::new("elsewhere.toml");
    assert_eq!(klaxond::config::find(Some(path)), path);
}

#[test]
fn labels_of_other_systems_are_mapped_as_the_file_says() {
    let labels = |text: &str| {
        let folder = Folder::new(&format!("{WHATSAPP}{text}{PATH}"));
        folder.load().map(|loaded| loaded.settings.labels)
    };
    assert_eq!(labels("").unwrap(), klaxond::model::Labels::default());
    let own = labels(
        "[labels]\nelement = [\"cluster\"]\nvalue = [\"annotation.text\"]\ndefault_severity = \"Warning\"\n\
         resolve_timeout = \"90s\"\nseverities = { P1 = \"critical\", error = \"minor\" }\n",
    )
    .unwrap();
    assert_eq!((own.element.len(), own.element[0].as_str()), (1, "cluster"));
    assert_eq!(own.parameter, ["alertname"]);
    assert_eq!(own.resolve_timeout, Duration::from_secs(90));
    use klaxond::model::Severity;
    assert_eq!(own.default_severity, Severity::Warning);
    for (word, severity) in [
        ("p1", Severity::Critical),
        ("error", Severity::Minor),
        ("page", Severity::Critical),
    ] {
        assert_eq!(own.severity_of(word), Some(severity), "{word}");
    }
    for (wrong, told) in [
        ("element = [\"\"]", "is not the name of a label"),
        ("element = \"host\"", "write element = [\"host\"]"),
        ("default_severity = \"magor\"", "write \"major\""),
        ("severities = { p1 = \"bad\" }", "is not a severity"),
        ("resolve_timeout = \"0s\"", "out of bounds"),
        ("elements = []", "write `element`"),
    ] {
        let faults = labels(&format!("[labels]\n{wrong}\n"))
            .unwrap_err()
            .render(false);
        assert!(faults.contains(told), "{wrong}: {faults}");
    }
}
