//! What would come of one record, told rule by rule and message by message.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::{self, Settings};
use crate::daemon::replay::{Player, Said};
use crate::engine::{Account, BucketAccount, Grouping, Rule, RuleAccount, Then, Trigger};
use crate::model::{AlarmRecord, ContactId, Event, Time};

/// What would come of a record.
pub(super) struct Story {
    record: AlarmRecord,
    at: Time,
    account: Account,
    /// The rules that the account speaks of, in its order.
    rules: Vec<Rule>,
    messages: Vec<Said>,
}

impl Story {
    /// `player` stands where the record comes in, at `at`; `None` where it plays no config.
    pub(super) fn new(
        settings: &Settings,
        mut player: Player,
        at: Time,
        record: AlarmRecord,
    ) -> Option<Self> {
        player.reach(at, &mut |_| {});
        let account = player.account(&record)?;
        let mut messages = Vec::new();
        let mut hear = |batch: Vec<Vec<Said>>| messages.extend(batch.into_iter().flatten());
        player.take(at, &Event::Record(Arc::new(record.clone())), &mut hear);
        player.settle(&mut hear);
        Some(Self {
            record,
            at,
            account,
            rules: settings.ruleset.rules.clone(),
            messages,
        })
    }

    /// For people.
    pub(super) fn text(&self, notes: &[String]) -> String {
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = self.write(&mut text, notes);
        text.truncate(text.trim_end().len());
        text
    }

    fn write(&self, text: &mut String, notes: &[String]) -> std::fmt::Result {
        let record = &self.record;
        writeln!(
            text,
            "{} · {} · {} ({})",
            record.element, record.severity, self.account.kind, record.id
        )?;
        for note in notes {
            writeln!(text, "note: {note}")?;
        }
        for (account, rule) in self.account.rules.iter().zip(&self.rules) {
            write_rule(text, account, rule)?;
        }
        if self.messages.is_empty() {
            writeln!(text, "\nnobody would be told")?;
        }
        for said in &self.messages {
            writeln!(
                text,
                "\nto {} {}: {} by rule {}{}, with template {}",
                said.contact,
                self.when(said),
                said.kind,
                said.rule,
                self.bucket(said),
                said.template
            )?;
            writeln!(text, "  because {}", said.reason)?;
            for line in said.text.lines() {
                writeln!(text, "  │ {line}")?;
            }
        }
        Ok(())
    }

    /// Which bucket speaks, where the rule groups alarms.
    fn bucket(&self, said: &Said) -> String {
        let groups = self.rules.iter().any(|rule| {
            let fields = rule.group_by.as_deref().unwrap_or_default();
            rule.id.as_str() == said.rule && !fields.is_empty()
        });
        if groups {
            format!(" for {}", said.bucket)
        } else {
            String::new()
        }
    }

    fn when(&self, said: &Said) -> String {
        let wait = said.at.since(self.at);
        if wait.is_zero() {
            "at once".to_owned()
        } else {
            format!(
                "at {}, in {}, if nothing else comes",
                said.at,
                config::show_span(wait)
            )
        }
    }

    /// For programs.
    pub(super) fn json(&self, notes: &[String]) -> Value {
        let rules = self.account.rules.iter().zip(&self.rules);
        let rules = rules.map(|(account, rule)| {
            let buckets = account.buckets.iter().map(|bucket| {
                json!({
                    "bucket": bucket.key,
                    "count": bucket.count,
                    "condition": bucket.condition.as_ref().map(|condition| json!({
                        "holds": condition.matched,
                        "because": condition.because,
                    })),
                    "then": then(bucket, rule).unwrap_or_else(|| "speaks".to_owned()),
                })
            });
            json!({
                "rule": account.rule,
                "takes": account.takes,
                "because": account.because,
                "trigger": trigger(rule),
                "buckets": buckets.collect::<Vec<_>>(),
                "contacts": account.contacts,
                "left_to_earlier": account.left,
            })
        });
        let messages = self.messages.iter().map(|said| {
            let mut message = said.json();
            if let Some(message) = message.as_object_mut() {
                let wait = said.at.since(self.at).as_millis();
                message.insert("in_ms".to_owned(), json!(u64::try_from(wait).ok()));
            }
            message
        });
        json!({
            "id": self.record.id,
            "type": self.account.kind.name(),
            "at": self.at.to_string(),
            "notes": notes,
            "rules": rules.collect::<Vec<_>>(),
            "messages": messages.collect::<Vec<_>>(),
        })
    }
}

