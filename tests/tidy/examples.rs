//! For every rule, code that it catches and code that it lets pass.

use std::collections::BTreeSet;

use super::source::Source;
use super::{Fault, rules};

/// Rule, path, code; each line with a fault ends in `// bad`.
const BAD: &[(&str, &str, &str)] = &[
    (
        "layers",
        "src/engine/step.rs",
        "use crate::store::Log; // bad",
    ),
    (
        "layers",
        "src/engine/step.rs",
        "use crate::{model::Time, delivery}; // bad",
    ),
    (
        "layers",
        "src/engine/step.rs",
        "use super::super::store::Log; // bad",
    ),
    (
        "layers",
        "src/engine/mod.rs",
        "use super::store::Log; // bad",
    ),
    (
        "layers",
        "src/engine/filter/eval.rs",
        "fn f(\n    log: &crate::store::Log, // bad\n) {}",
    ),
    ("layers", "src/engine/step.rs", "use crate::*; // bad"),
    (
        "layers",
        "src/store/log.rs",
        "use crate::config::Settings; // bad",
    ),
    (
        "layers",
        "src/ingest/http.rs",
        "use crate::web::Server; // bad",
    ),
    (
        "layers",
        "src/web/alarms.rs",
        "use crate::ingest::Codec; // bad",
    ),
    (
        "layers",
        "src/sandbox/server.rs",
        "use crate::whatsapp::Client; // bad",
    ),
    (
        "layers",
        "src/daemon/build.rs",
        "use crate::sandbox::Sandbox; // bad",
    ),
    (
        "layers",
        "src/daemon/build.rs",
        "use crate::cli::Exit; // bad",
    ),
    (
        "layers",
        "src/main.rs",
        "fn main() { klaxond::daemon::run() } // bad",
    ),
    ("layers", "src/extra/a.rs", "fn f() {} // bad"),
    (
        "pure",
        "src/engine/step.rs",
        "async fn f() { // bad\n    g().await // bad\n}",
    ),
    (
        "pure",
        "src/delivery/lane.rs",
        "let now = Instant::now(); // bad",
    ),
    (
        "pure",
        "src/model/time.rs",
        "let now = Timestamp::now(); // bad\nlet z = Zoned::now(); // bad",
    ),
    (
        "pure",
        "src/model/time.rs",
        "let t = std::time::SystemTime::now(); // bad",
    ),
    (
        "pure",
        "src/delivery/retry.rs",
        "let jitter = fastrand::f64(); // bad\nrand::random() // bad",
    ),
    ("pure", "src/model/id.rs", "Uuid::now_v7() // bad"),
    (
        "tasks",
        "src/pipeline/sender.rs",
        "tokio::spawn(run()); // bad",
    ),
    (
        "tasks",
        "src/ingest/listener.rs",
        "std::thread::spawn(run); // bad",
    ),
    (
        "tasks",
        "src/whatsapp/client.rs",
        "let set = JoinSet::new(); // bad",
    ),
    (
        "graph",
        "src/pipeline/sender.rs",
        "let key = \"biz_opaque_callback_data\"; // bad",
    ),
    ("graph", "src/cli/check.rs", "let fbtrace_id = 1; // bad"),
    (
        "toml",
        "src/cli/check.rs",
        "let x = toml::from_str(text); // bad\nuse toml; // bad",
    ),
    (
        "prints",
        "src/daemon/run.rs",
        "println!(\"x\"); // bad\neprint!(\"x\"); // bad\nio::stdout().lock(); // bad",
    ),
    (
        "unbounded",
        "src/ingest/listener.rs",
        "let (a, b) = mpsc::unbounded_channel(); // bad",
    ),
    (
        "unbounded",
        "src/store/writer.rs",
        "std::sync::mpsc::channel() // bad\nmpsc::channel::<Job>() // bad",
    ),
    (
        "unbounded",
        "src/store/writer.rs",
        "use std::sync::mpsc::{Receiver, channel}; // bad",
    ),
    ("unsafe", "tests/it/kill.rs", "unsafe { kill() } // bad"),
    (
        "left-overs",
        "src/engine/step.rs",
        "todo!() // bad\nunimplemented!() // bad\ndbg!(x) // bad",
    ),
    (
        "left-overs",
        "src/engine/step.rs",
        "// FIXME later // bad\n/* XXX */ f(); // bad",
    ),
    ("sleeps", "tests/it/send.rs", "thread::sleep(x); // bad"),
    (
        "sleeps",
        "tests/it/send.rs",
        "tokio::time::sleep(x).await; // bad",
    ),
    (
        "sleeps",
        "src/ingest/a.rs",
        "#[cfg(test)]\nmod tests {\n    fn f() { sleep_until(x) } // bad\n}",
    ),
    (
        "hash",
        "src/engine/trees.rs",
        "use std::collections::HashMap; // bad",
    ),
    (
        "hash",
        "src/engine/trees.rs",
        "struct A {\n    by_id: HashMap<u32, u32>, // bad\n}",
    ),
    (
        "hash",
        "src/delivery/lane.rs",
        "struct A {\n    by_id: HashMap<u32, u32>, // lookup only\n}\n\
         fn f(a: &A) {\n    a.by_id.keys() // bad\n}\nfn g(a: &A) {\n    for x in &a.by_id { } // bad\n}",
    ),
    ("names", "src/engine/helpers.rs", "fn f() {} // bad"),
    ("names", "src/store/common/page.rs", "fn f() {} // bad"),
    (
        "mod.rs",
        "src/engine/mod.rs",
        "mod step;\npub use step::Step;\nfn f() {} // bad",
    ),
    (
        "mod.rs",
        "src/engine/mod.rs",
        "mod step {\n    use x;\n} // bad from the first line",
    ),
    (
        "sleeps",
        "tests/it/send.rs",
        "#[tokio::test(start_paused = true)]\nasync fn a() {\n}\nfn b() {\n    sleep(x); // bad\n}",
    ),
];

