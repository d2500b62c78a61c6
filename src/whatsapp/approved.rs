//! Templates as Meta has them, and whether ours are the same.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::template::{ButtonDefinition, OpenVariables, Template};
use super::wire::lenient;

/// The fields that are asked for.
pub(super) const FIELDS: &str = "name,status,category,correct_category,language,components,parameter_format,rejected_reason,\
     quality_score,message_send_ttl_seconds";

/// A template in one language, as Meta has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TemplateInfo {
    /// What Meta knows it by.
    #[serde(default, deserialize_with = "lenient")]
    pub id: Option<String>,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Its language, as it must be sent.
    #[serde(default)]
    pub language: String,
    /// `APPROVED` is the only one that can be sent.
    #[serde(default, deserialize_with = "lenient")]
    pub status: Option<String>,
    /// `UTILITY`, `MARKETING` or `AUTHENTICATION`.
    #[serde(default, deserialize_with = "lenient")]
    pub category: Option<String>,
    /// The category that Meta will move it to, when that is another.
    #[serde(default, deserialize_with = "lenient")]
    pub correct_category: Option<String>,
    /// `GREEN`, `YELLOW`, `RED` or `UNKNOWN`: what people who got it thought of it.
    #[serde(default, rename = "quality_score", deserialize_with = "score")]
    pub quality: Option<String>,
    /// For how many seconds Meta tries to deliver; -1 for 30 days.
    #[serde(
        default,
        rename = "message_send_ttl_seconds",
        deserialize_with = "lenient"
    )]
    pub ttl_seconds: Option<i64>,
    /// `POSITIONAL` or `NAMED`.
    #[serde(default, deserialize_with = "lenient")]
    pub parameter_format: Option<String>,
    /// Why it was refused.
    #[serde(default, deserialize_with = "lenient")]
    pub rejected_reason: Option<String>,
    /// Header, body, footer, buttons.
    #[serde(default, deserialize_with = "components")]
    pub components: Vec<ComponentInfo>,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ComponentInfo {
    /// `HEADER`, `BODY`, `FOOTER` or `BUTTONS`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// `TEXT`, or the kind of media a header has.
    #[serde(default, deserialize_with = "lenient")]
    pub format: Option<String>,
    /// Its text, with variables.
    #[serde(default, deserialize_with = "lenient")]
    pub text: Option<String>,
    /// Its buttons.
    #[serde(default, deserialize_with = "lenient")]
    pub buttons: Option<Vec<ButtonInfo>>,
}

/// A button of a template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ButtonInfo {
    /// `QUICK_REPLY`, `URL`, `PHONE_NUMBER`, …
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Its label.
    #[serde(default, deserialize_with = "lenient")]
    pub text: Option<String>,
    /// The address, with its variable.
    #[serde(default, deserialize_with = "lenient")]
    pub url: Option<String>,
}

