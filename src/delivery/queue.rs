//! The messages, by number and by bucket.

use std::collections::BTreeMap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use crate::model::{Kind, MessageId, Severity, Stage, Time};

use super::slab::{BucketNo, DigestNo, EntryNo, LaneNo, Slab, TemplateNo};

/// Stands for "does not expire": later than any time that can be told.
pub(super) const NEVER: Time = Time::from_ms(i64::MAX);

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// May go when its turn comes.
    Ready,
    /// Claimed, not settled.
    InFlight,
    /// Waits to be tried again.
    Retrying(Time),
    /// Waits for a sign that a lost answer was a yes.
    Unknown(Time),
    /// A digest speaks for it: it stays until that has come to its end.
    InDigest,
}

/// How a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A part of a digest: in front of the lane, in order.
    Part,
    /// By itself, whatever the lane does.
    Alone,
    /// By itself, or as a member of a digest.
    Plain,
}

/// A message, as far as its delivery needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) id: MessageId,
    /// When it was decided.
    pub(super) created: Time,
    /// [`NEVER`] when it does not expire.
    pub(super) expires: Time,
    pub(super) state: State,
    pub(super) lane: LaneNo,
    pub(super) bucket: BucketNo,
    pub(super) template: TemplateNo,
    pub(super) older: Option<EntryNo>,
    pub(super) newer: Option<EntryNo>,
    pub(super) severity: Severity,
    pub(super) class: Class,
    pub(super) kind: Kind,
    /// An event that nothing follows.
    pub(super) single: bool,
    /// Of a raise or what took its place: the raise. Of a clear: the raise that it ends. Else 0.
    pub(super) raise: MessageId,
    /// Of a part: its digest. Of a member: the digest that speaks for it.
    pub(super) digest: Option<DigestNo>,
    /// It must reach the phone within so many milliseconds of its acceptance; 0: acceptance is enough.
    pub(super) confirm_ms: u32,
    /// It was accepted once, and no receipt came.
    pub(super) resent: bool,
    /// What a receipt has said of the attempt under way.
    pub(super) received: Option<Stage>,
    /// Lost answers so far.
    pub(super) unknowns: u8,
    /// An earlier process tried it: it is not known here whether Meta took one of its attempts.
    pub(super) tried_before: bool,
    /// Attempts that failed when only a few are allowed.
    pub(super) few: u8,
    /// Failures of its own in a row: the power of its next wait.
    pub(super) failures: u8,
    /// That it waits for the end of quiet hours is written.
    pub(super) noted: bool,
    /// Posted for real, or only as if.
    pub(super) shadow: bool,
}

impl Entry {
    /// Whether it waits, for its turn or for a moment.
    pub(super) const fn is_waiting(&self) -> bool {
        !matches!(self.state, State::InFlight | State::InDigest)
    }

    /// Whether it waits and certainly never reached Meta.
    pub(super) const fn is_untold(&self) -> bool {
        matches!(self.state, State::Ready | State::Retrying(_))
            && self.unknowns == 0
            && !self.resent
            && !self.tried_before
    }

    pub(super) fn new(
        id: MessageId,
        created: Time,
        lane: LaneNo,
        bucket: BucketNo,
        template: TemplateNo,
        severity: Severity,
    ) -> Self {
        Self {
            id,
            created,
            expires: NEVER,
            state: State::Ready,
            lane,
            bucket,
            template,
            older: None,
            newer: None,
            severity,
            class: Class::Plain,
            kind: Kind::Raised,
            single: false,
            raise: MessageId::default(),
            digest: None,
            confirm_ms: 0,
            resent: false,
            received: None,
            unknowns: 0,
            tried_before: false,
            few: 0,
            failures: 0,
            noted: false,
            shadow: false,
        }
    }
}

/// The messages of one bucket for one contact, in order of id. Only the first may move.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    name: Arc<str>,
    pub(super) lane: LaneNo,
    first: Option<EntryNo>,
    last: Option<EntryNo>,
    /// The highest severity it had while it was not empty.
    pub(super) rank: Severity,
    /// Its first message, while that stands in the lane's order.
    pub(super) shelved: Option<EntryNo>,
    /// It breaks through quiet hours, as was found when it was put into the lane's order.
    pub(super) loud: bool,
}

/// The messages, by number and by bucket.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    entries: Slab<EntryNo, Entry>,
    by_id: BTreeMap<MessageId, EntryNo>,
    buckets: Slab<BucketNo, Bucket>,
    by_name: BTreeMap<(LaneNo, Arc<str>), BucketNo>,
    counts: Counts,
}

/// Messages by where they stand.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) ready: usize,
    pub(super) retrying: usize,
    pub(super) unknown: usize,
    pub(super) in_digest: usize,
    pub(super) in_flight: usize,
}

impl Counts {
    fn of(&mut self, state: State) -> &mut usize {
        match state {
            State::Ready => &mut self.ready,
            State::InFlight => &mut self.in_flight,
            State::Retrying(_) => &mut self.retrying,
            State::Unknown(_) => &mut self.unknown,
            State::InDigest => &mut self.in_digest,
        }
    }
}

