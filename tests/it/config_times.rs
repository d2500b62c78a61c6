//! Times in the config: what is read, what is refused, what is warned of, what a reload tells.

use std::time::Duration;

use jiff::Timestamp;
use klaxond::config::Settings;
use klaxond::model::{Severity, Time};

use crate::support::config::{Folder, PATH, WHATSAPP, faults, warnings};

fn settings(text: &str) -> Settings {
    let folder = Folder::new(&format!(
        "timezone = \"Europe/Madrid\"\n{WHATSAPP}{PATH}{text}"
    ));
    match folder.load() {
        Ok(loaded) => loaded.settings,
        Err(faults) => panic!("{}", faults.render(false)),
    }
}

fn at(text: &str) -> Time {
    Time::from(text.parse::<Timestamp>().unwrap())
}

/// Messages and places of what is wrong with a config that has `text` behind a good path.
fn wrong(text: &str) -> Vec<(String, String, String)> {
    let folder = Folder::new(&format!("{WHATSAPP}{PATH}{text}"));
    let found = folder.load().expect_err("the config was taken");
    let told = found.iter().map(|fault| {
        assert!(fault.line() > 1, "it points into the file: {fault:?}");
        let help = fault
            .advice()
            .unwrap_or_else(|| panic!("{fault:?}"))
            .to_owned();
        (
            found.underlined(fault).to_owned(),
            fault.message().to_owned(),
            help,
        )
    });
    told.collect()
}

/// The one thing that is wrong.
#[track_caller]
fn refused(text: &str, place: &str, message: &str, help: &str) {
    let found = wrong(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), (place, message));
    assert!(found[0].2.contains(help), "{found:#?}");
}

#[track_caller]
fn warned(text: &str, message: &str) {
    let shown = warnings(text);
    assert!(shown.contains(message), "{shown}");
    assert_eq!(shown.matches("warning:").count(), 1, "{shown}");
}

#[test]
fn a_rule_and_a_contact_get_their_times() {
    let settings = settings(
        r#"active = ["office", "later"]
mute = ["nights"]
inhibited_by = ["Site down", { rule = "power", equal = ["property.Site", "element"] }]
[[rules]]
name = "Site down"
single_events = false
[[rules]]
name = "Power lost"
id = "power"
single_events = false
[[contacts]]
name = "Ana"
phone = "34600111333"
quiet_hours = ["nights"]
[[contacts]]
name = "Bo"
phone = "34600111334"
quiet_hours = { times = ["nights", "holidays"], except = "Major" }
[times.office]
weekdays = ["mon-fri"]
hours = ["08:00-18:00"]
except = ["holidays"]
[times.holidays]
dates = ["2026-12-24..2027-01-06", "12-25"]
[[times.later]]
weekdays = ["sat"]
hours = ["10:00-12:00"]
[[times.later]]
weekdays = ["sun"]
timezone = "UTC"
hours = ["10:00-12:00"]
[times.nights]
hours = ["22:00-06:00"]
[times.away]
also = ["nights", "holidays"]
"#,
    );
    let rule = &settings.ruleset.rules[0];
    let names = |times: &[std::sync::Arc<klaxond::model::Calendar>]| -> Vec<String> {
        times.iter().map(|one| one.name.clone()).collect()
    };
    assert_eq!(names(&rule.active), ["office", "later"]);
    assert_eq!(names(&rule.mute), ["nights"]);
    // The top-level zone, and its own.
    assert!(rule.active[0].holds(at("2026-12-07T07:00:00Z")));
    assert!(!rule.active[0].holds(at("2026-12-24T12:00:00Z")));
    assert!(rule.active[1].holds(at("2026-12-05T09:00:00Z")));
    assert!(!rule.active[1].holds(at("2026-12-06T09:00:00Z")));
    assert!(rule.active[1].holds(at("2026-12-06T10:00:00Z")));
    let inhibitors: Vec<(String, usize)> = rule
        .inhibited_by
        .iter()
        .map(|one| (one.rule.to_string(), one.equal.len()))
        .collect();
    assert_eq!(
        inhibitors,
        [("Site down".to_owned(), 0), ("power".to_owned(), 2)]
    );
    let quiet = |n: usize| settings.ruleset.contacts[n].quiet.clone();
    assert_eq!(quiet(0), None);
    assert_eq!(quiet(1).unwrap().except, Severity::Critical);
    let bo = quiet(2).unwrap();
    assert_eq!(
        (bo.except, names(&bo.times)),
        (Severity::Major, vec!["nights".into(), "holidays".into()])
    );
}

