//! A JSON record: one object, read into a draft without a tree in between.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::model::{AlarmType, Severity, SeverityRange, Status, Time, UserStatus};

use super::SeverityCodes;
use super::codes;
use super::draft::Draft;
use super::flatten::Flat;
use super::keys::Key;
use super::notes::{Notes, quoted};
use super::time::read_rfc3339;
use super::values::{List, ListSeed, Scalar, TIME, Text};

/// What a JSON object gave.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub(super) draft: Draft,
    /// The DataMiner string that fills what the object leaves out.
    pub(super) correlation_alarm_info: Option<String>,
    /// Unknown keys that look like known ones.
    pub(super) suspects: Vec<(String, Key)>,
}

/// Reads `text`, one JSON object.
///
/// # Errors
/// Where the text is wrong and what was expected.
pub(super) fn read_object(
    text: &str,
    severity_codes: SeverityCodes,
    notes: &mut Notes,
) -> Result<Object, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reader = Reader {
        severity_codes,
        notes,
        object: Object::default(),
        flat: Flat::default(),
        seen: 0,
    };
    let object = deserializer
        .deserialize_map(reader)
        .map_err(|fault| placed(&fault))?;
    deserializer.end().map_err(|fault| placed(&fault))?;
    Ok(object)
}

/// The text of a JSON error with its place in front: `column 17: …`.
pub(super) fn placed(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    let suffix = format!(" at line {} column {}", fault.line(), fault.column());
    let text = text.strip_suffix(&suffix).unwrap_or(&text);
    // Serde quotes what it found, however long, and speaks of sequences and maps.
    let text = &text[..text.floor_char_boundary(MAX_FAULT_BYTES)];
    let text = &text
        .replacen("type: sequence,", "type: a list,", 1)
        .replacen("type: map,", "type: an object,", 1);
    let hint = match text.as_str() {
        "trailing characters" => "; expected nothing after the object: one record a line",
        "key must be a string" => "; expected a key in double quotes",
        "expected value" => "; expected text in double quotes, a number, true, false, null, { or [",
        _ if text.starts_with("EOF") => "; expected the rest of the object, up to its closing }",
        _ if text.starts_with("control character") => "; write it as \\n or \\u0000",
        _ => "",
    };
    match (fault.line(), fault.column()) {
        (0, _) => format!("{text}{hint}"),
        (1, column) => format!("column {column}: {text}{hint}"),
        (line, column) => format!("line {line}, column {column}: {text}{hint}"),
    }
}

const MAX_FAULT_BYTES: usize = 400;

struct Reader<'n> {
    severity_codes: SeverityCodes,
    notes: &'n mut Notes,
    object: Object,
    flat: Flat,
    seen: u32,
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object: {\"element\": …, \"severity\": …}")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Object, A::Error> {
        while let Some(name) = map.next_key_seed(NameSeed)? {
            match Key::from_name(&name) {
                Some(key) => self.known(key, &mut map)?,
                None => self.unknown(&name, &mut map)?,
            }
        }
        self.object.draft.partial |= self.flat.remark(self.notes);
        self.object.draft.properties = self.flat.properties;
        Ok(self.object)
    }
}

