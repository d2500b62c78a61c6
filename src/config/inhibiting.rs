//! `inhibited_by`: rules that say enough while they are raised.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::DeValue;

use crate::engine::filter::Field;
use crate::engine::{Inhibitor, Rule};
use crate::model::RuleId;

use super::fault::Fault;
use super::filters;
use super::keys;
use super::page::{Problem, Text};
use super::reader::Table;

const MAX_INHIBITORS: usize = 64;

const EXAMPLE: &str = "write inhibited_by = [\"Site down\"], or [{ rule = \"Site down\", equal = [\"property.Site\"] }]";

/// One as it is written; the rule it names may stand further down.
pub(super) struct Named<'d> {
    rule: Text<'d>,
    equal: Vec<Field>,
}

/// What the rule names; `None` when it is wrong, which is told.
pub(super) fn read<'d>(rule: &Table<'d>) -> Option<Vec<Named<'d>>> {
    const KEY: &str = "inhibited_by";
    let Some(value) = rule.get(KEY) else {
        return Some(Vec::new());
    };
    let DeValue::Array(items) = value.get_ref() else {
        rule.wrong_type(KEY, value, "a list", EXAMPLE);
        return None;
    };
    if items.len() > MAX_INHIBITORS {
        let problem = Problem::new(format!("`{KEY}` names more than {MAX_INHIBITORS} rules"));
        rule.fault(KEY, problem.help("name fewer"));
        return None;
    }
    let read: Vec<Option<Named<'d>>> = items.iter().map(|item| one(rule, item)).collect();
    read.into_iter().collect()
}

fn one<'d>(rule: &Table<'d>, item: &'d Spanned<DeValue<'d>>) -> Option<Named<'d>> {
    if let Some(text) = item.get_ref().as_str() {
        let span = item.span();
        let rule = Text { text, span };
        return Some(Named {
            rule,
            equal: Vec::new(),
        });
    }
    let name = "this entry of `inhibited_by`".to_owned();
    let Some(table) = rule.as_table(item, &keys::INHIBITOR, name) else {
        rule.wrong_type("inhibited_by", item, "a list of rules", EXAMPLE);
        return None;
    };
    let named = table.required("rule", EXAMPLE);
    let equal = if table.get("equal").is_some() {
        let texts = table.texts("equal")?;
        let fields: Vec<Option<Field>> = texts
            .iter()
            .map(|text| {
                table.parse(text, |text| {
                    Field::parse(text).map_err(|error| filters::problem("equal", error))
                })
            })
            .collect();
        fields.into_iter().collect::<Option<_>>()?
    } else {
        Vec::new()
    };
    named.map(|rule| Named { rule, equal })
}

/// A rule that has a name, with what it names.
pub(super) struct Entry<'t, 'd> {
    pub(super) table: &'t Table<'d>,
    pub(super) id: RuleId,
    pub(super) name: String,
    pub(super) named: Vec<Named<'d>>,
}

