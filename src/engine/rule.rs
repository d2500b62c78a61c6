//! Rules as the engine runs them.

use std::time::Duration;

use crate::model::{Contact, ContactId, RuleId, TemplateId};

use super::filter::Filter;

/// The rules and people in force.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// In the order of the config: the first that matches speaks.
    pub rules: Vec<Rule>,
    /// Everyone, in the order of the config.
    pub contacts: Vec<Contact>,
    /// After this long a single event is too old to be told.
    pub expire_after: Duration,
    /// A tree that is silent for this long ends.
    pub forget_after: Duration,
    /// The whole path, no POST.
    pub shadow: bool,
}

/// Which records are told to whom, with which template.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its `id`, which is its name unless given.
    pub id: RuleId,
    /// As people read it.
    pub name: String,
    /// For people; empty when not given.
    pub description: String,
    /// A rule that is off matches nothing.
    pub enabled: bool,
    /// What it takes; `None` takes everything.
    pub filter: Option<Filter>,
    /// Who is told; `None` is everyone.
    pub notify: Option<Vec<ContactId>>,
    /// With what.
    pub template: TemplateId,
    /// Speaks beside the first rule that matches.
    pub also: bool,
    /// The whole path, no POST.
    pub shadow: bool,
}
