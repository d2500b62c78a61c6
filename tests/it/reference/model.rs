//! The reference: what should be said, computed anew from everything for each input. Slow and plain.
//!
//! Time inside is steady time: without the jumps of the wall clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use klaxond::engine::Rule;
use klaxond::model::{AlarmRecord, AlarmType, Severity, Status, Time};

use super::bucket::{Bucket, Touch};
use super::phrases::CONDITIONS;
use super::scenario::{Config, RuleSpec, secs};
use super::silence::Silence;
use super::told::Told;

/// A rule with the plain reading of its condition.
pub struct Ruled {
    pub spec: RuleSpec,
    pub rule: Rule,
}

/// An open alarm.
#[derive(Clone)]
pub struct Live {
    pub tree: String,
    pub record: AlarmRecord,
    pub order: usize,
    pub highest: Severity,
    pub seen: Time,
}

/// The key of a bucket: rule and texts.
pub type Key = (String, String);

pub struct Model {
    pub config: Config,
    pub rules: Vec<Ruled>,
    pub now: Time,
    pub jumped: Duration,
    pub turn: usize,
    pub trees: Vec<Live>,
    pub history: Vec<AlarmRecord>,
    /// How many records had come when a rule was new or rebuilt: it does not speak of them.
    pub born: BTreeMap<String, usize>,
    pub buckets: BTreeMap<Key, Bucket>,
    /// Alarms that a bucket had no place for.
    pub excluded: BTreeSet<(Key, String)>,
    pub overflows: BTreeMap<String, u64>,
    pub told: Vec<Told>,
    pub silences: Vec<Silence>,
    /// The silence that kept what was last to be said, and who heard of it from another rule.
    pub kept: Option<(usize, BTreeSet<String>)>,
    /// What the record under way has made rules say: rule, whether it takes a place, what.
    pub speeches: Option<Vec<(usize, bool, Told)>>,
}

impl Model {
    pub fn new(config: &Config, now: Time) -> Self {
        Self {
            config: config.clone(),
            rules: ruled(config),
            now,
            jumped: Duration::ZERO,
            turn: 0,
            trees: Vec::new(),
            history: Vec::new(),
            born: BTreeMap::new(),
            buckets: BTreeMap::new(),
            excluded: BTreeSet::new(),
            overflows: BTreeMap::new(),
            told: Vec::new(),
            silences: Vec::new(),
            kept: None,
            speeches: None,
        }
    }

    pub fn wall(&self) -> Time {
        self.now + self.jumped
    }

    /// Moves on to `at` of the wall clock.
    pub fn advance(&mut self, at: Time) {
        self.now = self.now.max(at - self.jumped);
    }

    pub fn record(&mut self, at: Time, record: &AlarmRecord) {
        self.advance(at);
        let tree = record.tree().as_str().to_owned();
        let open = self.trees.iter().find(|live| live.tree == tree).cloned();
        let mut known = record.clone();
        known.kind = Some(infer(record, open.as_ref()));
        self.history.push(known.clone());

        let past = open
            .as_ref()
            .filter(|_| known.kind != Some(AlarmType::NewAlarm));
        let highest = past.map_or(known.severity, |past| past.highest.max(known.severity));
        let before = self.memberships(&tree);
        self.trees.retain(|live| live.tree != tree);
        if !known.ends() {
            self.trees.push(Live {
                tree: tree.clone(),
                record: known.clone(),
                order: self.history.len(),
                highest,
                seen: self.now,
            });
        }
        let looks = |r: &AlarmRecord| (r.severity, r.value.clone(), r.severity_range);
        let touch = Touch {
            tree,
            entered: false,
            left: match known.status {
                Status::Cleared => "cleared".to_owned(),
                Status::Masked => "masked".to_owned(),
                Status::Open | Status::Clearable => {
                    format!("no longer matches (now {})", known.severity)
                }
            },
            changed: open
                .as_ref()
                .is_some_and(|old| looks(&old.record) != looks(&known)),
            occurrence: open.is_some() && record.kind == Some(AlarmType::NewAlarm),
            record: known.clone(),
        };
        self.speeches = Some(Vec::new());
        for (n, before) in before.iter().enumerate() {
            if !self.rules[n].spec.enabled {
                continue;
            }
            if !self.rules[n].spec.single {
                self.follow(n, before, &touch);
            } else if self.rules[n].rule.takes(&known) {
                self.event(n, &known, highest);
            }
        }
        self.finish_speeches();
        self.forget_surplus();
        self.tell_unsaid(None);
    }

