//! `[fallback]` and `[hooks]`: who is told when a contact cannot be, and the programs that are run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::model::{Contact, ContactId};
use crate::pipeline::fallback::Settings;

use super::keys;
use super::names::Names;
use super::page::Problem;
use super::reader::Table;
use super::whom;

/// What the section says: a program, a contact, or both.
#[derive(Default)]
pub(super) struct Fallback {
    pub(super) command: Option<Settings>,
    pub(super) contact: Option<ContactId>,
}

const EXAMPLE: &str = "[\"/usr/local/bin/page-someone\"]: the program, then its arguments";

pub(super) fn read(top: &Table<'_>, names: &Names, contacts: &[Contact]) -> Fallback {
    let table = top.table("fallback", &keys::FALLBACK);
    let timeout = timeout(&table);
    if !table.is_given() {
        return Fallback::default();
    }
    let contact = whom::one(&table, "contact", names);
    let mut known = contacts.iter();
    if known.any(|known| Some(&known.id) == contact.as_ref() && !known.enabled) {
        table.warn(
            "contact",
            "this contact is off: it stands in for nobody",
            "set enabled = true on it, or name another",
        );
    }
    if table.get("command").is_none() {
        if table.get("contact").is_none() {
            table.missing(
                "`command`",
                &format!("write command = {EXAMPLE}; or contact = \"NAME\""),
            );
        }
        return Fallback {
            command: None,
            contact,
        };
    }
    let command = command(&table, "command").map(|command| Settings { command, timeout });
    Fallback { command, contact }
}

/// `[hooks]`: programs that are told what happens.
pub(super) fn hooks(top: &Table<'_>) -> Option<Settings> {
    let table = top.table("hooks", &keys::HOOKS);
    let timeout = timeout(&table);
    table.get("on_ack")?;
    command(&table, "on_ack").map(|command| Settings { command, timeout })
}

fn timeout(table: &Table<'_>) -> Duration {
    table.duration(
        "timeout",
        Duration::from_secs(1)..=Duration::from_secs(600),
        Duration::from_secs(30),
    )
}

/// A program and its arguments; it is run without a shell.
fn command(table: &Table<'_>, key: &str) -> Option<Vec<String>> {
    let words = table.texts(key)?;
    let Some(program) = words.first().filter(|word| !word.text.trim().is_empty()) else {
        let problem = Problem::new(format!("`{key}` names no program"));
        table.fault(key, problem.help(format!("write {key} = {EXAMPLE}")));
        return None;
    };
    if words.iter().any(|word| word.text.contains('\0')) {
        let problem = Problem::new(format!("`{key}` holds a NUL character"));
        table.fault(key, problem.help(format!("write {key} = {EXAMPLE}")));
        return None;
    }
    let mut command: Vec<String> = words.iter().map(|word| word.text.to_owned()).collect();
    if program.text.contains('/') {
        let path = table.page.path(program.text);
        if !is_program(&path) {
            let message = format!("{} is not a program that can be run", path.display());
            table.warn(key, &message, "install it, or make it executable: chmod +x");
        }
        if let Some(path) = path.to_str() {
            path.clone_into(&mut command[0]);
        }
    }
    Some(command)
}

fn is_program(path: &Path) -> bool {
    const ANY_EXECUTE: u32 = 0o111;
    fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & ANY_EXECUTE != 0)
}
