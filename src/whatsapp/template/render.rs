//! A template filled for one message.

use crate::whatsapp::wire::{Component, Parameter, SubType};

use super::check::{MAX_BODY, MAX_HEADER, MAX_URL};
use super::compile::{ButtonKind, Template};
use super::fault::Place;
use super::parameter::{Source, percent_encode};
use super::placeholder::Pattern;
use super::sanitise::{EMPTY, collapse, fit, one_line, prefix, shorten, units};
use super::scene::Scene;

/// Longest payload of a quick reply, in bytes. Meta documents none; ids of interactive replies have
/// at most 256 (whatsapp-cloud-api.md section 1).
const MAX_PAYLOAD_BYTES: usize = 256;

/// A template filled for one message: what is sent and what the phone shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub(in crate::whatsapp) name: String,
    pub(in crate::whatsapp) language: String,
    components: Vec<Component>,
    /// Quick replies that carry nothing of their own, by their place.
    bare: Vec<usize>,
    text: String,
    notes: Vec<String>,
    is_shortened: bool,
    is_header_shortened: bool,
}

impl Rendered {
    /// The template that Meta gives every account: proves that a token and a number work.
    #[must_use]
    pub fn hello_world() -> Self {
        Self {
            name: "hello_world".to_owned(),
            language: "en_US".to_owned(),
            components: Vec::new(),
            bare: Vec::new(),
            text: "Hello World\n\
                   Welcome and congratulations!! This message demonstrates your ability to send a \
                   WhatsApp message notification from the Cloud API, hosted by Meta. Thank you for \
                   taking the time to test with us.\n\
                   WhatsApp Business Platform sample message"
                .to_owned(),
            notes: Vec::new(),
            is_shortened: false,
            is_header_shortened: false,
        }
    }

    /// The message as the phone shows it: header, body, footer, and each button as `[label]`, one
    /// below the other.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name Meta knows the template by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The language it is sent in.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The values that fill the variables, in the order in which they are sent.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let parameters = self
            .components
            .iter()
            .flat_map(|component| match component {
                Component::Header { parameters }
                | Component::Body { parameters }
                | Component::Button { parameters, .. } => parameters,
            });
        parameters.map(|parameter| match parameter {
            Parameter::Text { text, .. } => text.as_str(),
            Parameter::Payload { payload } => payload.as_str(),
        })
    }

    /// The parts that have variables, filled.
    pub(super) fn parts(&self) -> &[Component] {
        &self.components
    }

    /// What is sent of it in a message that is known by `opaque`: a quick reply that carries nothing
    /// of its own brings that back, so that a tap finds its message.
    pub(in crate::whatsapp) fn components(&self, opaque: &str) -> Vec<Component> {
        let payload = prefix(opaque, MAX_PAYLOAD_BYTES, char::len_utf8);
        let bare = self.bare.iter().filter(|_| !payload.is_empty());
        let replies = bare.map(|n| quick_reply(*n, payload.to_owned()));
        self.components.iter().cloned().chain(replies).collect()
    }

    /// Parameters that could not be filled, and why. They are sent as `-`; a quick reply then carries
    /// nothing of its own.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether the values of the body had to be shortened to what Meta takes.
    #[must_use]
    pub fn is_shortened(&self) -> bool {
        self.is_shortened
    }

    /// Whether the value of the header had to be.
    #[must_use]
    pub fn is_header_shortened(&self) -> bool {
        self.is_header_shortened
    }
}

impl Template {
    /// Fills the template, in the contact's language where it has that. A parameter that fails becomes `-` and a note: an alarm is not lost for
    /// the sake of its wording.
    #[must_use]
    pub fn render(&self, scene: &Scene<'_>) -> Rendered {
        self.for_contact(scene.contact).render_as_is(scene)
    }

    /// The same in its own language, whatever the contact's is.
    #[must_use]
    pub fn render_as_is(&self, scene: &Scene<'_>) -> Rendered {
        self.fill(scene.variables())
    }

    /// Filled with an alarm that is made up.
    #[must_use]
    pub fn sample(&self) -> Rendered {
        self.fill(super::scene::sample())
    }

    fn fill(&self, variables: minijinja::Value) -> Rendered {
        let parts = &self.0;
        let mut filling = Filling {
            template: self,
            variables,
            notes: Vec::new(),
            is_shortened: false,
            is_header_shortened: false,
        };
        let (mut components, mut lines) = (Vec::new(), Vec::new());
        let mut bare = Vec::new();

        if let Some(header) = &parts.header {
            lines.push(filling.header(header, &mut components));
        }
        lines.push(filling.body(&mut components));
        lines.extend(parts.footer.clone());
        for (n, button) in parts.buttons.iter().enumerate() {
            match filling.button(n, &button.kind) {
                Some(component) => components.push(component),
                None if matches!(button.kind, ButtonKind::QuickReply { .. }) => bare.push(n),
                None => {}
            }
            lines.push(format!("[{}]", button.label));
        }
        Rendered {
            name: parts.name.clone(),
            language: parts.language.clone(),
            components,
            bare,
            text: lines.join("\n"),
            notes: filling.notes,
            is_shortened: filling.is_shortened,
            is_header_shortened: filling.is_header_shortened,
        }
    }
}