/// Finds the rules that are named, when all of them are known; `rules` are those that can be used.
pub(super) fn resolve(entries: &[Entry<'_, '_>], rules: &mut [Rule]) {
    let ids: BTreeMap<&str, &RuleId> = entries
        .iter()
        .map(|entry| (entry.id.as_str(), &entry.id))
        .collect();
    let mut names: BTreeMap<&str, Vec<&RuleId>> = BTreeMap::new();
    for entry in entries {
        names.entry(&entry.name).or_default().push(&entry.id);
    }
    let whom = |text: &str| match (ids.get(text), names.get(text).map(Vec::as_slice)) {
        (Some(id), _) | (None, Some([id])) => Ok((*id).clone()),
        (None, Some([_, _, ..])) => {
            let message = format!("more than one rule is called \"{text}\"");
            Err(Problem::new(message).help("give each an `id`, and name that"))
        }
        (None, _) => {
            let known = ids.keys().chain(names.keys()).copied();
            let help = match keys::nearest(text, known) {
                Some(near) => format!("write \"{near}\""),
                None => "name a rule of this file by its `name` or `id`".to_owned(),
            };
            Err(Problem::new(format!("no rule is called \"{text}\"")).help(help))
        }
    };
    for Entry {
        table, id, named, ..
    } in entries
    {
        let mut inhibitors = Vec::with_capacity(named.len());
        for one in named {
            match whom(one.rule.text.trim()) {
                Ok(other) if other == *id => {
                    let fault = Fault::at(one.rule.span.clone(), "a rule cannot inhibit itself");
                    let help = "take it out, or name another rule";
                    table.page.fault(fault.help(help));
                }
                Ok(other) => {
                    if let Some(other) = rules.iter().find(|rule| rule.id == other) {
                        warn_idle(table, &one.rule, other);
                    }
                    inhibitors.push(Inhibitor {
                        rule: other,
                        equal: one.equal.clone(),
                    });
                }
                Err(problem) => {
                    let fault = problem.at(Some(one.rule.span.clone()));
                    table.page.fault(fault.follows());
                }
            }
        }
        if let Some(rule) = rules.iter_mut().find(|rule| rule.id == *id) {
            rule.inhibited_by = inhibitors;
        }
    }
    let tables: Vec<&Table<'_>> = rules
        .iter()
        .filter_map(|rule| entries.iter().find(|entry| entry.id == rule.id))
        .map(|entry| entry.table)
        .collect();
    warn_circles(&tables, rules);
}

/// A rule that is never raised inhibits nothing.
fn warn_idle(table: &Table<'_>, named: &Text<'_>, other: &Rule) {
    let (why, help) = if !other.enabled {
        ("it is off", "set enabled = true on it, or take it out here")
    } else if other.single_events {
        (
            "it tells events, which do not last",
            "add single_events = false to it, or take it out here",
        )
    } else {
        return;
    };
    let message = format!("the rule \"{}\" inhibits nothing: {why}", other.name);
    table
        .page
        .warn(Fault::at(named.span.clone(), message).help(help));
}

/// Rules that inhibit each other: which of them speaks depends on which was first.
fn warn_circles(tables: &[&Table<'_>], rules: &[Rule]) {
    let places: BTreeMap<&RuleId, usize> = rules
        .iter()
        .enumerate()
        .map(|(place, rule)| (&rule.id, place))
        .collect();
    let next = |place: usize| {
        let inhibitors = rules
            .get(place)
            .into_iter()
            .flat_map(|rule| &rule.inhibited_by);
        inhibitors.filter_map(|one| places.get(&one.rule).copied())
    };
    let mut told: BTreeSet<usize> = BTreeSet::new();
    for (start, table) in tables.iter().enumerate() {
        if told.contains(&start) {
            continue;
        }
        // Breadth first, with the way that leads there.
        let mut from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue: std::collections::VecDeque<usize> = [start].into();
        let mut back = None;
        while let Some(place) = queue.pop_front() {
            for other in next(place) {
                if other == start {
                    back = back.or(Some(place));
                } else if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(other)
                {
                    entry.insert(place);
                    queue.push_back(other);
                }
            }
            if back.is_some() {
                break;
            }
        }
        let Some(last) = back else { continue };
        let way = std::iter::successors(Some(last), |place| from.get(place).copied());
        let mut way: Vec<usize> = way.take_while(|place| *place != start).collect();
        way.reverse();
        told.insert(start);
        told.extend(&way);
        let names: Vec<String> = way
            .iter()
            .filter_map(|place| rules.get(*place))
            .map(|rule| format!("\"{}\"", rule.name))
            .collect();
        let name = rules.get(start).map_or("", |rule| rule.name.as_str());
        table.warn(
            "inhibited_by",
            &format!(
                "the rule \"{name}\" inhibits itself by way of {}",
                names.join(", ")
            ),
            "which of them speaks depends on which was raised first; take one of them out",
        );
    }
}
