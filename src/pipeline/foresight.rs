//! Questions to the engine, answered by the correlator between two decisions.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::engine::{Engine, Ruleset, Step};
use crate::model::Time;

/// Questions that wait; each is a person at a command line, or a page.
const MAX_WAITING: usize = 16;

/// Asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Foresight(mpsc::Sender<Question>);

/// Answers, for the correlator.
#[derive(Debug)]
pub struct Questions(mpsc::Receiver<Question>);

/// What is done with the engine as it stands.
type Look = Box<dyn FnOnce(&Engine, Time) + Send>;

/// A look that waits for its turn.
pub(super) struct Question(Look);

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
        self.look(move |engine, now| trial(engine, now, ruleset))
            .await
    }

    /// What `look` sees in the engine. The correlator decides nothing meanwhile: it must be quick.
    /// `None` when there is no correlator to ask.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Engine, Time) -> T + Send + 'static,
    ) -> Option<T> {
        let (answer, answered) = oneshot::channel();
        let question = Question(Box::new(move |engine, now| {
            // Who asked may be gone.
            drop(answer.send(look(engine, now)));
        }));
        self.0.send(question).await.ok()?;
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
    pub(super) fn answer(self, engine: &Engine, now: Time) {
        (self.0)(engine, now);
    }
}

/// Tries rules on a copy of `engine`.
fn trial(engine: &Engine, now: Time, ruleset: Arc<Ruleset>) -> Vec<Step> {
    let mut engine = engine.clone();
    let mut steps = vec![engine.adopt(now, ruleset)];
    while engine.next_deadline().is_some_and(|due| due <= now) {
        let Some(step) = engine.fire(now) else {
            break;
        };
        steps.push(step);
    }
    steps
}
