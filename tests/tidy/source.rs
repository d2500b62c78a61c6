//! A Rust file, prepared for the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use super::lexer::{self, Parts};

/// Where Rust files are.
const ROOTS: [&str; 3] = ["src", "tests", "benches"];

/// A Rust file of the repository.
pub struct Source {
    /// From the top of the repository, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// Taken apart, tests included.
    pub parts: Parts,
    /// Code without what is only there for tests.
    pub code: String,
    /// The same with what stands in quotes.
    pub words: String,
}

/// The top of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl Source {
    /// Every Rust file of the repository.
    pub fn all() -> Vec<Self> {
        let mut texts = BTreeMap::new();
        for folder in ROOTS {
            collect(&root(), Path::new(folder), &mut texts);
        }
        Self::prepare(texts)
    }

    /// `text` as if it stood at `path`.
    pub fn of(path: &str, text: &str) -> Self {
        let texts = BTreeMap::from([(path.to_owned(), text.to_owned())]);
        Self::prepare(texts).remove(0)
    }

    fn prepare(texts: BTreeMap<String, String>) -> Vec<Self> {
        let mut sources: Vec<Self> = texts
            .into_iter()
            .map(|(path, text)| {
                let parts = lexer::parts(&text);
                let spans = test_spans(&parts.code);
                Self {
                    code: blank(&parts.code, &spans),
                    words: blank(&parts.words, &spans),
                    path,
                    text,
                    parts,
                }
            })
            .collect();
        let test_modules: BTreeSet<String> = sources.iter().flat_map(test_modules).collect();
        for source in &mut sources {
            let stem = source.path.trim_end_matches(".rs");
            let in_tests = !source.path.starts_with("src/")
                || test_modules
                    .iter()
                    .any(|m| stem == m || stem.starts_with(&format!("{m}/")));
            if in_tests {
                source.code = blank_all(&source.code);
                source.words = blank_all(&source.words);
            }
        }
        sources
    }

    /// The module of the crate that it belongs to: `engine` for `src/engine/filter/mod.rs`.
    pub fn module(&self) -> Option<&str> {
        let path = self.path.strip_prefix("src/")?;
        let module = path.split('/').next()?.trim_end_matches(".rs");
        (!matches!(module, "lib" | "main")).then_some(module)
    }
}

fn collect(root: &Path, folder: &Path, texts: &mut BTreeMap<String, String>) {
    // A folder that is not there holds no files.
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return;
    };
    for entry in entries {
        let path = folder.join(entry.unwrap().file_name());
        if root.join(&path).is_dir() {
            collect(root, &path, texts);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(root.join(&path)).unwrap();
            texts.insert(path.to_str().unwrap().replace('\\', "/"), text);
        }
    }
}

/// The attribute of what is only there for tests.
static TEST_ITEM: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"#!?\[\s*cfg\s*\(\s*(all\s*\(\s*)?test\b[^\]]*\]").unwrap());
/// A module in a file of its own, with the attributes before it.
static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(\s*#\[[^\]]*\])*\s*(pub(\([^)]*\))?\s+)?mod\s+(\w+)\s*;").unwrap()
});

/// From where to where `code` is only there for tests, in bytes.
fn test_spans(code: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    for found in TEST_ITEM.find_iter(code) {
        let mut depth = 0_usize;
        let mut end = code.len();
        for (offset, c) in code[found.end()..].char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && matches!(c, '}' | ';') {
                end = found.end() + offset + 1;
                break;
            }
        }
        spans.push((found.start(), end));
    }
    spans
}

/// Paths, without `.rs`, of the modules that `source` declares for tests alone.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder.to_owned(),
        _ => source.path.trim_end_matches(".rs").to_owned(),
    };
    TEST_ITEM
        .find_iter(&source.parts.code)
        .filter_map(|found| TEST_MODULE.captures(&source.parts.code[found.end()..]))
        .map(|captures| format!("{folder}/{}", &captures[4]))
        .collect()
}

fn blank(text: &str, spans: &[(usize, usize)]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in spans {
        if *start >= at {
            kept.push_str(&text[at..*start]);
            kept.push_str(&blank_all(&text[*start..*end]));
            at = *end;
        }
    }
    kept.push_str(&text[at..]);
    kept
}

fn blank_all(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { c } else { ' ' })
        .collect()
}

#[test]
fn what_is_only_there_for_tests_is_not_code() {
    let text =
        "fn a() { now() }\n#[cfg(test)]\nmod tests {\n    fn b() { later() }\n}\nfn c() { then() }";
    let source = Source::of("src/engine/x.rs", text);
    assert!(source.code.contains("now()") && source.code.contains("then()"));
    assert!(!source.code.contains("later()") && source.parts.code.contains("later()"));
    assert_eq!(source.code.lines().count(), 6);
}

#[test]
fn a_file_that_is_declared_for_tests_is_not_code() {
    let files = [
        (
            "src/engine/mod.rs",
            "#[cfg(test)]\nmod timeline;\nmod lane;",
        ),
        ("src/engine/timeline.rs", "fn a() { now() }"),
        (
            "src/engine/lane.rs",
            "fn a() { now() }\n#[cfg(test)]\n#[path = \"x\"]\nmod tests;",
        ),
        ("src/engine/lane/tests.rs", "fn a() { now() }"),
    ];
    let texts = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    let code: Vec<String> = Source::prepare(texts.into())
        .into_iter()
        .filter(|source| source.code.contains("now()"))
        .map(|source| source.path)
        .collect();
    assert_eq!(code, ["src/engine/lane.rs"]);
}