    /// Every open alarm of that id ends, each as by a record of its own.
    pub fn close(&mut self, at: Time, id: &str) {
        self.advance(at);
        let mut named: Vec<Live> = self
            .trees
            .iter()
            .filter(|live| live.record.id == id)
            .cloned()
            .collect();
        named.sort_by_key(|live| live.order);
        for live in named {
            self.speeches = Some(Vec::new());
            self.end_tree(&live, "closed by hand");
            self.finish_speeches();
        }
        self.tell_unsaid(None);
    }

    pub fn jump(&mut self, at: Time, by: Duration) {
        self.advance(at);
        self.jumped += by;
    }

    pub fn next_deadline(&self) -> Option<Time> {
        let forget = self
            .trees
            .iter()
            .map(|live| live.seen + secs(self.config.forget_after));
        let waits = self.rules.iter().flat_map(|ruled| {
            let of_rule = self
                .buckets
                .iter()
                .filter(|((rule, _), _)| *rule == ruled.spec.id);
            of_rule.flat_map(|(_, bucket)| bucket.deadlines(&ruled.spec))
        });
        let waits = forget.chain(waits).map(|steady| steady + self.jumped);
        waits.chain(self.looks()).min()
    }

    /// Decides everything due by `at`, in the order in which it was due, with `at` as the time.
    pub fn fire(&mut self, at: Time) {
        self.advance(at);
        while let Some(wall) = self.next_deadline().filter(|due| *due <= at) {
            let due = wall - self.jumped;
            for n in 0..self.rules.len() {
                for key in self.keys_of(n) {
                    self.bucket_due(n, &key, due);
                }
            }
            self.tell_unsaid(Some(wall));
            let silent = secs(self.config.forget_after);
            // One by one: what that frees is told before the next one is forgotten.
            if let Some(live) = self.most_silent().filter(|live| live.seen + silent <= due) {
                self.end_tree(&live, "forgotten");
            }
        }
    }

    fn forget_surplus(&mut self) {
        while self.trees.len() > self.config.limits.0 {
            let live = self.most_silent().unwrap();
            self.end_tree(&live, "forgotten");
        }
    }

    fn most_silent(&self) -> Option<Live> {
        let live = self
            .trees
            .iter()
            .min_by(|a, b| (a.seen, a.order).cmp(&(b.seen, b.order)));
        live.cloned()
    }

    fn end_tree(&mut self, live: &Live, reason: &str) {
        let before = self.memberships(&live.tree);
        self.trees.retain(|other| other.tree != live.tree);
        let touch = Touch {
            tree: live.tree.clone(),
            entered: false,
            left: reason.to_owned(),
            changed: false,
            occurrence: false,
            record: live.record.clone(),
        };
        for (n, before) in before.iter().enumerate() {
            self.follow(n, before, &touch);
        }
    }

    /// The keys of the buckets that `tree` is in, by rule.
    fn memberships(&self, tree: &str) -> Vec<BTreeSet<String>> {
        (0..self.rules.len())
            .map(|n| {
                let keys = self.would_be_in(n, tree).into_iter();
                keys.filter(|key| self.members(n, key).iter().any(|live| live.tree == tree))
                    .collect()
            })
            .collect()
    }

    /// The keys of the buckets that `tree` belongs to, places permitting.
    pub fn would_be_in(&self, n: usize, tree: &str) -> BTreeSet<String> {
        let ruled = &self.rules[n];
        let live = self.trees.iter().find(|live| live.tree == tree);
        let live = live.filter(|live| ruled.follows(&live.record));
        live.map_or_else(BTreeSet::new, |live| ruled.keys(&live.record))
    }

    /// The live records of a bucket, in the order in which they came.
    pub fn members(&self, n: usize, key: &str) -> Vec<&Live> {
        let ruled = &self.rules[n];
        let mut members: Vec<&Live> = self
            .trees
            .iter()
            .filter(|live| ruled.follows(&live.record))
            .filter(|live| ruled.keys(&live.record).contains(key))
            .filter(|live| {
                let place = (
                    (ruled.spec.id.to_owned(), key.to_owned()),
                    live.tree.clone(),
                );
                !self.excluded.contains(&place)
            })
            .collect();
        members.sort_by_key(|live| live.order);
        members
    }

    pub fn truth(&self, n: usize, key: &str) -> bool {
        let members = self.members(n, key);
        let records: Vec<&AlarmRecord> = members.iter().map(|live| &live.record).collect();
        !records.is_empty() && self.rules[n].holds(&records)
    }

