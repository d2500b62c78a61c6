//! `[[rules]]`: which records are told to whom, with which template.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::engine::filter::Named;
use crate::engine::{Limits, Rule};
use crate::model::{ContactId, RuleId, TemplateId};
use crate::whatsapp::template::Template;

use super::confirm::Confirm;
use super::contacts::why;
use super::correlating;
use super::escalating;
use super::fault::Fault;
use super::filters;
use super::futile;
use super::inhibiting;
use super::keys;
use super::names::Names;
use super::page::Problem;
use super::reader::Table;
use super::telling;
use super::times::Times;
use super::whom::{self, Whom};

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
    pub(super) times: &'a Times,
    pub(super) names: &'a Names,
    /// Contacts that are off.
    pub(super) off: BTreeSet<&'a ContactId>,
    /// Every template that the file gives.
    pub(super) templates: &'a [TemplateId],
    /// Those that can be used.
    pub(super) compiled: &'a [Template],
    pub(super) limits: Limits,
    pub(super) max_rules: usize,
    /// Everyone, in the order of the file.
    pub(super) contacts: &'a [ContactId],
    /// What rules that say nothing want of their messages.
    pub(super) confirm: Confirm,
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
    let most = known.max_rules;
    if tables.len() > most {
        let message = format!("there are more than {most} rules");
        let fault = Fault::maybe_at(file.span_of("rules"), message);
        page.fault(fault.help("remove some, or raise max_rules in [correlation]"));
    }
    let mut rules = Vec::new();
    let mut entries = Vec::new();
    let mut ids: BTreeMap<RuleId, Range<usize>> = BTreeMap::new();
    let mut default_missing = false;
    for table in tables.iter().take(most) {
        let identity = identity(table, &mut ids);
        let description = table.text("description").map(|text| text.text.to_owned());
        let enabled = table.flag("enabled", true);
        let filter = filters::filter(table, known.filters);
        let correlation = correlating::read(table, known.filters);
        let notify = notify(table, known, enabled);
        let template = template(table, known.templates, &mut default_missing);
        let telling = telling::read(table, known, template.as_ref());
        let confirm = known.confirm.of_rule(table);
        let escalate = escalating::read(table, known, notify.as_ref());
        let also = table.flag("also", false);
        let shadow = table.flag("shadow", false);
        let active = known.times.named(table, "active");
        let mute = known.times.named(table, "mute");
        let inhibited_by = inhibiting::read(table);
        if let Some((id, name)) = &identity {
            entries.push(inhibiting::Entry {
                table,
                id: id.clone(),
                name: name.clone(),
                named: inhibited_by.unwrap_or_default(),
            });
        }
        if let (
            Some((id, name)),
            Ok(filter),
            Ok(correlation),
            Some(notify),
            Some(template),
            Some(telling),
            Some(escalate),
            Some(active),
            Some(mute),
        ) = (
            identity,
            filter,
            correlation,
            notify,
            template,
            telling,
            escalate,
            active,
            mute,
        ) {
            let rule = Rule {
                id,
                name,
                description: description.unwrap_or_default(),
                enabled,
                filter,
                single_events: correlation.single_events,
                group_by: correlation.group_by,
                condition: correlation.condition,
                trigger: correlation.trigger,
                clear_after: correlation.clear_after,
                base_alarms: correlation.base_alarms,
                notify,
                escalate,
                escalated: telling::of_kind("escalated", known, &template),
                confirm: confirm.within(),
                active,
                mute,
                inhibited_by: Vec::new(),
                template,
                on_update: telling.on_update,
                update_every: telling.update_every,
                on_clear: telling.on_clear,
                reminder: telling.reminder,
                also,
                shadow,
            };
            futile::warn(table, &rule, known.limits);
            warn_silent(table, &rule, known.times);
            rules.push(rule);
        }
    }
    inhibiting::resolve(&entries, &mut rules);
    rules
}

/// A rule that has no time at which it speaks.
fn warn_silent(table: &Table<'_>, rule: &Rule, times: &Times) {
    if !rule.enabled {
        return;
    }
    let (key, why) = if !rule.active.is_empty() && times.never(&rule.active) {
        ("active", "none of its `active` times holds")
    } else if times.always(&rule.mute) {
        ("mute", "its `mute` times always hold")
    } else if times.never_without(&rule.active, &rule.mute) {
        (
            "mute",
            "its `mute` times hold whenever its `active` times do",
        )
    } else {
        return;
    };
    let message = format!("the rule \"{}\" never speaks: {why}", rule.name);
    table.warn(
        key,
        &message,
        "look at the times it names, as they are in the next two years",
    );
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

/// Who is told: `Some(None)` is everyone, `None` says that the key is wrong.
fn notify(
    table: &Table<'_>,
    known: &References<'_>,
    enabled: bool,
) -> Option<Option<Vec<ContactId>>> {
    if table.get("notify").is_none() {
        return Some(None);
    }
    if table.texts("notify")?.is_empty() {
        let problem = Problem::new("`notify` is empty: the rule reaches nobody");
        table.fault(
            "notify",
            problem.help("name contacts or groups, or leave it out for everyone"),
        );
        return None;
    }
    let Whom::These(ids) = whom::many(table, "notify", known.names)? else {
        return Some(None);
    };
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
    let (message, help) = match &given {
        Some(_) if near.is_some() || wanted != DEFAULT_TEMPLATE => missing(wanted, near),
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

/// What to say of a template that is not there.
pub(super) fn missing(wanted: &str, near: Option<&str>) -> (String, String) {
    let help = match near {
        Some(near) => format!("write \"{near}\""),
        None => format!("write [templates.{wanted}] with what Meta approved, or name another"),
    };
    (format!("there is no template \"{wanted}\""), help)
}
