//! What the operators are told of klaxond itself.

use std::sync::Arc;

use klaxond::engine::{Engine, Ruleset};
use klaxond::model::Severity::Critical;
use klaxond::model::{AccountNews, Event, LogEntry, RowKind, TemplateNews, Update};

use crate::support::engine::{
    Driver, Happens, START, contact, follow, play, ruleset, seconds, template,
};
use crate::support::replies::{notice, person};

/// Bob operates it.
fn operated() -> Ruleset {
    let rules = ruleset(vec![follow("r", "")], vec![contact("ann"), contact("bob")]);
    Ruleset {
        operators: vec![person("bob")],
        ..(*rules).clone()
    }
}

#[test]
fn operators_hear_of_each_occasion_once_and_of_the_same_news_again_later() {
    let rules = operated();
    let paused = |at| {
        let news = TemplateNews {
            template: template("alarm"),
            sendable: false,
            text: "paused: first pause".to_owned(),
        };
        (
            at,
            Happens::Event(Event::Updates(vec![Update::Template(news)])),
        )
    };
    let account = Update::Account(AccountNews {
        text: "restricted".to_owned(),
        severity: Critical,
    });
    let told = play(
        &Arc::new(rules),
        &[
            (0, Happens::Event(notice("7 days"))),
            (1, Happens::Event(notice("7 days"))),
            (2, Happens::Event(notice("3 days"))),
            paused(3),
            paused(4),
            paused(3_700),
            (3_701, Happens::Event(Event::Updates(vec![account]))),
        ],
    );
    assert_eq!(
        told,
        [
            "0 klaxond notice to bob: klaxond (7 days: make another) [klaxond]",
            "2 klaxond notice to bob: klaxond (3 days: make another) [klaxond]",
            "3 klaxond notice to bob: klaxond (paused: first pause) [klaxond]",
            "3700 klaxond notice to bob: klaxond (paused: first pause) [klaxond]",
            "3701 klaxond notice to bob: klaxond (restricted) [klaxond]",
        ]
    );
}

#[test]
fn no_more_than_a_thousand_occasions_are_remembered() {
    let rules = operated();
    let mut driver = Driver::new(Arc::new(rules));
    for n in 0..1_100_u64 {
        driver.enter(START + seconds(n), notice(&n.to_string()));
    }
    let rows = driver.rows.keys();
    assert_eq!(
        rows.filter(|(kind, _)| *kind == RowKind::Notice).count(),
        1_000
    );
    assert!(
        driver
            .enter(driver.engine.now(), notice("1099"))
            .messages
            .is_empty()
    );
    let mut again = Engine::new(Arc::clone(driver.engine.ruleset()), driver.resume()).unwrap();
    let entry = LogEntry {
        position: again.position().next(),
        at: driver.engine.now(),
        event: notice("100"),
    };
    assert!(
        again.step(&entry).messages.is_empty(),
        "the oldest that is left"
    );
}
