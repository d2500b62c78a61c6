//! `[[rules]]`: which records are told to whom, with which template.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeValue;

use crate::engine::Rule;
use crate::engine::filter::Named;
use crate::model::{ContactId, RuleId, TemplateId};

use super::contacts::why;
use super::fault::Fault;
use super::filters;
use super::keys;
use super::names::{EVERYONE, Names};
use super::page::Problem;
use super::reader::Table;

const MAX_RULES: usize = 1_000;

/// The template of a rule that names none.
const DEFAULT_TEMPLATE: &str = "alarm";

/// What to write when the default template is missing.
const TEMPLATE_EXAMPLE: &str = "write what Meta approved, for example:
[templates.alarm]
name = \"klaxond_alarm\"
language = \"en_US\"
text = \"Alarm {{1}} on {{2}}. Please check it.\"
parameters = [\"{{ alarm.severity }}\", \"{{ alarm.element }}\"]";

/// What rules refer to.
pub(super) struct References<'a> {
    pub(super) filters: &'a Named,
    pub(super) names: &'a Names,
    /// Contacts that are off.
    pub(super) off: BTreeSet<&'a ContactId>,
    pub(super) templates: &'a [TemplateId],
}

pub(super) fn read(file: &Table<'_>, known: &References<'_>) -> Vec<Rule> {
    let tables = file.tables("rules", &keys::RULE);
    let page = file.page;
    if tables.is_empty() && file.get("rules").is_none() {
        let fault = Fault::maybe_at(None, "there are no [[rules]]: no alarm is told to anyone");
        page.warn(
            fault
                .help("write [[rules]] with a name and a filter")
                .follows(),
        );
    }
    if tables.len() > MAX_RULES {
        let message = format!("there are more than {MAX_RULES} rules");
        page.fault(Fault::maybe_at(file.span_of("rules"), message).help("remove some"));
    }
    let mut rules = Vec::new();
    let mut ids: BTreeMap<RuleId, Range<usize>> = BTreeMap::new();
    let mut default_missing = false;
    for table in tables.iter().take(MAX_RULES) {
        let identity = identity(table, &mut ids);
        let description = table.text("description").map(|text| text.text.to_owned());
        let enabled = table.flag("enabled", true);
        let filter = filters::of_rule(table, known.filters);
        single_events(table);
        trigger(table);
        let notify = notify(table, known, enabled);
        let template = template(table, known.templates, &mut default_missing);
        let also = table.flag("also", false);
        let shadow = table.flag("shadow", false);
        if let (Some((id, name)), Ok(filter), Some(notify), Some(template)) =
            (identity, filter, notify, template)
        {
            rules.push(Rule {
                id,
                name,
                description: description.unwrap_or_default(),
                enabled,
                filter,
                notify,
                template,
                also,
                shadow,
            });
        }
    }
    rules
}

fn identity(
    table: &Table<'_>,
    ids: &mut BTreeMap<RuleId, Range<usize>>,
) -> Option<(RuleId, String)> {
    let name = table.required(
        "name",
        "write name = \"…\": messages and logs call the rule by it",
    )?;
    let given = table.text("id");
    let text = given.as_ref().unwrap_or(&name);
    let parse = |what: &'static str| {
        move |text: &str| {
            RuleId::parse(text).map_err(|fault| {
                Problem::new(format!("the {what} of this rule {}", why(fault)))
                    .help("write a short name, such as \"Critical alarms\"")
            })
        }
    };
    let id = table.parse(text, parse(if given.is_some() { "id" } else { "name" }))?;
    if given.is_some() {
        table.parse(&name, parse("name"))?;
    }
    if let Some(first) = ids.get(&id) {
        let fault = Fault::at(text.span.clone(), format!("two rules are called \"{id}\""))
            .help("rename one; rules are known by their `id`, which is their `name` unless given");
        table
            .page
            .fault(fault.other(first.clone(), "first given here"));
    } else {
        ids.insert(id.clone(), text.span.clone());
    }
    Some((id, name.text.trim().to_owned()))
}