impl TemplateInfo {
    /// Whether it can be sent.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.is("APPROVED", self.status.as_deref())
    }

    /// Whether Meta counts it as marketing: dearer, capped per person, not delivered to the USA.
    #[must_use]
    pub fn is_marketing(&self) -> bool {
        self.is("MARKETING", self.category.as_deref())
    }

    /// The text of its body, with variables.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.part("BODY").and_then(|part| part.text.as_deref())
    }

    /// The text of its header, with its variable; nothing for media.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        self.part("HEADER").and_then(|part| part.text.as_deref())
    }

    /// The text of its footer.
    #[must_use]
    pub fn footer(&self) -> Option<&str> {
        self.part("FOOTER").and_then(|part| part.text.as_deref())
    }

    /// Its buttons.
    #[must_use]
    pub fn buttons(&self) -> &[ButtonInfo] {
        let buttons = self.part("BUTTONS").and_then(|part| part.buttons.as_ref());
        buttons.map_or(&[], Vec::as_slice)
    }

    /// Whether its variables have names.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.is("NAMED", self.parameter_format.as_deref())
    }

    /// How a template of the config differs from this one in what sending depends on; empty when
    /// it fits. Each is a sentence for a person.
    #[must_use]
    pub fn differences(&self, template: &Template) -> Vec<String> {
        let mut found = Vec::new();
        let ours = template.open_variables();
        let theirs = self.open_variables();
        if self.parameter_format.is_some() && ours.has_any() && theirs.named != ours.named {
            let kind = |named| if named { "names" } else { "numbers" };
            found.push(format!(
                "Meta has {} for the variables, the config has {}",
                kind(theirs.named),
                kind(ours.named)
            ));
        }
        for (what, theirs, ours) in [
            ("header", theirs.header, ours.header),
            ("text", theirs.body, ours.body),
        ] {
            if theirs != ours {
                found.push(format!(
                    "Meta's {what} has {theirs} variables, the config's has {ours}"
                ));
            }
        }
        if theirs.named && ours.named {
            let known = |names: &[&str], name: &&str| !names.contains(name);
            let written = template.definition().text.as_str();
            let (theirs, ours) = (
                variables(self.text().unwrap_or_default()),
                variables(written),
            );
            for name in theirs.iter().filter(|name| known(&ours, name)) {
                found.push(format!(
                    "Meta's text has {{{{{name}}}}}, the config's has not"
                ));
            }
            for name in ours.iter().filter(|name| known(&theirs, name)) {
                found.push(format!(
                    "the config's text has {{{{{name}}}}}, Meta's has not"
                ));
            }
        }
        let format = self.part("HEADER").and_then(|part| part.format.as_deref());
        if let Some(format) = format.filter(|format| !self.is("TEXT", Some(format))) {
            found.push(format!(
                "Meta's header is {format}, and klaxond sends text headers only"
            ));
        }
        if theirs.url_buttons != ours.url_buttons {
            found.push(format!(
                "Meta has {} buttons, {} of them with a variable; the config has {} and {}",
                theirs.url_buttons.len(),
                theirs.open_buttons(),
                ours.url_buttons.len(),
                ours.open_buttons()
            ));
        } else {
            let kinds = self.buttons().iter().zip(&template.definition().buttons);
            for (n, (theirs, ours)) in kinds.enumerate() {
                let ours = match ours {
                    ButtonDefinition::QuickReply { .. } => "QUICK_REPLY",
                    ButtonDefinition::Url { .. } => "URL",
                };
                if !ours.eq_ignore_ascii_case(&theirs.kind) {
                    found.push(format!(
                        "button {} is {} at Meta, {ours} in the config",
                        n + 1,
                        theirs.kind
                    ));
                }
            }
        }
        found
    }

    fn is(&self, word: &str, value: Option<&str>) -> bool {
        value.is_some_and(|value| value.eq_ignore_ascii_case(word))
    }

    fn part(&self, kind: &str) -> Option<&ComponentInfo> {
        self.components
            .iter()
            .find(|part| part.kind.eq_ignore_ascii_case(kind))
    }

    fn open_variables(&self) -> OpenVariables {
        let count = |text: Option<&str>| variables(text.unwrap_or_default()).len();
        OpenVariables {
            named: self.is_named(),
            header: count(self.header()),
            body: count(self.text()),
            url_buttons: self
                .buttons()
                .iter()
                .map(|button| count(button.url.as_deref()) > 0)
                .collect(),
        }
    }
}

/// The different variables of a text, in its order.
fn variables(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for rest in text.split("{{").skip(1) {
        if let Some((name, _)) = rest.split_once("}}")
            && !names.contains(&name.trim())
        {
            names.push(name.trim());
        }
    }
    names
}

/// `{"score": "GREEN"}`.
fn score<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct Score {
        score: String,
    }
    let score: Option<Score> = lenient(deserializer)?;
    Ok(score.map(|score| score.score))
}

/// Parts that cannot be read are left out.
fn components<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ComponentInfo>, D::Error> {
    let parts: Option<Vec<Value>> = lenient(deserializer)?;
    Ok(parts
        .into_iter()
        .flatten()
        .filter_map(|part| serde_json::from_value(part).ok())
        .collect())
}
