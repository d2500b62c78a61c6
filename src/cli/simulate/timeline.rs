//! What would have been said, as it comes.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use crate::config::Settings;
use crate::daemon::replay::Said;
use crate::model::{Kind, Time};
use crate::whatsapp::template::Display;

use super::super::options::{Output, print};

/// The kinds of the tally, in its order.
const KINDS: [Kind; 4] = [Kind::Raised, Kind::Updated, Kind::Cleared, Kind::Reminder];

/// Prints messages as they come, and a tally at the end.
pub(super) struct Timeline {
    output: Output,
    clock: Clock,
    /// What the lines above speak of: messages of one notification stand under one head.
    head: Option<(Time, String, String, Kind, String)>,
    tally: Tally,
}

/// How times print: as in messages.
pub(super) struct Clock(Display);

impl Clock {
    pub(super) fn new(settings: &Settings) -> Self {
        Self(settings.display.clone())
    }

    pub(super) fn print(&self, at: Time) -> String {
        let zoned = at.timestamp().to_zoned(self.0.timezone.clone());
        zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

impl Timeline {
    pub(super) fn new(output: Output, settings: &Settings) -> Self {
        Self {
            output,
            clock: Clock::new(settings),
            head: None,
            tally: Tally::new(settings),
        }
    }

    pub(super) fn tell(&mut self, said: &Said) {
        if self.output == Output::Json {
            print(&said.json_line());
            return;
        }
        self.tally.count(said);
        let head = (
            said.at,
            said.rule.clone(),
            said.bucket.clone(),
            said.kind,
            said.reason.clone(),
        );
        if self.head.as_ref() != Some(&head) {
            let at = self.clock.print(said.at);
            let bucket = in_brackets(&said.bucket);
            print(&format!(
                "{at}  {:<8}  {}{bucket}: {}",
                said.kind.name(),
                said.rule,
                said.reason
            ));
            self.head = Some(head);
        }
        let shadow = if said.shadow { " (shadow)" } else { "" };
        print(&format!(
            "    → {}{shadow}: {}",
            said.contact,
            said.one_line()
        ));
    }

    pub(super) fn finish(&self, summary: &str) {
        if self.output == Output::Json {
            eprintln!("{summary}");
            return;
        }
        let messages = self.tally.messages;
        if messages > 0 {
            print("");
            print(&self.tally.table().to_string());
            print("");
        }
        print(&format!("{messages} messages from {summary}"));
    }
}

/// The bucket behind the name of its rule.
pub(super) fn in_brackets(bucket: &str) -> String {
    if bucket.is_empty() {
        String::new()
    } else {
        format!(" [{bucket}]")
    }
}

/// Messages per rule and contact.
struct Tally {
    messages: u64,
    counts: BTreeMap<(String, String), [u64; KINDS.len()]>,
    /// Rules and contacts in the order of the config.
    rules: Vec<String>,
    contacts: Vec<String>,
}

impl Tally {
    fn new(settings: &Settings) -> Self {
        let rules = settings.ruleset.rules.iter();
        let contacts = settings.ruleset.contacts.iter();
        Self {
            messages: 0,
            counts: BTreeMap::new(),
            rules: rules.map(|rule| rule.id.to_string()).collect(),
            contacts: contacts.map(|contact| contact.id.to_string()).collect(),
        }
    }

    fn count(&mut self, said: &Said) {
        self.messages += 1;
        let key = (said.rule.clone(), said.contact.clone());
        let counts = self.counts.entry(key).or_default();
        if let Some(place) = KINDS.iter().position(|kind| *kind == said.kind) {
            counts[place] += 1;
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let kinds = KINDS.iter().map(|kind| kind.name());
        table.set_header(["rule", "contact"].into_iter().chain(kinds));
        for rule in &self.rules {
            for contact in &self.contacts {
                let key = (rule.clone(), contact.clone());
                let Some(counts) = self.counts.get(&key) else {
                    continue;
                };
                let counts = counts.iter().map(u64::to_string);
                table.add_row([rule.clone(), contact.clone()].into_iter().chain(counts));
            }
        }
        for column in table.column_iter_mut().skip(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}
