//! A history to try an engine on: rules, and what happens at which second. Prints as text.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use klaxond::engine::condition::Condition;
use klaxond::engine::filter::{Field, Filter, Named};
use klaxond::engine::{BaseAlarms, Limits, Reminder, Replies, Rule, Ruleset, Trigger};
use klaxond::model::{
    AlarmRecord, AlarmType, Contact, ContactId, Phone, Properties, RuleId, Severity, SeverityRange,
    Status, TemplateId, Time,
};

use super::phrases::{CONDITIONS, FILTERS};

/// When every history begins.
pub const START: Time = Time::from_ms(1_767_225_600_000);

/// A rule, small enough to print.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSpec {
    pub id: &'static str,
    pub enabled: bool,
    pub filter: usize,
    pub single: bool,
    pub group: Option<Vec<&'static str>>,
    pub condition: Option<usize>,
    pub trigger: Trigger,
    pub clear_after: u64,
    /// Filter and seconds around.
    pub base: Option<(usize, u64)>,
    pub notify: Option<Vec<&'static str>>,
    pub on_update: bool,
    pub update_every: u64,
    pub on_clear: bool,
    pub reminder: Option<u64>,
    pub also: bool,
    pub shadow: bool,
}

/// Rules and people in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub rules: Vec<RuleSpec>,
    /// Who, and whether on.
    pub contacts: Vec<(&'static str, bool)>,
    pub forget_after: u64,
    pub limits: (usize, usize, usize),
}

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordSpec {
    pub element: &'static str,
    pub id: &'static str,
    pub parameter: &'static str,
    pub severity: Severity,
    pub range: Option<SeverityRange>,
    pub value: &'static str,
    pub status: Status,
    pub new_alarm: bool,
    pub services: Vec<&'static str>,
    pub views: Vec<&'static str>,
    pub site: &'static str,
    /// Own time, in seconds before (or after) its arrival.
    pub early: i64,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Record(RecordSpec),
    Adopt(Config),
    Close(&'static str),
    Jump(u64),
    /// The process is down for so long: what came due fires late.
    Down(u64),
    /// A silence for what a filter takes, so many seconds from here on and for so many; in place of the
    /// one of that number.
    Silence {
        filter: usize,
        after: u64,
        lasts: u64,
        replaces: Option<usize>,
    },
    /// The silence of that number is ended by hand.
    Unsilence(usize),
}

/// So many seconds after the one before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    pub after: u64,
    pub what: What,
}

/// All of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub config: Config,
    pub happenings: Vec<Happening>,
}

pub fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

impl RuleSpec {
    pub fn rule(&self) -> Rule {
        let template = |name: &str| TemplateId::parse(name).unwrap();
        Rule {
            id: RuleId::parse(self.id).unwrap(),
            name: self.id.to_owned(),
            description: String::new(),
            enabled: self.enabled,
            filter: filter(self.filter),
            single_events: self.single,
            group_by: self.group.as_ref().map(|names| {
                let field = |name: &&str| match name.strip_prefix("property.") {
                    Some(property) => Field::Property(property.to_owned()),
                    None => Field::from_name(name).unwrap(),
                };
                names.iter().map(field).collect()
            }),
            condition: self
                .condition
                .map(|n| Condition::parse(CONDITIONS[n].text, &Named::default()).unwrap()),
            trigger: self.trigger,
            clear_after: secs(self.clear_after),
            base_alarms: self.base.map(|(of, around)| BaseAlarms {
                filter: filter(of),
                around: secs(around),
            }),
            notify: self
                .notify
                .as_ref()
                .map(|ids| ids.iter().map(|id| ContactId::parse(id).unwrap()).collect()),
            template: template("alarm"),
            on_update: self.on_update.then(|| template("updated")),
            update_every: secs(self.update_every),
            on_clear: self.on_clear.then(|| template("cleared")),
            reminder: self.reminder.map(|every| Reminder {
                every: secs(every),
                template: template("reminder"),
            }),
            escalate: Vec::new(),
            escalated: template("alarm"),
            confirm: None,
            active: Vec::new(),
            mute: Vec::new(),
            inhibited_by: Vec::new(),
            also: self.also,
            shadow: self.shadow,
        }
    }

    /// Whether a change from `self` to `other` touches the state of the rule.
    pub fn differs(&self, other: &Self) -> bool {
        self.filter != other.filter
            || self.single != other.single
            || self.group != other.group
            || self.condition != other.condition
            || self.trigger != other.trigger
            || self.clear_after != other.clear_after
            || self.base != other.base
    }
}

pub fn filter(n: usize) -> Option<Filter> {
    (!FILTERS[n].is_empty()).then(|| Filter::parse(FILTERS[n], &Named::default()).unwrap())
}

