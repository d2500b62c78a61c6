//! What is said of rules of correlation that cannot be read.

use insta::assert_snapshot;

use crate::support::config::{Folder, PATH, WHATSAPP, faults};

/// The faults of a config whose rule has these lines too.
fn refused(lines: &str) -> String {
    faults(&format!("{PATH}{lines}\n"))
}

#[test]
fn what_needs_alarms_that_are_followed() {
    assert_snapshot!(
        refused("on_clear = true\non_update = \"alarm\"\nrepeat_every = \"1h\"\nclear_after = \"2m\"\nupdate_every = \"1m\"\ntrigger = { persist = \"5m\" }"),
        @r#"
    error: `on_clear` needs single_events = false
      --> /etc/klaxond/config.toml:20:12
       |
    20 | on_clear = true
       |            ^^^^
       |
       = help: add single_events = false to follow each alarm until it clears, or take this key out

    error: `on_update` needs single_events = false
      --> /etc/klaxond/config.toml:21:13
       |
    21 | on_update = "alarm"
       |             ^^^^^^^
       |
       = help: add single_events = false to follow each alarm until it clears, or take this key out

    error: `repeat_every` needs single_events = false
      --> /etc/klaxond/config.toml:22:16
       |
    22 | repeat_every = "1h"
       |                ^^^^
       |
       = help: add single_events = false to follow each alarm until it clears, or take this key out

    error: `clear_after` needs single_events = false
      --> /etc/klaxond/config.toml:23:15
       |
    23 | clear_after = "2m"
       |               ^^^^
       |
       = help: add single_events = false to follow each alarm until it clears, or take this key out

    error: `update_every` needs single_events = false
      --> /etc/klaxond/config.toml:24:16
       |
    24 | update_every = "1m"
       |                ^^^^
       |
       = help: add single_events = false to follow each alarm until it clears, or take this key out

    error: `persist` needs single_events = false: an event does not last
      --> /etc/klaxond/config.toml:25:23
       |
    25 | trigger = { persist = "5m" }
       |                       ^^^^
       |
       = help: add single_events = false to follow each alarm until it clears
    "#
    );
}