fn write_rule(text: &mut String, account: &RuleAccount, rule: &Rule) -> std::fmt::Result {
    let takes = if account.takes {
        "takes it"
    } else {
        "does not take it"
    };
    writeln!(text, "\nrule {}: {takes}", account.rule)?;
    writeln!(text, "  because {}", account.because)?;
    if !account.takes {
        return Ok(());
    }
    writeln!(text, "  trigger: {}", trigger(rule))?;
    for bucket in &account.buckets {
        writeln!(
            text,
            "  bucket {}, {} in it",
            name(bucket, rule),
            bucket.count
        )?;
        if let Some(condition) = &bucket.condition {
            let holds = if condition.matched {
                "holds"
            } else {
                "does not hold"
            };
            writeln!(text, "    the condition {holds}: {}", condition.because)?;
        }
        if let Some(words) = then(bucket, rule) {
            writeln!(text, "    {words}")?;
        }
    }
    if !account.left.is_empty() {
        writeln!(text, "  told by an earlier rule: {}", names(&account.left))?;
    }
    if rule.notify.as_ref().is_some_and(Vec::is_empty) {
        writeln!(
            text,
            "  but nobody is told: it notifies no contact that is on"
        )?;
    }
    Ok(())
}

/// A bucket by what its alarms share.
fn name(bucket: &BucketAccount, rule: &Rule) -> String {
    match rule.grouping() {
        Grouping::ByTree => "of this alarm".to_owned(),
        Grouping::One => "of the rule".to_owned(),
        Grouping::ByFields(_) if !bucket.key.is_empty() => bucket.key.clone(),
        Grouping::ByFields(fields) => {
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            format!("of those without {}", fields.join(", "))
        }
    }
}

/// What comes of a bucket, in words; `None` where it is said elsewhere.
fn then(bucket: &BucketAccount, rule: &Rule) -> Option<String> {
    let fails = bucket
        .condition
        .as_ref()
        .is_some_and(|condition| !condition.matched);
    match &bucket.then {
        Then::Speaks => None,
        Then::Muted(why) => Some(format!("it is not told: {}", why.text)),
        Then::Nothing if fails => Some("nothing, while that is so".to_owned()),
        Then::Nothing if matches!(rule.trigger, Trigger::Times { .. }) => {
            Some("nothing yet: more records have to come".to_owned())
        }
        Then::Nothing => Some("nothing".to_owned()),
        Then::Raised => Some("it is raised already".to_owned()),
        Then::DecidedAt(at) => Some(format!("decided at {at}, if nothing changes")),
        Then::ClearedAt(at) => Some(format!("told as over at {at}, unless it holds again")),
        Then::LeftOut => Some("there is no room for it (correlation limits)".to_owned()),
    }
}

/// When the rule speaks, in words.
fn trigger(rule: &Rule) -> String {
    let span = config::show_span;
    let mut words = match rule.trigger {
        Trigger::Immediate if rule.single_events => "each record at once".to_owned(),
        Trigger::Immediate => "at once".to_owned(),
        Trigger::Persist(lasts) => format!("when it has lasted {} without a break", span(lasts)),
        Trigger::Collect(gathers) => {
            format!("once, {} after the first record", span(gathers))
        }
        Trigger::Times {
            times,
            within,
            persist,
        } => {
            let mut words = format!("at {times} records within {}", span(within));
            if !persist.is_zero() {
                words.push_str(&format!(", when that has lasted {}", span(persist)));
            }
            words
        }
    };
    if let Some(base) = &rule.base_alarms
        && base.around > Duration::ZERO
    {
        words.push_str(&format!(
            "; told {} later, with what comes by then",
            span(base.around)
        ));
    }
    if rule.clear_after > Duration::ZERO {
        words.push_str(&format!(
            "; over when it has been over for {}",
            span(rule.clear_after)
        ));
    }
    words
}

fn names(contacts: &[ContactId]) -> String {
    contacts
        .iter()
        .map(ContactId::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
