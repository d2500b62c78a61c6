//! Rules that speak at certain times only, and not while another rule is raised.

use std::sync::Arc;

use jiff::tz::TimeZone;
use klaxond::engine::filter::Field;
use klaxond::engine::{Inhibitor, Rule, Ruleset};
use klaxond::model::Severity::{Critical, Major};
use klaxond::model::{AlarmRecord, Calendar, Hours, Interval, Mute, RuleId};

use crate::support::engine::{
    Driver, Happens, cleared, contact, follow, play, record, rule, ruleset, template,
};
use crate::support::replies::person;

const HOUR: u64 = 3_600;

fn hours(name: &str, hours: &str) -> Arc<Calendar> {
    let interval = Interval {
        timezone: TimeZone::UTC,
        weekdays: Vec::new(),
        dates: Vec::new(),
        hours: vec![Hours::parse(hours).unwrap()],
    };
    Arc::new(Calendar::new(name, vec![interval], Vec::new(), Vec::new()))
}

fn one(rule: Rule) -> Arc<Ruleset> {
    ruleset(vec![rule], vec![contact("noc")])
}

fn comes(at: u64, element: &str) -> (u64, Happens) {
    (at, Happens::Record(record(element, Major)))
}

fn ends(at: u64, element: &str) -> (u64, Happens) {
    (at, Happens::Record(cleared(element)))
}

fn passes(at: u64) -> (u64, Happens) {
    (at, Happens::Passes)
}

#[test]
fn a_rule_that_is_muted_at_night_tells_in_the_morning_what_still_stands() {
    let rules = one(Rule {
        mute: vec![hours("nights", "22:00-06:00")],
        ..follow("r", "")
    });
    // The history begins at midnight.
    let told = play(
        &rules,
        &[
            comes(HOUR, "A"),
            comes(2 * HOUR, "B"),
            ends(3 * HOUR, "B"),
            comes(7 * HOUR, "C"),
            ends(23 * HOUR, "C"),
            passes(24 * HOUR),
        ],
    );
    assert_eq!(
        told,
        [
            "3600 r raised muted by mute time \"nights\": A [A]",
            "7200 r raised muted by mute time \"nights\": B [B]",
            "21600 r raised to noc: A (still raised; mute time \"nights\" ended) [A]",
            "25200 r raised to noc: C (the rule takes every record) [C]",
            "82800 r cleared to noc: C (cleared) [C]",
        ]
    );
}

#[test]
fn a_rule_that_is_active_in_the_office_says_nothing_outside_and_no_event_later() {
    let active = vec![
        hours("office", "08:00-18:00"),
        hours("lunch", "07:00-07:30"),
    ];
    let rules = one(Rule {
        active: active.clone(),
        ..follow("r", "")
    });
    let told = play(&rules, &[comes(HOUR, "A"), passes(24 * HOUR)]);
    assert_eq!(
        told,
        [
            "3600 r raised muted by outside its active times \"office\", \"lunch\": A [A]",
            "25200 r raised to noc: A (still raised; an active time of its rule began) [A]",
        ]
    );
    let events = one(Rule {
        active,
        ..rule("r", "")
    });
    let told = play(
        &events,
        &[comes(HOUR, "A"), passes(12 * HOUR), comes(13 * HOUR, "A")],
    );
    assert!(told[1].starts_with("46800 r raised to noc"), "{told:?}");
}

#[test]
fn when_one_reason_follows_another_it_is_told_after_the_last() {
    let rules = one(Rule {
        mute: vec![
            hours("nights", "22:00-06:00"),
            hours("backup", "05:00-07:00"),
        ],
        ..follow("r", "")
    });
    let told = play(&rules, &[comes(HOUR, "A"), passes(24 * HOUR)]);
    assert_eq!(
        told[1..],
        ["25200 r raised to noc: A (still raised; mute time \"backup\" ended) [A]"]
    );
}

#[test]
fn an_edit_of_the_times_frees_what_they_muted_and_nothing_else() {
    let muted = one(Rule {
        mute: vec![hours("nights", "22:00-06:00")],
        ..follow("r", "")
    });
    let free = one(follow("r", ""));
    let told = play(
        &muted,
        &[
            comes(HOUR, "A"),
            (2 * HOUR, Happens::Rules(free)),
            passes(3 * HOUR),
        ],
    );
    assert_eq!(
        told[1..],
        ["7200 r raised to noc: A (still raised; mute time \"nights\" no longer mutes it) [A]"]
    );
}