#[test]
fn expected_sources_have_defaults() {
    let settings = settings(
        "[[expect]]\nsource = \"prometheus\"\nwithin = \"5m\"\n[[expect]]\nsource = \"z\"\nwithin = \"1h\"\nname = \"Zabbix\"\nelement = \"Zabbix HQ\"\nseverity = \"major\"\n",
    );
    let one = &settings.expect[0];
    assert_eq!(
        (
            one.source.as_str(),
            one.name.as_str(),
            one.element.as_str(),
            one.severity,
            one.within
        ),
        (
            "prometheus",
            "prometheus",
            "prometheus",
            Severity::Critical,
            Duration::from_secs(300)
        )
    );
    let two = &settings.expect[1];
    assert_eq!(
        (
            two.source.as_str(),
            two.name.as_str(),
            two.element.as_str(),
            two.severity,
            two.within
        ),
        (
            "z",
            "Zabbix",
            "Zabbix HQ",
            Severity::Major,
            Duration::from_secs(3_600)
        )
    );
}

#[test]
fn what_is_wrong_with_times_is_pointed_at() {
    refused(
        "[times.a]\nweekdays = [\"mon-friday\"]\n",
        "friday",
        "weekdays: \"friday\" is not a day of the week",
        "\"mon-fri\"",
    );
    refused(
        "[times.a]\nhours = [\"9:00-17:00\"]\n",
        "9:00",
        "hours: \"9:00\" is not a time of day",
        "two digits",
    );
    refused(
        "[times.a]\ndates = [\"2026-02-29\"]\n",
        "2026-02-29",
        "dates: \"2026-02-29\" is not a day",
        "12-24",
    );
    refused(
        "[times.a]\nhours = []\n",
        "[]",
        "`hours` is empty",
        "leave it out",
    );
    refused(
        "[times.a]\nhours = \"08:00-09:00\"\n",
        "\"08:00-09:00\"",
        "`hours` must be a list, not text",
        "hours = [",
    );
    refused(
        "[times.a]\nhuors = [\"08:00-09:00\"]\n",
        "huors",
        "[times.a] has no key `huors`",
        "`hours`",
    );
    refused(
        "[times.a]\ntimezone = \"Europe/Madird\"\n",
        "\"Europe/Madird\"",
        "there is no time zone \"Europe/Madird\"",
        "Europe/Madrid",
    );
    refused(
        "[times]\na = 5\n",
        "5",
        "`a` must be a table, not a whole number",
        "[times.nights]",
    );
    refused(
        "[times.a]\nalso = [\"night\"]\n[times.nights]\nhours = [\"08:00-09:00\"]\n",
        "\"night\"",
        "no times are called \"night\"",
        "\"nights\"",
    );
    refused(
        "[times.nights]\nhours = [\"22:00-06:00\"]\n[[rules]]\nname = \"B\"\nmute = [\"nigths\"]\n",
        "\"nigths\"",
        "no times are called \"nigths\"",
        "\"nights\"",
    );
    refused(
        "[[rules]]\nname = \"B\"\nactive = []\n",
        "[]",
        "`active` is empty",
        "take the key out",
    );
    refused(
        "[[contacts]]\nname = \"B\"\nphone = \"34600111333\"\nquiet_hours = { times = [\"n\"] }\n",
        "\"n\"",
        "no times are called \"n\"",
        "[times.n]",
    );
    refused(
        "[times.n]\nhours = [\"22:00-06:00\"]\n[[contacts]]\nname = \"B\"\nphone = \"34600111333\"\nquiet_hours = { times = [\"n\"], except = \"critcal\" }\n",
        "\"critcal\"",
        "\"critcal\" is not a severity",
        "\"critical\"",
    );
    refused(
        "[[contacts]]\nname = \"B\"\nphone = \"34600111333\"\nquiet_hours = true\n",
        "true",
        "`quiet_hours` must be a list or a table, not true or false",
        "nights",
    );
}

