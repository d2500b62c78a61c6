//! Whether it works: a verdict and its reasons, from facts.

use std::time::Duration;

use crate::web::Verdict;

/// A message that waits for longer than this is a reason.
const LONG_WAIT: Duration = Duration::from_secs(600);

/// A token that ends sooner than this is a reason.
const TOKEN_ENDS: Duration = Duration::from_secs(7 * 86_400);

/// The fallback command may take this long before it counts as failing.
const FALLBACK_PATIENCE: Duration = Duration::from_secs(120);

/// What the verdict is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// Why the store takes no alarms.
    pub(super) store: Option<String>,
    /// Free bytes and `storage.min_free`.
    pub(super) space: Option<(u64, u64)>,
    /// What holds the account.
    pub(super) account_hold: Option<String>,
    /// Meta says that the token is not valid.
    pub(super) token_dead: bool,
    /// How long the token still works.
    pub(super) token_left: Option<Duration>,
    /// Other holds: what, and why.
    pub(super) holds: Vec<(String, String)>,
    /// What is wrong with templates that cannot be sent.
    pub(super) templates: Vec<String>,
    /// Why the config was not reloaded the last time.
    pub(super) reload: Option<String>,
    /// How long the oldest message has waited.
    pub(super) oldest: Option<Duration>,
    /// Expected sources that are silent.
    pub(super) silent: Vec<String>,
    /// For how long a message has waited for the fallback command.
    pub(super) untold: Option<Duration>,
}

/// The verdict, and why it is not better, the worst reason first.
pub(super) fn verdict(facts: &Facts) -> (Verdict, Vec<String>) {
    let down = down(facts);
    let degraded = degraded(facts);
    let verdict = match (down.is_empty(), degraded.is_empty()) {
        (false, _) => Verdict::Down,
        (true, false) => Verdict::Degraded,
        (true, true) => Verdict::Well,
    };
    (verdict, [down, degraded].concat())
}

fn down(facts: &Facts) -> Vec<String> {
    let mut reasons = Vec::new();
    match (&facts.store, facts.space) {
        (_, Some((free, least))) if free < least => reasons.push(format!(
            "Alarms are not taken: the disk has {} free, storage.min_free is {}",
            bytes(free),
            bytes(least)
        )),
        (Some(why), _) => reasons.push(format!("Alarms are not taken: {why}")),
        (None, _) => {}
    }
    match (&facts.account_hold, facts.token_dead) {
        (Some(why), _) => reasons.push(format!("Nobody is told, the account is held: {why}")),
        (None, true) => reasons.push(
            "Nobody is told: Meta says that the access token is not valid; make another one and reload"
                .to_owned(),
        ),
        (None, false) => {}
    }
    reasons
}

fn degraded(facts: &Facts) -> Vec<String> {
    let mut reasons = Vec::new();
    for (scope, why) in &facts.holds {
        reasons.push(format!("{} waits: {why}", capital(scope)));
    }
    if let Some(waited) = facts.oldest.filter(|waited| *waited > LONG_WAIT) {
        reasons.push(format!("A message has waited for {}", span(waited)));
    }
    for source in &facts.silent {
        reasons.push(format!("{source} is silent: nothing comes from it"));
    }
    reasons.extend(facts.templates.iter().map(|text| capital(text)));
    if facts
        .untold
        .is_some_and(|waited| waited > FALLBACK_PATIENCE)
    {
        reasons.push("The fallback command fails: see the log".to_owned());
    }
    if let Some(left) = facts.token_left.filter(|left| *left < TOKEN_ENDS) {
        reasons.push(format!("The access token stops working in {}", span(left)));
    }
    if let Some((free, least)) = facts.space
        && (least..least.saturating_mul(2)).contains(&free)
    {
        reasons.push(format!(
            "The disk is nearly full: {} are free, alarms are taken down to {}",
            bytes(free),
            bytes(least)
        ));
    }
    if let Some(why) = &facts.reload {
        reasons.push(format!(
            "The config was not reloaded, the old one is in force: {why}"
        ));
    }
    reasons
}

