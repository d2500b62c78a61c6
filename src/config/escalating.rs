//! `escalate`: who is told when nobody takes an alarm.

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::DeValue;

use crate::engine::Escalation;
use crate::model::ContactId;

use super::correlating::needs_trees;
use super::fault::Fault;
use super::keys;
use super::page::Problem;
use super::reader::Table;
use super::rules::References;
use super::whom::{self, Whom};

const MAX_STEPS: usize = 16;

const EXAMPLE: &str =
    "write escalate = [{ after = \"10m\", unless = \"acknowledged\", notify = [\"lead\"] }]";

/// The steps, the earliest first; `None` when they are wrong, which is told.
pub(super) fn read(
    rule: &Table<'_>,
    known: &References<'_>,
    notify: Option<&Option<Vec<ContactId>>>,
) -> Option<Vec<Escalation>> {
    let Some(value) = rule.get("escalate") else {
        return Some(Vec::new());
    };
    let DeValue::Array(items) = value.get_ref() else {
        rule.wrong_type("escalate", value, "a list of tables", EXAMPLE);
        return None;
    };
    let follows = !needs_trees(rule, "escalate");
    if items.len() > MAX_STEPS {
        let problem = Problem::new(format!("`escalate` has more than {MAX_STEPS} steps"));
        rule.fault("escalate", problem.help("write fewer"));
        return None;
    }
    let mut steps: Vec<Escalation> = Vec::with_capacity(items.len());
    let mut told: BTreeSet<&ContactId> = match notify? {
        Some(ids) => ids.iter().collect(),
        None => known.contacts.iter().collect(),
    };
    let mut good = true;
    for item in items.iter() {
        let name = keys::ESCALATION.name.to_owned();
        let Some(table) = rule.as_table(item, &keys::ESCALATION, name) else {
            rule.wrong_type("escalate", item, "a table", EXAMPLE);
            good = false;
            continue;
        };
        let Some(step) = step(&table, known) else {
            good = false;
            continue;
        };
        if let Some(last) = steps.last()
            && step.after <= last.after
        {
            let problem = Problem::new("this step is not later than the one before it");
            table.fault(
                "after",
                problem.help(
                    "write the steps in the order of their times, which count from the raise",
                ),
            );
            good = false;
        }
        let fresh = |id: &&ContactId| !known.off.contains(id) && !told.contains(id);
        if known
            .contacts
            .iter()
            .filter(|id| step.notify.contains(id))
            .all(|id| !fresh(&id))
        {
            table.warn(
                "notify",
                "this escalation tells nobody who is not told already",
                "name somebody else, or take it out",
            );
        }
        told.extend(known.contacts.iter().filter(|id| step.notify.contains(id)));
        steps.push(step);
    }
    (good && follows).then_some(steps)
}

fn step(table: &Table<'_>, known: &References<'_>) -> Option<Escalation> {
    for key in ["after", "notify"] {
        if table.get(key).is_none() {
            table.missing(&format!("`{key}`"), EXAMPLE);
            return None;
        }
    }
    table.word("unless", &[("acknowledged", ())], ());
    let bounds = Duration::from_secs(1)..=Duration::from_secs(31 * 86_400);
    let after = table.duration("after", bounds, Duration::from_secs(600));
    let notify = match whom::many(table, "notify", known.names)? {
        Whom::Everyone => known.contacts.to_vec(),
        Whom::These(ids) => ids,
    };
    if notify.is_empty() {
        let span = table.get("notify").map(toml::Spanned::span);
        let fault = Fault::maybe_at(span, "`notify` is empty: the escalation reaches nobody");
        table.page.fault(fault.help("name contacts or groups"));
        return None;
    }
    Some(Escalation { after, notify })
}
