//! The last hour in numbers, a minute each, counted where things pass by.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::delivery::{HoldKey, ProbeAnswer};
use crate::model::{Answer, Outcome, Phone, Stage, Time};
use crate::pipeline::intake::Intake;
use crate::pipeline::{Answering, Clock, Gateway};
use crate::web::{Hour, MINUTES};
use crate::whatsapp::template::{Rendered, Template};
use crate::whatsapp::webhook::Inbound;

const MINUTE_MS: i64 = 60_000;

/// Minutes that "taken lately" looks back.
const LATELY: usize = 5;

/// Counts what passes by. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::daemon) struct Pulse {
    ring: Arc<Mutex<Ring>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Ring {
    /// The minute that is counted, since the epoch.
    minute: i64,
    /// The minutes up to it, the oldest first.
    minutes: VecDeque<Minute>,
    /// The last records were answered busy.
    refuses: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    taken: u32,
    accepted: u32,
    delivered: u32,
    failed: u32,
}

impl Pulse {
    pub(in crate::daemon) fn new(clock: Clock) -> Self {
        Self {
            ring: Arc::default(),
            clock,
        }
    }

    /// `intake`, counted.
    pub(in crate::daemon) fn of_intake(&self, intake: Intake) -> Intake {
        let pulse = self.clone();
        Intake::from_fn(move |records, origin| {
            let (intake, pulse) = (intake.clone(), pulse.clone());
            async move {
                let answers = intake.take(records, origin).await;
                pulse.answered(&answers);
                answers
            }
        })
    }

    /// What Meta posted.
    pub(in crate::daemon) fn came_back(&self, inbound: &[Inbound]) {
        let stage = |wanted: Stage| {
            let is =
                |one: &&Inbound| matches!(one, Inbound::Status { stage, .. } if *stage == wanted);
            u32::try_from(inbound.iter().filter(is).count()).unwrap_or(u32::MAX)
        };
        let (delivered, failed) = (stage(Stage::Delivered), stage(Stage::Failed));
        if delivered + failed > 0 {
            self.count(|minute| {
                minute.delivered = minute.delivered.saturating_add(delivered);
                minute.failed = minute.failed.saturating_add(failed);
            });
        }
    }

    /// The last hour, up to this minute.
    pub(in crate::daemon) fn hour(&self) -> Hour {
        let mut ring = self.lock();
        ring.turn(self.clock.now());
        let of = |part: fn(&Minute) -> u32| {
            let missing = MINUTES.saturating_sub(ring.minutes.len());
            let before = std::iter::repeat_n(0, missing);
            before.chain(ring.minutes.iter().map(part)).collect()
        };
        Hour {
            taken: of(|minute| minute.taken),
            accepted: of(|minute| minute.accepted),
            delivered: of(|minute| minute.delivered),
            failed: of(|minute| minute.failed),
        }
    }

    /// Records stored in the last five minutes.
    pub(in crate::daemon) fn taken_lately(hour: &Hour) -> u64 {
        let lately = hour.taken.iter().rev().take(LATELY);
        lately.copied().map(u64::from).sum()
    }

    /// Whether the last records that came were answered busy.
    pub(in crate::daemon) fn refuses(&self) -> bool {
        self.lock().refuses
    }

    fn answered(&self, answers: &[Answer]) {
        let is_stored = |answer: &&Answer| matches!(answer, Answer::Stored { .. });
        let stored = answers.iter().filter(is_stored).count();
        let stored = u32::try_from(stored).unwrap_or(u32::MAX);
        let busy = answers
            .iter()
            .any(|answer| matches!(answer, Answer::Busy { .. }));
        let mut ring = self.lock();
        if busy || stored > 0 {
            ring.refuses = busy;
        }
        if stored > 0 {
            let now = self.clock.now();
            let minute = ring.turn(now);
            minute.taken = minute.taken.saturating_add(stored);
        }
    }

    fn count(&self, count: impl FnOnce(&mut Minute)) {
        let now = self.clock.now();
        count(self.lock().turn(now));
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// The minute of `now`; what is older than an hour is forgotten.
    fn turn(&mut self, now: Time) -> &mut Minute {
        let minute = now.as_ms().div_euclid(MINUTE_MS);
        if self.minutes.is_empty() {
            self.minute = minute;
        }
        let passed = usize::try_from(minute - self.minute).unwrap_or(0);
        let fresh = passed.max(usize::from(self.minutes.is_empty()));
        for _ in 0..fresh.min(MINUTES) {
            self.minutes.push_back(Minute::default());
        }
        while self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
        self.minute = self.minute.max(minute);
        let last = self.minutes.len().saturating_sub(1);
        &mut self.minutes[last]
    }
}

/// A gateway whose outcomes are counted.
pub(in crate::daemon) struct Counted<G> {
    /// Where messages go.
    pub(in crate::daemon) gateway: Arc<G>,
    /// What counts them.
    pub(in crate::daemon) pulse: Pulse,
}

impl<G: Gateway> Counted<G> {
    fn note(&self, outcome: &Outcome) {
        match outcome {
            Outcome::Accepted { .. } => self.pulse.count(|minute| minute.accepted += 1),
            Outcome::Failed(_) => self.pulse.count(|minute| minute.failed += 1),
            Outcome::Unknown { .. } => {}
        }
    }
}

impl<G: Gateway> Gateway for Counted<G> {
    fn send<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        rendered: &'a Rendered,
    ) -> Answering<'a, Outcome> {
        Box::pin(async move {
            let outcome = self.gateway.send(to, opaque, rendered).await;
            self.note(&outcome);
            outcome
        })
    }

    fn send_text<'a>(
        &'a self,
        to: &'a Phone,
        opaque: &'a str,
        body: &'a str,
    ) -> Answering<'a, Outcome> {
        Box::pin(async move {
            let outcome = self.gateway.send_text(to, opaque, body).await;
            self.note(&outcome);
            outcome
        })
    }

    fn probe<'a>(
        &'a self,
        hold: &'a HoldKey,
        template: Option<&'a Template>,
    ) -> Answering<'a, ProbeAnswer> {
        self.gateway.probe(hold, template)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_hour_has_sixty_minutes_and_forgets_the_one_before() {
        let mut ring = Ring::default();
        let at = |minute: i64| Time::from_ms(minute * MINUTE_MS);
        ring.turn(at(100)).taken = 1;
        ring.turn(at(100)).taken += 1;
        ring.turn(at(103)).taken = 5;
        let taken: Vec<u32> = ring.minutes.iter().map(|minute| minute.taken).collect();
        assert_eq!(taken, [2, 0, 0, 5]);
        ring.turn(at(162)).taken = 7;
        assert_eq!(ring.minutes.len(), MINUTES);
        assert_eq!(ring.minutes.front().unwrap().taken, 5);
        assert_eq!(ring.minutes.back().unwrap().taken, 7);
        ring.turn(at(100_000));
        assert!(ring.minutes.iter().all(|minute| minute.taken == 0));
    }
}
