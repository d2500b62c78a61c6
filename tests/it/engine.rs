//! What the engine says, to whom and why; pure, on times that the test hands in.

use std::sync::Arc;
use std::time::Duration;

use klaxond::engine::{Engine, Resume, Ruleset, Step};
use klaxond::model::{
    AlarmRecord, AlarmType, Event, LogEntry, Position, RowChange, Severity, Time,
};

use crate::support::engine::{FORGET, START, cleared, contact, record, rule, ruleset};

/// An engine that numbers its own log.
struct Desk {
    engine: Engine,
    position: Position,
}

impl Desk {
    fn new(ruleset: Arc<Ruleset>) -> Self {
        Self {
            engine: Engine::new(ruleset, Resume::default()).unwrap(),
            position: Position::default(),
        }
    }

    fn at(&mut self, at: Time, event: Event) -> Step {
        self.position = self.position.next();
        self.engine.step(&LogEntry {
            position: self.position,
            at,
            event,
        })
    }

    fn take(&mut self, at: Time, record: AlarmRecord) -> Step {
        self.at(at, Event::Record(Arc::new(record)))
    }
}

fn kinds(desk: &mut Desk, records: Vec<AlarmRecord>) -> Vec<AlarmType> {
    records
        .into_iter()
        .map(|record| {
            desk.take(START, record).notifications[0]
                .alarm
                .kind
                .unwrap()
        })
        .collect()
}

#[test]
fn the_type_of_a_record_is_inferred_from_its_tree() {
    let mut desk = Desk::new(ruleset(vec![rule("all", "")], vec![contact("noc")]));
    let mut changed = record("E", Severity::Major);
    changed.value = "12".to_owned();
    let kinds = kinds(
        &mut desk,
        vec![
            record("E", Severity::Minor),
            record("E", Severity::Critical),
            record("E", Severity::Major),
            changed,
            cleared("E"),
            record("E", Severity::Minor),
        ],
    );
    use AlarmType::{Cleared, Dropped, Escalated, NewAlarm, ValueChanged};
    assert_eq!(
        kinds,
        [
            NewAlarm,
            Escalated,
            Dropped,
            ValueChanged,
            Cleared,
            NewAlarm
        ]
    );
}

#[test]
fn a_rule_can_ask_for_an_inferred_type() {
    let rules = ruleset(vec![rule("new", "type = new_alarm")], vec![contact("noc")]);
    assert_eq!(
        rules.candidates(&record("E", Severity::Minor)).len(),
        1,
        "intake cannot know yet"
    );
    let mut desk = Desk::new(rules);
    assert_eq!(
        desk.take(START, record("E", Severity::Minor))
            .messages
            .len(),
        1
    );
    assert!(
        desk.take(START, record("E", Severity::Major))
            .messages
            .is_empty(),
        "it escalated"
    );
}

#[test]
fn a_contact_hears_of_a_record_once_and_is_told_which_rules_agreed() {
    let rules = vec![
        rule("first", "severity = critical"),
        rule("second", "element like \"E*\""),
    ];
    let mut desk = Desk::new(ruleset(rules, vec![contact("noc"), contact("lead")]));
    let step = desk.take(START, record("E", Severity::Critical));
    let told: Vec<&str> = step
        .messages
        .iter()
        .map(|message| message.contact.as_str())
        .collect();
    assert_eq!(told, ["noc", "lead"]);
    assert_eq!(step.notifications.len(), 1);
    assert_eq!(
        step.notifications[0].reason,
        "matches severity = critical; also matched by second"
    );
}

#[test]
fn an_also_rule_speaks_beside_and_a_shadow_rule_takes_nobodys_place() {
    let mut shadow = rule("shadow", "");
    shadow.shadow = true;
    let mut also = rule("also", "");
    also.also = true;
    let mut desk = Desk::new(ruleset(
        vec![shadow, also, rule("real", "")],
        vec![contact("noc")],
    ));
    let step = desk.take(START, record("E", Severity::Critical));
    let rules: Vec<&str> = step
        .notifications
        .iter()
        .map(|notification| notification.rule.as_str())
        .collect();
    assert_eq!(rules, ["shadow", "also", "real"]);
    assert_eq!(
        step.messages
            .iter()
            .map(|message| message.shadow)
            .collect::<Vec<_>>(),
        [true, false, false]
    );
}

#[test]
fn a_contact_that_is_off_and_a_rule_that_is_off_say_nothing() {
    let mut off = contact("off");
    off.enabled = false;
    let mut silent = rule("silent", "");
    silent.enabled = false;
    let rules = ruleset(vec![silent, rule("all", "")], vec![off, contact("noc")]);
    assert_eq!(rules.candidates(&record("E", Severity::Minor)).len(), 1);
    let step = Desk::new(rules).take(START, record("E", Severity::Minor));
    assert_eq!(step.messages.len(), 1);
    assert_eq!(step.messages[0].contact.as_str(), "noc");
}