#[test]
fn times_that_are_made_of_themselves_are_refused() {
    refused(
        "[times.a]\nalso = [\"a\"]\n",
        "\"a\"",
        "the times \"a\" are made of themselves",
        "take this one out",
    );
    refused(
        "[times.a]\nalso = [\"b\"]\n[times.b]\nexcept = [\"c\"]\n[times.c]\nalso = [\"a\"]\n",
        "\"a\"",
        "the times \"a\" are made of themselves, by way of \"b\", \"c\"",
        "take this one out",
    );
    // Twice the same is no circle, but the sum is bounded.
    let chain: String = (1..20)
        .map(|n| format!("[times.t{n}]\nalso = [\"t{0}\", \"t{0}\"]\n", n - 1))
        .collect();
    let found = wrong(&format!("[times.t0]\nhours = [\"01:00-02:00\"]\n{chain}"));
    assert!(found[0].1.contains("more than 100 hours"), "{found:#?}");
}

#[test]
fn what_is_wrong_with_inhibitors_is_pointed_at() {
    refused(
        "inhibited_by = [\"Critical alarms\"]\n",
        "\"Critical alarms\"",
        "a rule cannot inhibit itself",
        "another rule",
    );
    refused(
        "inhibited_by = [\"Site dwon\"]\n[[rules]]\nname = \"Site down\"\nsingle_events = false\n",
        "\"Site dwon\"",
        "no rule is called \"Site dwon\"",
        "\"Site down\"",
    );
    refused(
        "inhibited_by = \"x\"\n",
        "\"x\"",
        "`inhibited_by` must be a list, not text",
        "inhibited_by = [",
    );
    refused(
        "inhibited_by = [{ rule = \"B\", equal = [\"sevrity\"] }]\n[[rules]]\nname = \"B\"\n",
        "sevrity",
        "equal: unknown field `sevrity`",
        "severity",
    );
    refused(
        "inhibited_by = [\"B\"]\n[[rules]]\nname = \"B\"\nid = \"1\"\n[[rules]]\nname = \"B\"\nid = \"2\"\n",
        "\"B\"",
        "more than one rule is called \"B\"",
        "`id`",
    );
}