#[test]
fn fields_to_group_by() {
    assert_snapshot!(refused("group_by = [\"element\", \"elemnt\", \"time\", \"property.\"]"), @r#"
    error: group_by: unknown field `elemnt`
      --> /etc/klaxond/config.toml:20:25
       |
    20 | group_by = ["element", "elemnt", "time", "property."]
       |                         ^^^^^^
       |
       = help: write `element`

    error: group_by: alarms are not grouped by `time`
      --> /etc/klaxond/config.toml:20:34
       |
    20 | group_by = ["element", "elemnt", "time", "property."]
       |                                  ^^^^^^
       |
       = help: take it out; `trigger` says how long alarms are gathered

    error: group_by: the name of the property is missing
      --> /etc/klaxond/config.toml:20:43
       |
    20 | group_by = ["element", "elemnt", "time", "property."]
       |                                           ^^^^^^^^^
       |
       = help: write it right behind the point: `property.Site` or `property."Cabinet name"`
    "#);
    assert_snapshot!(refused("group_by = \"element\""), @r#"
    error: `group_by` must be a list, not text
      --> /etc/klaxond/config.toml:20:12
       |
    20 | group_by = "element"
       |            ^^^^^^^^^
       |
       = help: write group_by = ["element"]
    "#);
    assert_snapshot!(refused("group_by = [\"element = x\", \"\", 5]"), @r#"
    error: group_by: `=` does not fit here
      --> /etc/klaxond/config.toml:20:22
       |
    20 | group_by = ["element = x", "", 5]
       |                      ^
       |
       = help: write the field by itself

    error: group_by: the field ends here
      --> /etc/klaxond/config.toml:20:29
       |
    20 | group_by = ["element = x", "", 5]
       |                             ^
       |
       = help: write a field, such as `element` or `property.Site`

    error: `group_by` must be text in every entry, not a whole number
      --> /etc/klaxond/config.toml:20:32
       |
    20 | group_by = ["element = x", "", 5]
       |                                ^
       |
       = help: put it in quotes: "5"
    "#);
}

#[test]
fn conditions_point_into_their_text() {
    assert_snapshot!(refused("condition = 'count() > 5 and avg(value) > 1.3dB'"), @r#"
    error: condition: `1.3dB` is no number
      --> /etc/klaxond/config.toml:20:43
       |
    20 | condition = 'count() > 5 and avg(value) > 1.3dB'
       |                                           ^^^^^
       |
       = help: write it without the unit: `1.3`
    "#);
    assert_snapshot!(refused("condition = \"\"\"\ncount() > 5\nand any(severty = major)\"\"\""), @r#"
    error: condition: unknown field `severty`
      --> /etc/klaxond/config.toml:22:9
       |
    22 | and any(severty = major)"""
       |         ^^^^^^^
       |
       = help: write `severity`
    "#);
    assert_snapshot!(refused("condition = true"), @r#"
    error: `condition` must be text, not true or false
      --> /etc/klaxond/config.toml:20:13
       |
    20 | condition = true
       |             ^^^^
       |
       = help: put it in quotes: "true"
    "#);
    let named = format!(
        "{PATH}condition = 'any(@london)'\n[filters]\nlondon = 'element like \"London*\"'\n"
    );
    assert!(Folder::new(&format!("{WHATSAPP}{named}")).load().is_ok());
}

#[test]
fn triggers_that_say_too_little_or_too_much() {
    assert_snapshot!(refused("trigger = \"persist\""), @r#"
    error: `trigger` cannot be "persist"
      --> /etc/klaxond/config.toml:20:11
       |
    20 | trigger = "persist"
       |           ^^^^^^^^^
       |
       = help: write "immediate", { persist = "5m" }, { collect = "1m" } or { times = 3, within = "10m" }
    "#);
    assert_snapshot!(refused("trigger = {}"), @r#"
    error: the trigger says nothing
      --> /etc/klaxond/config.toml:20:11
       |
    20 | trigger = {}
       |           ^^
       |
       = help: write "immediate", { persist = "5m" }, { collect = "1m" } or { times = 3, within = "10m" }
    "#);
    assert_snapshot!(refused("trigger = { times = 3 }"), @r#"
    error: `times` needs `within`
      --> /etc/klaxond/config.toml:20:21
       |
    20 | trigger = { times = 3 }
       |                     ^
       |
       = help: write { times = 3, within = "10m" }
    "#);
    assert_snapshot!(refused("trigger = { within = \"3m\" }"), @r#"
    error: `within` needs `times`
      --> /etc/klaxond/config.toml:20:22
       |
    20 | trigger = { within = "3m" }
       |                      ^^^^
       |
       = help: write { times = 3, within = "10m" }
    "#);
    assert_snapshot!(refused("trigger = { collect = \"1m\", persist = \"5m\" }"), @r#"
    error: `collect` stands by itself
      --> /etc/klaxond/config.toml:20:23
       |
    20 | trigger = { collect = "1m", persist = "5m" }
       |                       ^^^^
       |
       = help: write "immediate", { persist = "5m" }, { collect = "1m" } or { times = 3, within = "10m" }
    "#);
    assert_snapshot!(refused("trigger = { collect = 60 }"), @r#"
    error: `collect` must be a span of time, not a whole number
      --> /etc/klaxond/config.toml:20:23
       |
    20 | trigger = { collect = 60 }
       |                       ^^
       |
       = help: say the unit, in quotes: collect = "60s"
    "#);
    assert_snapshot!(refused("trigger = { times = 0, within = \"100ms\" }"), @r#"
    error: `times` is out of bounds
      --> /etc/klaxond/config.toml:20:21
       |
    20 | trigger = { times = 0, within = "100ms" }
       |                     ^
       |
       = help: write a whole number from 1 to 1000000

    error: `within` is out of bounds
      --> /etc/klaxond/config.toml:20:33
       |
    20 | trigger = { times = 0, within = "100ms" }
       |                                 ^^^^^^^
       |
       = help: write a span from "1s" to "31d"
    "#);
    assert_snapshot!(refused("trigger = { wait = \"1m\" }"), @r#"
    error: the trigger says nothing
      --> /etc/klaxond/config.toml:20:11
       |
    20 | trigger = { wait = "1m" }
       |           ^^^^^^^^^^^^^^^
       |
       = help: write "immediate", { persist = "5m" }, { collect = "1m" } or { times = 3, within = "10m" }

    error: the trigger has no key `wait`
      --> /etc/klaxond/config.toml:20:13
       |
    20 | trigger = { wait = "1m" }
       |             ^^^^
       |
       = help: the keys here are persist, collect, times, within
    "#);
    assert_snapshot!(refused("trigger = 5"), @r#"
    error: `trigger` must be text or a table, not a whole number
      --> /etc/klaxond/config.toml:20:11
       |
    20 | trigger = 5
       |           ^
       |
       = help: write "immediate", { persist = "5m" }, { collect = "1m" } or { times = 3, within = "10m" }
    "#);
}

#[test]
fn base_alarms_say_how_far_they_reach() {
    assert_snapshot!(refused("base_alarms = { filter = 'severity >= majr', around = \"5m\" }"), @r#"
    error: filter: no severity is called `majr`
      --> /etc/klaxond/config.toml:20:39
       |
    20 | base_alarms = { filter = 'severity >= majr', around = "5m" }
       |                                       ^^^^
       |
       = help: write `major`
    "#);
    assert_snapshot!(refused("base_alarms = { filter = 'severity >= major' }"), @r#"
    error: `base_alarms` needs `around`
      --> /etc/klaxond/config.toml:20:15
       |
    20 | base_alarms = { filter = 'severity >= major' }
       |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write base_alarms = { filter = 'severity >= minor', around = "5m" }
    "#);
    assert_snapshot!(refused("base_alarms = \"5m\""), @r#"
    error: `base_alarms` must be a table, not text
      --> /etc/klaxond/config.toml:20:15
       |
    20 | base_alarms = "5m"
       |               ^^^^
       |
       = help: write base_alarms = { filter = 'severity >= minor', around = "5m" }
    "#);
}

#[test]
fn templates_of_updates_and_clears() {
    assert_snapshot!(refused("single_events = false\non_clear = \"claered\"\n[templates.cleared]\nname = \"c\"\ntext = \"Over.\"\n"), @r#"
    error: there is no template "claered"
      --> /etc/klaxond/config.toml:21:12
       |
    21 | on_clear = "claered"
       |            ^^^^^^^^^
       |
       = help: write "cleared"
    "#);
    assert_snapshot!(refused("single_events = false\non_update = 5"), @r#"
    error: `on_update` must be true or the name of a template, not a whole number
      --> /etc/klaxond/config.toml:21:13
       |
    21 | on_update = 5
       |             ^
       |
       = help: write on_update = true, or the name of a template
    "#);
}
