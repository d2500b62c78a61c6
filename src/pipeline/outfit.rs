//! What messages are made of besides the alarm: people, templates, formats. Replaced by a reload.

use std::collections::BTreeMap;

use crate::model::{Contact, ContactId, Phone, TemplateId};
use crate::whatsapp::template::{Display, Template};

/// People, templates and formats in force.
#[derive(Debug, Clone)]
pub struct Outfit {
    contacts: BTreeMap<ContactId, Contact>,
    templates: BTreeMap<TemplateId, Template>,
    display: Display,
}

impl Outfit {
    /// An outfit; of two templates or contacts with one id the last counts.
    #[must_use]
    pub fn new(contacts: &[Contact], templates: &[Template], display: Display) -> Self {
        Self {
            contacts: contacts
                .iter()
                .map(|contact| (contact.id.clone(), contact.clone()))
                .collect(),
            templates: templates
                .iter()
                .map(|template| (template.id().clone(), template.clone()))
                .collect(),
            display,
        }
    }

    /// The contact, if messages may go to it.
    #[must_use]
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        self.contacts.get(id).filter(|contact| contact.enabled)
    }

    /// The template of that id.
    #[must_use]
    pub fn template(&self, id: &TemplateId) -> Option<&Template> {
        self.templates.get(id)
    }

    /// How times and words print.
    #[must_use]
    pub fn display(&self) -> &Display {
        &self.display
    }

    /// The lanes: every contact that messages may go to, with its number.
    #[must_use]
    pub fn lanes(&self) -> Vec<(ContactId, Phone)> {
        self.contacts
            .values()
            .filter(|contact| contact.enabled)
            .map(|contact| (contact.id.clone(), contact.phone.clone()))
            .collect()
    }
}
