//! Unknown keys and `properties` to a flat list: nested names are joined by dots.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::Properties;

use super::json::NameSeed;
use super::notes::{Notes, clean};
use super::values::Text;

/// The properties of one record, within bounds.
#[derive(Debug, Default)]
pub(super) struct Flat {
    pub(super) properties: Properties,
    path: String,
    too_many: bool,
    too_deep: bool,
    shortened: bool,
    unnamed: bool,
}

impl Flat {
    /// Properties of one record; more are left out.
    const MAX: usize = 256;
    /// Levels of nesting; what lies deeper is left out.
    const MAX_DEPTH: usize = 8;
    /// Bytes of a name; longer ones are cut.
    const MAX_NAME_BYTES: usize = 256;

    /// Reads the value of `name` into properties; an empty name stands for the record itself.
    pub(super) fn seed<'a>(&'a mut self, name: &str) -> Seed<'a> {
        self.path.clear();
        self.descend(name);
        Seed {
            flat: self,
            depth: 0,
        }
    }

    /// Says what was left out; true when something was.
    pub(super) fn remark(&self, notes: &mut Notes) -> bool {
        if self.too_many {
            notes.push(format!("only the first {} properties are kept", Self::MAX));
        }
        if self.too_deep {
            notes.push(format!(
                "what is nested deeper than {} levels is left out",
                Self::MAX_DEPTH
            ));
        }
        if self.shortened {
            notes.push(format!(
                "a property name is cut to {} bytes",
                Self::MAX_NAME_BYTES
            ));
        }
        if self.unnamed {
            notes.push("a property without a name is left out");
        }
        self.too_many || self.too_deep || self.shortened || self.unnamed
    }

    /// Appends `name` to the path; returns the length to cut it back to.
    fn descend(&mut self, name: &str) -> usize {
        let before = self.path.len();
        if before > 0 {
            self.path.push('.');
        }
        let room = Self::MAX_NAME_BYTES.saturating_sub(self.path.len());
        let end = name.floor_char_boundary(room);
        self.shortened |= end < name.len();
        self.path.push_str(&name[..end]);
        before
    }

    fn put(&mut self, value: String) {
        if self.path.is_empty() {
            self.unnamed = true;
        } else if self.properties.len() < Self::MAX || self.properties.get(&self.path).is_some() {
            let name = clean(Cow::Borrowed(&self.path));
            self.properties.insert(name, value);
        } else {
            self.too_many = true;
        }
    }
}

/// Reads one value into the properties under the path at hand.
pub(super) struct Seed<'a> {
    flat: &'a mut Flat,
    depth: usize,
}

impl Seed<'_> {
    fn deeper(&mut self) -> Option<usize> {
        let depth = self.depth + 1;
        self.flat.too_deep |= depth > Flat::MAX_DEPTH;
        (depth <= Flat::MAX_DEPTH).then_some(depth)
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property: text, a number, true, false, a list or an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.flat.put(value.to_string());
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.flat.put(value.to_string());
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.flat.put(value.to_string());
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.flat.put(Text::number(value));
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.flat.put(clean(Cow::Borrowed(value)));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Some(depth) = self.deeper() else {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let before = self.flat.descend(&name);
            map.next_value_seed(Seed {
                flat: &mut *self.flat,
                depth,
            })?;
            self.flat.path.truncate(before);
        }
        Ok(())
    }

    /// A list of plain values is one text, `a, b`; an object or a list in it goes under its place.
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let Some(depth) = self.deeper() else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let mut joined: Option<String> = None;
        let mut place = 0_usize;
        loop {
            let before = self.flat.descend(&place.to_string());
            let item = Item(Seed {
                flat: &mut *self.flat,
                depth,
            });
            let plain = seq.next_element_seed(item)?;
            self.flat.path.truncate(before);
            match plain {
                None => break,
                Some(None) => {}
                Some(Some(text)) => match &mut joined {
                    None => joined = Some(text),
                    Some(joined) => {
                        joined.push_str(", ");
                        joined.push_str(&text);
                    }
                },
            }
            place += 1;
        }
        if let Some(joined) = joined {
            self.flat.put(joined);
        }
        Ok(())
    }
}

/// One item of a list: its text when it is plain.
struct Item<'a>(Seed<'a>);

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Text::number(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(clean(Cow::Borrowed(value))))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.0.visit_map(map).map(|()| None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        self.0.visit_seq(seq).map(|()| None)
    }
}
