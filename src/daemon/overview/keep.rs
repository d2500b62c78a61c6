//! One overview for everybody who asks within a second, and a word when it changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::web::Overview;

use super::gather::Ground;

/// So long an overview serves those who ask.
const FRESH: Duration = Duration::from_secs(1);

/// Between two looks for those who watch.
const TICK: Duration = Duration::from_secs(1);

/// What changes by time alone, and what is not in the database, is seen after this many looks.
const PATIENCE: u32 = 5;

/// The overview, shared. Cheap to clone.
#[derive(Clone)]
pub(in crate::daemon) struct Overlook(Arc<Inner>);

struct Inner {
    ground: Ground,
    last: Mutex<Option<(Instant, Arc<Overview>)>>,
}

impl Overlook {
    pub(in crate::daemon) fn new(ground: Ground) -> Self {
        Self(Arc::new(Inner {
            ground,
            last: Mutex::new(None),
        }))
    }

    /// How things stand, at most a second ago.
    pub(in crate::daemon) async fn look(&self) -> Arc<Overview> {
        // Who comes while it is gathered waits for the same.
        let mut last = self.0.last.lock().await;
        if let Some((at, overview)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            let _ = at;
            return Arc::clone(overview);
        }
        let overview = Arc::new(self.0.ground.gather().await);
        *last = Some((Instant::now(), Arc::clone(&overview)));
        overview
    }

    /// Counts `changes` up when the overview changed, at most once a second, until `stop`. While nobody
    /// watches the database is not read.
    pub(in crate::daemon) async fn keep(
        self,
        changes: watch::Sender<u64>,
        stop: CancellationToken,
    ) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut shown: Option<Arc<Overview>> = None;
        let (mut version, mut quiet) = (None, 0);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            self.0.ground.pulse.look();
            // One receiver is the server's own, which every viewer's is cloned from.
            if changes.receiver_count() <= 1 {
                continue;
            }
            let written = self.0.ground.version().await;
            quiet += 1;
            if written.is_some() && written == version && quiet < PATIENCE {
                continue;
            }
            (version, quiet) = (written, 0);
            let overview = self.look().await;
            if shown.as_ref().is_none_or(|shown| shown.differs(&overview)) {
                shown = Some(overview);
                changes.send_modify(|count| *count += 1);
            }
        }
    }
}
