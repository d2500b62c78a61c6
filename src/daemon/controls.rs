//! What can be changed while a core runs.

use std::sync::Arc;

use tokio::sync::watch;

use crate::model::{Event, Time};
use crate::pipeline::fallback;
use crate::pipeline::intake::Gate;
use crate::pipeline::{Clock, Desk, Outfit, Reloads};
use crate::store::StoreError;

use super::core::Policy;

/// What a reload works on. Cheap to clone.
#[derive(Clone)]
pub struct Controls {
    pub(super) gate: Arc<Gate>,
    pub(super) desk: Arc<Desk>,
    pub(super) reloads: Reloads,
    pub(super) clock: Clock,
    pub(super) outfit: watch::Sender<Arc<Outfit>>,
    pub(super) fallback: watch::Sender<Option<fallback::Settings>>,
}

impl Controls {
    /// Puts `policy` in force from one place in the log on.
    ///
    /// # Errors
    /// The log cannot take the change; everything stays as it was.
    pub async fn apply(&self, policy: Policy, summary: String) -> Result<(), StoreError> {
        let generation = self.clock.now().as_ms().unsigned_abs();
        self.reloads.leave(generation, Arc::clone(&policy.ruleset));
        let lanes = policy.outfit.lanes();
        let event = Event::Reloaded {
            generation,
            summary,
        };
        let Policy {
            ruleset,
            keep_all,
            delivery,
            outfit,
            fallback,
        } = policy;
        self.gate
            .replace(event, ruleset, keep_all, || {
                // A message that the new rules raise must find its contact and its template.
                self.outfit.send_replace(outfit);
                self.fallback.send_replace(fallback);
                self.desk.reconfigure(self.clock.now(), delivery, lanes);
            })
            .await
            .inspect_err(|_| self.reloads.forget(generation))?;
        self.desk.wake();
        Ok(())
    }

    /// Takes in a jump of the wall clock forward, if there was one.
    pub async fn follow_clock(&self) {
        let Some(by) = self.clock.jumped() else {
            return;
        };
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let event = Event::ClockJump { by_ms };
        // The engine is told at the old time. Nobody may see the new one before the dispatcher's
        // waits have moved: they would all be due.
        let moved = self.gate.between(event, || {
            self.desk.with(|dispatcher| {
                self.clock.advance(by);
                dispatcher.rebase(by);
            });
        });
        match moved.await {
            Ok(()) => {
                tracing::warn!(?by, "the wall clock jumped forward; waits moved with it");
                self.desk.wake();
            }
            Err(error) => {
                tracing::warn!(%error, ?by, "the wall clock jumped forward; the log cannot take that yet");
            }
        }
    }

    /// Engine time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The dispatcher.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }
}
