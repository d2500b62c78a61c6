//! Names, lengths and places of files.

use std::fs;
use std::process::Command;

use super::source::{Source, root};
use super::spots::{line_of, pattern};
use super::{Fault, Rule};

/// Longer files are told.
pub const LONG: usize = 300;
/// Longer files are refused.
const LONGEST: usize = 500;
/// A `mod.rs` is a table of contents.
const LONGEST_MOD: usize = 80;
/// Names that say nothing of a role.
const VAGUE: [&str; 7] = [
    "util", "utils", "helper", "helpers", "common", "misc", "types",
];
/// What the top level of the repository holds.
const LAYOUT: [&str; 12] = [
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "tests",
    "benches",
    "config",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    ".gitignore",
    ".ci",
    "fuzz",
];

pub const RULES: &[Rule] = &[
    Rule {
        name: "length",
        says: "a file has about 300 lines, 500 at most: give each role a file of its own",
        check: length,
    },
    Rule {
        name: "names",
        says: "a file is named after its role; util, helpers, common, misc and types are none",
        check: names,
    },
    Rule {
        name: "mod.rs",
        says: "mod.rs declares and re-exports, in 80 lines at most: move the rest to a file with a name",
        check: table_of_contents,
    },
];

fn length(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count();
    if lines > LONGEST {
        vec![(LONGEST + 1, format!("{lines} lines"))]
    } else {
        Vec::new()
    }
}

fn names(source: &Source) -> Vec<Fault> {
    source
        .path
        .split('/')
        .map(|part| part.trim_end_matches(".rs"))
        .filter(|part| VAGUE.contains(part))
        .map(|part| (1, format!("{part} is no role")))
        .collect()
}

fn table_of_contents(source: &Source) -> Vec<Fault> {
    // The commands of the binary are the table of contents of cli.
    if !source.path.ends_with("/mod.rs") || source.path == "src/cli/mod.rs" {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let lines = source.text.lines().count();
    if lines > LONGEST_MOD {
        faults.push((LONGEST_MOD + 1, format!("{lines} lines")));
    }
    let code = &source.parts.code;
    let item = pattern(r"^(?:\s*#!?\[[^\]]*\])*\s*(?:pub(?:\s*\([^)]*\))?\s+)?(?:mod|use)\s[^;]*;");
    // Attributes of the whole file.
    let inner = pattern(r"^\s*#!\[[^\]]*\]");
    let mut at = 0;
    while !code[at..].trim().is_empty() {
        let rest = &code[at..];
        let declared = item
            .find(rest)
            .filter(|found| !is_inline_module(found.as_str()));
        match declared.or_else(|| inner.find(rest)) {
            Some(found) => at += found.end(),
            None => {
                let start = at + rest.len() - rest.trim_start().len();
                let what = code[start..].lines().next().unwrap_or_default();
                faults.push((line_of(code, start), what.to_owned()));
                break;
            }
        }
    }
    faults
}

/// `mod x { use y; … }` looks like a declaration up to its first semicolon.
fn is_inline_module(item: &str) -> bool {
    pattern(r"\bmod\s+\w+\s*\{").is_match(item)
}

/// What git keeps at the top level; where there is no git, what is there.
pub fn top_level() -> Vec<String> {
    let listed = Command::new("git")
        .args(["ls-tree", "--name-only", "HEAD"])
        .current_dir(root())
        .output();
    if let Ok(output) = listed
        && output.status.success()
    {
        let names = String::from_utf8(output.stdout).unwrap();
        return names.lines().map(str::to_owned).collect();
    }
    let entries = fs::read_dir(root()).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !matches!(name.as_str(), ".git" | "target"))
        .collect()
}

/// Those that the layout has no place for.
pub fn strangers(names: &[String]) -> Vec<&str> {
    let known = |name: &&str| !LAYOUT.contains(name);
    names.iter().map(String::as_str).filter(known).collect()
}

#[test]
fn a_stranger_at_the_top_level_is_seen() {
    let names = ["src", "notes.md", "Cargo.toml"].map(str::to_owned);
    assert_eq!(strangers(&names), ["notes.md"]);
    assert!(top_level().contains(&"Cargo.toml".to_owned()));
}
