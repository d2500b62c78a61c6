//! What the operators should know of the account and the templates, and when: told facts and the time,
//! it says what to tell.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{Notice, Severity, TemplateId, Time};
use crate::whatsapp::{Judgement, NumberInfo, TokenInfo};

const DAY: Duration = Duration::from_secs(86_400);

/// How many days before the token dies its end is told, and how much it matters then.
const WARNINGS: [(u32, Severity); 4] = [
    (1, Severity::Critical),
    (3, Severity::Major),
    (7, Severity::Minor),
    (14, Severity::Warning),
];

/// What is known of the account and the templates. What was never learnt is `None` or empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) token: Option<TokenInfo>,
    pub(super) number: Option<NumberInfo>,
    /// Every template of the config in every language.
    pub(super) templates: Vec<Judgement>,
    /// Templates that Meta refuses, with the language; another one stands in for them.
    pub(super) replaced: Vec<(TemplateId, String)>,
    /// How many people the config has.
    pub(super) people: usize,
}

/// One thing that operators should know.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Concern {
    /// Names it as long as it lasts.
    key: String,
    /// Told again when it comes back on another day.
    again: bool,
    subject: String,
    text: String,
    severity: Severity,
}

/// What was told and still stands.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    standing: BTreeSet<String>,
}

impl Lookout {
    /// What has to be told of `facts`: what did not stand at the last look.
    pub(super) fn look(&mut self, facts: &Facts, now: Time) -> Vec<Notice> {
        let concerns = concerns(facts, now);
        let known = std::mem::take(&mut self.standing);
        self.standing = concerns.iter().map(|concern| concern.key.clone()).collect();
        concerns
            .into_iter()
            .filter(|concern| !known.contains(&concern.key))
            .map(|concern| Notice {
                key: match concern.again {
                    true => format!("{}, {}", concern.key, date(now)),
                    false => concern.key,
                },
                subject: concern.subject,
                text: concern.text,
                severity: concern.severity,
            })
            .collect()
    }
}

/// What is to be said of `facts`, in words; the same whether it was told before or not.
pub(super) fn warnings(facts: &Facts, now: Time) -> Vec<String> {
    let concerns = concerns(facts, now).into_iter();
    concerns.map(|concern| concern.text).collect()
}

fn concerns(facts: &Facts, now: Time) -> Vec<Concern> {
    let mut found = Vec::new();
    if let Some(token) = &facts.token {
        found.extend(token_ends(token, now));
        found.extend(token_lacks(token));
    }
    if let Some(number) = &facts.number {
        found.extend(quality(number));
        found.extend(health(number));
        found.extend(limit(number, facts.people));
    }
    found.extend(facts.templates.iter().flat_map(template));
    found.extend(facts.replaced.iter().map(replaced));
    found
}

fn token_ends(token: &TokenInfo, now: Time) -> Option<Concern> {
    const MEND: &str = "make another one in Business settings > System users, put it in the place of \
                        the old one, and say `klaxond reload`";
    let concern = |key: String, text: String, severity| Concern {
        key,
        again: false,
        subject: "token".to_owned(),
        text: format!("{text}: {MEND}"),
        severity,
    };
    let Some(expires) = token.expires else {
        let dead = token.is_valid == Some(false);
        return dead.then(|| Concern {
            again: true,
            ..concern(
                "token is not valid".to_owned(),
                "Meta says that the access token is not valid".to_owned(),
                Severity::Critical,
            )
        });
    };
    let on = date(expires);
    if expires <= now || token.is_valid == Some(false) {
        let text = format!("the access token stopped working on {on}");
        let key = format!("token expired {on}");
        return Some(concern(key, text, Severity::Critical));
    }
    let left = expires.since(now);
    let near = WARNINGS.iter().find(|(days, _)| left <= DAY * *days);
    near.map(|(days, severity)| {
        let text = format!("the access token stops working on {on}, in {}", span(left));
        concern(format!("token expires {on}, {days} days"), text, *severity)
    })
}

