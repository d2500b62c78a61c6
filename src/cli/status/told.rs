//! An overview in lines.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::MessageState;
use crate::web::{Bucket, Overview, Verdict};

use crate::cli::inquire::dotted;

/// Buckets and messages that a terminal shows.
const MOST: usize = 10;

/// An overview in lines.
pub(super) fn told(overview: &Overview) -> String {
    let mut page = Page {
        text: String::new(),
        zone: TimeZone::get(&overview.timezone).unwrap_or(TimeZone::UTC),
    };
    page.verdict(overview);
    page.figures(overview);
    page.raised(overview);
    page.quiet(overview);
    page.rest(overview);
    page.text
}

struct Page {
    text: String,
    zone: TimeZone,
}

impl Page {
    fn line(&mut self, line: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn at(&self, at: Timestamp) -> String {
        let at = at.to_zoned(self.zone.clone());
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn verdict(&mut self, overview: &Overview) {
        let word = match overview.verdict {
            Verdict::Well => "well",
            Verdict::Degraded => "degraded",
            Verdict::Down => "DOWN",
        };
        let since = self.at(overview.since);
        self.line(&format!("klaxond {}: {word}", overview.version));
        for reason in &overview.reasons {
            self.line(&format!("  {reason}"));
        }
        self.line(&format!(
            "running since {since}, times in {}",
            overview.timezone
        ));
    }

    fn figures(&mut self, overview: &Overview) {
        let queue = &overview.queue;
        let states: Vec<String> = queue
            .states
            .iter()
            .map(|(state, count)| format!("{count} {}", state.name()))
            .collect();
        let oldest = queue.oldest.map(|at| format!("oldest of {}", self.at(at)));
        let waiting = format!("{} waiting", queue.waiting);
        let under_way = format!("{} under way", queue.under_way);
        let states = states.join(", ");
        let queue = dotted(&[
            &waiting,
            &under_way,
            &states,
            oldest.as_deref().unwrap_or_default(),
        ]);
        self.line(&format!("queue: {queue}"));
        let sum = |minutes: &[u32]| minutes.iter().copied().map(u64::from).sum::<u64>();
        let hour = &overview.hour;
        self.line(&format!(
            "last hour: {} alarms taken, {} messages accepted, {} delivered, {} failed",
            sum(&hour.taken),
            sum(&hour.accepted),
            sum(&hour.delivered),
            sum(&hour.failed)
        ));
    }

    fn raised(&mut self, overview: &Overview) {
        let raised = &overview.raised;
        self.line(&format!(
            "raised: {} ({} open alarms)",
            raised.total, overview.open_alarms
        ));
        for bucket in raised.buckets.iter().take(MOST) {
            let line = self.bucket(bucket);
            self.line(&line);
        }
        if raised.total > MOST {
            self.line(&format!("  and {} more", raised.total - MOST));
        }
    }

    fn bucket(&self, bucket: &Bucket) -> String {
        let count = match bucket.count {
            0 | 1 => String::new(),
            count => format!("{count} alarms"),
        };
        let what = dotted(&[
            bucket.severity.name(),
            &bucket.element,
            &bucket.parameter,
            &bucket.value,
            &count,
        ]);
        let mut told: Vec<String> = bucket
            .told
            .iter()
            .map(|told| {
                let state = told.state.map_or("told", MessageState::name);
                format!("{} {state}", told.contact)
            })
            .collect();
        if bucket.more_told > 0 {
            told.push(format!("and {} more", bucket.more_told));
        }
        let told = match (&bucket.suppressed, told.is_empty()) {
            (Some(why), true) => format!("not told: {why}"),
            (None, true) => "nobody told".to_owned(),
            (_, false) => told.join(", "),
        };
        let ack = bucket.ack.as_ref();
        let ack = ack.map_or(String::new(), |(by, at)| {
            format!("; {by} has it since {}", self.at(*at))
        });
        let since = self.at(bucket.since);
        format!("  {what}\n    id {}, since {since}: {told}{ack}", bucket.id)
    }

    fn quiet(&mut self, overview: &Overview) {
        if overview.not_told.is_empty() {
            self.line("everyone is told");
        }
        for quiet in &overview.not_told {
            let since = quiet
                .since
                .map(|since| format!(" since {}", self.at(since)));
            self.line(&format!(
                "not told: {} ({}{}): {}",
                quiet.who,
                quiet.state,
                since.unwrap_or_default(),
                quiet.why
            ));
        }
        if overview.more_not_told > 0 {
            self.line(&format!("not told: {} more", overview.more_not_told));
        }
    }

    fn rest(&mut self, overview: &Overview) {
        for storm in &overview.storms {
            self.line(&format!(
                "in digests: {} ({} wait; {})",
                storm.contact, storm.waiting, storm.reason
            ));
        }
        let holding = overview.silences.iter();
        for silence in holding.filter(|silence| silence.state == "active") {
            let until = self.at(silence.ends);
            self.line(&format!(
                "silenced: {} until {until} ({}, by {}: {})",
                silence.filter, silence.id, silence.by, silence.comment
            ));
        }
        for source in overview.sources.iter().filter(|source| source.silent) {
            let heard = source
                .heard
                .map(|at| format!(", heard last {}", self.at(at)));
            let heard = heard.unwrap_or_default();
            self.line(&format!("silent: {}{heard}", source.name));
        }
        for warning in &overview.meta.warnings {
            self.line(&format!("warning: {warning}"));
        }
    }
}
