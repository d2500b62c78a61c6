//! What fills a variable: a minijinja template, strict about names and bounded in work.

use std::sync::Arc;

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::fault::{Place, TemplateFault};
use super::scene;
use super::words::Words;

/// Work that one value may take, in minijinja's fuel: instructions, and 64 bytes each.
const FUEL: u64 = 50_000;
/// How deep blocks of a source may nest.
const MAX_DEPTH: usize = 32;
/// The longest source, in bytes.
const MAX_SOURCE_BYTES: usize = 4096;
/// Marks sources whose values stand in an address.
const ADDRESS: &str = "address";
/// How the names of sources begin that a button carries.
const BUTTON: &str = "button ";

/// The compiled sources of one template.
#[derive(Debug)]
pub(super) struct Sources(Environment<'static>);

/// Names one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    place: Place,
    address: bool,
}

impl Source {
    /// A source whose value is text.
    pub(super) const fn text(place: Place) -> Self {
        Self {
            place,
            address: false,
        }
    }

    /// A source whose value ends an address: what it prints is percent-encoded, what is written
    /// around that is not.
    pub(super) const fn address(place: Place) -> Self {
        Self {
            place,
            address: true,
        }
    }

    fn name(self) -> String {
        let kind = if self.address { ADDRESS } else { "text" };
        format!("{}.{kind}", self.place)
    }
}

impl Sources {
    /// Words that klaxond itself uses are printed as `words` has them.
    pub(super) fn new(words: Arc<Words>) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_DEPTH);
        environment.set_debug(false);
        environment.remove_global("debug");
        environment.add_filter("default", or_else);
        environment.add_filter("d", or_else);
        environment.set_auto_escape_callback(|name| match name.ends_with(ADDRESS) {
            true => AutoEscape::Custom(ADDRESS.into()),
            false => AutoEscape::None,
        });
        environment.set_formatter(move |out, state, value| write_value(out, state, value, &words));
        Self(environment)
    }

    /// Compiles `text` and tries it in a scene in which every variable has a value.
    pub(super) fn add(&mut self, source: Source, text: &str) -> Result<(), Vec<TemplateFault>> {
        let place = source.place;
        if text.len() > MAX_SOURCE_BYTES {
            let message = format!("is longer than {MAX_SOURCE_BYTES} bytes");
            return Err(vec![TemplateFault::new(place, message)]);
        }
        self.0.set_debug(true);
        let tried = self.try_out(source, text);
        self.0.set_debug(false);
        tried
    }

    fn try_out(&mut self, source: Source, text: &str) -> Result<(), Vec<TemplateFault>> {
        let name = source.name();
        let syntax = |error| vec![fault(source.place, &error)];
        self.0
            .add_template_owned(name.clone(), text.to_owned())
            .map_err(syntax)?;
        let template = self.0.get_template(&name).map_err(syntax)?;
        let sample = scene::sample();
        let mut paths: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        paths.sort_unstable();
        let unknown: Vec<_> = paths
            .iter()
            .filter(|path| !self.0.globals().any(|(global, _)| global == path.as_str()))
            .filter_map(|path| unknown_name(source.place, text, path, &sample))
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        match template.render(sample) {
            Ok(_) => Ok(()),
            Err(error) => Err(vec![fault(source.place, &error)]),
        }
    }

    /// The value of `source` in a scene.
    pub(super) fn value(&self, source: Source, variables: &Value) -> Result<String, String> {
        self.0
            .get_template(&source.name())
            .and_then(|template| template.render(variables.clone()))
            .map_err(|error| describe(&error))
    }
}

impl Sources {
    /// Whether `source` looks at one of these variables, or at the whole of what they are part of.
    pub(super) fn looks_at(&self, source: Source, names: &[&str]) -> bool {
        let Ok(template) = self.0.get_template(&source.name()) else {
            return false;
        };
        template.undeclared_variables(true).iter().any(|used| {
            names.iter().any(|name| {
                used == name
                    || name
                        .strip_prefix(used.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            })
        })
    }
}

/// `{{ x | default("y") }}`: y where x is missing or empty. Missing texts of an alarm are empty.
fn or_else(value: Value, other: Option<Value>, _lax: Option<Value>) -> Value {
    let textual = matches!(
        value.kind(),
        ValueKind::String | ValueKind::Seq | ValueKind::Map
    );
    let empty = value.is_undefined() || value.is_none() || (textual && !value.is_true());
    if empty {
        other.unwrap_or_else(|| Value::from(""))
    } else {
        value
    }
}

fn write_value(
    out: &mut Output,
    state: &mut State,
    value: &Value,
    words: &Words,
) -> Result<(), Error> {
    let address = matches!(state.auto_escape(), AutoEscape::Custom(name) if name == ADDRESS);
    let word = value.as_str().filter(|_| value.is_safe());
    let word = word.filter(|text| Words::is_known(text));
    // People read the header and the body; what a button carries is for programs.
    let said = word.filter(|_| !state.name().starts_with(BUTTON));
    let written = if let Some(said) = said.and_then(|word| words.get(word)) {
        out.write_str(said)
    } else if address && (word.is_some() || !value.is_safe()) {
        out.write_str(&percent_encode(&value.to_string(), |_| false))
    } else {
        out.write_str(&value.to_string())
    };
    written.map_err(|_| Error::new(ErrorKind::WriteFailure, "the value could not be written"))
}

/// RFC 3986: letters, digits and `-._~` stay, and what `keep` names; the bytes of everything else
/// become `%XX`.
pub(super) fn percent_encode(text: &str, keep: impl Fn(u8) -> bool) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

fn unknown_name(place: Place, text: &str, path: &str, sample: &Value) -> Option<TemplateFault> {
    let (mut holder, mut known) = (sample.clone(), String::new());
    for part in path.split('.') {
        let value = holder.get_attr(part).unwrap_or(Value::UNDEFINED);
        if value.is_undefined() {
            let mut fault = TemplateFault::new(place, format!("there is no variable {path}"));
            fault.span = text.find(path).map(|start| start..start + path.len());
            let names = holder.try_iter().ok()?.map(|name| name.to_string());
            let mut names: Vec<String> = names.collect();
            names.sort_unstable();
            return Some(fault.expect(instead(&known, part, &names)));
        }
        known.push_str(part);
        known.push('.');
        holder = value;
    }
    None
}

fn instead(known: &str, part: &str, names: &[String]) -> String {
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(part, name), name))
        .min()
        .filter(|(distance, _)| *distance <= 2.max(part.len() / 3));
    match near {
        Some((_, name)) => format!("write {known}{name}"),
        None if known.is_empty() => format!("there are {}", names.join(", ")),
        None => format!("{} has {}", known.trim_end_matches('.'), names.join(", ")),
    }
}

fn fault(place: Place, error: &Error) -> TemplateFault {
    let mut fault = TemplateFault::new(place, describe(error));
    fault.span = error.range();
    fault
}

/// The error in words, without the name that the source has here.
fn describe(error: &Error) -> String {
    let kind = error.kind().to_string();
    match error.detail() {
        Some(detail) => format!("{kind}: {detail}"),
        None => kind,
    }
}
