//! What two configs say differently of one history.

use std::path::Path;

use serde_json::json;

use crate::config::Settings;
use crate::daemon::replay::Said;

use super::super::options::{Output, print};
use super::timeline::{Clock, in_brackets};

/// Compares batch by batch: both configs are at the same place of the history in each.
pub(super) struct Differ {
    output: Output,
    clock: Clock,
    /// The two configs, until the first difference is printed under their names.
    names: Option<(String, String)>,
    missing: u64,
    added: u64,
    changed: u64,
    same: u64,
}

impl Differ {
    pub(super) fn new(output: Output, settings: &Settings, ours: &Path, theirs: &Path) -> Self {
        let name = |path: &Path| path.display().to_string();
        Self {
            output,
            clock: Clock::new(settings),
            names: Some((name(ours), name(theirs))),
            missing: 0,
            added: 0,
            changed: 0,
            same: 0,
        }
    }

    /// Tells what the second list of `batch` has otherwise than the first.
    pub(super) fn compare(&mut self, batch: Vec<Vec<Said>>) {
        let mut sides = batch.into_iter();
        let ours = sides.next().unwrap_or_default();
        let mut theirs = sides.next().unwrap_or_default();
        let mut alone = Vec::new();
        for said in ours {
            match theirs.iter().position(|other| *other == said) {
                Some(place) => {
                    theirs.remove(place);
                    self.same += 1;
                }
                None => alone.push(said),
            }
        }
        for said in alone {
            match theirs.iter().position(|other| is_same_matter(&said, other)) {
                Some(place) => {
                    let other = theirs.remove(place);
                    self.changed += 1;
                    self.tell("changed", Some(&said), Some(&other));
                }
                None => {
                    self.missing += 1;
                    self.tell("missing", Some(&said), None);
                }
            }
        }
        for other in theirs {
            self.added += 1;
            self.tell("added", None, Some(&other));
        }
    }

    fn tell(&mut self, change: &str, was: Option<&Said>, is: Option<&Said>) {
        if self.output == Output::Json {
            let line = match (was, is) {
                (Some(was), Some(is)) => {
                    json!({"change": change, "was": was.json(), "is": is.json()})
                }
                (one, other) => {
                    json!({"change": change, "message": one.or(other).map(Said::json)})
                }
            };
            print(&line.to_string());
            return;
        }
        if let Some((ours, theirs)) = self.names.take() {
            print(&format!("--- {ours}\n+++ {theirs}"));
        }
        for (sign, said) in [('-', was), ('+', is)] {
            if let Some(said) = said {
                print(&format!("{sign} {}", self.line(said)));
            }
        }
    }

    fn line(&self, said: &Said) -> String {
        format!(
            "{}  {:<8}  {}{} → {}: {}  ({})",
            self.clock.print(said.at),
            said.kind.name(),
            said.rule,
            in_brackets(&said.bucket),
            said.contact,
            said.one_line(),
            said.reason,
        )
    }

    /// Prints the count; whether anything differs.
    pub(super) fn finish(&self, summary: &str) -> bool {
        let Self {
            missing,
            added,
            changed,
            same,
            ..
        } = self;
        let line = if missing + added + changed == 0 {
            format!("nothing differs: {same} messages from {summary}")
        } else {
            format!(
                "{missing} messages missing, {added} added, {changed} changed, {same} the same, from \
                 {summary}"
            )
        };
        match self.output {
            Output::Text => print(&line),
            Output::Json => eprintln!("{line}"),
        }
        missing + added + changed > 0
    }
}

/// The same message to the same contact, told in other words or by another rule.
fn is_same_matter(one: &Said, other: &Said) -> bool {
    one.contact == other.contact
        && one.kind == other.kind
        && one.at == other.at
        && (one.rule == other.rule && one.bucket == other.bucket || one.alarms == other.alarms)
}
