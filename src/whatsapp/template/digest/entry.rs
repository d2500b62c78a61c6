//! One member of a digest, and the list that they make.

use std::cmp::Reverse;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::model::{Kind, Member, Severity, Time};

use super::super::sanitise::collapse;
use super::super::words::Words;

/// Between members of one group, and between groups.
const NEXT: &str = "; ";
const GROUP: &str = " · ";

/// Members under one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// What stands, by how bad it is.
    Stands(Reverse<Severity>),
    /// Somebody took it.
    Taken,
    /// It is over.
    Ended,
}

impl Group {
    fn of(member: &Member) -> Self {
        match member.kind {
            Kind::Cleared => Self::Ended,
            Kind::Acknowledged => Self::Taken,
            Kind::Raised
            | Kind::Updated
            | Kind::Reminder
            | Kind::Escalated
            | Kind::Answer
            | Kind::Notice
            | Kind::Digest => Self::Stands(Reverse(member.rank())),
        }
    }

    /// As a list calls it.
    fn title(self, words: &Words) -> &str {
        match self {
            Self::Stands(Reverse(severity)) => words.put(severity.name()),
            Self::Taken => words
                .get(Kind::Acknowledged.name())
                .unwrap_or("Acknowledged"),
            Self::Ended => words.get(Kind::Cleared.name()).unwrap_or("Ended"),
        }
    }

    /// As a count calls it: `3 Critical`, `2 ended`.
    pub(super) fn counted(self, words: &Words) -> &str {
        match self {
            Self::Stands(Reverse(severity)) => words.put(severity.name()),
            Self::Taken => words
                .get(Kind::Acknowledged.name())
                .unwrap_or("acknowledged"),
            Self::Ended => words.get(Kind::Cleared.name()).unwrap_or("ended"),
        }
    }
}

/// A member in words.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) member: &'a Member,
    pub(super) group: Group,
    pub(super) text: String,
}

/// Every member in words: what stands before what is taken before what is over, the most severe first,
/// the newest first inside a severity.
pub(super) fn entries<'a>(
    members: &'a [Member],
    times: &Times<'_>,
    words: &Words,
) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = members
        .iter()
        .map(|member| Entry {
            member,
            group: Group::of(member),
            text: text(member, times, words),
        })
        .collect();
    entries.sort_by_key(|entry| {
        let member = entry.member;
        (
            entry.group,
            Reverse(member.rank()),
            Reverse(member.alarm.time),
            Reverse(member.message),
        )
    });
    entries
}

/// Entries on one line, each group under its word.
pub(super) fn list<'a>(
    entries: impl IntoIterator<Item = (Group, &'a str)>,
    words: &Words,
) -> String {
    let mut list = String::new();
    let mut open = None;
    for (group, text) in entries {
        if open == Some(group) {
            list.push_str(NEXT);
        } else {
            if open.is_some() {
                list.push_str(GROUP);
            }
            list.push_str(group.title(words));
            list.push_str(": ");
            open = Some(group);
        }
        list.push_str(text);
    }
    list
}

/// `list` with what it does not tell one by one.
pub(super) fn with_summary(list: &str, summary: &str) -> String {
    match (list, summary) {
        (list, "") => list.to_owned(),
        ("", summary) => summary.to_owned(),
        (list, summary) => format!("{list}{GROUP}{summary}"),
    }
}

/// `10:42 London encoder 3, Input bitrate Port 2: 1.2 Mbps`.
fn text(member: &Member, times: &Times<'_>, words: &Words) -> String {
    let alarm = &member.alarm;
    if member.kind == Kind::Answer {
        return collapse(&member.reason);
    }
    let mut text = format!("{} {}", times.print(alarm.time), alarm.element);
    let row = [alarm.parameter.as_str(), alarm.index.as_str()];
    let row: Vec<&str> = row.into_iter().filter(|part| !part.is_empty()).collect();
    if !row.is_empty() {
        text.push_str(", ");
        text.push_str(&row.join(" "));
    }
    text.push_str(&said(member, words));
    if member.count > 1 && !member.has_ended() {
        text.push_str(&format!(", {} more", member.count - 1));
        if !member.key.is_empty() {
            text.push_str(&format!(" in {}", member.key));
        }
    }
    collapse(&text)
}

/// What is said of the alarm, with what stands before it.
fn said(member: &Member, words: &Words) -> String {
    let value = member.alarm.value.as_str();
    let told = |lead: &str, bare: &str| match value {
        "" => bare.to_owned(),
        value => format!(": {lead}{value}"),
    };
    match member.kind {
        Kind::Raised | Kind::Notice | Kind::Digest | Kind::Answer => told("", ""),
        Kind::Updated => told("now ", ": changed"),
        Kind::Reminder => told("still ", ": still stands"),
        Kind::Escalated => format!("{}, not acknowledged", told("", "")),
        Kind::Acknowledged => format!(": {}", member.reason),
        Kind::Cleared => {
            let severity = words.put(member.severity.name());
            match member.reason.as_str() {
                "cleared" => format!(", was {severity}"),
                reason => format!(", was {severity}: {}", words.put(reason)),
            }
        }
    }
}

/// Times of a digest: the time of day, with the date where it is not that of the digest.
pub(super) struct Times<'a> {
    zone: &'a TimeZone,
    at: Time,
}

impl<'a> Times<'a> {
    pub(super) fn new(zone: &'a TimeZone, at: Time) -> Self {
        Self { zone, at }
    }

    pub(super) fn print(&self, time: Time) -> String {
        let zoned = |time: Time| time.timestamp().to_zoned(self.zone.clone());
        let (today, time) = (zoned(self.at), zoned(time));
        let format = if today.date() == time.date() {
            "%H:%M"
        } else {
            "%Y-%m-%d %H:%M"
        };
        strtime::format(format, &time).unwrap_or_else(|_| time.timestamp().to_string())
    }

    /// `10:42 to 10:58`, or one of them when they print alike.
    pub(super) fn span(&self, first: Time, last: Time) -> String {
        let (first, last) = (self.print(first), self.print(last));
        if first == last {
            first
        } else {
            format!("{first} to {last}")
        }
    }
}
