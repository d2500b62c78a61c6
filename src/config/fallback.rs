//! `[fallback]`: the command that tells people when WhatsApp cannot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::pipeline::fallback::Settings;

use super::keys;
use super::page::Problem;
use super::reader::Table;

pub(super) fn read(top: &Table<'_>) -> Option<Settings> {
    let table = top.table("fallback", &keys::FALLBACK);
    let timeout = table.duration(
        "timeout",
        Duration::from_secs(1)..=Duration::from_secs(600),
        Duration::from_secs(30),
    );
    if !table.is_given() {
        return None;
    }
    let help = "write command = [\"/usr/local/bin/page-someone\"]: the program, then its arguments";
    if table.get("command").is_none() {
        table.missing("`command`", help);
        return None;
    }
    let words = table.texts("command")?;
    let Some(program) = words.first().filter(|word| !word.text.trim().is_empty()) else {
        table.fault(
            "command",
            Problem::new("`command` names no program").help(help),
        );
        return None;
    };
    if words.iter().any(|word| word.text.contains('\0')) {
        table.fault(
            "command",
            Problem::new("`command` holds a NUL character").help(help),
        );
        return None;
    }
    let mut command: Vec<String> = words.iter().map(|word| word.text.to_owned()).collect();
    if program.text.contains('/') {
        let path = table.page.path(program.text);
        if !is_program(&path) {
            let message = format!("{} is not a program that can be run", path.display());
            table.warn(
                "command",
                &message,
                "install it, or make it executable: chmod +x",
            );
        }
        if let Some(path) = path.to_str() {
            path.clone_into(&mut command[0]);
        }
    }
    Some(Settings { command, timeout })
}

fn is_program(path: &Path) -> bool {
    const ANY_EXECUTE: u32 = 0o111;
    fs::metadata(path)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & ANY_EXECUTE != 0)
}
