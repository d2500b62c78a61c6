//! Rules that say enough while they are raised: which others they keep from speaking.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{AlarmRecord, RuleId};

use super::bucket::{Bucket, BucketNo, rank};
use super::filter::Field;
use super::group::texts_of;
use super::life::Phase;
use super::packed::Packed;
use super::rule::Ruleset;
use super::step::Engine;
use super::track::Track;
use super::tree::{TreeNo, Trees};
use super::withheld::Cause;

/// Ends the words for an inhibition.
pub(super) const STANDS: &str = " is raised";

/// Which rules keep which from speaking, and what of them is raised.
#[derive(Debug, Clone, Default)]
pub(super) struct Inhibition {
    /// For each rule by what it is inhibited, in the order of its config.
    by: Vec<Vec<usize>>,
    /// For each rule what of it inhibits others.
    of: Vec<Vec<usize>>,
    all: Vec<Standing>,
}

/// What is raised of a rule, as far as others look at it.
#[derive(Debug, Clone)]
struct Standing {
    rule: RuleId,
    track: usize,
    /// What an alarm of both must have in common.
    equal: Vec<Field>,
    raised: BTreeSet<BucketNo>,
    /// The texts of each alarm of what is raised.
    given: BTreeMap<(BucketNo, TreeNo), Vec<Arc<str>>>,
    /// How many alarms give a text.
    counts: BTreeMap<Arc<str>, usize>,
}

impl Inhibition {
    /// Of these rules, of which nothing is raised.
    pub(super) fn new(ruleset: &Ruleset) -> Self {
        let count = ruleset.rules.len();
        let place = |id: &RuleId| ruleset.rules.iter().position(|rule| rule.id == *id);
        let links: Vec<Vec<(usize, &[Field])>> = ruleset
            .rules
            .iter()
            .map(|rule| {
                let by = rule.inhibited_by.iter();
                by.filter_map(|by| Some((place(&by.rule)?, by.equal.as_slice())))
                    .collect()
            })
            .collect();
        let mut found = Self {
            by: vec![Vec::new(); count],
            of: vec![Vec::new(); count],
            all: Vec::new(),
        };
        for (n, links_of) in links.iter().enumerate() {
            for (track, equal) in links_of {
                // Two that keep each other silent would never be told: the first in the config is.
                if *track >= n && reaches(&links, *track, n) {
                    continue;
                }
                let known =
                    |standing: &Standing| standing.track == *track && standing.equal == *equal;
                let no = found.all.iter().position(known).unwrap_or_else(|| {
                    found.all.push(Standing {
                        rule: ruleset.rules[*track].id.clone(),
                        track: *track,
                        equal: equal.to_vec(),
                        raised: BTreeSet::new(),
                        given: BTreeMap::new(),
                        counts: BTreeMap::new(),
                    });
                    found.of[*track].push(found.all.len() - 1);
                    found.all.len() - 1
                });
                found.by[n].push(no);
            }
        }
        found
    }

    /// By what a rule is inhibited: number and rule.
    pub(super) fn by(&self, n: usize) -> impl Iterator<Item = (usize, &RuleId)> {
        let by = self.by.get(n).into_iter().flatten();
        by.filter_map(|no| Some((*no, &self.all.get(*no)?.rule)))
    }

    /// What `records` have in common with what is raised; `None` when it is nothing.
    pub(super) fn common<'p>(
        &self,
        no: usize,
        mut records: impl Iterator<Item = &'p Packed>,
    ) -> Option<Arc<str>> {
        let standing = self.all.get(no).filter(|it| !it.raised.is_empty())?;
        if standing.equal.is_empty() {
            return Some(Arc::from(""));
        }
        records.find_map(|packed| standing.common(&packed.unpack()))
    }

    /// The rule that keeps `n` from speaking of anything.
    pub(super) fn whole(&self, n: usize) -> Option<&RuleId> {
        let mut by = self.by.get(n)?.iter().filter_map(|no| self.all.get(*no));
        let found = by.find(|it| it.equal.is_empty() && !it.raised.is_empty())?;
        Some(&found.rule)
    }
}

