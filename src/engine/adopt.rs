//! Putting other rules in force: what is open is looked at again, in silence but for what ends.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{AlarmRecord, RowChange, RowKind, RuleId, Time};

use super::bucket::{Bucket, subject};
use super::rule::{Rule, Ruleset};
use super::speak::{Say, Voice};
use super::step::{Engine, Step};
use super::track::{Imprint, Track};
use super::tree::Place;

/// What was there before, by rule.
type Before = BTreeMap<RuleId, Track>;

impl Engine {
    /// Puts other rules and contacts in force.
    ///
    /// A rule is its id. Of one that is gone or off, what is raised ends. One whose filter, single_events,
    /// group_by, condition, trigger, clear_after or base_alarms changed is rebuilt from the open alarms:
    /// what was raised and still holds stays raised, what no longer holds ends, what holds and was not
    /// raised is raised in silence or waits from here. Other edits touch nothing.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the engine keeps it when it is not the one in force"
    )]
    pub fn adopt(&mut self, now: Time, ruleset: Arc<Ruleset>) -> Step {
        self.advance(now);
        let mut step = Step::default();
        let before = self.unreached(&self.ruleset);
        self.put_in_force(&ruleset, &mut step);
        self.warn_of_unreached(&before, &mut step);
        self.seal(step)
    }

    /// Adopts the rules in force, when the rows are of others.
    pub(super) fn settle(&mut self, step: &mut Step) {
        if self.is_foreign {
            let ruleset = Arc::clone(&self.ruleset);
            self.put_in_force(&ruleset, step);
        }
    }

    fn put_in_force(&mut self, ruleset: &Arc<Ruleset>, step: &mut Step) {
        let old = std::mem::replace(&mut self.ruleset, Arc::clone(ruleset));
        self.silences.read_again(&ruleset.named);
        if !self.is_foreign && is_same(&old, ruleset) {
            self.watch_all_held();
            return;
        }
        let mut moved: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        let mut before: Before = BTreeMap::new();
        let mut kept: BTreeMap<RuleId, Track> = BTreeMap::new();
        let places: BTreeMap<&RuleId, (usize, &Rule)> = ruleset
            .rules
            .iter()
            .enumerate()
            .map(|(n, rule)| (&rule.id, (n, rule)))
            .collect();
        for (n, track) in std::mem::take(&mut self.tracks).into_iter().enumerate() {
            let place = places.get(&track.id).filter(|(_, rule)| {
                !track.imprint.fingerprint.is_empty()
                    && Imprint::of(rule).fingerprint == track.imprint.fingerprint
            });
            let to = place.and_then(|(to, _)| u32::try_from(*to).ok());
            moved.insert(u32::try_from(n).unwrap_or(u32::MAX), to);
            if to.is_some() {
                kept.insert(track.id.clone(), track);
            } else {
                before.insert(track.id.clone(), track);
            }
        }
        for orphan in std::mem::take(&mut self.orphans) {
            before.insert(orphan.id.clone(), orphan);
        }
        self.is_foreign = false;
        self.timers.reset();
        self.end_absent(&places, &mut before, step);
        let rebuilt = self.install(ruleset, kept, &before, step);
        let said = self.tell_moves(&moved, &rebuilt, ruleset, step);
        for n in said {
            let rule = &ruleset.rules[n];
            let says = self.compare(n, rule, before.remove(&rule.id), step);
            self.speak(says, false, step);
        }
        for track in &mut self.tracks {
            track.forget_timers();
        }
        for n in 0..self.tracks.len() {
            self.wake(n, ruleset);
        }
        self.watch_all_held();
    }

    /// Ends what is raised of rules that are gone or off.
    fn end_absent(
        &mut self,
        places: &BTreeMap<&RuleId, (usize, &Rule)>,
        before: &mut Before,
        step: &mut Step,
    ) {
        let mut says = Vec::new();
        for (id, track) in before.iter_mut() {
            let reason = match places.get(id) {
                None => "rule removed",
                Some((_, rule)) if !rule.enabled => "rule disabled",
                Some(_) => continue,
            };
            let voice = Voice::late(id, &track.imprint);
            let template = track.imprint.on_clear.clone();
            for no in track.in_order() {
                says.extend(self.end_one(track, no, &voice, template.clone(), reason));
                drop_row(track, no, step);
            }
            if !places.contains_key(id) {
                step.rows.push(RowChange::Delete {
                    kind: RowKind::Rule,
                    key: id.as_str().to_owned(),
                });
            }
        }
        self.speak(says, false, step);
    }

    pub(super) fn end_one(
        &self,
        track: &mut Track,
        no: u32,
        voice: &Voice,
        template: Option<crate::model::TemplateId>,
        reason: &str,
    ) -> Option<Say> {
        let key = Arc::clone(&track.get(no)?.key);
        let told = track.told.remove(&key);
        let bucket = track.get_mut(no)?;
        if !bucket.life.as_ref().is_some_and(|life| life.is_raised()) {
            return None;
        }
        let ended: Option<AlarmRecord> = bucket
            .life
            .as_ref()
            .and_then(|life| life.ended.as_ref())
            .map(|ended| ended.alarm.clone());
        let alarm = ended.or(told);
        let enabled = self.ruleset.enabled_contacts();
        bucket.close(
            &self.trees,
            &enabled,
            voice.clone(),
            template,
            reason,
            alarm.as_ref(),
        )
    }

    /// Puts the tracks in the order of the rules; says which are to be rebuilt.
    fn install(
        &mut self,
        ruleset: &Ruleset,
        mut kept: BTreeMap<RuleId, Track>,
        before: &Before,
        step: &mut Step,
    ) -> Vec<usize> {
        let mut rebuilt = Vec::new();
        for (n, rule) in ruleset.rules.iter().enumerate() {
            let wanted = Imprint::of(rule);
            let track = if let Some(mut track) = kept.remove(&rule.id) {
                let imprint = wanted.heir_of(&track.imprint);
                if imprint != track.imprint {
                    step.rows.push(imprint.row(&track.id));
                    track.imprint = imprint;
                }
                track
            } else {
                let known = before.get(&rule.id).map(|track| &track.imprint);
                let mut imprint = match known {
                    Some(known) => wanted.heir_of(known),
                    None => wanted,
                };
                if rule.enabled {
                    imprint.from = self.position.0.unsigned_abs();
                    rebuilt.push(n);
                }
                if known != Some(&imprint) {
                    step.rows.push(imprint.row(&rule.id));
                }
                Track::new(rule.id.clone(), imprint)
            };
            self.tracks.push(track);
        }
        rebuilt
    }

    /// Every open alarm leaves the buckets of rules that are no more and enters those of rules that
    /// are rebuilt.
    fn tell_moves(
        &mut self,
        moved: &BTreeMap<u32, Option<u32>>,
        rebuilt: &[usize],
        ruleset: &Ruleset,
        step: &mut Step,
    ) -> Vec<usize> {
        let follows: Vec<usize> = rebuilt
            .iter()
            .copied()
            .filter(|n| !ruleset.rules[*n].single_events)
            .collect();
        for no in self.trees.chain().collect::<Vec<_>>() {
            let Some(tree) = self.trees.get(no) else {
                continue;
            };
            let (key, order, masked) = (tree.key.clone(), tree.order, tree.masked);
            let mut places: Vec<Place> = tree
                .places
                .iter()
                .filter_map(|place| {
                    let rule = moved.get(&place.rule).copied().flatten()?;
                    Some(Place { rule, ..*place })
                })
                .collect();
            places.sort_by_key(|place| place.rule);
            let was_out = tree.left_out.clone();
            let mut left_out: Vec<String> = was_out
                .iter()
                .filter(|out| {
                    let id = out.split('\u{1f}').next().unwrap_or_default();
                    let at = ruleset.rules.iter().position(|rule| rule.id.as_str() == id);
                    at.is_some_and(|n| !rebuilt.contains(&n) && ruleset.rules[n].enabled)
                })
                .cloned()
                .collect();
            if follows.is_empty() && left_out.len() == was_out.len() {
                if let Some(tree) = self.trees.get_mut(no) {
                    tree.places = places.into();
                }
                continue;
            }
            let record = tree.record.unpack();
            for n in follows.iter().copied().filter(|_| !masked) {
                let rule = &ruleset.rules[n];
                if !rule.takes(&record) {
                    continue;
                }
                for bucket in rule.keys(&key, &record) {
                    let limits = ruleset.limits;
                    let track = &mut self.tracks[n];
                    let is_new = track.find(&bucket).is_none();
                    let room = !is_new || track.len() < limits.buckets_per_rule;
                    let at = room.then(|| track.open(&bucket));
                    let entry = at.and_then(|at| track.get_mut(at));
                    match (at, entry) {
                        (Some(at), Some(entry))
                            if entry.members.len() < limits.alarms_per_bucket =>
                        {
                            entry.add(rule, order, no, &record);
                            places.push(Place::new(n, at));
                        }
                        _ => {
                            track.overflow += 1;
                            left_out.push(subject(&rule.id, &bucket));
                        }
                    }
                }
            }
            places.sort_by_key(|place| place.rule);
            let changed = left_out.as_slice() != &*was_out;
            if let Some(tree) = self.trees.get_mut(no) {
                tree.places = places.into();
                tree.left_out = left_out.into();
            }
            if changed {
                step.rows.extend(self.trees.row(no, record.time, &record));
            }
        }
        rebuilt.to_vec()
    }
}

impl Track {
    /// The timers are gone: every bucket asks for one again.
    fn forget_timers(&mut self) {
        for no in self.in_order() {
            if let Some(bucket) = self.get_mut(no) {
                bucket.timer = None;
            }
        }
    }
}

fn drop_row(track: &Track, no: u32, step: &mut Step) {
    if let Some(Bucket {
        key, stored: true, ..
    }) = track.get(no)
    {
        step.rows.push(track.deletion(key));
    }
}

/// Whether the engine would do the same with both.
fn is_same(old: &Ruleset, new: &Ruleset) -> bool {
    old.rules.len() == new.rules.len()
        && old.limits == new.limits
        && old.rules.iter().zip(&new.rules).all(|(old, new)| {
            old.id == new.id
                && Imprint::of(old) == Imprint::of(new)
                && old.update_every == new.update_every
                && old.reminder == new.reminder
                && old.escalate == new.escalate
        })
}
