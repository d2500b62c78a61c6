//! Who hears of a record: one contact, one message; whoever was told is told of the end.

use klaxond::engine::Rule;
use klaxond::model::Severity::{Critical, Major};
use klaxond::model::{Closes, ContactId, Event};

use crate::support::engine::{
    Driver, START, cleared, contact, follow, play_records, record, rule, ruleset,
};

fn to(contact: &str, rule: Rule) -> Rule {
    Rule {
        notify: Some(vec![ContactId::parse(contact).unwrap()]),
        ..rule
    }
}

#[test]
fn a_contact_hears_from_the_first_rule_and_owes_nothing_to_the_others() {
    let rules = ruleset(
        vec![
            to("noc", follow("first", "")),
            follow("second", ""),
            Rule {
                also: true,
                ..to("noc", follow("beside", ""))
            },
        ],
        vec![contact("noc"), contact("lead")],
    );
    let told = play_records(&rules, &[(0, record("E", Major)), (1, cleared("E"))], 9);
    assert_eq!(
        told,
        [
            "0 first raised to noc: E (the rule takes every record; also matched by second) [E]",
            "0 second raised to lead: E (the rule takes every record) [E]",
            "0 beside raised to noc: E (the rule takes every record) [E]",
            "1 first cleared to noc: E (cleared) [E]",
            "1 second cleared to lead: E (cleared) [E]",
            "1 beside cleared to noc: E (cleared) [E]",
        ]
    );
}

#[test]
fn an_end_that_is_owed_is_left_out_for_another_end_only() {
    let rules = ruleset(
        vec![
            follow("critical", "severity = critical"),
            follow("major", "severity = major"),
        ],
        vec![contact("noc")],
    );
    let told = play_records(
        &rules,
        &[(0, record("E", Major)), (1, record("E", Critical))],
        9,
    );
    assert_eq!(
        told[1..],
        [
            "1 critical raised to noc: E (matches severity = critical) [E]",
            "1 major cleared to noc: E (no longer matches (now Critical)) [E]",
        ]
    );
}

#[test]
fn a_clear_says_which_raise_it_answers_and_messages_of_alarms_do_not_expire() {
    let rules = ruleset(
        vec![follow("r", ""), rule("single", "")],
        vec![contact("noc")],
    );
    let mut driver = Driver::new(rules);
    let raised = driver.record(0, record("E", Major));
    let raise = &raised.messages[0];
    assert_eq!((raise.closes, raise.expires), (None, None));
    assert!(raise.template.as_str() == "alarm");
    let cleared = driver.record(1, cleared("E"));
    let clear = &cleared.messages[0];
    assert_eq!(
        (clear.closes, clear.expires),
        (Some(Closes::Only(raise.id)), None)
    );
    assert_eq!(clear.template.as_str(), "cleared");
    assert_eq!(clear.severity, Major, "as urgent as what it ends");
}

#[test]
fn the_view_of_a_bucket_tells_its_alarms_worst_first_and_at_most_fifty() {
    let rules = ruleset(
        vec![Rule {
            group_by: Some(Vec::new()),
            on_update: Some("updated".parse_template()),
            ..follow("r", "")
        }],
        vec![contact("noc")],
    );
    let mut driver = Driver::new(rules);
    for n in 0..60 {
        driver.record(n, record(&format!("E{n}"), Major));
    }
    let step = driver.record(60, record("E7", Critical));
    let view = &step.notifications[0].view;
    assert_eq!((view.count, view.alarms.len()), (60, 50));
    assert_eq!(
        (
            view.alarms[0].element.as_str(),
            view.alarms[1].element.as_str()
        ),
        ("E7", "E59")
    );
    assert_eq!((view.highest, view.since), (Critical, Some(START)));
    let ended = driver.enter(
        driver.engine.now(),
        Event::ClosedByHand {
            id: "1".to_owned(),
            by: "me".to_owned(),
        },
    );
    let last = ended.notifications.last().unwrap();
    assert_eq!((last.view.count, last.view.alarms.len()), (0, 1));
    assert_eq!(last.view.highest, Critical);
}

trait ParseTemplate {
    fn parse_template(&self) -> klaxond::model::TemplateId;
}

impl ParseTemplate for str {
    fn parse_template(&self) -> klaxond::model::TemplateId {
        crate::support::engine::template(self)
    }
}
