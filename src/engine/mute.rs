//! What keeps a rule from speaking: silences, times, other rules; and what is told when that is over.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{AlarmRecord, Calendar, Form, Kind, Mute, RuleId, Suppression, Time};

use super::bucket::BucketNo;
use super::inhibit::STANDS;
use super::life::Phase;
use super::packed::Packed;
use super::rule::Rule;
use super::silence::suppression;
use super::speak::{Say, Voice};
use super::step::{Engine, Step};
use super::view;
use super::withheld::{Cause, Held, Unsaid};

/// Buckets that are told in one step because of what happened in it; the others are due at once.
const MAX_FREED: usize = 1_000;

/// A calendar that does not change for years is looked at again after so long.
const CALENDAR_LOOK: Duration = Duration::from_secs(366 * 86_400);

/// What a rule speaks of.
#[derive(Debug, Clone)]
pub(super) enum Spoken {
    /// The alarms of a bucket.
    Bucket(BucketNo),
    /// Events.
    Events(Vec<Packed>),
}

/// What mutes, and how its end is known.
type Muted = (Suppression, Cause, Option<Time>);

impl Engine {
    /// What keeps the rule from speaking of that at this moment.
    pub(super) fn why_muted(&self, n: usize, spoken: &Spoken) -> Option<Suppression> {
        if let Spoken::Bucket(no) = spoken
            && let Some(cause) = self.withheld.cause(place(n), *no)
            && self.withheld.holds(cause, self.now)
            && let Some(held) = self.life(n, *no).and_then(|life| life.held.as_deref())
        {
            return Some(held.why.clone());
        }
        self.muted(n, spoken).map(|(why, ..)| why)
    }

    fn muted(&self, n: usize, spoken: &Spoken) -> Option<Muted> {
        let rule = self.ruleset.rules.get(n)?;
        self.silenced(n, spoken)
            .or_else(|| self.muted_by_time(rule))
            .or_else(|| self.inhibited(n, rule, spoken))
    }

