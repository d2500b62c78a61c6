//! Silences: nothing is told of certain alarms for a while; what still stands then is told.

use std::sync::Arc;

use klaxond::engine::filter::{Filter, Named};
use klaxond::engine::{Escalation, Rule, Ruleset};
use klaxond::model::Severity::{Critical, Major, Minor, Warning};
use klaxond::model::{Event, RowKind, SilenceOrder, Status};

use crate::support::engine::{
    Driver, Happens, START, anew, cleared, condition, contact, every, follow, play, record, rule,
    ruleset, seconds, silence, template, unsilence,
};
use crate::support::replies::{about, acks, person};

const S1: &str = "silence s1 (by Ana: \"works\")";

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
fn what_begins_and_ends_under_a_silence_is_not_told_but_written_and_counted() {
    let history = [
        silence(0, "element like \"Lab*\"", 100),
        comes(1, "Lab1"),
        ends(2, "Lab1"),
        comes(3, "Hall"),
        passes(200),
    ];
    let told = play(&one(follow("r", "")), &history);
    assert_eq!(
        told,
        [
            format!("1 r raised muted by {S1}: Lab1 [Lab1]"),
            "3 r raised to noc: Hall (the rule takes every record) [Hall]".to_owned(),
        ]
    );
}

#[test]
fn what_still_stands_when_it_ends_is_told_then_and_so_is_its_end() {
    let history = |ending: Vec<(u64, Happens)>| {
        let mut all = vec![silence(0, "element like \"Lab*\"", 100), comes(1, "Lab1")];
        all.extend(ending);
        all.extend([ends(120, "Lab1"), passes(200)]);
        all
    };
    let at = |at: u64| {
        [
            format!("1 r raised muted by {S1}: Lab1 [Lab1]"),
            format!("{at} r raised to noc: Lab1 (still raised; {S1} ended) [Lab1]"),
            "120 r cleared to noc: Lab1 (cleared) [Lab1]".to_owned(),
        ]
    };
    assert_eq!(play(&one(follow("r", "")), &history(vec![])), at(100));
    let by_hand = history(vec![unsilence(50, 1)]);
    assert_eq!(play(&one(follow("r", "")), &by_hand), at(50));
    // The clock of the wall counts.
    let jumped = history(vec![(20, Happens::Jump(99))]);
    assert_eq!(play(&one(follow("r", "")), &jumped)[1], at(119)[1]);
}

#[test]
fn whoever_was_told_before_it_is_told_the_end_and_hears_afterwards_what_changed() {
    let rules = one(Rule {
        on_update: Some(template("updated")),
        reminder: every(40),
        ..follow("r", "")
    });
    let told = play(
        &rules,
        &[
            comes(0, "E"),
            silence(10, "severity >= major", 90),
            (20, Happens::Record(record("E", Critical))),
            passes(70),
            ends(110, "E"),
        ],
    );
    let s2 = "silence s2 (by Ana: \"works\")";
    assert_eq!(
        told[1..],
        [
            format!("20 r updated muted by {s2}: E [E]"),
            format!("40 r reminder muted by {s2}: E [E]"),
            format!("80 r reminder muted by {s2}: E [E]"),
            format!("100 r updated to noc: E (still raised; {s2} ended) [E]"),
            "110 r cleared to noc: E (cleared) [E]".to_owned(),
        ]
    );
    let told = play(
        &rules,
        &[
            comes(0, "E"),
            silence(10, "", 90),
            ends(20, "E"),
            passes(200),
        ],
    );
    assert_eq!(told[1..], ["20 r cleared to noc: E (cleared) [E]"]);
}

#[test]
fn a_bucket_is_muted_only_while_every_alarm_of_it_is_taken() {
    let rules = one(Rule {
        group_by: Some(Vec::new()),
        ..follow("r", "")
    });
    let told = play(
        &rules,
        &[
            silence(0, "element like \"Lab*\"", 100),
            comes(1, "Lab1"),
            comes(2, "Lab2"),
            ends(3, "Lab2"),
            comes(4, "Hall"),
            passes(200),
        ],
    );
    assert_eq!(
        told,
        [
            format!("1 r raised muted by {S1}: Lab1 [Lab1]"),
            format!("4 r raised to noc: Hall (still raised; {S1} no longer mutes it) [Hall Lab1]"),
        ]
    );
}

