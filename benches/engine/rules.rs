//! Rules of a config, read as the daemon reads them.

use std::path::Path;
use std::sync::Arc;

use klaxond::engine::Ruleset;

use super::plant::PARAMETERS;

/// Room for what is measured, and one contact.
const HEAD: &str = r#"
[whatsapp]
phone_number_id = "106540352242922"
token_file = "token"
[correlation]
max_alarms = 1_000_000
max_buckets_per_rule = 1_000_000
max_alarms_per_bucket = 1_000_000
[[contacts]]
name = "NOC desk"
phone = "34600111222"
[templates.alarm]
name = "klaxond_alarm"
language = "en_US"
text = "Alarm {{1}} is {{2}}. Please check it."
parameters = ["{{ alarm.element }}", "{{ alarm.severity }}"]
"#;

/// Ten rules that take every record: five sliding windows, and five that follow alarms until they end,
/// with groups and conditions.
pub const TEN: &str = r#"
[[rules]]
name = "Flapping element"
filter = 'source = "DataMiner System"'
group_by = ["element"]
trigger = { times = 30, within = "10m" }
[[rules]]
name = "Flapping row"
group_by = ["element", "parameter", "index"]
trigger = { times = 12, within = "10m" }
[[rules]]
name = "Busy service"
filter = 'service like "News*"'
group_by = ["service"]
trigger = { times = 500, within = "10m" }
[[rules]]
name = "Noisy hall"
filter = 'view like "Hall*"'
group_by = ["view"]
condition = 'distinct(element) >= 400'
trigger = { times = 1000, within = "10m" }
[[rules]]
name = "Noisy site"
group_by = ["property.Site"]
condition = 'avg(value) > 80'
trigger = { times = 400, within = "10m", persist = "1m" }
[[rules]]
name = "Long alarm"
filter = 'severity >= warning'
single_events = false
trigger = { persist = "8h" }
[[rules]]
name = "Broken element"
filter = 'severity >= warning'
single_events = false
group_by = ["element"]
condition = 'count() >= 6'
on_clear = true
[[rules]]
name = "Broken hall"
filter = 'element like "Encoder*"'
single_events = false
group_by = ["view"]
condition = 'count(severity = critical) > 900000 or max(value) > 900'
on_clear = true
[[rules]]
name = "Often broken cabinet"
filter = 'parameter ~ "."'
single_events = false
group_by = ["property.Cabinet", "parameter"]
trigger = { times = 60, within = "10m" }
[[rules]]
name = "Whole plant"
filter = 'status = open'
single_events = false
group_by = []
condition = 'count() >= 999999999'
"#;

/// The ten rules, each for one parameter: every record is taken by one window and one rule that follows.
pub fn ten_for_one_parameter_each() -> String {
    let blocks = TEN.split("[[rules]]").skip(1).enumerate();
    blocks
        .map(|(n, block)| {
            let mine = format!("parameter = \"{}\"", PARAMETERS[n % PARAMETERS.len()]);
            let block = if block.contains("filter = '") {
                block.replacen("filter = '", &format!("filter = '{mine} and "), 1)
            } else {
                format!("\nfilter = '{mine}'{block}")
            };
            format!("[[rules]]{block}")
        })
        .collect()
}

/// The ten with windows that never fire, however few the alarms are.
pub fn quiet() -> String {
    TEN.replace("times = ", "times = 99")
}

/// Those of the ten that have no bucket for each alarm.
pub fn nine() -> String {
    let blocks = TEN.split("[[rules]]").skip(1);
    blocks
        .filter(|block| !block.contains("persist = \"8h\""))
        .map(|block| format!("[[rules]]{block}"))
        .collect()
}

/// One rule that follows each alarm by itself.
pub const EACH: &str = r#"
[[rules]]
name = "Long alarm"
single_events = false
trigger = { persist = "8h" }
"#;

/// So many rules that look at one field; the first takes what comes of `Encoder 0`, and so on.
pub fn of_one_element_each(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "[[rules]]\nname = \"Rule {n}\"\nfilter = 'element = \"Encoder {n}\"'\n\
                 single_events = false\ntrigger = {{ persist = \"8h\" }}\n"
            )
        })
        .collect()
}

/// So many rules that look at one field and all take every record into a sliding window.
pub fn of_every_element(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "[[rules]]\nname = \"Rule {n}\"\nfilter = 'element like \"Encoder*\"'\n\
                 group_by = [\"element\"]\ntrigger = {{ times = 1000, within = \"10m\" }}\n"
            )
        })
        .collect()
}

/// So many rules that look at one field and all follow every alarm.
pub fn that_follow_every_element(count: usize) -> String {
    (0..count)
        .map(|n| {
            format!(
                "[[rules]]\nname = \"Rule {n}\"\nfilter = 'element like \"Encoder*\"'\n\
                 single_events = false\ngroup_by = [\"element\"]\ntrigger = {{ persist = \"8h\" }}\n"
            )
        })
        .collect()
}

/// Writes a config with these rules.
pub fn write(path: &Path, rules: &str) {
    std::fs::write(path, format!("{HEAD}{rules}")).unwrap();
}

pub fn ruleset(rules: &str) -> Arc<Ruleset> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    write(&path, rules);
    let loaded = klaxond::config::load_offline(&path);
    let loaded = loaded.unwrap_or_else(|faults| panic!("{}", faults.render(false)));
    Arc::new(loaded.settings.ruleset)
}
