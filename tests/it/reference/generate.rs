//! Random rules and histories, from a seed. Small alphabets, so that things collide.

use std::time::Duration;

use fastrand::Rng;
use klaxond::engine::Trigger;
use klaxond::model::{Severity, SeverityRange, Status};

use super::phrases::{CONDITIONS, FILTERS, VALUES};
use super::scenario::{Config, Happening, RecordSpec, RuleSpec, Scenario, What, secs};

const RULES: [&str; 4] = ["r1", "r2", "r3", "r4"];
const CONTACTS: [&str; 3] = ["ann", "bob", "cyd"];
const SPANS: [u64; 5] = [2, 3, 5, 10, 20];

/// The history of that seed.
pub fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice(Rng::with_seed(seed));
    let config = dice.config();
    let mut current = config.clone();
    let length = dice.0.usize(5..=40);
    let happenings = (0..length).map(|_| dice.happening(&mut current)).collect();
    Scenario { config, happenings }
}

struct Dice(Rng);

impl Dice {
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.0.usize(..of.len())].clone()
    }

    /// One time in so many.
    fn once_in(&mut self, n: u32) -> bool {
        self.0.u32(..n) == 0
    }

    fn span(&mut self) -> u64 {
        self.one(&SPANS)
    }

    fn some(&mut self, of: &[&'static str], n: u32) -> Vec<&'static str> {
        of.iter().copied().filter(|_| self.once_in(n)).collect()
    }

    fn config(&mut self) -> Config {
        let mut rules: Vec<&'static str> = RULES[..self.0.usize(1..=RULES.len())].to_vec();
        if self.once_in(4) {
            self.0.shuffle(&mut rules);
        }
        let rules: Vec<RuleSpec> = rules.into_iter().map(|id| self.rule(id)).collect();
        // Which bucket makes room while another waits for what comes after its trigger is not laid down.
        let waits = rules.iter().any(|rule| rule.base.is_some());
        Config {
            rules,
            contacts: CONTACTS.iter().map(|id| (*id, !self.once_in(12))).collect(),
            forget_after: self.one(&[15, 60, 10_000]),
            limits: (
                self.one(&[2, 4, 100, 100, 100]),
                Some(self.one(&[1, 2, 100, 100, 100]))
                    .filter(|_| !waits)
                    .unwrap_or(100),
                self.one(&[1, 2, 3, 100, 100, 100]),
            ),
        }
    }

    fn rule(&mut self, id: &'static str) -> RuleSpec {
        let single = self.once_in(4);
        let trees = !single;
        RuleSpec {
            id,
            enabled: !self.once_in(15),
            filter: if self.once_in(3) {
                0
            } else {
                self.0.usize(..FILTERS.len())
            },
            single,
            group: if self.0.bool() {
                None
            } else {
                Some(self.group())
            },
            condition: self.once_in(2).then(|| self.0.usize(..CONDITIONS.len())),
            trigger: self.trigger(single),
            clear_after: if trees && self.once_in(3) {
                self.span()
            } else {
                0
            },
            base: self
                .once_in(8)
                .then(|| (self.0.usize(..FILTERS.len()), self.one(&[0, 3, 5]))),
            notify: self.once_in(3).then(|| self.some(&CONTACTS, 2)),
            on_update: trees && self.0.bool(),
            update_every: if self.0.bool() { 0 } else { self.span() },
            on_clear: trees && !self.once_in(5),
            reminder: (trees && self.once_in(4)).then(|| self.one(&[4, 10])),
            also: self.once_in(5),
            shadow: self.once_in(8),
        }
    }

    fn group(&mut self) -> Vec<&'static str> {
        let fields = [
            "element",
            "parameter",
            "value",
            "severity",
            "service",
            "view",
            "property.Site",
        ];
        let count = self.one(&[0, 1, 1, 1, 2]);
        let mut group = Vec::new();
        for _ in 0..count {
            let field = self.one(&fields);
            if !group.contains(&field) {
                group.push(field);
            }
        }
        group
    }

    fn trigger(&mut self, single: bool) -> Trigger {
        match self.0.u32(..6) {
            0 | 1 => Trigger::Immediate,
            2 if !single => Trigger::Persist(secs(self.span())),
            2 | 3 => Trigger::Collect(secs(self.span())),
            _ => Trigger::Times {
                times: self.0.u32(1..=3),
                within: secs(self.span()),
                persist: if self.once_in(3) {
                    secs(self.span())
                } else {
                    Duration::ZERO
                },
            },
        }
    }

    fn happening(&mut self, current: &mut Config) -> Happening {
        let after = self.one(&[0, 0, 1, 1, 1, 2, 3, 5, 8, 20]);
        let what = match self.0.u32(..40) {
            0 | 1 => {
                self.edit(current);
                What::Adopt(current.clone())
            }
            2 => What::Close(self.one(&["1", "2"])),
            3 if self.once_in(2) => What::Jump(self.one(&[1, 7, 30])),
            4 if self.once_in(2) => What::Down(self.one(&[3, 11, 40])),
            5 | 6 => What::Silence {
                filter: self.0.usize(1..FILTERS.len()),
                after: self.one(&[0, 0, 0, 4]),
                lasts: self.one(&[3, 10, 30, 200]),
                replaces: self.once_in(4).then(|| self.0.usize(..3)),
            },
            7 => What::Unsilence(self.0.usize(..3)),
            _ => What::Record(self.record()),
        };
        Happening { after, what }
    }

    fn record(&mut self) -> RecordSpec {
        let status = match self.0.u32(..10) {
            0..3 => Status::Cleared,
            3 => Status::Masked,
            4 => Status::Clearable,
            _ => Status::Open,
        };
        let severity = self.one(&[
            Severity::Warning,
            Severity::Minor,
            Severity::Major,
            Severity::Critical,
        ]);
        RecordSpec {
            element: self.one(&["E1", "E1", "E2", "E3"]),
            id: self.one(&["1", "1", "2"]),
            parameter: self.one(&["P1", "P2"]),
            severity: if status == Status::Cleared && self.0.bool() {
                Severity::Normal
            } else {
                severity
            },
            range: self.once_in(5).then(|| self.one(&SeverityRange::ALL)),
            value: self.one(&VALUES),
            status,
            new_alarm: self.once_in(7),
            services: self.some(&["S1", "S2"], 3),
            views: self.some(&["V1", "V2"], 2),
            site: self.one(&["", "HQ", "DR"]),
            early: if self.once_in(4) {
                self.0.i64(-3..=8)
            } else {
                0
            },
        }
    }

    /// What an operator might change.
    fn edit(&mut self, config: &mut Config) {
        let n = self.0.usize(..config.rules.len());
        match self.0.u32(..10) {
            0 if config.rules.len() > 1 => drop(config.rules.remove(n)),
            1 => {
                let free: Vec<&'static str> = RULES
                    .into_iter()
                    .filter(|id| config.rules.iter().all(|rule| rule.id != *id))
                    .collect();
                if !free.is_empty() {
                    let id = self.one(&free);
                    config.rules.insert(n, self.rule(id));
                }
            }
            2 => config.rules[n].enabled = !config.rules[n].enabled,
            3 => config.contacts = self.config().contacts,
            4 => drop(config.contacts.pop()),
            5 => config.rules[n].notify = self.once_in(2).then(|| self.some(&CONTACTS, 2)),
            6 => {
                let rule = &mut config.rules[n];
                if !rule.single {
                    rule.on_clear = !rule.on_clear;
                }
            }
            7 => {
                let rule = &mut config.rules[n];
                rule.also = !rule.also;
            }
            _ => {
                let other = self.rule(config.rules[n].id);
                let rule = &mut config.rules[n];
                if self.0.bool() {
                    *rule = other;
                } else {
                    rule.filter = other.filter;
                    rule.condition = other.condition;
                }
            }
        }
    }
}