impl Config {
    pub fn ruleset(&self) -> Arc<Ruleset> {
        let contact = |(id, enabled): &(&'static str, bool)| Contact {
            id: ContactId::parse(id).unwrap(),
            name: (*id).to_owned(),
            phone: Phone::parse("34600111222").unwrap(),
            groups: Vec::new(),
            language: None,
            timezone: None,
            enabled: *enabled,
            opt_in: None,
            quiet: None,
            fallback: None,
        };
        let (alarms, buckets_per_rule, alarms_per_bucket) = self.limits;
        Arc::new(Ruleset {
            rules: self.rules.iter().map(RuleSpec::rule).collect(),
            contacts: self.contacts.iter().map(contact).collect(),
            named: Named::default(),
            expire_after: secs(4 * 3_600),
            forget_after: secs(self.forget_after),
            shadow: false,
            limits: Limits {
                alarms,
                buckets_per_rule,
                alarms_per_bucket,
            },
            replies: Replies::default(),
            operators: Vec::new(),
            notice: TemplateId::parse("notice").unwrap(),
            fallback: None,
        })
    }
}

impl Scenario {
    /// Whether other rules or contacts come into force on the way.
    pub fn is_edited(&self) -> bool {
        let mut happenings = self.happenings.iter();
        happenings.any(|happening| matches!(happening.what, What::Adopt(_)))
    }
}

impl RecordSpec {
    pub fn record(&self, arrival: Time) -> AlarmRecord {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let mut properties = Properties::default();
        if !self.site.is_empty() {
            properties.insert("Site", self.site);
        }
        AlarmRecord {
            id: self.id.to_owned(),
            element: self.element.to_owned(),
            element_id: None,
            parameter: self.parameter.to_owned(),
            parameter_id: None,
            index: String::new(),
            value: self.value.to_owned(),
            severity: self.severity,
            severity_range: self.range,
            kind: self.new_alarm.then_some(AlarmType::NewAlarm),
            status: self.status,
            time: Time::from_ms(arrival.as_ms() - self.early * 1_000),
            owner: String::new(),
            user_status: None,
            source: String::new(),
            comment: String::new(),
            services: texts(&self.services),
            views: texts(&self.views),
            properties,
            partial: false,
            repeats: false,
            until: None,
        }
    }
}

impl fmt::Display for RuleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  rule {}", self.id)?;
        let mut say = |yes: bool, text: String| if yes { write!(f, " · {text}") } else { Ok(()) };
        say(!self.enabled, "off".to_owned())?;
        say(
            true,
            if self.single { "events" } else { "trees" }.to_owned(),
        )?;
        say(self.filter > 0, format!("filter {}", FILTERS[self.filter]))?;
        if let Some(group) = &self.group {
            say(true, format!("group_by {group:?}"))?;
        }
        if let Some(n) = self.condition {
            say(true, format!("condition {}", CONDITIONS[n].text))?;
        }
        say(
            self.trigger != Trigger::Immediate,
            format!("{:?}", self.trigger),
        )?;
        say(
            self.clear_after > 0,
            format!("clear_after {}s", self.clear_after),
        )?;
        if let Some((of, around)) = self.base {
            say(
                true,
                format!("base_alarms {:?} around {around}s", FILTERS[of]),
            )?;
        }
        if let Some(notify) = &self.notify {
            say(true, format!("notify {notify:?}"))?;
        }
        say(
            self.on_update,
            format!("on_update every {}s", self.update_every),
        )?;
        say(self.on_clear, "on_clear".to_owned())?;
        if let Some(every) = self.reminder {
            say(true, format!("reminder {every}s"))?;
        }
        say(self.also, "also".to_owned())?;
        say(self.shadow, "shadow".to_owned())
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  contacts {:?}, forget_after {}s, limits (alarms, buckets, per bucket) {:?}",
            self.contacts, self.forget_after, self.limits
        )?;
        for rule in &self.rules {
            writeln!(f, "{rule}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RecordSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{} {} {} {:?}",
            self.element, self.id, self.parameter, self.severity, self.value
        )?;
        let mut say = |yes: bool, text: String| if yes { write!(f, ", {text}") } else { Ok(()) };
        say(self.status != Status::Open, self.status.to_string())?;
        say(self.new_alarm, "given as New alarm".to_owned())?;
        if let Some(range) = self.range {
            say(true, range.name().to_owned())?;
        }
        say(
            !self.services.is_empty(),
            format!("services {:?}", self.services),
        )?;
        say(!self.views.is_empty(), format!("views {:?}", self.views))?;
        say(!self.site.is_empty(), format!("site {}", self.site))?;
        say(self.early != 0, format!("time {}s before", self.early))
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.config)?;
        let mut at = 0;
        for happening in &self.happenings {
            at += happening.after;
            write!(f, "  +{at}s ")?;
            match &happening.what {
                What::Record(record) => writeln!(f, "{record}")?,
                What::Adopt(config) => write!(f, "adopt\n{config}")?,
                What::Close(id) => writeln!(f, "close {id} by hand")?,
                What::Jump(by) => writeln!(f, "the clock jumps by {by}s")?,
                What::Silence {
                    filter,
                    after,
                    lasts,
                    replaces,
                } => {
                    let (from, to) = (at + after, at + after + lasts);
                    let filter = FILTERS[*filter];
                    writeln!(f, "silence {filter} from {from}s to {to}s for {replaces:?}")?;
                }
                What::Unsilence(n) => writeln!(f, "silence {n} ended by hand")?,
                What::Down(span) => {
                    at += span;
                    writeln!(f, "down for {span}s")?;
                }
            }
        }
        Ok(())
    }
}
