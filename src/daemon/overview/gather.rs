//! Gathers how things stand: from the engine, the dispatcher, the outbox and what is known of Meta.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::daemon::concerns::warnings;
use crate::daemon::controls::Controls;
use crate::daemon::reload::Reloader;
use crate::daemon::story;
use crate::daemon::watch::{Seen, Watch};
use crate::delivery::{Hold, HoldKey, InStorm};
use crate::engine;
use crate::engine::Ruleset;
use crate::model::{ContactId, MessageId, MessageState, Severity, Silence, Time};
use crate::pipeline::heartbeat::Expected;
use crate::store::{Board, Listed, Outbox};
use crate::web::{
    Bucket, Held, Meta, Overview, Queue, Quiet, Raised, Recent, Silenced, Source, Storm, Told,
};

use super::pulse::Pulse;
use super::verdict::{Facts, verdict};

/// Buckets that are shown.
const MAX_RAISED: usize = 50;
/// People that are shown to have been told of one.
const MAX_TOLD: usize = 8;
/// Messages that are shown.
const MAX_RECENT: usize = 20;
/// Holds, storms, people and silences that are shown, of each.
const MAX_LISTED: usize = 50;

/// Characters of a text that are shown.
const MAX_TEXT: usize = 120;

/// What an overview is gathered from.
pub(in crate::daemon) struct Ground {
    pub(in crate::daemon) controls: Controls,
    pub(in crate::daemon) outbox: Outbox,
    pub(in crate::daemon) watch: Watch,
    pub(in crate::daemon) pulse: Pulse,
    pub(in crate::daemon) reloader: Reloader,
    pub(in crate::daemon) database: PathBuf,
    /// `storage.min_free`.
    pub(in crate::daemon) min_free: u64,
    /// When the daemon began.
    pub(in crate::daemon) since: Timestamp,
}

/// What the engine says.
#[derive(Default)]
struct Stands {
    raised: Vec<engine::Raised>,
    severities: BTreeMap<Severity, usize>,
    silences: Vec<Silence>,
}

/// What the dispatcher says.
struct Waits {
    waiting: usize,
    under_way: usize,
    holds: Vec<Hold>,
    oldest: Option<Time>,
    storms: Vec<InStorm>,
}

impl Ground {
    /// Another number whenever something was written; `None` when it cannot be read.
    pub(super) async fn version(&self) -> Option<i64> {
        self.outbox.version().await.ok()
    }

    pub(super) async fn gather(&self) -> Overview {
        let now = self.controls.now();
        let stands = self.controls.foresight.look(|engine, _| {
            let (raised, severities) = engine.raised(MAX_RAISED);
            Stands {
                raised,
                severities,
                silences: engine.silences(),
            }
        });
        let stands = stands.await.unwrap_or_default();
        let told = |bucket: &engine::Raised| -> Vec<MessageId> {
            let told = bucket.told.iter().take(MAX_TOLD);
            told.filter_map(|(_, message)| *message).collect()
        };
        let ids = stands.raised.iter().flat_map(told).collect();
        let read = self.outbox.board(MAX_RECENT, ids).await;
        let (board, unread) = match read {
            Ok(board) => (board, None),
            Err(error) => (Board::default(), Some(error.to_string())),
        };
        let waits = self.controls.desk().with(|dispatcher| Waits {
            waiting: dispatcher.waiting(),
            under_way: dispatcher.in_flight(),
            holds: dispatcher.holds(),
            oldest: dispatcher.census().oldest,
            storms: dispatcher.storms(now),
        });
        let ruleset = self.controls.ruleset().await;
        let seen = self.watch.seen();
        let facts = self.facts(now, &board, &waits, &seen, unread);
        let (verdict, reasons) = verdict(&facts);
        let hour = self.pulse.hour();
        let outfit = self.controls.outfit();
        let zone = &outfit.display().timezone;
        let mut not_told = not_told(&ruleset, &board, &waits, facts.token_dead);
        let silences = stands.silences.len();
        let severities = stands.severities.iter().rev();
        let names = Names::of(&ruleset);
        let states: BTreeMap<MessageId, MessageState> = board.states.iter().copied().collect();
        Overview {
            verdict,
            reasons,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since: self.since,
            at: Timestamp::now(),
            timezone: zone.iana_name().unwrap_or("UTC").to_owned(),
            open_alarms: self.controls.crowding().alarms,
            taken: Pulse::taken_lately(&hour),
            raised: Raised {
                total: stands.severities.values().sum(),
                severities: severities.map(|(one, count)| (*one, *count)).collect(),
                buckets: stands
                    .raised
                    .into_iter()
                    .map(|raised| bucket(raised, &names, &states))
                    .collect(),
            },
            queue: Queue {
                waiting: waits.waiting,
                under_way: waits.under_way,
                states: board.waiting().collect(),
                oldest: waits.oldest.map(Time::timestamp),
            },
            holds: waits.holds.iter().take(MAX_LISTED).map(held).collect(),
            more_holds: waits.holds.len().saturating_sub(MAX_LISTED),
            storms: waits
                .storms
                .iter()
                .take(MAX_LISTED)
                .map(|one| storm(one, &names))
                .collect(),
            more_storms: waits.storms.len().saturating_sub(MAX_LISTED),
            more_not_told: not_told.len().saturating_sub(MAX_LISTED),
            not_told: {
                not_told.truncate(MAX_LISTED);
                not_told
            },
            recent: {
                let recent = board.recent.into_iter();
                recent.map(|one| self::recent(one, &names)).collect()
            },
            silences: stands
                .silences
                .into_iter()
                .take(MAX_LISTED)
                .map(|one| silenced(one, now))
                .collect(),
            more_silences: silences.saturating_sub(MAX_LISTED),
            sources: self.controls.expected().iter().map(source).collect(),
            meta: meta(&seen, now),
            hour,
        }
    }

