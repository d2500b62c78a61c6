//! The order inside one contact's lane.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ContactId, MessageId, Severity, TemplateId, Time};

use super::digest::Composing;
use super::hold::Gate;
use super::queue::Class;
use super::quiet::Quieted;
use super::slab::{EntryNo, LaneNo, PairNo, TemplateNo};
use super::storm::Storming;
use super::turn::Turn;

/// The order between buckets: parts of digests first, then the highest severity, then the log's order.
pub(super) type Place = (bool, Reverse<Severity>, MessageId, EntryNo);

/// The first messages of buckets that differ neither in how they go, nor in their template, nor in
/// being urgent or worth waking the person: what a storm, a hold, a short supply of tokens or quiet hours
/// keep back, they keep back by the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shelf {
    pub(super) class: Class,
    pub(super) template: TemplateNo,
    pub(super) urgent: bool,
    /// It breaks through quiet hours.
    pub(super) loud: bool,
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
    /// Those of them that wait and may become members of a digest.
    pub(super) plain: usize,
    /// Parts of digests in it.
    pub(super) parts: usize,
    /// Digests whose members are not known, or not back yet: what may have to come after these waits.
    pub(super) orphans: usize,
    /// Since when and why it speaks in digests.
    pub(super) storm: Option<Storming>,
    /// A digest is being composed and written.
    pub(super) composing: Option<Composing>,
    /// No digest before this: the last could not be written.
    pub(super) digest_after: Time,
    /// What its last digest was written with.
    pub(super) digest_template: Option<TemplateId>,
    pub(super) gate: Gate,
    /// When it is not to be woken.
    pub(super) quiet: Option<Quieted>,
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
            plain: 0,
            parts: 0,
            orphans: 0,
            storm: None,
            composing: None,
            digest_after: Time::from_ms(i64::MIN),
            digest_template: None,
            gate: Gate::default(),
            quiet: None,
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

    /// The heads of the shelves that `open` lets through.
    pub(super) fn heads(&self, open: impl Fn(Shelf) -> bool) -> impl Iterator<Item = EntryNo> {
        self.shelves
            .iter()
            .filter(move |(shelf, _)| open(**shelf))
            .flat_map(|(_, places)| places.iter())
            .map(|(.., no)| *no)
    }

    /// Whether it is under way with something.
    pub(super) const fn is_busy(&self) -> bool {
        self.flight.is_some() || self.composing.is_some()
    }

    /// The message that comes first among the shelves that `open` lets through.
    pub(super) fn first(&self, open: impl Fn(Shelf) -> bool) -> Option<EntryNo> {
        self.shelves
            .iter()
            .filter(|(shelf, _)| open(**shelf))
            .filter_map(|(_, places)| places.first())
            .min()
            .map(|(.., no)| *no)
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
