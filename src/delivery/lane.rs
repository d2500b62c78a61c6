//! The order inside one contact's lane.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ContactId, MessageId, Severity, TemplateId, Time};

use super::hold::Gate;
use super::slab::{EntryNo, LaneNo, PairNo, TemplateNo};
use super::turn::Turn;

/// The order between buckets: the highest severity first, then the log's order.
pub(super) type Place = (Reverse<Severity>, MessageId, EntryNo);

/// The first messages of buckets that differ neither in their template nor in being urgent: what a
/// hold or a short supply of tokens keeps back, it keeps back by the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shelf {
    pub(super) template: TemplateNo,
    pub(super) urgent: bool,
}

/// One contact's queue: in order, at most one in flight.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) contact: ContactId,
    pub(super) pair: PairNo,
    /// The contact is no longer in the config; the lane stays until its flight has ended.
    pub(super) gone: bool,
    /// The message under way.
    pub(super) flight: Option<EntryNo>,
    /// Messages in it, the one under way included.
    pub(super) messages: usize,
    pub(super) gate: Gate,
    /// When it was served last.
    pub(super) turn: Turn,
    /// Whether it stands among the lanes that could send.
    pub(super) ready: bool,
    /// Its timer, when it waits for tokens or its phone.
    pub(super) wake: Option<Time>,
    shelves: BTreeMap<Shelf, BTreeSet<Place>>,
}

impl Lane {
    pub(super) fn new(contact: ContactId, pair: PairNo) -> Self {
        Self {
            contact,
            pair,
            gone: false,
            flight: None,
            messages: 0,
            gate: Gate::default(),
            turn: Turn::default(),
            ready: false,
            wake: None,
            shelves: BTreeMap::new(),
        }
    }

    pub(super) fn shelve(&mut self, shelf: Shelf, place: Place) {
        self.shelves.entry(shelf).or_default().insert(place);
    }

    pub(super) fn unshelve(&mut self, shelf: Shelf, place: &Place) {
        if let Some(places) = self.shelves.get_mut(&shelf) {
            places.remove(place);
            if places.is_empty() {
                self.shelves.remove(&shelf);
            }
        }
    }

    /// The shelves that are not empty.
    pub(super) fn shelves(&self) -> impl Iterator<Item = Shelf> {
        self.shelves.keys().copied()
    }

    /// The message that comes first among the shelves that `open` lets through.
    pub(super) fn first(&self, open: impl Fn(Shelf) -> bool) -> Option<EntryNo> {
        self.shelves
            .iter()
            .filter(|(shelf, _)| open(**shelf))
            .filter_map(|(_, places)| places.first())
            .min()
            .map(|(_, _, no)| *no)
    }
}

/// A template, as far as delivery needs it.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: TemplateId,
    /// Messages that want it, those under way included.
    pub(super) messages: usize,
    pub(super) gate: Gate,
}

/// A message under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flight {
    pub(super) entry: EntryNo,
    pub(super) lane: LaneNo,
    /// The phone it goes to, whatever the config has become since.
    pub(super) pair: PairNo,
    /// The lane's turn before it was claimed.
    pub(super) turn_before: Turn,
}