#[test]
fn single_events_are_not_told_later() {
    let told = play(
        &one(rule("r", "severity = major")),
        &[
            silence(0, "element = E", 10),
            comes(1, "E"),
            passes(50),
            comes(60, "E"),
        ],
    );
    assert_eq!(
        told,
        [
            format!("1 r raised muted by {S1}: E [E]"),
            "60 r raised to noc: E (matches severity = major) [E]".to_owned(),
        ]
    );
}

#[test]
fn one_that_is_to_come_mutes_nothing_yet_and_of_two_the_last_to_end_counts() {
    let (_, Happens::Event(Event::Silence(order))) = silence(0, "element = E", 50) else {
        panic!("a silence is an event");
    };
    let later = Event::Silence(SilenceOrder {
        starts: START + seconds(10),
        ..order
    });
    let told = play(
        &one(follow("r", "")),
        &[
            (0, Happens::Event(later)),
            comes(5, "E"),
            (12, Happens::Record(anew("E", Critical))),
            silence(20, "severity = critical", 60),
            passes(200),
        ],
    );
    assert_eq!(
        told[1..],
        [
            format!("12 r raised muted by {S1}: E [E]"),
            "80 r raised to noc: E (still raised; silence s4 (by Ana: \"works\") ended) [E]"
                .to_owned(),
        ]
    );
}

#[test]
fn one_takes_the_place_of_another_without_a_word() {
    let (_, Happens::Event(Event::Silence(order))) = silence(20, "element = E", 60) else {
        panic!("a silence is an event");
    };
    let other = Event::Silence(SilenceOrder {
        replaces: Some(klaxond::model::SilenceId(1)),
        ..order
    });
    let told = play(
        &one(follow("r", "")),
        &[
            silence(0, "element = E", 50),
            comes(1, "E"),
            (20, Happens::Event(other)),
            passes(200),
        ],
    );
    assert_eq!(
        told[1..],
        ["80 r raised to noc: E (still raised; silence s3 (by Ana: \"works\") ended) [E]"]
    );
}

#[test]
fn escalation_counts_from_when_it_was_told_and_a_step_that_was_muted_is_taken_then() {
    let rule = Rule {
        notify: Some(vec![person("noc")]),
        escalate: vec![Escalation {
            after: seconds(10),
            notify: vec![person("boss")],
        }],
        reminder: every(25),
        ..follow("r", "")
    };
    let rules = ruleset(vec![rule], vec![contact("noc"), contact("boss")]);
    let told = play(
        &rules,
        &[silence(0, "element = E", 100), comes(1, "E"), passes(126)],
    );
    assert_eq!(
        told[1..],
        [
            format!("100 r raised to noc: E (still raised; {S1} ended) [E]"),
            "110 r escalated to boss: E (nobody took it for 10s) [E]".to_owned(),
            "125 r reminder to noc: E (still raised after 2m 4s) [E]".to_owned(),
        ]
    );
    let told = play(
        &rules,
        &[
            comes(0, "E"),
            silence(5, "element = E", 15),
            passes(24),
            ends(30, "E"),
        ],
    );
    let s2 = "silence s2 (by Ana: \"works\")";
    assert_eq!(
        told[1..],
        [
            format!("10 r escalated muted by {s2}: E [E]"),
            "20 r escalated to boss: E (nobody took it for 10s) [E]".to_owned(),
            "25 r reminder to noc: E (still raised after 25s) [E]".to_owned(),
            "30 r cleared to noc+boss: E (cleared) [E]".to_owned(),
        ]
    );
    // Somebody has it meanwhile: it is told, and escalates to nobody.
    let acked = Event::AckByHand {
        id: "1".to_owned(),
        by: "Ana".to_owned(),
    };
    let told = play(
        &rules,
        &[
            silence(0, "element = E", 100),
            comes(1, "E"),
            (5, Happens::Event(acked)),
            passes(150),
        ],
    );
    assert_eq!(
        told[2..],
        [format!(
            "100 r raised to noc: E (still raised; {S1} ended) [E]"
        )]
    );
}