    fn facts(
        &self,
        now: Time,
        board: &Board,
        waits: &Waits,
        seen: &Seen,
        unread: Option<String>,
    ) -> Facts {
        let account = |hold: &&Hold| hold.key == HoldKey::Account;
        let token = seen.facts.token.as_ref();
        let expires = token.and_then(|token| token.expires);
        let refuses = self.controls.gate.refuses();
        let refused = "the last records were answered busy, the log says why";
        let has_fallback = self.controls.fallback.borrow().is_some();
        Facts {
            store: unread.or_else(|| refuses.then(|| refused.to_owned())),
            space: free_bytes(&self.database).map(|free| (free, self.min_free)),
            account_hold: waits
                .holds
                .iter()
                .find(account)
                .map(|hold| hold.reason.clone()),
            token_dead: token.is_some_and(|token| token.is_valid == Some(false))
                || expires.is_some_and(|at| at <= now),
            token_left: expires.map(|at| at.since(now)),
            holds: waits
                .holds
                .iter()
                .filter(|hold| hold.key != HoldKey::Account && !hold.quiet)
                .take(MAX_LISTED)
                .map(|hold| (hold.key.to_string(), hold.reason.clone()))
                .collect(),
            templates: seen
                .facts
                .templates
                .iter()
                .filter(|one| !one.is_sendable())
                .map(|one| format!("template {} ({}): {}", one.id, one.language, one.text()))
                .collect(),
            reload: self.reloader.failed(),
            oldest: waits.oldest.map(|at| now.since(at)),
            silent: self
                .controls
                .expected()
                .into_iter()
                .filter(|one| one.silent)
                .map(|one| one.name)
                .collect(),
            untold: board
                .untold
                .filter(|_| has_fallback)
                .map(|at| now.since(at)),
        }
    }
}

/// What contacts are called.
struct Names<'a>(BTreeMap<&'a ContactId, &'a str>);

impl<'a> Names<'a> {
    fn of(ruleset: &'a Ruleset) -> Self {
        let contacts = ruleset.contacts.iter();
        Self(contacts.map(|one| (&one.id, one.name.as_str())).collect())
    }

    fn of_contact(&self, id: &ContactId) -> String {
        let name = self.0.get(id).copied();
        name.unwrap_or(id.as_str()).to_owned()
    }
}

fn bucket(
    raised: engine::Raised,
    names: &Names<'_>,
    states: &BTreeMap<MessageId, MessageState>,
) -> Bucket {
    let told = raised.told.iter().take(MAX_TOLD);
    let alarm = raised.alarm;
    let parameter = match alarm.index.as_str() {
        "" => alarm.parameter,
        index => format!("{} {index}", alarm.parameter),
    };
    Bucket {
        told: told
            .map(|(contact, message)| Told {
                contact: names.of_contact(contact),
                state: message.and_then(|id| states.get(&id).copied()),
            })
            .collect(),
        more_told: raised.told.len().saturating_sub(MAX_TOLD),
        id: alarm.id,
        rule: raised.rule_name,
        key: bounded(raised.key),
        severity: raised.severity,
        since: raised.since.timestamp(),
        count: raised.count,
        whole_element: (alarm.element.chars().count() > MAX_TEXT).then(|| alarm.element.clone()),
        element: bounded(alarm.element),
        parameter: bounded(parameter),
        value: bounded(alarm.value),
        ack: raised.ack.map(|ack| (ack.by, ack.at.timestamp())),
        suppressed: raised.suppressed.map(|why| why.text),
    }
}