impl Standing {
    fn common(&self, record: &AlarmRecord) -> Option<Arc<str>> {
        let mut texts = texts_of(&self.equal, record).into_iter();
        texts.find(|text| self.counts.contains_key(text))
    }

    /// Looks at a bucket again, of which nothing but the alarm `tree` changed, if that is known. Says
    /// which texts nobody gives any more.
    fn look(
        &mut self,
        bucket: Option<&Bucket>,
        no: BucketNo,
        tree: Option<TreeNo>,
        trees: &Trees,
    ) -> Vec<Arc<str>> {
        let stands = bucket
            .filter(|bucket| matches!(bucket.phase(), Phase::Raised | Phase::Clearing { .. }));
        let stood = self.raised.contains(&no);
        let mut gone = Vec::new();
        match (stands, stood, tree) {
            (None, false, _) => return gone,
            (Some(bucket), true, Some(tree)) => {
                self.drop(no, tree, &mut gone);
                let member = trees.get(tree).filter(|tree| {
                    let rank = rank(tree.severity, tree.order);
                    bucket.members.contains(rank)
                });
                if let Some(member) = member {
                    self.give(no, tree, &member.record);
                }
            }
            (stands, _, _) => {
                let all = self.given.range((no, 0)..=(no, TreeNo::MAX));
                let all: Vec<TreeNo> = all.map(|((_, tree), _)| *tree).collect();
                for tree in all {
                    self.drop(no, tree, &mut gone);
                }
                if let Some(bucket) = stands {
                    self.raised.insert(no);
                    for tree in bucket.members.worst_first() {
                        if let Some(member) = trees.get(tree) {
                            self.give(no, tree, &member.record);
                        }
                    }
                } else {
                    self.raised.remove(&no);
                    if self.equal.is_empty() && self.raised.is_empty() {
                        gone.push(Arc::from(""));
                    }
                }
            }
        }
        gone.retain(|text| !self.counts.contains_key(text));
        gone
    }

    fn give(&mut self, no: BucketNo, tree: TreeNo, record: &Packed) {
        if self.equal.is_empty() {
            return;
        }
        let texts = texts_of(&self.equal, &record.unpack());
        for text in &texts {
            *self.counts.entry(Arc::clone(text)).or_default() += 1;
        }
        self.given.insert((no, tree), texts);
    }

    fn drop(&mut self, no: BucketNo, tree: TreeNo, gone: &mut Vec<Arc<str>>) {
        for text in self.given.remove(&(no, tree)).unwrap_or_default() {
            if let Some(count) = self.counts.get_mut(&text) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&text);
                    gone.push(text);
                }
            }
        }
    }
}

/// Whether a rule is inhibited, perhaps by way of others, by `target`.
fn reaches(links: &[Vec<(usize, &[Field])>], from: usize, target: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(n) = open.pop() {
        if n == target {
            return true;
        }
        if seen.insert(n) {
            open.extend(links[n].iter().map(|(by, _)| *by));
        }
    }
    false
}

impl Engine {
    /// Looks at everything again: the rules or the buckets are others.
    pub(super) fn look_at_inhibitors(&mut self) {
        self.inhibition = Inhibition::new(&self.ruleset);
        for standing in &mut self.inhibition.all {
            let Some(track) = self.tracks.get(standing.track) else {
                continue;
            };
            for no in track.in_order() {
                standing.look(track.get(no), no, None, &self.trees);
            }
        }
    }

    /// A bucket changed, or only the alarm `tree` in it: whoever it keeps from speaking may be told.
    pub(super) fn heed_inhibitor(&mut self, n: usize, no: BucketNo, tree: Option<TreeNo>) {
        let Some(of) = self.inhibition.of.get(n).filter(|of| !of.is_empty()) else {
            return;
        };
        let bucket = self.tracks.get(n).and_then(|track: &Track| track.get(no));
        for standing in of {
            let Some(it) = self.inhibition.all.get_mut(*standing) else {
                continue;
            };
            for text in it.look(bucket, no, tree, &self.trees) {
                self.withheld.free(&Cause::Inhibitor(*standing, text));
            }
        }
    }
}