#[test]
fn what_seems_to_end_is_not_told_before_it_is_raised_again() {
    let rules = one(Rule {
        clear_after: seconds(30),
        ..follow("r", "severity >= major")
    });
    let start = [
        silence(0, "element = E", 20),
        comes(1, "E"),
        (10, Happens::Record(record("E", Minor))),
    ];
    let over = [start.as_slice(), &[passes(100)]].concat();
    assert_eq!(play(&rules, &over).len(), 1);
    let back = [start.as_slice(), &[comes(30, "E"), passes(100)]].concat();
    assert_eq!(
        play(&rules, &back)[1..],
        [format!(
            "30 r raised to noc: E (still raised; {S1} ended) [E]"
        )]
    );
}

#[test]
fn what_may_be_told_while_nothing_runs_is_told_before_what_ends_it_later() {
    let rules = one(Rule {
        condition: condition("all(severity >= minor)"),
        clear_after: seconds(20),
        ..follow("r", "")
    });
    let rules = Arc::new(Ruleset {
        forget_after: seconds(15),
        ..(*rules).clone()
    });
    // It seems to end at 15, is raised again when the warning is forgotten at 33, and ends at 34.
    let history = |lasts, last| {
        [
            silence(0, "severity >= minor", lasts),
            comes(0, "A"),
            (18, Happens::Record(record("B", Warning))),
            comes(19, "C"),
            (59, last),
            passes(200),
        ]
    };
    let told = |at: u64, ends: u64| {
        [
            format!("{at} r raised to noc: C (still raised; {S1} ended) [C]"),
            format!("{ends} r cleared to noc: C (forgotten) [C]"),
        ]
    };
    let on_time = play(&rules, &history(30, Happens::Passes));
    assert_eq!(on_time[1..], told(33, 54));
    let late = play(&rules, &history(30, Happens::Late));
    assert_eq!(late[1..], told(59, 79));
    // Under a silence that ends after that it was over before it could be told.
    assert_eq!(play(&rules, &history(50, Happens::Passes)).len(), 1);
    assert_eq!(play(&rules, &history(50, Happens::Late)).len(), 1);
}

#[test]
fn whoever_heard_of_it_from_an_earlier_rule_hears_no_more_of_it_later() {
    let lead = Rule {
        notify: Some(vec![person("lead")]),
        ..follow("first", "element = E")
    };
    let both = Rule {
        group_by: Some(Vec::new()),
        ..follow("second", "")
    };
    let rules = ruleset(vec![lead, both], vec![contact("lead"), contact("noc")]);
    // Of a mute rule a contact hears from the next one.
    let told = play(
        &rules,
        &[
            silence(0, "element = E", 20),
            comes(1, "E"),
            ends(5, "E"),
            passes(50),
        ],
    );
    assert_eq!(told.len(), 2, "{told:?}");
    let mut driver = Driver::new(rules);
    driver.record(0, record("E", Major));
    assert_eq!(driver.lines.len(), 2);
}

#[test]
fn named_filters_serve_and_one_that_is_gone_mutes_nothing_and_says_so() {
    let mut named = Named::default();
    named.insert(
        "lab",
        Filter::parse("element like \"Lab*\"", &named).unwrap(),
    );
    let with = Arc::new(Ruleset {
        named,
        ..(*one(follow("r", ""))).clone()
    });
    let without = one(follow("r", ""));
    let history = [
        silence(0, "@lab", 100),
        comes(1, "Lab1"),
        (10, Happens::Rules(Arc::clone(&without))),
        passes(11),
        comes(12, "Lab2"),
    ];
    assert_eq!(
        play(&with, &history),
        [
            format!("1 r raised muted by {S1}: Lab1 [Lab1]"),
            format!("10 r raised to noc: Lab1 (still raised; {S1} no longer mutes it) [Lab1]"),
            "12 r raised to noc: Lab2 (the rule takes every record) [Lab2]".to_owned(),
        ]
    );
    let mut driver = Driver::new(without);
    let (_, Happens::Event(order)) = silence(0, "@lab", 100) else {
        panic!("a silence is an event");
    };
    driver.enter(START, order);
    let known = &driver.engine.silences()[0];
    assert_eq!(known.state(START), "faulty");
    assert!(known.fault.as_ref().unwrap().contains("lab"), "{known:?}");
}

