//! Tables, their keys and values, each with its place in the file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Fault;
use super::keys::{self, Section};
use super::mask;
use super::page::{Page, Problem, Text};

/// A table of the file; it may be missing, and then every key of it is.
pub(super) struct Table<'d> {
    /// As people write it, for messages.
    pub(super) name: String,
    /// Its header, or all of it when it is inline.
    pub(super) span: Option<Range<usize>>,
    pub(super) page: &'d Page<'d>,
    entries: Option<&'d DeTable<'d>>,
    section: &'static Section,
}

impl<'d> Table<'d> {
    /// The top of the file.
    pub(super) fn top(page: &'d Page<'d>, document: &'d DeTable<'d>) -> Self {
        Self::open(
            page,
            &keys::TOP,
            "the file".to_owned(),
            Some(document),
            None,
        )
    }

    fn open(
        page: &'d Page<'d>,
        section: &'static Section,
        name: String,
        entries: Option<&'d DeTable<'d>>,
        span: Option<Range<usize>>,
    ) -> Self {
        let table = Self {
            name,
            span,
            page,
            entries,
            section,
        };
        for (key, _) in entries.into_iter().flat_map(DeTable::iter) {
            table.check_key(key.get_ref(), key.span());
        }
        table
    }

    fn check_key(&self, key: &str, span: Range<usize>) {
        if self.section.keys.contains(&key) {
            return;
        }
        let help = if let Some(near) = keys::nearest(key, self.section.keys.iter().copied()) {
            format!("write `{near}`")
        } else if let Some(home) = keys::homes(key).find(|home| home.name.is_empty()) {
            debug_assert!(home.keys.contains(&key));
            format!("`{key}` belongs at the top of the file, before the first [section]")
        } else if let Some(home) = keys::homes(key).find(|home| home.name.starts_with('[')) {
            format!("`{key}` belongs in {}", home.name)
        } else {
            format!("the keys here are {}", self.section.keys.join(", "))
        };
        let message = if self.section.name.is_empty() {
            format!("there is no section or key `{key}`")
        } else {
            format!("{} has no key `{key}`", self.name)
        };
        self.page.fault(Fault::at(span, message).help(help));
    }

    /// Whether the file has it.
    pub(super) fn is_given(&self) -> bool {
        self.entries.is_some()
    }

    /// Where a fault about `key` points: its value, else the table.
    pub(super) fn span_of(&self, key: &str) -> Option<Range<usize>> {
        self.get(key)
            .map(Spanned::span)
            .or_else(|| self.span.clone())
    }

    /// The value of `key` and its place.
    pub(super) fn get(&self, key: &str) -> Option<&'d Spanned<DeValue<'d>>> {
        debug_assert!(self.section.keys.contains(&key), "{key} is not declared");
        self.entries?.get(key)
    }

    /// The place of `key` itself.
    pub(super) fn key_span(&self, key: &str) -> Option<Range<usize>> {
        Some(self.entries?.get_key_value(key)?.0.span())
    }

    /// A fault about a key that has to be there.
    pub(super) fn missing(&self, what: &str, help: &str) {
        let message = format!("{} needs {what}", self.name);
        let fault = Fault::maybe_at(self.span.clone(), message).help(help);
        self.page.fault(fault.follows());
    }

    /// A fault about the value of `key`.
    pub(super) fn fault(&self, key: &str, problem: Problem) {
        self.page.fault(problem.at(self.span_of(key)));
    }

    /// A warning about `key`.
    pub(super) fn warn(&self, key: &str, message: &str, help: &str) {
        let span = self.key_span(key).or_else(|| self.span.clone());
        self.page.warn(Fault::maybe_at(span, message).help(help));
    }

