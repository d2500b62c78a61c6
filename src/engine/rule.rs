//! Rules as the engine runs them.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Calendar, Contact, ContactId, RuleId, TemplateId};

use super::condition::Condition;
use super::filter::{Field, Filter, Named};

/// The rules and people in force.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// In the order of the config: the first that matches speaks.
    pub rules: Vec<Rule>,
    /// Everyone, in the order of the config.
    pub contacts: Vec<Contact>,
    /// Filters that silences may refer to as `@name`.
    pub named: Named,
    /// After this long a single event is too old to be told.
    pub expire_after: Duration,
    /// A tree that is silent for this long ends.
    pub forget_after: Duration,
    /// The whole path, no POST.
    pub shadow: bool,
    /// What is bounded.
    pub limits: Limits,
    /// What is done with replies.
    pub replies: Replies,
    /// Who is told of klaxond itself.
    pub operators: Vec<ContactId>,
    /// With what.
    pub notice: TemplateId,
    /// Who is told in place of a contact that cannot be and that names nobody.
    pub fallback: Option<ContactId>,
}

/// What is done with replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replies {
    /// Whether the others who were told hear that somebody took it.
    pub tell_others: bool,
    /// With what; `None` is plain text, to those whose window is open.
    pub acknowledged: Option<TemplateId>,
    /// Who took an alarm has it for so long.
    pub ack_expires: Duration,
    /// A person who asks for silence has it for so long.
    pub silence_for: Duration,
    /// Plain text may go to a person for so long after they wrote.
    pub window: Duration,
    /// Automatic answers to a person between two alarms.
    pub max_answers: u32,
    /// The words to show to people.
    pub hints: Hints,
}

/// One word for each thing that a person can ask for, as answers show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hints {
    /// I take it.
    pub acknowledge: String,
    /// No more of it for a while.
    pub silence: String,
    /// Nothing any more.
    pub stop: String,
    /// Everything again.
    pub start: String,
}

impl Default for Replies {
    fn default() -> Self {
        Self {
            tell_others: false,
            acknowledged: None,
            ack_expires: Duration::from_secs(8 * 3_600),
            silence_for: Duration::from_secs(3_600),
            window: Duration::from_secs(24 * 3_600),
            max_answers: 5,
            hints: Hints::default(),
        }
    }
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            acknowledge: "acknowledge".to_owned(),
            silence: "silence".to_owned(),
            stop: "stop".to_owned(),
            start: "start".to_owned(),
        }
    }
}

/// Bounds of what the engine keeps. What overflows is counted and told, never silently dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open alarms; past it the one silent for longest is forgotten.
    pub alarms: usize,
    /// Buckets of one rule; past it a record that needs another one is not counted by the rule.
    pub buckets_per_rule: usize,
    /// Alarms (or events of a window) of one bucket.
    pub alarms_per_bucket: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            alarms: 1_000_000,
            buckets_per_rule: 10_000,
            alarms_per_bucket: 10_000,
        }
    }
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
    /// Every record is an event; else alarm trees are followed until they end.
    pub single_events: bool,
    /// What alarms of one bucket have in common; `None` is the default: one bucket for each alarm
    /// tree, or one for the rule when it has a condition, collects or counts. Empty: one bucket.
    pub group_by: Option<Vec<Field>>,
    /// What must hold of a bucket; `None` holds while it is not empty.
    pub condition: Option<Condition>,
    /// When a bucket whose condition holds is told.
    pub trigger: Trigger,
    /// A clear counts when it has lasted this long.
    pub clear_after: Duration,
    /// Which alarms a message speaks of, when not those of the bucket.
    pub base_alarms: Option<BaseAlarms>,
    /// Who is told; `None` is everyone.
    pub notify: Option<Vec<ContactId>>,
    /// With what.
    pub template: TemplateId,
    /// Whether and with what a change is told.
    pub on_update: Option<TemplateId>,
    /// Updates of one bucket are at least this far apart.
    pub update_every: Duration,
    /// Whether and with what the end is told.
    pub on_clear: Option<TemplateId>,
    /// Whether, how often and with what it is told that the bucket is still raised.
    pub reminder: Option<Reminder>,
    /// Who is told when nobody takes it, the earliest first.
    pub escalate: Vec<Escalation>,
    /// With what.
    pub escalated: TemplateId,
    /// Messages must reach the phone within this time; `None` when acceptance is enough.
    pub confirm: Option<Duration>,
    /// It speaks while one of these holds; none is always.
    pub active: Vec<Arc<Calendar>>,
    /// It does not speak while one of these holds.
    pub mute: Vec<Arc<Calendar>>,
    /// It does not speak while another rule is raised.
    pub inhibited_by: Vec<Inhibitor>,
    /// Speaks beside the first rule that matches.
    pub also: bool,
    /// The whole path, no POST.
    pub shadow: bool,
}

/// When a bucket whose condition holds is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// At once.
    Immediate,
    /// When it has held for so long without a break; a break starts the wait anew.
    Persist(Duration),
    /// Gather for so long after the first event, then decide once; the next event starts anew.
    Collect(Duration),
    /// After so many events in a sliding window, which empties when it fires; with `persist` the
    /// violation must last that long.
    Times {
        /// So many.
        times: u32,
        /// In so long.
        within: Duration,
        /// For so long; zero is at once.
        persist: Duration,
    },
}

/// Which alarms a message speaks of.
#[derive(Debug, Clone)]
pub struct BaseAlarms {
    /// Those that this takes; `None` takes what the rule's filter takes.
    pub filter: Option<Filter>,
    /// And those that came up to this long before or after the trigger; the message waits for the
    /// latter.
    pub around: Duration,
}

/// A rule that says enough while it is raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibitor {
    /// Which one.
    pub rule: RuleId,
    /// Only where these fields of an alarm of both are the same.
    pub equal: Vec<Field>,
}

/// Telling somebody that nobody took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// So long after the raise.
    pub after: Duration,
    /// Who.
    pub notify: Vec<ContactId>,
}

/// Telling that a bucket is still raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// How often.
    pub every: Duration,
    /// With what.
    pub template: TemplateId,
}
