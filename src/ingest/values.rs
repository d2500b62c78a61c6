//! The values of known keys: plain values as they stand in the text, and lists of them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, SeqAccess, Visitor};

use super::codes;
use super::keys::Key;
use super::notes::{clean, quoted};

/// What `time` has to be.
pub(super) const TIME: &str = "RFC 3339 with a zone, such as 2026-11-22T10:15:00Z";

/// A plain value as it stands in the text.
#[derive(Debug)]
pub(super) enum Text<'de> {
    Null,
    Flag(bool),
    Whole(i64),
    Fraction(String),
    Plain(Cow<'de, str>),
}

impl<'de> Text<'de> {
    /// A number that is not whole, as people write it.
    pub(super) fn number(value: f64) -> String {
        if value != 0.0 && !(1e-5..1e16).contains(&value.abs()) {
            format!("{value:e}")
        } else {
            value.to_string()
        }
    }

    fn unfit(&self, key: Key, expected: &str) -> String {
        let given = match self {
            Self::Null => "null".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Whole(number) => format!("the number {number}"),
            Self::Fraction(number) => format!("the number {number}"),
            Self::Plain(text) => quoted(text),
        };
        format!("`{}` is {given}; expected {expected}", key.name())
    }

    /// Text only.
    pub(super) fn text(self, key: Key, expected: &str) -> Result<Option<Cow<'de, str>>, String> {
        match self {
            Self::Null => Ok(None),
            Self::Plain(text) => Ok(Some(text)),
            Self::Flag(_) | Self::Whole(_) | Self::Fraction(_) => Err(self.unfit(key, expected)),
        }
    }

    /// Text that people read.
    pub(super) fn name(self, key: Key) -> Result<Option<String>, String> {
        let name = self.text(key, "text")?.map(clean);
        if key == Key::Element && name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err("`element` is empty; expected the element's name".to_owned());
        }
        Ok(name)
    }

    /// Text or a whole number. A fraction may have lost digits, and ids must not collide. Nothing
    /// but white space is as good as not given.
    pub(super) fn id(self, key: Key) -> Result<Option<String>, String> {
        match self {
            Self::Null => Ok(None),
            Self::Plain(text) if text.trim().is_empty() => Ok(None),
            Self::Plain(text) => Ok(Some(clean(text))),
            Self::Whole(number) => Ok(Some(number.to_string())),
            Self::Flag(_) | Self::Fraction(_) => Err(self.unfit(key, "text or a whole number")),
        }
    }

    /// `true` or `false`, `false` when it is not there.
    pub(super) fn flag(self, key: Key) -> Result<bool, String> {
        match &self {
            Self::Null => Ok(false),
            Self::Flag(flag) => Ok(*flag),
            Self::Plain(text) if text == "true" => Ok(true),
            Self::Plain(text) if text == "false" => Ok(false),
            Self::Whole(_) | Self::Fraction(_) | Self::Plain(_) => {
                Err(self.unfit(key, "true or false"))
            }
        }
    }

    pub(super) fn any(self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Whole(number) => Some(number.to_string()),
            Self::Fraction(number) => Some(number),
            Self::Plain(text) => Some(clean(text)),
        }
    }

    /// A name in any case, or a number, also as text.
    pub(super) fn coded<T: Copy>(
        self,
        key: Key,
        by_code: impl Fn(i64) -> Option<T>,
        all: &[T],
        name_of: fn(T) -> &'static str,
        by_name: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let found = match &self {
            Self::Null => return Ok(None),
            Self::Whole(code) => by_code(*code),
            Self::Plain(text) => {
                let text = text.trim();
                by_name(text)
                    .or_else(|| codes::by_name(all, name_of, text))
                    .or_else(|| by_code(text.parse().ok()?))
            }
            Self::Flag(_) | Self::Fraction(_) => None,
        };
        if let Some(found) = found {
            return Ok(Some(found));
        }
        let names: Vec<&str> = all.iter().map(|value| name_of(*value)).collect();
        let meant = nearest(&self, &names)
            .map(|name| format!("; did you mean {name}?"))
            .unwrap_or_default();
        let names = names.join(", ");
        Err(self.unfit(
            key,
            &format!("one of {names}, or DataMiner's number for it{meant}"),
        ))
    }
}

/// The name that a text is a slip or two away from.
fn nearest<'a>(given: &Text<'_>, names: &[&'a str]) -> Option<&'a str> {
    const MAX_SLIPS: usize = 2;
    const LONGEST: usize = 32;
    let Text::Plain(text) = given else {
        return None;
    };
    let text = text.trim().to_lowercase();
    if text.len() < 4 || text.len() > LONGEST {
        return None;
    }
    names
        .iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&text, &name.to_lowercase()),
                *name,
            )
        })
        .filter(|(slips, _)| *slips <= MAX_SLIPS)
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// The plain value of a key.
pub(super) struct Scalar(pub(super) Key);

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.0, Key::Time | Key::Until) {
            write!(f, "text for `{}`: {TIME}", self.0.name())
        } else if self.0 == Key::Element {
            f.write_str("the element's name as text for `element`")
        } else {
            write!(f, "text or a number for `{}`", self.0.name())
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Text::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Text::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Text::Whole(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(match i64::try_from(value) {
            Ok(value) => Text::Whole(value),
            Err(_) => Text::Plain(Cow::Owned(value.to_string())),
        })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Text::Fraction(Text::number(value)))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Text::Plain(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Text::Plain(Cow::Owned(value.to_owned())))
    }
}

/// `services` and `views`.
#[derive(Default)]
pub(super) struct List {
    pub(super) items: Vec<String>,
    /// There were more.
    pub(super) cut: bool,
}

impl List {
    pub(super) const MAX: usize = 256;

    fn push(&mut self, item: Option<String>) {
        match item {
            Some(item) if item.trim().is_empty() => {}
            Some(item) if self.items.len() < Self::MAX => self.items.push(item),
            Some(_) => self.cut = true,
            None => {}
        }
    }
}

/// A list of texts, or one text.
pub(super) struct ListSeed(pub(super) Key);

impl<'de> DeserializeSeed<'de> for ListSeed {
    type Value = Option<List>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed {
    type Value = Option<List>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of texts for `{}`", self.0.name())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        let mut list = List::default();
        list.push(Some(clean(Cow::Borrowed(value))));
        Ok(Some(list))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(item) = seq.next_element_seed(Scalar(self.0))? {
            list.push(item.id(self.0).map_err(A::Error::custom)?);
        }
        Ok(Some(list))
    }
}