impl Queue {
    pub(super) fn find(&self, id: MessageId) -> Option<EntryNo> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Messages by where they stand.
    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// A message stands elsewhere from here on.
    pub(super) fn set_state(&mut self, no: EntryNo, state: State) {
        let entry = &mut self.entries[no];
        *self.counts.of(entry.state) -= 1;
        *self.counts.of(state) += 1;
        entry.state = state;
    }

    /// Every message, in order of id.
    pub(super) fn iter(&self) -> impl Iterator<Item = (EntryNo, &Entry)> {
        self.by_id.values().map(|no| (*no, &self.entries[*no]))
    }

    pub(super) fn has_bucket(&self, lane: LaneNo, name: &Arc<str>) -> bool {
        self.by_name.contains_key(&(lane, Arc::clone(name)))
    }

    /// The bucket of that name, made when it is not there. An empty one must get a message at once.
    pub(super) fn bucket(&mut self, lane: LaneNo, name: &Arc<str>, rank: Severity) -> BucketNo {
        *self
            .by_name
            .entry((lane, Arc::clone(name)))
            .or_insert_with(|| {
                self.buckets.insert(Bucket {
                    name: Arc::clone(name),
                    lane,
                    first: None,
                    last: None,
                    rank,
                    shelved: None,
                    loud: true,
                })
            })
    }

    /// Puts a message at its place in its bucket, which must not be shelved.
    pub(super) fn push(&mut self, mut entry: Entry) -> EntryNo {
        // Messages come in order of id but for rare ones, so the place is at the end or close to it.
        let mut newer = None;
        let mut older = self.buckets[entry.bucket].last;
        while let Some(no) = older
            && self.entries[no].id > entry.id
        {
            newer = older;
            older = self.entries[no].older;
        }
        entry.older = older;
        entry.newer = newer;
        let no = self.entries.insert(entry);
        self.link(entry.bucket, older, Some(no));
        self.link(entry.bucket, Some(no), newer);
        let bucket = &mut self.buckets[entry.bucket];
        bucket.rank = bucket.rank.max(entry.severity);
        self.by_id.insert(entry.id, no);
        *self.counts.of(entry.state) += 1;
        no
    }

    /// Takes a message out of its bucket, which must not be shelved. Says whether the bucket still has
    /// messages; an empty one is gone.
    pub(super) fn remove(&mut self, no: EntryNo) -> bool {
        let Entry {
            id,
            bucket,
            older,
            newer,
            state,
            ..
        } = self.entries[no];
        *self.counts.of(state) -= 1;
        match (older, newer) {
            (None, None) => {
                let bucket_no = bucket;
                let bucket = &mut self.buckets[bucket_no];
                let name = std::mem::take(&mut bucket.name);
                self.by_name.remove(&(bucket.lane, name));
                self.buckets.remove(bucket_no);
            }
            _ => self.link(bucket, older, newer),
        }
        self.by_id.remove(&id);
        self.entries.remove(no);
        older.is_some() || newer.is_some()
    }

    fn link(&mut self, bucket: BucketNo, older: Option<EntryNo>, newer: Option<EntryNo>) {
        match older {
            Some(no) => self.entries[no].newer = newer,
            None => self.buckets[bucket].first = newer,
        }
        match newer {
            Some(no) => self.entries[no].older = older,
            None => self.buckets[bucket].last = older,
        }
    }

    /// The bucket's first message, if it may move.
    pub(super) fn ready_head(&self, bucket: BucketNo) -> Option<EntryNo> {
        let head = self.buckets[bucket].first?;
        (self.entries[head].state == State::Ready).then_some(head)
    }

    /// The messages of a bucket that may move together: from the first on, until one may not.
    pub(super) fn ready_run(&self, bucket: BucketNo) -> impl Iterator<Item = EntryNo> {
        let mut next = self.buckets[bucket].first;
        std::iter::from_fn(move || {
            let no = next?;
            let entry = &self.entries[no];
            if entry.state != State::Ready || entry.class != Class::Plain {
                return None;
            }
            next = entry.newer;
            Some(no)
        })
    }

    /// The bucket's first message.
    pub(super) fn head(&self, bucket: BucketNo) -> Option<EntryNo> {
        self.buckets[bucket].first
    }

    /// The highest severity of a bucket.
    pub(super) fn rank(&self, bucket: BucketNo) -> Severity {
        self.buckets[bucket].rank
    }

    /// Whether a bucket breaks through quiet hours.
    pub(super) fn is_loud(&self, bucket: BucketNo) -> bool {
        self.buckets[bucket].loud
    }

    /// The name of a bucket.
    pub(super) fn name(&self, bucket: BucketNo) -> Arc<str> {
        Arc::clone(&self.buckets[bucket].name)
    }

    pub(super) fn bucket_mut(&mut self, bucket: BucketNo) -> &mut Bucket {
        &mut self.buckets[bucket]
    }
}

impl Index<EntryNo> for Queue {
    type Output = Entry;

    fn index(&self, no: EntryNo) -> &Entry {
        &self.entries[no]
    }
}

impl IndexMut<EntryNo> for Queue {
    fn index_mut(&mut self, no: EntryNo) -> &mut Entry {
        &mut self.entries[no]
    }
}
