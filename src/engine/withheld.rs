//! Buckets that are raised and would have spoken, by what keeps them from it: told when that is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{ContactId, Mute, SilenceId, Suppression, Time};

use super::bucket::BucketNo;

/// What was not said, as the row of the bucket keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) what: Unsaid,
    /// What kept it.
    pub(super) why: Suppression,
    /// Who heard of it from another rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) left: Vec<ContactId>,
}

/// What was not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unsaid {
    /// That nobody took it: escalation goes on when it may.
    Step,
    /// That it changed since it was told.
    Update,
    /// That it is raised.
    Raise,
}

/// What keeps buckets from being told, as far as its end is concerned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// Nothing any more.
    Nothing,
    /// Calendars, which may say something else then, in engine time.
    Until(Time),
    Silence(SilenceId),
    /// What raised alarms of another rule have in common with it: number and text.
    Inhibitor(usize, Arc<str>),
}

/// A bucket: by rule in the order of the config, then by key.
type Spot = (u32, Arc<str>, BucketNo);

/// Buckets that wait until they may be told.
#[derive(Debug, Clone, Default)]
pub(super) struct Withheld {
    causes: BTreeMap<(u32, BucketNo), Cause>,
    spots: BTreeMap<Cause, BTreeSet<Spot>>,
    /// When causes end by themselves.
    ends: BTreeSet<(Time, Cause)>,
    /// Causes that are over.
    free: BTreeSet<Cause>,
}

impl Withheld {
    pub(super) fn cause(&self, track: u32, no: BucketNo) -> Option<&Cause> {
        self.causes.get(&(track, no))
    }

    /// A bucket waits for the end of `cause`, at `ends` when that is known; for nothing when `None`.
    pub(super) fn set(
        &mut self,
        track: u32,
        key: &Arc<str>,
        no: BucketNo,
        cause: Option<(Cause, Option<Time>)>,
    ) {
        let before = self.causes.get(&(track, no));
        if before == cause.as_ref().map(|(cause, _)| cause) {
            return;
        }
        let spot = (track, Arc::clone(key), no);
        if let Some(before) = self.causes.remove(&(track, no)) {
            self.take(&before, &spot);
        }
        if let Some((cause, ends)) = cause {
            self.causes.insert((track, no), cause.clone());
            if cause == Cause::Nothing {
                self.free.insert(Cause::Nothing);
            }
            let spots = self.spots.entry(cause.clone()).or_default();
            if spots.is_empty() {
                self.ends.extend(ends.map(|at| (at, cause)));
            }
            spots.insert(spot);
        }
    }

    /// What waits for the end of `cause` may be told.
    pub(super) fn free(&mut self, cause: &Cause) {
        if self.spots.contains_key(cause) {
            self.free.insert(cause.clone());
        }
    }

    /// Whether `cause` is not over by what is known of it.
    pub(super) fn holds(&self, cause: &Cause, now: Time) -> bool {
        let ended = self.ends.iter().take_while(|(at, _)| *at <= now);
        !self.free.contains(cause) && !ended.map(|(_, ended)| ended).any(|ended| ended == cause)
    }

    /// When the first bucket may be told, `due` where it may at once: before all that is due later.
    pub(super) fn next(&self, due: Time) -> Option<Time> {
        if !self.free.is_empty() {
            return Some(due);
        }
        self.ends.first().map(|(at, _)| *at)
    }

    /// Whether anything may be told at once.
    pub(super) fn is_free(&self) -> bool {
        !self.free.is_empty()
    }

    /// Takes out the first bucket that may be told by `now`.
    pub(super) fn pop(&mut self, now: Time) -> Option<(u32, BucketNo)> {
        let ended = self.ends.first().filter(|(at, _)| *at <= now);
        let cause = self.free.first().or(ended.map(|(_, cause)| cause))?.clone();
        let spot = self.spots.get(&cause)?.first()?.clone();
        self.take(&cause, &spot);
        self.causes.remove(&(spot.0, spot.2));
        Some((spot.0, spot.2))
    }

    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    fn take(&mut self, cause: &Cause, spot: &Spot) {
        let Some(spots) = self.spots.get_mut(cause) else {
            return;
        };
        spots.remove(spot);
        if spots.is_empty() {
            self.spots.remove(cause);
            self.free.remove(cause);
            // One end each, of which there are few: silences, and edges of calendars.
            self.ends.retain(|(_, known)| known != cause);
        }
    }
}

impl Held {
    /// Why it is told after all; `is_over` when what kept it ended, and does not speak of it any more
    /// otherwise.
    pub(super) fn reason(&self, is_over: bool) -> String {
        let text = &self.why.text;
        if !is_over {
            return format!("still raised; {text} no longer mutes it");
        }
        match self.why.mute {
            Mute::Silence(_) | Mute::Time(_) => format!("still raised; {text} ended"),
            Mute::Inactive => "still raised; an active time of its rule began".to_owned(),
            Mute::Inhibited(_) => {
                let rule = text.strip_suffix(super::inhibit::STANDS).unwrap_or(text);
                format!("still raised; {rule} no longer is")
            }
        }
    }
}