#[test]
fn a_clear_inherits_the_worst_its_alarm_has_been() {
    let mut desk = Desk::new(ruleset(vec![rule("all", "")], vec![contact("noc")]));
    desk.take(START, record("E", Severity::Critical));
    desk.take(START, record("E", Severity::Minor));
    let step = desk.take(START, cleared("E"));
    assert_eq!(step.messages[0].severity, Severity::Critical);
    assert_eq!(
        desk.take(START, record("E", Severity::Minor)).messages[0].severity,
        Severity::Minor
    );
}

#[test]
fn a_given_new_alarm_starts_a_new_occurrence() {
    let mut desk = Desk::new(ruleset(vec![rule("all", "")], vec![contact("noc")]));
    desk.take(START, record("E", Severity::Critical));
    let mut again = record("E", Severity::Minor);
    again.kind = Some(AlarmType::NewAlarm);
    assert_eq!(
        desk.take(START, again).messages[0].severity,
        Severity::Minor
    );
}

#[test]
fn a_silent_tree_is_forgotten_when_its_time_has_come_and_not_before() {
    let mut desk = Desk::new(ruleset(vec![rule("all", "")], vec![contact("noc")]));
    let seen = record("E", Severity::Minor);
    desk.take(START, seen.clone());
    let due = START + FORGET;
    assert_eq!(desk.engine.next_deadline(), Some(due));
    assert_eq!(desk.engine.fire(due - Duration::from_millis(1)), None);
    let step = desk.engine.fire(due).unwrap();
    assert_eq!(step.closed_trees, [seen.tree()]);
    assert!(matches!(step.rows.as_slice(), [RowChange::Delete { .. }]));
    assert_eq!(desk.engine.next_deadline(), None);
}

#[test]
fn a_jump_of_the_wall_clock_moves_every_wait_also_over_a_restart() {
    let rules = ruleset(vec![rule("all", "")], vec![contact("noc")]);
    let mut desk = Desk::new(Arc::clone(&rules));
    let mut rows = desk.take(START, record("E", Severity::Minor)).rows;
    let step = desk.at(START, Event::ClockJump { by_ms: 3_600_000 });
    let jumped = START + FORGET + Duration::from_secs(3_600);
    assert_eq!(desk.engine.next_deadline(), Some(jumped));
    rows.extend(step.rows);
    let rows = rows.into_iter().map(|change| match change {
        RowChange::Put(row) => row,
        RowChange::Delete { .. } => panic!("nothing ended"),
    });
    let resume = Resume {
        rows: rows.collect(),
        engine_time: step.engine_time,
        ..Resume::default()
    };
    assert_eq!(
        Engine::new(rules, resume).unwrap().next_deadline(),
        Some(jumped)
    );
}

#[test]
fn time_never_goes_backwards() {
    let mut desk = Desk::new(ruleset(vec![rule("all", "")], vec![contact("noc")]));
    let later = START + Duration::from_secs(60);
    assert_eq!(
        desk.take(later, record("E", Severity::Minor)).engine_time,
        later
    );
    let step = desk.take(START, record("E", Severity::Minor));
    assert_eq!((step.engine_time, step.messages[0].created), (later, later));
}

#[test]
fn an_engine_that_is_loaded_again_goes_on_as_if_nothing_had_happened() {
    let rules = ruleset(vec![rule("all", "")], vec![contact("noc")]);
    let records = [
        record("E", Severity::Minor),
        record("F", Severity::Major),
        record("E", Severity::Critical),
        cleared("F"),
        record("F", Severity::Warning),
        cleared("E"),
    ];
    for cut in 0..records.len() {
        let mut whole = Desk::new(Arc::clone(&rules));
        let mut rows = std::collections::BTreeMap::new();
        let mut resume = Resume::default();
        for record in &records[..cut] {
            let step = whole.take(START, record.clone());
            resume = Resume {
                position: step.position,
                engine_time: step.engine_time,
                next_message: step.next_message,
                next_notification: step.next_notification,
                rows: Vec::new(),
            };
            for change in step.rows {
                match change {
                    RowChange::Put(row) => drop(rows.insert((row.kind, row.key.clone()), row)),
                    RowChange::Delete { kind, key } => drop(rows.remove(&(kind, key))),
                }
            }
        }
        resume.rows = rows.into_values().collect();
        let mut loaded = Desk {
            engine: Engine::new(Arc::clone(&rules), resume).unwrap(),
            position: whole.position,
        };
        for record in &records[cut..] {
            assert_eq!(
                loaded.take(START, record.clone()),
                whole.take(START, record.clone()),
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn a_row_that_cannot_be_read_is_an_error_with_its_name() {
    let row = klaxond::model::Row {
        kind: klaxond::model::RowKind::Tree,
        key: "k".to_owned(),
        value: "{".to_owned(),
    };
    let resume = Resume {
        rows: vec![row],
        ..Resume::default()
    };
    let error = Engine::new(ruleset(Vec::new(), Vec::new()), resume)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("the tree row \"k\" in the database cannot be read"),
        "{error}"
    );
}
