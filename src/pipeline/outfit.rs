//! What messages are made of besides the alarm: people, templates, formats. Replaced by a reload.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::delivery::Quiet;
use crate::model::{Contact, ContactId, Phone, TemplateId};
use crate::whatsapp::template::{Display, Template};

use super::held_back::HeldBack;

/// People, templates and formats in force.
#[derive(Debug, Clone)]
pub struct Outfit {
    contacts: BTreeMap<ContactId, Contact>,
    templates: BTreeMap<TemplateId, Template>,
    display: Display,
    held_back: Arc<HeldBack>,
    /// Who is told when a contact cannot be and names nobody.
    stand_in: Option<ContactId>,
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
            held_back: Arc::default(),
            stand_in: None,
        }
    }

    /// The outfit with somebody who is told when a contact cannot be and names nobody.
    #[must_use]
    pub fn with_stand_in(self, stand_in: Option<ContactId>) -> Self {
        Self { stand_in, ..self }
    }

    /// The contact, if messages may go to it.
    #[must_use]
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        self.contacts.get(id).filter(|contact| contact.enabled)
    }

    /// The contact that a number belongs to, also one that is off. Meta writes some numbers otherwise
    /// than people do.
    #[must_use]
    pub fn contact_by_number(&self, phone: &Phone) -> Option<&Contact> {
        let number = bare(phone.digits());
        self.contacts
            .values()
            .find(|contact| bare(contact.phone.digits()) == number)
    }

    /// Who is told when `contact` cannot be: its own stand-in, else everybody's; never itself.
    #[must_use]
    pub fn stand_in(&self, contact: &ContactId) -> Option<&ContactId> {
        let own = self
            .contacts
            .get(contact)
            .and_then(|contact| contact.fallback.as_ref());
        own.into_iter()
            .chain(self.stand_in.as_ref())
            .find(|other| *other != contact && self.contact(other).is_some())
    }

    /// The templates that Meta knows by this name and language, however the language is written.
    #[must_use]
    pub fn templates_of(&self, name: &str, language: &str) -> Vec<&Template> {
        let plain = |language: &str| language.replace('-', "_").to_lowercase();
        let language = plain(language);
        self.templates
            .values()
            .flat_map(Template::each_language)
            .filter(|template| template.name() == name && plain(template.language()) == language)
            .collect()
    }

    /// Whether it is the template of its id in its own language: what everybody gets who has no other.
    #[must_use]
    pub fn is_own(&self, template: &Template) -> bool {
        self.template(template.id())
            .is_some_and(|own| own.language() == template.language())
    }

    /// The template of that id.
    #[must_use]
    pub fn template(&self, id: &TemplateId) -> Option<&Template> {
        self.templates.get(id)
    }

    /// What a message with template `id` to `contact` can go with, the best first: the template in the
    /// contact's language, in its own, and the same of the one that stands in for it. What Meta refuses
    /// for the moment is left out, unless nothing else is there.
    #[must_use]
    pub fn choices(&self, id: &TemplateId, contact: &Contact) -> Vec<&Template> {
        let Some(template) = self.template(id) else {
            return Vec::new();
        };
        let stand_in = self.stand_in_of(template);
        let mut choices: Vec<&Template> = Vec::new();
        for one in [Some(template), stand_in].into_iter().flatten() {
            for one in [one.for_contact(contact), one] {
                let same = |known: &&&Template| {
                    known.id() == one.id() && known.language() == one.language()
                };
                if choices.iter().find(same).is_none() {
                    choices.push(one);
                }
            }
        }
        let open = |one: &&&Template| !self.held_back.has(one);
        let free: Vec<&Template> = choices.iter().filter(open).copied().collect();
        if free.is_empty() {
            choices.truncate(1);
            return choices;
        }
        free
    }

    /// Notes that Meta refuses a template in its language: for some minutes what stands in for it is
    /// tried first.
    pub fn refuse(&self, template: &Template) {
        self.held_back.hold(template);
    }

    /// Notes that Meta takes a template in its language.
    pub fn accept(&self, template: &Template) {
        self.held_back.lift(template);
    }

    /// Notes that Meta takes no message with a template in its own language. Whether another one stands
    /// in for it, so that its messages need not wait.
    #[must_use]
    pub fn hold_back(&self, id: &TemplateId) -> bool {
        let Some(template) = self.template(id) else {
            return false;
        };
        self.refuse(template);
        let stand_in = self.stand_in_of(template);
        stand_in.is_some_and(|other| !self.held_back.has(other))
    }

    /// The templates that Meta refuses for the moment, each with its language.
    #[must_use]
    pub fn held_back(&self) -> Vec<(TemplateId, String)> {
        self.held_back.list()
    }

    /// Every template, in the order of their ids.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// What messages of `template` go with while Meta refuses it.
    fn stand_in_of(&self, template: &Template) -> Option<&Template> {
        self.template(template.definition().fallback.as_ref()?)
    }

    /// How times and words print.
    #[must_use]
    pub fn display(&self) -> &Display {
        &self.display
    }

    /// The quiet hours of every contact that has some.
    #[must_use]
    pub fn quiet(&self) -> Vec<Quiet> {
        let of = |contact: &Contact| {
            let zone = contact.timezone.as_ref();
            Some(Quiet {
                contact: contact.id.clone(),
                hours: contact.quiet.clone()?,
                timezone: zone.unwrap_or(&self.display.timezone).clone(),
            })
        };
        self.contacts.values().filter_map(of).collect()
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

/// A number without what Meta leaves out or adds in some countries: the 9 of mobile numbers in Brazil
/// and Argentina, the 1 in Mexico.
fn bare(digits: &str) -> String {
    match (digits.get(..2), digits.len()) {
        (Some("55"), 13) if digits[4..].starts_with('9') => {
            format!("{}{}", &digits[..4], &digits[5..])
        }
        (Some("54"), 13) if digits[2..].starts_with('9') => format!("54{}", &digits[3..]),
        (Some("52"), 13) if digits[2..].starts_with('1') => format!("52{}", &digits[3..]),
        _ => digits.to_owned(),
    }
}
