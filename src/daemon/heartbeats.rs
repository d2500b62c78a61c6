//! Watches the sources that must be heard of, and hands in what it finds.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::model::Answer;
use crate::pipeline::Clock;
use crate::pipeline::heartbeat::{Beat, Heartbeats, ID, SOURCE};
use crate::pipeline::intake::{Incoming, Intake};
use crate::store::{Log, StoreError};

/// While nothing is expected, somebody may come to be; then there is news.
const IDLE: Duration = Duration::from_secs(3_600);

/// The elements whose alarms stand in the log.
pub(super) async fn open(log: &Log) -> Result<Vec<String>, StoreError> {
    let open = log.open_alarms(ID).await?;
    let ours = open
        .into_iter()
        .filter(|record| record.source == SOURCE && record.parameter == ID);
    Ok(ours.map(|record| record.element).collect())
}

/// Tells through the rules who falls silent and who is back, until it is stopped.
pub(super) fn watch(
    heartbeats: Heartbeats,
    intake: Intake,
    clock: Clock,
) -> impl FnOnce(
    CancellationToken,
) -> std::pin::Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>> {
    move |stop| {
        Box::pin(async move {
            let mut busy = None;
            loop {
                let due = heartbeats.next_deadline();
                let quiet = due.map_or(IDLE, |due| due.since(clock.now()));
                let wait = busy.take().unwrap_or(quiet);
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = heartbeats.news() => {}
                    () = tokio::time::sleep(wait) => {}
                }
                for beat in heartbeats.due(clock.now()) {
                    busy = busy.max(hand_in(&heartbeats, &intake, beat).await);
                }
            }
        })
    }
}

/// How long to wait when it cannot be taken.
async fn hand_in(heartbeats: &Heartbeats, intake: &Intake, beat: Beat) -> Option<Duration> {
    let incoming = Incoming {
        record: Ok(beat.record.clone()),
        notes: Vec::new(),
    };
    let answers = intake.take(vec![incoming], Arc::from("klaxond")).await;
    let (element, value) = (&beat.record.element, &beat.record.value);
    match answers.first() {
        Some(Answer::Busy { retry_after_ms }) => {
            return Some(Duration::from_millis(*retry_after_ms));
        }
        Some(Answer::Ignored { .. }) if beat.silent => {
            tracing::warn!(element, "{value}; no rule takes that alarm: nobody is told");
        }
        Some(_) if beat.silent => tracing::warn!(element, "{value}"),
        Some(_) | None => tracing::info!(element, "{value}"),
    }
    let stored = matches!(answers.first(), Some(Answer::Stored { .. }));
    heartbeats.taken(&beat, stored);
    None
}
