//! What rules of correlation say in the config: what is read, what is refused, what is warned of.

mod faults;

use std::time::Duration;

use insta::assert_snapshot;
use klaxond::engine::{Rule, Trigger};

use crate::support::config::{Folder, PATH, WHATSAPP, faults, warnings};

/// Templates that a rule may use besides its own.
const TEMPLATES: &str = r#"
[templates.cleared]
name = "klaxond_cleared"
text = "Over: {{1}}, good."
parameters = ["{{ alarm.element }}"]
[templates.updated]
name = "klaxond_updated"
text = "Changed: {{1}}, look."
parameters = ["{{ alarm.element }}"]
[templates.reminder]
name = "klaxond_reminder"
text = "Still: {{1}}, look."
parameters = ["{{ alarm.element }}"]
"#;

/// The rule of a config whose rule has these lines too.
fn rule_with(lines: &str, templates: &str) -> Rule {
    let folder = Folder::new(&format!("{WHATSAPP}{PATH}{lines}\n{templates}"));
    match folder.load() {
        Ok(loaded) => loaded.settings.ruleset.rules[0].clone(),
        Err(faults) => panic!("{}", faults.render(false)),
    }
}

fn rule(lines: &str) -> Rule {
    rule_with(lines, "")
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_rule_that_says_nothing_tells_every_event_at_once() {
    let rule = rule("");
    assert!(rule.single_events);
    assert_eq!(rule.group_by, None);
    assert_eq!(rule.condition, None);
    assert_eq!(rule.trigger, Trigger::Immediate);
    assert_eq!(rule.clear_after, Duration::ZERO);
    assert!(rule.base_alarms.is_none());
    assert_eq!((rule.on_update, rule.on_clear), (None, None));
    assert_eq!(rule.update_every, Duration::ZERO);
    assert_eq!(rule.reminder, None);
}

#[test]
fn a_full_rule_gives_what_it_says() {
    let lines = r#"
single_events = false
group_by = ["element", "Service", "property.Site", "property.Cabinet name", 'property."a b"']
condition = 'count() > 2 and not any(severity >= timeout)'
trigger = { persist = "5m" }
clear_after = "2m"
base_alarms = { filter = 'severity >= minor', around = "3m" }
on_update = true
update_every = "1m30s"
on_clear = "alarm"
repeat_every = "1h"
"#;
    let rule = rule_with(lines, TEMPLATES);
    assert!(!rule.single_events);
    let fields: Vec<String> = rule
        .group_by
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        fields,
        [
            "element",
            "service",
            "property.Site",
            "property.\"Cabinet name\"",
            "property.\"a b\""
        ]
    );
    assert_eq!(
        rule.condition.unwrap().to_string(),
        "count() > 2 and not any(severity >= timeout)"
    );
    assert_eq!(rule.trigger, Trigger::Persist(seconds(300)));
    assert_eq!(rule.clear_after, seconds(120));
    let base = rule.base_alarms.unwrap();
    assert_eq!(base.filter.unwrap().to_string(), "severity >= minor");
    assert_eq!(base.around, seconds(180));
    assert_eq!(rule.on_update.unwrap().as_str(), "updated");
    assert_eq!(rule.update_every, seconds(90));
    assert_eq!(rule.on_clear.unwrap().as_str(), "alarm");
    let reminder = rule.reminder.unwrap();
    assert_eq!(reminder.every, seconds(3_600));
    assert_eq!(reminder.template.as_str(), "reminder");
}

#[test]
fn triggers() {
    for (written, trigger) in [
        ("\"immediate\"", Trigger::Immediate),
        ("{ collect = \"1m\" }", Trigger::Collect(seconds(60))),
        (
            "{ times = 3, within = \"10m\" }",
            Trigger::Times {
                times: 3,
                within: seconds(600),
                persist: Duration::ZERO,
            },
        ),
        (
            "{ times = 3, within = \"10m\", persist = \"2m\" }",
            Trigger::Times {
                times: 3,
                within: seconds(600),
                persist: seconds(120),
            },
        ),
    ] {
        assert_eq!(rule(&format!("trigger = {written}\n")).trigger, trigger);
    }
}

