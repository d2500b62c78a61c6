//! Finds a config file and reads it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use toml::de::DeTable;

use crate::engine::Ruleset;
use crate::model::{ContactId, Time};

use super::fault::{Fault, Faults};
use super::mask::Mask;
use super::page::Page;
use super::reader::Table;
use super::settings::{Environment, Loaded, Settings};
use super::{
    contacts, correlation, dataminer, delivery, expect, fallback, filters, http, ingest, labels,
    replies, rules, secrets, storage, syntax, templates, times, top, webhook, whatsapp, words,
};

/// Larger files are not written by people.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The config file to read: the one that is named, else `/etc/klaxond/config.toml`, else
/// `config/config.toml` in the working directory. When neither is there, the first of the two, for the
/// message that it is missing.
#[must_use]
pub fn find(explicit: Option<&Path>) -> PathBuf {
    let places = ["/etc/klaxond/config.toml", "config/config.toml"];
    match explicit {
        Some(path) => path.to_owned(),
        None => places
            .iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
            .unwrap_or_else(|| PathBuf::from(places[0])),
    }
}

/// Reads the config file at `path` and the secrets that it names.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn load(path: &Path, environment: &Environment) -> Result<Loaded, Faults> {
    let file = path.display().to_string();
    let text = text_of(path, &file)?;
    let source = Source {
        file: &file,
        text: &text,
        folder: path.parent().unwrap_or(Path::new("")),
        exposed: secrets::readable_by_others(path),
    };
    read(&source, environment, |_| {})
}

/// The text of a config, and where it comes from.
pub(super) struct Source<'t> {
    /// As it was named, for faults.
    pub(super) file: &'t str,
    pub(super) text: &'t str,
    /// What relative paths in it are relative to.
    pub(super) folder: &'t Path,
    /// Every user of this host can read it.
    pub(super) exposed: bool,
}

/// Reads a config; `amend` may change what was written before it is understood.
pub(super) fn read<'t>(
    source: &Source<'t>,
    environment: &Environment,
    amend: impl FnOnce(&mut DeTable<'t>),
) -> Result<Loaded, Faults> {
    let Source {
        file,
        text,
        folder,
        exposed,
    } = *source;
    let (mut document, errors) = DeTable::parse_recoverable(text);
    let mask = Mask::find(text, document.get_ref());
    amend(document.get_mut());
    let page = Page::new(text, folder);
    let settings = settings(&Table::top(&page, document.get_ref()), environment, exposed);
    let (mut faults, warnings) = page.finish();
    if !errors.is_empty() {
        // What could not be read must not be held against what could.
        let broken = syntax::faults(text, &errors);
        faults.retain(|fault| !fault.follows && !stands_on_line_of(text, fault, &broken));
        faults.extend(broken);
    }
    match settings {
        Some(settings) if faults.is_empty() => Ok(Loaded {
            settings,
            warnings: Faults::new(file, text, &mask, warnings),
        }),
        None if faults.is_empty() => Err(Faults::whole(
            file,
            Fault::maybe_at(None, "the settings are not complete"),
        )),
        Some(_) | None => Err(Faults::new(file, text, &mask, faults)),
    }
}

