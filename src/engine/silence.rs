//! Silences: ordered and ended by people, over by themselves, kept for a while after their end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::model::{
    AlarmRecord, Mute, Row, RowChange, RowKind, Silence, SilenceId, SilenceOrder, Suppression, Time,
};

use super::filter::{Filter, Named};
use super::step::Engine;
use super::withheld::Cause;

/// Silences that hold or are to come at once; further orders are refused where they are taken.
pub const MAX_SILENCES: usize = 1_000;

/// One that ended is listed for so long.
const LISTED: Duration = Duration::from_secs(5 * 86_400);

/// Of those that ended so many are listed, the last ones.
const MAX_LISTED: usize = 200;

/// Every silence that is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Silences {
    known: BTreeMap<SilenceId, Known>,
    /// Whose rows change with the step under way.
    touched: BTreeSet<SilenceId>,
    /// When to see which are not listed any more.
    tidy_at: Option<Time>,
}

#[derive(Debug, Clone)]
struct Known {
    silence: Silence,
    /// `None` when it does not read.
    filter: Option<Filter>,
}

impl Known {
    fn new(mut silence: Silence, named: &Named) -> Self {
        let filter = Filter::parse(&silence.order.filter, named);
        silence.fault = filter.as_ref().err().map(ToString::to_string);
        Self {
            silence,
            filter: filter.ok(),
        }
    }
}

impl Silences {
    pub(super) fn restore(&mut self, row: &Row, named: &Named) -> Result<(), serde_json::Error> {
        let silence: Silence = serde_json::from_str(&row.value)?;
        self.known.insert(silence.id, Known::new(silence, named));
        self.tidy_at = Some(Time::default());
        Ok(())
    }

    /// Reads the filters again: other named filters are in force.
    pub(super) fn read_again(&mut self, named: &Named) {
        for known in self.known.values_mut() {
            *known = Known::new(known.silence.clone(), named);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn get(&self, id: SilenceId) -> Option<&Silence> {
        self.known.get(&id).map(|known| &known.silence)
    }

    /// Those that hold, the first ordered first.
    pub(super) fn active(&self, now: Time) -> impl Iterator<Item = (&Silence, &Filter)> {
        self.known
            .values()
            .filter(move |known| known.silence.is_active(now))
            .filter_map(|known| Some((&known.silence, known.filter.as_ref()?)))
    }

    /// The filter of one that began, and holds on.
    pub(super) fn holding(&self, id: SilenceId, now: Time) -> Option<(&Silence, &Filter)> {
        let known = self.known.get(&id)?;
        let filter = known.filter.as_ref()?;
        let holds = now < known.silence.order.ends;
        holds.then_some((&known.silence, filter))
    }

    /// Those that take a record.
    pub(super) fn of(&self, record: &AlarmRecord, now: Time) -> Vec<Silence> {
        let active = self.active(now);
        let of_it = active.filter(|(_, filter)| filter.matches(record));
        of_it.map(|(silence, _)| silence.clone()).collect()
    }

    pub(super) fn count_suppressed(&mut self, id: SilenceId) {
        if let Some(known) = self.known.get_mut(&id) {
            known.silence.suppressed = known.silence.suppressed.saturating_add(1);
            self.touched.insert(id);
        }
    }

    fn order(&mut self, silence: Silence, named: &Named) {
        let id = silence.id;
        self.known.insert(id, Known::new(silence, named));
        self.touched.insert(id);
        self.tidy_at = Some(Time::default());
    }

    /// Whether it did not end before.
    fn end(&mut self, id: SilenceId, by: &str, now: Time) -> bool {
        let known = self.known.get_mut(&id);
        let Some(known) = known.filter(|known| now < known.silence.order.ends) else {
            return false;
        };
        known.silence.order.ends = now;
        known.silence.ended_by = Some(by.to_owned());
        self.touched.insert(id);
        self.tidy_at = Some(Time::default());
        true
    }

    /// The rows that change; those that ended long ago go.
    pub(super) fn rows(&mut self, now: Time) -> Vec<RowChange> {
        let mut rows = Vec::new();
        for id in std::mem::take(&mut self.touched) {
            if let Some(known) = self.known.get(&id) {
                rows.push(RowChange::Put(row(&known.silence)));
            }
        }
        if self.tidy_at.is_some_and(|at| at <= now) {
            self.tidy(now, &mut rows);
        }
        rows
    }

    fn tidy(&mut self, now: Time, rows: &mut Vec<RowChange>) {
        let ends = |known: &Known| known.silence.order.ends;
        let ended = self.known.iter().filter(|(_, known)| ends(known) <= now);
        let mut ended: Vec<(Time, SilenceId)> =
            ended.map(|(id, known)| (ends(known), *id)).collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(MAX_LISTED);
        for (n, (at, id)) in ended.into_iter().enumerate() {
            if n < surplus || at + LISTED <= now {
                self.known.remove(&id);
                rows.push(RowChange::Delete {
                    kind: RowKind::Silence,
                    key: id.0.to_string(),
                });
            }
        }
        let next = self.known.values().map(|known| match ends(known) {
            at if at <= now => at + LISTED,
            at => at,
        });
        self.tidy_at = next.min();
    }
}

fn row(silence: &Silence) -> Row {
    Row {
        kind: RowKind::Silence,
        key: silence.id.0.to_string(),
        value: serde_json::to_string(silence).unwrap_or_default(),
    }
}

impl Engine {
    /// Nothing is told of certain alarms for a while.
    pub(super) fn be_silent(&mut self, order: &SilenceOrder) {
        if let Some(before) = order.replaces {
            self.end_silence(before, &order.by);
        }
        let silence = Silence {
            id: SilenceId(self.position.0),
            order: order.clone(),
            created: self.now,
            ended_by: None,
            suppressed: 0,
            fault: None,
        };
        self.silences.order(silence, &self.ruleset.named);
    }

    /// Somebody ends a silence before its time.
    pub(super) fn end_silence(&mut self, id: SilenceId, by: &str) {
        if self.silences.end(id, by, self.now) {
            self.withheld.free(&Cause::Silence(id));
        }
    }

    /// Silences that hold, are to come, or ended a while ago, the newest first.
    #[must_use]
    pub fn silences(&self) -> Vec<Silence> {
        let all = self.silences.known.values().rev();
        all.map(|known| known.silence.clone()).collect()
    }
}

/// A silence in words.
pub(super) fn suppression(silence: &Silence) -> Suppression {
    let (by, comment) = (silence.order.by.trim(), silence.order.comment.trim());
    let who = match (by.is_empty(), comment.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!(" (by {by})"),
        (true, false) => format!(" (\"{comment}\")"),
        (false, false) => format!(" (by {by}: \"{comment}\")"),
    };
    Suppression {
        mute: Mute::Silence(silence.id),
        text: format!("silence {}{who}", silence.id),
    }
}
