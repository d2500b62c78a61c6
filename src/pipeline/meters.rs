//! What the pipeline counts, for `/metrics`.
//!
//! Counted where it happens, kept in memory, since the start of the process: nothing is ever asked of
//! the database for it. Every label is of a set with an end: names of ours, codes of Meta that
//! [`crate::whatsapp::advice`] knows, rules of the config. No phone number, no contact, no text.

mod afoot;
mod labels;
mod totals;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::model::{
    Answer, Failure, Kind, Message, MessageId, Mute, Notification, Outcome, RuleId, Stage, Time,
};
use crate::store::Ending;
use crate::whatsapp::webhook::Inbound;

pub use totals::Totals;

use afoot::Afoot;
use labels::{ANSWERS, FRONTS, MUTES, OUTCOMES, UPDATES};

/// A set of labels of which every value is ours.
type Fixed<const N: usize> = [(&'static str, &'static str); N];

/// A set of labels with names of the config, or numbers, among its values.
type Named<const N: usize> = [(&'static str, Arc<str>); N];

/// What the pipeline counts. Cheap to clone; `default` counts from nothing.
#[derive(Debug, Clone, Default)]
pub struct Meters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    received: Family<Fixed<2>, Counter>,
    /// The counters of `received`, by front end and answer: intake looks nothing up.
    receiving: [[Counter; ANSWERS.len()]; FRONTS.len()],
    invalid: Counter,
    notifications: Family<Named<2>, Counter>,
    suppressed: Family<Fixed<1>, Counter>,
    messages: Family<Fixed<1>, Counter>,
    requests: Family<Fixed<1>, Counter>,
    errors: Family<Named<3>, Counter>,
    latency: Histogram,
    accepting: Histogram,
    delivering: Histogram,
    throttled: Counter<f64, AtomicU64>,
    digests: Counter,
    members: Counter,
    updates: Family<Fixed<1>, Counter>,
    heard: Gauge<f64, AtomicU64>,
    forged: Counter,
    sources: Family<Named<1>, Gauge>,
    reloaded: Gauge,
    reloaded_at: Gauge<f64, AtomicU64>,
    config: Gauge,
    /// Messages whose receipts are to come.
    afoot: Mutex<Afoot>,
}

impl Default for Inner {
    fn default() -> Self {
        let received = Family::<Fixed<2>, Counter>::default();
        let receiving = FRONTS.map(|front| {
            ANSWERS
                .map(|status| received.get_or_create_owned(&[("status", status), ("front", front)]))
        });
        Self {
            received,
            receiving,
            invalid: Counter::default(),
            notifications: Family::default(),
            suppressed: each("reason", &MUTES),
            messages: each("outcome", &OUTCOMES),
            requests: each("outcome", &["accepted", "failed", "unknown"]),
            errors: Family::default(),
            latency: Histogram::new([0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
            accepting: Histogram::new([
                0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0,
            ]),
            delivering: Histogram::new([
                0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0,
            ]),
            throttled: Counter::default(),
            digests: Counter::default(),
            members: Counter::default(),
            updates: each("kind", &UPDATES),
            heard: Gauge::default(),
            forged: Counter::default(),
            sources: Family::default(),
            reloaded: Gauge::default(),
            reloaded_at: Gauge::default(),
            config: Gauge::default(),
            afoot: Mutex::default(),
        }
    }
}

/// A family that shows each of `values` from the start, at 0: what has not happened yet can be
/// reckoned with.
fn each(label: &'static str, values: &[&'static str]) -> Family<Fixed<1>, Counter> {
    let family = Family::default();
    for value in values {
        drop(family.get_or_create(&[(label, *value)]));
    }
    family
}

impl Meters {
    /// Names what is counted. The table of the README says the same.
    #[rustfmt::skip]
    pub fn register(&self, registry: &mut Registry) {
        let Inner {
            received, receiving: _, invalid, notifications, suppressed, messages, requests, errors, latency,
            accepting, delivering, throttled, digests, members, updates, heard, forged, sources,
            reloaded, reloaded_at, config, afoot: _,
        } = &*self.0;
        registry.register("klaxond_alerts_received", "Alarm records by answer and way in", received.clone());
        registry.register("klaxond_alerts_invalid", "Alarm records that could not be read", invalid.clone());
        registry.register("klaxond_notifications", "Decisions of rules to speak", notifications.clone());
        registry.register("klaxond_notifications_suppressed", "Decisions to speak that a silence, a time or another rule kept", suppressed.clone());
        registry.register("klaxond_messages", "Messages by how far they came or how they ended", messages.clone());
        registry.register("klaxond_notification_requests", "Attempts to hand a message to Meta", requests.clone());
        registry.register("klaxond_meta_errors", "Errors of attempts and of failed receipts by Graph code", errors.clone());
        registry.register("klaxond_notification_latency_seconds", "How long an attempt took", latency.clone());
        registry.register("klaxond_message_accept_seconds", "From the decision to speak until Meta took the message", accepting.clone());
        registry.register("klaxond_message_delivery_seconds", "From Meta taking a message until it was on the phone", delivering.clone());
        registry.register("klaxond_throttled_seconds", "Time in which something waited for nothing but a limit or the next digest", throttled.clone());
        registry.register("klaxond_digests", "Messages that stood for many", digests.clone());
        registry.register("klaxond_digest_members", "Messages that a digest stood for", members.clone());
        registry.register("klaxond_webhook_updates", "What Meta sent to the webhook", updates.clone());
        registry.register("klaxond_webhook_last_received_timestamp_seconds", "When Meta last called the webhook; 0 when it has not", heard.clone());
        registry.register("klaxond_webhook_bad_signatures", "Calls of the webhook that did not know its secrets", forged.clone());
        registry.register("klaxond_expected_source_silent", "1 for a source of the config that has fallen silent", sources.clone());
        registry.register("klaxond_config_last_reload_successful", "1 when the config could be read the last time", reloaded.clone());
        registry.register("klaxond_config_last_reload_success_timestamp_seconds", "When the config in force was read", reloaded_at.clone());
        registry.register("klaxond_config_hash", "A number that changes with the config in force", config.clone());
    }

    /// What was counted since the start, of what a page shows.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let outcome = |name| {
            let messages = &self.0.messages;
            messages.get_or_create(&[("outcome", name)]).get()
        };
        let fronts = self.0.receiving.iter();
        Totals {
            stored: fronts.map(|front| front[labels::STORED].get()).sum(),
            accepted: outcome("accepted"),
            delivered: outcome("delivered"),
            failed: outcome("failed"),
        }
    }

    /// Records were answered; `origin` says how they came.
    pub(super) fn answered(&self, origin: &str, answers: &[Answer]) {
        let counters = &self.0.receiving[labels::front(origin)];
        let mut counts = [0; ANSWERS.len()];
        for answer in answers {
            counts[labels::answer(answer)] += 1;
        }
        for (counter, count) in counters.iter().zip(counts) {
            if count > 0 {
                counter.inc_by(count);
            }
        }
        self.0.invalid.inc_by(counts[labels::REJECTED]);
    }

    /// A rule decided to speak, and that is written.
    pub(super) fn decided(&self, notification: &Notification) {
        if let Some(suppression) = &notification.suppressed {
            return self.kept(&suppression.mute);
        }
        let labels = spoken(&notification.rule, notification.kind);
        self.0.notifications.get_or_create(&labels).inc();
    }

    /// Nobody was told.
    fn kept(&self, mute: &Mute) {
        let reason = labels::mute(mute);
        self.0.suppressed.get_or_create(&[("reason", reason)]).inc();
        self.outcome("suppressed");
    }

    /// Only the rules of `after` are counted from here on: what the config does not have any more
    /// leaves, so that edits do not add up.
    pub(crate) fn keep_rules<'r>(
        &self,
        before: impl Iterator<Item = &'r RuleId>,
        after: impl Iterator<Item = &'r RuleId>,
    ) {
        let after: BTreeSet<&RuleId> = after.collect();
        for rule in before.filter(|rule| !after.contains(rule)) {
            for kind in Kind::ALL {
                self.0.notifications.remove(&spoken(rule, kind));
            }
        }
    }

    /// An attempt came back.
    pub(super) fn attempted(&self, outcome: &Outcome, took: Duration) {
        let name = match outcome {
            Outcome::Accepted { .. } => "accepted",
            Outcome::Failed(failure) => {
                self.failed(failure);
                "failed"
            }
            Outcome::Unknown { .. } => "unknown",
        };
        self.0.requests.get_or_create(&[("outcome", name)]).inc();
        self.0.latency.observe(took.as_secs_f64());
    }

    /// Meta refused something, at once or by a receipt.
    pub(super) fn failed(&self, failure: &Failure) {
        let labels = [
            ("code", labels::code(failure.code)),
            ("class", labels::retry(failure.class.retry).into()),
            ("scope", labels::scope(failure.class.scope).into()),
        ];
        self.0.errors.get_or_create(&labels).inc();
    }

    /// Meta took a message.
    pub(super) fn accepted(&self, now: Time, message: &Message) {
        let waited = now.since(message.created);
        self.0.accepting.observe(waited.as_secs_f64());
        self.afoot(|afoot| afoot.accepted(message.id, now));
    }

    /// It is written how messages ended, or that Meta took them.
    pub(super) fn ended(&self, endings: &[Ending]) {
        for ending in endings {
            if let Some(outcome) = labels::outcome(ending) {
                self.outcome(outcome);
            }
        }
    }

    /// Receipts are written.
    pub(super) fn received(&self, now: Time, receipts: impl Iterator<Item = (MessageId, Stage)>) {
        for (message, stage) in receipts {
            let news = self.afoot(|afoot| afoot.received(message, stage, now));
            for stage in news.stages {
                self.outcome(stage.name());
            }
            if let Some(took) = news.took {
                self.0.delivering.observe(took.as_secs_f64());
            }
        }
    }

    /// Messages of a digest are written, which stand for `members`.
    pub(super) fn digested(&self, parts: usize, members: usize) {
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        self.0.digests.inc_by(number(parts));
        self.0.members.inc_by(number(members));
    }

    /// For so long nothing but a limit kept something back.
    pub(super) fn throttled(&self, span: Duration) {
        self.0.throttled.inc_by(span.as_secs_f64());
    }

    /// Meta called the webhook.
    pub(super) fn called(&self, at: Time, updates: &[Inbound]) {
        for update in updates {
            let kind = labels::update(update);
            self.0.updates.get_or_create(&[("kind", kind)]).inc();
        }
        self.0.heard.set(seconds(at));
    }

    /// Somebody called the webhook who does not know its secrets.
    pub fn stranger(&self) {
        self.0.forged.inc();
    }

    /// The sources that the config expects, and whether each has fallen silent; what was said before
    /// does not stand any more.
    pub fn sources<'s>(&self, sources: impl IntoIterator<Item = (&'s str, bool)>) {
        self.0.sources.clear();
        for (source, silent) in sources {
            let labels = [("source", Arc::from(source))];
            self.0.sources.get_or_create(&labels).set(i64::from(silent));
        }
    }

    /// The config whose text has this hash is in force.
    pub fn reloaded(&self, at: Time, hash: i64) {
        self.0.reloaded.set(1);
        self.0.reloaded_at.set(seconds(at));
        self.0.config.set(hash);
    }

    /// The config was to be read again and could not be; the old one stays in force.
    pub fn not_reloaded(&self) {
        self.0.reloaded.set(0);
    }

    fn outcome(&self, outcome: &'static str) {
        self.0.messages.get_or_create(&[("outcome", outcome)]).inc();
    }

    fn afoot<T>(&self, f: impl FnOnce(&mut Afoot) -> T) -> T {
        f(&mut self.0.afoot.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn spoken(rule: &RuleId, kind: Kind) -> Named<2> {
    [("rule", rule.as_str().into()), ("kind", kind.name().into())]
}

/// Seconds since the epoch, as Prometheus has them.
#[must_use]
pub fn seconds(at: Time) -> f64 {
    // Exact for the next 285,000 years.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of our time fit")]
    let ms = at.as_ms() as f64;
    ms / 1_000.0
}

#[cfg(test)]
mod tests;
