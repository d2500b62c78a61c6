//! What differs between two configs, in words.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret, SecretString};

use crate::engine::Rule;
use crate::model::Contact;
use crate::pipeline::heartbeat::Expectation;
use crate::whatsapp::template::Definition;

use super::settings::Settings;

/// What a reload changes. Neither secrets nor phone numbers are in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// What a reload puts in force.
    pub applied: Vec<String>,
    /// What stays as it is until a restart.
    pub needs_restart: Vec<String>,
}

impl Changes {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.applied.is_empty() && self.needs_restart.is_empty()
    }
}

/// Notes the name of each field that differs: `differing!(list, "ingest", old, new; socket, mode)`.
macro_rules! differing {
    ($list:expr, $section:literal, $old:expr, $new:expr; $($field:ident),+) => {
        $(if $old.$field != $new.$field {
            $list.push(concat!($section, ".", stringify!($field), " changed").to_owned());
        })+
    };
}

impl Settings {
    /// What is different in `new`.
    #[must_use]
    pub fn changes(&self, new: &Self) -> Changes {
        let mut changes = Changes::default();
        self.applied(new, &mut changes.applied);
        self.needing_restart(new, &mut changes.needs_restart);
        changes
    }

    fn applied(&self, new: &Self, list: &mut Vec<String>) {
        let (old_api, new_api) = (&self.whatsapp, &new.whatsapp);
        differing!(list, "whatsapp", old_api, new_api;
            phone_number_id, business_account_id, token_file, base_url, api_version, ca_file,
            connect_timeout, answer_timeout);
        if old_api.token.expose_secret() != new_api.token.expose_secret() {
            list.push("whatsapp.token changed".to_owned());
        }
        if is_other_secret(old_api.app_secret.as_ref(), new_api.app_secret.as_ref()) {
            list.push("whatsapp.app_secret changed".to_owned());
        }
        if self.display.timezone != new.display.timezone {
            list.push("timezone changed".to_owned());
        }
        if self.display.time_format != new.display.time_format {
            list.push("time_format changed".to_owned());
        }
        differing!(list, "dataminer", self.dataminer, new.dataminer;
            names, timezone, time_formats, day_first, severity_codes);
        if self.labels != new.labels {
            list.push("labels changed".to_owned());
        }
        if self.delivery.throughput != new.delivery.throughput {
            list.push(format!(
                "delivery.throughput is {}",
                new.delivery.throughput
            ));
        }
        if self.delivery.per_contact != new.delivery.per_contact {
            list.push(format!(
                "delivery.per_contact is {}",
                new.delivery.per_contact
            ));
        }
        differing!(list, "delivery", self.delivery, new.delivery; unknown_wait, storm, max_per_day);
        differing!(list, "delivery", self.ruleset, new.ruleset; expire_after);
        differing!(list, "delivery", self, new; drain_timeout);
        differing!(list, "correlation", self.ruleset, new.ruleset; forget_after);
        let (old, now) = (self.ruleset.limits, new.ruleset.limits);
        for (key, old, now) in [
            ("max_alarms", old.alarms, now.alarms),
            (
                "max_buckets_per_rule",
                old.buckets_per_rule,
                now.buckets_per_rule,
            ),
            (
                "max_alarms_per_bucket",
                old.alarms_per_bucket,
                now.alarms_per_bucket,
            ),
        ] {
            if old != now {
                list.push(format!("correlation.{key} is {now}"));
            }
        }
        if self.ruleset.shadow != new.ruleset.shadow {
            let mode = if new.ruleset.shadow { "shadow" } else { "live" };
            list.push(format!("delivery.mode is {mode}"));
        }
        if self.vocabulary != new.vocabulary {
            list.push("words changed".to_owned());
        }
        if self.keep_all != new.keep_all {
            list.push("storage.keep changed".to_owned());
        }
        if self.fallback != new.fallback {
            list.push(in_words(
                "fallback",
                self.fallback.is_some(),
                new.fallback.is_some(),
            ));
        }
        compare(
            list,
            "expected source",
            "",
            &self.expect,
            &new.expect,
            |e| e.source.as_str(),
            expectation,
        );
        if self.hooks != new.hooks {
            list.push(in_words(
                "hooks.on_ack",
                self.hooks.is_some(),
                new.hooks.is_some(),
            ));
        }
        if self.words != new.words || self.ruleset.replies != new.ruleset.replies {
            list.push("replies changed".to_owned());
        }
        let (old, now) = (&self.ruleset, &new.ruleset);
        if (&old.operators, &old.notice) != (&now.operators, &now.notice) {
            list.push("operators changed".to_owned());
        }
        if old.fallback != now.fallback {
            let change = (old.fallback.is_some(), now.fallback.is_some());
            list.push(in_words("fallback.contact", change.0, change.1));
        }
        compare(
            list,
            "contact",
            "; what waits for it is closed",
            &old.contacts,
            &now.contacts,
            |c| c.id.as_str(),
            contact,
        );
        compare(
            list,
            "rule",
            "",
            &old.rules,
            &now.rules,
            |r| r.id.as_str(),
            rule,
        );
        let (old, now) = (&self.definitions, &new.definitions);
        compare(list, "template", "", old, now, |t| t.id.as_str(), template);
    }

