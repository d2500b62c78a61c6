//! How things stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::delivery::{Census, Hold, HoldKey};
use crate::engine::RuleFigures;
use crate::model::{Position, Time};
use crate::pipeline::{Crowding, seconds};
use crate::store::Sizes;
use crate::whatsapp::{Judgement, NumberInfo, TokenInfo};

/// The Alertmanager whose interfaces ours are like: clients look at its version.
pub(crate) const ALERTMANAGER: &str = "0.25.0";

type Fixed<const N: usize> = [(&'static str, &'static str); N];
type Named<const N: usize> = [(&'static str, Arc<str>); N];
type Float = Gauge<f64, AtomicU64>;

const SCOPES: [&str; 4] = ["account", "number", "template", "contact"];
const SILENCES: [&str; 3] = ["active", "pending", "expired"];
const QUALITIES: [&str; 4] = ["green", "yellow", "red", "unknown"];

/// How things stand.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    alerts: Family<Fixed<1>, Gauge>,
    limited: Counter,
    groups: Family<Named<1>, Gauge>,
    raised: Family<Named<1>, Gauge>,
    group_limit: Family<Named<1>, Counter>,
    silences: Family<Fixed<1>, Gauge>,
    receivers: Gauge,
    queue: Family<Fixed<1>, Gauge>,
    oldest: Float,
    holds: Family<Fixed<1>, Gauge>,
    pauses: Family<Fixed<1>, Gauge>,
    storms: Gauge,
    bytes: Family<Fixed<1>, Gauge>,
    free: Gauge,
    min_free: Gauge,
    head: Gauge,
    undecided: Gauge,
    webhook: Gauge,
    token_expiry: Family<Fixed<0>, Float>,
    token_valid: Family<Fixed<0>, Gauge>,
    template: Family<Named<3>, Gauge>,
    quality: Family<Fixed<1>, Gauge>,
    build: Family<Fixed<1>, Gauge>,
    alertmanager: Family<Fixed<1>, Gauge>,
    started: Float,
}

impl Gauges {
    /// Names what is shown. The table of the README says the same.
    #[rustfmt::skip]
    pub(super) fn register(registry: &mut Registry, syncs: Histogram) -> Self {
        let gauges = Self::default();
        let Self {
            alerts, limited, groups, raised, group_limit, silences, receivers, queue, oldest, holds, pauses, storms,
            bytes, free, min_free, head, undecided, webhook, token_expiry, token_valid, template, quality, build,
            alertmanager, started,
        } = &gauges;
        registry.register("klaxond_alerts", "Alarms that are open", alerts.clone());
        registry.register("klaxond_alerts_limited", "Open alarms that were forgotten because there were too many", limited.clone());
        registry.register("klaxond_dispatcher_aggregation_groups", "Buckets of a rule that hold alarms", groups.clone());
        registry.register("klaxond_dispatcher_aggregation_groups_raised", "Buckets of a rule that are raised", raised.clone());
        registry.register("klaxond_dispatcher_aggregation_group_limit_reached", "How often a rule had no room for an alarm", group_limit.clone());
        registry.register("klaxond_silences", "Silences by state", silences.clone());
        registry.register("klaxond_receivers", "Contacts of the config", receivers.clone());
        registry.register("klaxond_queue_messages", "Messages in the queue by what they wait for", queue.clone());
        registry.register("klaxond_queue_oldest_age_seconds", "Age of the oldest message that Meta has not taken; 0 when none waits", oldest.clone());
        registry.register("klaxond_holds", "Holds whose cause has to be mended", holds.clone());
        registry.register("klaxond_pauses", "Pauses that end by themselves, most of them limits of Meta", pauses.clone());
        registry.register("klaxond_storms", "Contacts who are told in digests at this moment", storms.clone());
        registry.register("klaxond_journal_bytes", "Room that the store takes", bytes.clone());
        registry.register("klaxond_journal_fsync_seconds", "How long a sync of the journal took", syncs);
        registry.register("klaxond_journal_head_position", "The last entry of the journal", head.clone());
        registry.register("klaxond_journal_undecided_entries", "Entries of the journal that the rules have not seen yet", undecided.clone());
        registry.register("klaxond_storage_free_bytes", "What the disk of the store has left", free.clone());
        registry.register("klaxond_storage_min_free_bytes", "Below this much free space records are answered busy", min_free.clone());
        registry.register("klaxond_webhook_configured", "1 when Meta can send receipts and replies", webhook.clone());
        registry.register("klaxond_meta_token_expiry_timestamp_seconds", "When the access token stops working; absent when it does not, or that is not known", token_expiry.clone());
        registry.register("klaxond_meta_token_valid", "1 when Meta takes the access token; absent when that is not known", token_valid.clone());
        registry.register("klaxond_template_status", "1 for a template that can be sent, 0 for one that cannot", template.clone());
        registry.register("klaxond_phone_quality", "1 for what Meta thinks of the business number", quality.clone());
        registry.register("klaxond_build_info", "The version that runs", build.clone());
        registry.register("alertmanager_build_info", "The Alertmanager whose interfaces are there, for clients that look for one", alertmanager.clone());
        registry.register("process_start_time_seconds", "When the process began", started.clone());
        gauges
    }

    /// What does not change.
    pub(super) fn begin(&self, now: Time, min_free: u64, receipts: bool) {
        self.started.set(seconds(now));
        self.min_free.set(signed(min_free));
        self.webhook.set(i64::from(receipts));
        let version = env!("CARGO_PKG_VERSION");
        self.build.get_or_create(&[("version", version)]).set(1);
        let like = [("version", ALERTMANAGER)];
        self.alertmanager.get_or_create(&like).set(1);
        set_each(&self.silences, "state", &SILENCES, |_| 0);
        self.rate(None);
    }

    pub(super) fn queue(
        &self,
        now: Time,
        census: &Census,
        shadows: usize,
        holds: &[Hold],
        storms: usize,
    ) {
        let is_paused = |hold: &&Hold| hold.until.is_some();
        let held = holds.iter().filter(|hold| !is_paused(hold));
        // Two holds may keep the same message.
        let held: usize = held.map(|hold| hold.waiting).sum();
        let held = held.min(census.queued);
        let states = [
            ("queued", census.queued - held + shadows),
            ("held", held),
            ("sending", census.sending),
            ("unknown", census.unknown),
            ("digested", census.digested),
            ("unconfirmed", census.unconfirmed),
        ];
        for (state, count) in states {
            self.queue
                .get_or_create(&[("state", state)])
                .set(number(count));
        }
        let age = census.oldest.map_or(0.0, |at| now.since(at).as_secs_f64());
        self.oldest.set(age);
        let count = |scope, paused| {
            let these = holds.iter().filter(|hold| is_paused(hold) == paused);
            number(these.filter(|hold| scope_of(&hold.key) == scope).count())
        };
        set_each(&self.holds, "scope", &SCOPES, |scope| count(scope, false));
        set_each(&self.pauses, "scope", &SCOPES, |scope| count(scope, true));
        self.storms.set(number(storms));
    }

    pub(super) fn crowding(&self, crowding: &Crowding) {
        let active = [("state", "active")];
        self.alerts
            .get_or_create(&active)
            .set(number(crowding.alarms));
        self.limited
            .inner()
            .store(crowding.forgotten, Ordering::Relaxed);
        for (rule, count) in &crowding.left_out {
            let reached = self
                .group_limit
                .get_or_create(&[("rule", rule.as_str().into())]);
            reached.inner().store(*count, Ordering::Relaxed);
        }
    }

    pub(super) fn log(&self, head: Position, decided: Position) {
        self.head.set(head.0);
        self.undecided.set(head.0.saturating_sub(decided.0).max(0));
    }

    pub(super) fn receivers(&self, contacts: usize) {
        self.receivers.set(number(contacts));
    }

    pub(super) fn rules(&self, figures: &[RuleFigures]) {
        self.groups.clear();
        self.raised.clear();
        for rule in figures {
            let labels = [("rule", Arc::from(rule.id.as_str()))];
            self.groups.get_or_create(&labels).set(number(rule.buckets));
            self.raised.get_or_create(&labels).set(number(rule.raised));
            // From 0 on, so that its first time is a step.
            drop(self.group_limit.get_or_create(&labels));
        }
    }

    pub(super) fn silences(&self, states: &[&'static str]) {
        set_each(&self.silences, "state", &SILENCES, |state| {
            number(states.iter().filter(|one| **one == state).count())
        });
    }

    pub(super) fn sizes(&self, sizes: &Sizes) {
        let parts = [
            ("database", sizes.database_bytes),
            ("unused", sizes.unused_bytes),
            ("wal", sizes.wal_bytes),
        ];
        for (part, bytes) in parts {
            self.bytes
                .get_or_create(&[("part", part)])
                .set(signed(bytes));
        }
        self.free.set(signed(sizes.free_bytes));
    }

    pub(super) fn token(&self, token: Option<&TokenInfo>) {
        self.token_expiry.clear();
        if let Some(at) = token.and_then(|token| token.expires) {
            self.token_expiry.get_or_create(&[]).set(seconds(at));
        }
        self.token_valid.clear();
        if let Some(valid) = token.and_then(|token| token.is_valid) {
            self.token_valid.get_or_create(&[]).set(i64::from(valid));
        }
    }

    pub(super) fn number(&self, number: Option<&NumberInfo>) {
        self.rate(number.and_then(|number| number.quality_rating.as_deref()));
    }

    pub(super) fn templates(&self, templates: &[Judgement]) {
        self.template.clear();
        for judgement in templates {
            let labels = [
                ("template", judgement.id.as_str().into()),
                ("name", judgement.name.as_str().into()),
                ("lang", judgement.language.as_str().into()),
            ];
            let sendable = i64::from(judgement.is_sendable());
            self.template.get_or_create(&labels).set(sendable);
        }
    }

    fn rate(&self, quality: Option<&str>) {
        let quality = match quality {
            Some("GREEN") => QUALITIES[0],
            Some("YELLOW") => QUALITIES[1],
            Some("RED") => QUALITIES[2],
            Some(_) | None => QUALITIES[3],
        };
        set_each(&self.quality, "quality", &QUALITIES, |one| {
            i64::from(one == quality)
        });
    }
}

fn set_each(
    family: &Family<Fixed<1>, Gauge>,
    label: &'static str,
    values: &[&'static str],
    of: impl Fn(&'static str) -> i64,
) {
    for value in values {
        family.get_or_create(&[(label, *value)]).set(of(value));
    }
}

fn scope_of(key: &HoldKey) -> &'static str {
    match key {
        HoldKey::Account => SCOPES[0],
        HoldKey::Number => SCOPES[1],
        HoldKey::Template(_) => SCOPES[2],
        HoldKey::Contact(_) => SCOPES[3],
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
