//! The part of a rule that makes alarms into buckets and says when one is told.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::de::DeValue;

use crate::engine::condition::Condition;
use crate::engine::filter::{Field, Named};
use crate::engine::{BaseAlarms, Trigger};

use super::fault::Fault;
use super::filters;
use super::keys;
use super::page::{Problem, Told};
use super::reader::Table;

const MAX_FIELDS: usize = 16;
const MAX_TIMES: u64 = 1_000_000;

/// From a second, as in DataMiner, to longer than any alarm is of interest.
const SPANS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(31 * 86_400);

const TRIGGERS: &str = "write \"immediate\", { persist = \"5m\" }, { collect = \"1m\" } or { times = 3, within = \"10m\" }";

/// What a rule says of its buckets.
pub(super) struct Correlating {
    pub(super) single_events: bool,
    pub(super) group_by: Option<Vec<Field>>,
    pub(super) condition: Option<Condition>,
    pub(super) trigger: Trigger,
    pub(super) clear_after: Duration,
    pub(super) base_alarms: Option<BaseAlarms>,
}

pub(super) fn read(rule: &Table<'_>, named: &Named) -> Result<Correlating, Told> {
    let single_events = rule.flag("single_events", true);
    let group_by = group_by(rule);
    let condition = filters::condition(rule, named);
    let trigger = trigger(rule);
    let clear_after = span_of_trees(rule, "clear_after");
    let base_alarms = base_alarms(rule, named);
    Ok(Correlating {
        single_events,
        group_by: group_by?,
        condition: condition?,
        trigger: trigger?,
        clear_after,
        base_alarms: base_alarms?,
    })
}

/// A fault if `key` asks for what only rules that follow alarms can do; whether it is one.
pub(super) fn needs_trees(rule: &Table<'_>, key: &str) -> bool {
    let single_events = tells_events(rule);
    if single_events {
        let problem = Problem::new(format!("`{key}` needs single_events = false"));
        rule.fault(
            key,
            problem.help(
                "add single_events = false to follow each alarm until it clears, or take this key out",
            ),
        );
    }
    single_events
}

/// Whether every record is an event; not where `single_events` is wrong, which is told by itself.
fn tells_events(rule: &Table<'_>) -> bool {
    let given = rule.get("single_events");
    given.is_none_or(|value| matches!(value.get_ref(), DeValue::Boolean(true)))
}

/// A span that has a meaning for rules that follow alarms only; zero when not given.
pub(super) fn span_of_trees(rule: &Table<'_>, key: &str) -> Duration {
    let span = rule.duration(key, Duration::ZERO..=*SPANS.end(), Duration::ZERO);
    if !span.is_zero() {
        needs_trees(rule, key);
    }
    span
}

fn group_by(rule: &Table<'_>) -> Result<Option<Vec<Field>>, Told> {
    if rule.get("group_by").is_none() {
        return Ok(None);
    }
    let texts = rule.texts("group_by").ok_or(Told)?;
    if texts.len() > MAX_FIELDS {
        let problem = Problem::new(format!("`group_by` names more than {MAX_FIELDS} fields"));
        rule.fault("group_by", problem.help("name fewer"));
        return Err(Told);
    }
    let mut good = true;
    let mut fields: Vec<Field> = Vec::with_capacity(texts.len());
    for text in &texts {
        let read = rule.parse(text, |text| {
            if text.eq_ignore_ascii_case("time") {
                return Err(Problem::new("group_by: alarms are not grouped by `time`")
                    .help("take it out; `trigger` says how long alarms are gathered"));
            }
            Field::parse(text).map_err(|error| filters::problem("group_by", error))
        });
        match read {
            Some(field) if fields.contains(&field) => {
                let fault = Fault::at(text.span.clone(), format!("`{field}` is named twice"));
                rule.page.warn(fault.help("take one of them out"));
            }
            Some(field) => fields.push(field),
            None => good = false,
        }
    }
    good.then_some(Some(fields)).ok_or(Told)
}

fn trigger(rule: &Table<'_>) -> Result<Trigger, Told> {
    let Some(value) = rule.get("trigger") else {
        return Ok(Trigger::Immediate);
    };
    match value.get_ref() {
        DeValue::String(text) if text == "immediate" => Ok(Trigger::Immediate),
        DeValue::String(text) => {
            let problem = Problem::new(format!("`trigger` cannot be \"{text}\""));
            rule.fault("trigger", problem.help(TRIGGERS));
            Err(Told)
        }
        DeValue::Table(_) => {
            let name = "the trigger".to_owned();
            let table = rule.as_table(value, &keys::TRIGGER, name).ok_or(Told)?;
            of_table(&table, tells_events(rule))
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => {
            rule.wrong_type("trigger", value, "text or a table", TRIGGERS);
            Err(Told)
        }
    }
}

fn of_table(table: &Table<'_>, single_events: bool) -> Result<Trigger, Told> {
    let has = |key: &str| table.get(key).is_some();
    let span = |key: &str| table.duration(key, SPANS, *SPANS.start());
    let wrong = |key: &str, message: &str, help: &str| {
        table.fault(key, Problem::new(message).help(help));
        Err(Told)
    };
    if has("collect") {
        return if has("persist") || has("times") || has("within") {
            wrong("collect", "`collect` stands by itself", TRIGGERS)
        } else {
            Ok(Trigger::Collect(span("collect")))
        };
    }
    if has("times") != has("within") {
        let (there, other) = match has("times") {
            true => ("times", "within"),
            false => ("within", "times"),
        };
        let message = format!("`{there}` needs `{other}`");
        return wrong(there, &message, "write { times = 3, within = \"10m\" }");
    }
    if has("times") {
        let times = table.number("times", 1..=MAX_TIMES, 1);
        return Ok(Trigger::Times {
            times: u32::try_from(times).unwrap_or(u32::MAX),
            within: span("within"),
            persist: if has("persist") {
                span("persist")
            } else {
                Duration::ZERO
            },
        });
    }
    if !has("persist") {
        let fault = Fault::maybe_at(table.span.clone(), "the trigger says nothing");
        table.page.fault(fault.help(TRIGGERS));
        return Err(Told);
    }
    if single_events {
        return wrong(
            "persist",
            "`persist` needs single_events = false: an event does not last",
            "add single_events = false to follow each alarm until it clears",
        );
    }
    Ok(Trigger::Persist(span("persist")))
}

fn base_alarms(rule: &Table<'_>, named: &Named) -> Result<Option<BaseAlarms>, Told> {
    let Some(value) = rule.get("base_alarms") else {
        return Ok(None);
    };
    let example = "write base_alarms = { filter = 'severity >= minor', around = \"5m\" }";
    let name = "`base_alarms`".to_owned();
    let Some(table) = rule.as_table(value, &keys::BASE_ALARMS, name) else {
        rule.wrong_type("base_alarms", value, "a table", example);
        return Err(Told);
    };
    let filter = filters::filter(&table, named);
    if table.get("around").is_none() {
        table.missing("`around`", example);
        return Err(Told);
    }
    let around = table.duration("around", SPANS, *SPANS.start());
    Ok(Some(BaseAlarms {
        filter: filter?,
        around,
    }))
}