    /// A text.
    pub(super) fn text(&self, key: &str) -> Option<Text<'d>> {
        let value = self.get(key)?;
        self.as_text(key, value)
    }

    /// The same where the section may have no such key.
    pub(super) fn text_if_known(&self, key: &str) -> Option<Text<'d>> {
        self.text(self.section.keys.iter().find(|known| **known == key)?)
    }

    /// A text that has to be there and hold something.
    pub(super) fn required(&self, key: &str, help: &str) -> Option<Text<'d>> {
        if self.get(key).is_none() {
            self.missing(&format!("`{key}`"), help);
            return None;
        }
        let text = self.text(key)?;
        if text.text.trim().is_empty() {
            let fault = Fault::at(text.span, format!("`{key}` is empty")).help(help);
            self.page.fault(fault);
            return None;
        }
        Some(text)
    }

    /// A text that `parse` understands.
    pub(super) fn read<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        let text = self.text(key)?;
        self.parse(&text, parse)
    }

    /// What `parse` makes of `text`.
    pub(super) fn parse<T>(
        &self,
        text: &Text<'_>,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Option<T> {
        match parse(text.text) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.page.fault(self.page.problem(text, problem));
                None
            }
        }
    }

    /// A table of known keys; a missing one reads as empty.
    pub(super) fn table(&self, key: &str, section: &'static Section) -> Table<'d> {
        let name = section.name.to_owned();
        match self.get(key) {
            Some(value) => self.as_table(value, section, name).unwrap_or_else(|| {
                let help = format!(
                    "write {} on a line of its own, its keys under it",
                    section.name
                );
                self.wrong_type(key, value, "a section", &help);
                Table::open(self.page, section, section.name.to_owned(), None, None)
            }),
            None => Table::open(self.page, section, name, None, None),
        }
    }

    /// A list of tables of known keys.
    pub(super) fn tables(&self, key: &str, section: &'static Section) -> Vec<Table<'d>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            let help = format!("write [[{key}]], in two pairs of brackets, before each of them");
            self.wrong_type(key, value, "a list of tables", &help);
            return Vec::new();
        };
        let mut tables = Vec::with_capacity(items.len());
        for item in items.iter() {
            match self.as_table(item, section, section.name.to_owned()) {
                Some(table) => tables.push(table),
                None => {
                    let help = format!("write [[{key}]] before each of them");
                    self.wrong_type(key, item, "a table", &help);
                }
            }
        }
        tables
    }

    /// The entries of a table with keys of the user's choice, in the order of the file.
    pub(super) fn entries(&self, key: &str) -> Vec<(Text<'d>, &'d Spanned<DeValue<'d>>)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Table(inner) = value.get_ref() else {
            let home = self
                .section
                .name
                .trim_end_matches(']')
                .trim_start_matches('[');
            let dot = if home.is_empty() { "" } else { "." };
            let help = format!("write [{home}{dot}{key}] on a line of its own, its keys under it");
            self.wrong_type(key, value, "a table", &help);
            return Vec::new();
        };
        in_order(inner)
    }

    /// `value` as a table of `section`.
    pub(super) fn as_table(
        &self,
        value: &'d Spanned<DeValue<'d>>,
        section: &'static Section,
        name: String,
    ) -> Option<Table<'d>> {
        let inner = value.get_ref().as_table()?;
        let span = Some(value.span());
        Some(Table::open(self.page, section, name, Some(inner), span))
    }

    /// `value` as a text.
    pub(super) fn as_text(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Option<Text<'d>> {
        self.text_or(key, value, "text")
    }

    /// `value` as a text; `expected` says what its key wants.
    pub(super) fn text_or(
        &self,
        key: &str,
        value: &'d Spanned<DeValue<'d>>,
        expected: &str,
    ) -> Option<Text<'d>> {
        if let Some(text) = value.get_ref().as_str() {
            let span = value.span();
            return Some(Text { text, span });
        }
        let several = value.get_ref().is_array() || value.get_ref().is_table();
        let help = if several || mask::names_secret(key) {
            "write one text in quotes".to_owned()
        } else {
            format!("put it in quotes: \"{}\"", self.page.raw(value.span()))
        };
        self.wrong_type(key, value, expected, &help);
        None
    }

    /// A fault about a value of the wrong type.
    pub(super) fn wrong_type(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        expected: &str,
        help: &str,
    ) {
        let found = match value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{key}` must be {expected}, not {found}");
        self.page.fault(Fault::at(value.span(), message).help(help));
    }
}

/// The entries of a table in the order of the file.
pub(super) fn in_order<'d>(table: &'d DeTable<'d>) -> Vec<(Text<'d>, &'d Spanned<DeValue<'d>>)> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let text: &str = key.get_ref();
            let span = key.span();
            (Text { text, span }, value)
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    entries
}
