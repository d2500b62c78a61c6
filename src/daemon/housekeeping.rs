//! What is done every now and then: retention, the clock, a word to systemd.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::pipeline::Desk;
use crate::store::{Archive, StoreError};

use super::controls::Controls;
use super::systemd::Notifier;

/// Between two looks at the wall clock.
const CLOCK: Duration = Duration::from_secs(5);

/// Between two rounds of retention, and chunks inside one.
const PRUNE: Duration = Duration::from_secs(600);
const PRUNE_CHUNK: usize = 500;
const PRUNE_PAUSE: Duration = Duration::from_millis(20);

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// What is final.
    pub(super) all: Duration,
    /// The audit trail.
    pub(super) audit: Duration,
}

/// Deletes what is final and past its time, in small chunks, until `stop`.
pub(super) async fn prune(
    archive: Archive,
    controls: Controls,
    kept: Kept,
    stop: CancellationToken,
) {
    let mut rounds = interval(PRUNE);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        while !stop.is_cancelled() {
            match round(&archive, &controls, kept).await {
                Ok(0) => break,
                Ok(rows) => tracing::debug!(rows, "deleted what is past its retention"),
                Err(error) => {
                    tracing::warn!(%error, "retention will be tried again");
                    break;
                }
            }
            tokio::time::sleep(PRUNE_PAUSE).await;
        }
    }
}

/// One chunk of each; how many rows went.
async fn round(archive: &Archive, controls: &Controls, kept: Kept) -> Result<usize, StoreError> {
    let now = controls.now();
    let rows = archive.prune(now - kept.all, PRUNE_CHUNK).await?;
    Ok(rows + archive.prune_audit(now - kept.audit, PRUNE_CHUNK).await?)
}

/// Watches for jumps of the wall clock until `stop`.
pub(super) async fn watch_clock(controls: Controls, stop: CancellationToken) {
    let mut ticks = interval(CLOCK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => controls.follow_clock().await,
        }
    }
}

/// Wakes the sender so that its loop feeds the watchdog, and tells systemd how things are.
pub(super) async fn report(controls: Controls, notifier: Notifier, stop: CancellationToken) {
    let Some(pace) = notifier.pace() else { return };
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        controls.desk().wake();
        notifier.status(&line(controls.desk()));
    }
}

/// How things are, in one line: `queue 3, in flight 1, held: account (token expired)`.
#[must_use]
pub(super) fn line(desk: &Desk) -> String {
    desk.with(|dispatcher| {
        let mut line = format!(
            "queue {}, in flight {}",
            dispatcher.waiting(),
            dispatcher.in_flight()
        );
        for hold in dispatcher.holds() {
            line.push_str(&format!(", held: {} ({})", hold.key, hold.reason));
        }
        line
    })
}
