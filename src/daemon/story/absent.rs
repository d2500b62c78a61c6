//! Who was not told of an alarm, and why.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::engine::Rule;
use crate::model::{AlarmRecord, Contact, ContactId, RowKind, RuleId, Time};
use crate::store::{Dossier, Inquiry};

use super::people::stopped;
use super::{Scene, StoryError};

/// People that are named; a config may have thousands.
const MAX_NAMED: usize = 200;

/// Everyone of the config to whom no message about `record` was made, with the reason.
pub(super) fn absent(
    inquiry: &Inquiry,
    dossier: &Dossier,
    record: &AlarmRecord,
    scene: &Scene<'_>,
) -> Result<Value, StoryError> {
    let told: BTreeSet<&ContactId> = dossier
        .trails
        .iter()
        .map(|trail| &trail.message.contact)
        .collect();
    let stopped = stopped(&inquiry.rows(RowKind::Person)?);
    let contacts = scene.ruleset.contacts.iter();
    Ok(contacts
        .filter(|contact| !told.contains(&contact.id))
        .take(MAX_NAMED)
        .map(|contact| {
            let since = stopped.get(&contact.id).copied();
            json!({
                "contact": contact.id,
                "why": suppressed(contact, dossier, scene)
                    .unwrap_or_else(|| reason(contact, since, record, scene)),
            })
        })
        .collect())
}

/// What kept a rule from telling `contact`, when something did.
fn suppressed(contact: &Contact, dossier: &Dossier, scene: &Scene<'_>) -> Option<String> {
    let told = |rule: &RuleId| {
        let mut rules = scene.ruleset.rules.iter();
        rules
            .find(|one| one.id == *rule)
            .is_some_and(|rule| scene.ruleset.recipients(rule).contains(&contact.id))
    };
    let said = dossier.notifications.iter().rev();
    let mut kept = said.filter_map(|said| Some((said, said.suppressed.as_ref()?)));
    let (said, why) = kept.find(|(said, _)| told(&said.rule))?;
    Some(format!(
        "Rule \"{}\" would have told them at {}, but did not: {}.",
        said.rule_name, said.at, why.text
    ))
}

fn reason(
    contact: &Contact,
    stopped: Option<Time>,
    record: &AlarmRecord,
    scene: &Scene<'_>,
) -> String {
    if !contact.enabled {
        return "The contact is off: set `enabled = true` in its [[contacts]].".to_owned();
    }
    if let Some(since) = stopped {
        return format!(
            "{} said stop at {since}: they are told again when they write \"{}\" to the business number.",
            contact.name, scene.ruleset.replies.hints.start
        );
    }
    let rules = &scene.ruleset.rules;
    let taking: Vec<&Rule> = rules.iter().filter(|rule| rule.takes(record)).collect();
    let tells = |rule: &&&Rule| scene.ruleset.recipients(rule).contains(&contact.id);
    match (taking.as_slice(), taking.iter().find(tells)) {
        ([], _) => "No rule takes this alarm: see `rules`.".to_owned(),
        (all, None) => {
            let names: Vec<String> = all
                .iter()
                .map(|rule| format!("\"{}\"", rule.name))
                .collect();
            format!(
                "It went to another rule: {} takes it and does not notify them. Add them to its `notify`, or \
                 let a rule of theirs take it.",
                names.join(", ")
            )
        }
        (_, Some(rule)) => format!(
            "Rule \"{}\" takes it and tells them, but no message was made: its trigger or condition did not hold, \
             or the rules or the contact were others when it came.",
            rule.name
        ),
    }
}