/// `14 minutes`, `2 hours`, `6 days`.
fn span(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let (count, unit) = match minutes {
        0..120 => (minutes, "minute"),
        120..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

/// `64 MiB`.
fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = UNITS.iter().find(|(shift, _)| bytes >> shift > 0);
    match unit {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} bytes"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(86_400);
    const MIB: u64 = 1 << 20;

    #[test]
    fn a_row_of_facts_has_its_verdict_and_its_words() {
        let well = Facts::default;
        let text = str::to_owned;
        let table = [
            (well(), Verdict::Well, None),
            (
                Facts {
                    store: Some(text("the database is locked")),
                    ..well()
                },
                Verdict::Down,
                Some("Alarms are not taken: the database is locked"),
            ),
            (
                Facts {
                    space: Some((10 * MIB, 64 * MIB)),
                    store: Some(text("full")),
                    ..well()
                },
                Verdict::Down,
                Some("Alarms are not taken: the disk has 10 MiB free, storage.min_free is 64 MiB"),
            ),
            (
                Facts {
                    account_hold: Some(text("error 190")),
                    token_dead: true,
                    ..well()
                },
                Verdict::Down,
                Some("Nobody is told, the account is held: error 190"),
            ),
            (
                Facts {
                    token_dead: true,
                    ..well()
                },
                Verdict::Down,
                Some(
                    "Nobody is told: Meta says that the access token is not valid; make another one and reload",
                ),
            ),
            (
                Facts {
                    holds: vec![(text("template alarm"), text("paused by Meta"))],
                    ..well()
                },
                Verdict::Degraded,
                Some("Template alarm waits: paused by Meta"),
            ),
            (
                Facts {
                    templates: vec![text("template alarm (en_US): REJECTED")],
                    ..well()
                },
                Verdict::Degraded,
                Some("Template alarm (en_US): REJECTED"),
            ),
            (
                Facts {
                    space: Some((100 * MIB, 64 * MIB)),
                    ..well()
                },
                Verdict::Degraded,
                Some("The disk is nearly full: 100 MiB are free, alarms are taken down to 64 MiB"),
            ),
            (
                Facts {
                    space: Some((128 * MIB, 64 * MIB)),
                    ..well()
                },
                Verdict::Well,
                None,
            ),
            (
                Facts {
                    reload: Some(text("line 3: no such key")),
                    ..well()
                },
                Verdict::Degraded,
                Some("The config was not reloaded, the old one is in force: line 3: no such key"),
            ),
            (
                Facts {
                    oldest: Some(10 * MINUTE),
                    ..well()
                },
                Verdict::Well,
                None,
            ),
            (
                Facts {
                    oldest: Some(11 * MINUTE),
                    ..well()
                },
                Verdict::Degraded,
                Some("A message has waited for 11 minutes"),
            ),
            (
                Facts {
                    silent: vec![text("prometheus")],
                    ..well()
                },
                Verdict::Degraded,
                Some("prometheus is silent: nothing comes from it"),
            ),
            (
                Facts {
                    untold: Some(MINUTE),
                    ..well()
                },
                Verdict::Well,
                None,
            ),
            (
                Facts {
                    untold: Some(3 * MINUTE),
                    ..well()
                },
                Verdict::Degraded,
                Some("The fallback command fails: see the log"),
            ),
            (
                Facts {
                    token_left: Some(7 * DAY),
                    ..well()
                },
                Verdict::Well,
                None,
            ),
            (
                Facts {
                    token_left: Some(6 * DAY),
                    ..well()
                },
                Verdict::Degraded,
                Some("The access token stops working in 6 days"),
            ),
        ];
        for (facts, expected, reason) in table {
            let (found, reasons) = verdict(&facts);
            assert_eq!(found, expected, "{facts:?}");
            assert_eq!(reasons.first().map(String::as_str), reason, "{facts:?}");
        }
    }

    #[test]
    fn what_is_down_is_said_first_and_the_rest_is_not_hidden() {
        let facts = Facts {
            holds: vec![("the number".to_owned(), "130429".to_owned())],
            token_dead: true,
            ..Facts::default()
        };
        let (found, reasons) = verdict(&facts);
        assert_eq!(found, Verdict::Down);
        assert!(reasons[0].starts_with("Nobody is told"), "{reasons:?}");
        assert_eq!(reasons[1], "The number waits: 130429");
    }
}
