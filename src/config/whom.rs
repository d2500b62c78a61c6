//! Names of contacts and groups, wherever a key holds some.

use std::collections::BTreeSet;

use crate::model::ContactId;

use super::fault::Fault;
use super::names::{EVERYONE, Names};
use super::page::{Problem, Text};
use super::reader::Table;

/// Who is named.
pub(super) enum Whom {
    /// All contacts.
    Everyone,
    /// These, each once, in the order in which they are named.
    These(Vec<ContactId>),
}

/// The contacts that a list of names and groups means; `None` when it is wrong, which is told.
pub(super) fn many(table: &Table<'_>, key: &str, names: &Names) -> Option<Whom> {
    let texts = table.texts(key)?;
    let mut everyone = false;
    let mut good = true;
    let mut ids = Vec::new();
    let mut seen = BTreeSet::new();
    for text in &texts {
        if text.text.trim() == EVERYONE {
            everyone = true;
        } else if let Some(members) = names.resolve(text.text) {
            let fresh = members.into_iter().filter(|id| seen.insert(id.clone()));
            ids.extend(fresh);
        } else {
            good = false;
            stranger(table, text, names);
        }
    }
    match (good, everyone) {
        (false, _) => None,
        (true, true) => Some(Whom::Everyone),
        (true, false) => Some(Whom::These(ids)),
    }
}

/// The one contact that `key` names, if it is given and right.
pub(super) fn one(table: &Table<'_>, key: &str, names: &Names) -> Option<ContactId> {
    table.get(key)?;
    let text = table.text(key)?;
    let found = names.contact(text.text);
    if found.is_none() {
        if names.resolve(text.text).is_some() || text.text.trim() == EVERYONE {
            let problem = Problem::new(format!("\"{}\" is a group", text.text.trim()));
            table.fault(key, problem.help("name one contact"));
        } else {
            stranger(table, &text, names);
        }
    }
    found
}

fn stranger(table: &Table<'_>, text: &Text<'_>, names: &Names) {
    let near = (!table.page.is_full())
        .then(|| names.nearest(text.text))
        .flatten();
    let help = match near {
        Some(near) => format!("write \"{near}\""),
        None => "name a contact, a group that a contact is in, or \"everyone\"".to_owned(),
    };
    let message = format!("no contact or group is called \"{}\"", text.text);
    let fault = Fault::at(text.span.clone(), message).help(help);
    table.page.fault(fault.follows());
}
