//! Contacts and groups by the names that rules use; both share one space.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::model::ContactId;

use super::fault::Fault;
use super::keys;
use super::page::{Page, Text};

/// The group that is always there.
pub(super) const EVERYONE: &str = "everyone";

/// What a name stands for.
enum Meaning {
    Contact(ContactId, Range<usize>),
    Group(Vec<ContactId>),
}

/// Every name that a rule can notify.
#[derive(Default)]
pub(super) struct Names {
    meanings: BTreeMap<String, Meaning>,
}

impl Names {
    /// Takes the name or id of a contact. A second contact of that name is a fault.
    pub(super) fn add_contact(&mut self, page: &Page<'_>, name: &Text<'_>, id: &ContactId) {
        let text = name.text.trim();
        if text == EVERYONE {
            let message = "\"everyone\" is the group of all contacts, built in";
            page.fault(Fault::at(name.span.clone(), message).help("choose another name"));
            return;
        }
        match self.meanings.get(text) {
            Some(Meaning::Contact(first, _)) if first == id && id.as_str() != text => {}
            Some(Meaning::Contact(_, first)) => {
                let message = format!("two contacts are called \"{text}\"");
                let fault = Fault::at(name.span.clone(), message).help(
                    "rename one; they are known by their `id`, which is their `name` unless given",
                );
                page.fault(fault.other(first.clone(), "first given here"));
            }
            Some(Meaning::Group(_)) | None => {
                let meaning = Meaning::Contact(id.clone(), name.span.clone());
                self.meanings.insert(text.to_owned(), meaning);
            }
        }
    }

    /// Puts a contact into a group. Call it when every contact is known, for one after the other.
    pub(super) fn add_to_group(&mut self, page: &Page<'_>, group: &Text<'_>, id: &ContactId) {
        let text = group.text.trim();
        let refuse =
            |message: String, help: &str| Fault::at(group.span.clone(), message).help(help);
        if text.is_empty() || text.len() > 128 || text.chars().any(char::is_control) {
            let message = "this cannot be the name of a group".to_owned();
            page.fault(refuse(message, "write a short name, such as \"noc\""));
        } else if text == EVERYONE {
            let message = "\"everyone\" is the group of all contacts, built in".to_owned();
            page.fault(refuse(message, "take it out: every contact is in it"));
        } else {
            let entry = self.meanings.entry(text.to_owned());
            match entry.or_insert_with(|| Meaning::Group(Vec::new())) {
                Meaning::Group(members) => {
                    if members.last() != Some(id) {
                        members.push(id.clone());
                    }
                }
                Meaning::Contact(_, contact) => {
                    let message = format!("\"{text}\" is a contact, and cannot be a group too");
                    let help = "names of groups and contacts share one space: rename one";
                    page.fault(refuse(message, help).other(contact.clone(), "the contact"));
                }
            }
        }
    }

    /// Who is meant by `name`; `None` when nobody is called so.
    pub(super) fn resolve(&self, name: &str) -> Option<Vec<ContactId>> {
        match self.meanings.get(name.trim())? {
            Meaning::Contact(id, _) => Some(vec![id.clone()]),
            Meaning::Group(members) => Some(members.clone()),
        }
    }

    /// The one contact of that name; `None` when it is a group, or nobody is called so.
    pub(super) fn contact(&self, name: &str) -> Option<ContactId> {
        match self.meanings.get(name.trim())? {
            Meaning::Contact(id, _) => Some(id.clone()),
            Meaning::Group(_) => None,
        }
    }

    /// The name that `name` was most likely meant to be.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let known = self.meanings.keys().map(String::as_str);
        keys::nearest(name, known.chain([EVERYONE]))
    }
}