    /// The alarms that are spoken of, the worst of a bucket first.
    fn alarms<'e>(
        &'e self,
        n: usize,
        spoken: &'e Spoken,
    ) -> Box<dyn Iterator<Item = &'e Packed> + 'e> {
        match spoken {
            Spoken::Events(events) => Box::new(events.iter()),
            Spoken::Bucket(no) => {
                let bucket = self.tracks.get(n).and_then(|track| track.get(*no));
                let members = bucket
                    .into_iter()
                    .flat_map(|bucket| bucket.members.worst_first());
                let trees = members.filter_map(|no| self.trees.get(no));
                Box::new(trees.map(|tree| &tree.record))
            }
        }
    }

    /// The first silence that takes every alarm of it.
    fn silenced(&self, n: usize, spoken: &Spoken) -> Option<Muted> {
        if self.silences.is_empty() {
            return None;
        }
        let mut alarms = self.alarms(n, spoken);
        let first = alarms.next()?.unpack();
        let active = self.silences.active(self.now);
        let mut silences: Vec<_> = active
            .filter(|(_, filter)| filter.matches(&first))
            .collect();
        while !silences.is_empty()
            && let Some(alarm) = alarms.next()
        {
            let alarm = alarm.unpack();
            silences.retain(|(_, filter)| filter.matches(&alarm));
        }
        let (silence, _) = silences.first()?;
        let ends = Some(silence.order.ends);
        Some((suppression(silence), Cause::Silence(silence.id), ends))
    }

    fn muted_by_time(&self, rule: &Rule) -> Option<Muted> {
        let mut mute = rule.mute.iter();
        if let Some(calendar) = mute.find(|calendar| calendar.holds(self.now)) {
            let suppression = Suppression {
                mute: Mute::Time(calendar.name.clone()),
                text: format!("mute time \"{}\"", calendar.name),
            };
            let at = next_change(std::slice::from_ref(calendar), self.now);
            return Some((suppression, Cause::Until(at), Some(at)));
        }
        let is_active = rule.active.iter().any(|calendar| calendar.holds(self.now));
        if rule.active.is_empty() || is_active {
            return None;
        }
        let names: Vec<String> = rule
            .active
            .iter()
            .map(|calendar| format!("\"{}\"", calendar.name))
            .collect();
        let suppression = Suppression {
            mute: Mute::Inactive,
            text: format!("outside its active times {}", names.join(", ")),
        };
        let at = next_change(&rule.active, self.now);
        Some((suppression, Cause::Until(at), Some(at)))
    }

    fn inhibited(&self, n: usize, rule: &Rule, spoken: &Spoken) -> Option<Muted> {
        if rule.inhibited_by.is_empty() {
            return None;
        }
        self.inhibition.by(n).find_map(|(no, by)| {
            let text = self.inhibition.common(no, self.alarms(n, spoken))?;
            Some((self.inhibition_of(by), Cause::Inhibitor(no, text), None))
        })
    }

    fn inhibition_of(&self, by: &RuleId) -> Suppression {
        let mut rules = self.ruleset.rules.iter();
        let known = rules.find(|rule| rule.id == *by);
        let name = known.map_or(by.as_str(), |rule| &rule.name);
        Suppression {
            mute: Mute::Inhibited(by.clone()),
            text: format!("rule \"{name}\"{STANDS}"),
        }
    }

    /// What would keep a rule from speaking of anything.
    pub(super) fn muted_whole(&self, n: usize) -> Option<Suppression> {
        let rule = self.ruleset.rules.get(n)?;
        if let Some((suppression, ..)) = self.muted_by_time(rule) {
            return Some(suppression);
        }
        let by = self.inhibition.whole(n)?;
        Some(self.inhibition_of(by))
    }

    /// Whether what kept a bucket from being told still does when that is due, and until
    /// when.
    fn still(&self, n: usize, no: BucketNo, why: &Suppression) -> Option<(Cause, Option<Time>)> {
        let rule = self.ruleset.rules.get(n)?;
        let spoken = Spoken::Bucket(no);
        match &why.mute {
            Mute::Silence(id) => {
                let (silence, filter) = self.silences.holding(*id, self.due)?;
                let mut alarms = self.alarms(n, &spoken);
                let takes = alarms.all(|alarm| filter.matches(&alarm.unpack()));
                takes.then_some((Cause::Silence(*id), Some(silence.order.ends)))
            }
            Mute::Time(name) => {
                let mut mute = rule.mute.iter();
                let calendar = mute.find(|it| it.name == *name && it.holds(self.due))?;
                let at = next_change(std::slice::from_ref(calendar), self.due);
                Some((Cause::Until(at), Some(at)))
            }
            Mute::Inactive => {
                let mut active = rule.active.iter();
                let is_over = rule.active.is_empty() || active.any(|it| it.holds(self.due));
                let at = next_change(&rule.active, self.due);
                (!is_over).then_some((Cause::Until(at), Some(at)))
            }
            Mute::Inhibited(id) => {
                let mut by = self.inhibition.by(n).filter(|(_, by)| *by == id);
                by.find_map(|(no, _)| {
                    let text = self.inhibition.common(no, self.alarms(n, &spoken))?;
                    Some((Cause::Inhibitor(no, text), None))
                })
            }
        }
    }

    /// Sees to it that a bucket that was not told is looked at when what kept it ends.
    pub(super) fn watch_held(&mut self, n: usize, no: BucketNo) {
        let Some(bucket) = self.tracks[n].get(no) else {
            return;
        };
        let held = bucket.life.as_deref().and_then(|life| life.held.as_deref());
        let held = held.filter(|_| bucket.phase() == Phase::Raised);
        if held.is_none() && !bucket.withheld {
            return;
        }
        let cause = held.map(|held| {
            let still = self.still(n, no, &held.why);
            still.unwrap_or((Cause::Nothing, None))
        });
        self.wait_for(n, no, cause);
    }

    /// As [`Self::watch_held`], of a bucket that may have become raised, or be so no longer.
    pub(super) fn see_whether_held(&mut self, n: usize, no: BucketNo) {
        let bucket = self.tracks[n].get(no);
        let life = bucket.and_then(|bucket| bucket.life.as_deref());
        let held = life.is_some_and(|life| life.held.is_some() && life.phase == Phase::Raised);
        if bucket.is_some_and(|bucket| bucket.withheld != held) {
            self.watch_held(n, no);
        }
    }

    /// As [`Self::watch_held`], of a bucket whose one alarm said something else: the others still are
    /// what they were.
    pub(super) fn heed_member(
        &mut self,
        n: usize,
        no: BucketNo,
        record: Option<&AlarmRecord>,
        left: bool,
    ) {
        let bucket = self.tracks[n].get(no);
        let Some(record) = record.filter(|_| bucket.is_some_and(|bucket| bucket.withheld)) else {
            return;
        };
        let Some(cause) = self.withheld.cause(place(n), no) else {
            return;
        };
        let goes_on = match cause {
            Cause::Silence(id) => {
                let holding = self.silences.holding(*id, self.due);
                holding.is_some_and(|(_, filter)| left || filter.matches(record))
            }
            Cause::Until(_) | Cause::Nothing => true,
            Cause::Inhibitor(_, text) => text.is_empty(),
        };
        if !goes_on {
            self.watch_held(n, no);
        }
    }

    fn wait_for(&mut self, n: usize, no: BucketNo, cause: Option<(Cause, Option<Time>)>) {
        if let Some(bucket) = self.tracks[n].get_mut(no) {
            bucket.withheld = cause.is_some();
            self.withheld.set(place(n), &bucket.key, no, cause);
        }
    }

    /// Looks at every bucket that was not told: the rules are others.
    pub(super) fn watch_all_held(&mut self) {
        self.look_at_inhibitors();
        self.withheld.reset();
        for n in 0..self.tracks.len() {
            for no in self.tracks[n].held() {
                if let Some(bucket) = self.tracks[n].get_mut(no) {
                    bucket.withheld = false;
                }
                self.watch_held(n, no);
            }
        }
    }

    /// A say that is muted changes what its bucket remembers, and who counts it.
    pub(super) fn withhold(&mut self, say: &Say, why: &Suppression) {
        if let Mute::Silence(id) = why.mute {
            self.silences.count_suppressed(id);
        }
        let Some((n, Spoken::Bucket(no))) = &say.of else {
            return;
        };
        let (n, no) = (*n, *no);
        let ruleset = Arc::clone(&self.ruleset);
        let (Some(rule), Some(bucket)) = (ruleset.rules.get(n), self.tracks[n].get_mut(no)) else {
            return;
        };
        let life = bucket.life();
        let what = match say.kind {
            Kind::Raised => Unsaid::Raise,
            Kind::Updated => Unsaid::Update,
            Kind::Escalated => {
                life.untake_step(rule);
                Unsaid::Step
            }
            // The next one comes by itself.
            Kind::Reminder
            | Kind::Cleared
            | Kind::Acknowledged
            | Kind::Answer
            | Kind::Notice
            | Kind::Digest => return,
        };
        let before = life.held.as_deref();
        let is_known = before.is_some_and(|held| held.why == *why);
        // That it is raised says more than that it changed.
        if before.is_none_or(|held| held.what <= what) {
            let mut left = say.left.clone();
            // Who did not hear of every change is told.
            if let Some(before) = before.filter(|held| held.what == what) {
                left.retain(|id| before.left.contains(id));
            }
            life.held = Some(Box::new(Held {
                what,
                why: why.clone(),
                left,
            }));
        }
        self.touch(n, no);
        self.schedule(n, rule, no);
        if !is_known {
            self.watch_held(n, no);
        }
    }

    /// Tells what may be told because of what happened in this step.
    pub(super) fn release_freed(&mut self, step: &mut Step) {
        for _ in 0..MAX_FREED {
            if !self.withheld.is_free() {
                return;
            }
            self.look_at_muted(step);
        }
    }

    /// Looks at the first bucket whose cause for not being told ended: another one takes its place, or
    /// it is told.
    pub(super) fn look_at_muted(&mut self, step: &mut Step) {
        let Some((track, no)) = self.withheld.pop(self.now) else {
            return;
        };
        let n = track as usize;
        let Some(bucket) = self.tracks[n].get_mut(no) else {
            return;
        };
        bucket.withheld = false;
        let is_raised = bucket.phase() == Phase::Raised;
        let held = bucket.life.as_deref().and_then(|life| life.held.as_deref());
        let Some(held) = held.filter(|_| is_raised).cloned() else {
            return;
        };
        if let Some(cause) = self.still(n, no, &held.why) {
            self.wait_for(n, no, Some(cause));
            return;
        }
        let muted = self.muted(n, &Spoken::Bucket(no));
        let Some(bucket) = self.tracks[n].get_mut(no) else {
            return;
        };
        if let Some((why, cause, ends)) = muted {
            bucket.life().held = Some(Box::new(Held { why, ..held }));
            self.touch(n, no);
            self.wait_for(n, no, Some((cause, ends)));
            return;
        }
        self.release(n, no, &held, step);
    }

    fn release(&mut self, n: usize, no: BucketNo, held: &Held, step: &mut Step) {
        let ruleset = Arc::clone(&self.ruleset);
        let Some(rule) = ruleset.rules.get(n) else {
            return;
        };
        let steady = self.clock.steady(self.now);
        if let Some(bucket) = self.tracks[n].get_mut(no) {
            bucket.life().speak_after_all(held.what, rule, steady);
        }
        let say = self.say_after_all(n, no, rule, held);
        self.touch(n, no);
        self.schedule(n, rule, no);
        self.speak(say.into_iter().collect(), false, step);
    }

    fn say_after_all(&self, n: usize, no: BucketNo, rule: &Rule, held: &Held) -> Option<Say> {
        let (kind, template) = match held.what {
            Unsaid::Raise => (Kind::Raised, rule.template.clone()),
            Unsaid::Update => (Kind::Updated, rule.on_update.clone()?),
            Unsaid::Step => return None,
        };
        let bucket = self.tracks[n].get(no)?;
        let life = bucket.life.as_deref()?;
        let steady = self.clock.steady(self.now);
        let (alarm, view) = view::of_members(bucket, &self.trees)?;
        let mut contacts = self.ruleset.recipients(rule);
        contacts.retain(|id| {
            let was_told = life.ledger.raise_of(id).is_some();
            (was_told || kind == Kind::Raised)
                && !held.left.contains(id)
                && !life.is_silent(id, steady)
        });
        Some(Say {
            voice: Voice::of(rule),
            kind,
            reason: held.reason(self.is_over(rule, &held.why)),
            key: Arc::clone(&bucket.key),
            severity: view.highest,
            alarm,
            view,
            template,
            form: Form::Template,
            contacts,
            owes: (kind == Kind::Raised).then_some((n, no)),
            settles: None,
            expires: false,
            of: Some((n, Spoken::Bucket(no))),
            left: Vec::new(),
            muted: None,
        })
    }

    /// Whether what muted a bucket of the rule mutes nothing any more.
    fn is_over(&self, rule: &Rule, why: &Suppression) -> bool {
        match &why.mute {
            Mute::Silence(id) => {
                let silence = self.silences.get(*id);
                silence.is_none_or(|silence| silence.order.ends <= self.now)
            }
            Mute::Time(name) => {
                let mut mute = rule.mute.iter();
                mute.any(|calendar| calendar.name == *name && !calendar.holds(self.now))
            }
            Mute::Inactive => rule.active.iter().any(|calendar| calendar.holds(self.now)),
            Mute::Inhibited(id) => {
                let is_it = |track: &&super::track::Track| track.id == *id;
                let track = self.tracks.iter().find(is_it);
                track.is_none_or(|track| track.count_raised() == 0)
            }
        }
    }
}

fn place(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// When one of the calendars next says something else.
fn next_change(calendars: &[Arc<Calendar>], now: Time) -> Time {
    let changes = calendars
        .iter()
        .filter_map(|calendar| calendar.next_change(now));
    let next = changes.min().unwrap_or(now + CALENDAR_LOOK);
    // Time goes on whatever a calendar says.
    next.max(now + Duration::from_millis(1))
}