impl Reader<'_> {
    /// Most unknown keys that are looked at for misspellings.
    const MAX_SUSPECTS: usize = 8;

    fn unknown<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if self.object.suspects.len() < Self::MAX_SUSPECTS
            && let Some(key) = Key::nearest(name)
        {
            self.notes.push(format!(
                "{} is taken as a property; it looks like `{}`",
                quoted(name),
                key.name()
            ));
            self.object.suspects.push((quoted(name), key));
        }
        map.next_value_seed(self.flat.seed(name))
    }

    fn known<'de, A: MapAccess<'de>>(&mut self, key: Key, map: &mut A) -> Result<(), A::Error> {
        if self.seen & key.bit() != 0 {
            self.notes.push(format!(
                "`{}` is given more than once; the last one counts",
                key.name()
            ));
        }
        self.seen |= key.bit();
        if key == Key::Services {
            self.object.draft.services = self.list(key, map)?;
        } else if key == Key::Views {
            self.object.draft.views = self.list(key, map)?;
        } else if key == Key::Properties {
            map.next_value_seed(PropertiesSeed(&mut self.flat))?;
        } else {
            let given = map.next_value_seed(Scalar(key))?;
            self.scalar(key, given).map_err(A::Error::custom)?;
        }
        Ok(())
    }

    fn list<'de, A: MapAccess<'de>>(
        &mut self,
        key: Key,
        map: &mut A,
    ) -> Result<Option<Vec<String>>, A::Error> {
        let Some(list) = map.next_value_seed(ListSeed(key))? else {
            return Ok(None);
        };
        if list.cut {
            self.object.draft.partial = true;
            self.notes.push(format!(
                "only the first {} of `{}` are kept",
                List::MAX,
                key.name()
            ));
        }
        Ok(Some(list.items))
    }

    fn scalar(&mut self, key: Key, given: Text<'_>) -> Result<(), String> {
        let severity_codes = self.severity_codes;
        let draft = &mut self.object.draft;
        match key {
            Key::Element => draft.element = given.name(key)?,
            Key::Owner => draft.owner = given.name(key)?,
            Key::Comment => draft.comment = given.name(key)?,
            Key::Id => draft.id = given.id(key)?,
            Key::Parameter => draft.parameter = given.id(key)?,
            Key::Index => draft.index = given.id(key)?,
            Key::ElementId => draft.element_id = given.id(key)?,
            Key::ParameterId => draft.parameter_id = given.id(key)?,
            Key::Value => draft.value = given.any(),
            Key::Source => {
                draft.source = if let Text::Whole(code) = given {
                    let name = codes::source(code).map(ToOwned::to_owned);
                    Some(name.unwrap_or_else(|| code.to_string()))
                } else {
                    given.name(key)?
                };
            }
            Key::CorrelationAlarmInfo => {
                // As it is: the codec splits it at U+000B.
                self.object.correlation_alarm_info = given.text(key, "text")?.map(Cow::into_owned);
            }
            Key::Severity => {
                draft.severity = given.coded(
                    key,
                    |code| codes::severity(code, severity_codes),
                    &Severity::ALL,
                    Severity::name,
                    Severity::from_name,
                )?;
            }
            Key::Type => {
                draft.kind = given.coded(
                    key,
                    codes::kind,
                    AlarmType::ALL,
                    AlarmType::name,
                    AlarmType::from_name,
                )?;
            }
            Key::Status => {
                draft.status = given.coded(
                    key,
                    codes::status,
                    &Status::ALL,
                    Status::name,
                    Status::from_name,
                )?;
            }
            Key::UserStatus => {
                draft.user_status = given.coded(
                    key,
                    codes::user_status,
                    &UserStatus::ALL,
                    UserStatus::name,
                    |_| None,
                )?;
            }
            Key::SeverityRange => {
                draft.severity_range = given.coded(
                    key,
                    codes::severity_range,
                    &SeverityRange::ALL,
                    SeverityRange::name,
                    |_| None,
                )?;
            }
            Key::Time => draft.time = moment(key, given)?,
            Key::Until => draft.until = moment(key, given)?,
            Key::Repeats => draft.repeats = given.flag(key)?,
            Key::Services | Key::Views | Key::Properties => {}
        }
        Ok(())
    }
}

/// A time that may not be there.
fn moment(key: Key, given: Text<'_>) -> Result<Option<Time>, String> {
    let Some(text) = given.text(key, TIME)? else {
        return Ok(None);
    };
    let read = read_rfc3339(&text);
    let wrong = || format!("`{}` is {}; expected {TIME}", key.name(), quoted(&text));
    read.map(Some).ok_or_else(wrong)
}

/// The name of a key, borrowed where it has no escapes.
pub(super) struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key in double quotes")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// `properties`: an object.
struct PropertiesSeed<'a>(&'a mut Flat);

impl<'de> DeserializeSeed<'de> for PropertiesSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PropertiesSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for `properties`: {\"Site\": \"Paris\"}")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.seed("").visit_map(map)
    }
}
