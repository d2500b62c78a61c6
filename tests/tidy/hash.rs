//! Hash maps in pure code: for looking up, never for going through.

use super::bans::PURE;
use super::source::Source;
use super::spots::{line_of, pattern, spots};
use super::{Fault, Rule};

/// What a line says whose hash map is only ever asked for one key.
const MARKER: &str = "lookup only";

pub const RULES: &[Rule] = &[Rule {
    name: "hash",
    says: "the order of a hash map is chance: use a BTreeMap in engine, delivery and model; a field \
           that is only ever asked for one key says `// lookup only` on its line",
    check: hash,
}];

fn hash(source: &Source) -> Vec<Fault> {
    if source.module().is_none_or(|module| !PURE.contains(&module)) {
        return Vec::new();
    }
    let field = pattern(r"\b(?:let\s+(?:mut\s+)?)?(\w+)\s*:\s*[^:]*\bHash(?:Map|Set)\b");
    let mut faults = Vec::new();
    let mut marked = Vec::new();
    for (line, what) in spots(&source.code, &pattern(r"\bHash(?:Map|Set)\b")) {
        let code = source.code.lines().nth(line - 1).unwrap_or_default();
        let comment = source
            .parts
            .comments
            .lines()
            .nth(line - 1)
            .unwrap_or_default();
        let name = field.captures(code).map(|captures| captures[1].to_owned());
        match name {
            Some(name) if comment.contains(MARKER) => marked.push(name),
            _ => faults.push((line, what)),
        }
    }
    if !marked.is_empty() {
        // What brings the name in, and what makes an empty one, is part of a marked field.
        let part = pattern(
            r"^\s*(?:pub\s+)?use\b|\bHash(?:Map|Set)\s*::\s*(?:new|default|with_capacity)\b",
        );
        faults.retain(|(line, _)| {
            !part.is_match(source.code.lines().nth(line - 1).unwrap_or_default())
        });
    }
    for name in marked {
        faults.extend(walks(&source.code, &name));
    }
    faults
}

/// Where the field `name` is gone through.
fn walks(code: &str, name: &str) -> Vec<Fault> {
    let through = "iter|iter_mut|into_iter|keys|into_keys|values|values_mut|into_values|drain|retain|extract_if";
    let walk = pattern(&format!(
        r"\b{name}\s*\.\s*(?:{through})\s*\(|\bin\s+&?\s*(?:mut\s+)?(?:\w+\s*\.\s*)*{name}\s*\{{"
    ));
    let told = |found: regex::Match<'_>| {
        let what = format!("{name} is gone through");
        (line_of(code, found.start()), what)
    };
    walk.find_iter(code).map(told).collect()
}