fn settings(file: &Table<'_>, environment: &Environment, exposed: bool) -> Option<Settings> {
    let (display, language) = top::read(file);
    let whatsapp = whatsapp::read(file, environment, exposed);
    let ingest = ingest::read(file);
    let dataminer = dataminer::read(file, &display.timezone);
    let labels = labels::read(file);
    let (storage, keep_all) = storage::read(file);
    let correlation = correlation::read(file);
    let http = http::read(file, environment, exposed, &ingest.socket);
    let known = webhook::Known {
        keys: whatsapp.keys,
        phone_number_id: whatsapp
            .settings
            .as_ref()
            .map(|one| one.phone_number_id.as_str()),
        http: http.as_ref().and_then(|http| http.listen),
    };
    let webhook = webhook::read(file, known);
    let (delivery, confirm) = delivery::read(file, webhook.is_some());
    let log = top::log(file);
    let now = Time::from(Timestamp::now());
    let times = times::read(file, &display.timezone, now);
    let (contacts, names) = contacts::read(file, &times);
    let fallback = fallback::read(file, &names, &contacts);
    let hooks = fallback::hooks(file);
    let everyone: Vec<ContactId> = contacts.iter().map(|contact| contact.id.clone()).collect();
    let vocabulary = words::read(file);
    let templates = templates::read(file, &language, &vocabulary);
    let named = filters::named(file);
    let (replies, words) = replies::read(file, &templates.ids);
    let operators = replies::operators(file, &names, &everyone, &templates.ids);
    let known = rules::References {
        filters: &named,
        times: &times,
        names: &names,
        off: contacts
            .iter()
            .filter(|contact| !contact.enabled)
            .map(|contact| &contact.id)
            .collect(),
        templates: &templates.ids,
        compiled: &templates.compiled,
        limits: correlation.limits,
        max_rules: correlation.max_rules,
        contacts: &everyone,
        confirm,
    };
    let rules = rules::read(file, &known);
    let expected = expect::read(file);
    let delivery = delivery?;
    let (operators, notice) = operators?;
    let ruleset = Ruleset {
        rules,
        contacts,
        named,
        expire_after: delivery.expire_after,
        forget_after: correlation.forget_after,
        shadow: delivery.shadow,
        limits: correlation.limits,
        replies,
        operators,
        notice,
        fallback: fallback.contact,
    };
    expect::warn(file, &expected, &ruleset, now);
    Some(Settings {
        whatsapp: whatsapp.settings?,
        templates: templates.compiled,
        definitions: templates.definitions,
        vocabulary,
        display,
        ingest,
        dataminer,
        labels,
        storage,
        keep_all,
        delivery: delivery.settings,
        drain_timeout: delivery.drain_timeout,
        ruleset,
        expect: expected.into_iter().map(|(one, _)| one).collect(),
        fallback: fallback.command,
        hooks,
        words,
        http: http?,
        webhook,
        log,
    })
}

/// The text of the file; it is wiped when dropped, since it may hold secrets.
pub(super) fn text_of(path: &Path, file: &str) -> Result<Zeroizing<String>, Faults> {
    let whole = |message: String, help: &str| {
        Faults::whole(file, Fault::maybe_at(None, message).help(help))
    };
    let mut bytes = Zeroizing::new(Vec::new());
    let read =
        File::open(path).and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        return Err(if error.kind() == ErrorKind::NotFound {
            whole(
                "there is no such file".to_owned(),
                "start from the example config/config.toml, or name a file with --config FILE",
            )
        } else if error.kind() == ErrorKind::PermissionDenied {
            whole(
                "the file cannot be read".to_owned(),
                "run klaxond as a user that may read it",
            )
        } else {
            whole(
                format!("the file cannot be read: {error}"),
                "name a file with --config FILE",
            )
        });
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(whole(
            "the file is larger than 4 MiB".to_owned(),
            "is it the right one?",
        ));
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(whole(
                format!("line {line} holds bytes that are not UTF-8"),
                "save the file as UTF-8",
            ))
        }
    }
}

/// Whether a fault points at a line that could not be parsed, or at nothing that was written.
fn stands_on_line_of(text: &str, fault: &Fault, broken: &[Fault]) -> bool {
    let line_of = |at: usize| {
        let before = text.get(..text.floor_char_boundary(at)).unwrap_or("");
        before.rfind('\n').map_or(0, |at| at + 1)
    };
    let Some(span) = &fault.span else {
        return false;
    };
    if *span == (0..0) {
        return true;
    }
    let line = line_of(span.start);
    broken
        .iter()
        .filter_map(|fault| fault.span.as_ref())
        .any(|span| line_of(span.start) == line)
}
