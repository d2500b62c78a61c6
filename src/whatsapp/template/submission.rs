//! A template as it is handed in to Meta (whatsapp-cloud-api.md section 2).

use serde_json::{Value, json};

use crate::whatsapp::wire::{Component, Parameter};

use super::compile::{ButtonKind, Template};
use super::definition::ButtonDefinition;

/// What Meta is handed for review.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The body of the request that creates it.
    pub(in crate::whatsapp) create: Value,
    text: String,
    examples: Vec<(String, String)>,
}

impl Submission {
    /// Header, body, footer and `[buttons]`, with variables.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What reviewers read in place of each variable: its name and the example.
    #[must_use]
    pub fn examples(&self) -> &[(String, String)] {
        &self.examples
    }

    /// The request, for people who want to see it.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.create
    }

    /// The body of the request that changes it; `recategorise` where Meta lets its category change.
    pub(in crate::whatsapp) fn edit(&self, recategorise: bool) -> Value {
        let mut edit = json!({"components": self.create["components"]});
        let keys = ["message_send_ttl_seconds", "parameter_format"];
        for key in keys.into_iter().chain(recategorise.then_some("category")) {
            if let Some(value) = self.create.get(key) {
                edit[key] = value.clone();
            }
        }
        edit
    }
}

impl Template {
    /// What is handed in for it, with examples for every variable: its own, else those of an alarm
    /// that is made up.
    #[must_use]
    pub fn submission(&self) -> Submission {
        let (parts, definition) = (&self.0, self.definition());
        let mut given = Vec::new();
        let mut components = Vec::new();
        let mut lines = Vec::new();
        let sample = self.sample();
        if let Some(header) = &definition.header {
            let mut component = json!({"type": "header", "format": "text", "text": header.text});
            let value = sample.filled(|part| match part {
                Component::Header { parameters } => Some(parameters),
                Component::Body { .. } | Component::Button { .. } => None,
            });
            if let (Some(pattern), Some(value)) = (&parts.header, value.into_iter().next()) {
                let name = pattern.variables().next().map_or("1", |(name, _)| name);
                component["example"] = match parts.named {
                    true => json!({"header_text_named_params": [named(name, &value)]}),
                    false => json!({"header_text": [value]}),
                };
                given.push((format!("{{{{{name}}}}} of the header"), value));
            }
            components.push(component);
            lines.push(header.text.clone());
        }
        let mut body = json!({"type": "body", "text": definition.text});
        let examples = match definition.examples.len() == parts.variables.len() {
            true => definition.examples.clone(),
            false => sample.filled(|part| match part {
                Component::Body { parameters } => Some(parameters),
                Component::Header { .. } | Component::Button { .. } => None,
            }),
        };
        let names = parts
            .variables
            .iter()
            .map(|variable| variable.name.as_str());
        let pairs: Vec<(&str, String)> = names.zip(examples).collect();
        if !pairs.is_empty() {
            body["example"] = match parts.named {
                true => {
                    let named: Vec<Value> = pairs
                        .iter()
                        .map(|(name, value)| named(name, value))
                        .collect();
                    json!({"body_text_named_params": named})
                }
                false => {
                    let values: Vec<&str> = pairs.iter().map(|(_, value)| value.as_str()).collect();
                    json!({"body_text": [values]})
                }
            };
        }
        let shown = pairs.into_iter();
        given.extend(shown.map(|(name, value)| (format!("{{{{{name}}}}}"), value)));
        components.push(body);
        lines.push(definition.text.clone());
        if let Some(footer) = &definition.footer {
            components.push(json!({"type": "footer", "text": footer}));
            lines.push(footer.clone());
        }
        let buttons: Vec<Value> = (0..definition.buttons.len())
            .map(|n| self.button(n, &sample, &mut given))
            .collect();
        if !buttons.is_empty() {
            components.push(json!({"type": "buttons", "buttons": buttons}));
        }
        lines.extend(
            parts
                .buttons
                .iter()
                .map(|button| format!("[{}]", button.label)),
        );
        let mut create = json!({
            "name": self.name(),
            "language": self.language(),
            "category": self.category().name(),
            "parameter_format": if parts.named { "named" } else { "positional" },
            "components": components,
        });
        if let Some(ttl) = definition.ttl {
            create["message_send_ttl_seconds"] = json!(ttl.as_secs());
        }
        Submission {
            create,
            text: lines.join("\n"),
            examples: given,
        }
    }

    fn button(
        &self,
        n: usize,
        sample: &super::Rendered,
        given: &mut Vec<(String, String)>,
    ) -> Value {
        match &self.definition().buttons[n] {
            ButtonDefinition::QuickReply { text, .. } => {
                json!({"type": "quick_reply", "text": text})
            }
            ButtonDefinition::Url { text, url, .. } => {
                let mut button = json!({"type": "url", "text": text, "url": url});
                let open = matches!(
                    self.0.buttons.get(n).map(|button| &button.kind),
                    Some(ButtonKind::Url {
                        source: Some(_),
                        ..
                    })
                );
                if open {
                    let values = sample.filled(|part| match part {
                        Component::Button {
                            index, parameters, ..
                        } if *index == n.to_string() => Some(parameters),
                        Component::Header { .. }
                        | Component::Body { .. }
                        | Component::Button { .. } => None,
                    });
                    button["example"] = json!(values);
                    let name = format!("{{{{1}}}} of [{text}]");
                    given.extend(values.into_iter().map(|value| (name.clone(), value)));
                }
                button
            }
        }
    }
}

fn named(name: &str, value: &str) -> Value {
    json!({"param_name": name, "example": value})
}

impl super::Rendered {
    /// The values of one part.
    fn filled<'a>(
        &'a self,
        which: impl Fn(&'a Component) -> Option<&'a Vec<Parameter>>,
    ) -> Vec<String> {
        let parameters = self.parts().iter().filter_map(which).flatten();
        parameters
            .map(|parameter| match parameter {
                Parameter::Text { text, .. } => text.clone(),
                Parameter::Payload { payload } => payload.clone(),
            })
            .collect()
    }
}
