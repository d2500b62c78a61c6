//! What `GET /metrics` answers, in the text format of Prometheus.
//!
//! An answer reads memory only: it waits neither for the database nor for the correlator, so that it
//! comes, and soon, when either is stuck. What has to be asked of them is asked every [`LOOK`] by a
//! chore. `pipeline::Meters` counts, `gauges` says how things stand, `exposition` writes.

mod exposition;
mod gauges;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::pipeline::Meters;
use crate::store::{Archive, Log};
use crate::whatsapp::{Judgement, NumberInfo, TokenInfo};

use super::controls::Controls;
use super::core::Core;
use super::watch::Watch;
use exposition::prometheus;
use gauges::Gauges;

/// Between two looks at what cannot be told from memory.
pub const LOOK: Duration = Duration::from_secs(10);

/// So long a look waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is said of the text when it is sent.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What `GET /metrics` answers. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

/// Bounds of the buckets of sync times, in seconds.
const SYNC_SECONDS: [f64; 12] = [
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
];

struct Inner {
    registry: Registry,
    gauges: Gauges,
    meters: Meters,
    controls: Controls,
    log: Log,
    archive: Archive,
    /// Held while gauges are set and read: nobody sees half of them.
    order: Mutex<()>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// What is to be said of `core`. Below `min_free` bytes of free space its store takes nothing;
    /// `receipts` says whether a webhook waits for Meta.
    #[must_use]
    pub fn new(core: &Core, min_free: u64, receipts: bool) -> Self {
        let controls = core.controls();
        let mut registry = Registry::default();
        core.meters().register(&mut registry);
        let syncs = Histogram::new(SYNC_SECONDS);
        let told = syncs.clone();
        let hear = move |took: Duration| told.observe(took.as_secs_f64());
        core.store().on_sync(Arc::new(hear));
        let gauges = Gauges::register(&mut registry, syncs);
        gauges.begin(controls.clock.wall(), min_free, receipts);
        Self(Arc::new(Inner {
            registry,
            gauges,
            meters: core.meters().clone(),
            log: core.store().log.clone(),
            archive: core.store().archive.clone(),
            controls,
            order: Mutex::default(),
        }))
    }

    /// The text, with how things stand at this moment.
    #[must_use]
    pub fn text(&self) -> String {
        let Inner {
            registry,
            gauges,
            meters,
            controls,
            log,
            order,
            ..
        } = &*self.0;
        let _in_order = order.lock().unwrap_or_else(PoisonError::into_inner);
        let now = controls.now();
        let desk = controls.desk();
        let shadows = desk.shadows();
        let (census, holds, storms) = desk.with(|dispatcher| {
            (
                dispatcher.census(),
                dispatcher.holds(),
                dispatcher.storms(now).len(),
            )
        });
        gauges.queue(now, &census, shadows, &holds, storms);
        gauges.crowding(&controls.crowding());
        gauges.log(log.head(), controls.decided.position());
        gauges.receivers(controls.outfit().lanes().len());
        let expected = controls.expected();
        let silent = expected.iter().map(|one| (one.source.as_str(), one.silent));
        meters.sources(silent);
        let mut text = String::new();
        if let Err(error) = encode(&mut text, registry) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        prometheus(&text)
    }

    /// Asks the engine and the store how things stand. Who does not answer is left out.
    pub async fn look(&self) {
        let inner = &*self.0;
        let engine = inner.controls.foresight.look(|engine, now| {
            let silences: Vec<_> = engine.silences().iter().map(|one| one.state(now)).collect();
            (engine.figures(), silences)
        });
        let asked = tokio::join!(
            timeout(PATIENCE, engine),
            timeout(PATIENCE, inner.archive.sizes())
        );
        let _in_order = inner.order.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(Some((figures, silences))) = asked.0 {
            inner.gauges.rules(&figures);
            inner.gauges.silences(&silences);
        }
        if let Ok(Ok(sizes)) = asked.1 {
            inner.gauges.sizes(&sizes);
        }
    }

    /// What Meta said of the account and the templates, as far as it said anything.
    pub fn account(
        &self,
        token: Option<&TokenInfo>,
        number: Option<&NumberInfo>,
        templates: &[Judgement],
    ) {
        let order = &self.0.order;
        let _in_order = order.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.gauges.token(token);
        self.0.gauges.number(number);
        self.0.gauges.templates(templates);
    }

    /// Looks every [`LOOK`] until `stop`, at what `watch` has seen too.
    pub(super) async fn keep(self, watch: Watch, stop: CancellationToken) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.look() => {}
            }
            let facts = watch.seen().facts;
            let (token, number) = (facts.token.as_ref(), facts.number.as_ref());
            self.account(token, number, &facts.templates);
        }
    }
}