#[test]
fn true_takes_the_template_of_that_name_else_the_rules() {
    let lines =
        "single_events = false\non_clear = true\non_update = true\nrepeat_every = \"30m\"\n";
    let own = rule_with(lines, TEMPLATES);
    assert_eq!(own.on_clear.unwrap().as_str(), "cleared");
    assert_eq!(own.on_update.unwrap().as_str(), "updated");
    assert_eq!(own.reminder.unwrap().template.as_str(), "reminder");
    let rules = rule(lines);
    assert_eq!(rules.on_clear.unwrap().as_str(), "alarm");
    assert_eq!(rules.on_update.unwrap().as_str(), "alarm");
    assert_eq!(rules.reminder.unwrap().template.as_str(), "alarm");
    let off = rule("on_clear = false\non_update = false\nclear_after = \"0s\"\n");
    assert_eq!((off.on_clear, off.on_update), (None, None));
}

#[test]
fn limits_of_correlation() {
    let limits = |text: &str| {
        let folder = Folder::new(&format!("{WHATSAPP}{PATH}[correlation]\n{text}"));
        folder.load().unwrap().settings.ruleset.limits
    };
    let default = limits("");
    assert_eq!(default.alarms, 1_000_000);
    assert_eq!(default.buckets_per_rule, 1_000_000);
    assert_eq!(default.alarms_per_bucket, 100_000);
    let given = limits("max_alarms = 10\nmax_buckets_per_rule = 20\nmax_alarms_per_bucket = 30\n");
    assert_eq!(given.alarms, 10);
    assert_eq!(given.buckets_per_rule, 20);
    assert_eq!(given.alarms_per_bucket, 30);
    assert_snapshot!(faults(&format!("{PATH}[correlation]\nmax_alarms = 0\n")), @r#"
    error: `max_alarms` is out of bounds
      --> /etc/klaxond/config.toml:21:14
       |
    21 | max_alarms = 0
       |              ^
       |
       = help: write a whole number from 1 to 10000000
    "#);
}

#[test]
fn a_clear_that_reads_as_its_raise_is_warned_of() {
    assert_snapshot!(warnings("single_events = false\non_clear = true\n"), @r#"
    warning: a clear reads as the raise does: the template "alarm" serves both and says neither which it is nor what the alarm is now
      --> /etc/klaxond/config.toml:21:1
       |
    21 | on_clear = true
       | ^^^^^^^^
       |
       = help: add [templates.cleared], or use {{ notification.kind }}, {{ alarm.type }}, {{ alarm.severity }} or {{ alarm.status }} in a parameter
    "#);
    for telling in [
        "notification.kind",
        "alarm.type",
        "alarm.severity",
        "alarm.status",
    ] {
        let text = format!("{WHATSAPP}{PATH}single_events = false\non_clear = true\n").replace(
            "{{ alarm.element }}",
            &format!("{{{{ {telling} | upper }}}}"),
        );
        assert_eq!(Folder::new(&text).warnings(), "", "{telling}");
    }
    let lines = format!("single_events = false\non_clear = true\n{TEMPLATES}");
    assert_eq!(warnings(&lines), "");
    assert_snapshot!(warnings("single_events = false\nupdate_every = \"1m\"\n"), @r#"
    warning: `update_every` does nothing: the rule tells no updates
      --> /etc/klaxond/config.toml:21:1
       |
    21 | update_every = "1m"
       | ^^^^^^^^^^^^
       |
       = help: add on_update = true, or take this key out
    "#);
}

#[test]
fn rules_that_can_never_fire_are_warned_of() {
    assert_snapshot!(warnings("condition = 'count() > 1'\n"), @r#"
    warning: the rule "Critical alarms" can never fire: each event is judged by itself, and `count() > 1` does not hold of one alarm
      --> /etc/klaxond/config.toml:20:1
       |
    20 | condition = 'count() > 1'
       | ^^^^^^^^^
       |
       = help: add single_events = false to count alarms that are open together, or a trigger such as { times = 3, within = "10m" } or { collect = "1m" } to count events
    "#);
    assert_snapshot!(warnings(
        "single_events = false\ngroup_by = [\"id\"]\ncondition = 'count(severity = critical) >= 2'\n"
    ), @r#"
    warning: the rule "Critical alarms" can never fire: `group_by` has `id`, so that a bucket is one alarm, and `count(severity = critical) >= 2` does not hold of one
      --> /etc/klaxond/config.toml:22:1
       |
    22 | condition = 'count(severity = critical) >= 2'
       | ^^^^^^^^^
       |
       = help: take `id` out of `group_by`
    "#);
    assert_snapshot!(warnings(
        "single_events = false\ncondition = 'count() > 5'\n[correlation]\nmax_alarms_per_bucket = 5\n"
    ), @r#"
    warning: the rule "Critical alarms" can never fire: `count() > 5` holds of no bucket of 1 to 5 alarms
      --> /etc/klaxond/config.toml:21:1
       |
    21 | condition = 'count() > 5'
       | ^^^^^^^^^
       |
       = help: write a condition that can hold
    "#);
    assert_snapshot!(warnings(
        "trigger = { times = 6, within = \"1m\" }\n[correlation]\nmax_alarms_per_bucket = 5\n"
    ), @r#"
    warning: the rule "Critical alarms" can never fire: a window holds at most 5 events (correlation.max_alarms_per_bucket)
      --> /etc/klaxond/config.toml:20:1
       |
    20 | trigger = { times = 6, within = "1m" }
       | ^^^^^^^
       |
       = help: lower `times`, or raise the limit
    "#);
    let ended = format!("{WHATSAPP}{PATH}single_events = false\n").replace(
        "severity = critical",
        "severity = critical and status = cleared",
    );
    assert_snapshot!(Folder::new(&ended).warnings(), @r#"
    warning: the rule "Critical alarms" can never fire: with single_events = false a bucket holds open alarms, and `status = cleared` takes none of them
      --> /etc/klaxond/config.toml:18:1
       |
    18 | filter = 'severity = critical and status = cleared'
       | ^^^^^^
       |
       = help: take it out of the filter; on_clear = true tells that an alarm has ended
    "#);
}

#[test]
fn a_rule_that_contradicts_itself_is_warned_of() {
    let alike = warnings(
        "single_events = false\ngroup_by = [\"element\"]\ncondition = 'count() > 1 and distinct(element) > 1'\n",
    );
    assert!(
        alike.contains("can never fire: the alarms of a bucket are alike in `element`, and"),
        "{alike}"
    );
    let both = format!("{WHATSAPP}{PATH}").replace(
        "severity = critical",
        "severity = critical and severity = major",
    );
    let both = Folder::new(&both).warnings();
    assert!(
        both.contains("can never fire: the filter wants `severity` to be two things at once"),
        "{both}"
    );
}

#[test]
fn there_are_as_many_rules_as_max_rules_says() {
    let second = "[[rules]]\nname = \"Another\"\n[correlation]\nmax_rules = 1\n";
    let faults = Folder::new(&format!("{WHATSAPP}{PATH}{second}")).faults();
    assert!(
        faults.contains("there are more than 1 rules") && faults.contains("raise max_rules"),
        "{faults}"
    );
}

#[test]
fn rules_that_can_fire_are_not_warned_of() {
    for lines in [
        "condition = 'count() > 1'\ntrigger = { collect = \"1m\" }\n",
        "condition = 'distinct(element) >= 3'\ntrigger = { times = 3, within = \"1m\" }\n",
        "condition = 'any(severity = critical)'\n",
        "single_events = false\ncondition = 'count() > 1'\n",
        "single_events = false\ngroup_by = [\"element\"]\ncondition = 'count() > 1'\n",
        "single_events = false\ngroup_by = [\"element\"]\ncondition = 'distinct(parameter) > 1'\n",
        "single_events = false\ngroup_by = [\"view\"]\ncondition = 'distinct(view) > 1'\n",
        "enabled = false\ncondition = 'count() > 1'\n",
        "single_events = false\ntrigger = { persist = \"5m\" }\ngroup_by = []\n",
    ] {
        assert_eq!(warnings(lines), "", "{lines}");
    }
    assert_snapshot!(warnings("group_by = [\"element\", \"Element\"]\n"), @r#"
    warning: `element` is named twice
      --> /etc/klaxond/config.toml:20:24
       |
    20 | group_by = ["element", "Element"]
       |                        ^^^^^^^^^
       |
       = help: take one of them out
    "#);
}

#[test]
fn the_examples_of_the_config_are_good() {
    const EXAMPLE: &str = include_str!("../../config/config.toml");
    const KEYS: [&str; 12] = [
        "london",
        "[templates.cleared]",
        "[templates.updated]",
        "[templates.reminder]",
        "[templates.digest]",
        "text = \"Several ",
        "name = \"klaxond_",
        "text = \"It ",
        "parameters",
        "group_by",
        "condition",
        "base_alarms",
    ];
    let shown = |line: &str| match line {
        "#single_events = true" => "single_events = false".to_owned(),
        "#on_clear = false" => "on_clear = true".to_owned(),
        "#on_update = false" => "on_update = true".to_owned(),
        "# repeat_every = \"4h\"" => "repeat_every = \"4h\"".to_owned(),
        line => match line.strip_prefix("# ") {
            Some(rest) if KEYS.iter().any(|key| rest.starts_with(key)) => rest.to_owned(),
            _ => line.to_owned(),
        },
    };
    let text: Vec<String> = EXAMPLE.lines().map(shown).collect();
    let folder = Folder::new(&text.join("\n"));
    let loaded = folder
        .load()
        .unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    assert_eq!(loaded.warnings.render(false), "");
    let rule = &loaded.settings.ruleset.rules[0];
    assert_eq!(rule.on_clear.as_ref().unwrap().as_str(), "cleared");
    assert_eq!(rule.on_update.as_ref().unwrap().as_str(), "updated");
    assert_eq!(
        rule.reminder.as_ref().unwrap().template.as_str(),
        "reminder"
    );
    assert!(rule.condition.is_some() && rule.group_by.is_some() && rule.base_alarms.is_some());
}

#[test]
fn a_reload_names_what_changes_in_a_rule() {
    let folder = Folder::new(&format!("{WHATSAPP}{PATH}"));
    let before = folder.load().unwrap().settings;
    let lines = "single_events = false\ngroup_by = [\"element\"]\ncondition = 'count() > 2'\n\
        trigger = { persist = \"5m\" }\nclear_after = \"2m\"\nbase_alarms = { around = \"5m\" }\n\
        on_update = \"alarm\"\nupdate_every = \"1m\"\non_clear = \"alarm\"\nrepeat_every = \"1h\"\n\
        [correlation]\nmax_alarms = 10\n";
    let text =
        format!("{WHATSAPP}{PATH}{lines}").replace("'severity = critical'", "'severity=CRITICAL'");
    folder.write("config.toml", text, 0o640);
    let after = folder.load().unwrap().settings;
    assert_eq!(before.changes(&before).applied, [""; 0]);
    assert_eq!(
        before.changes(&after).applied,
        [
            "correlation.max_alarms is 10",
            "rule Critical alarms: single_events, group_by, condition, trigger, clear_after, \
             on_update, update_every, on_clear, repeat_every, base_alarms changed",
        ]
    );
    assert_eq!(after.changes(&after).applied, [""; 0]);
}
