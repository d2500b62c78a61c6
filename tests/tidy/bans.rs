//! What code may not say, and where.

use std::sync::LazyLock;

use regex::Regex;

use super::source::Source;
use super::spots::{has_reason, pattern, spots};
use super::{Fault, Rule};

/// Modules that are given the time and answer at once.
pub const PURE: [&str; 3] = ["engine", "delivery", "model"];

/// Who may run a task that outlives the call, besides daemon, sandbox and cli: the writer of the
/// database, and groups of tasks that end with the loop that owns them.
const TASKS: &[(&str, &str)] = &[
    ("src/store/", "thread::Builder"),
    ("src/store/", "thread::spawn"),
    ("src/ingest/", "JoinSet"),
    ("src/web/", "JoinSet"),
    ("src/pipeline/", "JoinSet"),
];

pub const RULES: &[Rule] = &[
    Rule {
        name: "pure",
        says: "engine, delivery and model are pure: time, random numbers and what was read are \
               arguments (design.md, section 2)",
        check: pure,
    },
    Rule {
        name: "tasks",
        says: "only daemon (and sandbox, cli) starts tasks and threads; a loop elsewhere keeps its \
               tasks in a JoinSet, and the list in tests/tidy/bans.rs names who may",
        check: tasks,
    },
    Rule {
        name: "graph",
        says: "only whatsapp (and sandbox) names the fields of the Graph API",
        check: graph,
    },
    Rule {
        name: "toml",
        says: "only config reads TOML",
        check: toml,
    },
    Rule {
        name: "prints",
        says: "only cli prints; everything else logs with tracing",
        check: prints,
    },
    Rule {
        name: "unbounded",
        says: "every queue has a bound: use a bounded channel",
        check: unbounded,
    },
    Rule {
        name: "unsafe",
        says: "unsafe is forbidden: find a crate with a safe interface",
        check: unsafe_code,
    },
    Rule {
        name: "left-overs",
        says: "finish it, or open an issue",
        check: left_overs,
    },
    Rule {
        name: "sleeps",
        says: "a test does not wait on the wall clock: use paused time or wait for the event; where a \
               sleep is right, a comment on the line or above it says why",
        check: sleeps,
    },
];

macro_rules! patterns {
    ($($name:ident = $text:literal;)*) => {
        $(static $name: LazyLock<Regex> = LazyLock::new(|| pattern($text));)*
    };
}

patterns! {
    IMPURE = r"(?x)
        \.\s*await\b | \basync\b | \bInstant\s*::\s*now\b | \bSystemTime\b | \bUNIX_EPOCH\s*\.\s*elapsed
        | \bTimestamp\s*::\s*now\b | \bZoned\s*::\s*now\b | \bTimeZone\s*::\s*system\b
        | \bf?rand\s*:: | \bfastrand\b | \bgetrandom\b | \bRandomState\b | \bthread_rng\b
        | \bUuid\s*::\s*(?:now_v\d|new_v[1467])\b | \btokio\b | \bstd\s*::\s*(?:env|fs|net|thread)\b";
    TASK = r"\b(?:tokio|task)\s*::\s*spawn\b|\bspawn_local\b|\bthread\s*::\s*(?:spawn|Builder|scope)\b|\bJoinSet\b|\bTaskTracker\b";
    GRAPH = r"\b(?:messaging_product|biz_opaque_callback_data|fbtrace_id|error_subcode)\b";
    TOML = r"\btoml\s*::|\buse\s+toml\b";
    PRINT = r"\b(?:println|print|eprintln|eprint)\s*!|\bio\s*::\s*stdout\b|\bstdout\s*\(\s*\)";
    UNBOUNDED = r"\bunbounded_channel\b|\bUnbounded(?:Sender|Receiver)\b|\bmpsc\s*::\s*channel\s*(?:::\s*<[^()]*>)?\s*\(\s*\)|\bunbounded\s*\(|\bstd\s*::\s*sync\s*::\s*mpsc\s*::\s*(?:channel|\{[^}]*\bchannel\b)";
    UNSAFE = r"\bunsafe\b";
    LEFT_OVER_CODE = r"\b(?:todo|unimplemented|dbg)\s*!";
    LEFT_OVER_COMMENT = r"\b(?:FIXME|XXX|HACK|TODO)\b";
    SLEEP = r"\bsleep(?:_until)?\s*\(";
}

fn pure(source: &Source) -> Vec<Fault> {
    match source.module() {
        Some(module) if PURE.contains(&module) => spots(&source.code, &IMPURE),
        _ => Vec::new(),
    }
}

fn tasks(source: &Source) -> Vec<Fault> {
    let free = ["daemon", "sandbox", "cli"];
    if source.module().is_none_or(|module| free.contains(&module)) {
        return Vec::new();
    }
    let mut found = spots(&source.code, &TASK);
    found.retain(|(_, what)| {
        let allowed = |(place, task): &(&str, &str)| source.path.starts_with(place) && what == task;
        !TASKS.iter().any(allowed)
    });
    found
}

/// Where `pattern` stands in the product, but in the modules `home`.
fn outside(source: &Source, home: &[&str], view: &str, pattern: &Regex) -> Vec<Fault> {
    match source.module() {
        Some(module) if !home.contains(&module) => spots(view, pattern),
        _ => Vec::new(),
    }
}

fn graph(source: &Source) -> Vec<Fault> {
    outside(source, &["whatsapp", "sandbox"], &source.words, &GRAPH)
}

fn toml(source: &Source) -> Vec<Fault> {
    outside(source, &["config"], &source.code, &TOML)
}

fn prints(source: &Source) -> Vec<Fault> {
    outside(source, &["cli"], &source.code, &PRINT)
}

fn unbounded(source: &Source) -> Vec<Fault> {
    spots(&source.code, &UNBOUNDED)
}

fn unsafe_code(source: &Source) -> Vec<Fault> {
    spots(&source.parts.code, &UNSAFE)
}

fn left_overs(source: &Source) -> Vec<Fault> {
    let mut found = spots(&source.parts.code, &LEFT_OVER_CODE);
    found.extend(spots(&source.parts.comments, &LEFT_OVER_COMMENT));
    found
}

fn sleeps(source: &Source) -> Vec<Fault> {
    // A benchmark is about the wall clock.
    if source.path.starts_with("benches/") {
        return Vec::new();
    }
    let code = &source.parts.code;
    let product = spots(&source.code, &SLEEP);
    let mut found = spots(code, &SLEEP);
    found.retain(|fault| !product.contains(fault));
    found.retain(|(line, _)| {
        !has_reason(&source.parts.comments, *line) && !on_paused_time(code, *line)
    });
    found
}

/// Whether the line is in a test whose clock stands still until it is moved.
fn on_paused_time(code: &str, line: usize) -> bool {
    let above: Vec<&str> = code.lines().take(line).collect();
    let begins = above.iter().rposition(|text| text.contains("tokio::test"));
    begins.is_some_and(|at| {
        let ended = above[at..].iter().any(|text| text.starts_with('}'));
        !ended && above[at].contains("start_paused = true")
    })
}