    /// A tree rule looks at what became of a tree.
    fn follow(&mut self, n: usize, before: &BTreeSet<String>, touch: &Touch) {
        let after = self.would_be_in(n, &touch.tree);
        let rule = self.rules[n].spec.id.to_owned();
        self.excluded
            .retain(|((of, _), tree)| *of != rule || *tree != touch.tree);
        let entering: Vec<&String> = after.difference(before).collect();
        for key in &entering {
            let place = ((rule.clone(), (*key).clone()), touch.tree.clone());
            self.excluded.insert(place);
        }
        for key in before.difference(&after) {
            let left = Touch {
                changed: true,
                occurrence: false,
                ..touch.clone()
            };
            self.touch(n, key, &left);
        }
        for key in &after {
            let mut touch = touch.clone();
            if entering.contains(&key) {
                if !self.has_room(n, key) {
                    *self.overflows.entry(rule.clone()).or_default() += 1;
                    continue;
                }
                let place = ((rule.clone(), key.clone()), touch.tree.clone());
                self.excluded.remove(&place);
                touch.entered = true;
                touch.occurrence = false;
            }
            self.touch(n, key, &touch);
        }
    }

    /// Whether a bucket is there or may be, and may have one member more.
    pub fn has_room(&self, n: usize, key: &str) -> bool {
        let (_, buckets, alarms) = self.config.limits;
        self.may_have_bucket(n, key, buckets) && self.members(n, key).len() < alarms
    }

    pub fn may_have_bucket(&self, n: usize, key: &str, limit: usize) -> bool {
        let ruled = &self.rules[n];
        let mut there: BTreeSet<String> = self
            .keys_of(n)
            .into_iter()
            .filter(|key| {
                let name = (ruled.spec.id.to_owned(), key.clone());
                !self.buckets[&name].is_void(&ruled.spec, self.now)
            })
            .collect();
        for live in self.trees.iter().filter(|live| ruled.follows(&live.record)) {
            let keys = ruled.keys(&live.record).into_iter();
            there.extend(keys.filter(|key| !self.members(n, key).is_empty()));
        }
        there.contains(key) || there.len() < limit
    }

    pub fn keys_of(&self, n: usize) -> Vec<String> {
        let rule = self.rules[n].spec.id;
        let keys = self.buckets.keys().filter(|(of, _)| of == rule);
        keys.map(|(_, key)| key.clone()).collect()
    }
}

pub fn ruled(config: &Config) -> Vec<Ruled> {
    config.rules.iter().map(Ruled::of).collect()
}

fn infer(record: &AlarmRecord, open: Option<&Live>) -> AlarmType {
    record.kind.unwrap_or_else(|| match open {
        _ if record.ends() => AlarmType::Cleared,
        None => AlarmType::NewAlarm,
        Some(live) if record.severity > live.record.severity => AlarmType::Escalated,
        Some(live) if record.severity < live.record.severity => AlarmType::Dropped,
        Some(_) => AlarmType::ValueChanged,
    })
}

impl Ruled {
    pub fn of(spec: &RuleSpec) -> Self {
        Self {
            spec: spec.clone(),
            rule: spec.rule(),
        }
    }

    /// Whether a live record is of interest to a tree rule.
    fn follows(&self, record: &AlarmRecord) -> bool {
        !self.spec.single && record.status != Status::Masked && self.rule.takes(record)
    }

    pub fn holds(&self, records: &[&AlarmRecord]) -> bool {
        self.spec
            .condition
            .is_none_or(|n| (CONDITIONS[n].holds)(records))
    }

    /// The keys of the buckets that a record belongs to.
    pub fn keys(&self, record: &AlarmRecord) -> BTreeSet<String> {
        use klaxond::engine::Trigger::{Collect, Times};
        let Some(fields) = &self.spec.group else {
            let one = self.spec.condition.is_some()
                || matches!(self.spec.trigger, Collect(_) | Times { .. });
            let key = if one {
                String::new()
            } else {
                record.tree().as_str().to_owned()
            };
            return BTreeSet::from([key]);
        };
        let mut keys: Vec<Vec<String>> = vec![Vec::new()];
        for field in fields {
            let texts = texts(field, record);
            keys = keys
                .iter()
                .flat_map(|key| {
                    texts.iter().map(move |text| {
                        let mut key = key.clone();
                        key.push(text.clone());
                        key
                    })
                })
                .collect();
        }
        keys.into_iter().map(|key| key.join("\u{1f}")).collect()
    }
}

fn texts(field: &str, record: &AlarmRecord) -> Vec<String> {
    let list = |list: &[String]| match list {
        [] => vec![String::new()],
        some => some.to_vec(),
    };
    match field {
        "element" => vec![record.element.clone()],
        "parameter" => vec![record.parameter.clone()],
        "value" => vec![record.value.clone()],
        "severity" => vec![record.severity.name().to_owned()],
        "service" => list(&record.services),
        "view" => list(&record.views),
        "property.Site" => vec![record.properties.get("Site").unwrap_or_default().to_owned()],
        other => panic!("{other} is not among the fields of random rules"),
    }
}