#[test]
fn a_thousand_buckets_and_more_are_all_told_and_the_picture_knows_why_they_were_not() {
    let mut driver = Driver::new(one(follow("r", "")));
    let (_, Happens::Event(order)) = silence(0, "severity >= minor", 100_000) else {
        panic!("a silence is an event");
    };
    driver.enter(START, order);
    for n in 0..2_500 {
        driver.record(1, record(&format!("E{n}"), Major));
    }
    let (shown, counts) = driver.engine.raised(10);
    assert_eq!((shown.len(), counts[&Major]), (10, 2_500));
    assert!(shown.iter().all(|it| it.told.is_empty()));
    assert_eq!(shown[0].suppressed.as_ref().unwrap().text, S1);
    let (open, _) = driver.engine.open_alarms(None, 1);
    assert_eq!(open[0].silenced[0].suppressed, 2_500);
    let (_, Happens::Event(over)) = unsilence(0, 1) else {
        panic!("its end is an event");
    };
    let first = driver.enter(START + seconds(5), over);
    assert!(first.messages.len() >= 1_000, "{}", first.messages.len());
    // The rest is due at once, also after a restart.
    driver.cut = true;
    let again = driver.enter(START + seconds(5), notice());
    driver.until(START + seconds(5), false);
    let told = driver
        .lines
        .iter()
        .filter(|line| line.contains(" to noc"))
        .count();
    assert_eq!(told, 2_500, "{}", again.messages.len());
    assert_eq!(driver.engine.silences()[0].ended_by.as_deref(), Some("Bob"));
}

fn notice() -> Event {
    crate::support::replies::notice("7 days")
}

#[test]
fn ended_ones_are_listed_for_five_days_and_two_hundred_of_them() {
    let mut driver = Driver::new(one(follow("r", "")));
    let day = 86_400;
    for n in 0..300 {
        let (_, Happens::Event(order)) = silence(n, "element = E", 10) else {
            panic!("a silence is an event");
        };
        driver.enter(START + seconds(n), order);
    }
    driver.record(400, record("E", Major));
    let listed = driver.engine.silences();
    assert_eq!((listed.len(), listed[0].id.0), (200, 300));
    driver.record(5 * day + 250, record("E", Minor));
    let rows = driver
        .rows
        .keys()
        .filter(|(kind, _)| *kind == RowKind::Silence);
    assert_eq!(rows.count(), driver.engine.silences().len());
    assert!(driver.engine.silences().len() < 100);
    driver.record(6 * day, record("E", Major));
    assert!(driver.engine.silences().is_empty());
}

#[test]
fn a_masked_or_acknowledged_alarm_under_a_silence_is_not_told_at_its_end() {
    let masked = klaxond::model::AlarmRecord {
        status: Status::Masked,
        ..record("E", Major)
    };
    let told = play(
        &one(follow("r", "")),
        &[
            silence(0, "element = E", 20),
            comes(1, "E"),
            (5, Happens::Record(masked)),
            passes(50),
        ],
    );
    assert_eq!(told.len(), 1, "{told:?}");
    let told = play(
        &one(follow("r", "")),
        &[
            silence(0, "element = E", 20),
            comes(1, "E"),
            acks(5, "noc", about("r", "E")),
            passes(30),
        ],
    );
    assert!(
        told.last().unwrap().starts_with("20 r raised to noc"),
        "{told:?}"
    );
}
