//! The config for work that sends nothing: rules tried on a history or by a test need no account.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Faults;
use super::load::{Source, read, text_of};
use super::settings::{Environment, Loaded};

/// Stands in for the account, and for the sections that reach out.
const ACCOUNT: &str = r#"
[whatsapp]
phone_number_id = "100000000000000"
business_account_id = "100000000000000"
token = "none"
[http]
listen = "off"
"#;

/// The template that a test has where it writes none.
const ALARM: &str = r#"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Alarm: {{1}} is {{2}} ({{3}}), value {{4}}. Please check it."
parameters = ["{{ alarm.element }}", "{{ alarm.severity }}", "{{ alarm.type }}{% if notification.repeat %}, repeated{% endif %}", "{{ alarm.value }}"]
"#;

/// Sections that are left out: they name secrets, programs and sockets.
const OUTSIDE: [&str; 4] = ["whatsapp", "http", "webhook", "hooks"];

/// Reads the config file at `path` without its account: no secret is read or missed.
///
/// # Errors
/// Everything that is wrong with the rest of it, in the order of the file.
pub fn load_offline(path: &Path) -> Result<Loaded, Faults> {
    let file = path.display().to_string();
    let text = text_of(path, &file)?;
    let source = Source {
        file: &file,
        text: &text,
        folder: path.parent().unwrap_or(Path::new("")),
        exposed: false,
    };
    read(&source, &Environment::default(), without_account)
}

/// Reads `text`, the config of a rule test: without an account, and with a template `alarm` where it
/// writes none. `file` names it in faults; paths in it are relative to `folder`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text.
pub fn read_sample(file: &str, text: &str, folder: &Path) -> Result<Loaded, Faults> {
    let source = Source {
        file,
        text,
        folder,
        exposed: false,
    };
    read(&source, &Environment::default(), |document| {
        without_account(document);
        with_template(document);
    })
}

fn without_account(document: &mut DeTable<'_>) {
    let control = match document.get_mut("http").map(Spanned::get_mut) {
        Some(DeValue::Table(http)) => http.remove_entry("control"),
        Some(_) | None => None,
    };
    for section in OUTSIDE {
        document.remove(section);
    }
    document.extend(table(ACCOUNT));
    if let Some((key, value)) = control
        && let Some(DeValue::Table(http)) = document.get_mut("http").map(Spanned::get_mut)
    {
        // Where the daemon is asked, by commands that need no account.
        http.insert(key, value);
    }
    let fallback = document.get_mut("fallback").map(Spanned::get_mut);
    if let Some(DeValue::Table(fallback)) = fallback {
        // The contact is a matter of rules; the program is not run.
        fallback.remove("command");
        fallback.remove("timeout");
        if fallback.is_empty() {
            document.remove("fallback");
        }
    }
}

fn with_template(document: &mut DeTable<'_>) {
    for (key, value) in table(ALARM) {
        match document.get_mut("templates").map(Spanned::get_mut) {
            None => {
                document.insert(key, value);
            }
            Some(DeValue::Table(templates)) if !templates.contains_key("alarm") => {
                if let DeValue::Table(supplied) = value.into_inner() {
                    templates.extend(supplied);
                }
            }
            // Given, or something else, which is told as a fault.
            Some(_) => {}
        }
    }
}

/// What is supplied; its places say nothing in the file.
fn table(text: &'static str) -> DeTable<'static> {
    DeTable::parse_recoverable(text).0.into_inner()
}
