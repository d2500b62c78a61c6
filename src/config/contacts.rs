//! `[[contacts]]`: people who are told.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::{Contact, ContactId, IdFault, Phone};

use super::fault::Fault;
use super::keys;
use super::names::Names;
use super::page::{Problem, Text};
use super::quiet;
use super::reader::Table;
use super::times::Times;
use super::top;
use super::whom;

const MAX_CONTACTS: usize = 10_000;
const MAX_GROUPS: usize = 100;

/// The contacts in the order of the file, and the names by which rules find them.
pub(super) fn read(file: &Table<'_>, times: &Times) -> (Vec<Contact>, Names) {
    let tables = file.tables("contacts", &keys::CONTACT);
    let page = file.page;
    if tables.is_empty() && file.get("contacts").is_none() {
        let fault = Fault::maybe_at(
            None,
            "there are no [[contacts]]: nobody is told of anything",
        );
        page.warn(
            fault
                .help("write [[contacts]] with a name and a phone")
                .follows(),
        );
    }
    if tables.len() > MAX_CONTACTS {
        let message = format!("there are more than {MAX_CONTACTS} contacts");
        page.fault(Fault::maybe_at(file.span_of("contacts"), message).help("remove some"));
    }
    let mut names = Names::default();
    let mut contacts = Vec::new();
    let mut grouped = Vec::new();
    let mut stand_ins = Vec::new();
    let mut numbers: BTreeMap<Phone, Range<usize>> = BTreeMap::new();
    for table in tables.iter().take(MAX_CONTACTS) {
        let place = contacts.len();
        let identity = identity(
            table,
            "write name = \"…\": messages address the person by it",
        );
        if let Some((id, name)) = &identity {
            let given = table
                .text("id")
                .filter(|given| given.text.trim() != name.text.trim());
            for called in given.iter().chain([name]) {
                names.add_contact(page, called, id);
            }
            stand_ins.push((table, id.clone(), place));
            grouped.push((id.clone(), place, table.texts("groups").unwrap_or_default()));
        } else {
            table.texts("groups");
        }
        let phone = phone(table);
        if let Some((phone, span)) = &phone {
            match numbers.get(phone) {
                Some(first) => {
                    let message = "two contacts have the same number";
                    let fault = Fault::at(span.clone(), message)
                        .help("this person gets every message twice where a rule names both");
                    page.warn(fault.other(first.clone(), "first given here"));
                }
                None => {
                    numbers.insert(phone.clone(), span.clone());
                }
            }
        }
        let language = table.read("language", top::language);
        let timezone = table.read("timezone", top::timezone);
        let enabled = table.flag("enabled", true);
        let quiet = quiet::read(table, times);
        let opt_in = table.text("opt_in").map(|text| text.text.to_owned());
        if let (Some((id, name)), Some((phone, _)), Ok(quiet)) = (identity, phone, quiet) {
            contacts.push(Contact {
                id,
                name: name.text.trim().to_owned(),
                phone,
                groups: Vec::new(),
                language,
                timezone,
                enabled,
                opt_in,
                fallback: None,
                quiet,
            });
        }
    }
    for (id, place, groups) in grouped {
        if groups.len() > MAX_GROUPS {
            let message = format!("more than {MAX_GROUPS} groups");
            page.fault(Fault::at(groups[MAX_GROUPS].span.clone(), message).help("remove some"));
        }
        for group in groups.iter().take(MAX_GROUPS) {
            names.add_to_group(page, group, &id);
        }
        if let Some(contact) = contacts.get_mut(place).filter(|contact| contact.id == id) {
            contact.groups = groups
                .iter()
                .map(|group| group.text.trim().to_owned())
                .collect();
        }
    }
    for (table, id, place) in stand_ins {
        let fallback = whom::one(table, "fallback", &names);
        if fallback.as_ref() == Some(&id) {
            let problem = Problem::new("a contact cannot stand in for itself");
            table.fault("fallback", problem.help("name somebody else"));
        } else if let Some(contact) = contacts.get_mut(place).filter(|contact| contact.id == id) {
            contact.fallback = fallback;
        }
    }
    (contacts, names)
}

/// The id of a contact, and its name.
fn identity<'d>(table: &Table<'d>, help: &str) -> Option<(ContactId, Text<'d>)> {
    let name = table.required("name", help)?;
    let given = table.text("id");
    let id = table.parse(given.as_ref().unwrap_or(&name), |text| {
        ContactId::parse(text).map_err(|fault| {
            Problem::new(format!(
                "the {} of this contact {}",
                key(given.is_some()),
                why(fault)
            ))
            .help("write a short name, such as \"NOC desk\"")
        })
    })?;
    table.parse(&name, |text| {
        ContactId::parse(text).map_err(|fault| {
            Problem::new(format!("the name of this contact {}", why(fault)))
                .help("write a short name, such as \"NOC desk\"")
        })
    })?;
    Some((id, name))
}

fn key(id_is_given: bool) -> &'static str {
    if id_is_given { "id" } else { "name" }
}

/// What does not hold, without what to do about it.
pub(super) fn why(fault: IdFault) -> String {
    let text = fault.to_string();
    text.split(';').next().unwrap_or("").to_owned()
}

fn phone(table: &Table<'_>) -> Option<(Phone, Range<usize>)> {
    let help = "write phone = \"34600111222\": country code first, digits only";
    let text = table.required("phone", help)?;
    let phone = table.parse(&text, |text| {
        Phone::parse(text).map_err(|fault| {
            let help = match Phone::suggest(text) {
                Some(phone) => format!("write \"{}\"", phone.digits()),
                None => {
                    "write the country code and the number, digits only: \"34600111222\"".to_owned()
                }
            };
            Problem::new(fault.to_string()).help(help)
        })
    })?;
    Some((phone, text.span))
}