fn single_events(table: &Table<'_>) {
    if !table.flag("single_events", true) {
        let problem = Problem::new("`single_events = false` is not available in this version");
        let help = "take it out: every matching record is told";
        table.fault("single_events", problem.help(help));
    }
}

fn trigger(table: &Table<'_>) {
    let Some(value) = table.get("trigger") else {
        return;
    };
    match value.get_ref() {
        DeValue::String(text) if text == "immediate" => {}
        DeValue::String(text) => {
            let problem = Problem::new(format!("`trigger` cannot be \"{text}\""));
            table.fault("trigger", problem.help("write \"immediate\""));
        }
        DeValue::Table(_) => {
            let message = "a `trigger` other than \"immediate\" is not available in this version";
            table.fault("trigger", Problem::new(message).help("write \"immediate\""));
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => table.wrong_type("trigger", value, "text", "write \"immediate\""),
    }
}

/// Who is told: `Some(None)` is everyone, `None` says that the key is wrong.
fn notify(
    table: &Table<'_>,
    known: &References<'_>,
    enabled: bool,
) -> Option<Option<Vec<ContactId>>> {
    if table.get("notify").is_none() {
        return Some(None);
    }
    let texts = table.texts("notify")?;
    if texts.is_empty() {
        let problem = Problem::new("`notify` is empty: the rule reaches nobody");
        table.fault(
            "notify",
            problem.help("name contacts or groups, or leave it out for everyone"),
        );
        return None;
    }
    let mut everyone = false;
    let mut good = true;
    let mut ids = Vec::new();
    let mut seen = BTreeSet::new();
    for text in &texts {
        if text.text.trim() == EVERYONE {
            everyone = true;
        } else if let Some(members) = known.names.resolve(text.text) {
            let fresh = members.into_iter().filter(|id| seen.insert(id.clone()));
            ids.extend(fresh);
        } else {
            good = false;
            let near = (!table.page.is_full())
                .then(|| known.names.nearest(text.text))
                .flatten();
            let help = match near {
                Some(near) => format!("write \"{near}\""),
                None => "name a contact, a group that a contact is in, or \"everyone\"".to_owned(),
            };
            let message = format!("no contact or group is called \"{}\"", text.text);
            table
                .page
                .fault(Fault::at(text.span.clone(), message).help(help).follows());
        }
    }
    if !good {
        return None;
    }
    if everyone {
        return Some(None);
    }
    if enabled && ids.iter().all(|id| known.off.contains(id)) {
        table.warn(
            "notify",
            "the rule reaches nobody: every contact it names is off",
            "set enabled = true on one of them, or enabled = false on the rule",
        );
    }
    Some(Some(ids))
}

fn template(
    table: &Table<'_>,
    templates: &[TemplateId],
    default_missing: &mut bool,
) -> Option<TemplateId> {
    let given = match table.get("template") {
        Some(_) => Some(table.text("template")?),
        None => None,
    };
    let wanted = given
        .as_ref()
        .map_or(DEFAULT_TEMPLATE, |text| text.text.trim());
    if let Some(id) = templates.iter().find(|id| id.as_str() == wanted) {
        return Some(id.clone());
    }
    let near = keys::nearest(wanted, templates.iter().map(TemplateId::as_str));
    let (message, help) = match (&given, near) {
        (Some(_), Some(near)) => (
            format!("there is no template \"{wanted}\""),
            format!("write \"{near}\""),
        ),
        (Some(_), None) if wanted != DEFAULT_TEMPLATE => (
            format!("there is no template \"{wanted}\""),
            format!("write [templates.{wanted}] with what Meta approved, or name another"),
        ),
        _ => (
            "the rule uses the template \"alarm\", and there is none".to_owned(),
            TEMPLATE_EXAMPLE.to_owned(),
        ),
    };
    // One missing default is one mistake, however many rules rely on it.
    if given.is_some() || !std::mem::replace(default_missing, true) {
        let span = given.map(|text| text.span).or_else(|| table.span.clone());
        table
            .page
            .fault(Fault::maybe_at(span, message).help(help).follows());
    }
    None
}
