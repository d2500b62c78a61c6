//! A bucket: the alarms of one rule that share a key.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{RuleId, Severity, Time};

use super::condition::Tallies;
use super::life::{Life, Phase};
use super::rule::Rule;
use super::tree::TreeNo;
use super::window::Gathered;

/// The place of a bucket in its rule's memory.
pub(super) type BucketNo = u32;

/// Orders alarms: the worse is higher, among equals the one whose record came later.
pub(super) type Rank = u64;

const ORDER_BITS: u32 = 56;

pub(super) fn rank(severity: Severity, order: u64) -> Rank {
    let place = Severity::ALL.iter().position(|known| *known == severity);
    (place.unwrap_or_default() as u64) << ORDER_BITS | order & ((1 << ORDER_BITS) - 1)
}

fn severity_of(rank: Rank) -> Severity {
    let place = usize::try_from(rank >> ORDER_BITS).unwrap_or_default();
    Severity::ALL
        .get(place)
        .copied()
        .unwrap_or(Severity::Undefined)
}

/// The alarms in a bucket, by rank. Most buckets hold one.
#[allow(
    clippy::box_collection,
    reason = "a bucket of one, of which there may be a million, is smaller by a third"
)]
#[derive(Debug, Clone, Default)]
pub(super) enum Members {
    #[default]
    None,
    One(Rank, TreeNo),
    Many(Box<BTreeMap<Rank, TreeNo>>),
}

/// The alarms of one rule that share a key.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) key: Arc<str>,
    pub(super) members: Members,
    /// What the condition has counted of the members.
    pub(super) tallies: Option<Box<Tallies>>,
    /// Events, for a rule of single events.
    pub(super) gathered: Option<Box<Gathered>>,
    /// Where the trigger stands; `None` is idle with nothing owed.
    pub(super) life: Option<Box<Life>>,
    /// When it is due, as the timers know it.
    pub(super) timer: Option<Time>,
    /// Its row is in the store.
    pub(super) stored: bool,
    /// Its row changes with the step under way.
    pub(super) touched: bool,
    /// It is looked at again when its memory is old.
    pub(super) watched: bool,
    /// It waits until it may be told.
    pub(super) withheld: bool,
}

impl Bucket {
    pub(super) fn new(key: Arc<str>) -> Self {
        Self {
            key,
            members: Members::None,
            tallies: None,
            gathered: None,
            life: None,
            timer: None,
            stored: false,
            touched: false,
            watched: false,
            withheld: false,
        }
    }

    pub(super) fn life(&mut self) -> &mut Life {
        self.life.get_or_insert_default()
    }

    pub(super) fn phase(&self) -> Phase {
        self.life.as_ref().map_or(Phase::Idle, |life| life.phase)
    }

    /// It is kept only to know which events are spent.
    pub(super) fn is_memory(&self) -> bool {
        let is_empty = |gathered: &Gathered| gathered.events.is_empty();
        let is_calm = |life: &Life| {
            life.phase == Phase::Idle && life.ledger.is_empty() && life.entered.is_empty()
        };
        self.members.len() == 0
            && self.gathered.as_deref().is_none_or(is_empty)
            && self.life.as_deref().is_none_or(is_calm)
    }

    /// As [`Self::is_memory`], of what still counts at `now`.
    pub(super) fn is_memory_at(&mut self, rule: &Rule, now: Time) -> bool {
        self.forget(rule, now);
        self.is_memory()
    }

    /// Nothing is in it, waits in it or is owed.
    pub(super) fn is_blank(&self) -> bool {
        self.members.len() == 0
            && self
                .gathered
                .as_ref()
                .is_none_or(|gathered| gathered.events.is_empty())
            && self.life.as_ref().is_none_or(|life| life.is_blank())
    }
}

impl Members {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(..) => 1,
            Self::Many(all) => all.len(),
        }
    }

    pub(super) fn insert(&mut self, rank: Rank, tree: TreeNo) {
        match self {
            Self::None => *self = Self::One(rank, tree),
            Self::One(first, one) => {
                let all = BTreeMap::from([(*first, *one), (rank, tree)]);
                *self = Self::Many(Box::new(all));
            }
            Self::Many(all) => {
                all.insert(rank, tree);
            }
        }
    }

    pub(super) fn remove(&mut self, rank: Rank) {
        match self {
            Self::One(one, _) if *one == rank => *self = Self::None,
            Self::Many(all) => {
                all.remove(&rank);
                if all.is_empty() {
                    *self = Self::None;
                }
            }
            Self::None | Self::One(..) => {}
        }
    }

    pub(super) fn contains(&self, rank: Rank) -> bool {
        match self {
            Self::None => false,
            Self::One(one, _) => *one == rank,
            Self::Many(all) => all.contains_key(&rank),
        }
    }

    pub(super) fn worst(&self) -> Option<Severity> {
        let rank = match self {
            Self::None => None,
            Self::One(rank, _) => Some(*rank),
            Self::Many(all) => all.last_key_value().map(|(rank, _)| *rank),
        };
        rank.map(severity_of)
    }

    /// The worst first, among equals the newest.
    pub(super) fn worst_first(&self) -> Box<dyn Iterator<Item = TreeNo> + '_> {
        match self {
            Self::None => Box::new(std::iter::empty()),
            Self::One(_, tree) => Box::new(std::iter::once(*tree)),
            Self::Many(all) => Box::new(all.values().rev().copied()),
        }
    }
}

/// The key of a bucket's row, and the subject of its messages.
pub(super) fn subject(rule: &RuleId, key: &str) -> String {
    format!("{rule}\u{1f}{key}")
}
