//! People: who is told, and who is not and why. No number but its last two digits.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::{self, Ruleset};
use crate::model::{Contact, ContactId, Phone, Row, RowKind, Time};
use crate::store::{Forgotten, HeldBack, Inquiry};

use super::{Scene, StoryError};

/// Who said stop, and since when.
pub(super) fn stopped(rows: &[Row]) -> BTreeMap<ContactId, Time> {
    let people = rows.iter().filter_map(engine::person);
    people
        .filter_map(|(id, person)| Some((id, person.stopped?)))
        .collect()
}

/// Everyone of the config, and whether they are told.
///
/// # Errors
/// The database cannot be read.
pub fn contacts(inquiry: &Inquiry, scene: &Scene<'_>) -> Result<Value, StoryError> {
    let stopped = stopped(&inquiry.rows(RowKind::Person)?);
    let held = inquiry.held()?;
    let contacts = scene.ruleset.contacts.iter();
    let contacts: Vec<Value> = contacts
        .map(|contact| {
            let standing = standing(contact, &stopped, &held);
            let mut value = json!({
                "id": contact.id,
                "name": contact.name,
                "groups": contact.groups,
                "phone": contact.phone.to_string(),
                "state": standing.state,
            });
            if let Some(why) = standing.why {
                value["why"] = json!(why);
            }
            if let Some(since) = standing.since {
                value["since"] = json!(since.to_string());
            }
            value
        })
        .collect();
    Ok(json!({ "contacts": contacts }))
}

/// Who is not told, in which state, why, and since when.
pub(in crate::daemon) type Quiet = (String, &'static str, String, Option<Time>);

/// Everyone who is not told at this moment, for a reason of their own.
pub(in crate::daemon) fn quiet(ruleset: &Ruleset, rows: &[Row], held: &[HeldBack]) -> Vec<Quiet> {
    let stopped = stopped(rows);
    let contacts = ruleset.contacts.iter();
    let mut quiet = shadowed(ruleset);
    quiet.extend(contacts.filter_map(|contact| {
        let standing = standing(contact, &stopped, held);
        let why = standing.why?;
        let who = contact.id.to_string();
        Some((who, standing.state, why, standing.since))
    }));
    quiet
}

/// Whom shadow mode keeps from being told.
fn shadowed(ruleset: &Ruleset) -> Vec<Quiet> {
    let one = |who: String, why: &str| (who, "shadow", why.to_owned(), None);
    if ruleset.shadow {
        return vec![one(
            "everyone".to_owned(),
            "shadow mode is on (delivery.mode): nothing is sent",
        )];
    }
    let rules = ruleset
        .rules
        .iter()
        .filter(|rule| rule.enabled && rule.shadow);
    rules
        .map(|rule| {
            one(
                format!("those of rule {}", rule.id),
                "the rule is in shadow mode",
            )
        })
        .collect()
}

/// Whom to forget: the contact of that id or name with its number; one that left the config by its id.
///
/// # Errors
/// It can be no contact's id.
pub fn whom(ruleset: &Ruleset, id: &str) -> Result<(ContactId, Vec<Phone>), StoryError> {
    let mut contacts = ruleset.contacts.iter();
    if let Some(contact) = contacts.find(|one| one.id.as_str() == id || one.name == id) {
        return Ok((contact.id.clone(), vec![contact.phone.clone()]));
    }
    let id = ContactId::parse(id)
        .map_err(|fault| StoryError::Unknown(format!("the id of the contact {fault}")))?;
    Ok((id, Vec::new()))
}

/// What was erased of a contact, as programs read it. `known`: the config has it.
///
/// # Errors
/// Nothing was kept of a contact that the config does not have: the id is likely wrong.
pub fn forgotten(
    contact: &ContactId,
    known: bool,
    forgotten: Forgotten,
) -> Result<Value, StoryError> {
    if !known && forgotten == Forgotten::default() {
        return Err(StoryError::Unknown(format!(
            "nothing is kept of a contact {contact}, and the config has none; `klaxond contacts` lists them"
        )));
    }
    Ok(json!({
        "forgotten": contact,
        "numbers": forgotten.numbers,
        "replies": forgotten.replies,
        "attempts": forgotten.attempts,
    }))
}

struct Standing {
    state: &'static str,
    why: Option<String>,
    since: Option<Time>,
}

fn standing(contact: &Contact, stopped: &BTreeMap<ContactId, Time>, held: &[HeldBack]) -> Standing {
    if !contact.enabled {
        return Standing {
            state: "disabled",
            why: Some("enabled = false in the config".to_owned()),
            since: None,
        };
    }
    if let Some(since) = stopped.get(&contact.id) {
        return Standing {
            state: "stopped",
            why: Some("said stop; has to write start to the business number".to_owned()),
            since: Some(*since),
        };
    }
    let mut theirs = held.iter().filter(|held| held.contact == contact.id);
    match theirs.next() {
        Some(held) => Standing {
            state: "held",
            why: Some(format!("{} waiting: {}", held.count, held.reason)),
            since: Some(held.since),
        },
        None => Standing {
            state: "told",
            why: None,
            since: None,
        },
    }
}
