//! Every key of `config.toml`, by section.

/// The keys that one kind of table may hold.
#[derive(Debug)]
pub(super) struct Section {
    /// As people write it: `[ingest]`, `[[rules]]`; empty for the top of the file.
    pub(super) name: &'static str,
    /// Keys that are read.
    pub(super) keys: &'static [&'static str],
}

const fn section(name: &'static str, keys: &'static [&'static str]) -> Section {
    Section { name, keys }
}

pub(super) static TOP: Section = section(
    "",
    &[
        "timezone",
        "time_format",
        "language",
        "whatsapp",
        "fallback",
        "operators",
        "replies",
        "hooks",
        "ingest",
        "storage",
        "delivery",
        "correlation",
        "http",
        "webhook",
        "log",
        "contacts",
        "templates",
        "rules",
        "filters",
        "dataminer",
        "labels",
        "words",
        "times",
        "expect",
    ],
);

pub(super) static WHATSAPP: Section = section(
    "[whatsapp]",
    &[
        "phone_number_id",
        "business_account_id",
        "token",
        "token_file",
        "api_version",
        "base_url",
        "app_secret",
        "app_secret_file",
        "verify_token",
        "verify_token_file",
        "ca_file",
        "connect_timeout",
        "answer_timeout",
    ],
);

pub(super) static FALLBACK: Section = section("[fallback]", &["command", "timeout", "contact"]);

pub(super) static OPERATORS: Section = section("[operators]", &["notify"]);

pub(super) static REPLIES: Section = section(
    "[replies]",
    &[
        "acknowledge",
        "silence",
        "stop",
        "start",
        "tell_others",
        "ack_expires",
        "silence_for",
    ],
);

pub(super) static HOOKS: Section = section("[hooks]", &["on_ack", "timeout"]);

pub(super) static INGEST: Section = section(
    "[ingest]",
    &[
        "socket",
        "mode",
        "group",
        "allow_users",
        "allow_groups",
        "max_line",
        "max_connections",
        "idle_timeout",
    ],
);

pub(super) static STORAGE: Section = section(
    "[storage]",
    &["path", "retention", "audit_retention", "min_free", "keep"],
);

pub(super) static DELIVERY: Section = section(
    "[delivery]",
    &[
        "throughput",
        "per_contact",
        "expire_after",
        "unknown_wait",
        "max_per_day",
        "drain_timeout",
        "mode",
        "storm",
        "confirm",
        "confirm_within",
    ],
);

pub(super) static STORM: Section = section(
    "delivery.storm",
    &["after", "digest_every", "digest_critical"],
);

pub(super) static CORRELATION: Section = section(
    "[correlation]",
    &[
        "forget_after",
        "max_rules",
        "max_alarms",
        "max_buckets_per_rule",
        "max_alarms_per_bucket",
    ],
);

pub(super) static HTTP: Section = section(
    "[http]",
    &["listen", "token", "token_file", "control", "proxies"],
);

pub(super) static WEBHOOK: Section = section("[webhook]", &["listen"]);

pub(super) static LOG: Section = section("[log]", &["format", "level"]);

pub(super) static CONTACT: Section = section(
    "[[contacts]]",
    &[
        "name",
        "phone",
        "groups",
        "language",
        "timezone",
        "enabled",
        "opt_in",
        "id",
        "fallback",
        "quiet_hours",
    ],
);

pub(super) static QUIET_HOURS: Section = section("quiet_hours", &["times", "except"]);

pub(super) static TIMES: Section = section(
    "[times.…]",
    &["timezone", "weekdays", "hours", "dates", "except", "also"],
);

pub(super) static EXPECT: Section = section(
    "[[expect]]",
    &["source", "within", "name", "severity", "element"],
);

pub(super) static TEMPLATE: Section = section(
    "[templates.…]",
    &[
        "name",
        "language",
        "category",
        "header",
        "text",
        "footer",
        "parameters",
        "buttons",
        "ttl",
        "examples",
        "fallback_template",
        "languages",
    ],
);

pub(super) static LANGUAGE: Section = section(
    "[templates.….languages.…]",
    &[
        "name",
        "header",
        "text",
        "footer",
        "parameters",
        "buttons",
        "examples",
    ],
);

pub(super) static HEADER: Section = section("header", &["text", "parameter"]);

pub(super) static QUICK_REPLY: Section = section("button", &["quick_reply", "payload"]);

pub(super) static URL_BUTTON: Section = section("button", &["url", "text", "parameter"]);

pub(super) static RULE: Section = section(
    "[[rules]]",
    &[
        "name",
        "id",
        "enabled",
        "description",
        "filter",
        "single_events",
        "group_by",
        "condition",
        "trigger",
        "clear_after",
        "base_alarms",
        "notify",
        "template",
        "on_update",
        "update_every",
        "on_clear",
        "repeat_every",
        "escalate",
        "confirm",
        "confirm_within",
        "also",
        "shadow",
        "active",
        "mute",
        "inhibited_by",
    ],
);

pub(super) static INHIBITOR: Section = section("inhibitor", &["rule", "equal"]);

pub(super) static TRIGGER: Section = section("trigger", &["persist", "collect", "times", "within"]);

pub(super) static ESCALATION: Section = section("escalation", &["after", "unless", "notify"]);

pub(super) static BASE_ALARMS: Section = section("base_alarms", &["filter", "around"]);

pub(super) static DATAMINER: Section = section(
    "[dataminer]",
    &[
        "timezone",
        "time_formats",
        "day_first",
        "severity_codes",
        "names",
    ],
);

pub(super) static LABELS: Section = section(
    "[labels]",
    &[
        "element",
        "parameter",
        "index",
        "value",
        "severity",
        "source",
        "severities",
        "default_severity",
        "resolve_timeout",
    ],
);

/// The sections with fixed keys, in the order of the example.
static SECTIONS: [&Section; 29] = [
    &TOP,
    &WHATSAPP,
    &FALLBACK,
    &OPERATORS,
    &REPLIES,
    &HOOKS,
    &INGEST,
    &STORAGE,
    &DELIVERY,
    &STORM,
    &CORRELATION,
    &HTTP,
    &WEBHOOK,
    &LOG,
    &CONTACT,
    &TEMPLATE,
    &LANGUAGE,
    &HEADER,
    &RULE,
    &TRIGGER,
    &ESCALATION,
    &BASE_ALARMS,
    &DATAMINER,
    &LABELS,
    &URL_BUTTON,
    &QUIET_HOURS,
    &TIMES,
    &EXPECT,
    &INHIBITOR,
];

/// Every key that is read, with its section as people write it (`[ingest]`; empty for the top of
/// the file).
pub fn known_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    SECTIONS
        .into_iter()
        .chain([&QUICK_REPLY])
        .flat_map(|section| section.keys.iter().map(|key| (section.name, *key)))
}

/// The sections in which `key` has a meaning.
pub(super) fn homes(key: &str) -> impl Iterator<Item = &'static Section> {
    SECTIONS
        .into_iter()
        .filter(move |section| section.keys.contains(&key))
}

/// The one of `known` that `word` was most likely meant to be.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    const LONGEST: usize = 128;
    let word = word.to_lowercase();
    let length = word.chars().count();
    if length > LONGEST {
        return None;
    }
    let allowed = (length / 3).clamp(1, 4);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= 2 * LONGEST)
        .map(|candidate| {
            let plain = candidate.to_lowercase();
            (strsim::damerau_levenshtein(&word, &plain), candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
