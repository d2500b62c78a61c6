//! Many in one line: how many of what, and where.

use std::collections::BTreeMap;

use super::super::sanitise::{collapse, shorten};
use super::super::words::Words;
use super::entry::{Entry, Group};

/// Elements that are named.
const NAMED: usize = 3;

/// The longest name of an element in a headline, in UTF-16 units.
const MAX_NAME: usize = 40;

/// `37 alarms`.
pub(super) fn alarms(count: usize) -> String {
    match count {
        1 => "1 alarm".to_owned(),
        count => format!("{count} alarms"),
    }
}

/// `3 Critical, 30 Major, 4 ended`.
pub(super) fn severities(entries: &[Entry<'_>], words: &Words) -> String {
    let mut counts: BTreeMap<Group, usize> = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.group).or_default() += 1;
    }
    let said: Vec<String> = counts
        .iter()
        .map(|(group, count)| format!("{count} {}", group.counted(words)))
        .collect();
    said.join(", ")
}

/// `London encoder 3 (20), Madrid encoder 1 (5), 12 elsewhere`; `37 elements` when no element has
/// more than one.
pub(super) fn top(entries: &[Entry<'_>]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries {
        *counts.entry(&entry.member.alarm.element).or_default() += 1;
    }
    let mut ranked: Vec<(&str, usize)> = counts.into_iter().collect();
    ranked.sort_by(|(_, one), (_, other)| other.cmp(one));
    let most = ranked.first().map_or(0, |(_, count)| *count);
    if most == 1 && ranked.len() > NAMED {
        return format!("{} elements", ranked.len());
    }
    let mut words: Vec<String> = ranked
        .iter()
        .take(NAMED)
        .map(|(element, count)| {
            let name = shorten(&collapse(element), MAX_NAME);
            match count {
                1 => name,
                count => format!("{name} ({count})"),
            }
        })
        .collect();
    let named: usize = ranked.iter().take(NAMED).map(|(_, count)| count).sum();
    if named < entries.len() {
        words.push(format!("{} elsewhere", entries.len() - named));
    }
    words.join(", ")
}

/// What is told in no other way: `and 120 more: 20 Minor, 100 Warning; London encoder 3 (50), 70
/// elsewhere`. Empty when nothing is left.
pub(super) fn summary(rest: &[Entry<'_>], words: &Words) -> String {
    if rest.is_empty() {
        return String::new();
    }
    format!(
        "and {} more: {}; {}",
        rest.len(),
        severities(rest, words),
        top(rest)
    )
}
