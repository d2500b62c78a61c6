//! What can be changed while a core runs.

use std::sync::Arc;

use tokio::sync::watch;

use crate::engine::Ruleset;
use crate::model::{AlarmRecord, Event, Notice, Time};
use crate::pipeline::fallback;
use crate::pipeline::heartbeat::{Expected, Heartbeats};
use crate::pipeline::intake::Gate;
use crate::pipeline::{
    Clock, Crowding, Decided, Desk, Foresight, Meters, Outfit, Reloads, ReplyWords, Standing,
};
use crate::store::{Log, StoreError};

use super::core::Policy;
use super::replay::{Said, Sent};

/// What a reload works on. Cheap to clone.
#[derive(Clone)]
pub struct Controls {
    pub(super) gate: Arc<Gate>,
    pub(super) heartbeats: Heartbeats,
    pub(super) log: Log,
    pub(super) decided: Decided,
    pub(super) desk: Arc<Desk>,
    pub(super) reloads: Reloads,
    pub(super) foresight: Foresight,
    pub(super) standing: Standing,
    pub(super) meters: Meters,
    pub(super) clock: Clock,
    pub(super) outfit: watch::Sender<Arc<Outfit>>,
    pub(super) fallback: watch::Sender<Option<fallback::Settings>>,
    pub(super) on_ack: watch::Sender<Option<fallback::Settings>>,
    pub(super) words: watch::Sender<Arc<ReplyWords>>,
}

impl Controls {
    /// Puts `policy` in force from one place in the log on.
    ///
    /// # Errors
    /// The log cannot take the change; everything stays as it was.
    pub async fn apply(
        &self,
        policy: Policy,
        summary: String,
        by: Arc<str>,
    ) -> Result<(), StoreError> {
        let generation = self.clock.now().as_ms().unsigned_abs();
        self.reloads.leave(generation, Arc::clone(&policy.ruleset));
        let (lanes, quiet) = (policy.outfit.lanes(), policy.outfit.quiet());
        let before = self.ruleset().await;
        let after = Arc::clone(&policy.ruleset);
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
            on_ack,
            words,
            expect,
        } = policy;
        self.gate
            .replace((event, by), ruleset, keep_all, || {
                // A message that the new rules raise must find its contact and its template.
                self.outfit.send_replace(outfit);
                self.fallback.send_replace(fallback);
                self.on_ack.send_replace(on_ack);
                self.words.send_replace(words);
                self.heartbeats.expect(self.clock.now(), &expect);
                self.desk
                    .reconfigure(self.clock.now(), delivery, lanes, &quiet);
            })
            .await
            .inspect_err(|_| self.reloads.forget(generation))?;
        self.meters.keep_rules(
            before.rules.iter().map(|rule| &rule.id),
            after.rules.iter().map(|rule| &rule.id),
        );
        self.desk.wake();
        Ok(())
    }

    /// The messages that would go out at once if `policy` came into force; nothing is changed. Empty
    /// when the daemon is stopping.
    pub async fn foresee(&self, policy: &Policy) -> Vec<Said> {
        let steps = self.foresight.ask(Arc::clone(&policy.ruleset)).await;
        let steps = steps.into_iter().flatten();
        let mut sent = Sent::default();
        steps
            .flat_map(|step| Said::of(&step, &policy.outfit, &mut sent))
            .collect()
    }

    /// What the engine holds and what it had no room for.
    #[must_use]
    pub fn crowding(&self) -> Crowding {
        self.standing.get()
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
                self.heartbeats.rebase(by);
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

    /// Ends the open alarms of a root id from one place in the log on; their last records.
    ///
    /// # Errors
    /// The log cannot be read or cannot take it; nothing ends.
    pub async fn close_by_hand(&self, id: &str, by: &str) -> Result<Vec<AlarmRecord>, StoreError> {
        let open = self.log.open_alarms(id).await?;
        if !open.is_empty() {
            let (id, by) = (id.to_owned(), by.to_owned());
            let origin = Arc::from(by.as_str());
            self.gate
                .note_by(Event::ClosedByHand { id, by }, origin)
                .await?;
        }
        Ok(open)
    }

    /// Somebody (`by`) has the alarms of the root id `id`; returns which they are. Of none, nothing is
    /// written.
    ///
    /// # Errors
    /// The log cannot take it; nobody has them.
    pub async fn ack_by_hand(
        &self,
        id: &str,
        by: &str,
        origin: &str,
    ) -> Result<Vec<AlarmRecord>, StoreError> {
        let open = self.log.open_alarms(id).await?;
        if !open.is_empty() {
            let (id, by) = (id.to_owned(), by.to_owned());
            self.gate
                .note_by(Event::AckByHand { id, by }, Arc::from(origin))
                .await?;
        }
        Ok(open)
    }

    /// A source was heard of without a record; whether it is expected.
    #[must_use]
    pub fn heard(&self, source: &str) -> bool {
        self.heartbeats.heard(self.clock.now(), source)
    }

    /// The sources that must be heard of, in the order of the config.
    #[must_use]
    pub fn expected(&self) -> Vec<Expected> {
        self.heartbeats.expected()
    }

    /// The rules and people in force.
    pub async fn ruleset(&self) -> Arc<Ruleset> {
        self.gate.ruleset().await
    }

    /// Tells the operators something about klaxond itself: once for each of its keys.
    ///
    /// # Errors
    /// The log cannot take it.
    pub async fn notice(&self, notice: Notice) -> Result<(), StoreError> {
        self.gate.note(Event::Notice(notice)).await.map(|_| ())
    }

    /// People, templates and formats in force.
    #[must_use]
    pub fn outfit(&self) -> Arc<Outfit> {
        Arc::clone(&self.outfit.borrow())
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