fn recent(one: Listed, names: &Names<'_>) -> Recent {
    let said = one.notification;
    let severity = said.view.highest.max(said.alarm.severity);
    let (element, parameter) = match said.digest {
        Some(digest) => {
            let part = match digest.parts {
                0 | 1 => String::new(),
                parts => format!(", part {} of {parts}", digest.part),
            };
            let what = format!("{} alarms{part}", digest.count);
            (what, digest.severities)
        }
        None => (said.alarm.element, said.alarm.parameter),
    };
    Recent {
        id: one.id.to_string(),
        at: one.created.timestamp(),
        contact: names.of_contact(&one.contact),
        kind: said.kind,
        severity,
        element: bounded(element),
        parameter: bounded(parameter),
        state: one.state,
        reason: one.reason,
    }
}

/// A text that takes no more than a few lines.
fn bounded(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn held(hold: &Hold) -> Held {
    Held {
        scope: hold.key.to_string(),
        reason: hold.reason.clone(),
        since: hold.since.timestamp(),
        until: hold.until.map(Time::timestamp),
        waiting: hold.waiting,
    }
}

fn storm(storm: &InStorm, names: &Names<'_>) -> Storm {
    Storm {
        contact: names.of_contact(&storm.contact),
        since: storm.since.timestamp(),
        next: storm.next.map(Time::timestamp),
        waiting: storm.waiting,
        reason: storm.reason.clone(),
    }
}

fn silenced(silence: Silence, now: Time) -> Silenced {
    Silenced {
        id: silence.id.to_string(),
        state: silence.state(now).to_owned(),
        filter: silence.order.filter,
        starts: silence.order.starts.timestamp(),
        ends: silence.order.ends.timestamp(),
        by: silence.order.by,
        comment: silence.order.comment,
        ended_by: silence.ended_by,
        suppressed: silence.suppressed,
    }
}

/// People who are off, who said stop, whom a hold or a dead token keeps from being told.
fn source(one: &Expected) -> Source {
    Source {
        name: one.name.clone(),
        within_secs: one.within.as_secs(),
        heard: one.heard.map(Time::timestamp),
        silent: one.silent,
    }
}

fn not_told(ruleset: &Ruleset, board: &Board, waits: &Waits, token_dead: bool) -> Vec<Quiet> {
    let mut quiet = Vec::new();
    if token_dead {
        quiet.push(Quiet {
            who: "everyone".to_owned(),
            state: "held".to_owned(),
            why: "Meta says that the access token is not valid: make another one and reload"
                .to_owned(),
            since: None,
        });
    }
    quiet.extend(waits.holds.iter().map(|hold| Quiet {
        who: hold.key.to_string(),
        state: "held".to_owned(),
        why: hold.reason.clone(),
        since: Some(hold.since.timestamp()),
    }));
    let people = story::quiet(ruleset, &board.people, &[]);
    quiet.extend(people.into_iter().map(|(who, state, why, since)| Quiet {
        who,
        state: state.to_owned(),
        why,
        since: since.map(Time::timestamp),
    }));
    quiet
}

fn meta(seen: &Seen, now: Time) -> Meta {
    let number = seen.facts.number.as_ref();
    let token = seen.facts.token.as_ref();
    Meta {
        name: number.and_then(|number| number.verified_name.clone()),
        quality: number.and_then(|number| number.quality_rating.clone()),
        limit: number.and_then(|number| number.messaging_limit.clone()),
        token_valid: token.and_then(|token| token.is_valid),
        token_expires: token.and_then(|token| token.expires).map(Time::timestamp),
        templates: seen.facts.templates.len(),
        warnings: warnings(&seen.facts, now),
        error: seen.account_error.clone(),
    }
}

/// What the disk of the database has left.
fn free_bytes(database: &std::path::Path) -> Option<u64> {
    let folder = database
        .parent()
        .filter(|path| !path.as_os_str().is_empty());
    let stat = rustix::fs::statvfs(folder.unwrap_or(std::path::Path::new("."))).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
