//! Real programs that tests drive when they are there: browsers, Prometheus and its tools, packagers.

use std::io::Write;
use std::path::PathBuf;

/// The program `name`, from the folder of `KLAXOND_TOOLS` or the search path, for the test `test`.
///
/// Where it is missing the test is left out, and says so past the harness; with
/// `KLAXOND_REQUIRE_TOOLS=1` it fails instead.
pub fn tool(name: &str, test: &str) -> Option<PathBuf> {
    let own = std::env::var_os("KLAXOND_TOOLS").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = own.into_iter().chain(std::env::split_paths(&path));
    let found = places
        .map(|place| place.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        left_out(test, name);
    }
    found
}

/// The test `test` cannot be run for want of `what`.
pub fn left_out(test: &str, what: &str) {
    let required = std::env::var_os("KLAXOND_REQUIRE_TOOLS").is_some_and(|set| set == "1");
    assert!(!required, "{test} needs {what}: `.ci/run` sees to it");
    let told = writeln!(std::io::stderr(), "left out: {test} needs {what}");
    drop(told);
}