/// Rule, path, code without a fault.
const GOOD: &[(&str, &str, &str)] = &[
    (
        "layers",
        "src/engine/step.rs",
        "use crate::model::{Time, Severity};\nuse super::rule::Rule;",
    ),
    (
        "layers",
        "src/engine/filter/eval.rs",
        "use super::super::rule;\nuse crate::engine::store;",
    ),
    (
        "layers",
        "src/config/load.rs",
        "use crate::{ingest, web, model};",
    ),
    (
        "layers",
        "src/sandbox/server.rs",
        "// as crate::whatsapp does\nlet x = \"crate::store\";",
    ),
    (
        "layers",
        "src/cli/demo.rs",
        "use crate::{daemon::Daemon, sandbox::Sandbox};",
    ),
    ("layers", "tests/it/send.rs", "use klaxond::store::Log;"),
    (
        "pure",
        "src/engine/step.rs",
        "/// `.await` nothing, Instant::now\nfn f(now: Time) { \"async\" }",
    ),
    (
        "pure",
        "src/engine/step.rs",
        "#[cfg(test)]\nmod tests {\n    fn f() { Instant::now(); }\n}",
    ),
    (
        "pure",
        "src/pipeline/sender.rs",
        "let now = Instant::now();",
    ),
    ("tasks", "src/daemon/run.rs", "tokio::spawn(run());"),
    (
        "tasks",
        "src/ingest/listener.rs",
        "let mut tasks = JoinSet::new(); tasks.spawn(f());",
    ),
    ("tasks", "src/store/writer.rs", "thread::Builder::new()"),
    (
        "graph",
        "src/whatsapp/wire.rs",
        "messaging_product: &'static str",
    ),
    (
        "graph",
        "src/pipeline/sender.rs",
        "// goes as biz_opaque_callback_data",
    ),
    ("toml", "src/config/load.rs", "toml::from_str(text)"),
    ("prints", "src/cli/check.rs", "println!(\"x\");"),
    (
        "prints",
        "src/daemon/run.rs",
        "blueprint!(x); tracing::info!(\"println!\")",
    ),
    (
        "unbounded",
        "src/store/writer.rs",
        "mpsc::channel(8); oneshot::channel(); sync_channel(1)",
    ),
    (
        "unsafe",
        "src/lib.rs",
        "#![forbid(unsafe_code)] // unsafe is forbidden",
    ),
    (
        "left-overs",
        "src/engine/step.rs",
        "let x = \"TODO\"; fn todo() {}",
    ),
    (
        "sleeps",
        "tests/it/send.rs",
        "// paused time: this moves the clock\ntokio::time::sleep(x).await;",
    ),
    (
        "sleeps",
        "src/ingest/listener.rs",
        "tokio::time::sleep(PAUSE).await;",
    ),
    (
        "sleeps",
        "tests/it/send.rs",
        "#[tokio::test(start_paused = true)]\nasync fn a() {\n    tokio::time::sleep(x).await;\n}",
    ),
    ("sleeps", "benches/path.rs", "std::thread::sleep(x);"),
    (
        "hash",
        "src/store/log.rs",
        "struct A { by_id: HashMap<u32, u32> }",
    ),
    (
        "hash",
        "src/delivery/lane.rs",
        "use std::collections::HashMap;\nstruct A {\n    by_id: HashMap<u32, u32>, // lookup only\n}\n\
         fn f(a: &A) {\n    A { by_id: HashMap::new() };\n    a.by_id.get(&1);\n    a.all.iter()\n}",
    ),
    ("names", "src/cli/commands.rs", "fn f() {}"),
    (
        "mod.rs",
        "src/engine/mod.rs",
        "//! What it is.\n#![allow(dead_code, reason = \"x\")]\n#[cfg(test)]\nmod tests;\nmod step;\n\
         pub(crate) use step::{\n    Step,\n    Rule,\n};\npub mod filter;",
    ),
    ("mod.rs", "src/engine/step.rs", "fn f() {}"),
    ("mod.rs", "src/cli/mod.rs", "enum Command {}"),
];

