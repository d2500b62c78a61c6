//! Keys and values of a JSON object, checked one by one.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// A JSON object and where it stands in the body, for errors: `template['components'][0]`.
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// `value` as an object that has no other keys than `known`.
    pub(super) fn read(path: &str, value: &'a Value, known: &[&str]) -> Result<Self, Refusal> {
        let Value::Object(map) = value else {
            return Err(Refusal::new(
                100,
                format!("Param {} must be a JSON object.", shown(path)),
            ));
        };
        if let Some(key) = map.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(Refusal::new(
                100,
                format!("Unexpected key \"{key}\" on param \"{}\".", shown(path)),
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            map,
        })
    }

    /// Where `key` of this object stands.
    pub(super) fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}['{key}']", self.path)
        }
    }

    /// The value of `key`; a null counts as missing.
    pub(super) fn optional(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// The value of `key`, which must be there.
    pub(super) fn required(&self, key: &str) -> Result<&'a Value, Refusal> {
        self.optional(key).ok_or_else(|| self.missing(key))
    }

    /// The text of `key`, if it is there.
    pub(super) fn optional_text(&self, key: &str) -> Result<Option<&'a str>, Refusal> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.not_a("string", key)),
        }
    }

    /// The text of `key`, which must be there and not be empty.
    pub(super) fn text(&self, key: &str) -> Result<&'a str, Refusal> {
        match self.optional_text(key)? {
            None | Some("") => Err(self.missing(key)),
            Some(text) => Ok(text),
        }
    }

    /// The list of `key`, if it is there, of `most` items at the most.
    pub(super) fn optional_list(&self, key: &str, most: usize) -> Result<&'a [Value], Refusal> {
        match self.optional(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) if items.len() <= most => Ok(items),
            Some(Value::Array(items)) => Err(Refusal::new(
                100,
                format!(
                    "Param {} must have at most {most} items, has {}.",
                    self.path(key),
                    items.len()
                ),
            )),
            Some(_) => Err(self.not_a("JSON array", key)),
        }
    }

    /// The list of `key`, which must be there and not be empty.
    pub(super) fn list(&self, key: &str, most: usize) -> Result<&'a [Value], Refusal> {
        match self.optional_list(key, most)? {
            [] => Err(self.missing(key)),
            items => Ok(items),
        }
    }

    /// The text of `key`, which must be one of `choices`.
    pub(super) fn choice(
        &self,
        key: &str,
        choices: &[&'static str],
    ) -> Result<&'static str, Refusal> {
        let text = self.text(key)?;
        choices
            .iter()
            .find(|c| **c == text)
            .copied()
            .ok_or_else(|| {
                Refusal::new(
                    100,
                    format!(
                        "Param {} must be one of {{{}}} - got \"{text}\".",
                        self.path(key),
                        choices.join(", ")
                    ),
                )
            })
    }

    /// That `key` is not there.
    pub(super) fn missing(&self, key: &str) -> Refusal {
        Refusal::new(
            131_008,
            format!("Parameter {} is required.", self.path(key)),
        )
    }

    fn not_a(&self, what: &str, key: &str) -> Refusal {
        Refusal::new(100, format!("Param {} must be a {what}.", self.path(key)))
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "body" } else { path }
}
