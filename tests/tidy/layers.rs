//! Arrows point down only.

use super::source::Source;
use super::spots::{line_of, pattern};
use super::{Fault, Rule};

/// Which modules of the crate each may name. `config` fills the settings of all below `daemon`, so
/// it knows `ingest` and `web`, which stand beside it; nothing but `daemon` and `cli` knows `config`.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "cli",
        &[
            "daemon", "sandbox", "config", "ingest", "web", "pipeline", "store", "whatsapp",
            "engine", "delivery", "model",
        ],
    ),
    (
        "daemon",
        &[
            "config", "ingest", "web", "pipeline", "store", "whatsapp", "engine", "delivery",
            "model",
        ],
    ),
    ("sandbox", &["model"]),
    (
        "config",
        &[
            "ingest", "web", "pipeline", "store", "whatsapp", "engine", "delivery", "model",
        ],
    ),
    (
        "ingest",
        &[
            "pipeline", "store", "whatsapp", "engine", "delivery", "model",
        ],
    ),
    (
        "web",
        &[
            "pipeline", "store", "whatsapp", "engine", "delivery", "model",
        ],
    ),
    (
        "pipeline",
        &["store", "whatsapp", "engine", "delivery", "model"],
    ),
    ("store", &["model"]),
    ("whatsapp", &["model"]),
    ("engine", &["model"]),
    ("delivery", &["model"]),
    ("model", &[]),
];

pub const RULES: &[Rule] = &[Rule {
    name: "layers",
    says: "arrows point down only: main → cli → daemon → {config, ingest, web} → pipeline → {store, \
           whatsapp, engine, delivery} → model; sandbox stands beside daemon (design.md, section 2)",
    check: layers,
}];

fn layers(source: &Source) -> Vec<Fault> {
    // Benches and tests may look at everything.
    if !source.path.starts_with("src/") || source.path == "src/lib.rs" {
        return Vec::new();
    }
    let main = source.path == "src/main.rs";
    let from = source.module().unwrap_or("main");
    let Some(allowed) = main.then_some(&["cli"] as &[&str]).or_else(|| {
        ARROWS
            .iter()
            .find(|(name, _)| *name == from)
            .map(|(_, to)| *to)
    }) else {
        return vec![(1, format!("module {from} is not on the map"))];
    };
    named(source)
        .into_iter()
        .filter(|(_, to)| to != from && (to == "*" || is_module(to)))
        .filter(|(_, to)| !allowed.contains(&to.as_str()))
        .map(|(line, to)| (line, format!("{from} imports {to}")))
        .collect()
}

fn is_module(name: &str) -> bool {
    ARROWS.iter().any(|(known, _)| *known == name)
}

/// What stands behind `crate::`, `klaxond::`, and as many `super::` as lead to the top.
fn named(source: &Source) -> Vec<(usize, String)> {
    let code = &source.parts.code;
    let depth = source.path.split('/').count() - 1 - usize::from(source.path.ends_with("/mod.rs"));
    let up = format!(r"\b(?:super\s*::\s*){{{depth}}}");
    let top = pattern(&format!(r"(?:\b(?:crate|klaxond)\s*::|{up})\s*"));
    let mut names = Vec::new();
    for found in top.find_iter(code) {
        let line = line_of(code, found.start());
        for name in heads(&code[found.end()..]) {
            names.push((line, name));
        }
    }
    names
}

/// The first names of a path, or of each path of a group in braces.
fn heads(path: &str) -> Vec<String> {
    let path = path.trim_start();
    let Some(group) = path.strip_prefix('{') else {
        let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = &path[..end.unwrap_or(path.len())];
        return vec![if path.starts_with('*') { "*" } else { name }.to_owned()];
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                if !group[start..at].trim().is_empty() {
                    names.extend(heads(&group[start..at]));
                }
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}