fn found(rule: &str, path: &str, code: &str) -> Vec<Fault> {
    let rule = rules().find(|r| r.name == rule).unwrap();
    (rule.check)(&Source::of(path, code))
}

#[test]
fn every_rule_catches_what_it_is_for() {
    for (rule, path, code) in BAD {
        let lines: BTreeSet<usize> = found(rule, path, code)
            .iter()
            .map(|(line, _)| *line)
            .collect();
        let marked = |(line, text): (usize, &str)| text.contains("// bad").then_some(line + 1);
        let whole = code.contains("from the first line");
        let expected: BTreeSet<usize> = if whole {
            BTreeSet::from([1])
        } else {
            code.lines().enumerate().filter_map(marked).collect()
        };
        assert_eq!(lines, expected, "{rule} in {path}:\n{code}");
    }
}

#[test]
fn no_rule_catches_what_is_right() {
    for (rule, path, code) in GOOD {
        assert_eq!(found(rule, path, code), [], "{rule} in {path}:\n{code}");
    }
}

#[test]
fn lengths_are_counted() {
    let lines = |n: usize| "//\n".repeat(n);
    assert_eq!(found("length", "src/engine/step.rs", &lines(500)), []);
    assert_eq!(found("length", "src/engine/step.rs", &lines(501)).len(), 1);
    assert_eq!(found("mod.rs", "src/engine/mod.rs", &lines(80)), []);
    assert_eq!(found("mod.rs", "src/engine/mod.rs", &lines(81)).len(), 1);
}

#[test]
fn every_rule_has_an_example() {
    let shown: BTreeSet<&str> = BAD.iter().map(|(rule, ..)| *rule).collect();
    let missing: Vec<&str> = rules()
        .map(|r| r.name)
        .filter(|name| !shown.contains(name))
        .collect();
    assert_eq!(missing, ["length"], "length is shown by counting");
}