fn token_lacks(token: &TokenInfo) -> Option<Concern> {
    let missing = token.missing_scopes().join(" and ");
    (!missing.is_empty()).then(|| Concern {
        key: format!("token lacks {missing}"),
        again: true,
        subject: "token".to_owned(),
        text: format!("the access token lacks {missing}: make another one with both permissions"),
        severity: Severity::Major,
    })
}

fn quality(number: &NumberInfo) -> Option<Concern> {
    let rating = number.quality_rating.as_deref()?;
    let severity = match rating {
        "RED" => Severity::Major,
        "YELLOW" => Severity::Warning,
        _ => return None,
    };
    Some(Concern {
        key: format!("number quality {rating}"),
        again: true,
        subject: "number".to_owned(),
        text: format!(
            "Meta rates the quality of the business number {rating}: people block or report its messages"
        ),
        severity,
    })
}

fn health(number: &NumberInfo) -> Option<Concern> {
    let health = number.health.as_ref()?;
    let word = health.can_send_message.as_deref()?;
    let severity = match word {
        "BLOCKED" => Severity::Critical,
        "LIMITED" => Severity::Warning,
        _ => return None,
    };
    let errors = health.entities.iter().flat_map(|entity| &entity.errors);
    let why: Vec<&str> = errors
        .filter_map(|error| error.error_description.as_deref())
        .collect();
    let why = match why.is_empty() {
        true => String::new(),
        false => format!(": {}", why.join("; ")),
    };
    Some(Concern {
        key: format!("sending is {word}"),
        again: true,
        subject: "number".to_owned(),
        text: format!("Meta says that sending is {word}{why}"),
        severity,
    })
}

/// How many people a day may be written to outside their windows.
fn limit(number: &NumberInfo, people: usize) -> Option<Concern> {
    let tier = number.messaging_limit.as_deref()?;
    let most: usize = match tier.strip_prefix("TIER_")? {
        "50" => 50,
        "250" => 250,
        "1K" => 1_000,
        "2K" => 2_000,
        "10K" => 10_000,
        "100K" => 100_000,
        _ => return None,
    };
    (people > most).then(|| Concern {
        key: format!("messaging limit {tier}, {people} people"),
        again: false,
        subject: "number".to_owned(),
        text: format!(
            "Meta lets this account write to {most} people a day, and the config has {people}"
        ),
        severity: Severity::Warning,
    })
}

fn template(judgement: &Judgement) -> Vec<Concern> {
    let name = format!("template {} ({})", judgement.id, judgement.language);
    if !judgement.is_sendable() {
        let text = judgement.text();
        return vec![Concern {
            key: format!("{name}: {text}"),
            again: true,
            text: format!("{name}: {text}"),
            subject: name,
            severity: Severity::Major,
        }];
    }
    let remarks = judgement.remarks.iter();
    remarks
        .map(|remark| Concern {
            key: format!("{name}: {remark}"),
            again: false,
            subject: name.clone(),
            text: format!("{name}: {remark}"),
            severity: Severity::Warning,
        })
        .collect()
}

fn replaced((id, language): &(TemplateId, String)) -> Concern {
    let name = format!("template {id} ({language})");
    Concern {
        key: format!("{name} is refused"),
        again: true,
        text: format!(
            "Meta refuses {name}; another one stands in for it. `klaxond templates check` says why"
        ),
        subject: name,
        severity: Severity::Major,
    }
}

/// `2026-12-01`, in UTC.
fn date(at: Time) -> String {
    at.timestamp().strftime("%Y-%m-%d").to_string()
}

/// `6 days`, `11 hours`.
fn span(left: Duration) -> String {
    let (days, hours) = (left.as_secs() / 86_400, left.as_secs() / 3_600);
    match (days, hours) {
        (0, 0) => "less than an hour".to_owned(),
        (0, 1) => "1 hour".to_owned(),
        (0, hours) => format!("{hours} hours"),
        (1, _) => "1 day".to_owned(),
        (days, _) => format!("{days} days"),
    }
}

#[cfg(test)]
mod tests;
