//! Icinga 2: the options of its own notification scripts.
//!
//! Facts: `mail-host-notification.sh` and `mail-service-notification.sh` and the NotificationCommands
//! that call them (`etc/icinga2/scripts`, `conf.d/commands.conf`).

use serde_json::{Value, json};

use super::notification::{Notification, filled};
use super::system::Wrong;

/// The record of one call.
///
/// # Errors
/// An option is not known or has no value, or no host or state is named.
pub(super) fn read(words: &[String]) -> Result<Value, Wrong> {
    let mut told = Notification {
        source: "icinga2",
        ..Notification::default()
    };
    let mut words = words.iter();
    while let Some(option) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| Wrong::Usage(format!("{option} has no value")))?;
        let value = filled(value).to_owned();
        match option.as_str() {
            "-l" => told.host = value,
            "-e" => told.service = value,
            "-s" => told.state = value,
            "-t" => told.kind = value,
            "-o" => told.output = value,
            "-b" => told.author = value,
            "-c" => told.comment = value,
            "-d" => told.time = time(&value),
            "-n" => property(&mut told, "HostDisplayName", &value),
            "-u" => property(&mut told, "ServiceDisplayName", &value),
            "-4" | "-6" => property(&mut told, "HostAddress", &value),
            "-i" => property(&mut told, "IcingaWeb", &value),
            // Mail's own: from, to, whether to log.
            "-f" | "-r" | "-v" => {}
            _ => {
                return Err(Wrong::Usage(format!(
                    "{option} is none of Icinga's options -l -n -e -u -s -t -o -d -b -c -4 -6 -i -f -r -v"
                )));
            }
        }
    }
    // A name that says nothing else is no property.
    for (name, known) in [
        ("HostDisplayName", told.host.clone()),
        ("ServiceDisplayName", told.service.clone()),
    ] {
        if told.properties.get(name) == Some(&json!(known)) {
            told.properties.remove(name);
        }
    }
    told.record()
}

fn property(told: &mut Notification, name: &str, value: &str) {
    if !value.is_empty() {
        told.properties
            .entry(name.to_owned())
            .or_insert(json!(value));
    }
}

/// `2026-11-22 03:12:44 +0000`, Icinga's long time; anything else is left to the arrival.
fn time(text: &str) -> Option<String> {
    let read = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", text).ok()?;
    Some(read.to_timestamp().ok()?.to_string())
}
