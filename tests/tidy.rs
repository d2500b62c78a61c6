//! The rules of the house, as tests: layers, bans, bounds on files, the layout of the repository.
//!
//! Each rule names the place and says what to do instead. `examples` shows for every rule a piece
//! of code that it catches and one that it lets pass: a check that cannot fail is a defect.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a test may stop where it fails, and tells people"
)]

#[path = "tidy/bans.rs"]
mod bans;
#[path = "tidy/examples.rs"]
mod examples;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/hash.rs"]
mod hash;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/lexer.rs"]
mod lexer;
#[path = "tidy/source.rs"]
mod source;
#[path = "tidy/spots.rs"]
mod spots;

use source::Source;

/// A place that breaks a rule: its line, counted from 1, and what is wrong there.
type Fault = (usize, String);

/// One rule over one file.
struct Rule {
    /// Its name, for the examples.
    name: &'static str,
    /// What holds and what to do instead.
    says: &'static str,
    check: fn(&Source) -> Vec<Fault>,
}

/// Every rule over single files.
const RULES: &[&[Rule]] = &[layers::RULES, bans::RULES, hash::RULES, files::RULES];

fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied().flatten()
}

#[test]
fn the_code_keeps_the_rules_of_the_house() {
    let sources = Source::all();
    let found: Vec<&str> = sources.iter().map(|s| s.path.as_str()).collect();
    assert!(
        found.contains(&"src/lib.rs"),
        "looked in the wrong place: {found:?}"
    );
    let mut faults = Vec::new();
    for source in &sources {
        for rule in rules() {
            for (line, what) in (rule.check)(source) {
                let (path, says) = (&source.path, rule.says);
                faults.push(format!("{path}:{line}: {what}\n    {says}"));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_top_level_is_as_laid_out() {
    let names = files::top_level();
    let strangers = files::strangers(&names);
    assert!(
        strangers.is_empty(),
        "not in the layout of the repository: {strangers:?}"
    );
}

/// Tells which files are longer than they should be; nothing fails for it.
#[test]
fn long_files_are_told() {
    for source in Source::all() {
        let lines = source.text.lines().count();
        if lines > files::LONG {
            eprintln!(
                "{}: {lines} lines, about {} is usual",
                source.path,
                files::LONG
            );
        }
    }
}