/// A template being filled.
struct Filling<'a> {
    template: &'a Template,
    variables: minijinja::Value,
    notes: Vec<String>,
    is_shortened: bool,
    is_header_shortened: bool,
}

impl Filling<'_> {
    /// What `source` prints; nothing, and a note, where it fails.
    fn value(&mut self, place: Place, source: Source) -> String {
        match self.template.0.sources.value(source, &self.variables) {
            Ok(value) => value,
            Err(error) => {
                self.notes
                    .push(format!("{place} could not be filled: {error}"));
                String::new()
            }
        }
    }

    fn header(&mut self, header: &Pattern, components: &mut Vec<Component>) -> String {
        let Some((name, _)) = header.variables().next() else {
            return header.fill(|_| EMPTY);
        };
        let place = Place::HeaderParameter;
        let value = one_line(&self.value(place, Source::text(place)));
        let room = MAX_HEADER.saturating_sub(header.fixed_units());
        self.is_header_shortened = units(&value) > room;
        let value = shorten(&value, room);
        let text = header.fill(|_| &value);
        components.push(Component::Header {
            parameters: vec![self.parameter(name, value)],
        });
        text
    }

    fn body(&mut self, components: &mut Vec<Component>) -> String {
        let parts = &self.template.0;
        let mut values: Vec<String> = (0..parts.variables.len())
            .map(Place::Parameter)
            .map(|place| one_line(&self.value(place, Source::text(place))))
            .collect();
        let weights: Vec<usize> = parts.variables.iter().map(|v| v.uses).collect();
        let budget = MAX_BODY.saturating_sub(parts.body.fixed_units());
        let needed = values.iter().zip(&weights);
        let needed: usize = needed.map(|(value, uses)| units(value) * uses).sum();
        self.is_shortened = needed > budget;
        fit(&mut values, &weights, budget);
        let text = parts.body.fill(|name| {
            let known = parts.variables.iter().position(|v| v.name == name);
            known.map_or(EMPTY, |n| values[n].as_str())
        });
        if !values.is_empty() {
            let named = parts.variables.iter().zip(values);
            components.push(Component::Body {
                parameters: named
                    .map(|(variable, value)| self.parameter(&variable.name, value))
                    .collect(),
            });
        }
        text
    }

    fn button(&mut self, n: usize, kind: &ButtonKind) -> Option<Component> {
        let place = Place::Button(n);
        match kind {
            ButtonKind::QuickReply { source } => {
                let value = collapse(&self.value(place, (*source)?));
                let payload = prefix(&value, MAX_PAYLOAD_BYTES, char::len_utf8).trim_end();
                (!payload.is_empty()).then(|| quick_reply(n, payload.to_owned()))
            }
            ButtonKind::Url { source, fixed } => {
                let value = collapse(&self.value(place, (*source)?));
                let text = address_end(&value, MAX_URL.saturating_sub(*fixed));
                let parameter_name = None;
                let parameter = Parameter::Text {
                    parameter_name,
                    text,
                };
                Some(Component::Button {
                    sub_type: SubType::Url,
                    index: n.to_string(),
                    parameters: vec![parameter],
                })
            }
        }
    }

    fn parameter(&self, name: &str, text: String) -> Parameter {
        Parameter::Text {
            parameter_name: self.template.0.named.then(|| name.to_owned()),
            text,
        }
    }
}

fn quick_reply(n: usize, payload: String) -> Component {
    Component::Button {
        sub_type: SubType::QuickReply,
        index: n.to_string(),
        parameters: vec![Parameter::Payload { payload }],
    }
}

/// The end of an address: characters that have a meaning there stay, others are encoded, and it is
/// never cut inside a `%XX`.
fn address_end(value: &str, max: usize) -> String {
    let encoded = percent_encode(value, |byte| b"%!$&'()*+,;=:@/?#[]".contains(&byte));
    let mut cut = prefix(&encoded, max, |_| 1);
    if cut.len() < encoded.len()
        && let Some(percent) = cut.rfind('%')
        && percent + 3 > cut.len()
    {
        cut = &cut[..percent];
    }
    match units(cut) {
        0 => EMPTY.to_owned(),
        _ => cut.to_owned(),
    }
}
