//! Rules that can never fire: legal, and surely not what was meant.

use std::ops::RangeInclusive;

use crate::engine::filter::ast::{Comparison, Expression, Literal, Relation, Statement, Test};
use crate::engine::filter::{Field, Logic, Name};
use crate::engine::{Limits, Rule, Trigger};
use crate::model::{AlarmType, Status};

use super::reader::Table;

/// Warns when `rule` can never fire.
pub(super) fn warn(table: &Table<'_>, rule: &Rule, limits: Limits) {
    if !rule.enabled {
        return;
    }
    let found = too_many_times(rule, limits)
        .or_else(|| impossible_condition(rule, limits))
        .or_else(|| contradiction(rule))
        .or_else(|| only_ended(rule));
    if let Some(Futile { key, why, help }) = found {
        let message = format!("the rule \"{}\" can never fire: {why}", rule.name);
        table.warn(key, &message, &help);
    }
}

struct Futile {
    key: &'static str,
    why: String,
    help: String,
}

fn too_many_times(rule: &Rule, limits: Limits) -> Option<Futile> {
    let Trigger::Times { times, .. } = rule.trigger else {
        return None;
    };
    let most = limits.alarms_per_bucket;
    (usize::try_from(times).unwrap_or(usize::MAX) > most).then(|| Futile {
        key: "trigger",
        why: format!("a window holds at most {most} events (correlation.max_alarms_per_bucket)"),
        help: "lower `times`, or raise the limit".to_owned(),
    })
}

fn impossible_condition(rule: &Rule, limits: Limits) -> Option<Futile> {
    let condition = rule.condition.as_ref()?;
    let sizes = sizes(rule, limits);
    let shared = rule.group_by.as_deref().unwrap_or_default();
    if condition.can_hold_of(sizes.clone(), shared) {
        return None;
    }
    let (why, help) = if condition.can_hold_of(sizes.clone(), &[]) {
        let alike: Vec<String> = shared.iter().map(|field| format!("`{field}`")).collect();
        let why = format!(
            "the alarms of a bucket are alike in {}, and `{condition}` does not hold of such",
            alike.join(", ")
        );
        (why, "take what is to differ out of `group_by`".to_owned())
    } else if *sizes.end() > 1 {
        let why = format!(
            "`{condition}` holds of no bucket of {} to {} alarms",
            sizes.start(),
            sizes.end()
        );
        (why, "write a condition that can hold".to_owned())
    } else if rule.single_events {
        let why =
            format!("each event is judged by itself, and `{condition}` does not hold of one alarm");
        let help = "add single_events = false to count alarms that are open together, or a trigger such as { times = 3, within = \"10m\" } or { collect = \"1m\" } to count events";
        (why, help.to_owned())
    } else {
        let why = format!(
            "`group_by` has `id`, so that a bucket is one alarm, and `{condition}` does not hold of one"
        );
        (why, "take `id` out of `group_by`".to_owned())
    };
    Some(Futile {
        key: "condition",
        why,
        help,
    })
}

/// How many alarms there may be when the condition is asked.
fn sizes(rule: &Rule, limits: Limits) -> RangeInclusive<usize> {
    let most = limits.alarms_per_bucket;
    let by_id = rule
        .group_by
        .as_ref()
        .is_some_and(|fields| fields.contains(&Field::Id));
    match rule.trigger {
        Trigger::Immediate if rule.single_events => 1..=1,
        // The window of a rule that follows alarms counts those that began; the condition is asked
        // of those that are open.
        Trigger::Times { times, .. } if rule.single_events => {
            usize::try_from(times).unwrap_or(usize::MAX).min(most)..=most
        }
        Trigger::Immediate | Trigger::Persist(_) | Trigger::Collect(_) | Trigger::Times { .. }
            if by_id && !rule.single_events =>
        {
            1..=1
        }
        Trigger::Immediate | Trigger::Persist(_) | Trigger::Collect(_) | Trigger::Times { .. } => {
            1..=most
        }
    }
}

/// A filter that wants one field to be two things at once.
fn contradiction(rule: &Rule) -> Option<Futile> {
    let mut wanted: Vec<(&Field, Name)> = Vec::new();
    for statement in required(rule.filter.as_ref()?.expression()) {
        let Statement::Comparison(Comparison {
            field,
            test: Test::Is(Relation::Equal, Literal::Name(name)),
        }) = statement
        else {
            continue;
        };
        if wanted
            .iter()
            .any(|(other, is)| *other == field && is != name)
        {
            return Some(Futile {
                key: "filter",
                why: format!("the filter wants `{field}` to be two things at once"),
                help: format!("write `or` between them, or `{field} in […]`"),
            });
        }
        wanted.push((field, *name));
    }
    None
}

/// A rule that follows alarms and takes only those that have ended, or that are masked.
fn only_ended(rule: &Rule) -> Option<Futile> {
    let filter = rule.filter.as_ref().filter(|_| !rule.single_events)?;
    let statement = required(filter.expression()).find(|statement| is_ended(statement))?;
    Some(Futile {
        key: "filter",
        why: format!(
            "with single_events = false a bucket holds open alarms, and `{statement}` takes none of them"
        ),
        help: "take it out of the filter; on_clear = true tells that an alarm has ended".to_owned(),
    })
}

/// The statements of which each must hold.
fn required(expression: &Expression) -> impl Iterator<Item = &Statement> {
    let parts: Vec<&Expression> = match expression {
        Logic::And(parts) => parts.iter().collect(),
        other @ (Logic::Leaf(_) | Logic::Not(_) | Logic::Or(_)) => vec![other],
    };
    parts.into_iter().filter_map(|part| match part {
        Logic::Leaf(statement) => Some(statement),
        Logic::Not(_) | Logic::And(_) | Logic::Or(_) => None,
    })
}

fn is_ended(statement: &Statement) -> bool {
    let ended = |literal: &Literal| {
        matches!(
            literal,
            Literal::Name(
                Name::Status(Status::Cleared | Status::Masked) | Name::Type(AlarmType::Cleared)
            )
        )
    };
    let Statement::Comparison(comparison) = statement else {
        return false;
    };
    match &comparison.test {
        Test::Is(Relation::Equal, literal) => ended(literal),
        Test::In {
            negated: false,
            values,
        } => values.iter().all(ended),
        Test::Is(..)
        | Test::In { .. }
        | Test::Like { .. }
        | Test::Contains { .. }
        | Test::Matches { .. } => false,
    }
}
