//! Fired means cleared: every raise told is followed by exactly one clear, and by no other.

use std::collections::{BTreeMap, BTreeSet};

use klaxond::engine::Step;
use klaxond::model::{Closes, Kind, Message, MessageId, Severity, Status};

use super::scenario::{Config, Happening, RecordSpec, Scenario, What};
use super::told::Told;

/// Of one bucket and contact.
#[derive(Default)]
struct Debt {
    /// Raises told that no clear has followed.
    raises: usize,
    /// An earlier rule told a clear in its place, or the contact was off for a while.
    excused: bool,
}

/// The same history, with `on_clear` on everywhere, and all alarms ended after it.
pub fn with_every_end_told(scenario: &Scenario) -> Scenario {
    let mut scenario = scenario.clone();
    let tell = |config: &mut Config| {
        config
            .rules
            .iter_mut()
            .for_each(|rule| rule.on_clear = !rule.single);
    };
    tell(&mut scenario.config);
    for happening in &mut scenario.happenings {
        if let What::Adopt(config) = &mut happening.what {
            tell(config);
        }
    }
    for element in ["E1", "E2", "E3"] {
        for id in ["1", "2"] {
            let record = RecordSpec {
                element,
                id,
                parameter: "P1",
                severity: Severity::Normal,
                range: None,
                value: "",
                status: Status::Cleared,
                new_alarm: false,
                services: Vec::new(),
                views: Vec::new(),
                site: "",
                early: 0,
            };
            scenario.happenings.push(Happening {
                after: 1,
                what: What::Record(record),
            });
        }
    }
    scenario
}

/// What is wrong with what was told.
pub fn fault(scenario: &Scenario, told: &[Told]) -> Option<String> {
    let configs = || {
        let adopted = scenario
            .happenings
            .iter()
            .filter_map(|happening| match &happening.what {
                What::Adopt(config) => Some(config),
                _ => None,
            });
        std::iter::once(&scenario.config).chain(adopted)
    };
    let always_there: BTreeSet<&str> = ["ann", "bob", "cyd"]
        .into_iter()
        .filter(|id| configs().all(|config| config.contacts.contains(&(*id, true))))
        .collect();
    let mut debts: BTreeMap<(&str, &str, &str), Debt> = BTreeMap::new();
    for said in told {
        for contact in &said.contacts {
            let who = (said.rule.as_str(), said.key.as_str(), contact.as_str());
            if said.trees && said.kind == Kind::Raised {
                debts.entry(who).or_default().raises += 1;
            }
            if said.kind != Kind::Cleared {
                continue;
            }
            if said.trees && debts.remove(&who).is_none_or(|debt| debt.raises == 0) {
                return Some(format!("a clear without a raise, or told twice: {said}"));
            }
            // It stands for the clears of the rules that it names.
            for ((rule, _, other), debt) in &mut debts {
                let stands = other == contact && said.names.iter().any(|name| name == rule);
                debt.excused |= stands;
            }
        }
    }
    debts.into_iter().find_map(|((rule, key, contact), debt)| {
        let owed = !debt.excused && always_there.contains(contact);
        owed.then(|| format!("{contact} is never told the end of {rule} [{key}]"))
    })
}

/// What is wrong with the raises that clears say they close.
pub fn fault_of_links(steps: &[Step]) -> Option<String> {
    let mut open: BTreeMap<(&str, &str), Vec<MessageId>> = BTreeMap::new();
    for step in steps {
        for said in &step.notifications {
            let of_trees = |m: &&Message| m.notification == said.id && m.expires.is_none();
            for message in step.messages.iter().filter(of_trees) {
                let who = (&*message.bucket, message.contact.as_str());
                if said.kind == Kind::Raised {
                    open.entry(who).or_default().push(message.id);
                }
                let closed = match said.kind {
                    Kind::Cleared => open.remove(&who).unwrap_or_default(),
                    _ => Vec::new(),
                };
                // What was raised by several messages is ended unless all of them were for nothing.
                let fits = match message.closes {
                    None => closed.is_empty(),
                    Some(Closes::Only(raise)) => closed.contains(&raise),
                    // An end that another rule told beside it closes what came before.
                    Some(Closes::From(raise)) => closed
                        .iter()
                        .position(|one| *one == raise)
                        .is_some_and(|first| first + 1 < closed.len()),
                };
                if !fits {
                    return Some(format!(
                        "message {:?}, {} to {}, closes {:?}; it should one of {closed:?}",
                        message.id,
                        said.kind.name(),
                        message.contact,
                        message.closes
                    ));
                }
            }
        }
    }
    None
}
