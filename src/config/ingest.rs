//! `[ingest]`: the alarm socket.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::ingest::Settings;

use super::keys;
use super::measure;
use super::page::Problem;
use super::reader::Table;

/// What `sockaddr_un` holds, without its closing NUL.
const MAX_SOCKET_PATH_BYTES: usize = 107;

pub(super) fn read(top: &Table<'_>) -> Settings {
    let table = top.table("ingest", &keys::INGEST);
    let kib = |n: u64| n << 10;
    Settings {
        socket: socket_path(&table, "socket")
            .unwrap_or_else(|| PathBuf::from("/run/klaxond/alarms.sock")),
        mode: mode(&table),
        group: table.read("group", |text| account("group", text)),
        allow_users: accounts(&table, "allow_users"),
        allow_groups: accounts(&table, "allow_groups"),
        max_line: to_usize(table.size("max_line", kib(1)..=kib(1024), kib(64))),
        max_connections: to_usize(table.number("max_connections", 1..=65_536, 256)),
        idle_timeout: table.duration(
            "idle_timeout",
            Duration::from_secs(1)..=Duration::from_secs(7 * 86_400),
            Duration::from_secs(600),
        ),
    }
}

/// The path of a Unix socket.
pub(super) fn socket_path(table: &Table<'_>, key: &str) -> Option<PathBuf> {
    let path = table.path(key)?;
    let length = path.as_os_str().len();
    if length > MAX_SOCKET_PATH_BYTES {
        let problem = Problem::new(format!("the path of `{key}` is {length} bytes long"));
        table.fault(
            key,
            problem.help("a socket's path has at most 107 bytes: choose a shorter one"),
        );
        return None;
    }
    Some(path)
}

/// The control socket's place when none is given: beside the alarm socket.
pub(super) fn beside(socket: &Path) -> PathBuf {
    socket.with_file_name("control.sock")
}

fn mode(table: &Table<'_>) -> u32 {
    const DEFAULT: u32 = 0o660;
    let number = table
        .get("mode")
        .and_then(|value| value.get_ref().as_integer());
    if let Some(number) = number {
        // TOML's own octal says the same thing; a decimal number is a slip.
        let read = match number.radix() {
            8 => measure::mode(&format!("0{}", number.as_str())),
            _ => Err(Problem::new("`mode` is not in octal")
                .help(format!("write \"0{}\"", number.as_str()))),
        };
        return read.unwrap_or_else(|problem| {
            table.fault("mode", problem);
            DEFAULT
        });
    }
    table.read("mode", measure::mode).unwrap_or(DEFAULT)
}

/// Users or groups, by name or number.
fn accounts(table: &Table<'_>, key: &str) -> Vec<String> {
    table
        .texts(key)
        .unwrap_or_default()
        .iter()
        .filter_map(|text| table.parse(text, |text| account(key, text)))
        .collect()
}

fn account(key: &str, text: &str) -> Result<String, Problem> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ':' | '/' | ',');
    if text.is_empty() || text.len() > 256 || text.contains(bad) {
        return Err(
            Problem::new(format!("`{key}`: \"{text}\" is not the name of an account"))
                .help("write a name or a number, such as \"dataminer\" or \"1001\""),
        );
    }
    Ok(text.to_owned())
}

fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
