//! What other rules would say at once, asked of the correlator before they come into force.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::engine::{Engine, Ruleset, Step};
use crate::model::Time;

/// Questions that wait; each is a person at a command line.
const MAX_WAITING: usize = 4;

/// Asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Foresight(mpsc::Sender<Question>);

/// Answers, for the correlator.
#[derive(Debug)]
pub struct Questions(mpsc::Receiver<Question>);

/// Rules that are not in force, and where the answer goes.
#[derive(Debug)]
pub(super) struct Question {
    ruleset: Arc<Ruleset>,
    answer: oneshot::Sender<Vec<Step>>,
}

impl Foresight {
    /// Both ends.
    #[must_use]
    pub fn channel() -> (Self, Questions) {
        let (asks, questions) = mpsc::channel(MAX_WAITING);
        (Self(asks), Questions(questions))
    }

    /// What the engine would decide at once if `ruleset` came into force; nothing is written and
    /// nothing is sent. `None` when there is no correlator to ask.
    pub async fn ask(&self, ruleset: Arc<Ruleset>) -> Option<Vec<Step>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Question { ruleset, answer }).await.ok()?;
        answered.await.ok()
    }
}

impl Questions {
    /// The next question; `None` when nobody can ask any more. Cancel-safe.
    pub(super) async fn next(&mut self) -> Option<Question> {
        self.0.recv().await
    }
}

impl Question {
    /// Tries the rules on a copy of `engine`.
    pub(super) fn answer(self, engine: &Engine, now: Time) {
        let mut engine = engine.clone();
        let mut steps = vec![engine.adopt(now, self.ruleset)];
        while engine.next_deadline().is_some_and(|due| due <= now) {
            let Some(step) = engine.fire(now) else {
                break;
            };
            steps.push(step);
        }
        // Who asked may be gone.
        drop(self.answer.send(steps));
    }
}