#[test]
fn what_is_wrong_with_expected_sources_is_pointed_at() {
    let wanted = |text: &str| wrong(&format!("[[expect]]\n{text}\n"));
    assert!(wanted("within = \"5m\"")[0].1.contains("needs `source`"));
    assert!(wanted("source = \"a\"")[0].1.contains("needs `within`"));
    assert_eq!(
        wanted("source = \"a\"\nwithin = \"1s\"")[0].1,
        "`within` is out of bounds"
    );
    assert_eq!(
        wanted("source = \"Klaxond\"\nwithin = \"1m\"")[0].1,
        "klaxond cannot expect itself"
    );
    assert_eq!(
        wanted("source = \"a\"\nwithin = \"1m\"\nseverity = \"normal\"")[0].1,
        "`severity` cannot be normal: that ends an alarm"
    );
    assert_eq!(
        wanted("source = \"a\"\nwithin = \"1m\"\n[[expect]]\nsource = \"A\"\nwithin = \"1m\"")[0].1,
        "the source \"A\" is expected twice"
    );
    assert_eq!(
        wanted("source = \"a\"\nwithin = \"1m\"\n[[expect]]\nsource = \"b\"\nelement = \"a\"\nwithin = \"1m\"")[0].1,
        "the element \"a\" stands for two sources"
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let shown = faults(
        "[times.a]\nhours = [\"x\"]\nweekdays = [\"y\"]\n[[expect]]\nsource = \"a\"\n[[rules]]\nname = \"A\"\nmute = [\"z\"]\ninhibited_by = [\"A\"]\ntemplate = \"alarm\"\n[templates.alarm]\nname = \"k\"\ntext = \"Alarm.\"\n",
    );
    for message in [
        "hours: ",
        "weekdays: ",
        "needs `within`",
        "no times are called \"z\"",
        "cannot inhibit itself",
    ] {
        assert!(shown.contains(message), "{message}: {shown}");
    }
    assert_eq!(shown.matches("error:").count(), 5, "{shown}");
}

#[test]
fn what_can_never_hold_or_never_speak_is_warned_of() {
    let never = "[times.past]\ndates = [\"2020-01-01\"]\n";
    warned(never, "the times \"past\" never hold");
    let rule = "[[rules]]\nname = \"B\"\n";
    let shown = warnings(&format!("{rule}active = [\"past\"]\n{never}"));
    assert!(
        shown.contains("the rule \"B\" never speaks: none of its `active` times holds"),
        "{shown}"
    );
    warned(
        &format!("{rule}mute = [\"all\"]\n[times.all]\nhours = [\"00:00-24:00\"]\n"),
        "the rule \"B\" never speaks: its `mute` times always hold",
    );
    warned(
        &format!(
            "{rule}active = [\"day\"]\nmute = [\"long\"]\n[times.day]\nhours = [\"08:00-18:00\"]\n[times.long]\nhours = [\"07:00-19:00\"]\n"
        ),
        "the rule \"B\" never speaks: its `mute` times hold whenever its `active` times do",
    );
    warned(
        "[[contacts]]\nname = \"B\"\nphone = \"34600111333\"\nquiet_hours = [\"all\"]\n[times.all]\nhours = [\"00:00-24:00\"]\n",
        "these quiet hours never end",
    );
    warned(
        "[[expect]]\nsource = \"a\"\nwithin = \"1m\"\nseverity = \"minor\"\n",
        "nobody is told when \"a\" falls silent",
    );
    warned(
        "inhibited_by = [\"B\"]\n[[rules]]\nname = \"B\"\nenabled = false\nsingle_events = false\n",
        "the rule \"B\" inhibits nothing: it is off",
    );
    warned(
        "inhibited_by = [\"B\"]\n[[rules]]\nname = \"B\"\n",
        "the rule \"B\" inhibits nothing: it tells events",
    );
    let rules = |a: &str| {
        format!(
            "inhibited_by = [\"B\"]\nsingle_events = false\n[[rules]]\nname = \"B\"\nsingle_events = false\n{a}"
        )
    };
    warned(
        &rules("inhibited_by = [\"Critical alarms\"]\n"),
        "the rule \"Critical alarms\" inhibits itself by way of \"B\"",
    );
    assert_eq!(warnings(&rules("")), "");
    assert_eq!(
        warnings("[[expect]]\nsource = \"a\"\nwithin = \"1m\"\n"),
        ""
    );
}

#[test]
fn a_reload_tells_of_changed_times() {
    let text = |hours: &str, within: &str| {
        format!(
            "{WHATSAPP}{PATH}mute = [\"nights\"]\n[[contacts]]\nname = \"B\"\nphone = \"34600111333\"\nquiet_hours = [\"nights\"]\n[times.nights]\nhours = [\"{hours}\"]\n[[expect]]\nsource = \"a\"\nwithin = \"{within}\"\n"
        )
    };
    let folder = Folder::new(&text("22:00-06:00", "5m"));
    let before = folder.load().unwrap().settings;
    folder.write("config.toml", text("22:00-07:00", "6m"), 0o640);
    let after = folder.load().unwrap().settings;
    assert_eq!(
        before.changes(&after).applied,
        [
            "expected source a: within changed",
            "contact B: quiet_hours changed",
            "rule Critical alarms: times of mute changed"
        ]
    );
    assert!(after.changes(&after).is_empty());
}
