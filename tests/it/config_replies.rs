//! Replies, operators, escalation, confirmation and stand-ins in the config.

use std::time::Duration;

use klaxond::config::Settings;
use klaxond::model::Word;

use crate::support::config::{Folder, PATH, WHATSAPP, faults, warnings};

const LEAD: &str = "[[contacts]]\nname = \"Lead\"\nphone = \"34600111333\"\n";

fn read(text: &str) -> Settings {
    let folder = Folder::new(&format!("{WHATSAPP}{PATH}{text}"));
    match folder.load() {
        Ok(loaded) => loaded.settings,
        Err(faults) => panic!("{}", faults.render(false)),
    }
}

/// What is wrong, without its place.
fn told(text: &str) -> String {
    text.lines()
        .filter(|line| {
            line.starts_with("error") || line.starts_with("warning") || line.contains("help:")
        })
        .map(|line| line.trim_start_matches([' ', '=']))
        .collect::<Vec<_>>()
        .join("\n")
}

fn refused(lines: &str) -> String {
    told(&faults(&format!("{PATH}{lines}\n{LEAD}")))
}

#[test]
fn nothing_is_asked_for_and_usual_words_are_understood() {
    let settings = read("");
    let ruleset = &settings.ruleset;
    let rule = &ruleset.rules[0];
    assert!(rule.escalate.is_empty() && rule.confirm.is_none());
    assert!(ruleset.operators.is_empty() && ruleset.fallback.is_none());
    assert!(!ruleset.replies.tell_others && ruleset.replies.acknowledged.is_none());
    assert!(settings.hooks.is_none());
    for (text, word) in [
        ("OK", Word::Acknowledge),
        (" Acknowledge ", Word::Acknowledge),
        ("Silence 1h", Word::Silence),
        ("STOP", Word::Stop),
        ("start", Word::Start),
        ("stop it", Word::Other),
        ("", Word::Other),
    ] {
        assert_eq!(settings.words.meaning(text), word, "{text:?}");
    }
}

#[test]
fn all_of_it_is_read() {
    let settings = read(&format!(
        "single_events = false\nconfirm = \"delivered\"\nconfirm_within = \"1m\"\n\
         escalate = [{{ after = \"10m\", notify = [\"Lead\"] }}, {{ after = \"1h\", unless = \"acknowledged\", notify = [\"everyone\"] }}]\n\
         [[contacts]]\nname = \"Ann\"\nphone = \"34600111444\"\nfallback = \"Lead\"\n{LEAD}\
         [fallback]\ncontact = \"NOC desk\"\n[operators]\nnotify = [\"Lead\"]\n[hooks]\non_ack = [\"took\", \"it\"]\n\
         [replies]\nacknowledge = [\"voy\"]\ntell_others = true\nack_expires = \"2h\"\nsilence_for = \"30m\"\n"
    ));
    let ruleset = &settings.ruleset;
    let rule = &ruleset.rules[0];
    assert_eq!(rule.confirm, Some(Duration::from_secs(60)));
    assert_eq!(
        rule.escalated, rule.template,
        "without a template of its own"
    );
    let steps: Vec<(u64, usize)> = rule
        .escalate
        .iter()
        .map(|step| (step.after.as_secs(), step.notify.len()))
        .collect();
    assert_eq!(steps, [(600, 1), (3_600, 3)]);
    assert_eq!(
        ruleset.contacts[1].fallback.as_ref().unwrap().as_str(),
        "Lead"
    );
    assert_eq!(ruleset.fallback.as_ref().unwrap().as_str(), "NOC desk");
    assert!(settings.fallback.is_none(), "a contact needs no command");
    assert_eq!(ruleset.operators[0].as_str(), "Lead");
    assert_eq!(ruleset.notice.as_str(), "alarm");
    assert_eq!(settings.hooks.unwrap().command, ["took", "it"]);
    assert_eq!(ruleset.replies.ack_expires, Duration::from_secs(7_200));
    assert_eq!(ruleset.replies.hints.acknowledge, "voy");
    assert_eq!(settings.words.meaning("ok"), Word::Other);
}

#[test]
fn what_delivery_says_of_confirmation_holds_for_rules_that_say_nothing() {
    let rules = "[[rules]]\nname = \"B\"\nconfirm = \"accepted\"\n[[rules]]\nname = \"C\"\nconfirm_within = \"2m\"\n";
    let settings = read(&format!("{rules}[delivery]\nconfirm = \"delivered\"\n"));
    let within: Vec<Option<u64>> = settings
        .ruleset
        .rules
        .iter()
        .map(|rule| rule.confirm.map(|within| within.as_secs()))
        .collect();
    assert_eq!(within, [Some(300), None, Some(120)]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        (
            "escalate = [{ after = \"10m\", notify = [\"Lead\"] }]",
            "`escalate` needs single_events = false",
        ),
        (
            "escalate = [{ after = \"10m\", notify = [\"Led\"] }]",
            "no contact or group is called \"Led\"",
        ),
        (
            "single_events = false\nescalate = [{ after = \"10m\", notify = [\"Led\"] }]",
            "no contact or group is called \"Led\"\nhelp: write \"Lead\"",
        ),
        (
            "single_events = false\nescalate = [{ after = \"10m\" }]",
            "escalation needs `notify`",
        ),
        (
            "single_events = false\nescalate = [{ after = \"10m\", notify = [\"Lead\"] }, { after = \"10m\", notify = [\"Lead\"] }]",
            "this step is not later than the one before it",
        ),
        ("confirm = \"read\"", "`confirm` cannot be \"read\""),
        (
            "confirm_within = \"1m\"",
            "`confirm_within` needs confirm = \"delivered\"",
        ),
        (
            "[operators]\nnotify = [\"Leda\"]",
            "no contact or group is called \"Leda\"",
        ),
        ("[fallback]\ncontact = \"noc\"", "\"noc\" is a group"),
        ("[fallback]\ntimeout = \"5s\"", "[fallback] needs `command`"),
        (
            "[[contacts]]\nname = \"Ann\"\nphone = \"34600111444\"\nfallback = \"Ann\"",
            "a contact cannot stand in for itself",
        ),
        ("[hooks]\non_ack = []", "`on_ack` names no program"),
        (
            "[replies]\nstop = []",
            "`stop` holds something that nobody can write",
        ),
    ] {
        let said = refused(lines);
        assert!(said.contains(message), "{lines}\n{said}");
    }
}

#[test]
fn what_is_surely_not_meant_is_told() {
    for (lines, message) in [
        (
            "confirm = \"delivered\"",
            "`confirm = \"delivered\"` counts as \"accepted\"",
        ),
        (
            "single_events = false\nescalate = [{ after = \"10m\", notify = [\"NOC desk\"] }]",
            "this escalation tells nobody who is not told already",
        ),
        (
            "[replies]\nstart = [\"Stop\"]",
            "\"Stop\" means `stop` already",
        ),
    ] {
        let said = told(&warnings(&format!("{lines}\n")));
        assert!(said.contains(message), "{lines}\n{said}");
    }
}
