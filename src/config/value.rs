//! Values of a table: words, numbers, spans of time, sizes, paths, lists.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::fault::Fault;
use super::measure;
use super::page::{Problem, Text};
use super::reader::Table;

impl<'d> Table<'d> {
    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> T {
        let parse = |text: &str| {
            let known = words.iter().find(|(word, _)| *word == text);
            known.map(|(_, value)| *value).ok_or_else(|| {
                let list: Vec<String> = words
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                Problem::new(format!("`{key}` cannot be \"{text}\""))
                    .help(format!("write {}", list.join(" or ")))
            })
        };
        self.read(key, parse).unwrap_or(default)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &str, default: bool) -> bool {
        match self.get(key).map(|value| (value, value.get_ref())) {
            Some((_, DeValue::Boolean(flag))) => *flag,
            Some((value, _)) => {
                self.wrong_type(
                    key,
                    value,
                    "true or false",
                    "write true or false, without quotes",
                );
                default
            }
            None => default,
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, key: &str, bounds: RangeInclusive<u64>, default: u64) -> u64 {
        let (low, high) = (*bounds.start(), *bounds.end());
        let help = format!("write a whole number from {low} to {high}");
        match self.get(key).map(|value| (value, whole(value))) {
            Some((_, Some(number))) if bounds.contains(&number) => number,
            Some((value, Some(_))) => {
                let message = format!("`{key}` is out of bounds");
                self.page.fault(Fault::at(value.span(), message).help(help));
                default
            }
            Some((value, None)) => {
                self.wrong_type(key, value, "a whole number", &help);
                default
            }
            None => default,
        }
    }

    /// A span of time within bounds.
    pub(super) fn duration(
        &self,
        key: &str,
        bounds: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        if let Some((value, seconds)) = self.get(key).and_then(|v| Some((v, whole(v)?))) {
            let help = format!("say the unit, in quotes: {key} = \"{seconds}s\"");
            self.wrong_type(key, value, "a span of time", &help);
            return default;
        }
        let parse = |text: &str| {
            let span = measure::duration(text)?;
            let show = measure::show_duration;
            if bounds.contains(&span) {
                return Ok(span);
            }
            let (low, high) = (show(*bounds.start()), show(*bounds.end()));
            Err(Problem::new(format!("`{key}` is out of bounds"))
                .help(format!("write a span from \"{low}\" to \"{high}\"")))
        };
        self.read(key, parse).unwrap_or(default)
    }

    /// A number of bytes within bounds.
    pub(super) fn size(&self, key: &str, bounds: RangeInclusive<u64>, default: u64) -> u64 {
        let within = |bytes: u64| {
            let show = measure::show_size;
            let (low, high) = (show(*bounds.start()), show(*bounds.end()));
            bounds.contains(&bytes).then_some(bytes).ok_or_else(|| {
                Problem::new(format!("`{key}` is out of bounds"))
                    .help(format!("write a size from \"{low}\" to \"{high}\""))
            })
        };
        let value = self.get(key);
        if let Some(value) = value.filter(|v| !v.get_ref().is_str() && whole(v).is_none()) {
            let help = "write a size such as \"64KiB\", or a number of bytes";
            self.wrong_type(key, value, "a size", help);
            return default;
        }
        match value.and_then(whole) {
            Some(bytes) => within(bytes).unwrap_or_else(|problem| {
                self.fault(key, problem);
                default
            }),
            None => self
                .read(key, |text| within(measure::size(text)?))
                .unwrap_or(default),
        }
    }

    /// A path, relative to the folder of the file.
    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        self.read(key, |text| {
            if text.trim().is_empty() || text.contains('\0') {
                return Err(Problem::new(format!("`{key}` is not a path")).help("name a file"));
            }
            Ok(self.page.path(text))
        })
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<Text<'d>>> {
        let value = self.get(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            let help = match value.get_ref().as_str() {
                Some(one) => format!("write {key} = [\"{one}\"]"),
                None => format!("write {key} = [\"…\", \"…\"]"),
            };
            self.wrong_type(key, value, "a list", &help);
            return None;
        };
        Some(
            items
                .iter()
                .filter_map(|item| self.text_or(key, item, "text in every entry"))
                .collect(),
        )
    }
}

/// A whole number that is not negative, in any of TOML's notations.
fn whole(value: &Spanned<DeValue<'_>>) -> Option<u64> {
    let number = value.get_ref().as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}
