//! The smallest history that still fails.

use klaxond::engine::Trigger;

use super::scenario::{Config, RuleSpec, Scenario, What};

/// Takes away what is not needed for `fails` to fail, until nothing more can go.
pub fn shrink(scenario: Scenario, fails: impl Fn(&Scenario) -> bool) -> Scenario {
    let mut best = scenario;
    loop {
        let smaller = candidates(&best).into_iter().find(|smaller| fails(smaller));
        match smaller {
            Some(smaller) => best = smaller,
            None => return best,
        }
    }
}

fn candidates(from: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut offer = |change: &dyn Fn(&mut Scenario)| {
        let mut smaller = from.clone();
        change(&mut smaller);
        if smaller != *from {
            all.push(smaller);
        }
    };
    let length = from.happenings.len();
    for size in [length / 2, length / 4, 2, 1] {
        if size == 0 {
            continue;
        }
        for start in (0..length).step_by(size) {
            offer(&|s| {
                // What comes later keeps its time.
                let end = (start + size).min(length);
                let gone: u64 = s.happenings.drain(start..end).map(|h| h.after).sum();
                if let Some(next) = s.happenings.get_mut(start) {
                    next.after += gone;
                }
            });
        }
    }
    for rule in &from.config.rules {
        offer(&|s| every_config(s, &|c| c.rules.retain(|other| other.id != rule.id)));
    }
    for rule in &from.config.rules {
        for simpler in SIMPLER {
            offer(&|s| {
                every_config(s, &|c| {
                    c.rules
                        .iter_mut()
                        .filter(|r| r.id == rule.id)
                        .for_each(simpler);
                });
            });
        }
    }
    for n in 0..from.config.contacts.len() {
        let (contact, _) = from.config.contacts[n];
        offer(&|s| every_config(s, &|c| c.contacts.retain(|(id, _)| *id != contact)));
    }
    offer(&|s| every_config(s, &|c| c.limits = (100, 100, 100)));
    offer(&|s| every_config(s, &|c| c.limits.0 = 100));
    offer(&|s| every_config(s, &|c| c.limits.1 = 100));
    offer(&|s| every_config(s, &|c| c.limits.2 = 100));
    offer(&|s| every_config(s, &|c| c.forget_after = 10_000));
    for n in 0..length {
        for simpler in PLAINER {
            offer(&|s| {
                if let What::Record(record) = &mut s.happenings[n].what {
                    simpler(record);
                }
            });
        }
        offer(&|s| s.happenings[n].after = 0);
        offer(&|s| s.happenings[n].after /= 2);
    }
    all
}

const SIMPLER: [fn(&mut RuleSpec); 14] = [
    |rule| rule.filter = 0,
    |rule| rule.condition = None,
    |rule| rule.group = None,
    |rule| rule.group.iter_mut().for_each(Vec::clear),
    |rule| rule.trigger = Trigger::Immediate,
    |rule| rule.clear_after = 0,
    |rule| rule.base = None,
    |rule| rule.notify = None,
    |rule| rule.on_update = false,
    |rule| rule.update_every = 0,
    |rule| rule.reminder = None,
    |rule| rule.also = false,
    |rule| rule.shadow = false,
    |rule| rule.enabled = true,
];

const PLAINER: [fn(&mut super::scenario::RecordSpec); 7] = [
    |record| record.range = None,
    |record| record.value = "",
    |record| record.services.clear(),
    |record| record.views.clear(),
    |record| record.site = "",
    |record| record.early = 0,
    |record| record.new_alarm = false,
];

fn every_config(scenario: &mut Scenario, change: &dyn Fn(&mut Config)) {
    change(&mut scenario.config);
    for happening in &mut scenario.happenings {
        if let What::Adopt(config) = &mut happening.what {
            change(config);
        }
    }
}