#[test]
fn a_muted_rule_takes_nobodys_place_and_a_muted_second_tells_only_whom_the_first_did_not() {
    let first = Rule {
        notify: Some(vec![person("noc")]),
        mute: vec![hours("nights", "22:00-06:00")],
        ..follow("first", "")
    };
    let rules = ruleset(
        vec![first.clone(), follow("second", "")],
        vec![contact("noc"), contact("lead")],
    );
    let told = play(&rules, &[comes(HOUR, "A"), ends(2 * HOUR, "A")]);
    assert_eq!(
        told,
        [
            "3600 first raised muted by mute time \"nights\": A [A]",
            "3600 second raised to noc+lead: A (the rule takes every record) [A]",
            "7200 second cleared to noc+lead: A (cleared) [A]",
        ]
    );
    let second = Rule {
        mute: vec![hours("nights", "22:00-06:00")],
        ..follow("second", "")
    };
    let awake = Rule {
        mute: Vec::new(),
        ..first
    };
    let rules = ruleset(vec![awake, second], vec![contact("noc"), contact("lead")]);
    let told = play(&rules, &[comes(HOUR, "A"), passes(7 * HOUR)]);
    assert_eq!(
        told,
        [
            "3600 first raised to noc: A (the rule takes every record; also matched by second) [A]",
            "3600 second raised muted by mute time \"nights\": A [A]",
            "21600 second raised to lead: A (still raised; mute time \"nights\" ended) [A]",
        ]
    );
}

/// The rule `down` keeps `r` silent, which comes before it in the file.
fn inhibited(equal: &[Field]) -> Arc<Ruleset> {
    let rule = Rule {
        inhibited_by: vec![Inhibitor {
            rule: RuleId::parse("down").unwrap(),
            equal: equal.to_vec(),
        }],
        on_update: Some(template("updated")),
        ..follow("r", "severity = major")
    };
    ruleset(
        vec![rule, follow("down", "severity = critical")],
        vec![contact("noc")],
    )
}

fn at_site(element: &str, site: &str, record: AlarmRecord) -> AlarmRecord {
    let mut record = AlarmRecord {
        element: element.to_owned(),
        ..record
    };
    record.properties.insert("Site", site);
    record
}

#[test]
fn a_rule_says_nothing_while_another_is_raised_and_what_stands_after_it() {
    let told = play(
        &inhibited(&[]),
        &[
            (0, Happens::Record(record("Router", Critical))),
            comes(10, "A"),
            comes(20, "B"),
            ends(25, "B"),
            ends(30, "Router"),
            ends(40, "A"),
        ],
    );
    assert_eq!(
        told[1..],
        [
            "10 r raised muted by rule \"down\" is raised: A [A]",
            "20 r raised muted by rule \"down\" is raised: B [B]",
            "30 down cleared to noc: Router (cleared) [Router]",
            "30 r raised to noc: A (still raised; rule \"down\" no longer is) [A]",
            "40 r cleared to noc: A (cleared) [A]",
        ]
    );
}

#[test]
fn where_fields_must_be_equal_only_alarms_that_share_them_are_kept() {
    let rules = inhibited(&[Field::Property("Site".to_owned())]);
    let critical =
        |element: &str, site| Happens::Record(at_site(element, site, record("", Critical)));
    let major = |element: &str, site| Happens::Record(at_site(element, site, record("", Major)));
    let told = play(
        &rules,
        &[
            (0, critical("R1", "HQ")),
            (0, critical("R2", "HQ")),
            (0, critical("R3", "DR")),
            (10, major("A", "HQ")),
            (11, major("B", "DR")),
            (12, major("C", "Lab")),
            (20, Happens::Record(at_site("R1", "HQ", cleared("")))),
            // It is somewhere else: nothing of HQ is raised any more.
            (30, critical("R2", "Lab")),
            (40, Happens::Record(at_site("R3", "DR", cleared("")))),
        ],
    );
    assert_eq!(
        told[3..],
        [
            "10 r raised muted by rule \"down\" is raised: A [A]",
            "11 r raised muted by rule \"down\" is raised: B [B]",
            "12 r raised to noc: C (matches severity = major) [C]",
            "20 down cleared to noc: R1 (cleared) [R1]",
            "30 r raised to noc: A (still raised; rule \"down\" is raised no longer mutes it) [A]",
            "40 down cleared to noc: R3 (cleared) [R3]",
            "40 r raised to noc: B (still raised; rule \"down\" is raised no longer mutes it) [B]",
        ]
    );
}

#[test]
fn two_rules_that_keep_each_other_silent_are_not_both_silent() {
    let by = |id: &str| {
        vec![Inhibitor {
            rule: RuleId::parse(id).unwrap(),
            equal: Vec::new(),
        }]
    };
    let rules = ruleset(
        vec![
            Rule {
                inhibited_by: by("b"),
                ..follow("a", "")
            },
            Rule {
                inhibited_by: by("a"),
                ..follow("b", "")
            },
        ],
        vec![contact("noc")],
    );
    let told = play(&rules, &[comes(0, "E"), ends(5, "E")]);
    assert!(told[0].starts_with("0 a raised to noc"), "{told:?}");
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn the_rules_say_why_they_would_not_speak_and_an_account_says_it_of_a_record() {
    let mut driver = Driver::new(inhibited(&[]));
    driver.record(0, record("Router", Critical));
    let figures = driver.engine.figures();
    let muted = figures[0].muted.as_ref().unwrap();
    assert_eq!(muted.mute, Mute::Inhibited(RuleId::parse("down").unwrap()));
    assert!(figures[1].muted.is_none());
    let account = driver.engine.account(&record("A", Major));
    assert_eq!(account.rules[0].muted.as_ref(), Some(muted));
    assert_eq!(
        account.rules[0].buckets[0].then,
        klaxond::engine::Then::Muted(muted.clone())
    );
    assert!(account.messages.is_empty());
}
