//! What a rule tells besides the raise, and with which templates.

use std::time::Duration;

use toml::de::DeValue;

use crate::engine::Reminder;
use crate::model::TemplateId;

use super::correlating::{needs_trees, span_of_trees};
use super::fault::Fault;
use super::keys;
use super::reader::Table;
use super::rules::{References, missing};

/// Variables of which at least one tells a clear from a raise.
const TELLING: [&str; 4] = [
    "notification.kind",
    "alarm.type",
    "alarm.severity",
    "alarm.status",
];

/// What is told besides the raise.
pub(super) struct Telling {
    pub(super) on_update: Option<TemplateId>,
    pub(super) update_every: Duration,
    pub(super) on_clear: Option<TemplateId>,
    pub(super) reminder: Option<Reminder>,
}

/// `raise` is the template of the rule; without one nothing can be said of the others.
pub(super) fn read(
    rule: &Table<'_>,
    known: &References<'_>,
    raise: Option<&TemplateId>,
) -> Option<Telling> {
    let raise = raise?;
    let on_update = template(rule, "on_update", "updated", known, raise);
    let on_clear = template(rule, "on_clear", "cleared", known, raise);
    let update_every = span_of_trees(rule, "update_every");
    if !update_every.is_zero() && matches!(on_update, Some(None)) {
        rule.warn(
            "update_every",
            "`update_every` does nothing: the rule tells no updates",
            "add on_update = true, or take this key out",
        );
    }
    let reminder = repeat_every(rule).map(|every| Reminder {
        every,
        template: of_kind("reminder", known, raise),
    });
    let telling = Telling {
        on_update: on_update?,
        update_every,
        on_clear: on_clear?,
        reminder,
    };
    if telling.on_clear.as_ref() == Some(raise) {
        warn_alike(rule, known, raise);
    }
    Some(telling)
}

fn repeat_every(rule: &Table<'_>) -> Option<Duration> {
    rule.get("repeat_every")?;
    let bounds = Duration::from_secs(10)..=Duration::from_secs(31 * 86_400);
    let every = rule.duration("repeat_every", bounds, Duration::from_secs(3_600));
    (!needs_trees(rule, "repeat_every")).then_some(every)
}

/// `true` or the name of a template; `Some(None)` when it is not wanted, `None` when it is wrong.
fn template(
    rule: &Table<'_>,
    key: &str,
    kind: &str,
    known: &References<'_>,
    raise: &TemplateId,
) -> Option<Option<TemplateId>> {
    let Some(value) = rule.get(key) else {
        return Some(None);
    };
    let chosen = match value.get_ref() {
        DeValue::Boolean(false) => return Some(None),
        DeValue::Boolean(true) => of_kind(kind, known, raise),
        DeValue::String(text) => {
            let wanted = text.trim();
            let Some(id) = known.templates.iter().find(|id| id.as_str() == wanted) else {
                let ids = known.templates.iter().map(TemplateId::as_str);
                let (message, help) = missing(wanted, keys::nearest(wanted, ids));
                let fault = Fault::at(value.span(), message).help(help);
                rule.page.fault(fault.follows());
                return None;
            };
            id.clone()
        }
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => {
            let help = format!("write {key} = true, or the name of a template");
            rule.wrong_type(key, value, "true or the name of a template", &help);
            return None;
        }
    };
    (!needs_trees(rule, key)).then_some(Some(chosen))
}

/// The template that is named after what is said, where there is one; else the rule's.
pub(super) fn of_kind(kind: &str, known: &References<'_>, raise: &TemplateId) -> TemplateId {
    let named = known.templates.iter().find(|id| id.as_str() == kind);
    named.unwrap_or(raise).clone()
}

/// A clear that reads as its raise does.
fn warn_alike(rule: &Table<'_>, known: &References<'_>, raise: &TemplateId) {
    let template = known.compiled.iter().find(|one| one.id() == raise);
    if template.is_some_and(|template| !template.looks_at(&TELLING)) {
        rule.warn(
            "on_clear",
            &format!("a clear reads as the raise does: the template \"{raise}\" serves both and says neither which it is nor what the alarm is now"),
            "add [templates.cleared], or use {{ notification.kind }}, {{ alarm.type }}, {{ alarm.severity }} or {{ alarm.status }} in a parameter",
        );
    }
}