    fn needing_restart(&self, new: &Self, list: &mut Vec<String>) {
        differing!(list, "storage", self.storage, new.storage; path, retention, audit_retention, min_free);
        differing!(list, "ingest", self.ingest, new.ingest;
            socket, mode, group, allow_users, allow_groups, max_line, max_connections, idle_timeout);
        differing!(list, "http", self.http, new.http; listen, control, proxies);
        if is_other_secret(self.http.token.as_ref(), new.http.token.as_ref()) {
            list.push("http.token changed".to_owned());
        }
        self.webhook_needing_restart(new, list);
        differing!(list, "log", self.log, new.log; format, level);
    }

    fn webhook_needing_restart(&self, new: &Self, list: &mut Vec<String>) {
        match (&self.webhook, &new.webhook) {
            (Some(old), Some(now)) => {
                differing!(list, "webhook", old, now; listen, phone_number_id);
                if is_other_secret(Some(&old.verify_token), Some(&now.verify_token)) {
                    list.push("whatsapp.verify_token changed".to_owned());
                }
                if is_other_secret(Some(&old.app_secret), Some(&now.app_secret)) {
                    list.push("whatsapp.app_secret changed, for webhooks".to_owned());
                }
            }
            (None, None) => {}
            (old, now) => list.push(in_words("webhook", old.is_some(), now.is_some())),
        }
    }
}

fn is_other_secret(old: Option<&SecretString>, new: Option<&SecretString>) -> bool {
    old.map(SecretString::expose_secret) != new.map(SecretString::expose_secret)
}

fn in_words(what: &str, was: bool, is: bool) -> String {
    let how = match (was, is) {
        (false, true) => "added",
        (true, false) => "removed",
        _ => "changed",
    };
    format!("{what} {how}")
}

/// Notes what was added, removed (and what goes with it), changed, and whether the order is another.
fn compare<T>(
    list: &mut Vec<String>,
    what: &str,
    loses: &str,
    old: &[T],
    new: &[T],
    id: impl for<'t> Fn(&'t T) -> &'t str,
    differences: impl Fn(&T, &T) -> Vec<&'static str>,
) {
    let old_by_id: BTreeMap<&str, &T> = old.iter().map(|one| (id(one), one)).collect();
    let new_ids: BTreeSet<&str> = new.iter().map(&id).collect();
    for one in new {
        match old_by_id.get(id(one)) {
            None => list.push(format!("{what} {} added", id(one))),
            Some(before) => {
                let differences = differences(before, one);
                if !differences.is_empty() {
                    list.push(format!(
                        "{what} {}: {} changed",
                        id(one),
                        differences.join(", ")
                    ));
                }
            }
        }
    }
    for one in old.iter().filter(|one| !new_ids.contains(id(one))) {
        list.push(format!("{what} {} removed{loses}", id(one)));
    }
    let kept_before = old.iter().map(&id).filter(|id| new_ids.contains(id));
    let kept_after = new.iter().map(&id).filter(|id| old_by_id.contains_key(id));
    if !kept_before.eq(kept_after) {
        list.push(format!("the order of the {what}s changed"));
    }
}

/// Names the fields that differ.
macro_rules! fields {
    ($old:expr, $new:expr; $($field:ident => $name:literal),+) => {{
        let mut names = Vec::new();
        $(if $old.$field != $new.$field { names.push($name); })+
        names
    }};
}

fn contact(old: &Contact, new: &Contact) -> Vec<&'static str> {
    fields!(old, new; name => "name", phone => "number", groups => "groups", language => "language",
        timezone => "timezone", enabled => "enabled", opt_in => "opt_in", fallback => "fallback",
        quiet => "quiet_hours")
}

fn rule(old: &Rule, new: &Rule) -> Vec<&'static str> {
    let mut names = fields!(old, new; name => "name", description => "description",
        enabled => "enabled", filter => "filter", single_events => "single_events",
        group_by => "group_by", condition => "condition", trigger => "trigger",
        clear_after => "clear_after", notify => "notify", template => "template",
        on_update => "on_update", update_every => "update_every", on_clear => "on_clear",
        reminder => "repeat_every", escalate => "escalate", escalated => "template for escalations",
        confirm => "confirm", also => "also", shadow => "shadow",
        active => "times of active", mute => "times of mute", inhibited_by => "inhibited_by");
    let base = |rule: &Rule| {
        let base = rule.base_alarms.as_ref();
        base.map(|base| (base.filter.clone(), base.around))
    };
    if base(old) != base(new) {
        names.push("base_alarms");
    }
    names
}

fn expectation(old: &Expectation, new: &Expectation) -> Vec<&'static str> {
    fields!(old, new; name => "name", within => "within", severity => "severity",
        element => "element")
}

fn template(old: &Definition, new: &Definition) -> Vec<&'static str> {
    fields!(old, new; name => "name", language => "language", header => "header", text => "text",
        footer => "footer", parameters => "parameters", buttons => "buttons", category => "category",
        ttl => "ttl", examples => "examples", fallback => "fallback_template",
        languages => "languages")
}
